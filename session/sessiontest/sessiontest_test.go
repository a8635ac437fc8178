package sessiontest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/sessiontest"
)

// codecs are one of each kind. A session of 9000 bytes takes several cookies of
// all but Starlette's.
func codecs(t *testing.T, now func() time.Time) map[string]session.Codec {
	t.Helper()
	starlette := newCodec(codec.NewKey("signed", []byte("secret")), now)
	litestar, err := codec.NewLitestar(codec.LitestarConfig{
		Keys:   codec.Keys{Current: codec.NewKey("encrypted", []byte("0123456789abcdef"))},
		Cookie: codec.Attributes{Name: "lsession"},
		Now:    now,
	})
	if err != nil {
		t.Fatal(err)
	}
	migration, err := codec.NewMigration(codec.MigrationConfig{To: litestar, From: []*codec.Codec{starlette}})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]session.Codec{"starlette": starlette, "litestar": litestar, "migration": migration, "wrapper": wrapper{starlette}}
}

// wrapper is a Codec that is no *codec.Codec.
type wrapper struct{ c *codec.Codec }

func (w wrapper) Read(r *http.Request) (*codec.Session, error) { return w.c.Read(r) }

func (w wrapper) Write(rw http.ResponseWriter, r *http.Request, v *codec.Values, opts ...codec.EncodeOption) error {
	return w.c.Write(rw, r, v, opts...)
}

// response is what a handler answers, with cookies of another app in it.
func response(r *http.Request, handler func(http.ResponseWriter, *http.Request)) *http.Response {
	w := httptest.NewRecorder()
	http.SetCookie(w, &http.Cookie{Name: "theme", Value: "dark"})
	http.SetCookie(w, &http.Cookie{Name: "session_id", MaxAge: -1})
	handler(w, r)
	return w.Result()
}

func TestEveryCodec(t *testing.T) {
	big := strings.Repeat("x", 9000)
	for name, c := range codecs(t, nil) {
		for size, note := range map[string]string{"small": "x", "big": big} {
			if size == "big" && (name == "starlette" || name == "wrapper") {
				continue
			}
			t.Run(name+"/"+size, func(t *testing.T) {
				r := sessiontest.Request(t, c, "POST", "/x?y=1", map[string]any{"user_id": 42, "note": note})
				if r.Method != "POST" || r.URL.String() != "/x?y=1" {
					t.Errorf("request %s %s", r.Method, r.URL)
				}
				s, err := c.Read(r)
				if err != nil || s.Len() != 2 || s.Stale {
					t.Fatalf("%v %v", s, err)
				}
				wrote := response(r, func(w http.ResponseWriter, r *http.Request) { c.Write(w, r, s.Values) })
				got := sessiontest.Written(t, c, wrote)
				if got.Text() != s.Text() {
					t.Errorf("written %v", got.Values)
				}
				cleared := response(r, func(w http.ResponseWriter, r *http.Request) { c.Write(w, r, new(codec.Values)) })
				sessiontest.Cleared(t, c, cleared)
				nothing := response(r, func(http.ResponseWriter, *http.Request) {})
				sessiontest.NotWritten(t, c, nothing)

				// And each says so when it is another.
				for _, tt := range []struct {
					name  string
					fails bool
					check func(t testing.TB)
				}{
					{"Written of nothing", true, func(t testing.TB) { sessiontest.Written(t, c, nothing) }},
					{"Written of cleared", true, func(t testing.TB) { sessiontest.Written(t, c, cleared) }},
					{"NotWritten of written", true, func(t testing.TB) { sessiontest.NotWritten(t, c, wrote) }},
					{"NotWritten of cleared", true, func(t testing.TB) { sessiontest.NotWritten(t, c, cleared) }},
					{"Cleared of written", true, func(t testing.TB) { sessiontest.Cleared(t, c, wrote) }},
					{"Cleared of nothing", true, func(t testing.TB) { sessiontest.Cleared(t, c, nothing) }},
					{"Cleared of cleared", false, func(t testing.TB) { sessiontest.Cleared(t, c, cleared) }},
				} {
					if failed := failure(tt.check); (failed != "") != tt.fails {
						t.Errorf("%s: %q", tt.name, failed)
					}
				}
			})
		}
	}
}

