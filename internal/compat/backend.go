package compat

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/internal/pylive"
	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/sessiontest"
)

// Backend is a real session backend of Python, in a script of testdata/live that does
// what it is told. The backends' methods are get, set, delete and so on.
type Backend struct {
	t       testing.TB
	send    *json.Encoder
	answers *bufio.Reader
}

// StartBackend starts a script. It ends with the test.
func StartBackend(t testing.TB, requirements, script string, args ...string) *Backend {
	t.Helper()
	interpreter := pylive.Venv(t, requirements)
	cmd := exec.Command(interpreter, append([]string{"-E", "-s", "-B", "-W", "ignore", script}, args...)...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		cmd.Process.Kill()
		cmd.Wait() // an error, since it was killed
	})
	return &Backend{t, json.NewEncoder(stdin), bufio.NewReader(stdout)}
}

// Begin calls a method; [Backend.Answer] waits until it has returned.
func (b *Backend) Begin(call ...any) {
	b.t.Helper()
	if err := b.send.Encode(call); err != nil {
		b.t.Fatal(err)
	}
}

// Answer returns as JSON what the method has returned.
func (b *Backend) Answer() string {
	b.t.Helper()
	line, err := b.answers.ReadString('\n')
	if err != nil {
		b.t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// Do calls a method and returns its answer.
func (b *Backend) Do(call ...any) string {
	b.t.Helper()
	b.Begin(call...)
	return b.Answer()
}

// Must calls a method that returns None.
func (b *Backend) Must(call ...any) {
	b.t.Helper()
	if answer := b.Do(call...); answer != "null" {
		b.t.Fatalf("%s: %s", call[0], answer)
	}
}

// Set lets Python store a session, for some seconds.
func (b *Backend) Set(id, data string, maxAge int) {
	b.t.Helper()
	b.Must("set", id, data, maxAge)
}

// Want is what Python must read.
func (b *Backend) Want(id, data string) {
	b.t.Helper()
	var got *string
	answer := b.Do("get", id)
	if err := json.Unmarshal([]byte(answer), &got); err != nil || got == nil || *got != data {
		b.t.Fatalf("Python reads %.200s, want %.200s", answer, data)
	}
}

// WantNone asks Python for what it must not find.
func (b *Backend) WantNone(id string) {
	b.t.Helper()
	if answer := b.Do("get", id); answer != "null" {
		b.t.Fatalf("Python reads %.200s, want None", answer)
	}
}

// sample are sessions that tell spellings apart.
var sample = []string{
	`{"user":"zoë","n":1,"f":1.0,"big":1180591620717411303424}`, `{"text":"\"\\ \u0000 </>"}`, `{}`,
}

// Sample is a session as large as it may be, in bytes, and others.
func Sample(size int) []string {
	return append([]string{`{"x":"` + strings.Repeat("é", (size-8)/2) + `"}`}, sample...)
}

// BothWays lets Go and Python read, change, renew and delete what the other has
// written.
func BothWays(t *testing.T, b *Backend, s session.Store, sample []string) {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	wantLeft := func(expires time.Time, left time.Duration) {
		t.Helper()
		if off := time.Until(expires) - left; off.Abs() > 10*time.Second { // some have whole seconds alone
			t.Errorf("expires %v, %v off", expires, off)
		}
	}
	for _, data := range sample {
		id := sessiontest.NewID()
		b.Set(id, data, 3600)
		wantLeft(WantStored(t, s, id, data), time.Hour)
		must(s.Touch(ctx, id, 2*time.Hour))
		wantLeft(WantStored(t, s, id, data), 2*time.Hour)
		b.Want(id, data)
		must(s.Replace(ctx, id, []byte(`{"go":1}`), time.Hour))
		b.Want(id, `{"go":1}`)
		b.Set(id, data, 60)
		if swapper, ok := s.(session.Swapper); ok {
			if err := swapper.Swap(ctx, id, []byte(`{"go":1}`), []byte(`{"go":2}`), time.Hour); !errors.Is(err, session.ErrChanged) {
				t.Errorf("Swap of what Python has changed: %v", err)
			}
			must(swapper.Swap(ctx, id, []byte(data), []byte(`{"go":2}`), time.Hour))
			b.Want(id, `{"go":2}`)
		}
		must(s.Delete(ctx, id))
		b.WantNone(id)

		id = sessiontest.NewID()
		must(s.Create(ctx, id, []byte(data), time.Hour))
		b.Want(id, data)
		b.Set(id, `{"python":1}`, 60)
		wantLeft(WantStored(t, s, id, `{"python":1}`), time.Minute)
		if err := s.Create(ctx, id, []byte(`{}`), time.Hour); !errors.Is(err, session.ErrExists) {
			t.Errorf("Create: %v, want ErrExists", err)
		}
		b.Do("delete", id)
		WantNotStored(t, s, id)
		for what, err := range map[string]error{
			"Replace": s.Replace(ctx, id, []byte(`{}`), time.Hour), "Touch": s.Touch(ctx, id, time.Hour), "Delete": s.Delete(ctx, id),
		} {
			if !errors.Is(err, session.ErrNotFound) {
				t.Errorf("%s of what Python has deleted: %v", what, err)
			}
		}
		b.WantNone(id)
	}
}

// WantStored is what a store must load. It returns the expiry.
func WantStored(t testing.TB, s session.Store, id, data string) time.Time {
	t.Helper()
	got, expires, err := s.Load(t.Context(), id)
	if err != nil || string(got) != data {
		t.Fatalf("Load: %.200q, %v; want %.200q", got, err, data)
	}
	return expires
}

// WantNotStored asks a store for what it must not have.
func WantNotStored(t testing.TB, s session.Store, id string) {
	t.Helper()
	if data, _, err := s.Load(t.Context(), id); !errors.Is(err, session.ErrNotFound) {
		t.Fatalf("Load: %.200q, %v; want ErrNotFound", data, err)
	}
}
