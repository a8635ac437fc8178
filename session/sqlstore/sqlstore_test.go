package sqlstore_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/compat"
	"github.com/sessctl/sessctl/session/sessiontest"
	"github.com/sessctl/sessctl/session/sqlstore"
)

func TestNew(t *testing.T) {
	db := sqliteDB(t).open(t)
	for _, c := range []sqlstore.Config{
		{}, {DB: db}, {DB: db, Dialect: sqlstore.SQLite}, {DB: db, Layout: sqlstore.Starlite},
		{DB: db, Dialect: 4, Layout: sqlstore.Starlite}, {DB: db, Dialect: sqlstore.MySQL, Layout: 3},
		{Dialect: sqlstore.SQLite, Layout: sqlstore.Starlite}, {DB: db, Dialect: sqlstore.SQLite, Layout: sqlstore.Litestar},
	} {
		if _, err := sqlstore.New(c); err == nil {
			t.Errorf("%+v: no error", c)
		}
	}
	for table, ok := range map[string]bool{
		"": true, "session": true, "User_Session2": true, "main.session": true, strings.Repeat("x", 63): true,
		".": false, "a.": false, ".a": false, "a.b.c": false, "2a": false, "a b": false, `a"b`: false, "a`b": false, "a;b": false, "é": false,
		"a-b": false, "a\n": false, strings.Repeat("x", 64): false,
	} {
		c := sqlstore.Config{DB: db, Dialect: sqlstore.SQLite, Layout: sqlstore.Starlite, Table: table}
		if _, err := sqlstore.New(c); (err == nil) != ok {
			t.Errorf("table %q: %v", table, err)
		}
		if _, err := sqlstore.DetectLayout(t.Context(), db, sqlstore.SQLite, table); (err == nil || errors.Is(err, sqlstore.ErrNoTable)) != (ok && table != "") {
			t.Errorf("DetectLayout of %q: %v", table, err)
		}
	}
}

// A table may have a schema, a name that is a keyword, or capitals.
func TestTables(t *testing.T) {
	testTables(t, sqliteDB(t), "main")
	testRenamed(t, sqliteDB(t), "main")
}

// A table that is renamed keeps its indexes, and their names.
func testRenamed(t *testing.T, d database, schema string) {
	exec := func(c sqlstore.Config, text string) {
		t.Helper()
		_, err := c.DB.Exec(text)
		must(t, err)
	}
	long := strings.Repeat("x", 55) // with an index whose name PostgreSQL cuts
	for i, tt := range []struct{ table, qualified, index string }{
		{"renamed", "renamed", "ix_renamed_session_id"}, {"Renamed2", schema + ".Renamed2", `"ix_Renamed2_session_id"`},
		{long, long, "ix_" + long + "_session_id"},
	} {
		c := d.config(t, sqlstore.Starlite)
		c.Table = tt.qualified
		s := create(t, c)
		quoted, other := `"`+tt.table+`"`, fmt.Sprint("other", i)
		exec(c, "ALTER TABLE "+quoted+" RENAME TO "+other)
		err := s.CreateTable(t.Context())
		if err == nil || !strings.Contains(err.Error(), "rename or drop that index") {
			t.Errorf("%s: CreateTable: %v", tt.table, err)
		}
		if _, err := sqlstore.DetectLayout(t.Context(), c.DB, c.Dialect, tt.qualified); !errors.Is(err, sqlstore.ErrNoTable) {
			t.Errorf("%s: the table was made: %v", tt.table, err)
		}
		// The other has what it needs under any name.
		c.Table = other
		create(t, c)
		must(t, open(t, c).Create(t.Context(), sessiontest.NewID(), []byte(`{}`), time.Hour))
		// And so has one with an index of another name.
		exec(c, "CREATE TABLE "+quoted+" AS SELECT * FROM "+other)
		exec(c, "CREATE UNIQUE INDEX own_"+other+" ON "+quoted+" (session_id)")
		must(t, s.CreateTable(t.Context()))
		exec(c, "DROP TABLE "+quoted)
		exec(c, "DROP INDEX "+tt.index)
		must(t, s.CreateTable(t.Context()))
		must(t, s.Create(t.Context(), sessiontest.NewID(), []byte(`{}`), time.Hour))
	}
}

