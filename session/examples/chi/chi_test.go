package main

import (
	"net/http"
	"testing"

	"github.com/sessctl/sessctl/session/examples/internal/visitor"
)

func TestChi(t *testing.T) {
	app, err := newApp([]byte("only for this test"))
	if err != nil {
		t.Fatal(err)
	}
	url := visitor.Serve(t, app)
	v := visitor.New(t)
	v.Want("GET", url+"/me", http.StatusUnauthorized, "log in first")
	v.Want("POST", url+"/login/x", http.StatusBadRequest, "user must be a number")
	v.Want("POST", url+"/login/42", http.StatusOK, "welcome, user 42")
	v.Want("GET", url+"/me", http.StatusOK, "user 42")
	v.Want("GET", url+"/nothing", http.StatusNotFound, "404 page not found")
	v.Want("POST", url+"/logout", http.StatusOK, "bye")
	v.Want("GET", url+"/me", http.StatusUnauthorized, "log in first")
	if got := v.Cookies(url); len(got) != 0 {
		t.Errorf("after the logout: cookies %v", got)
	}
}
