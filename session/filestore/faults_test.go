package filestore_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/compat"
	"github.com/sessctl/sessctl/internal/pylive"
	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/filestore"
	"github.com/sessctl/sessctl/session/sessiontest"
)

// A writer is killed at any moment: every session is as it was before a change or
// after, whole, and what it had said was done is done.
func TestKilled(t *testing.T) {
	kills := 40
	if pylive.Enabled() {
		kills = 1000
	}
	for name, c := range map[string]filestore.Config{"starlite": layouts["starlite"], "litestar": layouts["litestar"]} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.Dir = t.TempDir()
			s := open(t, c)
			compat.KillWriters(t, s, process(c), kills/2)
			leftovers := leftoversOf(t, c.Dir)
			t.Logf("%d drafts were left", len(leftovers))
			pruneLeftovers(t, s, c.Dir, leftovers)
		})
	}
}

// leftoversOf returns the files that are no sessions.
func leftoversOf(t testing.TB, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		if !session.ValidID(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names
}

// Prune removes what killed writers have left, but not what may be in use, nor what
// is not its own.
func pruneLeftovers(t *testing.T, s *filestore.Store, dir string, leftovers []string) {
	t.Helper()
	session := filepath.Base(firstSession(t, dir))
	ours := session + ".tmp-0123456789abcdef"
	foreign := []string{session + ".tmp0a_bc1xy", session + ".tmp-0123456789abcde", "x.tmp-0123456789abcdef", "keep"}
	for _, name := range append(foreign, ours) {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600))
	}
	if _, err := s.Prune(t.Context()); err != nil {
		t.Error(err)
	}
	if got := leftoversOf(t, dir); len(got) != len(leftovers)+len(foreign)+1 {
		t.Errorf("Prune took what may be in use: %q", got)
	}
	for _, name := range leftoversOf(t, dir) {
		old := time.Now().Add(-2 * time.Hour)
		must(t, os.Chtimes(filepath.Join(dir, name), old, old))
	}
	if _, err := s.Prune(t.Context()); err != nil {
		t.Error(err)
	}
	if got := leftoversOf(t, dir); len(got) != len(foreign) {
		t.Errorf("Prune left %q, want %q", got, foreign)
	}
}

func firstSession(t testing.TB, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		if session.ValidID(e.Name()) {
			return filepath.Join(dir, e.Name())
		}
	}
	t.Fatal("no session")
	return ""
}

// Processes that change one session lose no change of each other.
func TestProcesses(t *testing.T) {
	const times = 50
	for name, c := range layouts {
		if c.Names == filestore.NamesID {
			continue
		}
		t.Run(name, func(t *testing.T) {
			c.Dir = t.TempDir()
			s := open(t, c)
			compat.CountTogether(t, s, process(c), times)
		})
	}
}

// What is no session of the layout is an error, and stays until it is deleted.
func TestDamaged(t *testing.T) {
	for name, c := range layouts {
		for what, content := range map[string]string{"torn": "{\"expires\":\"2026-12-07T02", "binary": "\x82\xaaexpires", "foreign": "hello\n"} {
			t.Run(name+"/"+what, func(t *testing.T) {
				t.Parallel()
				c := c // each has a directory of its own
				c.Dir = t.TempDir()
				s := open(t, c)
				id := sessiontest.NewID()
				must(t, s.Create(t.Context(), id, []byte(`{}`), time.Hour))
				file := firstSession(t, c.Dir)
				must(t, os.WriteFile(file, []byte(content), 0o600))
				old := time.Now().Add(-time.Minute) // nobody is writing it
				must(t, os.Chtimes(file, old, old))
				wantDamaged(t, s, id)
				if got, err := os.ReadFile(file); err != nil || string(got) != content {
					t.Errorf("it was changed: %q, %v", got, err)
				}
				if left := leftoversOf(t, c.Dir); len(left) > 0 {
					t.Errorf("left: %q", left)
				}
				must(t, s.Delete(t.Context(), id))
				if _, _, err := s.Load(t.Context(), id); !errors.Is(err, session.ErrNotFound) {
					t.Errorf("Load after Delete: %v", err)
				}
			})
		}
	}
}