func testTables(t *testing.T, d database, schema string) {
	for name, l := range layouts {
		for _, table := range []string{"select", "Group", schema + ".order", schema + ".Plain"} {
			c := d.config(t, l)
			c.Table = table + name[:1]
			if table == "select" && l == sqlstore.Starlite {
				c.Table = table
			}
			s := open(t, c)
			must(t, c.DB.Ping()) // SQLite waits for nobody while it turns to the WAL
			var group sync.WaitGroup
			for range 6 { // at the same time
				group.Go(func() {
					if err := s.CreateTable(t.Context()); err != nil {
						t.Errorf("%s: CreateTable: %v", c.Table, err)
					}
				})
			}
			group.Wait()
			if got, err := sqlstore.DetectLayout(t.Context(), c.DB, c.Dialect, c.Table); got != l || err != nil {
				t.Errorf("%s: DetectLayout: %v, %v", c.Table, got, err)
			}
			id := sessiontest.NewID()
			must(t, s.Create(t.Context(), id, []byte(strings.Repeat("x", 1000)), time.Hour))
			compat.WantStored(t, s, id, strings.Repeat("x", 1000))
			c.Layout = 3 - l
			if err := open(t, c).CreateTable(t.Context()); err == nil {
				t.Errorf("%s was created with another layout", c.Table)
			}
		}
	}
	c := d.config(t, sqlstore.Litestar)
	_, err := c.DB.Exec("CREATE TABLE foreign_table (session_id int, data int)")
	must(t, err)
	if _, err := sqlstore.DetectLayout(t.Context(), c.DB, c.Dialect, "foreign_table"); err == nil || errors.Is(err, sqlstore.ErrNoTable) {
		t.Errorf("DetectLayout of a foreign table: %v", err)
	}
	for _, missing := range []string{"missing", schema + ".missing"} {
		if _, err := sqlstore.DetectLayout(t.Context(), c.DB, c.Dialect, missing); !errors.Is(err, sqlstore.ErrNoTable) {
			t.Errorf("DetectLayout of %s: %v, want ErrNoTable", missing, err)
		}
	}
	c.Table = "missing"
	for what, err := range compat.Methods(t.Context(), open(t, c), sessiontest.NewID()) {
		if compat.IsAnswer(err) {
			t.Errorf("%s without a table: %v", what, err)
		}
	}
}

func TestTooLarge(t *testing.T) {
	for _, l := range layouts {
		s := create(t, sqliteDB(t).config(t, l))
		id, data := sessiontest.NewID(), []byte(strings.Repeat("x", 1<<20))
		must(t, s.Create(t.Context(), id, data, time.Hour))
		compat.WantStored(t, s, id, string(data))
		over := append(data, 'x')
		for what, err := range map[string]error{
			"Create": s.Create(t.Context(), sessiontest.NewID(), over, time.Hour), "Replace": s.Replace(t.Context(), id, over, time.Hour),
			"Swap": s.Swap(t.Context(), id, data, over, time.Hour),
		} {
			if !errors.Is(err, codec.ErrTooLarge) {
				t.Errorf("%s: %v, want ErrTooLarge", what, err)
			}
		}
		must(t, s.Replace(t.Context(), id, nil, time.Hour))
		compat.WantStored(t, s, id, "")
	}
}

// Python compares times as text: all of them have all digits, in UTC.
func TestTimesInSQLite(t *testing.T) {
	clock := sessiontest.NewClock() // at a whole second
	for _, l := range layouts {
		c := sqliteDB(t).config(t, l)
		c.Now = func() time.Time { return clock.Now().In(time.FixedZone("", 5*3600)) }
		s := create(t, c)
		must(t, s.Create(t.Context(), sessiontest.NewID(), []byte(`{}`), time.Hour))
		column := expiryColumn(l)
		var text string
		must(t, c.DB.QueryRow("SELECT CAST("+column+" AS TEXT) FROM "+c.Table).Scan(&text))
		if text != "2026-01-02 04:04:05.000000" {
			t.Errorf("%s", text)
		}
		far := func() time.Time { return time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC) }
		c.Now = far
		if err := open(t, c).Create(t.Context(), sessiontest.NewID(), []byte(`{}`), 48*time.Hour); err == nil {
			t.Error("an expiry in the year 10000")
		}
	}
}

