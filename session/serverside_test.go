package session_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/sessiontest"
)

// counting is a store that counts its calls, and fails when it is told to.
type counting struct {
	session.Store
	calls []string
	err   error
}

func (c *counting) call(name string) error {
	c.calls = append(c.calls, name)
	return c.err
}

func (c *counting) Load(ctx context.Context, id string) ([]byte, time.Time, error) {
	if err := c.call("Load"); err != nil {
		return nil, time.Time{}, err
	}
	return c.Store.Load(ctx, id)
}

func (c *counting) Create(ctx context.Context, id string, data []byte, ttl time.Duration) error {
	if err := c.call("Create"); err != nil {
		return err
	}
	return c.Store.Create(ctx, id, data, ttl)
}

func (c *counting) Replace(ctx context.Context, id string, data []byte, ttl time.Duration) error {
	if err := c.call("Replace"); err != nil {
		return err
	}
	return c.Store.Replace(ctx, id, data, ttl)
}

func (c *counting) Touch(ctx context.Context, id string, ttl time.Duration) error {
	if err := c.call("Touch"); err != nil {
		return err
	}
	return c.Store.Touch(ctx, id, ttl)
}

func (c *counting) Delete(ctx context.Context, id string) error {
	if err := c.call("Delete"); err != nil {
		return err
	}
	return c.Store.Delete(ctx, id)
}

// storeServer is a manager over a counted memory store, by a clock of its own.
type storeServer struct {
	*session.Manager
	store *counting
	clock *sessiontest.Clock
	told  []error
}

func newServer(t *testing.T, c session.ServerConfig, o session.Options) *storeServer {
	t.Helper()
	s := &storeServer{clock: sessiontest.NewClock()}
	s.store = &counting{Store: session.NewMemory(session.MemoryConfig{Now: s.clock.Now})}
	c.Now, c.Cookie.Insecure = s.clock.Now, true
	o.OnReject = func(_ *http.Request, err error) { s.told = append(s.told, err) }
	o.OnError = o.OnReject
	m, err := session.NewServerSide(s.store, c, o)
	if err != nil {
		t.Fatal(err)
	}
	s.Manager = m
	return s
}

// take returns the calls since the last time.
func (s *storeServer) take() string {
	calls := strings.Join(s.store.calls, " ")
	s.store.calls = nil
	return calls
}

func idOf(response *http.Response) string {
	set, err := http.ParseSetCookie(response.Header.Get("Set-Cookie"))
	if err != nil {
		return ""
	}
	return set.Value
}

func set(t *testing.T, key string, value any) func(w http.ResponseWriter, r *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := load(t, r).Set(key, value); err != nil {
			t.Error(err)
		}
	}
}

// login returns the Cookie header of a new session.
func (s *storeServer) login(t *testing.T) string {
	t.Helper()
	id := idOf(do(s.Manager, "", set(t, "user_id", 42)))
	if !session.ValidID(id) || len(id) != 64 {
		t.Fatalf("id %q", id)
	}
	s.take()
	return "session=" + id
}

func reading(t *testing.T, want string) func(w http.ResponseWriter, r *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		if got := load(t, r).Text(); got != want {
			t.Errorf("session %s, want %s", got, want)
		}
	}
}

func TestServerSide(t *testing.T) {
	s := newServer(t, session.ServerConfig{}, session.Options{})
	response := do(s.Manager, "", set(t, "user_id", 42))
	if got := s.take(); got != "Create" {
		t.Errorf("login: %s", got)
	}
	line := response.Header.Get("Set-Cookie")
	if want := "; Path=/; Max-Age=1209600; HttpOnly; SameSite=Lax"; !strings.HasSuffix(line, want) {
		t.Errorf("Set-Cookie: %s", line)
	}
	cookie := "session=" + idOf(response)

	response = do(s.Manager, cookie, reading(t, `{"user_id":42}`))
	if got := s.take(); got != "Load" || response.Header.Get("Set-Cookie") != "" || response.Header.Get("Vary") != "Cookie" {
		t.Errorf("read: %s, headers %v", got, response.Header)
	}
	do(s.Manager, cookie, func(http.ResponseWriter, *http.Request) {})
	if got := s.take(); got != "" {
		t.Errorf("untouched: %s", got)
	}
	response = do(s.Manager, cookie, set(t, "n", 1))
	if got := s.take(); got != "Load Replace" || "session="+idOf(response) != cookie {
		t.Errorf("change: %s, headers %v", got, response.Header)
	}
	do(s.Manager, cookie, reading(t, `{"user_id":42,"n":1}`))
	s.take()

	response = do(s.Manager, cookie, func(w http.ResponseWriter, r *http.Request) { load(t, r).Destroy() })
	if got := s.take(); got != "Load Delete" || !strings.HasPrefix(response.Header.Get("Set-Cookie"), "session=null; ") {
		t.Errorf("logout: %s, headers %v", got, response.Header)
	}
	do(s.Manager, cookie, reading(t, `{}`))
}

