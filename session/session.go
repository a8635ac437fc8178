package session

import (
	"context"
	"time"

	"github.com/sessctl/sessctl/codec"
)

// Session is the session of one request. It may be used by one goroutine at a
// time, and not after the request. Changes are saved when the response begins;
// after that they are [ErrCommitted]. Values is not to be assigned to.
type Session struct {
	*codec.Values
	scope   *scope
	brought brought // with the request
	info    codec.Info
	id      string // of a store
	valid   bool   // it came with the request
	fresh   bool   // to be written anew, whether or not it was modified
	ended   bool   // destroyed: what is set afterwards is another session
	saved   bool   // by this request
}

// Info says how the session was read. Of a new one KeyIndex is -1, and all else
// zero.
func (s *Session) Info() codec.Info { return s.info }

// ID returns the id of a server-side session, or nothing while it has none. It
// is a credential: whoever has it has the session.
func (s *Session) ID() string { return s.id }

// IsNew reports whether the request brought no session that counts.
func (s *Session) IsNew() bool { return !s.valid }

// Regenerate keeps the data and makes the session another: call it when a user
// logs in, or gets other rights. A session in a cookie has no id that somebody
// could have planted; it is written anew, with a whole lifetime.
func (s *Session) Regenerate() error {
	if err := s.open(); err != nil {
		return err
	}
	s.fresh = true
	return nil
}

// Destroy ends the session: its values are gone, and the cookie is cleared.
func (s *Session) Destroy() error {
	if err := s.open(); err != nil {
		return err
	}
	s.ended = true
	return s.Reset()
}

// Save writes the session now, while the response has not begun, and tells
// whether that worked. Handlers that stream need it, if they want to answer an
// error by another response. The session can still be changed, and is then
// written again when the response begins.
func (s *Session) Save(ctx context.Context) error {
	if s.scope == nil {
		return ErrNoMiddleware
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.scope.mu.Lock()
	defer s.scope.unlock()
	switch {
	case s.scope.committed:
		return ErrCommitted
	case s.scope.failed != nil:
		return s.scope.failed
	}
	return s.scope.save(ctx)
}

// Discard leaves the session as it is: from now on nothing is written, whatever
// was changed, and whether or not it is due. What [Session.Save] has saved stays. A handler that answers
// with an error of its own does so after a change, or a [Session.Save], that
// failed. Later changes are [ErrCommitted].
func (s *Session) Discard() error {
	if s.scope == nil {
		return ErrNoMiddleware
	}
	s.scope.mu.Lock()
	defer s.scope.mu.Unlock()
	if s.scope.committed {
		return ErrCommitted
	}
	s.scope.committed = true
	s.scope.freeze()
	return nil
}

// open returns why the session cannot be changed.
func (s *Session) open() error {
	if s.scope == nil {
		return ErrNoMiddleware
	}
	s.scope.mu.Lock()
	defer s.scope.mu.Unlock()
	if s.scope.committed {
		return ErrCommitted
	}
	return s.scope.failed
}

// isEmpty reports whether nothing is left of the session's own data.
func (s *Session) isEmpty() bool {
	return s.Len() == 0 || s.Len() == 1 && s.brought.created != 0 && s.Has(CreatedKey)
}

// reason returns why the session has to be written, or 0.
func (s *Session) reason(renewAfter time.Duration) Reason {
	switch {
	case s.Modified() && s.isEmpty():
		return Destroyed
	case s.Modified() || s.fresh && (s.valid || s.Len() > 0):
		return Modified
	case !s.valid || s.saved:
		return 0
	case s.brought.undated && s.Len() > 0 && s.brought.place == s.scope.m.place:
		return Renewed
	case renewAfter > 0 && s.Len() > 0 && s.info.Age >= renewAfter.Truncate(time.Second):
		return Renewed
	case s.info.Stale:
		return Reissued
	}
	return 0
}
