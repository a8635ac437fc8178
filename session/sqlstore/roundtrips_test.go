package sqlstore_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sessctl/sessctl/internal/compat"
	"github.com/sessctl/sessctl/internal/pylive"
	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/sessiontest"
)

// proxy is between a client and a server, and counts how often the client speaks and
// waits.
type proxy struct {
	addr  string
	turns atomic.Int64
}

func newProxy(t *testing.T, server string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { l.Close() })
	p := &proxy{addr: l.Addr().String()}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			p.join(client, server)
		}
	}()
	return p
}

func (p *proxy) join(client net.Conn, addr string) {
	server, err := net.Dial("tcp", addr)
	if err != nil {
		client.Close()
		return
	}
	var asked atomic.Bool
	go pass(server, client, func() {
		if !asked.Swap(true) {
			p.turns.Add(1)
		}
	})
	go pass(client, server, func() { asked.Store(false) })
}

func pass(to io.WriteCloser, from io.Reader, said func()) {
	defer to.Close()
	buf := make([]byte, 1<<16)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			said()
			_, writeErr := to.Write(buf[:n])
			err = errors.Join(err, writeErr)
		}
		if err != nil {
			return
		}
	}
}

// One round trip to read, one to write.
func TestLiveRoundTrips(t *testing.T) {
	pylive.Require(t)
	for _, start := range []func(testing.TB) database{postgresDB, mariaDB} {
		d := start(t)
		p := newProxy(t, d.server.Addr)
		d.dsn = strings.Replace(d.dsn, d.server.Addr, p.addr, 1)
		for name, l := range layouts {
			t.Run(d.name+"/"+name, func(t *testing.T) {
				c := d.config(t, l)
				c.DB.SetMaxOpenConns(1)
				clock := sessiontest.NewClock()
				c.Now = clock.Now
				s := create(t, c)
				ctx, n := t.Context(), 0
				var ids []string
				steps := map[string]func(id string) error{
					"Create": func(string) error {
						ids = append(ids, sessiontest.NewID())
						return s.Create(ctx, ids[len(ids)-1], compat.Numbered(n), time.Hour)
					},
					"Load":    func(id string) error { _, _, err := s.Load(ctx, id); return err },
					"Touch":   func(id string) error { return s.Touch(ctx, id, time.Hour) },
					"Replace": func(id string) error { return s.Replace(ctx, id, compat.Numbered(n), time.Hour) },
					"Swap": func(id string) error {
						return s.Swap(ctx, id, compat.Numbered(n), compat.Numbered(n+1), time.Hour)
					},
					"Delete": func(id string) error { return s.Delete(ctx, id) },
				}
				for n = range 3 {
					for _, what := range []string{"Create", "Load", "Touch", "Replace", "Swap", "Delete"} {
						clock.Advance(time.Second)
						before := p.turns.Load()
						id := ""
						if len(ids) > 0 {
							id = ids[len(ids)-1]
						}
						must(t, steps[what](id))
						// The first time a statement is prepared.
						if turns := p.turns.Load() - before; n > 0 && turns != 1 {
							t.Errorf("%s: %d round trips", what, turns)
						}
					}
				}
				// What is not there takes one more, to see why.
				before := p.turns.Load()
				if err := s.Touch(ctx, sessiontest.NewID(), time.Hour); !errors.Is(err, session.ErrNotFound) {
					t.Error(err)
				}
				if turns := p.turns.Load() - before; turns != 2 {
					t.Errorf("Touch of what is not there: %d round trips", turns)
				}
			})
		}
	}
}