// An id that the store does not know is never adopted (fixation), nor does what
// is no id ever reach it.
func TestFixation(t *testing.T) {
	s := newServer(t, session.ServerConfig{}, session.Options{})
	unknown := sessiontest.NewID()
	response := do(s.Manager, "session="+unknown, set(t, "user_id", 42))
	if id := idOf(response); id == unknown || !session.ValidID(id) {
		t.Errorf("id %q", id)
	}
	if !slices.ContainsFunc(s.told, func(err error) bool { return errors.Is(err, session.ErrNotFound) }) {
		t.Errorf("told %v", s.told)
	}
	s.take()
	for _, id := range []string{
		"../../etc/passwd", strings.Repeat("a", 31), strings.Repeat("a", 33), strings.Repeat("a", 130), strings.Repeat("A", 64),
		strings.Repeat("a", 62) + "..", strings.Repeat("*", 64), "a\x00" + strings.Repeat("a", 62), "null", "", strings.Repeat("a", 1<<20),
		strings.Repeat("a", 63) + "\n", "%2e%2e%2f" + strings.Repeat("a", 55), `"` + strings.Repeat("g", 64) + `"`,
	} {
		do(s.Manager, "session="+id, reading(t, `{}`))
		if got := s.take(); got != "" {
			t.Errorf("%.40q reached the store: %s", id, got)
		}
	}
}

func TestServerSideRegenerate(t *testing.T) {
	s := newServer(t, session.ServerConfig{}, session.Options{})
	old := s.login(t)
	response := do(s.Manager, old, func(w http.ResponseWriter, r *http.Request) {
		if err := load(t, r).Regenerate(); err != nil {
			t.Error(err)
		}
	})
	if got := s.take(); got != "Load Create Load Delete" || "session="+idOf(response) == old {
		t.Errorf("%s, headers %v", got, response.Header)
	}
	do(s.Manager, old, reading(t, `{}`))
	do(s.Manager, "session="+idOf(response), reading(t, `{"user_id":42}`))
}

// A slow request brings no session back that was ended meanwhile: its answer
// goes out, and the hook is told.
func TestServerSideStaysDeleted(t *testing.T) {
	for name, destroy := range map[string]func(s *storeServer, cookie string){
		"logout": func(s *storeServer, cookie string) {
			do(s.Manager, cookie, func(w http.ResponseWriter, r *http.Request) { load(t, r).Destroy() })
		},
		"regenerate": func(s *storeServer, cookie string) {
			do(s.Manager, cookie, func(w http.ResponseWriter, r *http.Request) { load(t, r).Regenerate() })
		},
		"elsewhere": func(s *storeServer, cookie string) {
			s.store.Store.Delete(t.Context(), strings.TrimPrefix(cookie, "session="))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, session.ServerConfig{}, session.Options{})
			cookie := s.login(t)
			var saved error
			response := do(s.Manager, cookie, func(w http.ResponseWriter, r *http.Request) {
				session := load(t, r)
				destroy(s, cookie)
				session.Set("n", 1)
				saved = session.Save(r.Context())
				io.WriteString(w, "page")
			})
			if !errors.Is(saved, session.ErrNotFound) {
				t.Errorf("Save: %v", saved)
			}
			// Its cookie is dead; clearing it could take that of a login meanwhile.
			if response.StatusCode != http.StatusOK || response.Header.Get("Set-Cookie") != "" {
				t.Errorf("%d %v", response.StatusCode, response.Header)
			}
			if !slices.ContainsFunc(s.told, func(err error) bool { return errors.Is(err, session.ErrNotFound) }) {
				t.Errorf("told %v", s.told)
			}
			do(s.Manager, cookie, reading(t, `{}`))
		})
	}
}

