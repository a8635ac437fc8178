package examples

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	coder "github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/sessiontest"
)

// The two WebSocket libraries of the day take the session along: coder's calls
// WriteHeader(101), gorilla's hijacks, and is given our headers.
func TestWebSocket(t *testing.T) {
	c, err := codec.NewStarlette(codec.StarletteConfig{Keys: codec.Keys{Current: codec.NewKey("k", []byte("a secret"))}})
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := session.NewClientSide(c, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, accept := range map[string]func(t *testing.T, w http.ResponseWriter, r *http.Request) (echo func()){
		"coder": func(t *testing.T, w http.ResponseWriter, r *http.Request) func() {
			conn, err := coder.Accept(w, r, nil)
			if err != nil {
				t.Error(err)
				return func() {}
			}
			return func() {
				defer conn.CloseNow()
				kind, message, err := conn.Read(r.Context())
				if err := errors.Join(err, conn.Write(r.Context(), kind, message)); err != nil {
					t.Error(err)
				}
			}
		},
		"gorilla": func(t *testing.T, w http.ResponseWriter, r *http.Request) func() {
			conn, err := (&gorilla.Upgrader{}).Upgrade(w, r, w.Header())
			if err != nil {
				t.Error(err)
				return func() {}
			}
			return func() {
				defer conn.Close()
				kind, message, err := conn.ReadMessage()
				if err := errors.Join(err, conn.WriteMessage(kind, message)); err != nil {
					t.Error(err)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				s, err := session.Load(r)
				if err != nil {
					t.Error(err)
				}
				s.Set("socket", name)
				echo := accept(t, w, r)
				if err := s.Set("late", true); !errors.Is(err, session.ErrCommitted) {
					t.Errorf("a change after the handshake: %v", err)
				}
				echo()
			})))
			defer server.Close()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			conn, response, err := coder.Dial(ctx, server.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.CloseNow()
			if got, err := codec.Get[string](sessiontest.Written(t, c, response).Values, "socket"); err != nil || got != name {
				t.Errorf("the handshake sets %q, %v", got, err)
			}
			if err := conn.Write(ctx, coder.MessageText, []byte("hello")); err != nil {
				t.Fatal(err)
			}
			if _, message, err := conn.Read(ctx); err != nil || string(message) != "hello" {
				t.Errorf("echo %q, %v", message, err)
			}
		})
	}
}
