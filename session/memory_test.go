package session_test

import (
	"errors"
	"testing"
	"time"

	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/sessiontest"
)

func TestMemory(t *testing.T) {
	clock := sessiontest.NewClock()
	sessiontest.TestStore(t, sessiontest.Suite{
		New:     func(t *testing.T) session.Store { return session.NewMemory(session.MemoryConfig{Now: clock.Now}) },
		Advance: clock.Advance, Now: clock.Now,
	})
}

// A full store drops what has expired, and nothing else.
func TestMemoryFull(t *testing.T) {
	clock := sessiontest.NewClock()
	m := session.NewMemory(session.MemoryConfig{MaxSessions: 100, Now: clock.Now})
	var ids []string
	for i := range 100 {
		ids = append(ids, sessiontest.NewID())
		if err := m.Create(t.Context(), ids[i], []byte(`{}`), time.Duration(1+i%2)*time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Create(t.Context(), sessiontest.NewID(), []byte(`{}`), time.Hour); !errors.Is(err, session.ErrFull) {
		t.Errorf("Create: %v, want ErrFull", err)
	}
	for _, id := range ids {
		if _, _, err := m.Load(t.Context(), id); err != nil {
			t.Errorf("a session was logged out: %v", err)
		}
	}
	for i := range 25 { // of those that were to expire first
		if err := m.Touch(t.Context(), ids[2*i], 10*time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	clock.Advance(time.Hour)
	for range 25 {
		if err := m.Create(t.Context(), sessiontest.NewID(), []byte(`{}`), time.Hour); err != nil {
			t.Fatalf("Create: %v", err)
		}
	}
	if err := m.Create(t.Context(), sessiontest.NewID(), []byte(`{}`), time.Hour); !errors.Is(err, session.ErrFull) || m.Len() != 100 {
		t.Errorf("Create: %v, want ErrFull; %d sessions", err, m.Len())
	}
}
