package compat

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/vectors"
)

// ParseSetCookies reads Set-Cookie lines as a client does: those that set a
// cookie, and those that clear one, which is given the value null.
func ParseSetCookies(t testing.TB, lines []string) (set, cleared []*http.Cookie) {
	t.Helper()
	for _, line := range lines {
		c, err := http.ParseSetCookie(line)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if c.Value == "null" {
			cleared = append(cleared, c)
		} else {
			set = append(set, c)
		}
	}
	return set, cleared
}

// Unusable reports whether Python set what codec refuses to: a cookie that
// browsers drop, or more chunks than Python reads back.
func Unusable(set []*http.Cookie) bool {
	return len(set) > 10 || slices.ContainsFunc(set, func(c *http.Cookie) bool {
		return len(c.Name)+len(c.Value) > codec.MaxCookieSize
	})
}

// CheckCleared compares the cookies that Go cleared, with its clock at unix,
// with what the vector asks for and with the lines of its app.
//
// What Python cleared may be the bug (self-erasure): so the vector says which
// names are right, and of Python's lines only the attributes count.
func CheckCleared(t testing.TB, v vectors.Vector, unix float64, got, python []*http.Cookie) {
	t.Helper()
	var names []string
	for _, c := range got {
		names = append(names, c.Name)
		if c.MaxAge != 0 || c.Expires.IsZero() || !c.Expires.Before(vectors.Time(unix)) {
			t.Errorf("%s is not cleared: %s", c.Name, c)
		}
		if len(python) > 0 {
			checkAttributes(t, v, c, python[0])
		}
	}
	slices.Sort(names)
	if want := slices.Sorted(slices.Values(v.Cleared)); !slices.Equal(names, want) {
		t.Errorf("cleared %q, want %q", names, want)
	}
}

// CheckSet compares the cookies in which Go wrote a session with those of the
// vector's app. A signed one is the same to the byte. Encrypted ones hold
// another nonce, and chunks are cut elsewhere.
func CheckSet(t testing.TB, v vectors.Vector, got, python []*http.Cookie) {
	t.Helper()
	for _, c := range got {
		checkAttributes(t, v, c, python[0])
	}
	gotValue, want := joined(got), joined(python)
	if v.Format == "starlette" && gotValue != want && v.Then == "" {
		t.Errorf("value:\n got %s\nwant %s", gotValue, want)
	}
	if len(gotValue) != len(want) {
		t.Errorf("value of %d bytes, want %d", len(gotValue), len(want))
	}
	if len(got) != len(python) {
		t.Fatalf("%d cookies, want %d", len(got), len(python))
	}
	for i, c := range got {
		if c.Name != python[i].Name {
			t.Errorf("cookie %d is %s, want %s", i, c.Name, python[i].Name)
		}
	}
	for _, c := range slices.Concat(got, python) { // the rule holds for Python's too
		if quoted := v.Format == "litestar" && strings.ContainsAny(c.Value, "/="); c.Quoted != quoted {
			t.Errorf("%s: quoted %v, want %v", c.Name, c.Quoted, quoted)
		}
	}
}

func joined(cookies []*http.Cookie) string {
	var value strings.Builder
	for _, c := range cookies {
		value.WriteString(c.Value)
	}
	return value.String()
}

// checkAttributes compares all but names, values and expiry dates.
func checkAttributes(t testing.TB, v vectors.Vector, got, want *http.Cookie) {
	t.Helper()
	type attributes struct {
		path, domain                  string
		maxAge                        int
		httpOnly, secure, partitioned bool
		sameSite                      http.SameSite
	}
	of := func(c *http.Cookie) attributes {
		return attributes{c.Path, c.Domain, c.MaxAge, c.HttpOnly, c.Secure, c.Partitioned, c.SameSite}
	}
	g, w := of(got), of(want)
	if lacksAttributes(v) {
		// These set fewer. What they set, Go sets too.
		if w.path == "" {
			w.path = g.path
		}
		if w.maxAge == 0 {
			w.maxAge = g.maxAge
		}
		if w.sameSite == 0 {
			w.httpOnly, w.sameSite = g.httpOnly, g.sameSite
		}
	}
	if g != w {
		t.Errorf("%s: attributes %+v, want %+v", got.Name, g, w)
	}
}

// lacksAttributes tells the Starlette releases before 0.9.11, which set no
// Max-Age, before 0.9.10 no HttpOnly and SameSite, before 0.8.6 no Path.
func lacksAttributes(v vectors.Vector) bool {
	for _, old := range []string{"0.6.", "0.7.", "0.8.", "0.9."} {
		if strings.HasPrefix(v.MadeBy, "starlette=="+old) && !strings.HasPrefix(v.MadeBy, "starlette==0.9.11") {
			return true
		}
	}
	return false
}
