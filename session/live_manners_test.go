package session_test

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/compat"
	"github.com/sessctl/sessctl/internal/pylive"
)

// What a response does to the session: nothing, clears, or else it writes it,
// and the outcome is the session's text.
const (
	nothing = "nothing"
	clears  = "clears"
)

// outcome is what Go does, and what Python does.
type outcome struct{ goes, python string }

func both(does string) outcome { return outcome{does, does} }

// What a request carries, besides the sessions that are spelled out.
const (
	noCookie = ""
	cleared  = "null"
	forged   = "forged"
	expired  = "expired"
)

// The manners of three apps, and of the Go service that was told to have them:
// one that writes what was modified (Starlette), one that writes on every
// response (Starlette before 1.0), and Litestar, which also clears on every
// response. Where Go differs, it does so on purpose:
//
//   - A request that changes nothing clears nothing, whatever was wrong with its
//     cookies: they may be another app's, or an older key's.
//   - A logout clears a cookie that opens under no key, too.
//   - What Get returns is a copy: a change in place is none until it is Set.
var manners = []struct {
	name, sent, route, body string
	starlette               outcome // since 1.0
	older                   outcome // Starlette before 1.0
	litestar                outcome
}{
	{"first visit", noCookie, "/session", "",
		both(nothing), both(nothing), both(nothing)},
	{"first visit, no session asked for", noCookie, "/plain", "",
		both(nothing), both(nothing), both(nothing)},
	{"no session asked for", `{"a": 1}`, "/plain", "",
		both(nothing), both(`{"a": 1}`), both(`{"a": 1}`)},
	{"set", noCookie, "/update", `{"a": 1}`,
		both(`{"a": 1}`), both(`{"a": 1}`), both(`{"a": 1}`)},
	{"read", `{"a": 1}`, "/session", "",
		both(nothing), both(`{"a": 1}`), both(`{"a": 1}`)},
	{"modify", `{"a": 1, "b": 2.0}`, "/update", `{"c": "é"}`,
		both(`{"a": 1, "b": 2.0, "c": "\u00e9"}`), both(`{"a": 1, "b": 2.0, "c": "\u00e9"}`), both(`{"a": 1, "b": 2.0, "c": "\u00e9"}`)},
	{"set to what it is", `{"a": 1}`, "/update", `{"a": 1}`,
		both(`{"a": 1}`), both(`{"a": 1}`), both(`{"a": 1}`)},
	{"change in place", `{"nested": {"a": 1}}`, "/nest", "",
		both(nothing),
		outcome{`{"nested": {"a": 1}}`, `{"nested": {"a": 1, "changed": true}}`},
		outcome{`{"nested": {"a": 1}}`, `{"nested": {"a": 1, "changed": true}}`}},
	{"replace", `{"a": 1}`, "/replace", `{"b": 1}`,
		both(`{"b": 1}`), both(`{"b": 1}`), both(`{"b": 1}`)},
	{"remove one", `{"a": 1, "b": 2}`, "/remove", `"a"`,
		both(`{"b": 2}`), both(`{"b": 2}`), both(`{"b": 2}`)},
	{"remove the last", `{"a": 1}`, "/remove", `"a"`,
		both(clears), both(clears), both(clears)},
	{"clear", `{"a": 1}`, "/clear", "",
		both(clears), both(clears), both(clears)},
	{"clear what is not there", noCookie, "/clear", "",
		both(nothing), both(nothing), both(nothing)},
	{"cleared, read", cleared, "/session", "",
		both(nothing), both(nothing), outcome{nothing, clears}},
	{"empty, read", `{}`, "/session", "",
		both(nothing), outcome{nothing, clears}, outcome{nothing, clears}},
	{"empty, set", `{}`, "/update", `{"a": 1}`,
		both(`{"a": 1}`), both(`{"a": 1}`), both(`{"a": 1}`)},
	{"empty, clear", `{}`, "/clear", "",
		both(clears), both(clears), both(clears)},
	{"forged, read", forged, "/session", "",
		both(nothing), both(nothing), outcome{nothing, clears}},
	{"forged, set", forged, "/update", `{"a": 1}`,
		both(`{"a": 1}`), both(`{"a": 1}`), both(`{"a": 1}`)},
	{"forged, clear", forged, "/clear", "",
		outcome{clears, nothing}, outcome{clears, nothing}, both(clears)},
	{"expired, read", expired, "/session", "",
		both(nothing), both(nothing), outcome{nothing, clears}},
	{"expired, set", expired, "/update", `{"a": 1}`,
		both(`{"a": 1}`), both(`{"a": 1}`), both(`{"a": 1}`)},
	{"expired, clear", expired, "/clear", "",
		outcome{clears, nothing}, outcome{clears, nothing}, both(clears)},

	// What no signed cookie can hold.
	{name: "grow", sent: `{"a": 1}`, route: "/replace", body: large, litestar: both(large)},
	{name: "large, read", sent: large, route: "/session", litestar: both(large)},
	{name: "shrink", sent: large, route: "/replace", body: `{"a": 1}`, litestar: both(`{"a": 1}`)},
	{name: "large, clear", sent: large, route: "/clear", litestar: both(clears)},
}

