package session_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/sessiontest"
)

func userOf(v *codec.Values) string {
	id, _ := v.JSON("user_id")
	return id
}

// indexed is a server with a UserIndex, whose store is counted too.
func indexed(t *testing.T, o session.Options, max int) (*storeServer, *counting) {
	t.Helper()
	index := &counting{Store: session.NewMemory(session.MemoryConfig{})}
	return newServer(t, session.ServerConfig{Users: &session.UserIndex{Store: swapping{index}, Of: userOf, Max: max}}, o), index
}

// swapping makes a counting store a Swapper.
type swapping struct{ *counting }

func (s swapping) Swap(ctx context.Context, id string, old, data []byte, ttl time.Duration) error {
	if err := s.call("Swap"); err != nil {
		return err
	}
	return s.Store.(session.Swapper).Swap(ctx, id, old, data, ttl)
}

func (s *storeServer) loginAs(t *testing.T, user int) (cookie string) {
	t.Helper()
	id := idOf(do(s.Manager, "", set(t, "user_id", user)))
	if !session.ValidID(id) {
		t.Fatalf("id %q", id)
	}
	return "session=" + id
}

func (s *storeServer) wantUser(t *testing.T, cookie, want string) {
	t.Helper()
	do(s.Manager, cookie, func(w http.ResponseWriter, r *http.Request) {
		t.Helper()
		if got := userOf(load(t, r).Values); got != want {
			t.Errorf("user %q, want %q", got, want)
		}
	})
}

func (s *storeServer) revoke(t *testing.T, user string, want int, except ...string) {
	t.Helper()
	if n, err := s.RevokeUser(t.Context(), user, except...); n != want || err != nil {
		t.Errorf("RevokeUser: %d, %v; want %d", n, err, want)
	}
}

func idIn(cookie string) string { return strings.TrimPrefix(cookie, "session=") }

func TestRevokeUser(t *testing.T) {
	s, _ := indexed(t, session.Options{}, 0)
	one, two, other := s.loginAs(t, 42), s.loginAs(t, 42), s.loginAs(t, 7)
	s.revoke(t, "42", 1, idIn(one))
	s.wantUser(t, one, "42")
	s.wantUser(t, two, "")
	s.wantUser(t, other, "7")
	s.revoke(t, "42", 1)
	s.wantUser(t, one, "")
	s.revoke(t, "42", 0)
	s.revoke(t, "nobody", 0)
	s.wantUser(t, other, "7")
}

// The index follows a session: its id, its user, its end.
func TestUserIndexFollows(t *testing.T) {
	s, index := indexed(t, session.Options{}, 0)
	cookie := s.loginAs(t, 42)
	response := do(s.Manager, cookie, func(w http.ResponseWriter, r *http.Request) { load(t, r).Regenerate() })
	cookie = "session=" + idOf(response)
	s.revoke(t, "42", 1)
	s.wantUser(t, cookie, "")

	cookie = s.loginAs(t, 42)
	do(s.Manager, cookie, set(t, "user_id", 7))
	s.revoke(t, "42", 0)
	s.wantUser(t, cookie, "7")
	do(s.Manager, cookie, func(w http.ResponseWriter, r *http.Request) { load(t, r).Destroy() })
	s.revoke(t, "7", 0)

	anonymous := "session=" + idOf(do(s.Manager, "", set(t, "cart", 1)))
	index.calls = nil
	do(s.Manager, anonymous, set(t, "cart", 2))
	if len(index.calls) > 0 {
		t.Errorf("a session of nobody: %v", index.calls)
	}
	do(s.Manager, anonymous, set(t, "user_id", 42))
	index.calls = nil
	do(s.Manager, anonymous, set(t, "cart", 3))
	do(s.Manager, anonymous, reading(t, `{"cart":3,"user_id":42}`))
	if len(index.calls) > 0 {
		t.Errorf("a change of something else: %v", index.calls)
	}
	s.revoke(t, "42", 1)
}

// An entry that is out of date ends no session of another user.
func TestRevokeUserChecks(t *testing.T) {
	s, index := indexed(t, session.Options{}, 0)
	cookie := s.loginAs(t, 42)
	if err := s.store.Store.Replace(t.Context(), idIn(cookie), []byte(`{"user_id":7}`), time.Hour); err != nil { // by Python
		t.Fatal(err)
	}
	s.revoke(t, "42", 0)
	s.wantUser(t, cookie, "7")

	damaged := s.loginAs(t, 42)
	if err := s.store.Store.Replace(t.Context(), idIn(damaged), []byte(`[1]`), time.Hour); err != nil {
		t.Fatal(err)
	}
	s.revoke(t, "42", 1)
	down := errors.New("down")
	index.err = down
	if _, err := s.RevokeUser(t.Context(), "42"); !errors.Is(err, down) || !errors.As(err, new(*session.StoreError)) {
		t.Errorf("RevokeUser: %v", err)
	}
}

