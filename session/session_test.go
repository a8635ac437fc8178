package session_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
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

// do serves one request and returns the response.
func do(m *session.Manager, cookies string, handler func(w http.ResponseWriter, r *http.Request)) *http.Response {
	return doWith(context.Background(), m, cookies, handler)
}

func doWith(ctx context.Context, m *session.Manager, cookies string, handler func(w http.ResponseWriter, r *http.Request)) *http.Response {
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(ctx, "GET", "/path", nil)
	if cookies != "" {
		r.Header.Set("Cookie", cookies)
	}
	m.Handler(http.HandlerFunc(handler)).ServeHTTP(w, r)
	return w.Result()
}

func TestUntouched(t *testing.T) {
	c := starlette(t)
	read := 0
	m := manager(t, c, session.Options{OnRead: func(*http.Request, codec.Info) { read++ }})
	response := do(m, cookie(t, c, `{"a": 1}`), func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "x") })
	if h := response.Header; read != 0 || h.Get("Vary") != "" || h.Get("Set-Cookie") != "" || h.Get("Cache-Control") != "" {
		t.Errorf("%d reads, headers %v", read, h)
	}
}

func TestRead(t *testing.T) {
	c := starlette(t)
	m := manager(t, c, session.Options{})
	response := do(m, cookie(t, c, `{"a": 1}`), func(w http.ResponseWriter, r *http.Request) {
		s := load(t, r)
		if a, err := codec.Get[int](s.Values, "a"); err != nil || a != 1 || s.IsNew() || s.Info().KeyLabel != "k" {
			t.Errorf("%d, %v, new %v, info %v", a, err, s.IsNew(), s.Info())
		}
		if load(t, r) != s {
			t.Error("another session at the second Load")
		}
	})
	if h := response.Header; h.Get("Vary") != "Cookie" || h.Get("Set-Cookie") != "" || h.Get("Cache-Control") != "" {
		t.Errorf("headers %v", h)
	}
}

func TestModified(t *testing.T) {
	c := starlette(t)
	var reasons []session.Reason
	m := manager(t, c, session.Options{OnWrite: func(_ *http.Request, r session.Reason) { reasons = append(reasons, r) }})
	response := do(m, cookie(t, c, `{"a": 1.0, "b": "\u00eb"}`), func(w http.ResponseWriter, r *http.Request) {
		load(t, r).Set("c", 3)
	})
	if got := sessiontest.Written(t, c, response).Text(); got != `{"a": 1.0, "b": "\u00eb", "c": 3}` {
		t.Errorf("got %s", got)
	}
	if h := response.Header; h.Get("Vary") != "Cookie" || h.Get("Cache-Control") != `no-cache="Set-Cookie"` {
		t.Errorf("headers %v", h)
	}
	// What the handler says of caches counts; Vary is not written twice.
	response = do(m, "", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Vary", "Accept, cookie")
		load(t, r).Set("c", 3)
	})
	if h := response.Header; h.Get("Cache-Control") != "no-store" || !slices.Equal(h["Vary"], []string{"Accept, cookie"}) {
		t.Errorf("headers %v", h)
	}
	if !slices.Equal(reasons, []session.Reason{session.Modified, session.Modified}) {
		t.Errorf("reasons %v", reasons)
	}
}

func TestDestroy(t *testing.T) {
	c := starlette(t)
	var reasons []session.Reason
	m := manager(t, c, session.Options{OnWrite: func(_ *http.Request, r session.Reason) { reasons = append(reasons, r) }})
	destroy := func(w http.ResponseWriter, r *http.Request) {
		if err := load(t, r).Destroy(); err != nil {
			t.Error(err)
		}
	}
	response := do(m, cookie(t, c, `{"a": 1}`), destroy)
	sessiontest.Cleared(t, c, response)
	// There was none: nothing to clear, nothing to tell.
	response = do(m, "", destroy)
	if h := response.Header; h.Get("Set-Cookie") != "" || h.Get("Cache-Control") != "" {
		t.Errorf("headers %v", h)
	}
	if !slices.Equal(reasons, []session.Reason{session.Destroyed}) {
		t.Errorf("reasons %v", reasons)
	}
	// Logging out and in again in one request keeps nothing.
	response = do(m, cookie(t, c, `{"a": 1}`), func(w http.ResponseWriter, r *http.Request) {
		s := load(t, r)
		s.Destroy()
		s.Set("b", 2)
	})
	if got := sessiontest.Written(t, c, response).Text(); got != `{"b": 2}` {
		t.Errorf("got %s", got)
	}
}

