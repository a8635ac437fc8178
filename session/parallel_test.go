package session_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
)

// TestParallelRequests lets one browser send many requests at a time. Each
// changes its own copy of the session, and the response that comes last wins:
// changes of the others may be lost, as in Python, but never is it a session
// that no request wrote.
func TestParallelRequests(t *testing.T) {
	for name, c := range map[string]*codec.Codec{"starlette": starlette(t), "litestar": litestar(t)} {
		for _, o := range []session.Options{{}, {RenewAfter: time.Nanosecond}} {
			t.Run(fmt.Sprintf("%s, RenewAfter %v", name, o.RenewAfter), func(t *testing.T) {
				t.Parallel()
				requestInParallel(t, manager(t, c, o), c, name == "litestar")
			})
		}
	}
}

func litestar(t testing.TB) *codec.Codec {
	t.Helper()
	c, err := codec.NewLitestar(codec.LitestarConfig{
		Keys:   codec.Keys{Current: codec.NewKey("k", []byte("0123456789abcdef"))},
		Cookie: codec.Attributes{Insecure: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func requestInParallel(t *testing.T, m *session.Manager, c *codec.Codec, large bool) {
	const workers, requests = 50, 12
	server := httptest.NewServer(service(m))
	defer server.Close()
	site, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	v := newVisitor(t, &http.Transport{MaxIdleConnsPerHost: workers})
	defer v.CloseIdleConnections()
	v.do(server.URL+"/update", `{"user": 42}`)

	var wrote sync.Map // the sessions that some response set
	var all sync.WaitGroup
	for worker := range workers {
		all.Go(func() {
			for i := range requests {
				method, route, body := http.MethodPost, "/update", fmt.Sprintf(`{"%d": %d}`, worker, i)
				switch {
				case i%4 == 1:
					method, route, body = http.MethodGet, "/session", ""
				case i%4 == 2 && large: // to one of one to four cookies
					body = fmt.Sprintf(`{"filler": "%s"}`, strings.Repeat("x", 3000*(worker%4)))
				}
				r, err := http.NewRequestWithContext(t.Context(), method, server.URL+route, strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				response, err := v.Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				answer, err := io.ReadAll(response.Body)
				response.Body.Close()
				if err != nil || response.StatusCode != http.StatusOK {
					t.Errorf("%v: %s", err, answer)
					return
				}
				if !strings.HasPrefix(string(answer), `{"user": 42`) {
					t.Errorf("the user is gone: %.100s", answer)
				}
				set := response.Cookies()
				if len(set) == 0 {
					continue
				}
				wrote.Store(string(answer), true)
				if s, err := c.DecodeCookies(set); err != nil || string(must(s.AppendJSON(nil, codec.FormatStarlette))) != string(answer) {
					t.Errorf("the response set another session than it shows: %v", err)
				}
			}
		})
	}
	all.Wait()
	s, err := c.DecodeCookies(v.Jar.Cookies(site))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := wrote.Load(string(must(s.AppendJSON(nil, codec.FormatStarlette)))); !ok {
		t.Errorf("no request wrote the last session: %v", s.Values)
	}
}
