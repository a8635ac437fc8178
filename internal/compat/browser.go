package compat

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
)

// Browser visits Python apps and a Go server of its own. One cookie jar serves
// them all, since cookies do not know ports. The jar of net/http keeps quotes
// as they came and sends them back, as browsers do.
type Browser struct {
	t       testing.TB
	client  *http.Client
	goURL   *url.URL
	handler atomic.Pointer[http.HandlerFunc] // what the Go server does next
}

// NewBrowser returns a browser without cookies. Its Go server ends with the test.
func NewBrowser(t testing.TB) *Browser {
	t.Helper()
	b := &Browser{t: t}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		(*b.handler.Load())(w, r)
	}))
	t.Cleanup(server.Close)
	var err error
	if b.goURL, err = url.Parse(server.URL); err != nil {
		t.Fatal(err)
	}
	b.Forget()
	return b
}

// Forget drops all cookies.
func (b *Browser) Forget() {
	b.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.t.Fatal(err)
	}
	b.client = &http.Client{Jar: jar, Timeout: time.Minute}
}

// Cookies returns the cookies in the jar: names and values, no attributes.
func (b *Browser) Cookies() []*http.Cookie { return b.client.Jar.Cookies(b.goURL) }

// SetCookies puts cookies into the jar, over those of the same names.
func (b *Browser) SetCookies(cookies []*http.Cookie) { b.client.Jar.SetCookies(b.goURL, cookies) }

// Names returns the names of the cookies in the jar, sorted.
func (b *Browser) Names() []string {
	var names []string
	for _, c := range b.Cookies() {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	return names
}

// Visit runs handler in the Go server, once, and returns the cookies it set.
func (b *Browser) Visit(handler http.HandlerFunc) []*http.Cookie {
	b.t.Helper()
	b.handler.Store(&handler)
	_, set := b.do(http.MethodGet, b.goURL.String(), "")
	return set
}

// Read returns what [codec.Codec.Read] returns in the Go server.
func (b *Browser) Read(c *codec.Codec) (s *codec.Session, err error) {
	b.t.Helper()
	b.Visit(func(_ http.ResponseWriter, r *http.Request) { s, err = c.Read(r) })
	return s, err
}

// Write lets the Go server write values, whatever the session was, and returns
// the cookies that this set.
func (b *Browser) Write(c *codec.Codec, v *codec.Values, opts ...codec.EncodeOption) []*http.Cookie {
	b.t.Helper()
	var err error
	set := b.Visit(func(w http.ResponseWriter, r *http.Request) { err = c.Write(w, r, v, opts...) })
	if err != nil {
		b.t.Fatalf("Go cannot write the session: %v", err)
	}
	return set
}

// Change lets the Go server read the session, change it and write it, in one
// request.
func (b *Browser) Change(c *codec.Codec, change func(*codec.Session)) {
	b.t.Helper()
	b.rewrite(c, func(s *codec.Session) []codec.EncodeOption {
		change(s)
		return nil
	})
}

// Reissue lets the Go server write the session as it read it, with the expiry
// that it had. It returns the session.
func (b *Browser) Reissue(c *codec.Codec) *codec.Session {
	b.t.Helper()
	return b.rewrite(c, func(s *codec.Session) []codec.EncodeOption {
		return []codec.EncodeOption{codec.ExpiresAt(s.ExpiresAt)}
	})
}

func (b *Browser) rewrite(c *codec.Codec, change func(*codec.Session) []codec.EncodeOption) *codec.Session {
	b.t.Helper()
	var session *codec.Session
	var readErr, writeErr error
	b.Visit(func(w http.ResponseWriter, r *http.Request) {
		if session, readErr = c.Read(r); readErr == nil {
			writeErr = c.Write(w, r, session.Values, change(session)...)
		}
	})
	if readErr != nil {
		b.t.Fatalf("Go cannot read the session: %v", readErr)
	}
	if writeErr != nil {
		b.t.Fatalf("Go cannot write the session: %v", writeErr)
	}
	return session
}

// do sends a request and returns the body and the cookies that were set.
func (b *Browser) do(method, url, body string) (string, []*http.Cookie) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	resp, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		b.t.Fatalf("%s %s: %s", method, url, resp.Status)
	}
	set := resp.Cookies()
	if len(set) != len(resp.Header["Set-Cookie"]) {
		b.t.Fatalf("%s %s: Set-Cookie lines that cannot be read", method, url)
	}
	for _, c := range set {
		pair, _, _ := strings.Cut(c.Raw, ";")
		if size := len(pair) - len("="); size > codec.MaxCookieSize {
			b.t.Fatalf("%s %s: a browser drops cookie %s of %d bytes", method, url, c.Name, size)
		}
	}
	return string(answer), set
}
