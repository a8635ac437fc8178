package main

import (
	"net/http"
	"testing"

	"github.com/sessctl/sessctl/internal/pylive"
	"github.com/sessctl/sessctl/session/examples/internal/visitor"
)

const secret = "only for this test"

func start(t *testing.T) (url string) {
	t.Helper()
	app, err := newApp([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return visitor.Serve(t, app)
}

func TestServeMux(t *testing.T) {
	url := start(t)
	v := visitor.New(t)
	v.Want("GET", url+"/health", http.StatusOK, "ok")
	v.Want("GET", url+"/me", http.StatusUnauthorized, "log in first")
	v.Want("POST", url+"/login?user=x", http.StatusBadRequest, "user must be a number")
	v.Want("POST", url+"/login?user=42", http.StatusOK, "welcome, user 42")
	v.Want("GET", url+"/me", http.StatusOK, "user 42, visits: 0")
	v.Want("POST", url+"/visit", http.StatusNoContent, "")
	v.Want("GET", url+"/me", http.StatusOK, "user 42, visits: 1")
	v.Want("POST", url+"/logout", http.StatusOK, "bye")
	v.Want("GET", url+"/me", http.StatusUnauthorized, "log in first")
	if got := v.Cookies(url); len(got) != 0 {
		t.Errorf("after the logout: cookies %v", got)
	}
}

func TestNoSecret(t *testing.T) {
	if _, err := newApp(nil); err == nil {
		t.Error("no error without a secret")
	}
}

// Logged in at one, logged in at both; and logged out.
func TestBesideFastAPI(t *testing.T) {
	pylive.Require(t)
	python := pylive.Serve(t, pylive.Venv(t, "requirements.txt"), ".", "app:app", "SESSION_SECRET="+secret)
	golang := start(t)
	for _, tt := range []struct{ login, logout string }{
		{python, golang}, {golang, python}, {python, python}, {golang, golang},
	} {
		v := visitor.New(t)
		v.Want("POST", tt.login+"/login?user=42", http.StatusOK, "welcome, user 42")
		for _, url := range []string{golang, python} {
			v.Want("GET", url+"/me", http.StatusOK, "user 42, visits: 0")
		}
		v.Want("POST", golang+"/visit", http.StatusNoContent, "")
		for _, url := range []string{golang, python} {
			v.Want("GET", url+"/me", http.StatusOK, "user 42, visits: 1")
		}
		v.Want("POST", tt.logout+"/logout", http.StatusOK, "bye")
		for _, url := range []string{golang, python} {
			v.Want("GET", url+"/me", http.StatusUnauthorized, "log in first")
		}
	}
}