// A session that cannot be indexed is not made: nobody could revoke it.
func TestUserIndexDown(t *testing.T) {
	s, index := indexed(t, session.Options{}, 0)
	index.err = errors.New("down")
	response := do(s.Manager, "", set(t, "user_id", 42))
	if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Set-Cookie") != "" {
		t.Errorf("login: %d, %v", response.StatusCode, response.Header)
	}
	if n := s.store.Store.(*session.Memory).Len(); n != 0 {
		t.Errorf("%d sessions", n)
	}
	index.err = nil
	cookie := s.loginAs(t, 42)
	index.err = errors.New("down")
	response = do(s.Manager, cookie, func(w http.ResponseWriter, r *http.Request) { load(t, r).Destroy() })
	if response.StatusCode != http.StatusOK {
		t.Errorf("logout: %d", response.StatusCode)
	}
	index.err = nil
	s.wantUser(t, cookie, "")
}

// Entries go when their sessions have, whatever the index thinks of when that is.
func TestUserIndexExpiry(t *testing.T) {
	s, _ := indexed(t, session.Options{RenewAfter: time.Hour}, 0)
	ended, lives, renewed := s.loginAs(t, 42), s.loginAs(t, 42), s.loginAs(t, 42)
	s.clock.Advance(codec.DefaultMaxAge - time.Hour)
	if err := s.store.Store.Touch(t.Context(), idIn(lives), codec.DefaultMaxAge); err != nil { // by Python
		t.Fatal(err)
	}
	s.wantUser(t, renewed, "42")
	s.clock.Advance(2 * time.Hour)
	s.loginAs(t, 42)
	s.revoke(t, "42", 3)
	for _, cookie := range []string{ended, lives, renewed} {
		s.wantUser(t, cookie, "")
	}
}

// One session too many ends the one that would expire first.
func TestMaxPerUser(t *testing.T) {
	s, _ := indexed(t, session.Options{}, 2)
	var cookies []string
	for range 3 {
		cookies = append(cookies, s.loginAs(t, 42))
		s.clock.Advance(time.Second)
	}
	s.wantUser(t, cookies[0], "")
	s.wantUser(t, cookies[1], "42")
	s.wantUser(t, cookies[2], "42")
}

// Logins at the same time are all in the index.
func TestUserIndexConcurrent(t *testing.T) {
	s := session.NewMemory(session.MemoryConfig{})
	m, err := session.NewServerSide(s, session.ServerConfig{
		Users: &session.UserIndex{Store: session.NewMemory(session.MemoryConfig{}), Of: userOf},
	}, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() { do(m, "", set(t, "user_id", 42)) })
	}
	group.Wait()
	if n, err := m.RevokeUser(t.Context(), "42"); n != 50 || err != nil || s.Len() != 0 {
		t.Errorf("%d of 50, %v; %d are left", n, err, s.Len())
	}
}

