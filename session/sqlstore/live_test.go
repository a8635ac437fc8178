package sqlstore_test

import (
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sessctl/sessctl/internal/compat"
	"github.com/sessctl/sessctl/internal/pylive"
	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/sessiontest"
	"github.com/sessctl/sessctl/session/sqlstore"
)

// peers are the real backends, over one table with ours.
var peers = []struct {
	name, requirements, app string
	layout                  sqlstore.Layout
}{
	{"starlite 1.51.16", "requirements-starlite-stores.txt", "starlite_app:app", sqlstore.Starlite},
	{"advanced-alchemy 1.12.0", "requirements-litestar-stores.txt", "litestar_app:app", sqlstore.Litestar},
}

// TestLive holds Go beside Python in each database, with tables that either has made.
func TestLive(t *testing.T) {
	pylive.Require(t)
	for _, d := range []database{sqliteDB(t), postgresDB(t), mariaDB(t)} {
		for _, peer := range peers {
			t.Run(d.name+"/"+peer.name, func(t *testing.T) {
				t.Parallel()
				p := &beside{d, d.config(t, peer.layout), nil}
				columns := map[string]string{}
				for _, maker := range []string{"go", "python"} {
					p.config.Table = fmt.Sprintf("sessions%d_%s", peer.layout, maker)
					p.python = compat.StartBackend(t, pylive.File(t, peer.requirements), pylive.File(t, "sqlstore.py"), d.python, p.config.Table)
					t.Run("made by "+maker, func(t *testing.T) {
						p.makeTable(t, maker)
						columns[maker] = strings.ReplaceAll(d.describe(t, p.config), "_"+maker, "")
						t.Run("both ways", p.testBothWays)
						t.Run("expiry", p.testExpiry)
						t.Run("odd ids", p.testOdd)
						t.Run("sweeps", p.testSweeps)
						if d.dialect == sqlstore.SQLite {
							t.Run("spellings", p.testSpellings)
						}
						t.Run("at the same time", p.testMeanwhile)
						t.Run("apps", func(t *testing.T) {
							app := pylive.Serve(t, pylive.Venv(t, pylive.File(t, peer.requirements)), pylive.File(t, ""), peer.app,
								"SESSION_SECRET=", "SESSION_SQL="+d.python, "SESSION_TABLE="+p.config.Table)
							compat.SharedStore(t, app, open(t, p.config))
						})
					})
				}
				if d.dialect == sqlstore.MySQL {
					columns["python"] = asGoHasIt.Replace(columns["python"])
				}
				if columns["go"] != columns["python"] {
					t.Errorf("Go makes\n%s\nPython makes\n%s", columns["go"], columns["python"])
				}
			})
		}
	}
}

// asGoHasIt is where Go's tables in MySQL are meant to be other than Python's.
var asGoHasIt = strings.NewReplacer(
	"`session_id` varchar(255) NOT NULL", "`session_id` varchar(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL",
	"`data` blob", "`data` mediumblob", " datetime ", " datetime(6) ",
)

// describe returns what the database says of a table and its indexes.
func (d database) describe(t *testing.T, c sqlstore.Config) (text string) {
	t.Helper()
	switch d.dialect {
	case sqlstore.SQLite:
		text = lines(t, c.DB, "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL ORDER BY type DESC, name", c.Table)
		text = strings.NewReplacer(`"`, "", "\t", "", "\n", "", ", ", ",", "( ", "(").Replace(text)
	case sqlstore.PostgreSQL:
		text = lines(t, c.DB, "SELECT concat_ws(' ', column_name, data_type, character_maximum_length, is_nullable, column_default, datetime_precision) "+
			"FROM information_schema.columns WHERE table_name = $1 ORDER BY ordinal_position", c.Table)
		text += lines(t, c.DB, "SELECT indexdef FROM pg_indexes WHERE tablename = $1 ORDER BY indexname", c.Table)
		text += lines(t, c.DB, "SELECT concat_ws(' ', conname, contype) FROM pg_constraint WHERE conrelid = to_regclass($1) ORDER BY conname", c.Table)
	case sqlstore.MySQL:
		var name string
		must(t, c.DB.QueryRow("SHOW CREATE TABLE "+c.Table).Scan(&name, &text))
	}
	if !strings.Contains(text, "session_id") {
		t.Fatalf("the database describes the table as %q", text)
	}
	return text
}

func lines(t *testing.T, db *sql.DB, query string, args ...any) (text string) {
	t.Helper()
	rows, err := db.Query(query, args...)
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		var line string
		must(t, rows.Scan(&line))
		text += line + "\n"
	}
	must(t, rows.Err())
	return text
}

// beside is a table that a real backend has too.
type beside struct {
	database
	config sqlstore.Config
	python *compat.Backend
}