// A logout that cannot clear must not pass for one.
func TestDestroyTooManyCookies(t *testing.T) {
	c := starlette(t)
	m := manager(t, c, session.Options{})
	response := do(m, strings.Repeat("a=1; ", 4000)+cookie(t, c, `{"a": 1}`), func(w http.ResponseWriter, r *http.Request) {
		load(t, r).Destroy()
		io.WriteString(w, "bye")
	})
	if response.StatusCode != http.StatusInternalServerError {
		t.Errorf("status %d", response.StatusCode)
	}
}

// Login gives a session anew, though its data is the same (elsewhere: no
// regeneration).
func TestRegenerate(t *testing.T) {
	c := starlette(t)
	m := manager(t, c, session.Options{})
	response := do(m, cookie(t, c, `{"a": 1}`), func(w http.ResponseWriter, r *http.Request) {
		if err := load(t, r).Regenerate(); err != nil {
			t.Error(err)
		}
	})
	if got := sessiontest.Written(t, c, response).Text(); got != `{"a": 1}` {
		t.Errorf("got %s", got)
	}
}

// A slow request that only reads brings no session back that ended meanwhile
// (scs, gorilla: it does), and clears none.
func TestReadOnlyWritesNothing(t *testing.T) {
	c := starlette(t)
	m := manager(t, c, session.Options{})
	old := cookie(t, c, `{"user_id": 42}`)
	started, finish := make(chan bool), make(chan bool)
	slow := make(chan *http.Response)
	go func() {
		slow <- do(m, old, func(w http.ResponseWriter, r *http.Request) {
			codec.Get[int](load(t, r).Values, "user_id")
			close(started)
			<-finish
		})
	}()
	<-started
	logout := do(m, old, func(w http.ResponseWriter, r *http.Request) { load(t, r).Destroy() })
	close(finish)
	response := <-slow
	sessiontest.Cleared(t, c, logout)
	sessiontest.NotWritten(t, c, response)
}

// clocked is a codec with a clock of its own. All clocks start at the same time.
func clocked(t *testing.T, config codec.StarletteConfig) (*codec.Codec, *sessiontest.Clock) {
	t.Helper()
	clock := sessiontest.NewClock()
	config.Now = clock.Now
	c, err := codec.NewStarlette(config)
	if err != nil {
		t.Fatal(err)
	}
	return c, clock
}

func keys(secret string, previous ...string) codec.Keys {
	k := codec.Keys{Current: codec.NewKey(secret, []byte(secret))}
	for _, p := range previous {
		k.Previous = append(k.Previous, codec.NewKey(p, []byte(p)))
	}
	return k
}

func TestRenewAfter(t *testing.T) {
	c, clock := clocked(t, codec.StarletteConfig{Keys: keys("new")})
	made := cookie(t, c, `{"a": 1}`)
	nothing := func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "x") }
	for _, tt := range []struct {
		renewAfter, age time.Duration
		want            bool
	}{
		{0, time.Hour, false},
		{time.Hour, time.Hour - time.Second, false},
		{time.Hour, time.Hour, true},
		{time.Nanosecond, 0, true}, // on every response, as older Starlette
		{time.Nanosecond, time.Second, true},
		{time.Hour, 15 * 24 * time.Hour, false}, // expired
	} {
		clock.Advance(tt.age)
		var reasons []session.Reason
		m := manager(t, c, session.Options{RenewAfter: tt.renewAfter, OnWrite: func(_ *http.Request, r session.Reason) { reasons = append(reasons, r) }})
		response := do(m, made, nothing)
		if got := response.Header.Get("Set-Cookie") != ""; got != tt.want {
			t.Errorf("after %v, %v old: written %v", tt.renewAfter, tt.age, got)
		}
		if tt.want && (!slices.Equal(reasons, []session.Reason{session.Renewed}) || response.Header.Get("Vary") != "Cookie" ||
			!strings.Contains(response.Header.Get("Set-Cookie"), "Max-Age=1209600")) {
			t.Errorf("reasons %v, headers %v", reasons, response.Header)
		}
		clock.Advance(-tt.age)
	}
	// An empty session is not written, nor is one that was never there.
	m := manager(t, c, session.Options{RenewAfter: time.Nanosecond})
	empty, err := c.Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, sent := range []string{"", "session=forged", "session=" + empty} {
		if h := do(m, sent, nothing).Header; h.Get("Set-Cookie") != "" || h.Get("Vary") != "" {
			t.Errorf("%q: headers %v", sent, h)
		}
	}
}

