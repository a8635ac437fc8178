package session_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/filestore"
	"github.com/sessctl/sessctl/session/sessiontest"
)

// What happens beside a request: others change, end and move its session.

// What others have changed before a Save stays so after it, whether or not more is
// changed: rights that were taken away do not come back.
func TestSaveBesideOthers(t *testing.T) {
	for _, more := range []bool{false, true} {
		s := newServer(t, session.ServerConfig{}, session.Options{})
		s.store.Store = session.NewMemory(session.MemoryConfig{Now: s.clock.Now})
		m, err := session.NewServerSide(s.store.Store, session.ServerConfig{Now: s.clock.Now, Cookie: codec.Attributes{Insecure: true}}, session.Options{})
		if err != nil {
			t.Fatal(err)
		}
		cookie := "session=" + idOf(do(m, "", func(w http.ResponseWriter, r *http.Request) {
			errors.Join(load(t, r).Set("user_id", 42), load(t, r).Set("admin", true))
		}))
		do(m, cookie, func(w http.ResponseWriter, r *http.Request) {
			slow := load(t, r)
			do(m, cookie, func(w http.ResponseWriter, r *http.Request) {
				errors.Join(load(t, r).Delete("admin"), load(t, r).Set("theirs", 1))
			})
			slow.Set("ours", 1)
			if err := slow.Save(r.Context()); err != nil {
				t.Error(err)
			}
			if more {
				slow.Set("ours", 2)
			}
		})
		want := `{"user_id":42,"theirs":1,"ours":1}`
		if more {
			want = `{"user_id":42,"theirs":1,"ours":2}`
		}
		do(m, cookie, reading(t, want))
	}
}

// A session that Python made counts from the first request that asks for it, whatever
// its max age is there, and with or without renewal.
func TestAbsoluteMaxOfPython(t *testing.T) {
	for _, renewAfter := range []time.Duration{0, time.Hour} {
		s := newServer(t, session.ServerConfig{AbsoluteMax: 12 * time.Hour}, session.Options{RenewAfter: renewAfter})
		id, hours := sessiontest.NewID(), 0
		if err := s.store.Store.Create(t.Context(), id, []byte(`{"user_id":42}`), session.NoExpiry); err != nil {
			t.Fatal(err)
		}
		for alive := true; alive && hours < 50; hours++ {
			do(s.Manager, "session="+id, func(w http.ResponseWriter, r *http.Request) { alive = load(t, r).Has("user_id") })
			// Python writes what it has read, for its own max age.
			if data, _, err := s.store.Store.Load(t.Context(), id); err == nil {
				if err := s.store.Store.Replace(t.Context(), id, data, codec.DefaultMaxAge); err != nil {
					t.Fatal(err)
				}
			}
			s.clock.Advance(time.Hour)
		}
		if hours != 13 { // the last of them found it gone
			t.Errorf("renewal after %v: it lived for %d hours, want 12", renewAfter, hours-1)
		}
	}
	s := newServer(t, session.ServerConfig{AbsoluteMax: time.Hour}, session.Options{})
	id := sessiontest.NewID()
	if err := s.store.Store.Create(t.Context(), id, []byte(`{}`), time.Hour); err != nil { // of a visitor of Python
		t.Fatal(err)
	}
	do(s.Manager, "session="+id, reading(t, `{}`))
	if got := s.take(); got != "Load" {
		t.Errorf("an empty session: %s", got)
	}
}

// What was emptied ends, also where it holds when it was created.
func TestEmptiedUnderAbsoluteMax(t *testing.T) {
	s := newServer(t, session.ServerConfig{AbsoluteMax: time.Hour}, session.Options{})
	cookie := s.login(t)
	response := do(s.Manager, cookie, func(w http.ResponseWriter, r *http.Request) { load(t, r).Delete("user_id") })
	if !strings.HasPrefix(response.Header.Get("Set-Cookie"), "session=null; ") || s.store.Store.(*session.Memory).Len() != 0 {
		t.Errorf("headers %v, %d sessions", response.Header, s.store.Store.(*session.Memory).Len())
	}
}