// large takes four cookies.
var large = fmt.Sprintf(`{"text": "%s"}`, strings.Repeat("x", 11_000))

// configurations are what an app is told, and Go beside it.
var configurations = []struct {
	name       string
	cookie     string
	python     map[codec.Format]string // none: the app cannot be told
	attributes codec.Attributes
	maxAge     time.Duration
	newest     bool // older releases have no such argument
}{
	{name: "as it is", python: map[codec.Format]string{
		codec.FormatStarlette: `{}`,
		codec.FormatLitestar:  `{}`,
	}, attributes: codec.Attributes{Insecure: true}},
	{name: "name, path, domain, strict, an hour", cookie: "sid", python: map[codec.Format]string{
		codec.FormatStarlette: `{"path": "/app", "domain": "app.example", "same_site": "strict", "max_age": 3600}`,
		codec.FormatLitestar:  `{"path": "/app", "domain": "app.example", "samesite": "strict", "max_age": 3600}`,
	}, attributes: codec.Attributes{Path: "/app", Domain: "app.example", SameSite: http.SameSiteStrictMode, Insecure: true}, maxAge: time.Hour},
	{name: "secure, from other sites", python: map[codec.Format]string{
		codec.FormatStarlette: `{"https_only": true, "same_site": "none"}`,
		codec.FormatLitestar:  `{"secure": true, "samesite": "none"}`,
	}, attributes: codec.Attributes{SameSite: http.SameSiteNoneMode}},
	{name: "no max age", python: map[codec.Format]string{
		codec.FormatStarlette: `{"max_age": null}`,
	}, attributes: codec.Attributes{Insecure: true}, maxAge: codec.NoMaxAge},
	{name: "partitioned", python: map[codec.Format]string{
		codec.FormatStarlette: `{"https_only": true, "same_site": "none", "partitioned": true}`,
	}, attributes: codec.Attributes{SameSite: http.SameSiteNoneMode, Partitioned: true}, newest: true},
}

// TestLiveManners sends each request to the Python app and to the Go service,
// with the same cookies, and compares what their responses do.
func TestLiveManners(t *testing.T) {
	pylive.Require(t)
	t.Parallel()
	for _, p := range []compat.Peer{compat.Starlette, compat.OlderStarlette, compat.Litestar} {
		for _, c := range configurations {
			p := p
			p.Cookie, p.Python, p.Attributes, p.MaxAge = c.cookie, c.python[p.Format], &c.attributes, c.maxAge
			if p.Python == "" || c.newest && !p.Modified {
				continue
			}
			t.Run(p.String()+", "+c.name, func(t *testing.T) {
				t.Parallel()
				newBeside(t, p).compareManners(t)
			})
		}
	}
}

// beside is a Python app and a Go service that share a secret.
type beside struct {
	compat.Peer
	codec, forger, late *codec.Codec // forger has another secret, what late writes has expired
	python, goes        string       // URLs
}

func newBeside(t *testing.T, p compat.Peer) *beside {
	t.Helper()
	key := compat.NewSecret()
	b := &beside{Peer: p, codec: p.Codec(t, key), forger: p.Codec(t, compat.NewSecret()), python: p.Start(t, key)}
	b.late = p.CodecAt(t, func() time.Time { return time.Now().Add(-codec.DefaultMaxAge - time.Hour) }, key)
	server := httptest.NewServer(service(manager(t, b.codec, options(p))))
	t.Cleanup(server.Close)
	b.goes = server.URL
	return b
}

func (b *beside) compareManners(t *testing.T) {
	compared := 0
	for _, m := range manners {
		var want outcome
		switch {
		case b.Splits():
			want = m.litestar
		case b.Modified:
			want = m.starlette
		default:
			want = m.older
		}
		if want == (outcome{}) || m.sent == expired && b.MaxAge == codec.NoMaxAge {
			continue
		}
		compared++
		t.Run(m.name, func(t *testing.T) {
			sent := b.sent(t, m.sent)
			goes, python := b.answer(t, b.goes+m.route, m.body, sent), b.answer(t, b.python+m.route, m.body, sent)
			if got := (outcome{goes.does, python.does}); got != want {
				t.Errorf("did:\n got %+v\nwant %+v", got, want)
			}
			if goes.does != nothing && python.does != nothing {
				b.compareLines(t, goes, python)
			}
			b.compareCaching(t, goes, python, m.route != "/plain")
		})
	}
	if compared < 20 {
		t.Errorf("only %d requests compared", compared)
	}
}

