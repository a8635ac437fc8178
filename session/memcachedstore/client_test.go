package memcachedstore_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/memcachedstore"
)

const day = 24 * time.Hour

// What is sent, byte for byte.
func TestRequests(t *testing.T) {
	now := time.Date(2026, 12, 7, 1, 15, 20, 999e6, time.UTC)
	for name, want := range map[string]string{
		"Load": "mg " + key + " k t c v\r\n", "Create": "add " + key + " 0 60 7\r\n{\"a\":1}\r\n",
		"Replace": "replace " + key + " 0 60 7\r\n{\"a\":1}\r\n", "Touch": "touch " + key + " 60\r\n", "Delete": "delete " + key + "\r\n",
	} {
		m := methods[name]
		f := newFake(t, answer(m.done))
		s := f.store(memcachedstore.Config{Now: func() time.Time { return now }})
		must(t, m.call(t.Context(), s))
		if got := f.got(); len(got) != 1 || got[0] != want {
			t.Errorf("%s sends %q, want %q", name, got, want)
		}
		if name == "Load" {
			if _, expires, err := s.Load(t.Context(), id); err != nil || !expires.Equal(now.Add(time.Minute)) {
				t.Errorf("expires %v, %v", expires, err)
			}
		}
	}
	never := newFake(t, answer(strings.Replace(value(`{"a":1}`, 7), "t60", "t-1", 1))).store(memcachedstore.Config{})
	if _, expires, err := never.Load(t.Context(), id); err != nil || !expires.IsZero() {
		t.Errorf("expires %v, %v; want never", expires, err)
	}
}

// What becomes of a ttl: memcached takes more than 30 days for a date.
func TestTTL(t *testing.T) {
	now := time.Date(2026, 12, 7, 1, 15, 20, 999e6, time.UTC)
	f := newFake(t, answer("TOUCHED\r\n"))
	s := f.store(memcachedstore.Config{Now: func() time.Time { return now }})
	want := func(ttl time.Duration, exptime int64) {
		t.Helper()
		must(t, s.Touch(t.Context(), id, ttl))
		got := f.got()
		if last := got[len(got)-1]; last != fmt.Sprintf("touch %s %d\r\n", key, exptime) {
			t.Errorf("%v: %q, want %d", ttl, last, exptime)
		}
	}
	for ttl, exptime := range map[time.Duration]int64{
		-1 << 63: 2, 0: 2, 1: 2, time.Second: 2, 2 * time.Second: 2, 2*time.Second + 1: 3, time.Hour: 3600,
		30 * day: 2592000, 30*day + 1: now.Unix() + 2592001, 365 * day: now.Unix() + 365*86400, 1 << 62: 1<<31 - 1, session.NoExpiry: 0,
	} {
		want(ttl, exptime)
	}
	now = time.Date(2038, 1, 18, 0, 0, 0, 0, time.UTC) // the day before dates end
	want(31*day, 2592000)
	now = now.Add(100 * day)
	want(31*day, 2592000)
}

// Each answer that memcached has, and the connection is used again.
func TestAnswers(t *testing.T) {
	for name, m := range methods {
		f := newFake(t, func(p *peer) {
			for _, text := range []string{m.done, m.none, m.done} {
				p.read()
				p.say(text)
			}
			p.gone()
		})
		s := f.store(memcachedstore.Config{})
		must(t, m.call(t.Context(), s))
		if err := m.call(t.Context(), s); !errors.Is(err, m.noneErr) {
			t.Errorf("%s: %v, want %v", name, err, m.noneErr)
		}
		must(t, m.call(t.Context(), s))
	}
}

