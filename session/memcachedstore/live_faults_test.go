package memcachedstore_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sessctl/sessctl/internal/servers"
	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/memcachedstore"
	"github.com/sessctl/sessctl/session/sessiontest"
)

// each calls all methods.
func each(ctx context.Context, s *memcachedstore.Store, id string) map[string]error {
	_, _, load := s.Load(ctx, id)
	return map[string]error{
		"Load": load, "Create": s.Create(ctx, id, []byte(`{}`), time.Hour), "Replace": s.Replace(ctx, id, []byte(`{}`), time.Hour),
		"Touch": s.Touch(ctx, id, time.Hour), "Swap": s.Swap(ctx, id, []byte(`{}`), []byte(`{}`), time.Hour), "Delete": s.Delete(ctx, id),
	}
}

// pooled makes a store have n idle connections.
func pooled(t *testing.T, server *servers.Server, n int) *memcachedstore.Store {
	t.Helper()
	var dials atomic.Int32
	s := open(t, memcachedstore.Config{Addr: server.Addr, Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
		dials.Add(1)
		return new(net.Dialer).DialContext(ctx, network, addr)
	}})
	server.Pause()
	var group sync.WaitGroup
	for range n {
		group.Go(func() {
			if _, _, err := s.Load(t.Context(), id); !errors.Is(err, session.ErrNotFound) {
				t.Errorf("Load: %v", err)
			}
		})
	}
	for dials.Load() < int32(n) {
		time.Sleep(time.Millisecond)
	}
	server.Resume()
	group.Wait()
	return s
}

// A server that was killed is an error while it is down, and empty when it is back.
// None of the dead connections is noticed.
func TestLiveKilled(t *testing.T) {
	t.Parallel()
	server := servers.Memcached(t)
	for name, first := range map[string]func(s *memcachedstore.Store, id string) error{
		"Create": func(s *memcachedstore.Store, id string) error {
			return s.Create(t.Context(), id, []byte(`{}`), time.Hour)
		},
		"Load": func(s *memcachedstore.Store, id string) error { _, _, err := s.Load(t.Context(), id); return err },
		"Replace": func(s *memcachedstore.Store, id string) error {
			return s.Replace(t.Context(), id, []byte(`{}`), time.Hour)
		},
		"Delete": func(s *memcachedstore.Store, id string) error { return s.Delete(t.Context(), id) },
	} {
		s := pooled(t, server, 8)
		id := sessiontest.NewID()
		must(t, s.Create(t.Context(), id, []byte(`{}`), time.Hour))
		server.Kill()
		if name == "Load" { // else nobody has noticed that the server was gone
			for what, err := range each(t.Context(), s, id) {
				if !unknown(err) || strings.Contains(err.Error(), id) {
					t.Errorf("%s while the server is down: %v", what, err)
				}
			}
		}
		server.Start()
		if err := first(s, id); err != nil && (name == "Create" || !errors.Is(err, session.ErrNotFound)) {
			t.Errorf("%s after the restart: %v", name, err)
		}
		if name != "Create" {
			wantNone(t, s, id)
		}
	}
}

