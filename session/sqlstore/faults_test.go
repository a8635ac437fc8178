package sqlstore_test

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/compat"
	"github.com/sessctl/sessctl/internal/pylive"
	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/sessiontest"
	"github.com/sessctl/sessctl/session/sqlstore"
)

// A writer is killed at any moment: every session is as it was before a change or
// after, whole, and what it had said was done is done.
func TestKilled(t *testing.T) {
	kills := 20
	if pylive.Enabled() {
		kills = 200
	}
	for name, l := range layouts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := sqliteDB(t)
			if l == sqlstore.Starlite {
				d.dsn = strings.Replace(d.dsn, "WAL", "DELETE", 1)
			}
			c := d.config(t, l)
			s := create(t, c)
			compat.KillWriters(t, s, process(d, c), kills/2)
		})
	}
}

// Processes that change one session lose no change of each other.
func TestProcesses(t *testing.T) {
	const times = 30
	for name, l := range layouts {
		for _, mode := range []string{"WAL", "DELETE"} {
			t.Run(name+"/"+mode, func(t *testing.T) {
				d := sqliteDB(t)
				d.dsn = strings.Replace(d.dsn, "WAL", mode, 1)
				c := d.config(t, l)
				s := create(t, c)
				compat.CountTogether(t, s, process(d, c), times)
			})
		}
	}
}

// Who holds SQLite's lock is waited for as long as the context says.
func TestLocked(t *testing.T) {
	d := sqliteDB(t)
	c := d.config(t, sqlstore.Litestar)
	s := create(t, c)
	id := sessiontest.NewID()
	must(t, s.Create(t.Context(), id, []byte(`{}`), time.Hour))
	holder, err := d.open(t).Conn(t.Context())
	must(t, err)
	defer holder.Close()
	_, err = holder.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	must(t, err)
	start := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := s.Touch(ctx, id, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Touch: %v, want DeadlineExceeded", err)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("Touch took %v", took)
	}
	compat.WantStored(t, s, id, `{}`) // a reader does not wait
	_, err = holder.ExecContext(t.Context(), "ROLLBACK")
	must(t, err)
	must(t, s.Touch(t.Context(), id, time.Hour))
}

// What is no id never reaches the database, which is closed: it would say so.
func TestHostileIDs(t *testing.T) {
	for _, l := range layouts {
		c := sqliteDB(t).config(t, l)
		s := open(t, c)
		c.DB.Close()
		for what, err := range compat.Methods(t.Context(), s, sessiontest.NewID()) {
			if !strings.Contains(err.Error(), "database is closed") {
				t.Errorf("%s: %v", what, err)
			}
		}
		for _, id := range []string{
			"", "null", "a", "../../etc/passwd", "' OR '1'='1", `"; DROP TABLE session; --`, "\x00", "a\r\nb", "%", "*", "é",
			strings.Repeat("AB", 32), strings.Repeat("ab", 32) + " ", strings.Repeat("ab", 15), strings.Repeat("ab", 65), strings.Repeat("a", 1<<20),
		} {
			for what, err := range compat.Methods(t.Context(), s, id) {
				if err == nil || compat.IsAnswer(err) || strings.Contains(err.Error(), "closed") {
					t.Errorf("%s of %.40q: %v", what, id, err)
				}
			}
		}
	}
}

// What is no session is an error of its own, and stays.
func TestDamaged(t *testing.T) {
	for name, l := range layouts {
		c := sqliteDB(t).config(t, l)
		s := create(t, c)
		expires := expiryColumn(l)
		want := map[string]error{}
		for set, err := range map[string]error{
			expires + " = '2099-01-01T00:00:00'": nil, expires + " = '2099-01-01 00:00:00.1'": nil,
			expires + " = '2099-01-01 00:00:00.123456789'": nil, expires + " = '2099-01-01 00:00:00+00:00'": session.ErrDamaged,
			expires + " = '2099-01-01 00:00:00Z'": session.ErrDamaged, expires + " = '2099-01-01 0:00:00'": session.ErrDamaged,
			expires + " = '2099-02-30 00:00:00'": session.ErrDamaged,
			expires + " = '2099'":                session.ErrDamaged, expires + " = ''": session.ErrDamaged, expires + " = 4070908800": session.ErrDamaged,
			expires + " = 4070908800.5": session.ErrDamaged, expires + " = x'32303939'": session.ErrDamaged,
			expires + " = '2001-01-01T00:00:00'": session.ErrNotFound, expires + " = '2001-01-01 00:00:00'": session.ErrNotFound,
			expires + " = '0500-01-01 00:00:00'": session.ErrNotFound, expires + " = '0001-01-01T00:00:00'": session.ErrNotFound,
			expires + " = '0000-00-00 00:00:00'": session.ErrNotFound,
			"data = 'text'":                      session.ErrDamaged, "data = 7": session.ErrDamaged,
			"data = zeroblob(1048577)": codec.ErrTooLarge, "data = zeroblob(1048576)": nil, "data = zeroblob(0)": nil,
		} {
			id := sessiontest.NewID()
			must(t, s.Create(t.Context(), id, []byte(`{}`), time.Hour))
			_, execErr := c.DB.Exec("UPDATE "+c.Table+" SET "+set+" WHERE session_id = ?", id)
			must(t, execErr)
			want[id] = err
			if _, _, got := s.Load(t.Context(), id); !errors.Is(got, err) {
				t.Errorf("%s: Load after %s: %v, want %v", name, set, got, err)
			}
			if err != nil && err != session.ErrNotFound {
				if got := s.Create(t.Context(), id, []byte(`{}`), time.Hour); !errors.Is(got, err) {
					t.Errorf("%s: Create after %s: %v, want %v", name, set, got, err)
				}
			}
		}
		for e, got := range s.List(t.Context()) {
			if err := want[e.ID]; !errors.Is(got, err) || err == session.ErrNotFound {
				t.Errorf("%s: listed: %+v, %v; want %v", name, e, got, err)
			}
			delete(want, e.ID)
		}
		for id, err := range want {
			if err != session.ErrNotFound {
				t.Errorf("%s: not listed: %v", name, err)
			}
			delete(want, id)
		}
		if n, err := s.Prune(t.Context()); n != 5 || err != nil {
			t.Errorf("%s: Prune: %d, %v", name, n, err)
		}
	}
}

