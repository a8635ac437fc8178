package compat

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
)

// SharedStore lets one browser go to and fro between a Go service and a real app of
// testdata/live, at a URL, over one store: both see one session, and what one ends has
// ended for the other.
func SharedStore(t *testing.T, python string, store session.Store) {
	t.Helper()
	m, err := session.NewServerSide(store, session.ServerConfig{Cookie: codec.Attributes{Insecure: true}}, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	service := httptest.NewServer(m.Handler(http.HandlerFunc(serve)))
	defer service.Close()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	at := &url.URL{Scheme: "http", Host: "127.0.0.1", Path: "/"}
	client := &http.Client{Jar: jar, Timeout: time.Minute}
	want := func(url, body, want string) {
		t.Helper()
		wantSession(t, client, url, body, want)
	}

	want(python+"/replace", `{"user":"zoë","f":1.0}`, `{"user": "zo\u00eb", "f": 1.0}`)
	want(service.URL+"/session", "", `{"user": "zo\u00eb", "f": 1.0}`)
	want(service.URL+"/set", "go", `{"user": "zo\u00eb", "f": 1.0, "go": 1}`)
	want(python+"/update", `{"python":2}`, `{"user": "zo\u00eb", "f": 1.0, "go": 1, "python": 2}`)

	before := jar.Cookies(at)
	want(service.URL+"/login", "", `{"user": "zo\u00eb", "f": 1.0, "go": 1, "python": 2}`)
	after := jar.Cookies(at)
	want(python+"/session", "", `{"user": "zo\u00eb", "f": 1.0, "go": 1, "python": 2}`)
	jar.SetCookies(at, before)
	want(python+"/session", "", `{}`) // the old id opens nothing
	jar.SetCookies(at, after)
	want(service.URL+"/session", "", `{"user": "zo\u00eb", "f": 1.0, "go": 1, "python": 2}`)

	want(python+"/clear", "", `{}`)
	want(service.URL+"/session", "", `{}`)
	want(service.URL+"/set", "n", `{"n": 1}`)
	want(python+"/session", "", `{"n": 1}`)
	want(service.URL+"/logout", "", `{}`)
	want(python+"/session", "", `{}`)
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

// wantSession asks either side for the session.
func wantSession(t *testing.T, client *http.Client, url, body, want string) {
	t.Helper()
	method := http.MethodPost
	if strings.HasSuffix(url, "/session") {
		method = http.MethodGet
	}
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	got := string(answer)
	var view View
	if json.Unmarshal(answer, &view) == nil {
		got = view.JSON()
	}
	if response.StatusCode != http.StatusOK || got != want {
		t.Fatalf("%s: %s, %s; want %s", url, response.Status, got, want)
	}
}