// After any other answer nothing is known, and the connection is not used again.
func TestOddAnswers(t *testing.T) {
	long := strings.Repeat("x", 5000)
	odd := []string{
		"ERROR\r\n", "CLIENT_ERROR " + key + "\r\n", "SERVER_ERROR " + key + "\r\n", "SERVER_ERROR\r\n", "\r\n", "\n", "OK\r\n", "HD\r\n", "MN\r\n", "VA\r\n",
		"HTTP/1.1 400 Bad Request\r\n\r\n", long, long + "\r\n", "\x00\x00\r\n", "STORED \r\r\n", "EN\n", "TOUCHED\n", "DELETED\n", "STORED\n", "VALUE x 0 1\r\nx\r\nEND\r\n",
	}
	for _, c := range [][2]string{ // of an mg
		{`"a":1`, ""}, {"}\r\n", "} \r\n"}, {"VA 7", "VA 6"}, {"VA 7", "VA 8"}, {"VA 7", "VA -1"}, {"VA 7", "VA x"}, {"VA 7", "VA"}, {"VA 7", "VA 99999999999999999999"},
		{"VA 7", "VA 2147483647"}, {"VA 7", "VA 4294967303"}, {" t60", ""}, {" t60", " t"}, {" t60", " t-2"}, {" t60", " t99999999999"}, {" t60", " t6x"},
		{" c7", ""}, {" c7", " c-1"}, {" c7", " c"}, {" k", " x"}, {"k" + key, "k" + strings.Replace(key, "0", "1", 1)}, {"k" + key, "k"}, {"k" + key, ""},
	} {
		odd = append(odd, strings.Replace(value(`{"a":1}`, 7), c[0], c[1], 1))
	}
	for _, text := range odd {
		for name, m := range methods {
			if name != "Load" && strings.HasPrefix(text, "VA ") {
				continue
			}
			closed := make(chan bool, 1)
			f := newFake(t, func(p *peer) {
				p.read()
				p.say(text)
				p.Conn.(*net.TCPConn).CloseWrite() // there is no more to come
				closed <- p.gone()
			}, answer(m.done))
			s := f.store(memcachedstore.Config{})
			err := m.call(t.Context(), s)
			if !unknown(err) || strings.Contains(err.Error(), "0123456789abcdef") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s, answered with %.80q: %v", name, text, err)
			}
			if !<-closed {
				t.Errorf("%s, answered with %.80q: the connection is kept", name, text)
			}
			must(t, m.call(t.Context(), s))
		}
	}
}

// More than was asked for comes to nobody.
func TestTwoAnswers(t *testing.T) {
	other := value(`{"b":2}`, 7)
	for _, late := range []bool{false, true} {
		said := make(chan bool)
		f := newFake(t, func(p *peer) {
			p.read()
			if late {
				p.say(value(`{"a":1}`, 7))
				<-said // when the connection is idle
				p.say(other)
				said <- true
			} else {
				p.say(value(`{"a":1}`, 7) + other)
			}
			p.gone()
		}, answer(value(`{"a":1}`, 7)))
		s := f.store(memcachedstore.Config{})
		must(t, methods["Load"].call(t.Context(), s))
		if late {
			if runtime.GOOS == "windows" {
				continue
			}
			said <- true
			<-said
		}
		must(t, methods["Load"].call(t.Context(), s))
	}
}