// A server that is killed is an error, never a session that is not there. When it is
// back so is all that it has said was done.
func TestLiveRestart(t *testing.T) {
	pylive.Require(t)
	for _, start := range []func(testing.TB) database{postgresDB, mariaDB} {
		d := start(t)
		t.Run(d.name, func(t *testing.T) {
			c := d.config(t, sqlstore.Starlite)
			if d.dialect == sqlstore.MySQL { // the tests' server keeps the last second to itself
				_, err := c.DB.Exec("SET GLOBAL innodb_flush_log_at_trx_commit = 2")
				must(t, err)
			}
			s := create(t, c)
			id, deleted := sessiontest.NewID(), sessiontest.NewID()
			must(t, s.Create(t.Context(), id, []byte("0"), time.Hour))
			must(t, s.Create(t.Context(), deleted, []byte("{}"), time.Hour))
			must(t, s.Delete(t.Context(), deleted))
			const writers = 3
			var done atomic.Int64
			var group sync.WaitGroup
			for range writers {
				group.Go(func() {
					for {
						err := compat.AddOne(t.Context(), s, id)
						if err != nil {
							if compat.IsAnswer(err) || strings.Contains(err.Error(), id) {
								t.Errorf("while the server dies: %v", err)
							}
							return
						}
						done.Add(1)
					}
				})
			}
			time.Sleep(200 * time.Millisecond)
			d.server.Kill()
			group.Wait()
			errs := compat.Methods(t.Context(), s, id)
			maps.Copy(errs, sweeps(t.Context(), s))
			for what, err := range errs {
				if compat.IsAnswer(err) || strings.Contains(err.Error(), id) || strings.Contains(err.Error(), "\n") {
					t.Errorf("%s without a server: %v", what, err)
				}
			}
			t.Logf("for instance %v", errs["Load"])
			d.server.Start()
			data, _, err := s.Load(t.Context(), id)
			must(t, err)
			n, err := strconv.ParseInt(string(data), 10, 64)
			if err != nil || n < done.Load() || n > done.Load()+writers || n < 10 {
				t.Errorf("the session is at %d, %v; %d changes were acknowledged", n, err, done.Load())
			}
			compat.WantNotStored(t, s, deleted)
			must(t, compat.AddOne(t.Context(), s, id))
		})
	}
}

// A server that hangs is waited for as long as the context says.
func TestLiveDeadline(t *testing.T) {
	pylive.Require(t)
	for _, start := range []func(testing.TB) database{postgresDB, mariaDB} {
		d := start(t)
		t.Run(d.name, func(t *testing.T) {
			s := create(t, d.config(t, sqlstore.Litestar))
			id := sessiontest.NewID()
			must(t, s.Create(t.Context(), id, []byte(`{"a":1}`), time.Hour))
			d.server.Pause()
			start := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			errs := make(chan map[string]error, 2)
			go func() { errs <- compat.Methods(ctx, s, id) }()
			go func() { errs <- sweeps(ctx, s) }()
			for range 2 {
				for what, err := range <-errs {
					if !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("%s: %v", what, err)
					}
				}
			}
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("it took %v", took)
			}
			d.server.Resume()
			data, _, err := s.Load(t.Context(), id)
			if errors.Is(err, session.ErrNotFound) { // one of those that were given up
				t.Log("deleted after all")
			} else if err != nil || string(data) != `{"a":1}` && string(data) != `{}` {
				t.Errorf("Load: %q, %v", data, err)
			}
		})
	}
}

// What MySQL's column cannot hold is refused, also by a server that would cut it.
func TestLiveBlob(t *testing.T) {
	pylive.Require(t)
	d := mariaDB(t)
	for _, mode := range []string{"", "STRICT_ALL_TABLES"} {
		t.Run("sql_mode="+mode, func(t *testing.T) {
			c := d.with("sql_mode=%27"+mode+"%27").config(t, sqlstore.Starlite)
			s := create(t, c)
			_, err := c.DB.Exec("ALTER TABLE " + c.Table + " MODIFY data blob NOT NULL") // as Python's
			must(t, err)
			fits, over := []byte(strings.Repeat("x", 65_535)), []byte(strings.Repeat("x", 65_536))
			id, other := sessiontest.NewID(), sessiontest.NewID()
			must(t, s.Create(t.Context(), id, fits, time.Hour))
			for what, err := range map[string]error{
				"Create": s.Create(t.Context(), other, over, time.Hour), "Replace": s.Replace(t.Context(), id, over, time.Hour),
				"Swap": s.Swap(t.Context(), id, fits, over, time.Hour),
			} {
				if !errors.Is(err, codec.ErrTooLarge) {
					t.Errorf("%s: %v, want ErrTooLarge", what, err)
				}
			}
			compat.WantStored(t, s, id, string(fits))
			compat.WantNotStored(t, s, other)
			_, err = c.DB.Exec("ALTER TABLE " + c.Table + " MODIFY data mediumblob NOT NULL")
			must(t, err)
			must(t, s.Replace(t.Context(), id, over, time.Hour))
			compat.WantStored(t, s, id, string(over))
		})
	}
}
