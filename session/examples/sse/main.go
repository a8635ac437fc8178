// Command sse sends server-sent events to those who are logged in. A stream's
// cookie goes with its first byte, so the session is changed before that; and it
// is saved before that, to answer with an error while it can be told.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8001", "address to listen on")
	flag.Parse()
	app, err := newApp([]byte(os.Getenv("SESSION_SECRET")), time.Second)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe(*addr, app))
}

var (
	userID  = codec.NewField[int64]("user_id")
	streams = codec.NewField[[]string]("streams")
)

// newApp makes the app; every so long it sends an event.
func newApp(secret []byte, every time.Duration) (http.Handler, error) {
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
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", login)
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) { events(w, r, every) })
	mux.HandleFunc("POST /logout", logout)
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
	s.Regenerate()
	userID.Set(s.Values, id)
	fmt.Fprintf(w, "welcome, user %d\n", id)
}

// events sends a count until the client has gone, and remembers in the session
// which streams were opened.
func events(w http.ResponseWriter, r *http.Request, every time.Duration) {
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
	opened, _ := streams.Get(s.Values)
	streams.Set(s.Values, append(opened, r.FormValue("name")))
	if err := s.Save(r.Context()); err != nil {
		// Too many names for a cookie. The stream goes on without: forget them.
		if err := s.Delete(streams.Key()); err != nil {
			log.Print(err)
		}
		w.Header().Set("X-Streams", "forgotten")
	}

	w.Header().Set("Content-Type", "text/event-stream")
	stream := http.NewResponseController(w)
	for n := 1; ; n++ {
		fmt.Fprintf(w, "data: user %d, event %d\n\n", id, n)
		if err := stream.Flush(); err != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-time.After(every):
		}
	}
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
