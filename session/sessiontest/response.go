package sessiontest

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
)

// Written returns the session that a response sets. If it sets none, or one
// that c does not read, the test ends as failed.
//
// Of an [httptest.ResponseRecorder] pass its Result, not its header: headers
// that are set after the first byte never reach a client.
func Written(t testing.TB, c session.Codec, response *http.Response) *codec.Session {
	t.Helper()
	s, err := read(c, held(response))
	if err != nil {
		t.Fatalf("sessiontest: the response sets no session: %v; its cookies: %q", err, names(response.Cookies()))
	}
	return s
}

// NotWritten fails the test if a response sets the session or clears it.
func NotWritten(t testing.TB, c session.Codec, response *http.Response) {
	t.Helper()
	if own := owned(t, c, response.Cookies()); len(own) > 0 {
		t.Errorf("sessiontest: the response writes the session: cookies %q", names(own))
	}
}

// Cleared fails the test unless a response ends the session: it clears a cookie
// of it and sets none.
func Cleared(t testing.TB, c session.Codec, response *http.Response) {
	t.Helper()
	if set := owned(t, c, held(response)); len(set) > 0 {
		t.Errorf("sessiontest: the response sets the session: cookies %q", names(set))
		return
	}
	if len(owned(t, c, response.Cookies())) == 0 {
		t.Errorf("sessiontest: the response clears no session; its cookies: %q", names(response.Cookies()))
	}
}

// held returns the cookies that a client without any holds after a response, as
// it sends them.
func held(response *http.Response) []*http.Cookie {
	var all []*http.Cookie
	for _, line := range response.Cookies() {
		all = slices.DeleteFunc(all, func(c *http.Cookie) bool { return c.Name == line.Name })
		over := line.MaxAge < 0 || line.MaxAge == 0 && !line.Expires.IsZero() && line.Expires.Before(time.Now())
		if !over {
			all = append(all, &http.Cookie{Name: line.Name, Value: line.Value, Quoted: line.Quoted})
		}
	}
	return all
}

// read returns the session that cookies hold.
func read(c session.Codec, cookies []*http.Cookie) (*codec.Session, error) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for _, cookie := range cookies {
		r.AddCookie(cookie)
	}
	return c.Read(r)
}

// owned returns those of the cookies that are the codec's. It alone knows
// which: those that it clears when there is no session left.
func owned(t testing.TB, c session.Codec, cookies []*http.Cookie) []*http.Cookie {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for _, cookie := range cookies {
		r.AddCookie(&http.Cookie{Name: cookie.Name, Value: "x"})
	}
	w := httptest.NewRecorder()
	if err := c.Write(w, r, new(codec.Values)); err != nil {
		t.Fatalf("sessiontest: the codec clears no cookies: %v", err)
	}
	cleared := names(w.Result().Cookies())
	var own []*http.Cookie
	for _, cookie := range cookies {
		if slices.Contains(cleared, cookie.Name) {
			own = append(own, cookie)
		}
	}
	return own
}

func names(cookies []*http.Cookie) []string {
	all := []string{}
	for _, cookie := range cookies {
		all = append(all, cookie.Name)
	}
	return all
}
