package sessiontest

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
)

// Request returns a request, as [httptest.NewRequest] does, whose cookies hold
// a session.
//
// data is the session: a map or a struct that makes a JSON object, a string
// with the text of one, or a [*codec.Values]. With nil there is no session.
// What c cannot write fails the test.
func Request(t testing.TB, c session.Codec, method, target string, data any) *http.Request {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for _, cookie := range Cookies(t, c, data) {
		r.AddCookie(cookie)
	}
	return r
}

// Cookies returns the cookies that a client with a session sends: names and
// values, no attributes. data is as in [Request].
func Cookies(t testing.TB, c session.Codec, data any) []*http.Cookie {
	t.Helper()
	v := values(t, data)
	if v.Len() == 0 {
		return nil
	}
	w := httptest.NewRecorder()
	if err := c.Write(w, httptest.NewRequest(http.MethodGet, "/", nil), v); err != nil {
		t.Fatalf("sessiontest: this session cannot be written: %v", err)
	}
	return held(w.Result())
}

// values makes a session of what a test has.
func values(t testing.TB, data any) *codec.Values {
	t.Helper()
	if v, ok := data.(*codec.Values); ok || data == nil {
		return v
	}
	text, ok := data.(string)
	if !ok {
		const key = "data"
		var outer codec.Values
		if err := outer.Set(key, data); err != nil {
			t.Fatalf("sessiontest: no session can be made of a %T: %v", data, err)
		}
		text, _ = outer.JSON(key)
	}
	v, err := codec.ParseValues(text)
	if err != nil {
		t.Fatalf("sessiontest: no session can be made of a %T: %v", data, err)
	}
	return v
}
