package sqlstore_test

import (
	"context"
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
	"github.com/sessctl/sessctl/session/sqlstore"
)

// proxy is between a client and a server, and counts how often the client speaks and
// waits.
type proxy struct {
	addr  string
	turns atomic.Int64
	cut   atomic.Bool // to lose the next answer, and the connection with it
	spare int         // but not one of so many bytes
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
	go pass(server, client, func(int) bool {
		if !asked.Swap(true) {
			p.turns.Add(1)
		}
		return true
	})
	go pass(client, server, func(n int) bool {
		asked.Store(false)
		return n == p.spare || !p.cut.Swap(false)
	})
}

// pass hands on what is said, until said says no to so many bytes.
func pass(to io.WriteCloser, from io.ReadCloser, said func(int) bool) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 1<<16)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if !said(n) {
				return
			}
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

// When an answer is lost nobody takes that for one: of a session that cannot be made
// without its own id being taken, nor of one that is gone.
func TestLiveCut(t *testing.T) {
	pylive.Require(t)
	for _, start := range []func(testing.TB) database{postgresDB, mariaDB} {
		d := start(t)
		p := newProxy(t, d.server.Addr)
		if d.dialect == sqlstore.PostgreSQL {
			p.spare = 11 // pgx's ping in between
		}
		direct := d
		d.dsn = strings.Replace(d.dsn, d.server.Addr, p.addr, 1)
		for name, l := range layouts {
			t.Run(d.name+"/"+name, func(t *testing.T) {
				c := direct.config(t, l)
				whole := create(t, c)
				ctx, id, created := t.Context(), sessiontest.NewID(), sessiontest.NewID()
				must(t, whole.Create(ctx, id, []byte(`{"a":1}`), time.Hour))
				for _, step := range []struct {
					what string
					call func(s *sqlstore.Store) error
				}{
					{"Load", func(s *sqlstore.Store) error { _, _, err := s.Load(ctx, id); return err }},
					{"Create", func(s *sqlstore.Store) error { return s.Create(ctx, created, []byte(`{}`), time.Hour) }},
					{"Replace", func(s *sqlstore.Store) error { return s.Replace(ctx, id, []byte(`{"a":2}`), time.Hour) }},
					{"Swap", func(s *sqlstore.Store) error {
						return s.Swap(ctx, id, []byte(`{"a":2}`), []byte(`{"a":3}`), time.Hour)
					}},
					{"Touch", func(s *sqlstore.Store) error { return s.Touch(ctx, id, 2*time.Hour) }},
					{"Delete", func(s *sqlstore.Store) error { return s.Delete(ctx, created) }},
				} {
					c.DB = d.open(t)
					c.DB.SetMaxOpenConns(1)
					s, err := sqlstore.New(c)
					must(t, err)
					_ = step.call(s) // it has connected and prepared
					must(t, errors.Join(whole.Replace(ctx, id, before[step.what], time.Hour), reset(whole, ctx, created, step.what)))
					p.cut.Store(true)
					err = step.call(s)
					if d.dialect == sqlstore.MySQL && step.what == "Create" && err == nil {
						continue // it has looked
					}
					if compat.IsAnswer(err) {
						t.Errorf("%s: %v", step.what, err)
					}
				}
			})
		}
	}
}

// before is what each step finds.
var before = map[string][]byte{
	"Load": []byte(`{"a":1}`), "Create": []byte(`{"a":1}`), "Replace": []byte(`{"a":1}`), "Swap": []byte(`{"a":2}`), "Touch": []byte(`{"a":3}`), "Delete": []byte(`{"a":3}`),
}

// reset has the session that a step makes or deletes as it must find it.
func reset(s *sqlstore.Store, ctx context.Context, id, what string) error {
	err := s.Delete(ctx, id)
	if errors.Is(err, session.ErrNotFound) {
		err = nil
	}
	if what == "Delete" && err == nil {
		err = s.Create(ctx, id, []byte(`{}`), time.Hour)
	}
	return err
}
