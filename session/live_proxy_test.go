package session_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/sessctl/sessctl/internal/compat"
	"github.com/sessctl/sessctl/internal/pylive"
)

// TestLiveOneSession changes one session 10,000 times behind one reverse proxy,
// which sends each request to the Python app or to the Go service, at random.
// What either of them answers must be the whole session, each time.
func TestLiveOneSession(t *testing.T) {
	pylive.Require(t)
	t.Parallel()
	for _, p := range []compat.Peer{compat.Starlette, compat.Litestar} {
		t.Run(p.String(), func(t *testing.T) {
			t.Parallel()
			key := compat.NewSecret()
			python, goes := p.Start(t, key), httptest.NewServer(service(manager(t, p.Codec(t, key), options(p))))
			t.Cleanup(goes.Close)
			t.Run("HTTP 1", func(t *testing.T) {
				front := httptest.NewServer(between(proxyTo(t, python), proxyTo(t, goes.URL), compat.NewGenerator(t, p.Format)))
				defer front.Close()
				keepOneSession(t, p, newVisitor(t, front.Client().Transport), front.URL, "HTTP/1.1", 10_000)
			})
			t.Run("HTTP 2", func(t *testing.T) { // as far as Go's handler, uvicorn has none
				front := httptest.NewUnstartedServer(between(proxyTo(t, python), goes.Config.Handler, compat.NewGenerator(t, p.Format)))
				front.EnableHTTP2 = true
				front.StartTLS()
				defer front.Close()
				keepOneSession(t, p, newVisitor(t, front.Client().Transport), front.URL, "HTTP/2.0", 1000)
			})
		})
	}
}

func proxyTo(t testing.TB, target string) http.Handler {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(u) },
		// uvicorn closes idle connections after five seconds: be faster than that.
		Transport: &http.Transport{IdleConnTimeout: 2 * time.Second},
	}
}

// between sends each request to one of two, at random, and tells which.
func between(python, goes http.Handler, g *compat.Generator) http.Handler {
	var mu sync.Mutex
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// ReverseProxy may look for the end of the request's body while it writes
		// the response. net/http forbids that by default, and the proxy fails.
		if err := http.NewResponseController(w).EnableFullDuplex(); err != nil && r.ProtoMajor == 1 {
			panic(err)
		}
		mu.Lock()
		toGo := g.IntN(2) == 0
		mu.Unlock()
		if toGo {
			w.Header().Set("Served-By", "go")
			goes.ServeHTTP(w, r)
		} else {
			w.Header().Set("Served-By", "python")
			python.ServeHTTP(w, r)
		}
	})
}

func keepOneSession(t *testing.T, p compat.Peer, v *visitor, site, proto string, requests int) {
	t.Helper()
	start := time.Now()
	g, m := compat.NewGenerator(t, p.Format), newModel()
	served, resized := map[string]int{}, map[string]int{}
	for i := range requests {
		before := len(v.cookieNames(site))
		route, body := m.step(g, p.Splits())
		response, got := v.do(site+route, body)
		by := response.Header.Get("Served-By")
		if want := m.String(); got != want {
			t.Fatalf("request %d: %s by %s:\n got %s\nwant %s", i, route, by, got, want)
		}
		after := v.cookieNames(site)
		if len(m.keys) == 0 && len(after) != 0 {
			t.Fatalf("request %d: %s by %s: cookies %v of an empty session", i, route, by, after)
		}
		if response.Proto != proto {
			t.Fatalf("request %d over %s, want %s", i, response.Proto, proto)
		}
		served[by]++
		resized[fmt.Sprintf("%d to %d cookies by %s", before, len(after), by)]++
		if i%10 == 0 { // whoever is asked has the last change
			if _, got := v.do(site+"/session", ""); got != m.String() {
				t.Fatalf("after request %d: %s by %s:\n got %s\nwant %s", i, route, by, got, m)
			}
		}
	}
	t.Logf("%d requests in %v: %v", requests, time.Since(start).Round(time.Millisecond), served)
	if !p.Splits() || requests < 10_000 {
		return
	}
	for from := 1; from <= 4; from++ {
		for to := 1; to <= 4; to++ {
			for _, by := range []string{"go", "python"} {
				if change := fmt.Sprintf("%d to %d cookies by %s", from, to, by); resized[change] == 0 {
					t.Errorf("never: %s", change)
				}
			}
		}
	}
}