// Rows of Litestar's layout have keys that Python takes for UUIDs of version 7.
func TestUUID(t *testing.T) {
	clock := sessiontest.NewClock()
	c := sqliteDB(t).config(t, sqlstore.Litestar)
	c.Now = clock.Now
	s := create(t, c)
	seen := map[string]bool{}
	for range 100 {
		must(t, s.Create(t.Context(), sessiontest.NewID(), []byte(`{}`), time.Hour))
	}
	rows, err := c.DB.Query("SELECT typeof(id), hex(id), typeof(sa_orm_sentinel) FROM " + c.Table)
	must(t, err)
	defer rows.Close()
	prefix := fmt.Sprintf("%012X7", clock.Now().UnixMilli())
	for rows.Next() {
		var kind, id, sentinel string
		must(t, rows.Scan(&kind, &id, &sentinel))
		if kind != "blob" || len(id) != 32 || !strings.HasPrefix(id, prefix) || !strings.Contains("89AB", id[16:17]) || sentinel != "null" || seen[id] {
			t.Errorf("%s %s %s", kind, id, sentinel)
		}
		seen[id] = true
	}
	must(t, rows.Err())
}

// More sessions than are listed, looked for or deleted at a time.
func TestMany(t *testing.T) {
	const live, dead = 1_001, 21_021 // as 1 to 21
	for name, l := range layouts {
		t.Run(name, func(t *testing.T) {
			clock := sessiontest.NewClock()
			c := sqliteDB(t).config(t, l)
			c.Now = clock.Now
			s := create(t, c)
			row, values := "session_id, data, expires", ""
			if l == sqlstore.Litestar {
				row, values = "id, session_id, data, expires_at", "randomblob(16), "
			}
			_, err := c.DB.Exec(fmt.Sprintf("WITH RECURSIVE r(n) AS (SELECT 0 UNION ALL SELECT n+1 FROM r WHERE n < %d) INSERT INTO %s (%s) "+
				"SELECT %s printf('%%064x', n), x'7b7d', CASE n %% 22 WHEN 0 THEN '2026-01-02 03:04:05.000001' ELSE '2026-01-02 03:04:05.000000' END FROM r",
				live+dead-1, c.Table, row, values))
			must(t, err)
			listed := 0
			for e, err := range s.List(t.Context()) {
				must(t, err)
				if e.ID != fmt.Sprintf("%064x", listed*22) || e.Odd || e.Size != 2 {
					t.Fatalf("%d: %+v", listed, e)
				}
				listed++
			}
			if listed != live {
				t.Errorf("%d are listed", listed)
			}
			if n, err := s.Prune(t.Context()); n != dead || err != nil {
				t.Errorf("Prune: %d, %v", n, err)
			}
			if n, err := s.Clear(t.Context()); n != live || err != nil {
				t.Errorf("Clear: %d, %v", n, err)
			}
		})
	}
}

// Whoever reads the logs learns no id.
func TestErrorsHoldNoValues(t *testing.T) {
	c := sqliteDB(t).config(t, sqlstore.Starlite)
	s := create(t, c)
	_, err := c.DB.Exec("CREATE TRIGGER t BEFORE INSERT ON " + c.Table + " BEGIN SELECT RAISE(ABORT, 'it is ''' || NEW.session_id || ''''); END")
	must(t, err)
	id := sessiontest.NewID()
	err = s.Create(t.Context(), id, []byte(`{}`), time.Hour)
	if compat.IsAnswer(err) || strings.Contains(err.Error(), id) || !strings.Contains(err.Error(), "it is …") || strings.Contains(err.Error(), "\n") {
		t.Errorf("Create: %v", err)
	}
	if driver := errors.Unwrap(err); driver == nil || !strings.Contains(driver.Error(), id) {
		t.Errorf("the driver's error is %v", driver)
	}
}