// What an old key opened is written back with the new one, and keeps its expiry.
func TestReissue(t *testing.T) {
	old, clock := clocked(t, codec.StarletteConfig{Keys: keys("old")})
	made := cookie(t, old, `{"a": 1}`)
	c, _ := clocked(t, codec.StarletteConfig{Keys: keys("new", "old")})
	var reasons []session.Reason
	m := manager(t, c, session.Options{OnWrite: func(_ *http.Request, r session.Reason) { reasons = append(reasons, r) }})
	read := func(w http.ResponseWriter, r *http.Request) { load(t, r) }
	response := do(m, made, read)
	s := sessiontest.Written(t, c, response)
	if s.Stale || s.ExpiresAt != clock.Now().Add(14*24*time.Hour) || s.Text() != `{"a": 1}` {
		t.Errorf("%+v", s.Info)
	}
	if !slices.Equal(reasons, []session.Reason{session.Reissued}) {
		t.Errorf("reasons %v", reasons)
	}
	// Nobody reads it: then it stays as it is.
	if h := do(m, made, func(http.ResponseWriter, *http.Request) {}).Header; h.Get("Set-Cookie") != "" {
		t.Errorf("headers %v", h)
	}
	// In its last second there is nothing left to keep.
	c, last := clocked(t, codec.StarletteConfig{Keys: keys("new", "old")})
	last.Advance(14 * 24 * time.Hour)
	var told []error
	m = manager(t, c, session.Options{OnError: func(_ *http.Request, err error) { told = append(told, err) }})
	if response := do(m, made, read); response.StatusCode != 200 || response.Header.Get("Set-Cookie") != "" || told != nil {
		t.Errorf("%d %v %v", response.StatusCode, response.Header, told)
	}
}

// A session that the new format cannot hold stays in the old one, and only the
// operator is told: the user did nothing.
func TestReissueFails(t *testing.T) {
	from := starlette(t)
	to, err := codec.NewLitestar(codec.LitestarConfig{Keys: codec.Keys{Current: codec.NewKey("new", []byte("0123456789abcdef"))}, Cookie: codec.Attributes{Name: "s"}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := codec.NewMigration(codec.MigrationConfig{To: to, From: []*codec.Codec{from}})
	if err != nil {
		t.Fatal(err)
	}
	var told []error
	m := manager(t, c, session.Options{OnError: func(_ *http.Request, err error) { told = append(told, err) }})
	made := cookie(t, from, `{"a": NaN}`)
	response := do(m, made, func(w http.ResponseWriter, r *http.Request) {
		load(t, r)
		io.WriteString(w, "page")
	})
	if response.StatusCode != 200 || response.Header.Get("Set-Cookie") != "" || len(told) != 1 || !errors.Is(told[0], codec.ErrUnsupported) {
		t.Errorf("%d %v %v", response.StatusCode, response.Header, told)
	}
	// But what the handler changes must not be lost in silence.
	response = do(m, made, func(w http.ResponseWriter, r *http.Request) { load(t, r).Set("b", 1) })
	if response.StatusCode != http.StatusInternalServerError || len(told) != 2 {
		t.Errorf("%d %v", response.StatusCode, told)
	}
}

// A renewal that fails leaves the handler's response, and tells the operator.
func TestRenewalFails(t *testing.T) {
	full := errors.New("no room")
	var told []error
	m := manager(t, unwritable{starlette(t), full}, session.Options{RenewAfter: time.Nanosecond, OnError: func(_ *http.Request, err error) { told = append(told, err) }})
	response := do(m, cookie(t, starlette(t), `{"a": 1}`), func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "page") })
	if response.StatusCode != http.StatusOK || response.Header.Get("Set-Cookie") != "" || len(told) != 1 || told[0] != full {
		t.Errorf("%d %v %v", response.StatusCode, response.Header, told)
	}
}

// unwritable is a codec that writes nothing.
type unwritable struct {
	*codec.Codec
	err error
}

func (u unwritable) Write(http.ResponseWriter, *http.Request, *codec.Values, ...codec.EncodeOption) error {
	return u.err
}