// A session that moves keeps its age.
func TestAbsoluteMaxMoves(t *testing.T) {
	for name, change := range map[string]func(s *session.Session) error{
		"read": func(*session.Session) error { return nil }, "changed": func(s *session.Session) error { return s.Set("n", 2) },
	} {
		t.Run(name, func(t *testing.T) {
			c := session.ServerConfig{AbsoluteMax: 24 * time.Hour, MaxAge: 8 * time.Hour}
			old := newServer(t, c, session.Options{})
			c.Now = old.clock.Now
			m := serverSide(t, session.NewMemory(session.MemoryConfig{Now: old.clock.Now}), c, session.Options{From: []*session.Manager{old.Manager}})
			cookie := old.login(t)
			visit := func(m *session.Manager, change func(s *session.Session) error) (alive bool) {
				response := do(m, cookie, func(w http.ResponseWriter, r *http.Request) {
					s := load(t, r)
					alive = s.Has("user_id")
					if err := change(s); err != nil {
						t.Error(err)
					}
				})
				if id := idOf(response); session.ValidID(id) {
					cookie = "session=" + id
				}
				return alive
			}
			for n := range 4 {
				old.clock.Advance(5 * time.Hour)
				visit(old.Manager, func(s *session.Session) error { return s.Set("n", n) })
			}
			if !visit(m, change) {
				t.Fatal("it was not moved")
			}
			old.clock.Advance(3 * time.Hour)
			if !visit(m, func(*session.Session) error { return nil }) {
				t.Error("it ended early")
			}
			old.clock.Advance(time.Hour + time.Second)
			if visit(m, func(*session.Session) error { return nil }) {
				t.Error("it outlives its absolute end")
			}
		})
	}
}

// What is too old for the place that it would move to is not read.
func TestTooOldToMove(t *testing.T) {
	signed, clock := clocked(t, codec.StarletteConfig{Keys: keys("k"), Cookie: codec.Attributes{Insecure: true}})
	client := manager(t, signed, session.Options{})
	m := serverSide(t, session.NewMemory(session.MemoryConfig{Now: clock.Now}), session.ServerConfig{AbsoluteMax: time.Hour, Now: clock.Now},
		session.Options{From: []*session.Manager{client}})
	cookie := strings.SplitN(do(client, "", func(w http.ResponseWriter, r *http.Request) {
		errors.Join(load(t, r).Set("user_id", 42), load(t, r).Set(session.CreatedKey, clock.Now().Add(-2*time.Hour).Unix()))
	}).Header.Get("Set-Cookie"), ";", 2)[0]
	do(m, cookie, reading(t, `{}`))
	cookie = strings.SplitN(do(client, "", set(t, "user_id", 42)).Header.Get("Set-Cookie"), ";", 2)[0]
	clock.Advance(2 * time.Hour)
	do(m, cookie, reading(t, `{}`))
}

// A store that sessions have come from may be down, once they have.
func TestOldStoreDown(t *testing.T) {
	old := newServer(t, session.ServerConfig{}, session.Options{})
	m := serverSide(t, session.NewMemory(session.MemoryConfig{}), session.ServerConfig{}, session.Options{From: []*session.Manager{old.Manager}})
	cookie := "session=" + idOf(do(m, "", set(t, "user_id", 42)))
	old.store.err = errors.New("down")
	for what, change := range map[string]func(s *session.Session) error{
		"Set": func(s *session.Session) error { return s.Set("n", 1) }, "Regenerate": (*session.Session).Regenerate,
	} {
		response := do(m, cookie, func(w http.ResponseWriter, r *http.Request) {
			if err := change(load(t, r)); err != nil {
				t.Error(err)
			}
		})
		if response.StatusCode != http.StatusOK || !session.ValidID(idOf(response)) {
			t.Errorf("%s: %d %v", what, response.StatusCode, response.Header)
		}
		cookie = "session=" + idOf(response)
	}
	do(m, cookie, func(w http.ResponseWriter, r *http.Request) { load(t, r).Destroy() })
	if len(old.take()) > 0 {
		t.Error("the old store is asked")
	}
}

