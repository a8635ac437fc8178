package compat

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// App is a running Python app, as a browser visits it. Its methods fail the
// test where the app does not answer 200.
type App struct {
	browser *Browser
	url     string
}

// Session returns the session.
func (a App) Session() View {
	a.browser.t.Helper()
	return a.visit(http.MethodGet, "/session", "")
}

// Replace lets Python set the session to the JSON object text.
func (a App) Replace(text string) View {
	a.browser.t.Helper()
	return a.visit(http.MethodPost, "/replace", text)
}

// Update lets Python set the members of the JSON object text.
func (a App) Update(text string) View {
	a.browser.t.Helper()
	return a.visit(http.MethodPost, "/update", text)
}

// Clear lets Python clear the session.
func (a App) Clear() View {
	a.browser.t.Helper()
	return a.visit(http.MethodPost, "/clear", "")
}

// visit returns the session after a route has done its work.
func (a App) visit(method, route, body string) View {
	a.browser.t.Helper()
	answer, _ := a.browser.do(method, a.url+route, body)
	var v View
	if err := json.Unmarshal([]byte(answer), &v); err != nil {
		a.browser.t.Fatalf("%s: %v", route, err)
	}
	return v
}

// Expiry returns when the session that the browser holds ends, in Unix seconds.
func (a App) Expiry() int64 {
	a.browser.t.Helper()
	answer, _ := a.browser.do(http.MethodGet, a.url+"/expiry", "")
	unix, err := strconv.ParseInt(answer, 10, 64)
	if err != nil {
		a.browser.t.Fatal(err)
	}
	return unix
}

// View is a session as Python sees it: pairs of keys and values, each as
// json.dumps spells it.
type View [][2]string

// JSON is what json.dumps makes of the whole session.
func (v View) JSON() string {
	pairs := make([]string, len(v))
	for i, pair := range v {
		pairs[i] = pair[0] + ": " + pair[1]
	}
	return "{" + strings.Join(pairs, ", ") + "}"
}