func (p *beside) makeTable(t *testing.T, maker string) {
	t.Helper()
	if _, err := p.detect(t); !errors.Is(err, sqlstore.ErrNoTable) {
		t.Fatalf("DetectLayout: %v, want ErrNoTable", err)
	}
	if maker == "python" {
		p.python.Must("create_all")
	} else {
		create(t, p.config)
	}
	// The other does it too, and finds it there.
	p.python.Must("create_all")
	create(t, p.config)
	if l, err := p.detect(t); l != p.config.Layout || err != nil {
		t.Fatalf("DetectLayout: %v, %v", l, err)
	}
}

func (p *beside) detect(t *testing.T) (sqlstore.Layout, error) {
	return sqlstore.DetectLayout(t.Context(), p.config.DB, p.config.Dialect, p.config.Table)
}

// Each side reads, changes, renews and deletes what the other has written.
func (p *beside) testBothWays(t *testing.T) {
	size := 200_000
	if p.dialect == sqlstore.MySQL {
		size = 65_535 // of Python's column
	}
	compat.BothWays(t, p.python, open(t, p.config), compat.Sample(size))
}

// What has expired has, to both; and the clock is ours, not the database's.
func (p *beside) testExpiry(t *testing.T) {
	var ahead time.Duration
	c := p.config
	c.Now = func() time.Time { return time.Now().Add(ahead) }
	s := open(t, c)
	id, lives := sessiontest.NewID(), sessiontest.NewID()
	ahead = -2 * time.Hour
	must(t, s.Create(t.Context(), id, []byte(`{}`), time.Hour))
	must(t, s.Create(t.Context(), lives, []byte(`{}`), 3*time.Hour))
	ahead = 0
	compat.WantNotStored(t, s, id)
	p.python.WantNone(id)
	p.python.Want(lives, `{}`)

	p.python.Set(id, `{}`, 60)
	compat.WantStored(t, s, id, `{}`)
	ahead = 62 * time.Second // a clock that jumps
	compat.WantNotStored(t, s, id)
	if err := s.Touch(t.Context(), id, time.Hour); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("Touch: %v", err)
	}
	ahead = 0 // and back: nothing was lost
	compat.WantStored(t, s, id, `{}`)
	ahead = 62 * time.Second
	p.python.Want(lives, `{}`) // which renews it, for 60 seconds
	ahead = 30 * time.Second
	if n, err := s.Prune(t.Context()); n != 0 || err != nil {
		t.Errorf("Prune of what lives: %d, %v", n, err)
	}
	ahead = 62 * time.Second
	if n, err := s.Prune(t.Context()); n != 2 || err != nil {
		t.Errorf("Prune: %d, %v", n, err)
	}
	ahead = 0
	p.python.WantNone(id)
}

// Python takes any text for an id. Go sees it for what it is, and never for another.
func (p *beside) testOdd(t *testing.T) {
	s := open(t, p.config)
	id := strings.Repeat("ab", 32)
	upper := strings.ToUpper(id)
	odd := []string{upper, "", "hello", "../x", `'";--`, "a%b_c", "[x]*", `back\slash`, "é", "two  blanks", "null"}
	if p.dialect == sqlstore.SQLite {
		odd = append(odd, "nul\x00nul")
	}
	stored := map[string]bool{}
	for _, key := range odd {
		if p.python.Do("set", key, fmt.Sprintf(`{"key":"%x"}`, key), 3600) == "null" {
			stored[key] = true // Go's table in MySQL takes ASCII alone
		}
	}
	if len(stored) < len(odd)-1 {
		t.Errorf("Python has stored %v", stored)
	}
	compat.WantNotStored(t, s, id)
	for what, err := range map[string]error{
		"Touch": s.Touch(t.Context(), id, time.Hour), "Replace": s.Replace(t.Context(), id, []byte(`{}`), time.Hour),
		"Swap": s.Swap(t.Context(), id, fmt.Appendf(nil, `{"key":"%x"}`, upper), []byte(`{}`), time.Hour), "Delete": s.Delete(t.Context(), id),
	} {
		if !errors.Is(err, session.ErrNotFound) {
			t.Errorf("%s of an id that is there in upper case: %v", what, err)
		}
	}
	// Python's table in MySQL takes the one for the other. The error names neither.
	if err := s.Create(t.Context(), id, []byte(`{}`), time.Hour); err == nil {
		must(t, s.Delete(t.Context(), id))
	} else if p.dialect != sqlstore.MySQL || compat.IsAnswer(err) || strings.Contains(strings.ToLower(err.Error()), id) {
		t.Errorf("Create of an id that is there in upper case: %v", err)
	}
	for e, err := range s.List(t.Context()) {
		if err != nil || !e.Odd || e.ID != "" || !stored[e.Key] || e.Size < 10 || time.Until(e.Expires) < 50*time.Minute {
			t.Errorf("listed: %+v, %v", e, err)
		}
		data, _, err := s.LoadKey(t.Context(), e.Key)
		if want := fmt.Sprintf(`{"key":"%x"}`, e.Key); err != nil || string(data) != want {
			t.Errorf("LoadKey(%q): %s, %v", e.Key, data, err)
		}
		must(t, s.DeleteKey(t.Context(), e.Key))
		p.python.WantNone(e.Key)
		delete(stored, e.Key)
	}
	if len(stored) > 0 {
		t.Errorf("not listed: %v", stored)
	}
}