// A store that is down: an error that the handler sees, 503, and nothing that
// would log anybody out.
func TestStoreDown(t *testing.T) {
	down := errors.New("connection refused")
	s := newServer(t, session.ServerConfig{}, session.Options{})
	cookie := s.login(t)
	s.store.err = down
	response := do(s.Manager, cookie, func(w http.ResponseWriter, r *http.Request) {
		got, err := session.Load(r)
		if !errors.Is(err, down) || !errors.As(err, new(*session.StoreError)) || got.Len() != 0 {
			t.Errorf("Load: %v, %v", got, err)
		}
		for what, err := range map[string]error{"Set": got.Set("a", 1), "Destroy": got.Destroy()} {
			if !errors.Is(err, down) {
				t.Errorf("%s: %v", what, err)
			}
		}
		io.WriteString(w, "log in first")
	})
	if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Set-Cookie") != "" {
		t.Errorf("%d %v", response.StatusCode, response.Header)
	}
	if body, _ := io.ReadAll(response.Body); string(body) != "Service Unavailable\n" {
		t.Errorf("body %q", body)
	}
	// A handler may answer by itself.
	response = do(s.Manager, cookie, func(w http.ResponseWriter, r *http.Request) {
		if _, err := session.Load(r); err != nil {
			http.Error(w, "come back later", http.StatusBadGateway)
		}
	})
	if response.StatusCode != http.StatusBadGateway || response.Header.Get("Set-Cookie") != "" {
		t.Errorf("%d %v", response.StatusCode, response.Header)
	}
	// It goes down between reading and writing.
	s.store.err = nil
	response = do(s.Manager, cookie, func(w http.ResponseWriter, r *http.Request) {
		load(t, r).Set("n", 1)
		s.store.err = down
		io.WriteString(w, "saved")
	})
	if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Set-Cookie") != "" {
		t.Errorf("%d %v", response.StatusCode, response.Header)
	}
	s.store.err = nil
	do(s.Manager, cookie, reading(t, `{"user_id":42}`))
}

// What is no session is none: Python would answer 500 for ever.
func TestDamagedData(t *testing.T) {
	for data, want := range map[string]error{`[1]`: codec.ErrNotObject, `null`: codec.ErrNotObject, ``: codec.ErrMalformed, `{"a":`: codec.ErrMalformed} {
		s := newServer(t, session.ServerConfig{}, session.Options{})
		cookie := s.login(t)
		if err := s.store.Store.Replace(t.Context(), strings.TrimPrefix(cookie, "session="), []byte(data), time.Hour); err != nil {
			t.Fatal(err)
		}
		response := do(s.Manager, cookie, set(t, "user_id", 7))
		if id := idOf(response); !session.ValidID(id) || "session="+id == cookie {
			t.Errorf("%s: headers %v", data, response.Header)
		}
		if len(s.told) != 1 || !errors.Is(s.told[0], want) {
			t.Errorf("%s: told %v", data, s.told)
		}
	}
	for _, damage := range []error{session.ErrDamaged, codec.ErrTooLarge} {
		s := newServer(t, session.ServerConfig{}, session.Options{})
		cookie := s.login(t)
		s.store.err = fmt.Errorf("a store: %w", damage)
		response := do(s.Manager, cookie, reading(t, `{}`))
		if response.StatusCode != http.StatusOK || len(s.told) != 1 || !errors.Is(s.told[0], damage) {
			t.Errorf("%v: %d, told %v", damage, response.StatusCode, s.told)
		}
	}
}

// What a browser that has gone has changed is stored all the same.
func TestServerSideClientGone(t *testing.T) {
	s := newServer(t, session.ServerConfig{}, session.Options{})
	cookie := s.login(t)
	// The request's own context, as net/http cancels it; the store minds it.
	ctx, cancel := context.WithCancel(t.Context())
	r := httptest.NewRequest("GET", "/", nil).WithContext(ctx)
	r.Header.Set("Cookie", cookie)
	s.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		load(t, r).Set("gone", true)
		cancel()
	})).ServeHTTP(httptest.NewRecorder(), r)
	do(s.Manager, cookie, reading(t, `{"user_id":42,"gone":true}`))
	do(s.Manager, cookie, func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		r = r.WithContext(ctx)
		load(t, r).Set("n", 1)
		cancel()
	})
	do(s.Manager, cookie, reading(t, `{"user_id":42,"gone":true,"n":1}`))
}

