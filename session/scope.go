package session

import (
	"context"
	"errors"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"sync"

	"github.com/sessctl/sessctl/codec"
)

// scope is one request: its session, once somebody has asked for it, and its
// response. It is the request's context too, which saves an allocation.
type scope struct {
	context.Context
	m      *Manager
	r      *http.Request
	writer writer

	mu        sync.Mutex // of all below
	session   *Session   // points to own, once somebody has asked for it
	own       Session
	loaded    context.Context // of the request that the session was asked for with
	committed bool
	err       error    // of the commit
	hooks     []func() // to be called without the lock: a hook may want the session
}

type scopeKey struct{}

// Value returns the scope itself for its key.
func (s *scope) Value(key any) any {
	if key == (scopeKey{}) {
		return s
	}
	return s.Context.Value(key)
}

// Load returns the session of a request. It reads the cookie when it is first
// called. The session is never nil, and empty where there is none.
//
// The error is [ErrNoMiddleware], or that of the store: what is wrong with a
// cookie is no error, but an empty session (see [Options].OnReject).
func Load(r *http.Request) (*Session, error) {
	s, ok := r.Context().Value(scopeKey{}).(*scope)
	if !ok {
		return &Session{Values: new(codec.Values)}, ErrNoMiddleware
	}
	s.mu.Lock()
	defer s.unlock()
	s.loaded = r.Context()
	s.load()
	return s.session, nil
}

// unlock ends what needs the lock, and calls the hooks that this gave rise to.
func (s *scope) unlock() {
	hooks := s.hooks
	s.hooks = nil
	s.mu.Unlock()
	for _, hook := range hooks {
		hook()
	}
}

// later keeps a call of a hook, if there is one, for when the lock is free.
func later[T any](s *scope, hook func(*http.Request, T), arg T) {
	if hook != nil {
		s.hooks = append(s.hooks, func() { hook(s.r, arg) })
	}
}

// load reads the cookie, once.
func (s *scope) load() {
	if s.session != nil {
		return
	}
	read, err := s.m.codec.Read(s.r)
	if err == nil && s.m.o.Accept != nil {
		err = s.m.o.Accept(s, read)
	}
	s.own = Session{Values: read.Values, scope: s, info: read.Info, valid: err == nil}
	s.session = &s.own
	switch {
	case err == nil:
		later(s, s.m.o.OnRead, read.Info)
	case !errors.Is(err, codec.ErrNoCookie):
		later(s, s.m.o.OnReject, err)
	}
	if err != nil {
		s.session.Values, s.session.info = new(codec.Values), codec.Info{KeyIndex: -1}
	}
	if s.committed {
		s.session.Freeze(ErrCommitted)
	}
}

// commit writes the session, once: later calls return what the first did.
func (s *scope) commit(status int) error {
	s.mu.Lock()
	defer s.unlock()
	if s.committed {
		return s.err
	}
	s.committed = true
	if s.timedOut(status) {
		later(s, s.m.o.OnError, ErrTimedOut)
		return nil // not even frozen: the handler may still use it
	}
	s.err = s.save()
	s.freeze()
	return s.err
}

func (s *scope) freeze() {
	if s.session != nil {
		s.session.Freeze(ErrCommitted)
	}
}

// timedOut reports whether the response is that of a timeout between the
// middleware and the handler: of [http.TimeoutHandler], whose handler may still
// be running. What it did to the session must go the way of its response.
func (s *scope) timedOut(status int) bool {
	return status >= http.StatusInternalServerError && s.loaded != nil && s.loaded != context.Context(s) && s.loaded.Err() != nil
}

// save sets the cookie if there is a reason to. Its error is one that the
// client must see: something would be lost.
func (s *scope) save() error {
	if s.session == nil && s.m.o.RenewAfter == 0 {
		return nil
	}
	accessed := s.session != nil
	s.load()
	header := s.writer.Header()
	reason, opts := s.session.reason(s.m.o.RenewAfter)
	if accessed || reason != 0 {
		vary(header)
	}
	if reason == 0 {
		return nil
	}
	before := slices.Clone(header["Set-Cookie"])
	if err := s.m.codec.Write(s.writer.ResponseWriter, s.r, s.session.Values, opts...); err != nil {
		if errors.Is(err, codec.ErrExpired) && reason == Reissued {
			return nil // its last second: it ends by itself
		}
		later(s, s.m.o.OnError, err)
		if reason == Renewed || reason == Reissued {
			return nil // the cookie stays as it is
		}
		return err
	}
	if slices.Equal(before, header["Set-Cookie"]) {
		return nil // a session that never was has ended
	}
	if header.Get("Cache-Control") == "" {
		// A cache must not give one user's cookie to another: RFC 9111, 5.2.2.4.
		header.Set("Cache-Control", `no-cache="Set-Cookie"`)
	}
	later(s, s.m.o.OnWrite, reason)
	return nil
}

// vary adds Cookie to the Vary header, unless it is there.
func vary(header http.Header) {
	for _, line := range header["Vary"] {
		for field := range strings.SplitSeq(line, ",") {
			if field = textproto.TrimString(field); field == "*" || strings.EqualFold(field, "Cookie") {
				return
			}
		}
	}
	header.Add("Vary", "Cookie")
}