// What moves from one cookie to another is written, not cleared.
func TestMigration(t *testing.T) {
	all := codecs(t, nil)
	from, to := all["starlette"], all["migration"]
	r := sessiontest.Request(t, from, "GET", "/", map[string]any{"user_id": 42})
	moved := response(r, func(w http.ResponseWriter, r *http.Request) {
		s, err := to.Read(r)
		if err != nil || !s.Stale {
			t.Errorf("%v %v", s, err)
		}
		to.Write(w, r, s.Values)
	})
	if s := sessiontest.Written(t, to, moved); s.Format != codec.FormatLitestar {
		t.Errorf("written as %v", s.Format)
	}
	sessiontest.Cleared(t, from, moved)
	if failure(func(t testing.TB) { sessiontest.Cleared(t, to, moved) }) == "" {
		t.Error("the session has not ended")
	}
}

// A session of another key is none.
func TestWrittenUnreadable(t *testing.T) {
	c := newCodec(codec.NewKey("a", []byte("a")), nil)
	other := newCodec(codec.NewKey("b", []byte("b")), nil)
	r := sessiontest.Request(t, other, "GET", "/", nil)
	wrote := response(r, func(w http.ResponseWriter, r *http.Request) { other.Write(w, r, parse(t, `{"a": 1}`)) })
	if got := failure(func(t testing.TB) { sessiontest.Written(t, c, wrote) }); !strings.Contains(got, codec.ErrUnauthentic.Error()) {
		t.Errorf("got %q", got)
	}
}

func parse(t *testing.T, text string) *codec.Values {
	t.Helper()
	v, err := codec.ParseValues(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestData(t *testing.T) {
	c := newCodec(codec.NewKey("k", []byte("secret")), nil)
	type user struct {
		ID    int    `json:"user_id"`
		Email string `json:"email,omitempty"`
	}
	for _, tt := range []struct {
		data any
		want string // "": no cookie
	}{
		{nil, ""},
		{"{}", ""},
		{map[string]any{}, ""},
		{(*codec.Values)(nil), ""},
		{map[string]any{"b": 1.0, "a": []string{"Zoë"}}, `{"a": ["Zo\u00eb"], "b": 1.0}`},
		{map[string]int{"user_id": 42}, `{"user_id": 42}`},
		{user{ID: 42}, `{"user_id": 42}`},
		{&user{42, "a@b"}, `{"user_id": 42, "email": "a@b"}`},
		{`{"b":1e16, "a": NaN}`, `{"b": 1e+16, "a": NaN}`},
		{json.RawMessage(`{"b":1,"a":2}`), `{"b": 1, "a": 2}`},
		{parse(t, `{"b": 1, "a": 2}`), `{"b": 1, "a": 2}`},
	} {
		s, err := c.Read(sessiontest.Request(t, c, "GET", "/", tt.data))
		if tt.want == "" {
			if !errors.Is(err, codec.ErrNoCookie) {
				t.Errorf("%v: %v, %v", tt.data, s, err)
			}
			continue
		}
		if err != nil || s.Text() != tt.want {
			t.Errorf("%v: %s, %v; want %s", tt.data, s.Text(), err, tt.want)
		}
	}
	for _, data := range []any{42, "42", "", []int{1}, make(chan int), map[string]any{"f": func() {}}, map[string]any{"x": strings.Repeat("x", 5000)}} {
		if failure(func(t testing.TB) { sessiontest.Request(t, c, "GET", "/", data) }) == "" {
			t.Errorf("%T: no failure", data)
		}
	}
}

func TestBrowser(t *testing.T) {
	for name, c := range codecs(t, nil) {
		t.Run(name, func(t *testing.T) {
			sessions, err := session.NewClientSide(c, session.Options{})
			if err != nil {
				t.Fatal(err)
			}
			size := 9000 // several cookies, then one
			if name == "starlette" || name == "wrapper" {
				size = 2000
			}
			b := sessiontest.NewBrowser(t, sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				s, err := session.Load(r)
				if err != nil {
					t.Error(err)
				}
				if r.TLS == nil || r.URL.Host != "" {
					t.Errorf("TLS %v, URL %v", r.TLS, r.URL)
				}
				switch r.URL.Path {
				case "/grow":
					s.Set("x", strings.Repeat("x", size))
				case "/shrink":
					s.Set("x", r.FormValue("x"))
				case "/logout":
					s.Destroy()
				}
			})))
			want := func(n int, err error) {
				t.Helper()
				s, got := b.Session(c)
				x, _ := codec.Get[string](s.Values, "x")
				if len(x) != n || !errors.Is(got, err) {
					t.Errorf("%d bytes, %v; want %d, %v", len(x), got, n, err)
				}
			}
			want(0, codec.ErrNoCookie)
			b.Get("/grow")
			want(size, nil)
			b.Get("/read?only")
			want(size, nil)
			b.PostForm("/shrink", url.Values{"x": {"y"}})
			want(1, nil)
			if got := b.Cookies("/"); len(got) != 1 {
				t.Errorf("after shrinking: %d cookies", len(got))
			}
			if response := b.Get("/logout"); response.StatusCode != http.StatusOK {
				t.Errorf("logout: %d", response.StatusCode)
			}
			want(0, codec.ErrNoCookie)
			if got := b.Cookies("/"); len(got) != 0 {
				t.Errorf("after the logout: %v", got)
			}
		})
	}
}

