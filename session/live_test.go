package session_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/compat"
	"github.com/sessctl/sessctl/session"
)

// The live tests put a Go service beside the apps of testdata/live: see package
// compat. What they have in common is in this file.

// service has the routes of the apps of testdata/live.
func service(m *session.Manager) http.Handler {
	return m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/plain" {
			io.WriteString(w, "no session")
			return
		}
		body, err := io.ReadAll(r.Body)
		if err == nil {
			body, err = visit(r, string(body))
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write(body)
	}))
}

// visit changes the session as the route says, and returns it as json.dumps
// spells it.
func visit(r *http.Request, body string) ([]byte, error) {
	s, err := session.Load(r)
	if err != nil {
		return nil, err
	}
	if err := change(s, r.URL.Path, body); err != nil {
		return nil, err
	}
	return s.AppendJSON(nil, codec.FormatStarlette)
}

// change is that of testdata/live/shared.py.
func change(s *session.Session, path, body string) error {
	switch path {
	case "/replace":
		return errors.Join(s.Reset(), update(s, body))
	case "/update":
		return update(s, body)
	case "/remove":
		var key string
		return errors.Join(json.Unmarshal([]byte(body), &key), s.Delete(key))
	case "/clear":
		return s.Destroy()
	case "/count":
		n, err := codec.Get[int](s.Values, "n")
		if err != nil && !errors.Is(err, codec.ErrNoValue) {
			return err
		}
		return s.Set("n", n+1)
	case "/push", "/shift":
		list, err := codec.Get[[]json.RawMessage](s.Values, "list")
		if err != nil && !errors.Is(err, codec.ErrNoValue) {
			return err
		}
		if path == "/shift" {
			return s.Set("list", list[1:])
		}
		return s.Set("list", append(list, json.RawMessage(body)))
	case "/nest": // what Get returns is a copy, and this one is not set
		nested, err := codec.Get[map[string]any](s.Values, "nested")
		if err != nil {
			return err
		}
		nested["changed"] = true
	}
	return nil
}

func update(s *session.Session, body string) error {
	values, err := codec.ParseValues(body)
	if err != nil {
		return err
	}
	for key, text := range values.All() {
		if err := s.SetJSON(key, text); err != nil {
			return err
		}
	}
	return nil
}

// options are those with which Go has the manners of the peer.
func options(p compat.Peer) session.Options {
	if p.Modified {
		return session.Options{}
	}
	return session.Options{RenewAfter: time.Nanosecond}
}

// visitor is a client with a cookie jar.
type visitor struct {
	t testing.TB
	*http.Client
}

func newVisitor(t testing.TB, transport http.RoundTripper) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &visitor{t, &http.Client{Jar: jar, Transport: transport, Timeout: time.Minute}}
}

// sending is a jar that never changes: it holds one Cookie header.
type sending string

func (s sending) SetCookies(*url.URL, []*http.Cookie) {}

func (s sending) Cookies(*url.URL) []*http.Cookie {
	return codec.Cookies(http.Header{"Cookie": {string(s)}})
}

// do returns the response, and the session as json.dumps spells it, whether it
// was Python that answered, or Go.
func (v *visitor) do(url, body string) (*http.Response, string) {
	v.t.Helper()
	method := http.MethodPost
	if slices.Contains([]string{"session", "expiry", "plain"}, path.Base(url)) {
		method = http.MethodGet
	}
	r, err := http.NewRequestWithContext(v.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	response, err := v.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		v.t.Fatalf("%s: %s: %s", url, response.Status, text)
	}
	return response, spelled(v.t, string(text))
}

// spelled returns the session in an answer of either side.
func spelled(t testing.TB, answer string) string {
	t.Helper()
	if !strings.HasPrefix(answer, "[") {
		return answer
	}
	var view compat.View
	if err := json.Unmarshal([]byte(answer), &view); err != nil {
		t.Fatal(err)
	}
	return view.JSON()
}

// cookieNames returns the names of the cookies in the jar, sorted.
func (v *visitor) cookieNames(site string) []string {
	v.t.Helper()
	u, err := url.Parse(site)
	if err != nil {
		v.t.Fatal(err)
	}
	var names []string
	for _, c := range v.Jar.Cookies(u) {
		names = append(names, c.Name)
	}
	return slices.Sorted(slices.Values(names))
}
