package redisstore_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sessctl/sessctl/internal/compat"
	"github.com/sessctl/sessctl/internal/pylive"
	"github.com/sessctl/sessctl/internal/servers"
	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/redisstore"
	"github.com/sessctl/sessctl/session/sessiontest"
)

func create(t *testing.T, s session.Store, data string) (id string) {
	t.Helper()
	id = sessiontest.NewID()
	if err := s.Create(t.Context(), id, []byte(data), time.Hour); err != nil {
		t.Fatal(err)
	}
	return id
}

// A server that is down is an error, never a session that is not there; and when it is
// back so are they.
func TestLiveRestart(t *testing.T) {
	pylive.Require(t)
	server := servers.Redis(t, "--appendonly", "yes", "--appendfsync", "always")
	o := options(server)
	o.MaxRetries = -1
	s := open(t, client(t, o), "NS")
	id := create(t, s, `{"a":1}`)
	server.Kill()
	for what, err := range compat.Methods(t.Context(), s, id) {
		if compat.IsAnswer(err) || strings.Contains(err.Error(), id) {
			t.Errorf("%s without a server: %v", what, err)
		}
	}
	server.Start()
	compat.WantStored(t, s, id, `{"a":1}`)
}

// A server that hangs is waited for as long as the context says.
func TestLiveDeadline(t *testing.T) {
	pylive.Require(t)
	server := servers.Redis(t)
	s := open(t, client(t, options(server)), "NS")
	id := create(t, s, `{"a":1}`)
	server.Pause()
	start := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	for what, err := range compat.Methods(ctx, s, id) {
		if compat.IsAnswer(err) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, err := range s.List(ctx) {
		if compat.IsAnswer(err) {
			t.Errorf("List: %v", err)
		}
	}
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("it took %v", took)
	}
	server.Resume()
	compat.WantStored(t, s, id, `{"a":1}`)
}

// A server that is full, and told to evict nothing, refuses; what is there stays.
func TestLiveFull(t *testing.T) {
	pylive.Require(t)
	server := servers.Redis(t, "--maxmemory", "3mb", "--maxmemory-policy", "noeviction")
	s := open(t, client(t, options(server)), "NS")
	big := strings.Repeat("x", 200_000)
	ids := []string{create(t, s, big)}
	var err error
	for len(ids) < 100 && err == nil {
		id := sessiontest.NewID()
		if err = s.Create(t.Context(), id, []byte(big), time.Hour); err == nil {
			ids = append(ids, id)
		}
	}
	if compat.IsAnswer(err) {
		t.Fatalf("%d sessions, %v", len(ids), err)
	}
	if err := s.Replace(t.Context(), ids[0], []byte(big+big), time.Hour); compat.IsAnswer(err) {
		t.Errorf("Replace: %v", err)
	}
	for _, id := range ids {
		compat.WantStored(t, s, id, big)
	}
}

// When the master dies, its replica takes over, and has the sessions.
func TestLiveSentinel(t *testing.T) {
	pylive.Require(t)
	sentinel, master, replica := servers.RedisSentinel(t)
	c := redis.NewFailoverClient(&redis.FailoverOptions{
		MasterName: "sessions", SentinelAddrs: []string{sentinel.Addr}, ContextTimeoutEnabled: true,
	})
	defer c.Close()
	s := open(t, c, "NS")
	id := create(t, s, `{"a":1}`)
	for deadline := time.Now().Add(time.Minute); !strings.Contains(replica.Command("exists", "NS:"+id), "1"); {
		if time.Now().After(deadline) {
			t.Fatal("the replica does not get it")
		}
	}
	master.Kill()
	failed := 0
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		err := s.Replace(t.Context(), id, []byte(`{"a":2}`), time.Hour)
		if err == nil {
			break
		}
		if compat.IsAnswer(err) || time.Now().After(deadline) {
			t.Fatalf("during the failover: %v", err)
		}
		failed++
	}
	t.Logf("%d calls failed before the replica took over", failed)
	compat.WantStored(t, s, id, `{"a":2}`)
}

// cutting is a connection that breaks, when it is told to, after the server got what
// was sent and before its answer.
type cutting struct {
	net.Conn
	cut  *atomic.Bool
	sent atomic.Bool // a command, since it was told to break
}

func (c *cutting) Write(p []byte) (int, error) {
	c.sent.Store(c.cut.Load() && bytes.Contains(p, []byte("NS:")))
	return c.Conn.Write(p)
}

func (c *cutting) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.sent.Load() && c.cut.Swap(false) {
		c.Conn.Close()
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}

