package session

import (
	"cmp"
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
	set       []string // the lines that have set its cookie
	gone      bool     // the session was ended elsewhere
	failed    error    // of reading the store
	err       error    // of the commit
	hooks     []func() // to be called without the lock: a hook may want the session
}

// scopeKey is the key of a manager's scope in a context, or, with none, that of
// the innermost manager.
type scopeKey struct{ m *Manager }

// Value returns the scope itself for its keys.
func (s *scope) Value(key any) any {
	if k, ok := key.(scopeKey); ok && (k.m == nil || k.m == s.m) {
		return s
	}
	return s.Context.Value(key)
}

// Load returns the session of a request: of the innermost middleware, where
// there are several (see [Manager.Load]). It reads the cookie when it is first
// called. The session is never nil, and empty where there is none.
//
// The error is [ErrNoMiddleware], or a [StoreError]: what is wrong with a cookie
// is no error, but an empty session (see [Options].OnReject). With an error the
// session can be changed no more than saved.
func Load(r *http.Request) (*Session, error) { return load(r, scopeKey{}) }

// Load is the function [Load] for the sessions of this Manager, of several whose
// middleware is around a handler.
func (m *Manager) Load(r *http.Request) (*Session, error) { return load(r, scopeKey{m}) }

func load(r *http.Request, key scopeKey) (*Session, error) {
	s, ok := r.Context().Value(key).(*scope)
	if !ok {
		none := &Session{Values: new(codec.Values)}
		none.Freeze(ErrNoMiddleware)
		return none, ErrNoMiddleware
	}
	s.mu.Lock()
	defer s.unlock()
	if ctx := r.Context(); s.loaded == nil || ctx != context.Context(s) { // hooks have the outer request
		s.loaded = ctx
	}
	s.load(r.Context())
	return s.session, s.failed
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

// load reads the session, once.
func (s *scope) load(ctx context.Context) {
	if s.session != nil {
		return
	}
	b, rejected, failed := s.read(ctx)
	if rejected == nil && failed == nil && s.m.o.Accept != nil {
		rejected = s.m.o.Accept(s, &codec.Session{Values: b.values, Info: b.info})
	}
	s.own = Session{Values: b.values, scope: s, brought: b, info: b.info, id: b.id, valid: true}
	s.session = &s.own
	switch {
	case failed != nil:
		if !errors.Is(ctx.Err(), context.Canceled) { // else nobody waits any more
			later(s, s.m.o.OnError, failed)
		}
	case rejected == nil:
		later(s, s.m.o.OnRead, b.info)
	case !errors.Is(rejected, codec.ErrNoCookie):
		later(s, s.m.o.OnReject, rejected)
	}
	if rejected != nil || failed != nil {
		s.own = Session{Values: new(codec.Values), scope: s, info: codec.Info{KeyIndex: -1}}
	}
	if s.failed = failed; failed != nil {
		s.session.Freeze(failed) // an empty session must not take the place of the real one
	}
	if s.committed {
		s.freeze()
	}
}

// read asks the manager's own place, and then those that sessions come from.
func (s *scope) read(ctx context.Context) (b brought, rejected, failed error) {
	b, rejected, failed = s.m.place.read(ctx, s.r)
	if b.movedTo != "" { // by a service that reads this place, and keeps sessions in another
		if there, theirs, failed := s.follow(ctx, b.movedTo); theirs == nil {
			return there, nil, failed
		}
	}
	for _, from := range s.m.o.From {
		if rejected == nil {
			break
		}
		var theirs error
		b, theirs, failed = from.place.read(ctx, s.r)
		switch {
		case failed != nil:
		case b.movedTo != "":
			b, theirs, failed = s.follow(ctx, b.movedTo)
		case theirs == nil:
			theirs = s.take(&b)
		}
		if theirs == nil {
			return b, nil, failed
		}
		if errors.Is(rejected, codec.ErrNoCookie) {
			rejected = theirs
		}
	}
	return b, rejected, failed
}

// take makes a session of another place one of this, unless it is too old for it.
func (s *scope) take(b *brought) (rejected error) {
	b.info.Stale = true
	if own, ok := s.m.place.(*inStore); ok && b.place != s.m.place && own.take(b) {
		return codec.ErrExpired
	}
	return nil
}

// maxMoves is how often a session is followed: in a rolling deployment services of both
// kinds may move it to and fro for the requests of a page.
const maxMoves = 8

// stores returns the places that are stores.
func (s *scope) stores() (stores []*inStore) {
	for _, m := range slices.Concat([]*Manager{s.m}, s.m.o.From) {
		if p, ok := m.place.(*inStore); ok {
			stores = append(stores, p)
		}
	}
	return stores
}

// follow reads a session that was moved, here or to another place that is read.
func (s *scope) follow(ctx context.Context, to string) (b brought, rejected, failed error) {
	for range maxMoves {
		moved := ""
		for _, p := range s.stores() {
			b, rejected, failed = p.load(ctx, to)
			if failed == nil && rejected == nil {
				rejected = s.take(&b)
			}
			if rejected == nil {
				return b, nil, failed
			}
			moved = cmp.Or(moved, b.movedTo)
		}
		if to = moved; to == "" {
			break
		}
	}
	return brought{}, cmp.Or(rejected, ErrNotFound), nil
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
	if s.failed != nil && status < http.StatusInternalServerError {
		s.err = s.failed // nobody may take the response for one with a session
	} else if err := s.save(context.WithoutCancel(s)); !errors.Is(err, ErrNotFound) { // a login is saved though the browser has gone
		s.err = err
	}
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
// be running, also when the client has gone. What it did to the session must go
// the way of its response.
func (s *scope) timedOut(status int) bool {
	if status < http.StatusInternalServerError || s.loaded == nil || s.loaded == context.Context(s) {
		return false
	}
	return errors.Is(s.loaded.Err(), context.DeadlineExceeded) ||
		status == http.StatusServiceUnavailable && s.loaded.Err() != nil
}

// save writes the session if there is a reason to. Its error is one that the
// client must see: something would be lost. It is ErrNotFound where the session
// was ended elsewhere.
func (s *scope) save(ctx context.Context) error {
	if s.session == nil && (s.m.o.RenewAfter == 0 || !s.m.place.renewsAlways()) {
		return nil
	}
	accessed := s.session != nil
	s.load(s)
	header := s.writer.Header()
	reason := s.session.reason(s.m.o.RenewAfter)
	if accessed || reason != 0 {
		vary(header)
	}
	switch {
	case s.gone:
		return ErrNotFound
	case reason == 0 || s.failed != nil:
		return nil
	}
	before := slices.Clone(header["Set-Cookie"])
	if err := s.write(ctx, reason); err != nil {
		return s.unwritten(reason, err, before)
	}
	if slices.Equal(before, header["Set-Cookie"]) && s.set == nil {
		return nil // a session that never was has ended
	}
	for _, line := range header["Set-Cookie"] {
		if !slices.Contains(before, line) {
			s.set = append(s.set, line)
		}
	}
	if header.Get("Cache-Control") == "" {
		// A cache must not give one user's cookie to another: RFC 9111, 5.2.2.4.
		header.Set("Cache-Control", `no-cache="Set-Cookie"`)
	}
	later(s, s.m.o.OnWrite, reason)
	return nil
}

// write writes the session where it belongs, and ends what the request brings of
// the places that sessions come from: what is left there would be read again
// after a logout.
func (s *scope) write(ctx context.Context, reason Reason) error {
	w, old := s.writer.ResponseWriter, *s.session
	moved := old.brought.place != nil && old.brought.place != s.m.place
	if moved || reason != Renewed {
		for _, from := range s.m.o.From { // first: what is set then may be the same cookie
			if err := from.place.clear(w, s.r); err != nil {
				return err
			}
		}
	}
	if err := s.m.place.write(ctx, w, s.session, reason); err != nil {
		return err
	}
	if reason == Destroyed || old.fresh || old.ended || moved {
		if err := s.forget(ctx, &old, reason); err != nil {
			if reason == Destroyed || old.ended || old.brought.place != s.m.place {
				// What may have been moved must stay: the old cookie leads there.
				if id := s.session.brought.id; id != "" && id != old.brought.id && !errors.Is(err, errDoubt) {
					s.m.place.undo(ctx, s.session.brought)
				}
				*s.session = old
				return err
			}
			later(s, s.m.o.OnError, err) // the session itself is written
		}
		s.session.brought.place = s.m.place // from now on it is here
	}
	if own, ok := s.m.place.(*inStore); ok {
		own.trim(ctx, &s.session.brought)
	}
	s.session.saved = true
	return nil
}

// forget ends the sessions of the other places: when one was moved from there, and at
// a login or logout. That of the place which the session was read from must have been
// there until now: else it was ended meanwhile, and stays so. It is the last, so that
// an error of the others changes nothing.
func (s *scope) forget(ctx context.Context, old *Session, reason Reason) error {
	l := leaving{scope: s, old: &old.brought, now: &s.session.brought}
	switch {
	case old.ended:
		l.how = destroyed
	case old.fresh:
		l.how = regenerated
	case reason == Destroyed:
		l.how = emptied
	}
	_, inStore := s.m.place.(*inStore)
	if !inStore {
		l.now = new(brought)
	}
	var source place
	for _, from := range s.m.o.From {
		if from.place == old.brought.place {
			source = from.place
			continue
		}
		err := from.place.forget(ctx, s.r, l)
		switch {
		case err == nil || errors.Is(err, ErrNotFound):
		case l.how != moves:
			return err
		default:
			later(s, s.m.o.OnError, err) // it is another session
		}
	}
	if source == nil {
		return nil
	}
	err := source.forget(ctx, s.r, l)
	if errors.Is(err, errDoubt) && l.how == moves && !inStore {
		later(s, s.m.o.OnError, err) // the cookies hold it whole
		return nil
	}
	return err
}

// unwritten decides what becomes of a session that could not be written.
func (s *scope) unwritten(reason Reason, err error, before []string) error {
	s.restore(before)
	if errors.Is(err, codec.ErrExpired) && reason == Reissued {
		return nil // its last second: it ends by itself
	}
	later(s, s.m.o.OnError, err)
	if errors.Is(err, ErrNotFound) {
		// Its cookie is not cleared: a dead id opens nothing, and a response that
		// comes late must not take the cookie of a login meanwhile.
		s.gone = true
		s.restore(slices.DeleteFunc(before, func(line string) bool { return slices.Contains(s.set, line) })) // nor what Save has set
		return err
	}
	if reason == Renewed || reason == Reissued {
		return nil // all stays as it is
	}
	return err
}

// restore takes back the cookies that were set on the way to an error.
func (s *scope) restore(before []string) {
	header := s.writer.Header()
	if header["Set-Cookie"] = before; len(before) == 0 {
		delete(header, "Set-Cookie")
	}
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