// Cookies go where their attributes say.
func TestBrowserScopes(t *testing.T) {
	var got []string
	b := sessiontest.NewBrowser(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = nil
		for _, c := range r.Cookies() {
			got = append(got, c.Name)
		}
		slices.Sort(got)
		if r.URL.Path == "/set" {
			http.SetCookie(w, &http.Cookie{Name: "all", Path: "/", Domain: "example.com", Secure: true})
			http.SetCookie(w, &http.Cookie{Name: "host", Path: "/"})
			http.SetCookie(w, &http.Cookie{Name: "path", Path: "/set"})
			http.Redirect(w, r, "/", http.StatusSeeOther)
		}
	}))
	if response := b.Get("/set"); response.StatusCode != http.StatusSeeOther || got != nil {
		t.Errorf("%d, sent %v", response.StatusCode, got)
	}
	for target, want := range map[string][]string{
		"/": {"all", "host"}, "/set/x": {"all", "host", "path"}, "https://sub.example.com/": {"all"}, "https://example.org/": nil,
	} {
		r := httptest.NewRequest("GET", target, nil)
		b.Do(r)
		if !slices.Equal(got, want) {
			t.Errorf("%s: sent %v, want %v", target, got, want)
		}
		if len(r.Cookies()) != 0 {
			t.Error("the caller's request was changed")
		}
	}
}

func TestClock(t *testing.T) {
	clock := sessiontest.NewClock()
	start := clock.Now()
	if start != sessiontest.NewClock().Now() || start.Location() != time.UTC || start.Nanosecond() != 0 {
		t.Errorf("starts at %v", start)
	}
	clock.Advance(time.Hour)
	clock.Advance(-time.Minute)
	if got := clock.Now().Sub(start); got != 59*time.Minute {
		t.Errorf("advanced by %v", got)
	}
}

// recorder is a test that may fail.
type recorder struct {
	testing.TB
	failed string
}

func (r *recorder) Helper()                           {}
func (r *recorder) Errorf(format string, args ...any) { r.failed = fmt.Sprintf(format, args...) }
func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// failure returns what a check that fails says.
func failure(check func(t testing.TB)) string {
	var r recorder
	done := make(chan bool)
	go func() {
		defer close(done)
		check(&r)
	}()
	<-done
	return r.failed
}
