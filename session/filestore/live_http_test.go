package filestore_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/compat"
	"github.com/sessctl/sessctl/internal/pylive"
	"github.com/sessctl/sessctl/session"
)

// A browser goes to and fro between a Go service and the real app, over one
// directory: both see one session, and what one ends has ended for the other.
func TestLiveApps(t *testing.T) {
	pylive.Require(t)
	const live = "../../testdata/live"
	for i, app := range []string{"starlite_app:app", "litestar_app:app", "litestar_app:app"} {
		t.Run(peers[i].name, func(t *testing.T) {
			c := peers[i].config
			c.Dir = t.TempDir()
			python := pylive.Serve(t, pylive.Venv(t, filepath.Join(live, peers[i].requirements)), live, app,
				"SESSION_SECRET=", "SESSION_DIR="+c.Dir)
			m, err := session.NewServerSide(open(t, c), session.ServerConfig{Cookie: codec.Attributes{Insecure: true}}, session.Options{})
			must(t, err)
			service := httptest.NewServer(m.Handler(http.HandlerFunc(serve)))
			t.Cleanup(service.Close)
			b := newBrowser(t)

			b.want(python+"/replace", `{"user":"zoë","f":1.0}`, `{"user": "zo\u00eb", "f": 1.0}`)
			b.want(service.URL+"/session", "", `{"user": "zo\u00eb", "f": 1.0}`)
			b.want(service.URL+"/set", "go", `{"user": "zo\u00eb", "f": 1.0, "go": 1}`)
			b.want(python+"/update", `{"python":2}`, `{"user": "zo\u00eb", "f": 1.0, "go": 1, "python": 2}`)

			before := b.Jar.Cookies(b.at)
			b.want(service.URL+"/login", "", `{"user": "zo\u00eb", "f": 1.0, "go": 1, "python": 2}`)
			after := b.Jar.Cookies(b.at)
			b.want(python+"/session", "", `{"user": "zo\u00eb", "f": 1.0, "go": 1, "python": 2}`)
			b.Jar.SetCookies(b.at, before)
			b.want(python+"/session", "", `{}`) // the old id opens nothing
			b.Jar.SetCookies(b.at, after)
			b.want(service.URL+"/session", "", `{"user": "zo\u00eb", "f": 1.0, "go": 1, "python": 2}`)

			b.want(python+"/clear", "", `{}`)
			b.want(service.URL+"/session", "", `{}`)
			b.want(service.URL+"/set", "n", `{"n": 1}`)
			b.want(python+"/session", "", `{"n": 1}`)
			b.want(service.URL+"/logout", "", `{}`)
			b.want(python+"/session", "", `{}`)
			if left := leftoversOf(t, c.Dir); len(left) > 0 {
				t.Errorf("left: %q", left)
			}
		})
	}
}

// serve is the Go service. It answers as the apps of testdata/live do.
func serve(w http.ResponseWriter, r *http.Request) {
	s, err := session.Load(r)
	if err == nil {
		switch r.URL.Path {
		case "/set":
			key, _ := io.ReadAll(r.Body)
			err = s.Set(string(key), 1)
		case "/login":
			err = s.Regenerate()
		case "/logout":
			err = s.Destroy()
		}
	}
	text, jsonErr := s.AppendJSON(nil, codec.FormatStarlette)
	if err = errors.Join(err, jsonErr); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Write(text)
}

type browser struct {
	*http.Client
	t  *testing.T
	at *url.URL
}

func newBrowser(t *testing.T) browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	return browser{&http.Client{Jar: jar, Timeout: time.Minute}, t, &url.URL{Scheme: "http", Host: "127.0.0.1", Path: "/"}}
}

// want is the session that either side must show.
func (b browser) want(url, body, want string) {
	b.t.Helper()
	method := http.MethodPost
	if strings.HasSuffix(url, "/session") {
		method = http.MethodGet
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, url, strings.NewReader(body))
	must(b.t, err)
	response, err := b.Do(r)
	must(b.t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	must(b.t, err)
	got := string(answer)
	var view compat.View
	if json.Unmarshal(answer, &view) == nil {
		got = view.JSON()
	}
	if response.StatusCode != http.StatusOK || got != want {
		b.t.Fatalf("%s: %s, %s; want %s", url, response.Status, got, want)
	}
}