// When an answer is lost nobody takes that for one. A client that repeats commands
// repeats those alone that come to the same end.
func TestLiveCut(t *testing.T) {
	pylive.Require(t)
	server := servers.Redis(t)
	for name, repeats := range map[string]bool{"once": false, "repeating": true} {
		t.Run(name, func(t *testing.T) {
			var cut atomic.Bool
			o := options(server)
			o.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
				conn, err := new(net.Dialer).DialContext(ctx, network, addr)
				return &cutting{Conn: conn, cut: &cut}, err
			}
			if !repeats {
				o.MaxRetries = -1
			}
			ctx, s := t.Context(), open(t, client(t, options(server)), "NS")
			id, created := create(t, s, `{"a":1}`), sessiontest.NewID()
			if err := s.Swap(ctx, id, []byte(`{"a":1}`), []byte(`{"a":1}`), time.Hour); err != nil { // the server knows the script
				t.Fatal(err)
			}
			for _, step := range []struct {
				what  string
				call  func(s *redisstore.Store) error
				again bool
			}{
				{"Load", func(s *redisstore.Store) error { _, _, err := s.Load(ctx, id); return err }, true},
				{"Create", func(s *redisstore.Store) error { return s.Create(ctx, created, []byte(`{}`), time.Hour) }, false},
				{"Replace", func(s *redisstore.Store) error { return s.Replace(ctx, id, []byte(`{"a":2}`), time.Hour) }, true},
				{"Swap", func(s *redisstore.Store) error {
					return s.Swap(ctx, id, []byte(`{"a":2}`), []byte(`{"a":3}`), time.Hour)
				}, false},
				{"Touch", func(s *redisstore.Store) error { return s.Touch(ctx, id, 2*time.Hour) }, true},
				{"Delete", func(s *redisstore.Store) error { return s.Delete(ctx, created) }, false},
			} {
				cut.Store(true)
				err := step.call(open(t, client(t, o), "NS"))
				if repeated := repeats && step.again; repeated && err != nil || !repeated && compat.IsAnswer(err) {
					t.Errorf("%s: %v", step.what, err)
				}
			}
			// All of it was done.
			if left := time.Until(compat.WantStored(t, s, id, `{"a":3}`)); left < 119*time.Minute {
				t.Errorf("%v are left", left)
			}
			compat.WantNotStored(t, s, created)
		})
	}
}

// counting counts the writes on connections: that many times a server is told
// something, and its answer waited for.
type counting struct {
	net.Conn
	n *atomic.Int64
}

func (c counting) Write(p []byte) (int, error) {
	c.n.Add(1)
	return c.Conn.Write(p)
}

// Every method is one round trip.
func TestLiveRoundTrips(t *testing.T) {
	pylive.Require(t)
	var n atomic.Int64
	o := options(servers.Redis(t))
	o.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		return counting{conn, &n}, err
	}
	s := open(t, client(t, o), "NS")
	id := create(t, s, `{}`)
	compat.Methods(t.Context(), s, id) // the script is sent once
	n.Store(0)
	compat.Methods(t.Context(), s, create(t, s, `{}`))
	if got := n.Load(); got != 7 {
		t.Errorf("%d round trips for 7 calls", got)
	}
}

// TLS is the client's business, and Swap's script is loaded again after it was lost.
func TestLiveTLS(t *testing.T) {
	pylive.Require(t)
	certificate, key := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	pool := writeCertificate(t, certificate, key)
	server := servers.RedisTLS(t, certificate, key)
	o := options(server)
	o.TLSConfig = &tls.Config{RootCAs: pool}
	s := open(t, client(t, o), "NS")
	id := create(t, s, `{"a":1}`)
	for _, n := range []string{"2", "3"} {
		old, _, err := s.Load(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Swap(t.Context(), id, old, []byte(`{"a":`+n+`}`), time.Hour); err != nil {
			t.Error(err)
		}
		if err := client(t, o).ScriptFlush(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
	}
	compat.WantStored(t, s, id, `{"a":3}`)
	if err := open(t, client(t, options(server)), "NS").Delete(t.Context(), id); compat.IsAnswer(err) {
		t.Errorf("without TLS: %v", err)
	}
}

// writeCertificate writes a certificate for 127.0.0.1, and returns who trusts it.
func writeCertificate(t *testing.T, certificate, key string) *x509.CertPool {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	certificatePEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	err = errors.Join(os.WriteFile(certificate, certificatePEM, 0o600),
		os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(certificatePEM)
	return pool
}
