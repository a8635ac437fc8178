// Command migration moves a site's sessions from signed cookies to encrypted
// ones, and logs nobody out. It goes in three phases, each rolled out when the
// one before it runs everywhere:
//
//  1. Go reads both and writes signed, beside the Python app as it was.
//  2. Go reads both and writes encrypted. The Python app is Litestar by now.
//     Each session moves with the first request that reads it.
//  3. Go reads encrypted alone: /debug/vars has told that nobody comes with a
//     signed one any more.
//
// The old secret has an end of its own, so that whoever got hold of it cannot
// sign sessions for ever, should phase 3 never come.
package main

import (
	"expvar"
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
	phase := flag.Int("phase", 1, "1: write signed; 2: write encrypted; 3: read encrypted alone")
	end := flag.String("end", "", "when the old secret ends, in RFC 3339; the same in phases 1 and 2, a max age or more after phase 2 begins")
	flag.Parse()
	var until time.Time
	if *phase != 3 {
		var err error
		if until, err = time.Parse(time.RFC3339, *end); err != nil {
			log.Fatalf("-end: %v", err)
		}
	}
	cookies, err := newCodec(config{
		phase: *phase,
		old:   codec.NewKey("signed-2024", []byte(os.Getenv("OLD_SECRET"))).Until(until),
		// The bytes of Litestar's secret: 16, 24 or 32.
		new: codec.NewKey("encrypted-2026", []byte(os.Getenv("NEW_SECRET"))),
	})
	if err != nil {
		log.Fatal(err)
	}
	// How often sessions were read, by format and key, and when last.
	var read session.Counters
	expvar.Publish("sessions", &read)
	app, err := newApp(cookies, &read)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe(*addr, app))
}

type config struct {
	phase    int
	old, new codec.Key
	now      func() time.Time // nil: time.Now
}

func newCodec(c config) (*codec.Codec, error) {
	encrypted, err := codec.NewLitestar(codec.LitestarConfig{
		Keys: codec.Keys{Current: c.new},
		// A name of its own: a Litestar app clears a cookie that it cannot read.
		Cookie: codec.Attributes{Name: "lsession", Insecure: true}, // this is http; leave Insecure out on https
		Now:    c.now,
	})
	if err != nil {
		return nil, err
	}
	if c.phase == 3 {
		return encrypted, nil
	}
	signed, err := codec.NewStarlette(codec.StarletteConfig{
		Keys:   codec.Keys{Current: c.old},
		Cookie: codec.Attributes{Name: "session", Insecure: true},
		Now:    c.now,
	})
	if err != nil {
		return nil, err
	}
	switch c.phase {
	case 1:
		return codec.NewMigration(codec.MigrationConfig{To: signed, From: []*codec.Codec{encrypted}})
	case 2:
		return codec.NewMigration(codec.MigrationConfig{To: encrypted, From: []*codec.Codec{signed}})
	}
	return nil, fmt.Errorf("no phase %d", c.phase)
}

var userID = codec.NewField[int64]("user_id")

func newApp(cookies session.Codec, read *session.Counters) (http.Handler, error) {
	sessions, err := session.NewClientSide(cookies, session.Options{
		OnRead:  read.Count,
		OnError: func(_ *http.Request, err error) { log.Print(err) },
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
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
	})
	// Nothing here knows of formats: reading moves a session.
	mux.HandleFunc("GET /me", func(w http.ResponseWriter, r *http.Request) {
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
		fmt.Fprintf(w, "user %d\n", id)
	})
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		s, err := session.Load(r)
		if err != nil {
			http.Error(w, "no session", http.StatusServiceUnavailable)
			return
		}
		s.Destroy()
		fmt.Fprintln(w, "bye")
	})
	mux.Handle("GET /debug/vars", expvar.Handler()) // not for the public, on a real site
	return sessions.Handler(mux), nil
}