// A record is no session, though its store was given for both.
func TestRecordIsNoSession(t *testing.T) {
	memory := session.NewMemory(session.MemoryConfig{})
	m, err := session.NewServerSide(&overtaken{Memory: memory}, session.ServerConfig{Users: &session.UserIndex{Store: memory, Of: userOf}}, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	do(m, "", set(t, "user_id", 42))
	ids := 0
	for e := range memory.List(t.Context()) {
		ids++
		do(m, "session="+e.ID, func(w http.ResponseWriter, r *http.Request) {
			if s := load(t, r); s.Len() > 0 && userOf(s.Values) != "42" {
				t.Errorf("session %s", s.Text())
			}
		})
	}
	if ids != 2 {
		t.Errorf("%d entries", ids)
	}
}

func TestRevokeFunc(t *testing.T) {
	s, _ := indexed(t, session.Options{}, 0)
	memory := s.store.Store.(*session.Memory)
	m, err := session.NewServerSide(memory, session.ServerConfig{Now: s.clock.Now}, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		if err := memory.Create(t.Context(), sessiontest.NewID(), fmt.Appendf(nil, `{"user_id":%d}`, i%4), time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	if err := memory.Create(t.Context(), sessiontest.NewID(), []byte(`[]`), time.Hour); err != nil {
		t.Fatal(err)
	}
	if n, err := m.RevokeFunc(t.Context(), func(v *codec.Values) bool { return userOf(v) == "2" }); n != 5 || err != nil || memory.Len() != 16 {
		t.Errorf("RevokeFunc: %d, %v; %d are left", n, err, memory.Len())
	}
	if _, err := s.RevokeFunc(t.Context(), func(*codec.Values) bool { return true }); err == nil {
		t.Error("a store that is no Lister")
	}
}

func TestUserIndexRefuses(t *testing.T) {
	memory := session.NewMemory(session.MemoryConfig{})
	for what, index := range map[string]session.UserIndex{
		"no store": {Of: userOf}, "no Of": {Store: memory}, "the same": {Store: memory, Of: userOf},
		"negative": {Store: session.NewMemory(session.MemoryConfig{}), Of: userOf, Max: -1}, "too many": {Store: session.NewMemory(session.MemoryConfig{}), Of: userOf, Max: 5001},
		"no Swapper": {Store: &counting{Store: memory}, Of: userOf},
	} {
		if _, err := session.NewServerSide(memory, session.ServerConfig{Users: &index}, session.Options{}); err == nil {
			t.Error(what)
		}
	}
	m, err := session.NewServerSide(memory, session.ServerConfig{}, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.RevokeUser(t.Context(), "42"); err == nil {
		t.Error("RevokeUser without an index")
	}
}

// A login that RevokeUser did not see yet is in the index all the same.
func TestRevokeBesideLogin(t *testing.T) {
	store := newHooked()
	m := serverSide(t, store, session.ServerConfig{Users: &session.UserIndex{Store: session.NewMemory(session.MemoryConfig{}), Of: userOf}}, session.Options{})
	store.before = once("Create", func(context.Context) error {
		if n, err := m.RevokeUser(t.Context(), "42"); n != 0 || err != nil {
			t.Errorf("beside the login: %d, %v", n, err)
		}
		return nil
	})
	do(m, "", set(t, "user_id", 42))
	if n, err := m.RevokeUser(t.Context(), "42"); n != 1 || err != nil || store.Len() != 0 {
		t.Errorf("after it: %d, %v", n, err)
	}
}

// unreadable is a store in which a session cannot be read, for a reason.
type unreadable struct {
	session.Store
	id  string
	why error
}

func (u unreadable) Load(ctx context.Context, id string) ([]byte, time.Time, error) {
	if id == u.id {
		return nil, time.Time{}, u.why
	}
	return u.Store.Load(ctx, id)
}

// A session that cannot be read hinders neither a login nor a revocation.
func TestUserIndexUnreadable(t *testing.T) {
	for _, why := range []error{session.ErrDamaged, codec.ErrTooLarge} {
		s, _ := indexed(t, session.Options{}, 0)
		bad, good := s.loginAs(t, 42), s.loginAs(t, 42)
		s.store.Store = unreadable{s.store.Store, idIn(bad), fmt.Errorf("a store: %w", why)}
		s.clock.Advance(codec.DefaultMaxAge + time.Hour)
		later := s.loginAs(t, 42)
		s.revoke(t, "42", 1)
		s.wantUser(t, good, "")
		s.wantUser(t, later, "")
	}
	s, _ := indexed(t, session.Options{}, 0)
	bad, good := s.loginAs(t, 42), s.loginAs(t, 42)
	s.store.Store = unreadable{s.store.Store, idIn(bad), errors.New("down")}
	if n, err := s.RevokeUser(t.Context(), "42"); n != 1 || !errors.As(err, new(*session.StoreError)) {
		t.Errorf("RevokeUser: %d, %v", n, err)
	}
	s.wantUser(t, good, "")
}

// The one that is ended for another is idle.
func TestMaxPerUserEndsTheIdle(t *testing.T) {
	s, _ := indexed(t, session.Options{}, 2)
	active := s.loginAs(t, 42)
	s.clock.Advance(time.Minute)
	idle := s.loginAs(t, 42)
	s.clock.Advance(24 * time.Hour)
	do(s.Manager, active, set(t, "n", 1)) // which the index is not told
	s.loginAs(t, 42)
	s.wantUser(t, idle, "")
	s.wantUser(t, active, "42")
}

// When there are far too many, each login ends some, and none takes long.
func TestMaxPerUserLowered(t *testing.T) {
	store := &counting{Store: session.NewMemory(session.MemoryConfig{})}
	index := session.NewMemory(session.MemoryConfig{})
	server := func(max int) *session.Manager {
		return serverSide(t, store, session.ServerConfig{Users: &session.UserIndex{Store: index, Of: userOf, Max: max}}, session.Options{})
	}
	many, few := server(0), server(5)
	for range 60 {
		do(many, "", set(t, "user_id", 42))
	}
	for range 4 {
		store.calls = nil
		if id := idOf(do(few, "", set(t, "user_id", 42))); !session.ValidID(id) {
			t.Error("no session")
		}
		if len(store.calls) > 110 {
			t.Errorf("%d calls", len(store.calls))
		}
	}
	if n := store.Store.(*session.Memory).Len(); n != 5 {
		t.Errorf("%d sessions are left, want 5", n)
	}
}

// A login that is made anew takes no other's place.
func TestMaxPerUserRegenerate(t *testing.T) {
	for _, max := range []int{1, 3} {
		s, _ := indexed(t, session.Options{}, max)
		var cookies []string
		for range max {
			cookies = append(cookies, s.loginAs(t, 42))
		}
		cookies[0] = "session=" + idOf(do(s.Manager, cookies[0], func(w http.ResponseWriter, r *http.Request) { load(t, r).Regenerate() }))
		for _, cookie := range cookies {
			s.wantUser(t, cookie, "42")
		}
	}
}

// A renewal puts into the index what Python made, once.
func TestUserIndexRenewal(t *testing.T) {
	s, _ := indexed(t, session.Options{RenewAfter: time.Hour}, 0)
	id := sessiontest.NewID()
	if err := s.store.Store.Create(t.Context(), id, []byte(`{"user_id":42}`), codec.DefaultMaxAge); err != nil {
		t.Fatal(err)
	}
	s.revoke(t, "42", 0)
	for range 3 {
		s.clock.Advance(2 * time.Hour)
		s.wantUser(t, "session="+id, "42")
	}
	s.revoke(t, "42", 1)
	s.wantUser(t, "session="+id, "")
}

// A login that makes room where another has just made it gets its session.
func TestMaxPerUserBeside(t *testing.T) {
	memory := session.NewMemory(session.MemoryConfig{})
	m := serverSide(t, memory, session.ServerConfig{Users: &session.UserIndex{Store: session.NewMemory(session.MemoryConfig{}), Of: userOf, Max: 1}}, session.Options{})
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 100 {
				if response := do(m, "", set(t, "user_id", 42)); !session.ValidID(idOf(response)) {
					t.Errorf("%d %v", response.StatusCode, response.Header)
				}
			}
		})
	}
	group.Wait()
}

// Max holds however users log in, and a login never ends itself.
func TestMaxOfAllLogins(t *testing.T) {
	store := newHooked()
	users := &session.UserIndex{Store: session.NewMemory(session.MemoryConfig{}), Of: userOf, Max: 2}
	m := serverSide(t, store, session.ServerConfig{Users: users}, session.Options{})
	for range 10 {
		cookie := "session=" + idOf(do(m, "", set(t, "csrf", 1)))
		do(m, cookie, set(t, "user_id", 42)) // without Regenerate
		do(m, cookie, reading(t, `{"csrf":1,"user_id":42}`))
	}
	if store.Len() != 2 {
		t.Errorf("%d sessions", store.Len())
	}
	short := serverSide(t, store, session.ServerConfig{Users: users, MaxAge: time.Hour}, session.Options{})
	for range 2 {
		cookie := "session=" + idOf(do(short, "", set(t, "user_id", 42)))
		do(short, cookie, reading(t, `{"user_id":42}`))
	}
	signed, err := codec.NewStarlette(codec.StarletteConfig{Keys: keys("k"), Cookie: codec.Attributes{Insecure: true}})
	if err != nil {
		t.Fatal(err)
	}
	client := manager(t, signed, session.Options{})
	moving := serverSide(t, store, session.ServerConfig{Users: users}, session.Options{From: []*session.Manager{client}})
	cookie := strings.SplitN(do(client, "", set(t, "user_id", 42)).Header.Get("Set-Cookie"), ";", 2)[0]
	for range 10 {
		do(moving, cookie, reading(t, `{"user_id": 42}`))
	}
	if store.Len() != 2 {
		t.Errorf("%d sessions after moves", store.Len())
	}
}

// A session is in the index of whom it is, whatever others make of it meanwhile.
func TestIndexBesideOthers(t *testing.T) {
	for name, run := range map[string]func(m *session.Manager, store *hooked, cookie string) string{
		"login beside Regenerate": func(m *session.Manager, _ *hooked, cookie string) string {
			return "session=" + idOf(do(m, cookie, func(w http.ResponseWriter, r *http.Request) {
				s := load(t, r)
				do(m, cookie, set(t, "user_id", 42))
				s.Regenerate()
			}))
		},
		"back again": func(m *session.Manager, store *hooked, cookie string) string {
			do(m, cookie, set(t, "user_id", 42))
			store.after = once("Swap", func(context.Context) error {
				do(m, cookie, set(t, "user_id", 42))
				return nil
			})
			do(m, cookie, set(t, "user_id", 7))
			return cookie
		},
	} {
		t.Run(name, func(t *testing.T) {
			store := newHooked()
			m := serverSide(t, store, session.ServerConfig{Users: &session.UserIndex{Store: session.NewMemory(session.MemoryConfig{}), Of: userOf}}, session.Options{})
			cookie := run(m, store, "session="+idOf(do(m, "", set(t, "cart", 1))))
			do(m, cookie, reading(t, `{"cart":1,"user_id":42}`))
			if n, err := m.RevokeUser(t.Context(), "42"); n != 1 || err != nil {
				t.Errorf("RevokeUser: %d, %v", n, err)
			}
			do(m, cookie, reading(t, `{}`))
		})
	}
}

// What has not moved yet is revoked too.
func TestRevokeBeforeMove(t *testing.T) {
	for name, revoke := range map[string]func(m *session.Manager) (int, error){
		"RevokeUser": func(m *session.Manager) (int, error) { return m.RevokeUser(t.Context(), "42") },
		"RevokeFunc": func(m *session.Manager) (int, error) {
			return m.RevokeFunc(t.Context(), func(v *codec.Values) bool { return userOf(v) == "42" })
		},
	} {
		users := func() session.ServerConfig {
			return session.ServerConfig{Users: &session.UserIndex{Store: session.NewMemory(session.MemoryConfig{}), Of: userOf}}
		}
		a, inUse := newHooked(), users()
		from := serverSide(t, a, inUse, session.Options{})
		m := serverSide(t, newHooked(), users(), session.Options{From: []*session.Manager{from}})
		cookie := "session=" + idOf(do(from, "", set(t, "user_id", 42)))
		do(m, "", set(t, "user_id", 42))
		if n, err := revoke(m); n != 2 || err != nil {
			t.Errorf("%s: %d, %v", name, n, err)
		}
		do(m, cookie, reading(t, `{}`))
		if _, err := session.NewServerSide(newHooked(), inUse, session.Options{From: []*session.Manager{from}}); err == nil {
			t.Error("an index of two stores")
		}
		if name == "RevokeFunc" {
			continue
		}
		back := serverSide(t, a, inUse, session.Options{From: []*session.Manager{m}}) // where m reads it too
		cookie = "session=" + idOf(do(back, "", set(t, "user_id", 42)))
		a.before = once("Load", func(context.Context) error { // what is read there was not moved yet
			cookie = "session=" + idOf(do(m, cookie, reading(t, `{"user_id":42}`)))
			return nil
		})
		if n, err := revoke(back); n != 1 || err != nil {
			t.Errorf("moved meanwhile: %d, %v", n, err)
		}
		do(m, cookie, reading(t, `{}`))
	}
}

// A login that another one does not see in the store yet stays in the index.
func TestMaxBesideLogin(t *testing.T) {
	store := newHooked()
	m := serverSide(t, store, session.ServerConfig{
		Users: &session.UserIndex{Store: session.NewMemory(session.MemoryConfig{}), Of: userOf, Max: 1},
	}, session.Options{})
	store.before = once("Create", func(context.Context) error {
		do(m, "", set(t, "user_id", 42))
		return nil
	})
	do(m, "", set(t, "user_id", 42))
	if n, err := m.RevokeUser(t.Context(), "42"); n != 2 || err != nil || store.Len() != 0 {
		t.Errorf("%d, %v; %d are left", n, err, store.Len())
	}
}

// Of a page that moves a session one request wins. Those that do not count for nothing.
func TestMaxBesideMove(t *testing.T) {
	old := newHooked()
	from := serverSide(t, old, session.ServerConfig{}, session.Options{})
	m := serverSide(t, newHooked(), session.ServerConfig{
		Users: &session.UserIndex{Store: session.NewMemory(session.MemoryConfig{}), Of: userOf, Max: 2},
	}, session.Options{From: []*session.Manager{from}})
	phone := "session=" + idOf(do(m, "", set(t, "user_id", 42)))
	cookie := "session=" + idOf(do(from, "", set(t, "user_id", 42)))
	moved := ""
	var page func(requests int)
	page = func(requests int) {
		response := do(m, cookie, func(w http.ResponseWriter, r *http.Request) {
			load(t, r)
			if requests > 1 {
				page(requests - 1) // beside it
			}
		})
		if id := idOf(response); id != "" {
			moved = "session=" + id
		}
	}
	page(6)
	do(m, moved, func(w http.ResponseWriter, r *http.Request) { load(t, r).Regenerate() })
	do(m, phone, reading(t, `{"user_id":42}`))
}

// A session that is made while RevokeUser looks is found, though it was made of one that
// comes after it in the record.
func TestRevokeBesideRegenerate(t *testing.T) {
	store, index := newHooked(), session.NewMemory(session.MemoryConfig{})
	m := serverSide(t, store, session.ServerConfig{Users: &session.UserIndex{Store: index, Of: userOf}}, session.Options{})
	fresh, old := idOf(do(m, "", set(t, "user_id", 42))), idOf(do(m, "", set(t, "user_id", 42)))
	if err := store.Delete(t.Context(), fresh); err != nil { // it is yet to be made
		t.Fatal(err)
	}
	store.after = once("Load", func(ctx context.Context) error {
		return errors.Join(store.Memory.Create(ctx, fresh, []byte(`{"user_id":42}`), time.Hour), store.Memory.Delete(ctx, old))
	})
	if n, err := m.RevokeUser(t.Context(), "42"); n != 1 || err != nil || store.Len() != 0 {
		t.Errorf("%d, %v; %d are left", n, err, store.Len())
	}
}

// Sessions that have ended, or are nobody's any more, take no place of those that live.
func TestMaxBesideEnded(t *testing.T) {
	for name, logout := range map[string]func(s *storeServer, cookie string){
		"deleted elsewhere": func(s *storeServer, cookie string) { s.store.Delete(t.Context(), idIn(cookie)) },
		"nobody's": func(s *storeServer, cookie string) {
			do(s.Manager, cookie, func(w http.ResponseWriter, r *http.Request) { load(t, r).Delete("user_id") })
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := indexed(t, session.Options{}, 2)
			phone := s.loginAs(t, 42)
			s.clock.Advance(10 * time.Minute)
			laptop := "session=" + idOf(do(s.Manager, "", func(w http.ResponseWriter, r *http.Request) {
				errors.Join(load(t, r).Set("cart", 1), load(t, r).Set("user_id", 42))
			}))
			s.clock.Advance(10 * time.Minute)
			logout(s, laptop)
			s.clock.Advance(10 * time.Minute)
			tablet := s.loginAs(t, 42)
			s.wantUser(t, phone, "42")
			s.wantUser(t, tablet, "42")
		})
	}
}