// Regenerate and a move bring nothing back either.
func TestEndedMeanwhile(t *testing.T) {
	s := newServer(t, session.ServerConfig{}, session.Options{})
	cookie := s.login(t)
	response := do(s.Manager, cookie, func(w http.ResponseWriter, r *http.Request) {
		slow := load(t, r)
		do(s.Manager, cookie, func(w http.ResponseWriter, r *http.Request) { load(t, r).Destroy() })
		slow.Regenerate()
	})
	if id := idOf(response); id != "" {
		t.Errorf("Regenerate: %v", response.Header)
	}
	old := newServer(t, session.ServerConfig{Cookie: codec.Attributes{Name: "old"}}, session.Options{})
	moved := newServer(t, session.ServerConfig{}, session.Options{From: []*session.Manager{old.Manager}})
	cookie = "old=" + idOf(do(old.Manager, "", set(t, "user_id", 42)))
	response = do(moved.Manager, cookie, func(w http.ResponseWriter, r *http.Request) {
		load(t, r)
		do(old.Manager, cookie, func(w http.ResponseWriter, r *http.Request) { load(t, r).Destroy() })
	})
	if response.Header.Get("Set-Cookie") != "" || moved.store.Store.(*session.Memory).Len() != 0 {
		t.Errorf("a move: %v, %d sessions", response.Header, moved.store.Store.(*session.Memory).Len())
	}
}

// After Destroy it is another session: the id that was known opens nothing.
func TestDestroyThenSet(t *testing.T) {
	for _, save := range []bool{false, true} {
		s := newServer(t, session.ServerConfig{}, session.Options{})
		cookie := s.login(t)
		response := do(s.Manager, cookie, func(w http.ResponseWriter, r *http.Request) {
			session := load(t, r)
			session.Destroy()
			if save {
				if err := session.Save(r.Context()); err != nil {
					t.Errorf("Save: %v", err)
				}
			}
			session.Set("flash", "bye")
		})
		if id := idOf(response); "session="+id == cookie || !session.ValidID(id) {
			t.Errorf("headers %v", response.Header)
		}
		do(s.Manager, cookie, reading(t, `{}`))
		do(s.Manager, "session="+idOf(response), reading(t, `{"flash":"bye"}`))
	}
}

// A logout ends what the request brings of the other places too, whatever was
// read, and wherever their cookies lie.
func TestDestroyWithFrom(t *testing.T) {
	signed, err := codec.NewStarlette(codec.StarletteConfig{Keys: keys("k"), Cookie: codec.Attributes{Path: "/app", Insecure: true}})
	if err != nil {
		t.Fatal(err)
	}
	client := manager(t, signed, session.Options{})
	old := newServer(t, session.ServerConfig{Cookie: codec.Attributes{Name: "old"}}, session.Options{})
	s := newServer(t, session.ServerConfig{}, session.Options{From: []*session.Manager{client, old.Manager}})
	oldCookie := "old=" + idOf(do(old.Manager, "", set(t, "user_id", 42)))
	cookie := s.login(t)
	response := do(s.Manager, cookie+"; "+oldCookie, func(w http.ResponseWriter, r *http.Request) { load(t, r).Destroy() })
	for _, want := range []string{"session=null; Path=/;", "session=null; Path=/app;", "old=null; Path=/;"} {
		if !slices.ContainsFunc(response.Header["Set-Cookie"], func(line string) bool { return strings.HasPrefix(line, want) }) {
			t.Errorf("no %s in %q", want, response.Header["Set-Cookie"])
		}
	}
	do(s.Manager, oldCookie, reading(t, `{}`))
}

// A move whose old session cannot be ended leaves all as it was.
func TestForgetFails(t *testing.T) {
	old := newServer(t, session.ServerConfig{Cookie: codec.Attributes{Name: "old"}}, session.Options{})
	s := newServer(t, session.ServerConfig{}, session.Options{From: []*session.Manager{old.Manager}})
	cookie := "old=" + idOf(do(old.Manager, "", set(t, "user_id", 42)))
	down := errors.New("down")
	for range 3 {
		response := do(s.Manager, cookie, func(w http.ResponseWriter, r *http.Request) {
			load(t, r)
			old.store.err = down
		})
		old.store.err = nil
		if response.StatusCode != http.StatusOK || response.Header.Get("Set-Cookie") != "" {
			t.Errorf("%d %v", response.StatusCode, response.Header)
		}
	}
	response := do(s.Manager, cookie, func(w http.ResponseWriter, r *http.Request) {
		session := load(t, r)
		session.Regenerate()
		old.store.err = down
		for range 2 {
			if err := session.Save(r.Context()); !errors.Is(err, down) {
				t.Errorf("Save: %v", err)
			}
		}
	})
	if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Set-Cookie") != "" {
		t.Errorf("%d %v", response.StatusCode, response.Header)
	}
	if n := s.store.Store.(*session.Memory).Len(); n != 0 {
		t.Errorf("%d orphans", n)
	}
}

