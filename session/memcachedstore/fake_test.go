package memcachedstore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/memcachedstore"
)

// fake is a server that does what a script says. The n-th connection gets the n-th
// script; one more is a failure.
type fake struct {
	t    *testing.T
	addr string

	mu       sync.Mutex
	requests []string
	open     int
}

// peer is a connection as the server has it.
type peer struct {
	net.Conn
	r *bufio.Reader
	f *fake
}

func newFake(t *testing.T, scripts ...func(p *peer)) *fake {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	return serveFake(t, l, scripts...)
}

func serveFake(t *testing.T, l net.Listener, scripts ...func(p *peer)) *fake {
	t.Helper()
	f := &fake{t: t, addr: l.Addr().String()}
	var group sync.WaitGroup
	group.Go(func() {
		for i := 0; ; i++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if i >= len(scripts) {
				t.Error("one connection more than was to be")
				c.Close()
				continue
			}
			f.count(1)
			group.Go(func() {
				defer f.count(-1)
				defer c.Close()
				scripts[i](&peer{c, bufio.NewReader(c), f})
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		group.Wait()
	})
	return f
}

func (f *fake) count(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open += n
}

func (f *fake) got() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.requests)
}

// store returns a store over the fake, which is closed with the test, so that the
// scripts end.
func (f *fake) store(c memcachedstore.Config) *memcachedstore.Store {
	f.t.Helper()
	c.Addr = f.addr
	return open(f.t, c)
}

// read reads a request.
func (p *peer) read() (request string, ok bool) {
	line, err := p.r.ReadString('\n')
	if err != nil {
		return "", false
	}
	if fields := strings.Fields(line); slices.Contains([]string{"add", "replace", "cas"}, fields[0]) {
		size, err := strconv.Atoi(fields[4])
		data := make([]byte, size+2)
		if err == nil {
			_, err = io.ReadFull(p.r, data)
		}
		if err != nil {
			return "", false
		}
		line += string(data)
	}
	p.f.mu.Lock()
	defer p.f.mu.Unlock()
	p.f.requests = append(p.f.requests, line)
	return line, true
}

func (p *peer) say(text string) { io.WriteString(p, text) }

// answer answers every request with the same.
func answer(text string) func(p *peer) {
	return func(p *peer) {
		for {
			if _, ok := p.read(); !ok {
				return
			}
			p.say(text)
		}
	}
}

// gone waits until the client has closed the connection.
func (p *peer) gone() bool {
	p.SetReadDeadline(time.Now().Add(10 * time.Second))
	_, err := p.r.ReadByte()
	return err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
}

// id is that of what the fake has.
var id = strings.Repeat("0123456789abcdef", 4)

const key = memcachedstore.Starlite + ":0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// value is what an mg finds.
func value(data string, cas int) string {
	return fmt.Sprintf("VA %d k%s t60 c%d\r\n%s\r\n", len(data), key, cas, data)
}

// method is one of a Store's, and what memcached says to it.
type method struct {
	call       func(ctx context.Context, s *memcachedstore.Store) error
	done, none string
	noneErr    error
	again      bool // it may be sent twice
}

var methods = map[string]method{
	"Load": {func(ctx context.Context, s *memcachedstore.Store) error {
		data, _, err := s.Load(ctx, id)
		if err == nil && string(data) != `{"a":1}` {
			return fmt.Errorf("it loads %q", data)
		}
		return err
	}, value(`{"a":1}`, 7), "EN\r\n", session.ErrNotFound, true},
	"Create": {func(ctx context.Context, s *memcachedstore.Store) error {
		return s.Create(ctx, id, []byte(`{"a":1}`), time.Minute)
	}, "STORED\r\n", "NOT_STORED\r\n", session.ErrExists, false},
	"Replace": {func(ctx context.Context, s *memcachedstore.Store) error {
		return s.Replace(ctx, id, []byte(`{"a":1}`), time.Minute)
	}, "STORED\r\n", "NOT_STORED\r\n", session.ErrNotFound, false},
	"Touch": {func(ctx context.Context, s *memcachedstore.Store) error {
		return s.Touch(ctx, id, time.Minute)
	}, "TOUCHED\r\n", "NOT_FOUND\r\n", session.ErrNotFound, true},
	"Delete": {func(ctx context.Context, s *memcachedstore.Store) error {
		return s.Delete(ctx, id)
	}, "DELETED\r\n", "NOT_FOUND\r\n", session.ErrNotFound, false},
}

func open(t testing.TB, c memcachedstore.Config) *memcachedstore.Store {
	t.Helper()
	s, err := memcachedstore.New(c)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// unknown reports whether an error is none of what a store answers: nothing is known.
func unknown(err error) bool {
	return err != nil && !errors.Is(err, session.ErrNotFound) && !errors.Is(err, session.ErrExists) &&
		!errors.Is(err, session.ErrChanged) && !errors.Is(err, session.ErrFull)
}
