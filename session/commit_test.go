package session_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/sessiontest"
)

// 101 is the response, unlike other 1xx.
func TestSwitchingProtocols(t *testing.T) {
	c := starlette(t)
	recorder := httptest.NewRecorder()
	w, r, finish := manager(t, c, session.Options{}).Begin(recorder, httptest.NewRequest("GET", "/", nil))
	s := load(t, r)
	s.Set("n", 1)
	w.WriteHeader(http.StatusSwitchingProtocols)
	if err := s.Set("n", 2); !errors.Is(err, session.ErrCommitted) {
		t.Errorf("after 101: %v", err)
	}
	if err := finish(); err != nil || recorder.Code != http.StatusSwitchingProtocols {
		t.Errorf("%v, status %d", err, recorder.Code)
	}
	if got := sessiontest.Written(t, c, recorder.Result()).Text(); got != `{"n": 1}` {
		t.Errorf("got %s", got)
	}
}

// A browser that has gone does not make the commit fail, also if other
// middleware has put something into the request's context.
func TestCommitWithoutClient(t *testing.T) {
	type key struct{}
	for name, within := range map[string]func(*http.Request) *http.Request{
		"alone": func(r *http.Request) *http.Request { return r },
		"around other middleware": func(r *http.Request) *http.Request {
			return r.WithContext(context.WithValue(r.Context(), key{}, "value"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := starlette(t)
			m := manager(t, c, session.Options{OnError: func(_ *http.Request, err error) { t.Errorf("OnError: %v", err) }})
			ctx, leave := context.WithCancel(t.Context())
			recorder := httptest.NewRecorder()
			w, r, finish := m.Begin(recorder, httptest.NewRequestWithContext(ctx, "GET", "/", nil))
			load(t, within(r)).Set("user_id", 42)
			leave()
			if _, err := io.WriteString(w, "page"); err != nil {
				t.Errorf("Write: %v", err)
			}
			if err := finish(); err != nil {
				t.Errorf("finish: %v", err)
			}
			if got := sessiontest.Written(t, c, recorder.Result()).Text(); got != `{"user_id": 42}` {
				t.Errorf("got %s", got)
			}
		})
	}
}