// Moved to cookies with a Save, a session is moved once.
func TestSaveAfterMove(t *testing.T) {
	old := newServer(t, session.ServerConfig{Cookie: codec.Attributes{Name: "old"}}, session.Options{})
	signed, _ := clocked(t, codec.StarletteConfig{Keys: keys("k"), Cookie: codec.Attributes{Insecure: true}})
	var told []error
	m := manager(t, signed, session.Options{From: []*session.Manager{old.Manager}, OnError: func(_ *http.Request, err error) { told = append(told, err) }})
	cookie := "old=" + idOf(do(old.Manager, "", set(t, "user_id", 42)))
	response := do(m, cookie, func(w http.ResponseWriter, r *http.Request) {
		s := load(t, r)
		if err := errors.Join(s.Regenerate(), s.Save(r.Context()), s.Set("n", 1)); err != nil {
			t.Error(err)
		}
	})
	if response.StatusCode != http.StatusOK || len(told) > 0 || len(response.Header["Set-Cookie"]) != 2 {
		t.Errorf("%d %v, told %v", response.StatusCode, response.Header, told)
	}
}

// Another session takes the place of one that was destroyed, though that had ended by
// itself.
func TestDestroyWhatIsGone(t *testing.T) {
	s := newServer(t, session.ServerConfig{}, session.Options{})
	cookie := s.login(t)
	response := do(s.Manager, cookie, func(w http.ResponseWriter, r *http.Request) {
		session := load(t, r)
		if err := s.store.Store.Delete(r.Context(), idIn(cookie)); err != nil {
			t.Error(err)
		}
		if err := errors.Join(session.Destroy(), session.Set("user_id", 7)); err != nil {
			t.Error(err)
		}
	})
	do(s.Manager, "session="+idOf(response), reading(t, `{"user_id":7}`))
}

// What a store cannot hold is no failure of the store.
func TestTooLargeForTheStore(t *testing.T) {
	s := newServer(t, session.ServerConfig{}, session.Options{})
	cookie := s.login(t)
	response := do(s.Manager, cookie, func(w http.ResponseWriter, r *http.Request) {
		load(t, r).Set("n", 1)
		s.store.err = fmt.Errorf("a store: %w", codec.ErrTooLarge)
	})
	if response.StatusCode != http.StatusInternalServerError || errors.As(s.told[0], new(*session.StoreError)) {
		t.Errorf("%d, told %v", response.StatusCode, s.told)
	}
}