// Deleting the last key of one's own takes no key of another request.
func TestEmptied(t *testing.T) {
	memory := session.NewMemory(session.MemoryConfig{})
	m, err := session.NewServerSide(memory, session.ServerConfig{Cookie: codec.Attributes{Insecure: true}}, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	cookie := "session=" + idOf(do(m, "", set(t, "flash", "hi")))
	do(m, cookie, func(w http.ResponseWriter, r *http.Request) {
		slow := load(t, r)
		do(m, cookie, set(t, "user_id", 42))
		slow.Delete("flash")
	})
	do(m, cookie, reading(t, `{"user_id":42}`))
	response := do(m, cookie, func(w http.ResponseWriter, r *http.Request) { load(t, r).Delete("user_id") })
	if !strings.HasPrefix(response.Header.Get("Set-Cookie"), "session=null; ") || memory.Len() != 0 {
		t.Errorf("headers %v, %d sessions", response.Header, memory.Len())
	}
}

// hanging is a store that answers when its time is up.
type hanging struct{ session.Store }

func (h hanging) Load(ctx context.Context, id string) ([]byte, time.Time, error) {
	<-ctx.Done()
	return nil, time.Time{}, ctx.Err()
}

// Nobody waits longer for the store than Timeout, or than the context allows.
func TestStoreHangs(t *testing.T) {
	m, err := session.NewServerSide(hanging{session.NewMemory(session.MemoryConfig{})}, session.ServerConfig{Timeout: 50 * time.Millisecond}, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	response := do(m, "session="+sessiontest.NewID(), func(w http.ResponseWriter, r *http.Request) {
		s, err := session.Load(r)
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(s.Save(r.Context()), context.DeadlineExceeded) || !errors.Is(s.Regenerate(), context.DeadlineExceeded) {
			t.Errorf("Load: %v", err)
		}
	})
	if took := time.Since(start); response.StatusCode != http.StatusServiceUnavailable || took > 10*time.Second {
		t.Errorf("%d after %v", response.StatusCode, took)
	}
}

func TestServerSideRenew(t *testing.T) {
	s := newServer(t, session.ServerConfig{MaxAge: time.Hour}, session.Options{RenewAfter: 10 * time.Minute})
	cookie := s.login(t)
	s.clock.Advance(10*time.Minute - time.Second)
	do(s.Manager, cookie, reading(t, `{"user_id":42}`))
	if got := s.take(); got != "Load" {
		t.Errorf("too early: %s", got)
	}
	s.clock.Advance(time.Second)
	response := do(s.Manager, cookie, reading(t, `{"user_id":42}`))
	if got := s.take(); got != "Load Touch" || "session="+idOf(response) != cookie || !strings.Contains(response.Header.Get("Set-Cookie"), "Max-Age=3600") {
		t.Errorf("due: %s, headers %v", got, response.Header)
	}
	for range 10 { // in use, it lives on
		s.clock.Advance(50 * time.Minute)
		do(s.Manager, cookie, reading(t, `{"user_id":42}`))
	}
	s.clock.Advance(time.Hour)
	do(s.Manager, cookie, reading(t, `{}`))
}

func TestAbsoluteMax(t *testing.T) {
	s := newServer(t, session.ServerConfig{MaxAge: time.Hour, AbsoluteMax: 90 * time.Minute}, session.Options{RenewAfter: time.Nanosecond})
	cookie := s.login(t)
	for _, step := range []struct {
		wait time.Duration
		age  string
	}{{20 * time.Minute, "Max-Age=3600"}, {40 * time.Minute, "Max-Age=1800"}, {29 * time.Minute, "Max-Age=60"}} {
		s.clock.Advance(step.wait)
		response := do(s.Manager, cookie, func(w http.ResponseWriter, r *http.Request) {
			if created, err := codec.Get[int64](load(t, r).Values, session.CreatedKey); err != nil || created == 0 {
				t.Errorf("%d, %v", created, err)
			}
		})
		if got := response.Header.Get("Set-Cookie"); !strings.Contains(got, step.age) {
			t.Errorf("%s, want %s", got, step.age)
		}
	}
	s.clock.Advance(time.Minute)
	do(s.Manager, cookie, reading(t, `{}`))

	// A session that Python made, with no time or one of its own kind, counts from
	// when it was renewed first.
	for _, data := range []string{`{"user_id":42}`, `{"user_id":42,"_created":1767323045.5}`} {
		id := sessiontest.NewID()
		if err := s.store.Store.Create(t.Context(), id, []byte(data), time.Hour); err != nil {
			t.Fatal(err)
		}
		visits := 0
		for range 20 {
			s.clock.Advance(10 * time.Minute)
			do(s.Manager, "session="+id, func(w http.ResponseWriter, r *http.Request) {
				if load(t, r).Has("user_id") {
					visits++
				}
			})
		}
		if visits < 8 || visits > 10 {
			t.Errorf("%s: %d visits of 10 minutes in 90", data, visits)
		}
	}
	// Reset does not wind the clock back, and emptying is no session.
	cookie = s.login(t)
	s.clock.Advance(40 * time.Minute)
	do(s.Manager, cookie, func(w http.ResponseWriter, r *http.Request) {
		session := load(t, r)
		session.Reset()
		session.Set("n", 1)
	})
	s.clock.Advance(49 * time.Minute)
	do(s.Manager, cookie, func(w http.ResponseWriter, r *http.Request) {
		if !load(t, r).Has("n") {
			t.Error("it ended too early")
		}
	})
	s.clock.Advance(time.Minute)
	do(s.Manager, cookie, reading(t, `{}`))
}

// Of two requests at a time none loses the other's keys, where the store can
// do it; of the same key the last one counts.
func TestServerSideMerge(t *testing.T) {
	memory := session.NewMemory(session.MemoryConfig{})
	m, err := session.NewServerSide(memory, session.ServerConfig{Cookie: codec.Attributes{Insecure: true}}, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	cookie := "session=" + idOf(do(m, "", func(w http.ResponseWriter, r *http.Request) {
		s := load(t, r)
		for key, value := range map[string]any{"a": 1, "b": 1, "c": 1, "same": 0} {
			s.Set(key, value)
		}
	}))
	do(m, cookie, func(w http.ResponseWriter, r *http.Request) {
		slow := load(t, r)
		do(m, cookie, func(w http.ResponseWriter, r *http.Request) {
			s := load(t, r)
			s.Set("a", 2)
			s.Delete("c")
			s.Set("new", "theirs")
			s.Set("same", "first")
		})
		slow.Set("b", 2)
		slow.Set("own", 3)
		slow.Set("same", "last")
	})
	do(m, cookie, func(w http.ResponseWriter, r *http.Request) {
		s := load(t, r)
		got := map[string]string{}
		for key, text := range s.All() {
			got[key] = text
		}
		for key, want := range map[string]string{"a": "2", "b": "2", "c": "", "new": `"theirs"`, "own": "3", "same": `"last"`} {
			if got[key] != want {
				t.Errorf("%s: %s, want %s", key, got[key], want)
			}
		}
	})
}

// overtaken is a store in which others change a session before each of the first Swaps.
type overtaken struct {
	*session.Memory
	others []string
}

func (o *overtaken) Swap(ctx context.Context, id string, old, data []byte, ttl time.Duration) error {
	if len(o.others) > 0 {
		if err := o.Replace(ctx, id, []byte(o.others[0]), ttl); err != nil {
			return err
		}
		o.others = o.others[1:]
	}
	return o.Memory.Swap(ctx, id, old, data, ttl)
}

// Who is overtaken again and again writes nothing but its own keys over the last.
func TestOvertakenTwice(t *testing.T) {
	store := &overtaken{Memory: session.NewMemory(session.MemoryConfig{})}
	m, err := session.NewServerSide(store, session.ServerConfig{Cookie: codec.Attributes{Insecure: true}}, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	cookie := "session=" + idOf(do(m, "", set(t, "a", 1)))
	store.others = []string{`{"a":2,"b":1}`, `{"a":3}`}
	do(m, cookie, set(t, "own", 1))
	do(m, cookie, reading(t, `{"a":3,"own":1}`))
}

// From cookies to a store, back, and from store to store, with nobody logged
// out: the old is ended, the data and what is left of its life stay.
func TestFrom(t *testing.T) {
	signed, clock := clocked(t, codec.StarletteConfig{Keys: keys("k"), Cookie: codec.Attributes{Insecure: true}})
	client := manager(t, signed, session.Options{})
	stores := [2]*counting{}
	var servers [2]*session.Manager
	for i := range stores {
		stores[i] = &counting{Store: session.NewMemory(session.MemoryConfig{Now: clock.Now})}
		var err error
		servers[i], err = session.NewServerSide(swapping{stores[i]}, session.ServerConfig{Cookie: codec.Attributes{Insecure: true}, Now: clock.Now}, session.Options{})
		if err != nil {
			t.Fatal(err)
		}
	}
	toStore, err := session.NewServerSide(swapping{stores[0]}, session.ServerConfig{Cookie: codec.Attributes{Insecure: true}, Now: clock.Now}, session.Options{From: []*session.Manager{client, servers[1]}})
	if err != nil {
		t.Fatal(err)
	}
	toCookies := manager(t, signed, session.Options{From: []*session.Manager{servers[0], servers[1]}})

	for name, tt := range map[string]struct{ from, to *session.Manager }{
		"cookies to store": {client, toStore}, "store to cookies": {servers[0], toCookies}, "store to store": {servers[1], toStore},
	} {
		t.Run(name, func(t *testing.T) {
			browser := sessiontest.NewBrowser(t, tt.from.Handler(http.HandlerFunc(set(t, "user_id", 42))))
			first := browser.Get("/")
			old := strings.SplitN(first.Header.Get("Set-Cookie"), ";", 2)[0]
			clock.Advance(time.Hour)
			user := func(w http.ResponseWriter, r *http.Request) {
				if id := userOf(load(t, r).Values); id != "42" {
					t.Errorf("user %s", id)
				}
			}
			response := do(tt.to, old, user)
			lines := response.Header["Set-Cookie"]
			if len(lines) != 1 || !strings.Contains(lines[0], "Max-Age=1206000") {
				t.Fatalf("Set-Cookie: %q", lines)
			}
			moved := strings.SplitN(lines[0], ";", 2)[0]
			do(tt.to, moved, func(w http.ResponseWriter, r *http.Request) {
				if s := load(t, r); !s.Has("user_id") || s.Info().Stale {
					t.Errorf("after the move: %v, stale %v", s.Values, s.Info().Stale)
				}
			})
			if name == "cookies to store" {
				return // who has a copy of the old cookie can use it until it expires
			}
			do(tt.from, old, reading(t, `{}`))
			if name == "store to store" { // the other requests of the page bring the old cookie
				response = do(tt.to, old, user)
				if again := response.Header.Get("Set-Cookie"); strings.SplitN(again, ";", 2)[0] != moved {
					t.Errorf("moved twice: %s", again)
				}
			}
			clock.Advance(time.Minute)
			do(tt.to, old, reading(t, `{}`))
			do(tt.to, moved, user)
		})
	}
}

func TestNewServerSideRefuses(t *testing.T) {
	memory := session.NewMemory(session.MemoryConfig{})
	for name, c := range map[string]session.ServerConfig{
		"MaxAge": {MaxAge: time.Millisecond}, "fraction": {MaxAge: 1500 * time.Millisecond}, "AbsoluteMax": {AbsoluteMax: -1},
		"IDBytes": {IDBytes: 8}, "long IDBytes": {IDBytes: 65}, "Timeout": {Timeout: -1},
		"__Host-": {Cookie: codec.Attributes{Name: "__Host-s", Path: "/x"}}, "SameSite": {Cookie: codec.Attributes{Insecure: true, SameSite: http.SameSiteNoneMode}},
	} {
		if _, err := session.NewServerSide(memory, c, session.Options{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := session.NewServerSide(nil, session.ServerConfig{}, session.Options{}); err == nil {
		t.Error("nil: no error")
	}
	if _, err := session.NewServerSide(memory, session.ServerConfig{}, session.Options{From: []*session.Manager{nil}}); err == nil {
		t.Error("From nil: no error")
	}
}
