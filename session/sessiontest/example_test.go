package sessiontest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/sessiontest"
)

// t is the test's *testing.T, which examples do not have.
var t = exampleT{}

type exampleT struct{ testing.TB }

func (exampleT) Helper()                           {}
func (exampleT) Fatal(args ...any)                 { panic(fmt.Sprint(args...)) }
func (exampleT) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (exampleT) Errorf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// newCodec makes the app's codec; tests give it a key and a clock of their own.
func newCodec(key codec.Key, now func() time.Time) *codec.Codec {
	c, err := codec.NewStarlette(codec.StarletteConfig{Keys: codec.Keys{Current: key}, Now: now})
	if err != nil {
		panic(err)
	}
	return c
}

// newApp is what is tested: it counts visits, and logs in and out.
func newApp(cookies session.Codec) http.Handler {
	sessions, err := session.NewClientSide(cookies, session.Options{})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		s, _ := session.Load(r)
		s.Regenerate()
		s.Set("user_id", 42)
	})
	mux.HandleFunc("GET /me", func(w http.ResponseWriter, r *http.Request) {
		s, _ := session.Load(r)
		id, err := codec.Get[int64](s.Values, "user_id")
		if err != nil {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, "user %d", id)
	})
	mux.HandleFunc("POST /visit", func(w http.ResponseWriter, r *http.Request) {
		s, _ := session.Load(r)
		visits, _ := codec.Get[int](s.Values, "visits")
		s.Set("visits", visits+1)
	})
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		s, _ := session.Load(r)
		s.Destroy()
	})
	return sessions.Handler(mux)
}

// A request that is user 42, and what the app wrote.
func Example() {
	cookies := newCodec(codec.NewKey("test", []byte("secret")), nil)
	app := newApp(cookies)

	r := sessiontest.Request(t, cookies, "GET", "/me", map[string]any{"user_id": 42})
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	fmt.Println(w.Body)
	sessiontest.NotWritten(t, cookies, w.Result())

	r = sessiontest.Request(t, cookies, "POST", "/visit", map[string]any{"user_id": 42, "visits": 6})
	w = httptest.NewRecorder()
	app.ServeHTTP(w, r)
	s := sessiontest.Written(t, cookies, w.Result())
	fmt.Println(codec.Get[int](s.Values, "visits"))

	r = sessiontest.Request(t, cookies, "POST", "/logout", map[string]any{"user_id": 42})
	w = httptest.NewRecorder()
	app.ServeHTTP(w, r)
	sessiontest.Cleared(t, cookies, w.Result())
	// Output:
	// user 42
	// 7 <nil>
}

// Two weeks pass in no time.
func ExampleClock() {
	clock := sessiontest.NewClock()
	cookies := newCodec(codec.NewKey("test", []byte("secret")), clock.Now)
	app := newApp(cookies)

	r := sessiontest.Request(t, cookies, "GET", "/me", map[string]any{"user_id": 42})
	clock.Advance(15 * 24 * time.Hour)
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	fmt.Println(w.Code)
	// Output: 401
}

// Several requests in a row.
func ExampleBrowser() {
	cookies := newCodec(codec.NewKey("test", []byte("secret")), nil)
	browser := sessiontest.NewBrowser(t, newApp(cookies))

	browser.PostForm("/login", nil)
	response := browser.Get("/me")
	body, _ := io.ReadAll(response.Body)
	fmt.Printf("%s\n", body)

	browser.PostForm("/logout", nil)
	fmt.Println(browser.Get("/me").StatusCode)
	_, err := browser.Session(cookies)
	fmt.Println(err)
	// Output:
	// user 42
	// 401
	// codec: no session cookie
}