// A store that hangs is waited for as long as Timeout says, by a change too, and what
// was made until then is taken back.
func TestStoreHangsOnChange(t *testing.T) {
	store := newHooked()
	m := serverSide(t, store, session.ServerConfig{Timeout: 500 * time.Millisecond}, session.Options{})
	cookie := "session=" + idOf(do(m, "", set(t, "user_id", 42)))
	store.before = once("Swap", func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
	start := time.Now()
	response := do(m, cookie, func(w http.ResponseWriter, r *http.Request) { load(t, r).Regenerate() })
	if took := time.Since(start); response.StatusCode != http.StatusServiceUnavailable || took > 5*time.Second {
		t.Errorf("%d after %v", response.StatusCode, took)
	}
	if store.Len() != 1 {
		t.Errorf("%d sessions, want the old one", store.Len())
	}
}

// Of several cookies of the name the last counts, as in Python.
func TestLastIDCounts(t *testing.T) {
	s := newServer(t, session.ServerConfig{}, session.Options{})
	first, last := s.login(t), "session="+idOf(do(s.Manager, "", set(t, "user_id", 7)))
	do(s.Manager, first+"; "+last, reading(t, `{"user_id":7}`))
}

// A Save and the commit after it make one new session.
func TestRegenerateOnce(t *testing.T) {
	s := newServer(t, session.ServerConfig{}, session.Options{})
	do(s.Manager, s.login(t), func(w http.ResponseWriter, r *http.Request) {
		session := load(t, r)
		if err := errors.Join(session.Regenerate(), session.Save(r.Context())); err != nil {
			t.Error(err)
		}
	})
	if got := s.take(); got != "Load Create Load Delete" {
		t.Errorf("%s", got)
	}
}

func TestRenewAfterTooLong(t *testing.T) {
	if _, err := session.NewServerSide(session.NewMemory(session.MemoryConfig{}), session.ServerConfig{MaxAge: time.Hour}, session.Options{RenewAfter: time.Hour}); err == nil {
		t.Error("a session would end before it is renewed")
	}
}

// RevokeFunc ends what a client has made up an id for, and goes on after what it cannot
// read; it works where the store knows no ids.
func TestRevokeFuncInFiles(t *testing.T) {
	match := func(v *codec.Values) bool { return userOf(v) == "42" }
	for name, layout := range map[string]filestore.Layout{"starlite": filestore.Starlite, "litestar": filestore.Litestar} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := fileStore(t, dir, layout)
			m := serverSide(t, s, session.ServerConfig{}, session.Options{})
			var ids []string
			for i := range 20 {
				ids = append(ids, sessiontest.NewID())
				if err := s.Create(t.Context(), ids[i], fmt.Appendf(nil, `{"user_id":%d}`, 41+i%2), time.Hour); err != nil {
					t.Fatal(err)
				}
			}
			entries, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			for i, e := range entries {
				content, err := os.ReadFile(filepath.Join(dir, e.Name()))
				if err == nil && i == 0 { // a client's own id, if it is user 42's
					err = os.WriteFile(filepath.Join(dir, "evil"), []byte(strings.Replace(string(content), ":41}", ":42}", 1)), 0o600)
				}
				if err == nil && i == 1 { // larger than a session
					err = os.WriteFile(filepath.Join(dir, strings.Repeat("5", 64)), append(content, make([]byte, 7<<20)...), 0o600)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			n, err := m.RevokeFunc(t.Context(), match)
			if n != 11 || !errors.Is(err, codec.ErrTooLarge) {
				t.Errorf("RevokeFunc: %d, %v", n, err)
			}
			if _, _, err := s.LoadKey(t.Context(), "evil"); !errors.Is(err, session.ErrNotFound) {
				t.Errorf("the client's own id: %v", err)
			}
			for i, id := range ids {
				if _, _, err := s.Load(t.Context(), id); errors.Is(err, session.ErrNotFound) != (i%2 == 1) {
					t.Errorf("user %d: %v", 41+i%2, err)
				}
			}
		})
	}
}

// A request that was under way while its session moved brings nothing back: not after a
// logout there, nor beside the other requests of the page.
func TestSlowBesideMove(t *testing.T) {
	for _, logout := range []bool{false, true} {
		old := session.NewMemory(session.MemoryConfig{})
		store := session.NewMemory(session.MemoryConfig{})
		from := serverSide(t, old, session.ServerConfig{}, session.Options{})
		m := serverSide(t, store, session.ServerConfig{}, session.Options{From: []*session.Manager{from}})
		cookie := "session=" + idOf(do(from, "", set(t, "user_id", 42)))
		var moved string
		do(m, cookie, func(w http.ResponseWriter, r *http.Request) {
			slow := load(t, r)
			moved = "session=" + idOf(do(m, cookie, func(w http.ResponseWriter, r *http.Request) { load(t, r) }))
			if logout {
				do(m, moved, func(w http.ResponseWriter, r *http.Request) { load(t, r).Destroy() })
			}
			slow.Set("n", 1)
		})
		for range 3 { // of the page
			do(m, cookie, func(w http.ResponseWriter, r *http.Request) { load(t, r) })
		}
		want, sessions := `{"user_id":42}`, 1
		if logout {
			want, sessions = `{}`, 0
		}
		do(m, cookie, reading(t, want))
		do(m, moved, reading(t, want))
		if store.Len() != sessions {
			t.Errorf("logout %v: %d sessions", logout, store.Len())
		}
		do(from, cookie, reading(t, `{}`))
	}
}

// A login ends what other cookies of the request stand for.
func TestRegenerateBesideOld(t *testing.T) {
	old := newServer(t, session.ServerConfig{Cookie: codec.Attributes{Name: "old"}}, session.Options{})
	m := serverSide(t, session.NewMemory(session.MemoryConfig{}), session.ServerConfig{}, session.Options{From: []*session.Manager{old.Manager}})
	oldCookie := "old=" + idOf(do(old.Manager, "", set(t, "user_id", 7)))
	cookie := "session=" + idOf(do(m, "", set(t, "user_id", 42)))
	do(m, cookie+"; "+oldCookie, func(w http.ResponseWriter, r *http.Request) { load(t, r).Regenerate() })
	do(m, oldCookie, reading(t, `{}`))
}

