package sqlstore_test

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/sessctl/sessctl/internal/compat"
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

// What ended before there were years has, and what no clock will see the end of is no
// time to Python.
func TestLiveOddTimes(t *testing.T) {
	pylive.Require(t)
	for _, d := range []database{postgresDB(t), mariaDB(t).with("sql_mode=%27%27")} {
		for name, l := range layouts {
			t.Run(d.name+"/"+name, func(t *testing.T) {
				c := d.config(t, l)
				s := create(t, c)
				over, broken := []string{"-infinity", "4713-01-01 BC", "0044-03-15 12:00:00 BC", "0001-01-01"}, []string{"infinity", "20000-01-01"}
				if d.dialect == sqlstore.MySQL {
					over, broken = []string{"0000-00-00", "0001-01-01"}, nil
				}
				set := func(text string) (id string) {
					id = sessiontest.NewID()
					must(t, s.Create(t.Context(), id, []byte(`{}`), time.Hour))
					_, err := c.DB.Exec(fmt.Sprintf("UPDATE %s SET %s = '%s' WHERE session_id = '%s'", c.Table, expiryColumn(l), text, id))
					must(t, err)
					return id
				}
				for _, text := range over {
					id := set(text)
					compat.WantNotStored(t, s, id)
					for e, err := range s.List(t.Context()) {
						t.Errorf("%s is listed: %+v, %v", text, e, err)
					}
					if err := s.Delete(t.Context(), id); !errors.Is(err, session.ErrNotFound) {
						t.Errorf("%s: Delete: %v", text, err)
					}
					id = set(text)
					before := c
					before.Now = func() time.Time { return time.Date(1000, 1, 1, 0, 0, 0, 0, time.UTC) }
					_, expires, err := open(t, before).Load(t.Context(), id)
					if err = errors.Join(err, open(t, before).Delete(t.Context(), id)); err != nil || expires.Unix() != 0 {
						t.Errorf("%s: to a clock before it: %v, %v", text, expires, err)
					}
					id = set(text)
					must(t, s.Create(t.Context(), id, []byte(`{}`), time.Hour))
					must(t, s.Delete(t.Context(), id))
					set(text)
					if n, err := s.Prune(t.Context()); n != 1 || err != nil {
						t.Errorf("%s: Prune: %d, %v", text, n, err)
					}
				}
				for _, text := range broken {
					if _, _, err := s.Load(t.Context(), set(text)); !errors.Is(err, session.ErrDamaged) {
						t.Errorf("%s: Load: %v, want ErrDamaged", text, err)
					}
				}
				if n, err := s.Prune(t.Context()); n != 0 || err != nil {
					t.Errorf("Prune of what does not end: %d, %v", n, err)
				}
			})
		}
	}
}

// What is listed can be reached, whatever a column's character set.
func TestLiveCharacterSet(t *testing.T) {
	pylive.Require(t)
	d := mariaDB(t)
	for _, set := range []string{"latin1", "utf8mb4", "utf16"} {
		c := d.config(t, sqlstore.Starlite)
		s := create(t, c)
		for _, text := range []string{
			"ALTER TABLE %s MODIFY session_id VARCHAR(255) CHARACTER SET " + set + " NOT NULL",
			"INSERT INTO %s (session_id, data, expires) VALUES ('zü', '{}', '2099-01-01')",
		} {
			_, err := c.DB.Exec(fmt.Sprintf(text, c.Table))
			must(t, err)
		}
		id := sessiontest.NewID()
		must(t, s.Create(t.Context(), id, []byte(`{}`), time.Hour))
		compat.WantStored(t, s, id, `{}`)
		must(t, s.Delete(t.Context(), id))
		for _, key := range []string{"ZÜ", "zu", "zü "} {
			if _, _, err := s.LoadKey(t.Context(), key); !errors.Is(err, session.ErrNotFound) {
				t.Errorf("%s: LoadKey(%q): %v", set, key, err)
			}
		}
		for e, err := range s.List(t.Context()) {
			must(t, err)
			if data, _, err := s.LoadKey(t.Context(), e.Key); err != nil || e.Key != "zü" || string(data) != `{}` {
				t.Errorf("%s: LoadKey(%q): %s, %v", set, e.Key, data, err)
			}
			if err := s.DeleteKey(t.Context(), e.Key); err != nil {
				t.Errorf("%s: DeleteKey(%q): %v", set, e.Key, err)
			}
		}
	}
}
