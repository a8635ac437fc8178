package benchmarks

import (
	"context"
	"encoding/gob"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/alexedwards/scs/v2/memstore"
	"github.com/gorilla/sessions"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
)

// text is a session of 180 bytes as apps keep them: ids, some text, a list.
// Every subject holds it, in its own way.
var text = `{"user_id": 42, "csrf_token": "9f86d081884c7d659a2feaa0c55ad015", "roles": ["admin", "billing"], "seen": 1700000000.25, "note": "` +
	strings.Repeat("n", 49) + `"}`

// secret signs Starlette's cookies, in Python as in Go.
const secret = "only for benchmarks"

// values is the session for those whose sessions are Go's.
type values struct {
	UserID    int64    `json:"user_id"`
	CSRFToken string   `json:"csrf_token"`
	Roles     []string `json:"roles"`
	Seen      float64  `json:"seen"`
	Note      string   `json:"note"`
}

// subject is a middleware around a handler, and a request with a session.
type subject struct {
	name   string
	cookie string // the Cookie header
	// read and write serve a request that reads user_id, and one that sets it
	// anew. Both answer with what they read.
	read, write http.Handler
	around      func(http.Handler) http.Handler // the middleware
}

// answer is what all handlers do with the user id.
func answer(w http.ResponseWriter, id int64, err error) {
	if err != nil || id != 42 {
		http.Error(w, "no user", http.StatusUnauthorized)
		return
	}
	w.Write(ok)
}

var ok = []byte("user 42")

// bare is the handler without any session.
func bare() subject {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(w, 42, nil) })
	return subject{name: "bare", read: h, write: h}
}

func starlette(t testing.TB) subject {
	t.Helper()
	c, err := codec.NewStarlette(codec.StarletteConfig{Keys: codec.Keys{Current: codec.NewKey("k", []byte(secret))}})
	if err != nil {
		t.Fatal(err)
	}
	return clientSide(t, "ours-starlette", c)
}

func litestar(t testing.TB) subject {
	t.Helper()
	c, err := codec.NewLitestar(codec.LitestarConfig{Keys: codec.Keys{Current: codec.NewKey("k", []byte("0123456789abcdef0123456789abcdef"))}})
	if err != nil {
		t.Fatal(err)
	}
	return clientSide(t, "ours-litestar", c)
}

var userID = codec.NewField[int64]("user_id")

func clientSide(t testing.TB, name string, c *codec.Codec) subject {
	t.Helper()
	m, err := session.NewClientSide(c, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return ours(t, name, m)
}

// ours is our middleware, and a session that it has made.
func ours(t testing.TB, name string, m *session.Manager) subject {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		v, err := codec.ParseValues(text)
		if err != nil {
			t.Fatal(err)
		}
		s, err := session.Load(r)
		if err != nil {
			t.Fatal(err)
		}
		for key, value := range v.All() {
			if err := s.SetJSON(key, value); err != nil {
				t.Fatal(err)
			}
		}
	})).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	read := m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := session.Load(r)
		if err != nil {
			answer(w, 0, err)
			return
		}
		id, err := userID.Get(s.Values)
		answer(w, id, err)
	}))
	write := m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := session.Load(r)
		if err != nil {
			answer(w, 0, err)
			return
		}
		id, err := userID.Get(s.Values)
		if err == nil {
			err = userID.Set(s.Values, id)
		}
		answer(w, id, err)
	}))
	return subject{name, cookieOf(w), read, write, m.Handler}
}

// scsMemory is scs with the store that it has by default: the cookie holds a
// token, the data stays in the process's memory, encoded with gob.
func scsMemory(t testing.TB) subject {
	t.Helper()
	return scsIn(t, memstore.NewWithCleanupInterval(0), 0)
}

// scsOneValue is scs at its best: a session that holds nothing but the value
// that is read.
func scsOneValue(t testing.TB) subject {
	t.Helper()
	m := scs.New()
	m.Store = memstore.NewWithCleanupInterval(0)
	return scsWith(t, "scs-one-value", m, map[string]any{"user_id": valuesOf(t).UserID})
}

func scsWith(t testing.TB, name string, m *scs.SessionManager, data map[string]any) subject {
	t.Helper()
	ctx, err := m.Load(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	for key, value := range data {
		m.Put(ctx, key, value)
	}
	token, _, err := m.Commit(ctx)
	if err != nil {
		t.Fatal(err)
	}
	read := m.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer(w, m.GetInt64(r.Context(), "user_id"), nil)
	}))
	write := m.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := m.GetInt64(r.Context(), "user_id")
		m.Put(r.Context(), "user_id", id)
		answer(w, id, nil)
	}))
	return subject{name, m.Cookie.Name + "=" + token, read, write, m.LoadAndSave}
}

// gorilla is gorilla/sessions with its CookieStore: gob in base64, signed with
// HMAC-SHA256, not encrypted. It has no middleware: handlers save.
func gorilla(t testing.TB) subject {
	t.Helper()
	store := sessions.NewCookieStore([]byte("0123456789abcdef0123456789abcdef"))
	store.Options.Secure = true
	store.Options.HttpOnly = true
	store.MaxAge(int(codec.DefaultMaxAge / time.Second))
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
	s, err := store.Get(r, "session")
	if err != nil {
		t.Fatal(err)
	}
	v := valuesOf(t)
	s.Values["user_id"] = v.UserID
	s.Values["csrf_token"] = v.CSRFToken
	s.Values["roles"] = v.Roles
	s.Values["seen"] = v.Seen
	s.Values["note"] = v.Note
	if err := s.Save(r, w); err != nil {
		t.Fatal(err)
	}
	errType := errors.New("user_id is no int64")
	load := func(r *http.Request) (*sessions.Session, int64, error) {
		s, err := store.Get(r, "session")
		if err != nil {
			return nil, 0, err
		}
		id, ok := s.Values["user_id"].(int64)
		if !ok {
			return nil, 0, errType
		}
		return s, id, nil
	}
	read := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, id, err := load(r)
		answer(w, id, err)
	})
	write := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, id, err := load(r)
		if err == nil {
			s.Values["user_id"] = id
			err = s.Save(r, w)
		}
		answer(w, id, err)
	})
	return subject{name: "gorilla", cookie: cookieOf(w), read: read, write: write}
}

func init() { gob.Register([]string{}) } // for scs and gorilla

func valuesOf(t testing.TB) (v values) {
	t.Helper()
	parsed, err := codec.ParseValues(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := parsed.Unmarshal(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// cookieOf returns the Cookie header of a client that got a response.
func cookieOf(w *httptest.ResponseRecorder) string {
	cookie, _, _ := strings.Cut(w.Header().Get("Set-Cookie"), ";")
	return cookie
}