// SQLite's times are text. Of what is written by other hands Go reads what Python reads.
func (p *beside) testSpellings(t *testing.T) {
	s := open(t, p.config)
	for _, text := range []string{
		"2099-01-01 00:00:00.000000", "2099-01-01T00:00:00.000000", "2099-01-01 00:00:00", "2099-01-01 00:00:00.5", "2099-01-01 00:00:00,5",
		"2099-01-01 00:00:00.123456789", "2001-01-01 00:00:00.000000", "2001-01-01T00:00:00", "2099-01-01 0:00:00", "2099-02-30 00:00:00",
		"2099-01-01 24:00:00", "2099-01-01 00:00:60", "2099-1-1 00:00:00", "2099-01-01 00:00:00.", "2099-01-01 00:00:00 ", " 2099-01-01 00:00:00",
		"0000-01-01 00:00:00", "99999-01-01 00:00:00", "", "never",
	} {
		id := sessiontest.NewID()
		p.python.Set(id, `{}`, 3600)
		_, err := p.config.DB.Exec("UPDATE "+p.config.Table+" SET "+expiryColumn(p.config.Layout)+" = ? WHERE session_id = ?", text, id)
		must(t, err)
		_, _, err = s.Load(t.Context(), id)
		answer := p.python.Do("get", id)
		switch {
		case strings.HasPrefix(text, "0000") && errors.Is(err, session.ErrNotFound): // long over
		case answer == "null" && errors.Is(err, session.ErrNotFound), strings.Contains(answer, "error") && errors.Is(err, session.ErrDamaged):
		case answer != `"{}"` || err != nil:
			t.Errorf("%q: Python reads %s, Go %v", text, answer, err)
		}
		p.python.Do("delete", id)
	}
}

// Python's sweeps go over what Go has written, and Go's over what Python has.
func (p *beside) testSweeps(t *testing.T) {
	var ahead time.Duration
	c := p.config
	c.Now = func() time.Time { return time.Now().Add(ahead) }
	s := open(t, c)
	dead, lives := sessiontest.NewID(), sessiontest.NewID()
	ahead = -14 * time.Hour // more than any zone is off
	must(t, s.Create(t.Context(), dead, []byte(`{}`), time.Hour))
	ahead = 0
	must(t, s.Create(t.Context(), lives, []byte(`{}`), 14*time.Hour))
	p.python.Must("delete_expired")
	ahead = -14 * time.Hour
	compat.WantNotStored(t, s, dead)
	compat.WantStored(t, s, lives, `{}`)
	ahead = 0
	p.python.Must("delete_all")
	compat.WantNotStored(t, s, lives)

	p.python.Set(dead, `{}`, 3600)
	p.python.Set("odd", `{}`, 3600)
	if n, err := s.Clear(t.Context()); n != 2 || err != nil {
		t.Errorf("Clear: %d, %v", n, err)
	}
	p.python.WantNone(dead)
	p.python.WantNone("odd")
}

// Beside a Python that writes the same sessions all the time, what Go reads is whole,
// and nothing fails but what the contract says.
func (p *beside) testMeanwhile(t *testing.T) {
	s := open(t, p.config)
	ids, stop := []string{sessiontest.NewID(), sessiontest.NewID(), sessiontest.NewID()}, filepath.Join(t.TempDir(), "stop")
	p.python.Begin("write", ids, stop)
	end := time.Now().Add(500 * time.Millisecond)
	const kinds = 7
	var calls atomic.Int64
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for time.Now().Before(end) {
				id, what := ids[rand.IntN(len(ids))], rand.IntN(kinds)
				calls.Add(1)
				data, _, err := s.Load(t.Context(), id)
				if err == nil {
					_, err = compat.NumberOf(data)
				}
				switch what {
				case 1:
					err = s.Touch(t.Context(), id, time.Hour)
				case 2:
					err = s.Replace(t.Context(), id, compat.Numbered(rand.IntN(1000)), time.Hour)
				case 3:
					err = s.Swap(t.Context(), id, data, compat.Numbered(rand.IntN(1000)), time.Hour)
				case 4:
					err = s.Delete(t.Context(), id)
				case 5:
					err = s.Create(t.Context(), id, compat.Numbered(rand.IntN(1000)), time.Hour)
				case 6:
					_, err = s.Prune(t.Context())
				}
				if err != nil && !errors.Is(err, session.ErrNotFound) && !errors.Is(err, session.ErrChanged) && !errors.Is(err, session.ErrExists) {
					t.Errorf("%d: %v", what, err)
				}
			}
		})
	}
	group.Wait()
	must(t, os.WriteFile(stop, nil, 0o600))
	t.Logf("%d calls beside Python's, which are, with its errors: %s", calls.Load(), p.python.Answer())
	if _, err := s.Clear(t.Context()); err != nil {
		t.Error(err)
	}
}