// A new session with nothing in it is not written, whatever it is called.
func TestRegenerateNothing(t *testing.T) {
	for name, m := range map[string]*session.Manager{
		"client side": manager(t, starlette(t), session.Options{}),
		"server side": newServer(t, session.ServerConfig{}, session.Options{}).Manager,
	} {
		response := do(m, "", func(w http.ResponseWriter, r *http.Request) { load(t, r).Regenerate() })
		if h := response.Header; h.Get("Set-Cookie") != "" {
			t.Errorf("%s: headers %v", name, h)
		}
	}
}

// Whatever a client sends: an empty session, a hook call, no error, nothing
// cleared.
func TestBadCookies(t *testing.T) {
	c := starlette(t)
	good := cookie(t, c, `{"a": 1}`)
	expired, clock := clocked(t, codec.StarletteConfig{Keys: codec.Keys{Current: codec.NewKey("k", []byte("secret"))}})
	clock.Advance(-10 * 365 * 24 * time.Hour)
	for _, tt := range []struct {
		name, cookies string
		want          error
	}{
		{"none", "", nil},
		{"others", "a=1; b=2", nil},
		{"cleared", "session=null", nil},
		{"empty", "session=", nil},
		{"foreign", "session=6bdcaba86bdcaba86bdcaba86bdcaba8", codec.ErrMalformed},
		{"tampered", good[:len(good)-4] + "AAAA", codec.ErrUnauthentic},
		{"truncated", good[:len(good)-4], codec.ErrMalformed},
		{"expired", cookie(t, expired, `{"a": 1}`), codec.ErrExpired},
		{"duplicated, the last counts", good + "; session=forged", codec.ErrMalformed},
		{"1 MB", "session=" + strings.Repeat("A", 1<<20), codec.ErrTooLarge},
		{"too many", strings.Repeat("a=1; ", 4000) + good, codec.ErrTooLarge},
		{"controls", "session=\x1b[31m\x00", codec.ErrMalformed},
		{"nested", "session=" + strings.Repeat("W1tb", 500) + ".ZVPxAA.xG24nPALo8AhuefWvxeYlShMy1g", codec.ErrUnauthentic},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var rejected []error
			m := manager(t, c, session.Options{
				OnReject: func(_ *http.Request, err error) { rejected = append(rejected, err) },
				OnRead:   func(*http.Request, codec.Info) { t.Error("OnRead was called") },
				OnError:  func(*http.Request, error) { t.Error("OnError was called") },
			})
			response := do(m, tt.cookies, func(w http.ResponseWriter, r *http.Request) {
				s := load(t, r)
				if s.Len() != 0 || !s.IsNew() || s.Info().KeyIndex != -1 || s.Info().KeyLabel != "" {
					t.Errorf("session %v, info %+v", s.Values, s.Info())
				}
			})
			if response.StatusCode != http.StatusOK || response.Header.Get("Set-Cookie") != "" {
				t.Errorf("%d %v", response.StatusCode, response.Header)
			}
			if tt.want == nil && rejected != nil || tt.want != nil && (len(rejected) != 1 || !errors.Is(rejected[0], tt.want)) {
				t.Errorf("OnReject: %v, want %v", rejected, tt.want)
			}
		})
	}
}

// What hooks are told can go into a log.
func TestHooksHoldNoValues(t *testing.T) {
	var buf bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&buf, nil))
	c := starlette(t)
	m := manager(t, c, session.Options{
		OnReject: func(r *http.Request, err error) { log.Warn("session rejected", "err", err) },
		OnRead:   func(r *http.Request, info codec.Info) { log.Info("session read", "key", info.KeyLabel) },
		OnWrite:  func(r *http.Request, reason session.Reason) { log.Info("session written", "reason", reason) },
		OnError:  func(r *http.Request, err error) { log.Error("session not written", "err", err) },
	})
	good := cookie(t, c, `{"user_name": "hunter2"}`)
	do(m, good+"x", func(w http.ResponseWriter, r *http.Request) { load(t, r) })
	do(m, good, func(w http.ResponseWriter, r *http.Request) {
		s := load(t, r)
		log.Info("loaded", "session", s.Values)
		s.Set("password", "hunter2")
	})
	do(m, good, func(w http.ResponseWriter, r *http.Request) {
		load(t, r).Set("password", strings.Repeat("hunter2", 1000))
	})
	if text := buf.String(); strings.Contains(text, "hunter2") || strings.Count(text, "\n") != 6 {
		t.Errorf("log:\n%s", text)
	}
}