// So it is in the midst of a record too.
func TestMaxBesideEndedAmongMany(t *testing.T) {
	const many = 30
	s, _ := indexed(t, session.Options{}, many)
	var cookies []string
	for range many {
		cookies = append(cookies, s.loginAs(t, 42))
		s.clock.Advance(2 * time.Minute)
	}
	if err := s.store.Delete(t.Context(), idIn(cookies[5])); err != nil {
		t.Fatal(err)
	}
	s.loginAs(t, 42)
	s.wantUser(t, cookies[0], "42")
}

// What RevokeUser could not ask for stays in the record, though the record says that it
// has expired: others may have renewed it.
func TestRevokeAgainAfterError(t *testing.T) {
	s, _ := indexed(t, session.Options{}, 0)
	cookie := s.loginAs(t, 42)
	s.clock.Advance(codec.DefaultMaxAge - time.Hour)
	if err := s.store.Touch(t.Context(), idIn(cookie), codec.DefaultMaxAge); err != nil {
		t.Fatal(err)
	}
	s.clock.Advance(2 * time.Hour)
	s.store.err = errDown
	if n, err := s.RevokeUser(t.Context(), "42"); n != 0 || !errors.Is(err, errDown) {
		t.Errorf("RevokeUser: %d, %v", n, err)
	}
	s.store.err = nil
	s.revoke(t, "42", 1)
}
