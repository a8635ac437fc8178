package sqlstore_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/sessctl/sessctl/internal/pylive"
	"github.com/sessctl/sessctl/internal/servers"
	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/sessiontest"
	"github.com/sessctl/sessctl/session/sqlstore"
)

var layouts = map[string]sqlstore.Layout{"starlite": sqlstore.Starlite, "litestar": sqlstore.Litestar}

// database is one that tests have for themselves, as Go and as Python reach it.
type database struct {
	name        string
	dialect     sqlstore.Dialect
	driver, dsn string
	python      string // SQLAlchemy's URL
	server      *servers.Server
}

// sqliteParams: a writer waits for others, and readers do not.
const sqliteParams = "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)"

func sqliteDB(t testing.TB) database {
	path := filepath.ToSlash(filepath.Join(t.TempDir(), "sessions.db"))
	return database{"sqlite", sqlstore.SQLite, "sqlite", "file:" + path + sqliteParams, "sqlite:///" + path, nil}
}

func postgresDB(t testing.TB) database {
	s := servers.Postgres(t)
	return database{
		"postgres", sqlstore.PostgreSQL, "pgx", "postgres://postgres@" + s.Addr + "/postgres",
		"postgresql+psycopg://postgres@" + s.Addr + "/postgres", s,
	}
}

func mariaDB(t testing.TB) database {
	s := servers.MariaDB(t)
	return database{
		"mariadb", sqlstore.MySQL, "mysql", "root@tcp(" + s.Addr + ")/sessions",
		"mysql+pymysql://root@" + s.Addr + "/sessions", s,
	}
}

// with adds parameters to the DSN.
func (d database) with(params string) database {
	separator := "?"
	if strings.Contains(d.dsn, "?") {
		separator = "&"
	}
	d.dsn += separator + params
	return d
}

func (d database) open(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open(d.driver, d.dsn)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxIdleConns(10) // else connections are made all the time
	t.Cleanup(func() { db.Close() })
	return db
}

func (d database) config(t testing.TB, l sqlstore.Layout) sqlstore.Config {
	t.Helper()
	return sqlstore.Config{DB: d.open(t), Dialect: d.dialect, Layout: l, Table: fmt.Sprintf("t%d", time.Now().UnixNano())}
}

// expiryColumn is the layout's.
func expiryColumn(l sqlstore.Layout) string {
	return map[sqlstore.Layout]string{sqlstore.Starlite: "expires", sqlstore.Litestar: "expires_at"}[l]
}

func open(t testing.TB, c sqlstore.Config) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.New(c)
	must(t, err)
	return s
}

// create opens a store of a table that Go makes.
func create(t testing.TB, c sqlstore.Config) *sqlstore.Store {
	t.Helper()
	s := open(t, c)
	must(t, s.CreateTable(t.Context()))
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func testStore(t *testing.T, d database) {
	for name, l := range layouts {
		t.Run(name, func(t *testing.T) {
			clock := sessiontest.NewClock()
			sessiontest.TestStore(t, sessiontest.Suite{
				New: func(t *testing.T) session.Store {
					c := d.config(t, l)
					c.Now = clock.Now
					return create(t, c)
				},
				Advance: clock.Advance, Now: clock.Now,
			})
		})
	}
}

func TestStore(t *testing.T) {
	testStore(t, sqliteDB(t))
}

// Whatever the driver is told.
func TestLiveStore(t *testing.T) {
	pylive.Require(t)
	postgres, maria := postgresDB(t), mariaDB(t)
	for name, d := range map[string]database{
		"postgres":             postgres,
		"postgres/exec":        postgres.with("default_query_exec_mode=exec&default_transaction_isolation=serializable"),
		"postgres/simple":      postgres.with("default_query_exec_mode=simple_protocol&DateStyle=German,DMY&timezone=America/Lima"),
		"mariadb":              maria,
		"mariadb/found rows":   maria.with("clientFoundRows=true"),
		"mariadb/parse time":   maria.with("parseTime=true&loc=Asia%2FTokyo&time_zone=%27-09%3A00%27"),
		"mariadb/serializable": maria.with("tx_isolation=%27SERIALIZABLE%27&innodb_snapshot_isolation=1"),
		"mariadb/interpolated": maria.with("interpolateParams=true&sql_mode=%27%27"),
	} {
		t.Run(name, func(t *testing.T) { testStore(t, d) })
	}
	t.Run("postgres/tables", func(t *testing.T) { testTables(t, postgres, "public") })
	t.Run("postgres/renamed", func(t *testing.T) { testRenamed(t, postgres, "public") })
	t.Run("mariadb/tables", func(t *testing.T) { testTables(t, maria, "sessions") })
}
