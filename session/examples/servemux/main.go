// Command servemux logs users in and out beside app.py, a FastAPI app. Who logs
// in at one of them is logged in at both.
package main

import (
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os"
	"strconv"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8001", "address to listen on")
	flag.Parse()
	app, err := newApp([]byte(os.Getenv("SESSION_SECRET")))
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe(*addr, app))
}

// What the session holds. Python's keys that are not listed stay as they are.
var (
	userID = codec.NewField[int64]("user_id")
	visits = codec.NewField[int]("visits")
)

func newApp(secret []byte) (http.Handler, error) {
	cookies, err := codec.NewStarlette(codec.StarletteConfig{
		Keys:   codec.Keys{Current: codec.NewKey("2026", secret)},
		Cookie: codec.Attributes{Insecure: true}, // as in app.py: this is http; leave it out on https
	})
	if err != nil {
		return nil, err
	}
	sessions, err := session.NewClientSide(cookies, session.Options{
		// Neither error holds anything of the session.
		OnReject: func(r *http.Request, err error) { slog.InfoContext(r.Context(), "session rejected", "err", err) },
		OnError:  func(r *http.Request, err error) { slog.ErrorContext(r.Context(), "session not saved", "err", err) },
		Skip:     session.SkipPaths("/health"),
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", login)
	mux.HandleFunc("GET /me", me)
	mux.HandleFunc("POST /visit", visit)
	mux.HandleFunc("POST /logout", logout)
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "ok") })
	return sessions.Handler(mux), nil
}

func login(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.FormValue("user"), 10, 64) // a real app asks for a password
	if err != nil {
		http.Error(w, "user must be a number", http.StatusBadRequest)
		return
	}
	s, err := session.Load(r)
	if err != nil {
		http.Error(w, "no session", http.StatusServiceUnavailable)
		return
	}
	// What cannot be saved makes an error response instead of this one, so the
	// errors of these two need no care.
	s.Regenerate()
	userID.Set(s.Values, id)
	fmt.Fprintf(w, "welcome, user %d\n", id)
}

func me(w http.ResponseWriter, r *http.Request) {
	s, err := session.Load(r)
	if err != nil {
		http.Error(w, "no session", http.StatusServiceUnavailable)
		return
	}
	id, err := userID.Get(s.Values)
	if err != nil {
		http.Error(w, "log in first", http.StatusUnauthorized)
		return
	}
	n, _ := visits.Get(s.Values) // 0 if there are none
	fmt.Fprintf(w, "user %d, visits: %d\n", id, n)
}

func visit(w http.ResponseWriter, r *http.Request) {
	s, err := session.Load(r)
	if err != nil {
		http.Error(w, "no session", http.StatusServiceUnavailable)
		return
	}
	n, _ := visits.Get(s.Values)
	visits.Set(s.Values, n+1)
	w.WriteHeader(http.StatusNoContent)
}

func logout(w http.ResponseWriter, r *http.Request) {
	s, err := session.Load(r)
	if err != nil {
		http.Error(w, "no session", http.StatusServiceUnavailable)
		return
	}
	s.Destroy()
	fmt.Fprintln(w, "bye")
}
