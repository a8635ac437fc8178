package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/sessctl/sessctl/session/filestore"
	"github.com/sessctl/sessctl/session/sqlstore"
)

func openSQLite(ctx context.Context, d *dsn, o openOptions) (b backend, err error) {
	path, err := filepath.Abs(d.path) // what begins with a colon is special to SQLite
	if err != nil {
		return b, err
	}
	// A file that is there is not opened: to close it would give up the locks that other
	// connections of this process hold on it.
	_, err = os.Stat(path)
	missing := errors.Is(err, fs.ErrNotExist)
	if missing && o.create {
		if err = d.checkNew(); err == nil {
			err = makeDatabase(path)
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return b, fmt.Errorf("%w: the database does not exist: %w", errMissing, err)
	case err != nil:
		return b, err
	case missing:
		defer func() {
			if err != nil {
				removeEmpty(path)
			}
		}()
	}
	options := url.Values{"_pragma": append([]string{fmt.Sprintf("busy_timeout(%d)", o.timeout.Milliseconds())}, d.options["_pragma"]...)}
	if d.options.Has("_txlock") {
		options["_txlock"] = d.options["_txlock"]
	}
	name := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: options.Encode()}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return b, usageError("the parameters of the DSN are none that SQLite takes")
	}
	return openTable(ctx, db, sqlstore.SQLite, d, o)
}

// makeDatabase makes an empty database, which SQLite would make readable for others. A
// directory that is missing is made as for files.
func makeDatabase(path string) error {
	dir := filepath.Dir(path)
	if _, err := filestore.New(filestore.Config{Dir: dir, Layout: filestore.Litestar, Create: true}); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	giveAway(file, dir)
	return file.Close()
}

// removeEmpty removes a database that was made for nothing.
func removeEmpty(path string) {
	if info, err := os.Stat(path); err == nil && info.Size() == 0 {
		_ = os.Remove(path)
	}
}

func openPostgres(ctx context.Context, d *dsn, o openOptions) (b backend, err error) {
	query := strings.ReplaceAll(d.options.Encode(), "+", "%20") // as with libpq, + is no blank
	name := url.URL{Scheme: "postgres", Host: strings.Join(d.addrs, ","), Path: "/" + d.database, RawQuery: query}
	if d.user != "" || d.password != "" {
		name.User = url.UserPassword(d.user, d.password)
	}
	config, err := pgx.ParseConfig(name.String())
	if err != nil {
		// The text of err holds the DSN, that of its causes a file that cannot be read.
		f := &failure{code: exitUsage, text: "the driver of PostgreSQL does not take the DSN", cause: err}
		if cause := errors.Unwrap(err); cause != nil {
			f.text += ": " + (&openStore{dsn: d}).scrub(cause.Error())
		}
		return b, f
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = o.timeout
	}
	return openTable(ctx, stdlib.OpenDB(*config), sqlstore.PostgreSQL, d, o)
}

func openMySQL(ctx context.Context, d *dsn, o openOptions) (b backend, err error) {
	refused := usageError("the driver of MySQL does not take the parameters of the DSN", "github.com/go-sql-driver/mysql documents them")
	config, err := mysql.ParseDSN("tcp(" + d.addrs[0] + ")/?" + d.options.Encode())
	if err != nil {
		return b, refused
	}
	config.User, config.Passwd, config.DBName = d.user, d.password, d.database
	config.ClientFoundRows = true // as sqlstore likes it
	config.Logger = &mysql.NopLogger{}
	if config.Timeout == 0 {
		config.Timeout = o.timeout
	}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return b, refused
	}
	return openTable(ctx, sql.OpenDB(connector), sqlstore.MySQL, d, o)
}

// openTable returns the store of a table, whose columns tell its layout.
func openTable(ctx context.Context, db *sql.DB, dialect sqlstore.Dialect, d *dsn, o openOptions) (b backend, err error) {
	defer func() {
		if err != nil {
			db.Close()
		}
	}()
	db.SetMaxOpenConns(copyWorkers + 2) // with those of a list
	db.SetMaxIdleConns(copyWorkers + 2)
	layout, err := sqlstore.DetectLayout(ctx, db, dialect, d.table)
	missing := errors.Is(err, sqlstore.ErrNoTable)
	switch {
	case missing && !o.create:
		return b, fmt.Errorf("%w: %s has no table %s", errMissing, d.place(), d.table)
	case missing && d.layout == "":
		return b, d.checkNew()
	case missing && d.layout == "starlite":
		layout = sqlstore.Starlite
	case missing:
		layout = sqlstore.Litestar
	case err != nil && errors.Unwrap(err) == nil && ctx.Err() == nil: // not the database's: of the name, or the columns
		return b, usageError(strings.TrimPrefix(err.Error(), "sqlstore: "), "table=NAME in the DSN names another one")
	case err != nil:
		return b, err
	}
	there := "litestar"
	if layout == sqlstore.Starlite {
		there = "starlite"
	}
	if d.layout != "" && d.layout != there {
		return b, usageError("the table " + d.table + " has the layout " + there + ", and the DSN says " + d.layout)
	}
	d.layout = there
	c := sqlstore.Config{DB: db, Dialect: dialect, Layout: layout, Table: d.table, Now: o.now}
	live, err := sqlstore.New(c)
	if err == nil && missing {
		err = live.CreateTable(ctx)
	}
	if err != nil {
		return b, err
	}
	c.Now = longAgo
	whole, err := sqlstore.New(c)
	return backend{live, whole, db.Close}, err
}
