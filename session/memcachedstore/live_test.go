package memcachedstore_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/compat"
	"github.com/sessctl/sessctl/internal/pylive"
	"github.com/sessctl/sessctl/internal/servers"
	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/memcachedstore"
	"github.com/sessctl/sessctl/session/sessiontest"
)

const requirements = "requirements-starlite-stores.txt"

// TestLiveStore waits for its sessions to expire: memcached has its own clock.
func TestLiveStore(t *testing.T) {
	t.Parallel()
	server := servers.Memcached(t)
	n := 0
	sessiontest.TestStore(t, sessiontest.Suite{New: func(t *testing.T) session.Store {
		n++
		return open(t, memcachedstore.Config{Addr: server.Addr, Namespace: fmt.Sprint("test", n)})
	}})
}

// newPython starts the real backend.
func newPython(t testing.TB, addr string) *compat.Backend {
	t.Helper()
	return compat.StartBackend(t, pylive.File(t, requirements), pylive.File(t, "memcachedstore.py"), addr)
}

// want and wantNone are what the store must have.
var want, wantNone = compat.WantStored, compat.WantNotStored

// wantExpiry has the tolerance of a clock that ticks once a second, and of a slow machine.
func wantExpiry(t testing.TB, expires time.Time, ttl time.Duration) {
	t.Helper()
	if left := time.Until(expires); (left - ttl).Abs() > 10*time.Second {
		t.Errorf("%v are left, want %v", left, ttl)
	}
}

// Each side reads, changes, renews and deletes what the other has written.
func TestLive(t *testing.T) {
	t.Parallel()
	server := servers.Memcached(t)
	s := open(t, memcachedstore.Config{Addr: server.Addr})
	compat.BothWays(t, newPython(t, server.Addr), s, append(compat.Sample(200_000), `{"text":"\r\nEND\r\n"}`+"\r\nEND\r\n"))
}

// What has expired has, to both; what lives longer than 30 days lives, and what never
// ends has no expiry.
func TestLiveExpiry(t *testing.T) {
	t.Parallel()
	server := servers.Memcached(t)
	s, p := open(t, memcachedstore.Config{Addr: server.Addr}), newPython(t, server.Addr)
	ctx, month := t.Context(), 31*day
	created, replaced, touched, swapped := sessiontest.NewID(), sessiontest.NewID(), sessiontest.NewID(), sessiontest.NewID()
	must(t, s.Create(ctx, created, []byte(`{}`), month))
	for _, id := range []string{replaced, touched, swapped} {
		p.Set(id, `{}`, 60)
	}
	must(t, s.Replace(ctx, replaced, []byte(`{}`), month))
	must(t, s.Touch(ctx, touched, month))
	must(t, s.Swap(ctx, swapped, []byte(`{}`), []byte(`{}`), month))
	for _, id := range []string{created, replaced, touched, swapped} {
		wantExpiry(t, want(t, s, id, `{}`), month)
		p.Want(id, `{}`)
	}
	must(t, s.Touch(ctx, touched, 30*day))
	wantExpiry(t, want(t, s, touched, `{}`), 30*day)
	must(t, s.Touch(ctx, touched, 1<<62)) // until dates end
	if got := want(t, s, touched, `{}`); got.Year() != 2038 {
		t.Errorf("it ends %v", got)
	}

	id := sessiontest.NewID()
	p.Set(id, `{}`, 31*24*60*60) // which Python does not know to do
	p.WantNone(id)
	wantNone(t, s, id)
	if answer := raw(t, server.Addr, "set "+memcachedstore.Starlite+":"+id+" 0 0 2\r\n{}\r\n"); answer != "STORED\r\n" {
		t.Fatal(answer)
	}
	if got := want(t, s, id, `{}`); !got.IsZero() {
		t.Errorf("it ends %v, want never", got)
	}
	must(t, s.Touch(ctx, id, time.Hour))
	wantExpiry(t, want(t, s, id, `{}`), time.Hour)

	p.Set(id, `{}`, 2)
	must(t, s.Create(ctx, sessiontest.NewID(), []byte(`{}`), 0)) // at least a second
	short := sessiontest.NewID()
	must(t, s.Create(ctx, short, []byte(`{}`), -time.Hour))
	time.Sleep(900 * time.Millisecond)
	want(t, s, short, `{}`)
	time.Sleep(2500 * time.Millisecond)
	for _, id := range []string{id, short} {
		wantNone(t, s, id)
		p.WantNone(id)
	}
}

// raw sends a command as it is.
func raw(t testing.TB, addr, command string) string {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	must(t, err)
	defer c.Close()
	_, err = io.WriteString(c, command)
	must(t, err)
	line, err := bufio.NewReader(c).ReadString('\n')
	must(t, err)
	return line
}

