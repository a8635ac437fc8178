package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
)

func testID(n int) string { return fmt.Sprintf("%032x", n) }

// slowStore is a store of entries, each of which takes its time, after which it hangs.
type slowStore struct {
	*session.Memory
	entries int
	pace    time.Duration
}

func (s slowStore) List(ctx context.Context) iter.Seq2[session.Entry, error] {
	return func(yield func(session.Entry, error) bool) {
		for range s.entries {
			time.Sleep(s.pace)
			if !yield(session.Entry{ID: testID(1), Key: testID(1)}, nil) {
				return
			}
		}
		<-ctx.Done()
		yield(session.Entry{}, ctx.Err())
	}
}

func openSlow(entries int) *openStore {
	s := slowStore{session.NewMemory(session.MemoryConfig{}), entries, 30 * time.Millisecond}
	return &openStore{dsn: &dsn{kind: "postgres"}, backend: backend{live: s, whole: s}, timeout: 80 * time.Millisecond}
}

func wantTimeout(t *testing.T, err error) {
	t.Helper()
	var f *failure
	if !errors.As(err, &f) || f.code != exitIO || !strings.Contains(f.text, "postgres does not answer within ") || len(f.hints) == 0 {
		t.Errorf("%v, want a timeout", err)
	}
}

// A list may take longer than the timeout as long as it gets on.
func TestListTimeout(t *testing.T) {
	n := 0
	for e, err := range openSlow(6).list(t.Context()) {
		if err != nil {
			if wantTimeout(t, err); e != (listed{}) {
				t.Errorf("the error comes with %+v", e)
			}
			break
		}
		if n++; n == 3 {
			time.Sleep(100 * time.Millisecond) // who reads takes longer than the timeout
		}
	}
	if n != 6 {
		t.Errorf("%d entries, want 6", n)
	}
	for range openSlow(1).list(t.Context()) {
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range openSlow(0).list(ctx) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want context.Canceled", err)
		}
		break
	}
}

// Redis bounds each answer by itself: it may be long until one holds an entry, or
// something to delete.
func TestRedisPace(t *testing.T) {
	s := openSlow(0)
	s.kind = "redis"
	s.whole = slowStore{session.NewMemory(session.MemoryConfig{}), 2, 2 * s.timeout}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for e, err := range s.list(ctx) {
		if n++; n == 2 {
			cancel()
		}
		if e == (listed{}) && !errors.Is(err, context.Canceled) || n <= 2 && err != nil {
			t.Errorf("%d: %v", n, err)
		}
	}
	if n != 3 {
		t.Errorf("%d entries, want 2 and an error", n)
	}
	runs := 0
	_, err := s.sweep(t.Context(), func(ctx context.Context) (int, error) {
		runs++
		time.Sleep(2 * s.timeout)
		return 1, ctx.Err()
	})
	if err != nil || runs != 1 {
		t.Errorf("%d runs, %v", runs, err)
	}
}

// What cannot be interrupted is left behind.
func TestCallTimeout(t *testing.T) {
	hang := make(chan struct{})
	defer close(hang)
	s := openSlow(0)
	wantTimeout(t, s.do(t.Context(), func(context.Context) error { <-hang; return nil }))
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	if err := s.do(ctx, func(context.Context) error { <-hang; return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
}

// A sweep goes on over timeouts while it deletes anything.
func TestSweepTimeout(t *testing.T) {
	s := openSlow(0)
	left := 10
	n, err := s.sweep(t.Context(), func(ctx context.Context) (deleted int, err error) {
		for ; left > 0; left-- {
			time.Sleep(25 * time.Millisecond)
			if ctx.Err() != nil {
				return deleted, fmt.Errorf("stopped: %w", ctx.Err())
			}
			deleted++
		}
		return deleted, nil
	})
	if n != 10 || err != nil {
		t.Errorf("%d, %v; want 10", n, err)
	}
	n, err = s.sweep(t.Context(), func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() })
	if wantTimeout(t, err); n != 0 {
		t.Error(n)
	}
	n, err = s.sweep(t.Context(), func(context.Context) (int, error) { return 3, errors.New("the server is gone") })
	if n != 3 || err == nil {
		t.Errorf("%d, %v", n, err)
	}
}

func TestStoreFailures(t *testing.T) {
	s := openSlow(0)
	for _, tt := range []struct {
		err  error
		code int
	}{
		{session.ErrNotFound, exitNoSession}, {fmt.Errorf("x: %w", session.ErrDamaged), exitNotSession},
		{fmt.Errorf("x: %w", codec.ErrTooLarge), exitNotSession}, {errors.New("refused"), exitIO}, {session.ErrFull, exitIO},
		{fmt.Errorf("%w: no table", errMissing), exitIO}, {usageError("x"), exitUsage},
	} {
		var f *failure
		if err := s.failed(t.Context(), tt.err); !errors.As(err, &f) || f.code != tt.code || !errors.Is(err, tt.err) && tt.code != exitUsage {
			t.Errorf("%v: %v, want exit code %d", tt.err, err, tt.code)
		}
	}
	if s.failed(t.Context(), nil) != nil {
		t.Error("nothing has failed")
	}
}

// Whatever a driver says, the password and ids are not repeated.
func TestScrub(t *testing.T) {
	for _, password := range []string{"app", "hunter2"} { // which of the two it is does not show
		s := &openStore{dsn: &dsn{kind: "postgres", user: "app", password: password}}
		const text = "password authentication failed for user app"
		if got := s.scrub(text); got != text {
			t.Errorf("the password %s makes %q of %q", password, got, text)
		}
	}
	s := &openStore{dsn: &dsn{kind: "postgres", password: "hunt er2", options: url.Values{"sslpassword": {"other/one"}}}}
	for text, want := range map[string]string{
		"cannot connect as u:hunt er2@h":                                "cannot connect as u:…@h",
		"cannot parse postgres://u:hunt%20er2@h and u:hunt+er2@h":       "cannot parse postgres://u:…@h and u:…@h",
		"key file: other/one, other%2Fone":                              "key file: …, …",
		"Duplicate entry '" + strings.Repeat("ab12", 16) + "' for key":  "Duplicate entry 'ab12ab12…' for key",
		"first line\nsecond line":                                       "first line",
		"redisstore: no":                                                "no",
		"sqlstore: cannot load a session: dial tcp: connection refused": "cannot load a session: dial tcp: connection refused",
	} {
		if got := s.scrub(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
