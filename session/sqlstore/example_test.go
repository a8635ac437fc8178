package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite"

	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/sqlstore"
)

// A Go service beside a Litestar app whose model is
//
//	class UserSession(SessionModelMixin):
//	    __tablename__ = "user_session"
func Example() {
	dir, err := os.MkdirTemp("", "sessions")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	path := filepath.ToSlash(filepath.Join(dir, "app.db"))
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	store, err := sqlstore.New(sqlstore.Config{
		DB: db, Dialect: sqlstore.SQLite, Layout: sqlstore.Litestar, Table: "user_session",
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if err := store.CreateTable(ctx); err != nil { // where Python has not
		log.Fatal(err)
	}
	sessions, err := session.NewServerSide(store, session.ServerConfig{}, session.Options{})
	if err != nil {
		log.Fatal(err)
	}
	_ = sessions.Handler // around the service's handlers

	// Of its own accord the store deletes nothing: now and then, what has expired.
	deleted, err := store.Prune(ctx)
	fmt.Println(deleted, err)
	// Output: 0 <nil>
}

// Where the table is there, its columns tell the layout.
func ExampleDetectLayout() {
	db, err := sql.Open("sqlite", "file::memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // each connection would have a database of its own

	ctx := context.Background()
	_, err = sqlstore.DetectLayout(ctx, db, sqlstore.SQLite, "session")
	fmt.Println(err)

	store, err := sqlstore.New(sqlstore.Config{DB: db, Dialect: sqlstore.SQLite, Layout: sqlstore.Starlite})
	if err != nil {
		log.Fatal(err)
	}
	if err := store.CreateTable(ctx); err != nil {
		log.Fatal(err)
	}
	layout, err := sqlstore.DetectLayout(ctx, db, sqlstore.SQLite, "session")
	fmt.Println(layout == sqlstore.Starlite, err)
	// Output:
	// sqlstore: no such table
	// true <nil>
}