// What a killed writer has emptied is a session that has expired.
func TestEmpty(t *testing.T) {
	for name, c := range layouts {
		t.Run(name, func(t *testing.T) {
			c.Dir = t.TempDir()
			s := open(t, c)
			id := sessiontest.NewID()
			must(t, s.Create(t.Context(), id, []byte(`{}`), time.Hour))
			file := firstSession(t, c.Dir)
			empty := func() {
				must(t, os.WriteFile(file, nil, 0o600))
				old := time.Now().Add(-time.Minute)
				must(t, os.Chtimes(file, old, old))
			}
			empty()
			compat.WantNotStored(t, s, id)
			if err := s.Replace(t.Context(), id, []byte(`{}`), time.Hour); !errors.Is(err, session.ErrNotFound) {
				t.Errorf("Replace: %v, want session.ErrNotFound", err)
			}
			for what, sweep := range map[string]func(context.Context) (int, error){"Prune": s.Prune, "Clear": s.Clear} {
				empty()
				if n, err := sweep(t.Context()); n != 1 || err != nil {
					t.Errorf("%s: %d, %v", what, n, err)
				}
				if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
					t.Errorf("%s has left it: %v", what, err)
				}
			}
			empty()
			must(t, s.Create(t.Context(), id, []byte(`{"a":1}`), time.Hour))
			compat.WantStored(t, s, id, `{"a":1}`)
		})
	}
}

func wantDamaged(t *testing.T, s *filestore.Store, id string) {
	t.Helper()
	_, _, load := s.Load(t.Context(), id)
	_, clear := s.Clear(t.Context())
	_, prune := s.Prune(t.Context())
	var list error
	for e, err := range s.List(t.Context()) {
		if err == nil || e.Key == "" {
			t.Errorf("listed as %+v", e)
		}
		list = err
	}
	for what, err := range map[string]error{
		"Load": load, "Create": s.Create(t.Context(), id, []byte(`{}`), time.Hour),
		"Replace": s.Replace(t.Context(), id, []byte(`{}`), time.Hour), "Touch": s.Touch(t.Context(), id, time.Hour),
		"Clear": clear, "Prune": prune, "List": list,
	} {
		if !errors.Is(err, session.ErrDamaged) || errors.Is(err, filestore.ErrKept) {
			t.Errorf("%s: %v, want session.ErrDamaged alone", what, err)
		}
		if err != nil && strings.Contains(err.Error(), id) {
			t.Errorf("%s tells the id: %v", what, err)
		}
	}
}

// A file that Starlite is writing is read once it is whole.
func TestTornForAMoment(t *testing.T) {
	c := layouts["starlite"]
	c.Dir = t.TempDir()
	s := open(t, c)
	id := sessiontest.NewID()
	must(t, s.Create(t.Context(), id, []byte(`{"a":1}`), time.Hour))
	file := filepath.Join(c.Dir, id)
	whole, err := os.ReadFile(file)
	must(t, err)
	for _, call := range []func() error{
		func() error { _, _, err := s.Load(t.Context(), id); return err },
		func() error { return s.Touch(t.Context(), id, time.Hour) },
		func() error { return s.Replace(t.Context(), id, []byte(`{}`), time.Hour) },
		func() error { return s.Delete(t.Context(), id) },
	} {
		must(t, os.WriteFile(file, nil, 0o600))
		timer := time.AfterFunc(5*time.Millisecond, func() { os.WriteFile(file, whole, 0o600) })
		if err := call(); err != nil {
			t.Error(err)
		}
		timer.Stop()
	}
	must(t, os.WriteFile(file, nil, 0o600))
	if _, _, err := s.Load(t.Context(), id); !errors.Is(err, session.ErrDamaged) || !errors.Is(err, filestore.ErrKept) {
		t.Errorf("Load: %v, want session.ErrDamaged and ErrKept", err)
	}
	must(t, os.WriteFile(file, []byte("hello"), 0o600)) // which nobody writes as a session's beginning
	must(t, s.Delete(t.Context(), id))
	must(t, os.WriteFile(file, nil, 0o600))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	if _, _, err := s.Load(ctx, id); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Load: %v, want DeadlineExceeded", err)
	}
}

