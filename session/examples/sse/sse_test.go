package main

import (
	"bufio"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session/examples/internal/visitor"
	"github.com/sessctl/sessctl/session/sessiontest"
)

const secret = "only for this test"

func TestSSE(t *testing.T) {
	app, err := newApp([]byte(secret), 10*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	cookies, err := codec.NewStarlette(codec.StarletteConfig{Keys: codec.Keys{Current: codec.NewKey("2026", []byte(secret))}})
	if err != nil {
		t.Fatal(err)
	}
	url := visitor.Serve(t, app)
	v := visitor.New(t)
	v.Want("GET", url+"/events", http.StatusUnauthorized, "log in first")
	v.Want("POST", url+"/login?user=42", http.StatusOK, "welcome, user 42")

	// The cookie is there while the stream goes on.
	open := func(name string) *http.Response {
		t.Helper()
		response := v.Do("GET", url+"/events?name="+name)
		lines := bufio.NewReader(response.Body)
		for _, want := range []string{"data: user 42, event 1", "", "data: user 42, event 2"} {
			line, err := lines.ReadString('\n')
			if err != nil || strings.TrimSpace(line) != want {
				t.Errorf("%q, %v; want %q", line, err, want)
			}
		}
		response.Body.Close()
		return response
	}
	open("news")
	s := sessiontest.Written(t, cookies, open("chat"))
	if s.Text() != `{"user_id": 42, "streams": ["news", "chat"]}` {
		t.Errorf("session %s", s.Text())
	}

	// What a cookie cannot hold does not end the stream.
	response := open(strings.Repeat("x", 5000))
	if s := sessiontest.Written(t, cookies, response); s.Text() != `{"user_id": 42}` || response.Header.Get("X-Streams") != "forgotten" {
		t.Errorf("session %s, headers %v", s.Text(), response.Header)
	}

	v.Want("POST", url+"/logout", http.StatusOK, "bye")
	v.Want("GET", url+"/events", http.StatusUnauthorized, "log in first")
}