// A hook may look at the session.
func TestHooksMayLoad(t *testing.T) {
	c := starlette(t)
	done := make(chan bool)
	look := func(r *http.Request) {
		if s, err := session.Load(r); err != nil || s.Len() == 0 {
			t.Errorf("%v, %v", s, err)
		}
	}
	m := manager(t, c, session.Options{
		OnRead:  func(r *http.Request, _ codec.Info) { look(r) },
		OnWrite: func(r *http.Request, _ session.Reason) { look(r) },
	})
	go func() {
		do(m, cookie(t, c, `{"a": 1}`), func(w http.ResponseWriter, r *http.Request) { load(t, r).Set("b", 2) })
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("deadlock")
	}
}

func TestAccept(t *testing.T) {
	c := starlette(t)
	locked := errors.New("user is locked out")
	var rejected []error
	m := manager(t, c, session.Options{
		Accept: func(ctx context.Context, s *codec.Session) error {
			if s.Has("locked") {
				return locked
			}
			return nil
		},
		OnReject: func(_ *http.Request, err error) { rejected = append(rejected, err) },
	})
	do(m, cookie(t, c, `{"locked": true}`), func(w http.ResponseWriter, r *http.Request) {
		if s := load(t, r); s.Len() != 0 || !s.IsNew() {
			t.Errorf("session %v", s.Values)
		}
	})
	do(m, cookie(t, c, `{"a": 1}`), func(w http.ResponseWriter, r *http.Request) {
		if s := load(t, r); s.Len() != 1 || s.IsNew() {
			t.Errorf("session %v", s.Values)
		}
	})
	if len(rejected) != 1 || rejected[0] != locked {
		t.Errorf("OnReject: %v", rejected)
	}
}

func TestSkip(t *testing.T) {
	c := starlette(t)
	m := manager(t, c, session.Options{Skip: session.SkipPaths("/health", "/static/"), RenewAfter: time.Nanosecond})
	for path, skipped := range map[string]bool{
		"/health": true, "/health/": false, "/healthy": false, "/static/": true, "/static/a/b.css": true, "/static": false, "/": false,
	} {
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("Cookie", cookie(t, c, `{"a": 1}`))
		w := httptest.NewRecorder()
		m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, err := session.Load(r)
			if got := errors.Is(err, session.ErrNoMiddleware); got != skipped {
				t.Errorf("%s: Load: %v", path, err)
			}
		})).ServeHTTP(w, r)
		if got := w.Header().Get("Set-Cookie") == ""; got != skipped {
			t.Errorf("%s: headers %v", path, w.Header())
		}
	}
}

func TestNoMiddleware(t *testing.T) {
	s, err := session.Load(httptest.NewRequest("GET", "/", nil))
	if s == nil || s.Len() != 0 {
		t.Errorf("session %v", s)
	}
	for _, err := range []error{err, s.Set("a", 1), s.Save(t.Context()), s.Destroy(), s.Regenerate(), s.Discard()} {
		if !errors.Is(err, session.ErrNoMiddleware) {
			t.Errorf("%v, want ErrNoMiddleware", err)
		}
	}
}