// Nothing but ids reaches a path.
func TestHostileIDs(t *testing.T) {
	for name, c := range layouts {
		t.Run(name, func(t *testing.T) {
			c.Dir = filepath.Join(t.TempDir(), "sessions")
			c.Create = true
			s := open(t, c)
			for _, id := range []string{
				"", ".", "..", "null", "../" + strings.Repeat("0", 30), strings.Repeat("../", 11) + "etc/passwd", "/etc/passwd",
				strings.Repeat("0", 31) + "\x00", strings.Repeat("0", 31), strings.Repeat("0", 33), strings.Repeat("A", 32), strings.Repeat("0", 130),
				strings.Repeat("*", 32), "%2e%2e%2f" + strings.Repeat("0", 23), strings.Repeat("0", 30) + "\r\n", strings.Repeat("'", 32),
				strings.Repeat("0", 30) + "/0", strings.Repeat("0", 30) + "é", strings.Repeat("f", 1<<20), strings.Repeat("0", 64) + ".tmp-0123456789abcdef",
			} {
				_, _, load := s.Load(t.Context(), id)
				for what, err := range map[string]error{
					"Load": load, "Create": s.Create(t.Context(), id, []byte(`{}`), time.Hour),
					"Replace": s.Replace(t.Context(), id, []byte(`{}`), time.Hour), "Touch": s.Touch(t.Context(), id, time.Hour),
					"Delete": s.Delete(t.Context(), id),
					"Swap":   s.Swap(t.Context(), id, []byte(`{}`), []byte(`{}`), time.Hour),
				} {
					if err == nil || errors.Is(err, session.ErrNotFound) || len(id) > 4 && strings.Contains(err.Error(), id) {
						t.Errorf("%s of %.40q: %.200v", what, id, err)
					}
				}
			}
			for _, dir := range []string{c.Dir, filepath.Dir(c.Dir)} {
				if entries, err := os.ReadDir(dir); err != nil || len(entries) > 1 || len(entries) == 1 && entries[0].Name() != "sessions" {
					t.Errorf("%v, %v", entries, err)
				}
			}
		})
	}
}

// Python takes any text for an id. Such files are listed as odd, and can be reached by
// their names; what is none of the directory's files cannot.
func TestOdd(t *testing.T) {
	for name, c := range layouts {
		t.Run(name, func(t *testing.T) {
			c.Dir = t.TempDir()
			s := open(t, c)
			must(t, s.Create(t.Context(), sessiontest.NewID(), []byte(`{"a":1}`), time.Hour))
			content, err := os.ReadFile(firstSession(t, c.Dir))
			must(t, err)
			for name, content := range map[string]string{"hello": string(content), "README": "not a session"} {
				must(t, os.WriteFile(filepath.Join(c.Dir, name), []byte(content), 0o600))
			}
			odd := map[string]bool{}
			for e, err := range s.List(t.Context()) {
				must(t, err)
				if e.Odd {
					odd[e.Key] = e.ID == ""
				}
			}
			if len(odd) != 2 || !odd["hello"] || !odd["README"] {
				t.Errorf("odd: %v", odd)
			}
			if data, _, err := s.LoadKey(t.Context(), "hello"); err != nil || string(data) != `{"a":1}` {
				t.Errorf("LoadKey: %q, %v", data, err)
			}
			must(t, s.DeleteKey(t.Context(), "hello"))
			if err := s.DeleteKey(t.Context(), "README"); !errors.Is(err, session.ErrDamaged) {
				t.Errorf("DeleteKey of no session: %v", err)
			}
			if left := leftoversOf(t, c.Dir); len(left) != 1 || left[0] != "README" {
				t.Errorf("left: %q", left)
			}
			must(t, os.WriteFile(filepath.Join(filepath.Dir(c.Dir), "outside"), content, 0o600))
			for _, key := range []string{"", ".", "..", "../outside", "./hello", "/etc/passwd", "a/b", "x\x00"} {
				if _, _, err := s.LoadKey(t.Context(), key); err == nil || errors.Is(err, session.ErrNotFound) {
					t.Errorf("LoadKey of %q: %v", key, err)
				}
				if err := s.DeleteKey(t.Context(), key); err == nil || errors.Is(err, session.ErrNotFound) {
					t.Errorf("DeleteKey of %q: %v", key, err)
				}
			}
		})
	}
}