// A server that is killed while requests are under way: what a call says is so, or it is
// an error.
func TestLiveKilledMeanwhile(t *testing.T) {
	t.Parallel()
	server := servers.Memcached(t)
	s := open(t, memcachedstore.Config{Addr: server.Addr})
	var stop atomic.Bool
	var done, failed atomic.Int32
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			for n := 0; !stop.Load(); n++ {
				id, data := sessiontest.NewID(), fmt.Sprintf(`{"n":"%d %d"}`, i, n)
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				err := s.Create(ctx, id, []byte(data), time.Hour)
				if errors.Is(err, session.ErrExists) {
					t.Error("a new session exists")
				}
				got, _, loadErr := s.Load(ctx, id)
				if loadErr == nil && string(got) != data {
					t.Errorf("another's session: %s", got)
				}
				if err != nil || loadErr != nil {
					failed.Add(1)
				} else if err := s.Delete(ctx, id); err == nil {
					done.Add(1)
					if _, _, err := s.Load(ctx, id); err == nil {
						t.Error("it is not deleted")
					}
				}
				if ctx.Err() != nil {
					t.Error("it hangs")
				}
				cancel()
			}
		})
	}
	for range 5 {
		time.Sleep(100 * time.Millisecond)
		server.Kill()
		time.Sleep(20 * time.Millisecond)
		server.Start()
	}
	stop.Store(true)
	group.Wait()
	t.Logf("%d sessions made and ended, %d not, over 5 kills", done.Load(), failed.Load())
	if done.Load() == 0 || failed.Load() == 0 {
		t.Error("nothing was under way")
	}
	id := sessiontest.NewID()
	must(t, s.Create(t.Context(), id, []byte(`{}`), time.Hour))
	want(t, s, id, `{}`)
}

// A server that does not answer holds up nobody beyond his context, and what it answers
// when it is back comes to nobody.
func TestLivePaused(t *testing.T) {
	t.Parallel()
	server := servers.Memcached(t)
	s := pooled(t, server, 3)
	other := sessiontest.NewID()
	must(t, s.Create(t.Context(), other, []byte(`{"other":1}`), time.Hour))
	big := []byte(strings.Repeat("x", 1_000_000))
	id := sessiontest.NewID()
	must(t, s.Create(t.Context(), id, big, time.Hour))
	server.Pause()
	for name, call := range map[string]func(ctx context.Context) error{
		"Load":    func(ctx context.Context) error { _, _, err := s.Load(ctx, id); return err },
		"Replace": func(ctx context.Context) error { return s.Replace(ctx, id, big, time.Hour) },
		"Touch":   func(ctx context.Context) error { return s.Touch(ctx, id, time.Hour) },
		"Swap":    func(ctx context.Context) error { return s.Swap(ctx, id, big, big, time.Hour) },
	} {
		const after, slack = 50 * time.Millisecond, time.Second
		deadline, cancel := context.WithTimeout(t.Context(), after)
		start := time.Now()
		if err := call(deadline); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > after+slack {
			t.Errorf("%s: %v after %v", name, err, time.Since(start))
		}
		cancel()
		canceled, cancel := context.WithCancel(t.Context())
		time.AfterFunc(after, cancel)
		start = time.Now()
		if err := call(canceled); !errors.Is(err, context.Canceled) || time.Since(start) > after+slack {
			t.Errorf("%s: %v after %v", name, err, time.Since(start))
		}
	}
	server.Resume()
	for range 20 {
		want(t, s, other, `{"other":1}`)
	}
}

// The server's own TLS.
func TestLiveTLS(t *testing.T) {
	t.Parallel()
	serverConfig, clientConfig := tlsConfigs(t)
	certificate := serverConfig.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	must(t, err)
	dir := t.TempDir()
	for name, block := range map[string]*pem.Block{"cert": {Type: "CERTIFICATE", Bytes: certificate.Certificate[0]}, "key": {Type: "PRIVATE KEY", Bytes: key}} {
		must(t, os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600))
	}
	server := servers.Memcached(t, "-Z", "-o", "ssl_chain_cert="+filepath.Join(dir, "cert")+",ssl_key="+filepath.Join(dir, "key"))
	var dials atomic.Int32
	s := open(t, memcachedstore.Config{Addr: server.Addr, Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
		dials.Add(1)
		return (&tls.Dialer{Config: clientConfig}).DialContext(ctx, network, addr)
	}})
	id, big := sessiontest.NewID(), strings.Repeat("x", 1_000_000)
	must(t, s.Create(t.Context(), id, []byte(big), time.Hour))
	for range 10 {
		want(t, s, id, big)
	}
	if n := dials.Load(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
	server.Kill()
	server.Start()
	must(t, s.Create(t.Context(), id, []byte(`{}`), time.Hour))
	want(t, s, id, `{}`)
}