func TestNewClientSideRefuses(t *testing.T) {
	for name, err := range map[string]error{
		"nil":         second(session.NewClientSide(nil, session.Options{})),
		"zero Codec":  second(session.NewClientSide(new(codec.Codec), session.Options{})),
		"__Http-":     second(codec.NewStarlette(codec.StarletteConfig{Keys: keys("k"), Cookie: codec.Attributes{Name: "__Http-s", Insecure: true}})),
		"nil *Codec":  second(session.NewClientSide((*codec.Codec)(nil), session.Options{})),
		"RenewAfter":  second(session.NewClientSide(starlette(t), session.Options{RenewAfter: -1})),
		"SameSite":    second(codec.NewStarlette(codec.StarletteConfig{Keys: keys("k"), Cookie: codec.Attributes{Insecure: true, SameSite: http.SameSiteNoneMode}})),
		"Partitioned": second(codec.NewStarlette(codec.StarletteConfig{Keys: keys("k"), Cookie: codec.Attributes{Insecure: true, Partitioned: true}})),
		"__Host-":     second(codec.NewStarlette(codec.StarletteConfig{Keys: keys("k"), Cookie: codec.Attributes{Name: "__Host-s", Domain: "app.example"}})),
		"Host path":   second(codec.NewStarlette(codec.StarletteConfig{Keys: keys("k"), Cookie: codec.Attributes{Name: "__Host-s", Path: "/x"}})),
		"name":        second(codec.NewStarlette(codec.StarletteConfig{Keys: keys("k"), Cookie: codec.Attributes{Name: " "}})),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestCounters(t *testing.T) {
	old, _ := clocked(t, codec.StarletteConfig{Keys: keys("old")})
	c, _ := clocked(t, codec.StarletteConfig{Keys: keys("new", "old")})
	var counters session.Counters
	if got := counters.String(); got != "[]" {
		t.Errorf("empty: %s", got)
	}
	m := manager(t, c, session.Options{OnRead: counters.Count})
	for _, sent := range []string{cookie(t, old, `{"a": 1}`), cookie(t, c, `{"a": 1}`), cookie(t, c, `{"a": 2}`), "session=forged"} {
		do(m, sent, func(w http.ResponseWriter, r *http.Request) { load(t, r) })
	}
	var got []string
	for source, reads := range counters.All() {
		got = append(got, fmt.Sprintf("%v %s %v %d", source.Format, source.Key, source.Stale, reads.Count))
		if time.Since(reads.Last) > time.Minute {
			t.Errorf("last read %v", reads.Last)
		}
	}
	if want := []string{"starlette new false 2", "starlette old true 1"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	var records []struct {
		Format, Key string
		Stale       bool
		Count       int
	}
	if err := json.Unmarshal([]byte(counters.String()), &records); err != nil || len(records) != 2 || records[1].Key != "old" || !records[1].Stale {
		t.Errorf("%v: %s", err, counters.String())
	}
}

// Applied twice, as around a router and one of its groups, it is there once.
func TestAppliedTwice(t *testing.T) {
	c := starlette(t)
	m := manager(t, c, session.Options{RenewAfter: time.Nanosecond})
	response := do(m, cookie(t, c, `{"a": 1}`), func(w http.ResponseWriter, r *http.Request) {
		m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			load(t, r).Destroy()
		})).ServeHTTP(w, r)
	})
	sessiontest.Cleared(t, c, response)
}

// Two kinds of sessions, each with a cookie of its own, in one handler.
func TestTwoManagers(t *testing.T) {
	login, prefs := starlette(t), starletteNamed(t, "prefs")
	outer, inner := manager(t, login, session.Options{}), manager(t, prefs, session.Options{})
	response := do(outer, cookie(t, login, `{"user_id": 42}`), func(w http.ResponseWriter, r *http.Request) {
		inner.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			user, err := outer.Load(r)
			if err != nil || !user.Has("user_id") {
				t.Errorf("%v, %v", user.Values, err)
			}
			innermost := load(t, r)
			if s, err := inner.Load(r); err != nil || s != innermost || s == user {
				t.Errorf("%v, %v", s.Values, err)
			}
			user.Set("n", 1)
			innermost.Set("dark", true)
		})).ServeHTTP(w, r)
	})
	if got := sessiontest.Written(t, login, response).Text(); got != `{"user_id": 42, "n": 1}` {
		t.Errorf("got %s", got)
	}
	if got := sessiontest.Written(t, prefs, response).Text(); got != `{"dark": true}` {
		t.Errorf("got %s", got)
	}
}

// A wrapper that exchanges the codec is a Codec.
type reloading struct{ current func() *codec.Codec }

func (r reloading) Read(req *http.Request) (*codec.Session, error) { return r.current().Read(req) }

func (r reloading) Write(w http.ResponseWriter, req *http.Request, v *codec.Values, opts ...codec.EncodeOption) error {
	return r.current().Write(w, req, v, opts...)
}

func TestReloading(t *testing.T) {
	c := starlette(t)
	m := manager(t, reloading{func() *codec.Codec { return c }}, session.Options{})
	sent := cookie(t, c, `{"a": 1}`)
	c, _ = clocked(t, codec.StarletteConfig{Keys: keys("new")})
	do(m, sent, func(w http.ResponseWriter, r *http.Request) {
		if !load(t, r).IsNew() {
			t.Error("the old key reads on")
		}
	})
}
