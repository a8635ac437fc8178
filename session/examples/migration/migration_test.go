package main

import (
	"encoding/json"
	"expvar"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/examples/internal/visitor"
	"github.com/sessctl/sessctl/session/sessiontest"
)

var (
	oldKey = codec.NewKey("old", []byte("the old secret"))
	newKey = codec.NewKey("new", []byte("0123456789abcdef0123456789abcdef"))
)

func cookies(t *testing.T, c config) *codec.Codec {
	t.Helper()
	all, err := newCodec(c)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// phase starts the service anew, in a phase.
func phase(t *testing.T, n int, read *session.Counters) (url string) {
	t.Helper()
	app, err := newApp(cookies(t, config{phase: n, old: oldKey, new: newKey}), read)
	if err != nil {
		t.Fatal(err)
	}
	return visitor.Serve(t, app)
}

// A user is logged in through all phases, and back from phase 2 to 1.
func TestPhases(t *testing.T) {
	v := visitor.New(t)
	var read session.Counters
	url := phase(t, 1, &read)
	v.Want("POST", url+"/login?user=42", http.StatusOK, "welcome, user 42")
	for _, step := range []struct {
		phase  int
		cookie string // after the first request
		first  string // what that one read
	}{
		{1, "session", "starlette old stale false"},
		{2, "lsession", "starlette old stale true"},
		{1, "session", "litestar new stale true"},
		{2, "lsession", "starlette old stale true"},
		{3, "lsession", "litestar new stale false"},
	} {
		read := session.Counters{}
		url = phase(t, step.phase, &read)
		v.Want("GET", url+"/me", http.StatusOK, "user 42")
		if got := v.Cookies(url); !slices.Equal(got, []string{step.cookie}) {
			t.Errorf("phase %d: cookies %v", step.phase, got)
		}
		for source, reads := range read.All() {
			if got := fmt.Sprintf("%v %s stale %v", source.Format, source.Key, source.Stale); got != step.first || reads.Count != 1 {
				t.Errorf("phase %d: read %d times: %s, want %s", step.phase, reads.Count, got, step.first)
			}
		}
	}
	v.Want("POST", url+"/logout", http.StatusOK, "bye")
	if got := v.Cookies(url); len(got) != 0 {
		t.Errorf("after the logout: cookies %v", got)
	}
}

// Moving does not prolong a session, and after its end the old secret opens
// nothing, whatever time it has signed.
func TestTimes(t *testing.T) {
	clock := sessiontest.NewClock()
	end := clock.Now().Add(20 * 24 * time.Hour)
	at := func(phase int) *codec.Codec {
		return cookies(t, config{phase: phase, old: oldKey.Until(end), new: newKey, now: clock.Now})
	}
	app, err := newApp(at(2), new(session.Counters))
	if err != nil {
		t.Fatal(err)
	}
	visit := func(r *http.Request) *http.Response {
		return sessiontest.NewBrowser(t, app).Do(r)
	}

	user := map[string]any{"user_id": 42}
	r := sessiontest.Request(t, at(1), "GET", "/me", user)
	expires := clock.Now().Add(codec.DefaultMaxAge)
	clock.Advance(10 * 24 * time.Hour)
	if s := sessiontest.Written(t, at(3), visit(r)); !s.ExpiresAt.Equal(expires) {
		t.Errorf("moved, it expires at %v, not %v", s.ExpiresAt, expires)
	}

	r = sessiontest.Request(t, at(1), "GET", "/me", user)
	clock.Advance(10*24*time.Hour - time.Second)
	if response := visit(r); response.StatusCode != http.StatusOK {
		t.Errorf("before the end: %d", response.StatusCode)
	}
	clock.Advance(time.Second)
	if response := visit(r); response.StatusCode != http.StatusUnauthorized {
		t.Errorf("after the end: %d", response.StatusCode)
	}
}

// An operator reads the counters of expvar.
func TestVars(t *testing.T) {
	var read session.Counters
	expvar.Publish("sessions", &read)
	v := visitor.New(t)
	url := phase(t, 1, &read)
	v.Want("POST", url+"/login?user=42", http.StatusOK, "welcome, user 42")
	url = phase(t, 2, &read)
	v.Want("GET", url+"/me", http.StatusOK, "user 42")
	v.Want("GET", url+"/me", http.StatusOK, "user 42")
	var vars struct {
		Sessions []struct {
			Format, Key string
			Stale       bool
			Count       int
			Last        time.Time
		}
	}
	if err := json.NewDecoder(v.Do("GET", url+"/debug/vars").Body).Decode(&vars); err != nil {
		t.Fatal(err)
	}
	if len(vars.Sessions) != 2 || vars.Sessions[0].Format != "starlette" || !vars.Sessions[0].Stale || vars.Sessions[1].Format != "litestar" {
		t.Errorf("got %+v", vars.Sessions)
	}
}

func TestConfig(t *testing.T) {
	for _, c := range []config{
		{phase: 0, old: oldKey, new: newKey},
		{phase: 4, old: oldKey, new: newKey},
		{phase: 1, new: newKey},
		{phase: 2, old: oldKey},
		{phase: 2, old: newKey, new: newKey},
	} {
		if _, err := newCodec(c); err == nil {
			t.Errorf("phase %d: no error", c.phase)
		}
	}
}