// Keys that are none of ours are reached by LoadKey, values with flags are read.
func TestLiveOdd(t *testing.T) {
	t.Parallel()
	server := servers.Memcached(t)
	s, p := open(t, memcachedstore.Config{Addr: server.Addr}), newPython(t, server.Addr)
	for _, key := range []string{"null", "hello", "zoë", strings.Repeat("x", 233), ""} {
		p.Set(key, `{"a":1}`, 3600)
		data, expires, err := s.LoadKey(t.Context(), key)
		must(t, err)
		wantExpiry(t, expires, time.Hour)
		if string(data) != `{"a":1}` {
			t.Errorf("%q", data)
		}
		must(t, s.DeleteKey(t.Context(), key))
		p.WantNone(key)
		if _, _, err := s.LoadKey(t.Context(), key); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("LoadKey: %v", err)
		}
		if err := s.DeleteKey(t.Context(), key); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("DeleteKey: %v", err)
		}
	}
	if answer := raw(t, server.Addr, "set "+key+" 5 60 2\r\n{}\r\n"); answer != "STORED\r\n" {
		t.Fatal(answer)
	}
	want(t, s, id, `{}`)
	must(t, s.Replace(t.Context(), id, []byte(`{"a":1}`), time.Hour))
	p.Want(id, `{"a":1}`) // which refuses values with flags
}

// What is too large for the server, or for its memory, leaves what was there.
func TestLiveFull(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	big := func(size int) []byte { return []byte(strings.Repeat("x", size)) }
	tooLarge := func(t *testing.T, s *memcachedstore.Store, size int, wantErr error) {
		t.Helper()
		id := sessiontest.NewID()
		must(t, s.Create(ctx, id, []byte(`{"a":1}`), time.Hour))
		for what, err := range map[string]error{
			"Create": s.Create(ctx, sessiontest.NewID(), big(size), time.Hour), "Create again": s.Create(ctx, id, big(size), time.Hour),
			"Replace": s.Replace(ctx, id, big(size), time.Hour), "Swap": s.Swap(ctx, id, []byte(`{"a":1}`), big(size), time.Hour),
		} {
			if !errors.Is(err, wantErr) {
				t.Errorf("%s of %d bytes: %v, want %v", what, size, err, wantErr)
			}
		}
		want(t, s, id, `{"a":1}`)
	}

	server := servers.Memcached(t)
	s := open(t, memcachedstore.Config{Addr: server.Addr})
	tooLarge(t, s, 1<<20+1, codec.ErrTooLarge)
	tooLarge(t, s, 1<<20, codec.ErrTooLarge)
	id := sessiontest.NewID()
	must(t, s.Create(ctx, id, big(1<<20-200), time.Hour))
	want(t, s, id, string(big(1<<20-200)))

	tooLarge(t, open(t, memcachedstore.Config{Addr: servers.Memcached(t, "-I", "512k").Addr}), 600_000, codec.ErrTooLarge)

	server = servers.Memcached(t, "-I", "2m")
	s, p := open(t, memcachedstore.Config{Addr: server.Addr}), newPython(t, server.Addr)
	must(t, s.Create(ctx, id, big(1<<20), time.Hour))
	want(t, s, id, string(big(1<<20)))
	p.Set(id, string(big(1<<20+1)), 3600)
	if _, _, err := s.Load(ctx, id); !errors.Is(err, codec.ErrTooLarge) {
		t.Errorf("Load: %v, want ErrTooLarge", err)
	}

	const size = 400_000
	fill := func(s *memcachedstore.Store) error {
		for range 60 {
			if err := s.Create(ctx, sessiontest.NewID(), big(size), time.Hour); err != nil {
				return err
			}
		}
		return nil
	}
	s = open(t, memcachedstore.Config{Addr: servers.Memcached(t, "-M", "-m", "8").Addr})
	must(t, s.Create(ctx, id, []byte(`{"a":1}`), time.Hour)) // while there is room for a small one
	if err := fill(s); !errors.Is(err, session.ErrFull) {
		t.Errorf("Create: %v, want ErrFull", err)
	}
	for what, err := range map[string]error{
		"Replace": s.Replace(ctx, id, big(size), time.Hour), "Swap": s.Swap(ctx, id, []byte(`{"a":1}`), big(size), time.Hour),
	} {
		if !errors.Is(err, session.ErrFull) {
			t.Errorf("%s: %v, want ErrFull", what, err)
		}
	}
	want(t, s, id, `{"a":1}`)
	must(t, s.Touch(ctx, id, time.Hour))

	s = open(t, memcachedstore.Config{Addr: servers.Memcached(t, "-m", "8").Addr})
	must(t, s.Create(ctx, id, big(size), time.Hour))
	must(t, fill(s))
	wantNone(t, s, id) // which others have driven out

	s = open(t, memcachedstore.Config{Addr: servers.Memcached(t, "-C").Addr})
	must(t, s.Create(ctx, id, []byte(`{}`), time.Hour))
	if err := s.Swap(ctx, id, []byte(`{}`), []byte(`{"b":2}`), time.Hour); !unknown(err) {
		t.Errorf("Swap without CAS: %v", err)
	}
	want(t, s, id, `{}`)
}
