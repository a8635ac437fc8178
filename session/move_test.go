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

// hooked is a Memory with hooks before and after its calls, whose errors the calls have.
type hooked struct {
	*session.Memory
	before, after func(ctx context.Context, op string) error
}

func newHooked() *hooked { return &hooked{Memory: session.NewMemory(session.MemoryConfig{})} }

func (h *hooked) around(ctx context.Context, op string, do func() error) error {
	if h.before != nil {
		if err := h.before(ctx, op); err != nil {
			return err
		}
	}
	err := do()
	if h.after != nil {
		err = errors.Join(h.after(ctx, op), err)
	}
	return err
}

func (h *hooked) Load(ctx context.Context, id string) (data []byte, expires time.Time, err error) {
	err = h.around(ctx, "Load", func() (err error) {
		data, expires, err = h.Memory.Load(ctx, id)
		return err
	})
	return data, expires, err
}

func (h *hooked) Create(ctx context.Context, id string, data []byte, ttl time.Duration) error {
	return h.around(ctx, "Create", func() error { return h.Memory.Create(ctx, id, data, ttl) })
}

func (h *hooked) Replace(ctx context.Context, id string, data []byte, ttl time.Duration) error {
	return h.around(ctx, "Replace", func() error { return h.Memory.Replace(ctx, id, data, ttl) })
}

func (h *hooked) Swap(ctx context.Context, id string, old, data []byte, ttl time.Duration) error {
	return h.around(ctx, "Swap", func() error { return h.Memory.Swap(ctx, id, old, data, ttl) })
}

func (h *hooked) Touch(ctx context.Context, id string, ttl time.Duration) error {
	return h.around(ctx, "Touch", func() error { return h.Memory.Touch(ctx, id, ttl) })
}

func (h *hooked) Delete(ctx context.Context, id string) error {
	return h.around(ctx, "Delete", func() error { return h.Memory.Delete(ctx, id) })
}

// once is a hook that does something at the first call of a method.
func once(op string, do func(ctx context.Context) error) func(context.Context, string) error {
	done := false
	return func(ctx context.Context, called string) error {
		if done || called != op {
			return nil
		}
		done = true
		return do(ctx)
	}
}

var errDown = errors.New("down")

func down(context.Context) error { return errDown }

// moving are two managers, of which the second takes over the sessions of the first.
type moving struct {
	old, store *hooked
	from, m    *session.Manager
	cookie     string // of the first
}

func newMoving(t *testing.T, data string) moving {
	t.Helper()
	v := moving{old: newHooked(), store: newHooked()}
	v.from = serverSide(t, v.old, session.ServerConfig{}, session.Options{})
	v.m = serverSide(t, v.store, session.ServerConfig{}, session.Options{From: []*session.Manager{v.from}})
	id := sessiontest.NewID()
	if err := v.old.Create(t.Context(), id, []byte(data), time.Hour); err != nil {
		t.Fatal(err)
	}
	v.cookie = "session=" + id
	return v
}

// visit moves the session, and returns its cookie.
func (v moving) visit(t *testing.T) string {
	t.Helper()
	return "session=" + idOf(do(v.m, v.cookie, func(w http.ResponseWriter, r *http.Request) { load(t, r) }))
}

// A slow login or logout ends what was moved meanwhile; and what has ended there it does
// not bring back.
func TestSlowEndBesideMove(t *testing.T) {
	for name, end := range map[string]func(s *session.Session) error{"login": (*session.Session).Regenerate, "logout": (*session.Session).Destroy} {
		for _, loggedOut := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " ", loggedOut), func(t *testing.T) {
				v := newMoving(t, `{"user_id":42}`)
				var moved string
				response := do(v.m, v.cookie, func(w http.ResponseWriter, r *http.Request) {
					s := load(t, r)
					moved = v.visit(t)
					if loggedOut {
						do(v.m, moved, func(w http.ResponseWriter, r *http.Request) { load(t, r).Destroy() })
					}
					if err := end(s); err != nil {
						t.Error(err)
					}
				})
				do(v.m, moved, reading(t, `{}`))
				do(v.m, v.cookie, reading(t, `{}`))
				want := 0
				if name == "login" && !loggedOut {
					do(v.m, "session="+idOf(response), reading(t, `{"user_id":42}`))
					want = 1
				}
				if v.store.Len() != want {
					t.Errorf("%d sessions, want %d", v.store.Len(), want)
				}
			})
		}
	}
}

