package filestore_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/filestore"
)

// A Go service beside a Litestar app that has stores={"sessions": FileStore(dir)}.
func Example() {
	dir, err := os.MkdirTemp("", "sessions")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	store, err := filestore.New(filestore.Config{Dir: dir, Layout: filestore.Litestar})
	if err != nil {
		log.Fatal(err)
	}
	sessions, err := session.NewServerSide(store, session.ServerConfig{}, session.Options{})
	if err != nil {
		log.Fatal(err)
	}
	_ = sessions.Handler // around the service's handlers

	// Of its own accord the store deletes nothing: now and then, what has expired.
	deleted, err := store.Prune(context.Background())
	fmt.Println(deleted, err)
	// Output: 0 <nil>
}

// What Starlite reads, and what it deletes.
func ExampleStore() {
	dir, err := os.MkdirTemp("", "sessions")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	store, err := filestore.New(filestore.Config{Dir: dir, Layout: filestore.Starlite, Now: func() time.Time {
		return time.Date(2026, 12, 7, 1, 15, 20, 514556000, time.UTC)
	}})
	if err != nil {
		log.Fatal(err)
	}
	ctx, id := context.Background(), strings.Repeat("0", 64)
	if err := store.Create(ctx, id, []byte(`{"n":1}`), time.Hour); err != nil {
		log.Fatal(err)
	}
	text, _ := os.ReadFile(dir + "/" + id)
	fmt.Printf("%s\n", text)

	os.Remove(dir + "/" + id)
	fmt.Println(errors.Is(store.Touch(ctx, id, time.Hour), session.ErrNotFound))
	// Output:
	// {"expires":"2026-12-07T02:15:20.514556","data":"{\"n\":1}"}
	// true
}