// A lost answer is an error, unless the request may be sent twice: nobody is told
// that a session is there which he has made himself, or not there which he has ended.
func TestLostAnswer(t *testing.T) {
	for name, m := range methods {
		for _, half := range []string{"", m.done[:1], m.done[:len(m.done)-1]} {
			for _, idle := range []bool{false, true} {
				f := newFake(t, func(p *peer) {
					if idle {
						p.read()
						p.say(m.done)
					}
					p.read()
					p.say(half)
				}, answer(m.none))
				s := f.store(memcachedstore.Config{})
				want := 1
				if idle {
					must(t, m.call(t.Context(), s))
					want++
				}
				err := m.call(t.Context(), s)
				if m.again && idle && half == "" {
					want++
					if !errors.Is(err, m.noneErr) {
						t.Errorf("%s: %v, want the answer to the second request", name, err)
					}
				} else if !unknown(err) || errors.Is(err, io.EOF) {
					t.Errorf("%s, idle %v, after %q: %v", name, idle, half, err)
				}
				if got := f.got(); len(got) != want {
					t.Errorf("%s, idle %v, after %q: %d requests, want %d", name, idle, half, len(got), want)
				}
				if err := m.call(t.Context(), s); !errors.Is(err, m.noneErr) {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	}
}

// A connection that the server has closed when it was idle is noticed before it is used.
func TestClosedWhenIdle(t *testing.T) {
	for name, m := range methods {
		if runtime.GOOS == "windows" && !m.again {
			continue
		}
		closed := make(chan bool)
		f := newFake(t, func(p *peer) {
			p.read()
			p.say(m.done)
			p.Close()
			close(closed)
		}, answer(m.done))
		s := f.store(memcachedstore.Config{})
		must(t, m.call(t.Context(), s))
		<-closed
		if err := m.call(t.Context(), s); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// brokenConn takes half of what is written from the second request on. It is also no
// socket that could be asked whether it is open.
type brokenConn struct {
	net.Conn
	writes int
}

func (c *brokenConn) Write(p []byte) (int, error) {
	if c.writes++; c.writes > 1 {
		n, _ := c.Conn.Write(p[:len(p)/2])
		return n, errors.New("broken")
	}
	return c.Conn.Write(p)
}

// What has not reached the server is sent again, once.
func TestWriteFails(t *testing.T) {
	for name, m := range methods {
		f := newFake(t, answer(m.done), answer(m.done))
		dials := 0
		s := f.store(memcachedstore.Config{Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := new(net.Dialer).DialContext(ctx, network, addr)
			dials++
			return &brokenConn{Conn: c}, err
		}})
		must(t, m.call(t.Context(), s))
		must(t, m.call(t.Context(), s))
		if got := f.got(); len(got) != 2 || dials != 2 {
			t.Errorf("%s: %q, %d dials", name, got, dials)
		}
	}
	dials := 0
	s := open(t, memcachedstore.Config{Addr: "127.0.0.1:1", Dial: func(context.Context, string, string) (net.Conn, error) {
		dials++
		c, peer := net.Pipe()
		peer.Close()
		return c, nil
	}})
	for name, m := range methods {
		if err := m.call(t.Context(), s); !unknown(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if dials != len(methods) {
		t.Errorf("%d dials: what fails on a new connection is not tried again", dials)
	}
}

// Whatever a call waits for, it ends with its context. What comes later comes to nobody.
func TestContext(t *testing.T) {
	for what, dial := range map[string]func(ctx context.Context, network, addr string) (net.Conn, error){
		"dial": func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, errors.New("it takes too long")
		},
		"write": func(context.Context, string, string) (net.Conn, error) {
			c, _ := net.Pipe() // which nobody reads
			return c, nil
		},
		"answer": nil,
		"rest":   nil,
	} {
		for _, name := range []string{"Load", "Create"} {
			for _, want := range []error{context.Canceled, context.DeadlineExceeded} {
				m := methods[name]
				ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
				if want == context.Canceled {
					ctx, cancel = context.WithCancel(t.Context())
					if dial != nil {
						time.AfterFunc(20*time.Millisecond, cancel)
					}
				}
				f := newFake(t, func(p *peer) {
					p.read()
					if what == "rest" {
						p.say(m.done[:len(m.done)-1])
					}
					if want == context.Canceled {
						cancel()
					}
					p.gone()
					p.say(m.none)
				}, answer(m.done))
				s := f.store(memcachedstore.Config{Dial: dial})
				start := time.Now()
				err := m.call(ctx, s)
				if took := time.Since(start); !errors.Is(err, want) || took > 2*time.Second {
					t.Errorf("%s, %s: %v after %v, want %v", name, what, err, took, want)
				}
				if dial == nil {
					must(t, m.call(t.Context(), s))
				}
				cancel()
			}
		}
	}
}

// lateConn ends a context when the answer has come.
type lateConn struct {
	net.Conn
	cancel context.CancelFunc
}

func (c *lateConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.cancel()
	return n, err
}

// What is answered counts, though the context ends as it comes; then nothing is sent.
func TestAnswerWins(t *testing.T) {
	for name, m := range methods {
		for text, want := range map[string]error{m.done: nil, m.none: m.noneErr} {
			ctx, cancel := context.WithCancel(t.Context())
			f := newFake(t, answer(text), answer(m.done))
			s := f.store(memcachedstore.Config{Dial: func(_ context.Context, network, addr string) (net.Conn, error) {
				c, err := net.Dial(network, addr)
				return &lateConn{c, cancel}, err
			}})
			if err := m.call(ctx, s); !errors.Is(err, want) || (err == nil) != (want == nil) {
				t.Errorf("%s: %v, want %v", name, err, want)
			}
			must(t, m.call(t.Context(), s)) // on a new connection
			for range 20 {
				if err := m.call(ctx, s); !errors.Is(err, context.Canceled) || len(f.got()) != 2 {
					t.Fatalf("%s: %v of a context that is done, %d requests", name, err, len(f.got()))
				}
			}
		}
	}
}

// MaxIdle connections are kept, and each serves one call at a time.
func TestPool(t *testing.T) {
	const calls, idle = 12, 3
	var ready sync.WaitGroup
	ready.Add(calls)
	scripts := make([]func(p *peer), calls)
	for i := range scripts {
		scripts[i] = func(p *peer) {
			p.read()
			ready.Done()
			ready.Wait() // all are under way
			p.say("DELETED\r\n")
			answer("DELETED\r\n")(p)
		}
	}
	f := newFake(t, scripts...)
	s := f.store(memcachedstore.Config{MaxIdle: idle})
	var group sync.WaitGroup
	for range calls {
		group.Go(func() { must(t, s.Delete(t.Context(), id)) })
	}
	group.Wait()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		f.mu.Lock()
		n := f.open
		f.mu.Unlock()
		if n == idle {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d connections are open, want %d", n, idle)
		}
	}
	for range idle { // from those
		group.Go(func() { must(t, s.Delete(t.Context(), id)) })
	}
	group.Wait()
}

func TestClose(t *testing.T) {
	inUse, closed, gone := make(chan bool), make(chan bool), make(chan bool, 1)
	f := newFake(t, answer("DELETED\r\n"), func(p *peer) {
		p.read()
		inUse <- true
		<-closed
		p.say("TOUCHED\r\n")
		gone <- p.gone()
	})
	s, err := memcachedstore.New(memcachedstore.Config{Addr: f.addr})
	must(t, err)
	done := make(chan error)
	must(t, s.Delete(t.Context(), id))
	reset := s.Touch(t.Context(), id, time.Hour) // answered by DELETED
	if !unknown(reset) {
		t.Error(reset)
	}
	go func() { done <- s.Touch(t.Context(), id, time.Hour) }()
	<-inUse
	must(t, s.Close())
	close(closed)
	must(t, <-done)
	if !<-gone {
		t.Error("a connection is left open")
	}
	for name, m := range methods {
		if err := m.call(t.Context(), s); !unknown(err) {
			t.Errorf("%s after Close: %v", name, err)
		}
	}
	must(t, s.Close())
}

// Swap reads and writes what nobody has written since.
func TestSwap(t *testing.T) {
	swap := func(f *fake) error {
		return f.store(memcachedstore.Config{}).Swap(t.Context(), id, []byte(`{"a":1}`), []byte(`{"b":2}`), time.Minute)
	}
	script := func(texts ...string) *fake {
		return newFake(t, func(p *peer) {
			for _, text := range texts {
				p.read()
				p.say(text)
			}
			p.gone()
		})
	}
	mg := "mg " + key + " k t c v\r\n"
	cas := func(n uint64) string { return fmt.Sprintf("cas %s 0 60 7 %d\r\n{\"b\":2}\r\n", key, n) }
	for what, c := range map[string]struct {
		answers, requests []string
		want              error
	}{
		"it is there":       {[]string{value(`{"a":1}`, 7), "STORED\r\n"}, []string{mg, cas(7)}, nil},
		"a large number":    {[]string{strings.Replace(value(`{"a":1}`, 7), "c7", "c18446744073709551615", 1), "STORED\r\n"}, []string{mg, cas(1<<64 - 1)}, nil},
		"none":              {[]string{"EN\r\n"}, []string{mg}, session.ErrNotFound},
		"other data":        {[]string{value(`{"a":2}`, 7)}, []string{mg}, session.ErrChanged},
		"meanwhile deleted": {[]string{value(`{"a":1}`, 7), "NOT_FOUND\r\n"}, []string{mg, cas(7)}, session.ErrNotFound},
		"meanwhile changed": {[]string{value(`{"a":1}`, 7), "EXISTS\r\n", value(`{"a":2}`, 8)}, []string{mg, cas(7), mg}, session.ErrChanged},
		"meanwhile written": {[]string{value(`{"a":1}`, 7), "EXISTS\r\n", value(`{"a":1}`, 8), "STORED\r\n"}, []string{mg, cas(7), mg, cas(8)}, nil},
	} {
		f := script(c.answers...)
		if err := swap(f); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", what, err, c.want)
		}
		if got := f.got(); !slices.Equal(got, c.requests) {
			t.Errorf("%s: %q, want %q", what, got, c.requests)
		}
	}
	without := script(value(`{"a":1}`, 0), "STORED\r\n")
	if err := swap(without); !unknown(err) || len(without.got()) != 1 {
		t.Errorf("without CAS: %v, %q", err, without.got())
	}
	lost := newFake(t, func(p *peer) {
		p.read()
		p.say(value(`{"a":1}`, 7))
		p.read()
	}, answer("EXISTS\r\n"))
	if err := swap(lost); !unknown(err) || len(lost.got()) != 2 {
		t.Errorf("a lost answer: %v, %q", err, lost.got())
	}
}

// A session has a size, the server's memory too.
func TestTooLarge(t *testing.T) {
	s := untouchable(t)
	big := make([]byte, 1<<20+1)
	for what, err := range map[string]error{
		"Create": s.Create(t.Context(), id, big, time.Hour), "Replace": s.Replace(t.Context(), id, big, time.Hour),
	} {
		if !errors.Is(err, codec.ErrTooLarge) {
			t.Errorf("%s: %v, want ErrTooLarge", what, err)
		}
	}
	for text, want := range map[string]error{
		"SERVER_ERROR object too large for cache\r\n":   codec.ErrTooLarge,
		"SERVER_ERROR out of memory storing object\r\n": session.ErrFull,
	} {
		s := newFake(t, answer(text), answer(text)).store(memcachedstore.Config{})
		for _, name := range []string{"Create", "Replace"} {
			if err := methods[name].call(t.Context(), s); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", name, err, want)
			}
		}
	}
	s = newFake(t, answer(strings.Replace(value(`{"a":1}`, 7), "VA 7", "VA 1048577", 1))).store(memcachedstore.Config{})
	if _, _, err := s.Load(t.Context(), id); !errors.Is(err, codec.ErrTooLarge) {
		t.Errorf("Load: %v, want ErrTooLarge", err)
	}
}

// untouchable is a store whose server nothing may reach.
func untouchable(t *testing.T) *memcachedstore.Store {
	return open(t, memcachedstore.Config{Addr: "127.0.0.1:1", Dial: func(context.Context, string, string) (net.Conn, error) {
		t.Error("it reaches the server")
		return nil, errors.New("no")
	}})
}

// Nothing but ids reaches the server.
func TestHostileIDs(t *testing.T) {
	s := untouchable(t)
	for _, id := range []string{
		"", "null", strings.Repeat("0", 31), strings.Repeat("0", 33), strings.Repeat("A", 32), strings.Repeat("0", 130), strings.Repeat("f", 1<<20),
		strings.Repeat("0", 31) + "\x00", strings.Repeat("0", 30) + "\r\n", strings.Repeat("0", 32) + "\r\nflush_all\r\n", strings.Repeat("0", 30) + " 0",
		strings.Repeat("*", 32), strings.Repeat("0", 30) + "é", "%0d%0a" + strings.Repeat("0", 26), strings.Repeat("0", 32) + " v\r\nmg x",
	} {
		_, _, load := s.Load(t.Context(), id)
		for what, err := range map[string]error{
			"Load": load, "Create": s.Create(t.Context(), id, []byte(`{}`), time.Hour), "Replace": s.Replace(t.Context(), id, []byte(`{}`), time.Hour),
			"Touch": s.Touch(t.Context(), id, time.Hour), "Delete": s.Delete(t.Context(), id),
			"Swap": s.Swap(t.Context(), id, []byte(`{}`), []byte(`{}`), time.Hour),
		} {
			if !unknown(err) || len(id) > 4 && strings.Contains(err.Error(), id) {
				t.Errorf("%s of %.40q: %.200v", what, id, err)
			}
		}
	}
	for _, key := range []string{
		" x", "x\r\n", "\x00", "x\x7f", "\u0085", "\u2003", "\xff", strings.Repeat("x", 234),
	} {
		if _, _, err := s.LoadKey(t.Context(), key); !unknown(err) {
			t.Errorf("LoadKey of %q: %v", key, err)
		}
		if err := s.DeleteKey(t.Context(), key); !unknown(err) {
			t.Errorf("DeleteKey of %q: %v", key, err)
		}
	}
}

func TestNew(t *testing.T) {
	const addr = "127.0.0.1:11211"
	for what, c := range map[string]memcachedstore.Config{
		"no address": {}, "no port": {Addr: "localhost"}, "an empty port": {Addr: "localhost:"}, "no host": {Addr: ":11211"},
		"negative": {Addr: addr, MaxIdle: -1}, "a long namespace": {Addr: addr, Namespace: strings.Repeat("x", 122)},
		"a blank": {Addr: addr, Namespace: "a b"}, "a line": {Addr: addr, Namespace: "a\r\n"}, "NUL": {Addr: addr, Namespace: "\x00"},
		"a wide blank": {Addr: addr, Namespace: "a\u3000"}, "no UTF-8": {Addr: addr, Namespace: "\xff"},
	} {
		if s, err := memcachedstore.New(c); err == nil || s != nil {
			t.Errorf("%s: %v, %v", what, s, err)
		}
	}
	for _, c := range []memcachedstore.Config{
		{Addr: addr}, {Addr: "[::1]:11211"}, {Addr: "cache:11211"}, {Addr: "/run/memcached/socket"}, {Addr: addr, Namespace: strings.Repeat("x", 121)}, {Addr: addr, Namespace: "zoë:*"},
	} {
		if _, err := memcachedstore.New(c); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// The server can listen on a Unix socket, and speak TLS.
func TestDial(t *testing.T) {
	addr := filepath.Join(t.TempDir(), "socket")
	l, err := net.Listen("unix", addr)
	must(t, err)
	serveFake(t, l, answer("TOUCHED\r\n"))
	must(t, open(t, memcachedstore.Config{Addr: addr}).Touch(t.Context(), id, time.Hour))

	l, err = net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	server, client := tlsConfigs(t)
	f := serveFake(t, tls.NewListener(l, server), answer(value(`{"a":1}`, 7)), answer(value(`{"a":1}`, 7)))
	s := f.store(memcachedstore.Config{Dial: (&tls.Dialer{Config: client}).DialContext})
	for range 10 { // with one connection, or two if TLS has something to say after the first answer
		must(t, methods["Load"].call(t.Context(), s))
	}
}

// tlsConfigs are those of a server and its clients.
func tlsConfigs(t *testing.T) (server, client *tls.Config) {
	s := httptest.NewTLSServer(nil)
	t.Cleanup(s.Close)
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return &tls.Config{Certificates: s.TLS.Certificates}, &tls.Config{RootCAs: pool, ServerName: "example.com"}
}
