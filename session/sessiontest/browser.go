package sessiontest

import (
	"crypto/tls"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
)

// Browser visits a handler and keeps its cookies from one request to the next,
// as browsers do: by name, path and domain, Secure or not, until they are
// cleared. It is an [http.Client] without a network: https, and the host
// example.com unless the request names another. It follows no redirects.
//
// Whether a session has expired is left to the server: the jar does not know
// its [Clock].
type Browser struct {
	t       testing.TB
	handler http.Handler
	jar     *cookiejar.Jar
}

// NewBrowser returns a browser without cookies.
func NewBrowser(t testing.TB, handler http.Handler) *Browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Browser{t, handler, jar}
}

// Get requests a path, with its query if it has one.
func (b *Browser) Get(path string) *http.Response {
	return b.Do(httptest.NewRequest(http.MethodGet, path, nil))
}

// PostForm sends a form to a path.
func (b *Browser) PostForm(path string, form url.Values) *http.Response {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.Do(r)
}

// Do sends a request that [httptest.NewRequest] made. The body of the response
// is there as a whole, and needs no Close.
func (b *Browser) Do(r *http.Request) *http.Response {
	r = r.Clone(r.Context())
	if r.TLS == nil {
		r.TLS = &tls.ConnectionState{Version: tls.VersionTLS13, HandshakeComplete: true, ServerName: r.Host}
	}
	from := &url.URL{Scheme: "https", Host: r.Host, Path: r.URL.Path}
	for _, cookie := range b.jar.Cookies(from) {
		r.AddCookie(cookie)
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	response := w.Result()
	b.jar.SetCookies(from, response.Cookies())
	return response
}

// Cookies returns the cookies that the browser would send to a path, names and
// values.
func (b *Browser) Cookies(path string) []*http.Cookie {
	return b.jar.Cookies(&url.URL{Scheme: "https", Host: "example.com", Path: path})
}

// Session returns the session that the browser would send to the path /, with
// the error that c has for it: [codec.ErrNoCookie] if there is none.
func (b *Browser) Session(c session.Codec) (*codec.Session, error) {
	return read(c, b.Cookies("/"))
}
