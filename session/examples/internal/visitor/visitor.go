// Package visitor visits the examples over HTTP, as a browser does.
package visitor

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// Visitor keeps cookies from one request to the next. It follows no redirects.
// Cookies do not know ports, so those of one server on 127.0.0.1 go to all.
type Visitor struct {
	t      testing.TB
	client *http.Client
}

// New returns a visitor without cookies.
func New(t testing.TB) *Visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Visitor{t, &http.Client{
		Jar:           jar,
		Timeout:       time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Serve starts a server and returns its URL. It ends with the test.
func Serve(t testing.TB, handler http.Handler) (url string) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// Do sends a request without a body. The response's body is closed when the
// test ends, at the latest.
func (v *Visitor) Do(method, url string) *http.Response {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), method, url, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	response, err := v.client.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	v.t.Cleanup(func() { response.Body.Close() })
	return response
}

// Want sends a request, and fails the test if the response has another status
// or another body.
func (v *Visitor) Want(method, url string, status int, body string) {
	v.t.Helper()
	response := v.Do(method, url)
	text, err := io.ReadAll(response.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	if got := strings.TrimSpace(string(text)); response.StatusCode != status || got != body {
		v.t.Errorf("%s %s: %d %q, want %d %q", method, url, response.StatusCode, got, status, body)
	}
}

// Cookies returns the names of the cookies that a URL gets, sorted.
func (v *Visitor) Cookies(url string) []string {
	v.t.Helper()
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	names := []string{}
	for _, c := range v.client.Jar.Cookies(r.URL) {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	return names
}