// Sessions have a size, and so have files.
func TestSizes(t *testing.T) {
	for name, c := range layouts {
		t.Run(name, func(t *testing.T) {
			c.Dir = t.TempDir()
			s := open(t, c)
			id := sessiontest.NewID()
			big := []byte(strings.Repeat("\x01", 1<<20)) // which Starlite escapes
			must(t, s.Create(t.Context(), id, big, time.Hour))
			want(t, s, id, string(big))
			for what, err := range map[string]error{
				"Create":  s.Create(t.Context(), sessiontest.NewID(), append(big, 'x'), time.Hour),
				"Replace": s.Replace(t.Context(), id, append(big, 'x'), time.Hour),
				"Swap":    s.Swap(t.Context(), id, big, append(big, 'x'), time.Hour),
			} {
				if !errors.Is(err, codec.ErrTooLarge) {
					t.Errorf("%s: %v, want ErrTooLarge", what, err)
				}
			}
			want(t, s, id, string(big))
			must(t, os.Truncate(firstSession(t, c.Dir), 1<<40)) // a hole, but nobody can hold it
			if _, _, err := s.Load(t.Context(), id); !errors.Is(err, codec.ErrTooLarge) {
				t.Errorf("Load: %v, want ErrTooLarge", err)
			}
		})
	}
}

func TestNew(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	must(t, os.WriteFile(file, nil, 0o600))
	for what, c := range map[string]filestore.Config{
		"no layout":      {Dir: dir},
		"no directory":   {Layout: filestore.Litestar},
		"unknown layout": {Dir: dir, Layout: 9},
		"unknown names":  {Dir: dir, Layout: filestore.Litestar, Names: 9},
		"missing":        {Dir: filepath.Join(dir, "missing"), Layout: filestore.Litestar},
		"a file":         {Dir: file, Layout: filestore.Litestar},
		"below a file":   {Dir: filepath.Join(file, "x"), Layout: filestore.Litestar, Create: true},
	} {
		if s, err := filestore.New(c); err == nil || s != nil {
			t.Errorf("%s: %v, %v", what, s, err)
		}
	}
	if _, err := filestore.New(filestore.Config{Dir: filepath.Join(dir, "missing"), Layout: filestore.Litestar}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing: %v, want ErrNotExist", err)
	}
}

// A directory that has gone is no store without sessions.
func TestDirectoryGone(t *testing.T) {
	for name, c := range layouts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.Dir = filepath.Join(t.TempDir(), "sessions")
			c.Create = true
			s := open(t, c)
			id := sessiontest.NewID()
			must(t, s.Create(t.Context(), id, []byte(`{}`), time.Hour))
			must(t, os.RemoveAll(c.Dir))
			_, _, load := s.Load(t.Context(), id)
			_, clear := s.Clear(t.Context())
			for what, err := range map[string]error{
				"Load": load, "Create": s.Create(t.Context(), id, []byte(`{}`), time.Hour),
				"Replace": s.Replace(t.Context(), id, []byte(`{}`), time.Hour), "Touch": s.Touch(t.Context(), id, time.Hour),
				"Delete": s.Delete(t.Context(), id), "Clear": clear,
			} {
				if err == nil || errors.Is(err, session.ErrNotFound) {
					t.Errorf("%s: %v", what, err)
				}
			}
			must(t, os.Mkdir(c.Dir, 0o700))
			must(t, s.Create(t.Context(), id, []byte(`{}`), time.Hour))
			want(t, s, id, `{}`)
		})
	}
}

// A year that Python does not have is refused, not written.
func TestYears(t *testing.T) {
	for name, c := range layouts {
		now := time.Date(9999, 12, 31, 23, 0, 0, 0, time.UTC)
		c.Dir, c.Now = t.TempDir(), func() time.Time { return now }
		s := open(t, c)
		id := sessiontest.NewID()
		if err := s.Create(t.Context(), id, []byte(`{}`), time.Hour); err == nil {
			t.Errorf("%s: the year 10000", name)
		}
		must(t, s.Create(t.Context(), id, []byte(`{}`), time.Hour-time.Second))
		want(t, s, id, `{}`)
	}
}