// A slow change by the old service goes nowhere, and makes no session of what stands for
// the moved one.
func TestSlowChangeWhereItWas(t *testing.T) {
	v := newMoving(t, `{"user_id":42}`)
	do(v.from, v.cookie, func(w http.ResponseWriter, r *http.Request) {
		s := load(t, r)
		v.visit(t)
		s.Set("n", 1)
	})
	do(v.m, v.cookie, reading(t, `{"user_id":42}`))
}

// By the old cookie a session is found where it moved to, and left as it is there.
func TestReadWhereItMoved(t *testing.T) {
	v := newMoving(t, `{"user_id":42}`)
	moved := v.visit(t)
	do(v.m, moved, set(t, "n", 1)) // which gives it a whole life
	if again := v.visit(t); again != moved {
		t.Errorf("cookie %s, want %s", again, moved)
	}
	_, expires, err := v.store.Load(t.Context(), idIn(moved))
	if left := time.Until(expires); err != nil || left < codec.DefaultMaxAge-time.Minute {
		t.Errorf("%v are left, %v", left, err)
	}
	v = newMoving(t, `{}`)
	moved = v.visit(t)
	v.visit(t)
	if _, _, err := v.store.Load(t.Context(), idIn(moved)); err != nil {
		t.Errorf("an empty session that moved: %v", err)
	}
}

// A move whose last answer was lost was made; one that nobody can tell of is found by
// the old cookie either way.
func TestMoveInDoubt(t *testing.T) {
	for _, made := range []bool{true, false} {
		for _, told := range []bool{true, false} {
			v := newMoving(t, `{"user_id":42}`)
			isDown := false
			swap := func(context.Context) error {
				isDown = !told
				return errDown
			}
			if v.old.before = once("Swap", swap); made {
				v.old.before, v.old.after = nil, once("Swap", swap)
			}
			hook := v.old.before
			v.old.before = func(ctx context.Context, op string) error {
				if isDown {
					return errDown
				}
				if hook != nil {
					return hook(ctx, op)
				}
				return nil
			}
			response := do(v.m, v.cookie, reading(t, `{"user_id":42}`))
			if moved := idOf(response) != ""; moved != (made && told) || response.StatusCode != http.StatusOK {
				t.Errorf("made %v, told %v: %d, moved %v", made, told, response.StatusCode, moved)
			}
			v.old.before, v.old.after = nil, nil
			do(v.m, v.cookie, reading(t, `{"user_id":42}`))
		}
	}
}

