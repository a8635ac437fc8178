// Command chi shows sessions in a chi router: the middleware is net/http's, so
// it is chi's too. What counts is its place among the others.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

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

var userID = codec.NewField[int64]("user_id")

func newApp(secret []byte) (http.Handler, error) {
	cookies, err := codec.NewStarlette(codec.StarletteConfig{
		Keys:   codec.Keys{Current: codec.NewKey("2026", secret)},
		Cookie: codec.Attributes{Insecure: true}, // this is http; leave it out on https
	})
	if err != nil {
		return nil, err
	}
	sessions, err := session.NewClientSide(cookies, session.Options{})
	if err != nil {
		return nil, err
	}

	r := chi.NewRouter()
	// Around the sessions: what a panic left half done is not saved, and a handler
	// that is late has what it did saved, as its response is sent.
	r.Use(middleware.Recoverer)
	r.Use(middleware.Timeout(10 * time.Second))
	r.Use(sessions.Handler)
	// On either side: what only changes bytes.
	r.Use(middleware.Compress(5))

	r.Post("/login/{user}", login)
	r.Group(func(r chi.Router) {
		r.Use(users)
		r.Get("/me", me)
		r.Post("/logout", logout)
	})
	return r, nil
}

func login(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(chi.URLParam(r, "user"), 10, 64) // a real app asks for a password
	if err != nil {
		http.Error(w, "user must be a number", http.StatusBadRequest)
		return
	}
	s, err := session.Load(r)
	if err != nil {
		http.Error(w, "no session", http.StatusServiceUnavailable)
		return
	}
	s.Regenerate()
	userID.Set(s.Values, id)
	fmt.Fprintf(w, "welcome, user %d\n", id)
}

// users lets only those in who are logged in.
func users(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := session.Load(r)
		if err != nil {
			http.Error(w, "no session", http.StatusServiceUnavailable)
			return
		}
		if _, err := userID.Get(s.Values); err != nil {
			http.Error(w, "log in first", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func me(w http.ResponseWriter, r *http.Request) {
	s, err := session.Load(r) // the same that users has loaded
	if err != nil {
		http.Error(w, "no session", http.StatusServiceUnavailable)
		return
	}
	id, err := userID.Get(s.Values)
	if err != nil {
		http.Error(w, "log in first", http.StatusUnauthorized)
		return
	}
	fmt.Fprintf(w, "user %d\n", id)
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