// What was dated keeps its date, whoever writes it later.
func TestDatedOnce(t *testing.T) {
	s := newServer(t, session.ServerConfig{AbsoluteMax: 12 * time.Hour}, session.Options{})
	memory := session.NewMemory(session.MemoryConfig{Now: s.clock.Now})
	m := serverSide(t, memory, session.ServerConfig{AbsoluteMax: 12 * time.Hour, Now: s.clock.Now}, session.Options{})
	id := sessiontest.NewID()
	if err := memory.Create(t.Context(), id, []byte(`{"user_id":42}`), codec.DefaultMaxAge); err != nil {
		t.Fatal(err)
	}
	do(m, "session="+id, func(w http.ResponseWriter, r *http.Request) {
		slow := load(t, r)
		do(m, "session="+id, reading(t, `{"user_id":42}`)) // which dates it
		s.clock.Advance(11 * time.Hour)
		slow.Set("n", 1)
	})
	s.clock.Advance(2 * time.Hour)
	do(m, "session="+id, reading(t, `{}`))
}

// Ending, saving and setting in any order works in a store that takes ids alone.
func TestSaveAfterEnd(t *testing.T) {
	m := serverSide(t, fileStore(t, t.TempDir(), filestore.Litestar), session.ServerConfig{}, session.Options{
		OnError: func(_ *http.Request, err error) { t.Error(err) },
	})
	for name, steps := range map[string]func(s *session.Session, save func() error) error{
		"destroy, save": func(s *session.Session, save func() error) error { return errors.Join(s.Destroy(), save()) },
		"destroy, save, set": func(s *session.Session, save func() error) error {
			return errors.Join(s.Destroy(), save(), s.Set("a", 1))
		},
		"empty, save": func(s *session.Session, save func() error) error { return errors.Join(s.Delete("user_id"), save()) },
		"empty, save, set": func(s *session.Session, save func() error) error {
			return errors.Join(s.Delete("user_id"), save(), s.Set("a", 1))
		},
		"destroy, set, save": func(s *session.Session, save func() error) error {
			return errors.Join(s.Destroy(), s.Set("a", 1), save())
		},
	} {
		t.Run(name, func(t *testing.T) {
			cookie := "session=" + idOf(do(m, "", set(t, "user_id", 42)))
			response := do(m, cookie, func(w http.ResponseWriter, r *http.Request) {
				s := load(t, r)
				if err := steps(s, func() error { return s.Save(r.Context()) }); err != nil {
					t.Error(err)
				}
			})
			lines := response.Header["Set-Cookie"]
			if response.StatusCode != http.StatusOK || len(lines) != 1 {
				t.Fatalf("%d %q", response.StatusCode, lines)
			}
			do(m, cookie, reading(t, `{}`))
			want := `{}`
			if strings.Contains(name, "set") {
				want = `{"a":1}`
			}
			do(m, strings.SplitN(lines[0], ";", 2)[0], reading(t, want))
		})
	}
}

// Rights that others have taken away do not come back by a login.
func TestRegenerateBesideOthers(t *testing.T) {
	m := serverSide(t, session.NewMemory(session.MemoryConfig{}), session.ServerConfig{}, session.Options{})
	cookie := "session=" + idOf(do(m, "", func(w http.ResponseWriter, r *http.Request) {
		errors.Join(load(t, r).Set("user_id", 42), load(t, r).Set("admin", true))
	}))
	response := do(m, cookie, func(w http.ResponseWriter, r *http.Request) {
		slow := load(t, r)
		do(m, cookie, func(w http.ResponseWriter, r *http.Request) { load(t, r).Delete("admin") })
		if err := errors.Join(slow.Set("n", 1), slow.Regenerate()); err != nil {
			t.Error(err)
		}
	})
	do(m, "session="+idOf(response), reading(t, `{"user_id":42,"n":1}`))
}