// A move whose time ran out may yet be made: its session stays, for the old cookie to
// lead there.
func TestMoveMadeLate(t *testing.T) {
	v := newMoving(t, `{"user_id":42}`)
	v.from = serverSide(t, v.old, session.ServerConfig{Timeout: 10 * time.Millisecond}, session.Options{})
	v.m = serverSide(t, v.store, session.ServerConfig{}, session.Options{From: []*session.Manager{v.from}})
	v.old.before = once("Swap", func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
	do(v.m, v.cookie, reading(t, `{"user_id":42}`))
	for e := range v.store.List(t.Context()) {
		if err := v.old.Swap(t.Context(), idIn(v.cookie), []byte(`{"user_id":42}`), fmt.Appendf(nil, `{"_moved":"%s"}`, e.ID), time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	do(v.m, v.cookie, reading(t, `{"user_id":42}`))
	if v.store.Len() != 1 {
		t.Errorf("%d sessions", v.store.Len())
	}
}

// From a store to cookies: what fails once the old session has ended loses nothing, and
// of the requests of a page one moves it.
func TestMoveToCookies(t *testing.T) {
	for name, fail := range map[string]func(old *hooked){
		"delete fails":   func(old *hooked) { old.before = once("Delete", down) },
		"answer is lost": func(old *hooked) { old.after = once("Swap", down) },
		"nobody can tell": func(old *hooked) {
			old.before = once("Swap", func(context.Context) error {
				old.before = func(context.Context, string) error { return errDown }
				return errDown
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			old := newHooked()
			m, cookie := movingToCookies(t, old)
			fail(old)
			response := do(m, cookie, reading(t, `{"user_id":42}`))
			old.before, old.after = nil, nil
			do(m, strings.SplitN(response.Header["Set-Cookie"][1], ";", 2)[0], reading(t, `{"user_id": 42}`))
		})
	}
	old := newHooked()
	m, cookie := movingToCookies(t, old)
	old.before = once("Delete", func(context.Context) error {
		if lines := do(m, cookie, reading(t, `{}`)).Header["Set-Cookie"]; len(lines) > 0 {
			t.Errorf("the mark was moved: %q", lines)
		}
		return nil
	})
	if lines := do(m, cookie, reading(t, `{"user_id":42}`)).Header["Set-Cookie"]; len(lines) != 2 {
		t.Errorf("cookies %q", lines)
	}
}

func movingToCookies(t *testing.T, old session.Store) (m *session.Manager, cookie string) {
	t.Helper()
	from := serverSide(t, old, session.ServerConfig{Cookie: codec.Attributes{Name: "old"}}, session.Options{})
	signed, err := codec.NewStarlette(codec.StarletteConfig{Keys: keys("k"), Cookie: codec.Attributes{Insecure: true}})
	if err != nil {
		t.Fatal(err)
	}
	return manager(t, signed, session.Options{From: []*session.Manager{from}}), "old=" + idOf(do(from, "", set(t, "user_id", 42)))
}

// What fails in another old store than the session's keeps it from nothing but a login.
func TestMoveBesideStoreThatIsDown(t *testing.T) {
	a, c := newHooked(), newHooked()
	fromA := serverSide(t, a, session.ServerConfig{Cookie: codec.Attributes{Name: "a"}}, session.Options{})
	fromC := serverSide(t, c, session.ServerConfig{Cookie: codec.Attributes{Name: "c"}}, session.Options{})
	var told error
	m := serverSide(t, newHooked(), session.ServerConfig{}, session.Options{
		From: []*session.Manager{fromA, fromC}, OnError: func(_ *http.Request, err error) { told = err },
	})
	cookie := "a=" + idOf(do(fromA, "", set(t, "user_id", 42))) + "; c=" + idOf(do(fromC, "", set(t, "x", 1)))
	c.before = func(context.Context, string) error { return errDown }
	if response := do(m, cookie, func(w http.ResponseWriter, r *http.Request) { load(t, r).Regenerate() }); response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a login that leaves a session: %d", response.StatusCode)
	}
	told = nil
	response := do(m, cookie, reading(t, `{"user_id":42}`))
	if !errors.Is(told, errDown) {
		t.Errorf("OnError: %v", told)
	}
	do(m, strings.SplitN(response.Header["Set-Cookie"][2], ";", 2)[0], reading(t, `{"user_id":42}`))
}

// Services that keep sessions in each other's stores follow each other: of a rolling
// deployment both kinds run.
func TestMoveBothWays(t *testing.T) {
	a, b := newHooked(), newHooked()
	inA, inB := serverSide(t, a, session.ServerConfig{}, session.Options{}), serverSide(t, b, session.ServerConfig{}, session.Options{})
	before := serverSide(t, a, session.ServerConfig{}, session.Options{From: []*session.Manager{inB}})
	after := serverSide(t, b, session.ServerConfig{}, session.Options{From: []*session.Manager{inA}})
	first := "session=" + idOf(do(before, "", set(t, "user_id", 42)))
	do(after, first, set(t, "n", 1)) // two requests of one page
	second := "session=" + idOf(do(before, first, set(t, "n", 2)))
	do(after, second, reading(t, `{"user_id":42,"n":2}`))
	do(before, second, reading(t, `{"user_id":42,"n":2}`))

	third := "session=" + idOf(do(after, first, set(t, "n", 3))) // which was moved to and fro
	do(after, third, reading(t, `{"user_id":42,"n":3}`))
	do(before, first, reading(t, `{"user_id":42,"n":3}`))

	c := newHooked() // and where a third one takes over from both
	next := serverSide(t, c, session.ServerConfig{}, session.Options{From: []*session.Manager{inB, inA}})
	first = "session=" + idOf(do(inA, "", set(t, "user_id", 42)))
	do(after, first, reading(t, `{"user_id":42}`))
	do(next, first, func(w http.ResponseWriter, r *http.Request) { load(t, r).Regenerate() })
	if c.Len() != 1 {
		t.Errorf("%d sessions of a login after two moves", c.Len())
	}

	first = "session=" + idOf(do(inA, "", set(t, "user_id", 42))) // a login ends none that it has itself
	newest := serverSide(t, c, session.ServerConfig{}, session.Options{From: []*session.Manager{inB, inA}})
	back := serverSide(t, b, session.ServerConfig{}, session.Options{From: []*session.Manager{serverSide(t, c, session.ServerConfig{}, session.Options{}), inA}})
	do(newest, first, reading(t, `{"user_id":42}`))
	do(back, first, reading(t, `{"user_id":42}`))
	response := do(newest, first, func(w http.ResponseWriter, r *http.Request) { load(t, r).Regenerate() })
	do(newest, "session="+idOf(response), reading(t, `{"user_id":42}`))

	first = "session=" + idOf(do(before, "", set(t, "flash", 1))) // nor does who takes the last key out
	do(after, first, reading(t, `{"flash":1}`))
	do(before, first, reading(t, `{"flash":1}`))
	last := "session=" + idOf(do(after, first, reading(t, `{"flash":1}`)))
	do(after, first, func(w http.ResponseWriter, r *http.Request) {
		s := load(t, r)
		do(after, last, set(t, "user_id", 1))
		s.Delete("flash")
	})
	do(after, last, reading(t, `{"user_id":1}`))

	for _, flash := range []bool{false, true} { // a logout ends it where it went
		moved := ""
		first = "session=" + idOf(do(before, "", set(t, "user_id", 42)))
		do(before, first, func(w http.ResponseWriter, r *http.Request) {
			s := load(t, r)
			moved = "session=" + idOf(do(after, first, reading(t, `{"user_id":42}`)))
			if err := s.Destroy(); err != nil {
				t.Error(err)
			}
			if flash {
				s.Set("flash", "bye")
			}
		})
		do(after, moved, reading(t, `{}`))
	}

	named := serverSide(t, b, session.ServerConfig{Cookie: codec.Attributes{Name: "old"}}, session.Options{})
	both := serverSide(t, a, session.ServerConfig{}, session.Options{From: []*session.Manager{named}})
	cookie := "session=" + idOf(do(both, "", set(t, "user_id", 42))) + "; old=" + idOf(do(named, "", set(t, "user_id", 7)))
	do(serverSide(t, b, session.ServerConfig{}, session.Options{From: []*session.Manager{inA}}), cookie, set(t, "n", 1))
	for e := range b.List(t.Context()) { // where it moved to it has ended
		if data, _, err := b.Memory.Load(t.Context(), e.ID); err == nil && strings.Contains(string(data), "42") {
			b.Memory.Delete(t.Context(), e.ID)
		}
	}
	do(both, cookie, reading(t, `{"user_id":7}`))
}

// What others have changed comes along: to the new place, and to the new session of a
// login, also where it was moved meanwhile.
func TestChangeBesideMove(t *testing.T) {
	v := newMoving(t, `{"user_id":42}`)
	response := do(v.m, v.cookie, func(w http.ResponseWriter, r *http.Request) {
		s := load(t, r)
		do(v.from, v.cookie, set(t, "n", 1)) // by the old service
		s.Set("m", 2)
	})
	do(v.m, "session="+idOf(response), reading(t, `{"user_id":42,"n":1,"m":2}`))

	v = newMoving(t, `{"cart":1}`)
	response = do(v.m, v.cookie, func(w http.ResponseWriter, r *http.Request) {
		s := load(t, r)
		moved := v.visit(t)
		do(v.m, moved, set(t, "cart", 2))
		if err := errors.Join(s.Regenerate(), s.Set("user_id", 42)); err != nil {
			t.Error(err)
		}
	})
	do(v.m, "session="+idOf(response), reading(t, `{"cart":2,"user_id":42}`))
	if v.store.Len() != 1 {
		t.Errorf("%d sessions", v.store.Len())
	}
}

// A logout ends the session, whatever the old service and other requests do with it.
func TestLogoutBesideMove(t *testing.T) {
	v := newMoving(t, `{"user_id":42}`)
	moved := ""
	do(v.m, v.cookie, func(w http.ResponseWriter, r *http.Request) {
		s := load(t, r)
		do(v.from, v.cookie, set(t, "n", 1))
		if err := s.Destroy(); err != nil {
			t.Error(err)
		}
		looks := 0
		v.old.after = func(_ context.Context, op string) error {
			if op == "Load" {
				if looks++; looks == 1 { // between the look at the change and the end
					moved = v.visit(t)
				}
			}
			return nil
		}
	})
	v.old.after = nil
	do(v.m, moved, reading(t, `{}`))
	do(v.m, v.cookie, reading(t, `{}`))
}

// A logout that leaves a message ends the sessions of other places too.
func TestLogoutWithMessage(t *testing.T) {
	old := newServer(t, session.ServerConfig{Cookie: codec.Attributes{Name: "old"}}, session.Options{})
	m := serverSide(t, newHooked(), session.ServerConfig{}, session.Options{From: []*session.Manager{old.Manager}})
	oldCookie := "old=" + idOf(do(old.Manager, "", set(t, "user_id", 42)))
	cookie := "session=" + idOf(do(m, "", set(t, "user_id", 42)))
	do(m, cookie+"; "+oldCookie, func(w http.ResponseWriter, r *http.Request) {
		s := load(t, r)
		if err := errors.Join(s.Destroy(), s.Set("flash", "bye")); err != nil {
			t.Error(err)
		}
	})
	do(m, oldCookie, reading(t, `{}`))
}

// A response of the page that moved the session takes no cookie of a login meanwhile.
func TestReissueBesideLogin(t *testing.T) {
	v := newMoving(t, `{"cart":1}`)
	moved := v.visit(t)
	slow := do(v.m, v.cookie, func(w http.ResponseWriter, r *http.Request) {
		load(t, r)
		do(v.m, moved, func(w http.ResponseWriter, r *http.Request) { load(t, r).Regenerate() })
	})
	if lines := slow.Header["Set-Cookie"]; len(lines) > 0 {
		t.Errorf("cookies %q", lines)
	}
}

// A session that is due is renewed by its move.
func TestRenewedByMove(t *testing.T) {
	old := newServer(t, session.ServerConfig{MaxAge: 10 * time.Hour}, session.Options{})
	var why session.Reason
	m := serverSide(t, session.NewMemory(session.MemoryConfig{Now: old.clock.Now}), session.ServerConfig{MaxAge: 10 * time.Hour, Now: old.clock.Now},
		session.Options{From: []*session.Manager{old.Manager}, RenewAfter: time.Hour, OnWrite: func(_ *http.Request, r session.Reason) { why = r }})
	cookie := old.login(t)
	old.clock.Advance(9 * time.Hour)
	cookie = "session=" + idOf(do(m, cookie, reading(t, `{"user_id":42}`)))
	old.clock.Advance(9 * time.Hour)
	if do(m, cookie, reading(t, `{"user_id":42}`)); why != session.Renewed {
		t.Errorf("written: %v", why)
	}
}

// Who takes the last key out ends nothing that others have put in meanwhile.
func TestEmptiedBesideOthers(t *testing.T) {
	v, moved := newMoving(t, `{"flash":"x"}`), ""
	do(v.m, v.cookie, func(w http.ResponseWriter, r *http.Request) {
		s := load(t, r)
		moved = "session=" + idOf(do(v.m, v.cookie, set(t, "cart", 1)))
		s.Delete("flash")
	})
	do(v.m, moved, reading(t, `{"flash":"x","cart":1}`))

	v = newMoving(t, `{"flash":"x"}`)
	moved = v.visit(t)
	do(v.m, v.cookie, func(w http.ResponseWriter, r *http.Request) { // which follows
		s := load(t, r)
		do(v.m, moved, set(t, "cart", 1))
		s.Delete("flash")
	})
	do(v.m, moved, reading(t, `{"cart":1}`))

	v = newMoving(t, `{"user_id":42}`)
	do(v.m, v.cookie, func(w http.ResponseWriter, r *http.Request) {
		s := load(t, r)
		do(v.from, v.cookie, set(t, "n", 1)) // by the old service
		s.Reset()
	})
	do(v.m, v.cookie, reading(t, `{"n":1}`))

	for n := range 3 { // before the n-th step
		store := newHooked()
		m := serverSide(t, store, session.ServerConfig{}, session.Options{})
		cookie := "session=" + idOf(do(m, "", set(t, "flash", 1)))
		saved := false
		do(m, cookie, func(w http.ResponseWriter, r *http.Request) {
			load(t, r).Delete("flash")
			steps := 0
			store.before = func(context.Context, string) error {
				if steps++; steps == n+1 {
					do(m, cookie, func(w http.ResponseWriter, r *http.Request) {
						if s := load(t, r); s.Has("flash") {
							saved = s.Set("cart", 1) == nil
						}
					})
				}
				return nil
			}
		})
		store.before = nil
		want := `{}`
		if saved {
			want = `{"cart":1}`
		}
		do(m, cookie, reading(t, want))
	}
}

// A move whose client has gone is made to its end.
func TestMoveWithoutClient(t *testing.T) {
	v := newMoving(t, `{"user_id":42}`)
	ctx, cancel := context.WithCancel(t.Context())
	v.old.before = once("Swap", func(ctx context.Context) error {
		cancel()
		return ctx.Err()
	})
	doWith(ctx, v.m, v.cookie, func(w http.ResponseWriter, r *http.Request) {
		s := load(t, r)
		if err := errors.Join(s.Set("n", 1), s.Save(r.Context())); err != nil {
			t.Error(err)
		}
	})
	do(v.m, v.cookie, reading(t, `{"user_id":42,"n":1}`))
}

// Regenerate makes a session that counts anew, also one that takes along what others have
// changed.
func TestRegenerateCountsAnew(t *testing.T) {
	clock := sessiontest.NewClock()
	memory := session.NewMemory(session.MemoryConfig{Now: clock.Now})
	for _, store := range []session.Store{memory, struct{ session.Store }{memory}} {
		m := serverSide(t, store, session.ServerConfig{AbsoluteMax: 10 * time.Hour, Now: clock.Now}, session.Options{})
		cookie := "session=" + idOf(do(m, "", set(t, "user_id", 42)))
		clock.Advance(9 * time.Hour)
		cookie = "session=" + idOf(do(m, cookie, func(w http.ResponseWriter, r *http.Request) {
			s := load(t, r)
			do(m, cookie, set(t, "n", 1))
			s.Regenerate()
		}))
		clock.Advance(9 * time.Hour)
		do(m, cookie, func(w http.ResponseWriter, r *http.Request) {
			if s := load(t, r); !s.Has("n") {
				t.Errorf("it has %s", s.Text())
			}
		})
	}
}

// A session that ends in the request that has saved it leaves no cookie.
func TestSaveThenDestroy(t *testing.T) {
	m := serverSide(t, newHooked(), session.ServerConfig{}, session.Options{})
	response := do(m, "", func(w http.ResponseWriter, r *http.Request) {
		s := load(t, r)
		if err := errors.Join(s.Set("user_id", 42), s.Save(r.Context()), s.Destroy()); err != nil {
			t.Error(err)
		}
	})
	if lines := response.Header["Set-Cookie"]; len(lines) > 0 {
		t.Errorf("cookies %q", lines)
	}
}

// Of a session that is destroyed nothing comes along to the one after it.
func TestDestroyedBesideOthers(t *testing.T) {
	for _, through := range []func(v moving) *session.Manager{
		func(v moving) *session.Manager { return v.from }, func(v moving) *session.Manager { return v.m },
	} {
		v := newMoving(t, `{"user_id":42}`)
		response := do(v.m, v.cookie, func(w http.ResponseWriter, r *http.Request) {
			s := load(t, r)
			do(through(v), v.cookie, set(t, "secret", 1))
			if err := errors.Join(s.Destroy(), s.Set("flash", "bye")); err != nil {
				t.Error(err)
			}
		})
		do(v.m, "session="+idOf(response), reading(t, `{"flash":"bye"}`))
	}
}

// A session that cannot be read where it comes from keeps nobody from a login.
func TestLoginBesideDamaged(t *testing.T) {
	dir := t.TempDir()
	from := serverSide(t, fileStore(t, dir, filestore.Litestar), session.ServerConfig{}, session.Options{})
	m := serverSide(t, newHooked(), session.ServerConfig{}, session.Options{From: []*session.Manager{from}})
	cookie := "session=" + idOf(do(from, "", set(t, "user_id", 42)))
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if err := os.WriteFile(files[0], []byte("torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	response := do(m, cookie, func(w http.ResponseWriter, r *http.Request) {
		s := load(t, r)
		if err := errors.Join(s.Regenerate(), s.Set("user_id", 42)); err != nil {
			t.Error(err)
		}
	})
	do(m, "session="+idOf(response), reading(t, `{"user_id":42}`))
}

// A handler that resets a session while it moves makes it no younger.
func TestResetBesideMove(t *testing.T) {
	c := session.ServerConfig{AbsoluteMax: 10 * time.Hour}
	old := newServer(t, c, session.Options{})
	c.Now = old.clock.Now
	m := serverSide(t, session.NewMemory(session.MemoryConfig{Now: old.clock.Now}), c, session.Options{From: []*session.Manager{old.Manager}})
	cookie := old.login(t)
	old.clock.Advance(9 * time.Hour)
	response := do(m, cookie, func(w http.ResponseWriter, r *http.Request) {
		s := load(t, r)
		if err := errors.Join(s.Reset(), s.Set("user_id", 42)); err != nil {
			t.Error(err)
		}
	})
	old.clock.Advance(time.Hour)
	do(m, "session="+idOf(response), reading(t, `{}`))
}

// What others write while a request regenerates the session comes along.
func TestChangeBesideRegenerate(t *testing.T) {
	store := newHooked()
	m := serverSide(t, store, session.ServerConfig{}, session.Options{})
	cookie := "session=" + idOf(do(m, "", set(t, "user_id", 42)))
	response := do(m, cookie, func(w http.ResponseWriter, r *http.Request) {
		if err := load(t, r).Regenerate(); err != nil {
			t.Error(err)
		}
		store.before = once("Create", func(context.Context) error {
			do(m, cookie, set(t, "order", 7))
			return nil
		})
	})
	do(m, "session="+idOf(response), reading(t, `{"user_id":42,"order":7}`))
	do(m, cookie, reading(t, `{}`))
	if store.Len() != 1 {
		t.Errorf("%d sessions", store.Len())
	}

	cookie = "session=" + idOf(response) // also after a Save, which has found it
	response = do(m, cookie, func(w http.ResponseWriter, r *http.Request) {
		s := load(t, r)
		do(m, cookie, func(w http.ResponseWriter, r *http.Request) { load(t, r).Delete("order") })
		if err := errors.Join(s.Set("n", 1), s.Save(r.Context()), s.Regenerate()); err != nil {
			t.Error(err)
		}
	})
	do(m, "session="+idOf(response), reading(t, `{"user_id":42,"n":1}`))
}

// A regeneration whose last answers were lost was made; one that was not leaves the old
// session alone.
func TestRegenerateInDoubt(t *testing.T) {
	for _, fail := range []func(store *hooked){
		func(store *hooked) { store.after = once("Swap", down) },
		func(store *hooked) { store.after = once("Delete", down) },
		func(store *hooked) { store.before = once("Delete", down) },
	} {
		store := newHooked()
		m := serverSide(t, store, session.ServerConfig{}, session.Options{})
		cookie := "session=" + idOf(do(m, "", set(t, "user_id", 42)))
		fail(store)
		response := do(m, cookie, func(w http.ResponseWriter, r *http.Request) { load(t, r).Regenerate() })
		do(m, "session="+idOf(response), reading(t, `{"user_id":42}`))
		do(m, cookie, reading(t, `{}`))
	}
	store := newHooked()
	m := serverSide(t, store, session.ServerConfig{}, session.Options{})
	cookie := "session=" + idOf(do(m, "", set(t, "user_id", 42)))
	store.after = once("Create", down)
	if response := do(m, cookie, func(w http.ResponseWriter, r *http.Request) { load(t, r).Regenerate() }); response.StatusCode != http.StatusServiceUnavailable || store.Len() != 1 {
		t.Errorf("%d, %d sessions", response.StatusCode, store.Len())
	}
	do(m, cookie, reading(t, `{"user_id":42}`))
}

// An emptied session ends, whatever else is done with it.
func TestEmptiedEnds(t *testing.T) {
	for name, also := range map[string]func(s *session.Session, store *hooked, r *http.Request){
		"regenerated": func(s *session.Session, _ *hooked, _ *http.Request) { s.Regenerate() },
		"saved in vain": func(s *session.Session, store *hooked, r *http.Request) {
			store.before = once("Swap", down)
			if err := s.Save(r.Context()); !errors.Is(err, errDown) {
				t.Errorf("Save: %v", err)
			}
		},
	} {
		store := newHooked()
		m := serverSide(t, store, session.ServerConfig{}, session.Options{})
		cookie := "session=" + idOf(do(m, "", set(t, "user_id", 42)))
		response := do(m, cookie, func(w http.ResponseWriter, r *http.Request) {
			s := load(t, r)
			if err := s.Delete("user_id"); err != nil {
				t.Error(err)
			}
			also(s, store, r)
		})
		if store.Len() != 0 || !strings.HasPrefix(response.Header.Get("Set-Cookie"), "session=null") {
			t.Errorf("%s: %d sessions, %v", name, store.Len(), response.Header)
		}
	}
}

// A session that was dated and is emptied and saved has ended.
func TestEmptiedWithDate(t *testing.T) {
	store := newHooked()
	m := serverSide(t, store, session.ServerConfig{AbsoluteMax: time.Hour}, session.Options{})
	cookie := "session=" + idOf(do(m, "", set(t, "user_id", 42)))
	response := do(m, cookie, func(w http.ResponseWriter, r *http.Request) {
		s := load(t, r)
		if err := errors.Join(s.Delete("user_id"), s.Save(r.Context())); err != nil {
			t.Error(err)
		}
	})
	if lines := response.Header["Set-Cookie"]; store.Len() != 0 || len(lines) != 1 || !strings.HasPrefix(lines[0], "session=null") {
		t.Errorf("%d sessions, %q", store.Len(), lines)
	}
}

// A response that comes late takes no cookie of a login, also where it has saved the
// session before that. The handler's own cookies stay.
func TestNoCookieOfTheGone(t *testing.T) {
	m := serverSide(t, newHooked(), session.ServerConfig{}, session.Options{})
	cookie := "session=" + idOf(do(m, "", set(t, "user_id", 42)))
	late := do(m, cookie, func(w http.ResponseWriter, r *http.Request) {
		s := load(t, r)
		http.SetCookie(w, &http.Cookie{Name: "before", Value: "1"})
		for range 2 {
			if err := errors.Join(s.Set("progress", 1), s.Save(r.Context())); err != nil {
				t.Error(err)
			}
		}
		http.SetCookie(w, &http.Cookie{Name: "after", Value: "1"})
		do(m, cookie, func(w http.ResponseWriter, r *http.Request) { load(t, r).Regenerate() })
		s.Set("progress", 2)
	})
	if got := fmt.Sprint(late.Header["Set-Cookie"]); got != "[before=1 after=1]" {
		t.Errorf("cookies %s", got)
	}
}
