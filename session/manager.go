package session

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sessctl/sessctl/codec"
)

// Codec reads sessions from cookies and writes them back. A *[codec.Codec] is
// one; so is a wrapper that exchanges it, to load new keys say.
type Codec interface {
	// Read never returns a nil Session: on error it is empty.
	Read(r *http.Request) (*codec.Session, error)
	// Write sets cookies on w and nothing else. It replaces what it set before.
	Write(w http.ResponseWriter, r *http.Request, v *codec.Values, opts ...codec.EncodeOption) error
}

var _ Codec = (*codec.Codec)(nil)

// Options are those of every kind of session. All functions are called from the
// goroutines of the requests, at the same time; nil ones are not called. Those
// whose names begin with On may use the session; the others must not ask for it.
type Options struct {
	// RenewAfter renews the cookie of a session that is at least so old, though
	// it was not modified; so it has to be less than the max age. 0: never, as
	// Starlette since 1.0. Whole seconds count, so 1ns is on every response, as
	// with older Starlette and Litestar.
	//
	// Where sessions are in cookies every request then reads its cookie, also where
	// no handler asks for it, and where that is each response, a parallel request
	// writes the old session beside a change or a logout: leave icons and the like
	// out with Skip. In a store it is a touch, by requests that ask for the session.
	RenewAfter time.Duration

	// Accept refuses authentic sessions, of users that were locked out say. Its
	// error makes the session empty and goes to OnReject. Authentic means that a key
	// fits, or that the store has it.
	Accept func(context.Context, *codec.Session) error

	// OnRead is called for each session that was read and accepted. See
	// [Counters] to learn when an old key may go.
	OnRead func(*http.Request, codec.Info)

	// OnReject is called for each cookie that stands for no session, with an error
	// of package codec (never codec.ErrNoCookie), ErrNotFound for an id that the
	// store does not know, ErrDamaged for what no session can be read from, or that of
	// Accept. Ours hold no value of the session.
	OnReject func(*http.Request, error)

	// OnWrite is called after the cookie was set, and tells why.
	OnWrite func(*http.Request, Reason)

	// OnError is called for each session that could not be written, or read from its
	// store. The response is then an error response if anything would be lost;
	// else (a renewal, a re-issue) all stays as it is, and only this tells. With
	// ErrNotFound the session was ended elsewhere, and the response is the
	// handler's.
	OnError func(*http.Request, error)

	// Fail writes the response when a modified session cannot be written, or the
	// store not read, before anything else was. nil: the text of status 503 for a
	// [StoreError], else of 500, as also if it writes nothing. Headers that
	// describe the handler's response are gone by then.
	Fail func(http.ResponseWriter, *http.Request, error)

	// Skip leaves out requests, [SkipPaths] say: [Load] answers ErrNoMiddleware.
	Skip func(*http.Request) bool

	// From are other managers, whose sessions are read where there is none of this
	// one: the request that brings one has it moved here, where it keeps its
	// expiry, and ended there. In a store that is a Swapper there stands for a minute
	// where it went, for the other requests of a page bring the old cookie too; of those
	// that run at that very moment one moves it, and the others change nothing, be it a
	// login or logout ([ErrNotFound]). From cookies each of them makes a session. So a site
	// moves from cookies to a store, or from store to store, with nobody logged out. From a
	// store to cookies too, but for a later request of the same page, which finds none: if
	// it writes one of its own, that is the browser's. Their own Options do not count.
	//
	// Where old and new processes run beside each other, as in a rolling deployment, first
	// all learn to read the new place, which is then in From, and then to write it.
	From []*Manager
}

// Reason is why a session was written.
type Reason uint8

const (
	Modified  Reason = iota + 1 // it was changed, destroyed or regenerated
	Renewed                     // it was older than RenewAfter
	Reissued                    // a previous key or another format had opened it
	Destroyed                   // it has no values any more, and the cookie was cleared
)

// String returns the reason in one word.
func (r Reason) String() string {
	switch r {
	case Modified:
		return "modified"
	case Renewed:
		return "renewed"
	case Reissued:
		return "reissued"
	case Destroyed:
		return "destroyed"
	}
	return "unknown"
}

// Manager gives requests their sessions. It is immutable and safe for
// concurrent use. Make one with [NewClientSide] or [NewServerSide].
type Manager struct {
	place place
	o     Options
}

// NewClientSide returns a Manager of sessions that are held in cookies.
//
// It refuses a nil or zero Codec and a negative RenewAfter. What browsers would not
// take (SameSite=None without Secure, __Host- with a Domain) the constructors
// of package codec refuse.
func NewClientSide(c Codec, o Options) (*Manager, error) {
	if c == nil || c == Codec((*codec.Codec)(nil)) {
		return nil, errors.New("session: a nil Codec")
	}
	if zero, ok := c.(*codec.Codec); ok {
		if _, err := zero.DecodeCookies(nil); !errors.Is(err, codec.ErrNoCookie) {
			return nil, err
		}
	}
	return newManager(&inCookies{c}, o)
}

func newManager(p place, o Options) (*Manager, error) {
	if o.RenewAfter < 0 {
		return nil, errors.New("session: a negative RenewAfter")
	}
	for _, from := range o.From {
		if from == nil || from.place == nil {
			return nil, errors.New("session: a nil or zero Manager in From")
		}
		if p.sharesIndex(from.place) {
			return nil, errors.New("session: the sessions of From have the same UserIndex.Store as these, and are in another store")
		}
	}
	o.From = slices.Clone(o.From)
	return &Manager{place: p, o: o}, nil
}

// SkipPaths returns a function for [Options].Skip: it leaves out the paths that
// are listed and, of those that end in a slash, all below them.
func SkipPaths(paths ...string) func(*http.Request) bool {
	paths = slices.Clone(paths)
	return func(r *http.Request) bool {
		for _, path := range paths {
			if r.URL.Path == path || strings.HasSuffix(path, "/") && strings.HasPrefix(r.URL.Path, path) {
				return true
			}
		}
		return false
	}
}

// Handler returns next with sessions: [Load] returns that of a request.
func (m *Manager) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if m.skips(r) {
			next.ServeHTTP(w, r)
			return
		}
		s := m.begin(w, r)
		next.ServeHTTP(s.writer.expose(), s.r)
		s.writer.commit(http.StatusOK) // not after a panic
	})
}

// Begin is what [Manager.Handler] is made of, for frameworks whose handlers are
// none of net/http's. Serve the request with the writer and the request that it
// returns, and call finish when the handler has returned, but not when it has
// panicked. Its error is that of the session that could not be written; the
// response has been written by then ([Options].Fail).
func (m *Manager) Begin(w http.ResponseWriter, r *http.Request) (_ http.ResponseWriter, _ *http.Request, finish func() error) {
	if m.skips(r) {
		return w, r, func() error { return nil }
	}
	s := m.begin(w, r)
	return s.writer.expose(), s.r, func() error { return s.writer.commit(http.StatusOK) }
}

// skips reports whether a request is none of ours, or has its session already:
// the middleware may be around a router and around one of its groups.
func (m *Manager) skips(r *http.Request) bool {
	return m.o.Skip != nil && m.o.Skip(r) || r.Context().Value(scopeKey{m}) != nil
}

func (m *Manager) begin(w http.ResponseWriter, r *http.Request) *scope {
	s := &scope{Context: r.Context(), m: m}
	s.writer = writer{ResponseWriter: w, scope: s}
	s.r = r.WithContext(s)
	return s
}