// sent returns the Cookie header of a request, as browsers send it.
func (b *beside) sent(t *testing.T, what string) string {
	t.Helper()
	c, text := b.codec, what
	switch what {
	case noCookie:
		return ""
	case cleared:
		return cmp.Or(b.Cookie, "session") + "=null"
	case forged:
		c, text = b.forger, `{"user": "admin"}`
	case expired:
		c, text = b.late, `{"user": "yesterday's"}`
	}
	if text != "{}" {
		return cookie(t, c, text)
	}
	value, err := c.Encode(new(codec.Values)) // of which Write makes no cookie, and Python some
	if err != nil {
		t.Fatal(err)
	}
	if b.Splits() {
		value = `"` + value + `"`
	}
	return cmp.Or(b.Cookie, "session") + "=" + value
}

// answer is what a response does to the session, and how.
type answer struct {
	does         string
	header       http.Header
	set, cleared []*http.Cookie
}

func (b *beside) answer(t *testing.T, url, body, sent string) answer {
	t.Helper()
	v := newVisitor(t, nil)
	v.Jar = sending(sent)
	response, _ := v.do(url, body)
	a := answer{does: nothing, header: response.Header}
	a.set, a.cleared = compat.ParseSetCookies(t, response.Header["Set-Cookie"])
	if len(a.cleared) > 0 {
		a.does = clears
	}
	if len(a.set) > 0 {
		s, err := b.codec.DecodeCookies(a.set)
		if err != nil {
			t.Fatal(err)
		}
		text, err := s.AppendJSON(nil, codec.FormatStarlette)
		if err != nil {
			t.Fatal(err)
		}
		a.does = string(text)
	}
	return a
}

// compareLines compares Set-Cookie lines: which cookies, and with which
// attributes. Their order and their case mean nothing.
func (b *beside) compareLines(t *testing.T, goes, python answer) {
	t.Helper()
	names := func(cookies []*http.Cookie) (names []string) {
		for _, c := range cookies {
			names = append(names, c.Name)
		}
		return slices.Sorted(slices.Values(names))
	}
	if got, want := names(goes.set), names(python.set); !slices.Equal(got, want) {
		t.Errorf("set %q, Python %q", got, want)
	}
	if got, want := names(goes.cleared), names(python.cleared); !slices.Equal(got, want) {
		t.Errorf("cleared %q, Python %q", got, want)
	}
	for _, pair := range [][2][]*http.Cookie{{goes.set, python.set}, {goes.cleared, python.cleared}} {
		for _, c := range slices.Concat(pair[0], pair[1]) {
			if got, want := attributes(c), attributes(pair[1][0]); !slices.Equal(got, want) {
				t.Errorf("%s: attributes %q, Python's %q", c.Name, got, want)
			}
			if quoted := b.Splits() && strings.ContainsAny(c.Value, "/="); c.Quoted != quoted {
				t.Errorf("%s: quoted %v, want %v", c.Name, c.Quoted, quoted)
			}
		}
	}
	for _, c := range goes.cleared {
		// The epoch, as Starlette. Litestar's now needs a client whose clock is right.
		if !c.Expires.Equal(time.Unix(0, 0)) {
			t.Errorf("%s expires %v", c.Name, c.Expires)
		}
	}
}

// attributes returns those of a Set-Cookie line, without the date of Expires.
func attributes(c *http.Cookie) []string {
	var all []string
	for _, attribute := range strings.Split(c.Raw, ";")[1:] {
		attribute = strings.ToLower(strings.TrimSpace(attribute))
		if strings.HasPrefix(attribute, "expires=") {
			attribute = "expires"
		}
		all = append(all, attribute)
	}
	slices.Sort(all)
	return all
}

// compareCaching: what Go tells caches, Starlette since 1.0 tells in part, and
// the others leave out.
func (b *beside) compareCaching(t *testing.T, goes, python answer, accessed bool) {
	t.Helper()
	want := ""
	if accessed || goes.does != nothing {
		want = "Cookie"
	}
	if got := goes.header.Get("Vary"); got != want {
		t.Errorf("Vary: %q, want %q", got, want)
	}
	if !b.Modified {
		want = ""
	}
	if got := python.header.Get("Vary"); got != want {
		t.Errorf("Python's Vary: %q, want %q", got, want)
	}
	want = ""
	if goes.does != nothing {
		want = `no-cache="Set-Cookie"`
	}
	if got := goes.header.Get("Cache-Control"); got != want {
		t.Errorf("Cache-Control: %q, want %q", got, want)
	}
	if got := python.header.Get("Cache-Control"); got != "" {
		t.Errorf("Python's Cache-Control: %q", got)
	}
}
