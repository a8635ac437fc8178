package session

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sessctl/sessctl/codec"
)

// CreatedKey is the key of the session's data that holds when it was created, in
// Unix seconds, where [ServerConfig].AbsoluteMax is set: no layout has another
// place for it. To Python it is a key like others. A session without it, made by
// Python, gets it when a request to Go first asks for it, and counts from then;
// Regenerate makes another session, which counts anew.
const CreatedKey = "_created"

// ServerConfig configures [NewServerSide].
type ServerConfig struct {
	Cookie      codec.Attributes
	MaxAge      time.Duration    // 0: codec.DefaultMaxAge; else whole seconds, those of the Python app beside it. How long a session lives that is not written or touched
	AbsoluteMax time.Duration    // 0: none; else whole seconds. How long a session lives at most, see CreatedKey
	IDBytes     int              // 0: 32, as Python; 16 to 64
	Timeout     time.Duration    // 0: 5 s. Bounds what a request waits for the store to read, and to write, which goes on when the client has gone; as long again to take back what failed in between
	Now         func() time.Time // nil: time.Now
	Users       *UserIndex       // nil: none
}

const (
	defaultIDBytes = 32
	defaultTimeout = 5 * time.Second
)

// StoreError is the error of a store that could not be reached. The default
// response is 503.
type StoreError struct{ Err error }

func (e *StoreError) Error() string { return "session: the store: " + e.Err.Error() }
func (e *StoreError) Unwrap() error { return e.Err }

// NewServerSide returns a Manager of sessions whose data is in a store; the
// cookie holds the id. Starlite and Litestar apps over the same store share
// them.
//
// An id that the store does not know is never adopted: the session gets another
// one. What was deleted stays deleted: a request that was under way meanwhile
// does not bring it back. Then [Session.Save] answers [ErrNotFound]; if there was
// no Save, the response is the handler's, and [Options].OnError is told.
//
// Litestar and Starlite write the whole session back with every response, and
// take ids that they do not know. What they do to a session between its reading
// and its writing here is seen by the stores that are a [Swapper] alone.
func NewServerSide(store Store, c ServerConfig, o Options) (*Manager, error) {
	if store == nil {
		return nil, errors.New("session: a nil Store")
	}
	cookie, err := c.Cookie.Validate()
	if err != nil {
		return nil, err
	}
	if c.MaxAge == 0 {
		c.MaxAge = codec.DefaultMaxAge
	}
	if c.IDBytes == 0 {
		c.IDBytes = defaultIDBytes
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	switch {
	case c.MaxAge < time.Second || c.MaxAge%time.Second != 0:
		return nil, errors.New("session: MaxAge must be whole seconds, at least one")
	case c.AbsoluteMax < 0 || c.AbsoluteMax%time.Second != 0:
		return nil, errors.New("session: AbsoluteMax must be whole seconds, not negative")
	case c.IDBytes < minIDLength/2 || c.IDBytes > maxIDLength/2:
		return nil, fmt.Errorf("session: IDBytes must be %d to %d", minIDLength/2, maxIDLength/2)
	case c.Timeout < 0:
		return nil, errors.New("session: a negative Timeout")
	case o.RenewAfter >= c.MaxAge:
		return nil, errors.New("session: RenewAfter must be less than MaxAge")
	}
	p := &inStore{store: store, c: c, cookie: cookie}
	if c.Users != nil {
		if err := c.Users.validate(store); err != nil {
			return nil, err
		}
		p.users = &users{*c.Users, store, c.Now}
	}
	return newManager(p, o)
}

// inStore keeps sessions in a store.
type inStore struct {
	store  Store
	c      ServerConfig
	cookie codec.Attributes
	users  *users
}

func (*inStore) renewsAlways() bool { return false }

func (p *inStore) sharesIndex(other place) bool {
	q, ok := other.(*inStore)
	return ok && p.users != nil && q.users != nil && isSame(p.users.index.Store, q.users.index.Store) && !isSame(p.store, q.store)
}

// cookieOf returns the value of the id cookie; the last one counts, as in Python.
func (p *inStore) cookieOf(r *http.Request) string {
	value := ""
	for _, c := range codec.Cookies(r.Header) {
		if c.Name == p.cookie.Name {
			value = c.Value
		}
	}
	if value == "null" {
		return "" // what Python clears with
	}
	return value
}

func (p *inStore) read(ctx context.Context, r *http.Request) (b brought, rejected, failed error) {
	id := p.cookieOf(r)
	switch {
	case id == "":
		return b, codec.ErrNoCookie, nil
	case !ValidID(id):
		return b, codec.ErrMalformed, nil
	}
	return p.load(ctx, id)
}

// load is read of an id.
func (p *inStore) load(ctx context.Context, id string) (b brought, rejected, failed error) {
	ctx, cancel := context.WithTimeout(ctx, p.c.Timeout)
	defer cancel()
	data, expires, err := p.store.Load(ctx, id)
	switch {
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrDamaged), errors.Is(err, codec.ErrTooLarge):
		return b, err, nil
	case err != nil:
		return b, nil, &StoreError{err}
	}
	values, err := codec.ParseStored(string(data), codec.FormatLitestar)
	if err != nil {
		return b, err, nil // Python would answer 500 to this user for ever
	}
	if to, moved := movedTo(values); moved {
		return brought{movedTo: to}, errMoved, nil
	}
	b = brought{values: values, place: p, id: id, text: string(data), base: string(data), info: codec.Info{KeyIndex: -1}, user: p.users.of(values)}
	if p.c.AbsoluteMax > 0 {
		b.created = createdOf(values)
		b.undated = b.created == 0
	}
	left := p.left(b.created)
	if left < time.Second {
		return brought{}, codec.ErrExpired, nil // it ends by itself, if nobody writes it
	}
	b.info.Age = left // what has no expiry is due for one
	if !expires.IsZero() {
		b.info.ExpiresAt = expires.UTC().Truncate(time.Second)
		b.info.Age = max(0, left-expires.Sub(p.c.Now())).Round(time.Second)
	}
	return b, nil, nil
}

// take dates a session of another place, as far as can be known, and reports whether it
// is too old for this one.
func (p *inStore) take(b *brought) (over bool) {
	b.created = 0
	if p.c.AbsoluteMax == 0 {
		return false
	}
	if b.created = createdOf(b.values); b.created == 0 {
		age := b.info.Age
		if b.id != "" && b.info.ExpiresAt.IsZero() {
			age = 0 // what never expires tells none
		}
		b.created = p.c.Now().Add(-age).Unix()
	}
	return p.left(b.created) < time.Second
}

// createdOf returns when a session was created, by its own word, or 0. Of another type,
// as Python's time.time(), it is unknown.
func createdOf(v *codec.Values) int64 {
	created, _ := codec.Get[int64](v, CreatedKey)
	return created
}

// left returns how long a session may live from now on.
func (p *inStore) left(created int64) time.Duration {
	switch {
	case p.c.AbsoluteMax == 0:
		return p.c.MaxAge
	case created == 0:
		return min(p.c.MaxAge, p.c.AbsoluteMax)
	}
	return min(p.c.MaxAge, time.Unix(created, 0).Add(p.c.AbsoluteMax).Sub(p.c.Now()))
}

func (p *inStore) write(ctx context.Context, w http.ResponseWriter, s *Session, reason Reason) error {
	ctx, cancel := context.WithTimeout(ctx, p.c.Timeout)
	defer cancel()
	ttl, err := p.keep(ctx, s, reason)
	if err != nil {
		return err
	}
	if s.id = s.brought.id; s.id == "" {
		return p.clear(w, s.scope.r)
	}
	p.setCookie(w, p.cookie.Cookie(s.id, ttl))
	return nil
}

// keep changes the store, and what the session knows of it.
func (p *inStore) keep(ctx context.Context, s *Session, reason Reason) (ttl time.Duration, err error) {
	here := s.brought.place == nil || s.brought.place == place(p)
	own := here && s.brought.id != ""
	created := s.brought.created
	if s.fresh || s.ended || here && !own {
		created = 0 // another session
	}
	if reason == Destroyed && (s.ended || !own) {
		return 0, p.end(ctx, s, own)
	}
	if p.c.AbsoluteMax > 0 && created == 0 {
		created = p.c.Now().Unix()
	}
	data, err := p.data(s, created)
	if err != nil {
		return 0, err
	}
	ttl = p.left(created)
	if reason == Reissued && !s.info.ExpiresAt.IsZero() {
		ttl = min(ttl, s.info.ExpiresAt.Sub(p.c.Now()))
	}
	if ttl < time.Second {
		return 0, codec.ErrExpired
	}
	switch {
	case own && reason == Reissued: // it was found where it moved to, and needs its cookie
		_, rejected, failed := p.load(ctx, s.brought.id) // if it is there still: its cookie might replace a login's
		return ttl, cmp.Or(rejected, failed)
	case !own || s.fresh && reason != Destroyed || s.ended:
		return ttl, p.create(ctx, s, own, data, created, ttl)
	case s.saved && string(data) == s.brought.base && reason != Destroyed:
		return ttl, nil // Save has done it
	}
	if reason == Destroyed {
		if ended, err := p.endEmptied(ctx, s); ended || err != nil {
			return ttl, err
		}
	}
	// The record of the user before keeps the id: by now it may be theirs again.
	user := p.users.of(s.Values)
	if reason == Renewed || user != s.brought.user {
		if s.brought.crowded, err = p.users.add(ctx, user, s.brought.id, p.c.Now().Add(ttl)); err != nil {
			return 0, storeError(err)
		}
	}
	if reason == Renewed && s.brought.created == created {
		return ttl, storeError(p.store.Touch(ctx, s.brought.id, ttl))
	}
	text, err := p.change(ctx, s, data, ttl)
	if err != nil {
		return 0, storeError(err)
	}
	s.brought.created, s.brought.undated, s.saved = created, false, true
	s.brought.text, s.brought.base = string(text), string(data)
	if s.isEmpty() && bytes.Equal(text, data) { // nobody else has put anything in
		return ttl, p.end(ctx, s, own)
	}
	s.brought.user = user
	return ttl, nil
}

// endEmptied ends a session that this request has emptied, unless others have put
// anything in.
func (p *inStore) endEmptied(ctx context.Context, s *Session) (ended bool, err error) {
	swapper, ok := p.store.(Swapper)
	if !ok || s.brought.text != s.brought.base {
		return false, nil
	}
	err = p.retire(ctx, swapper, s.brought.id, s.brought.text, "", func([]byte) error { return errSettled })
	switch {
	case errors.Is(err, errSettled):
		return false, nil
	case err != nil:
		return false, storeError(err)
	}
	p.users.remove(ctx, s.brought.user, s.brought.id)
	s.brought = brought{created: s.brought.created}
	return true, nil
}

// end ends the session of a request.
func (p *inStore) end(ctx context.Context, s *Session, own bool) error {
	if own {
		if err := p.endOwn(ctx, s); err != nil && !errors.Is(err, ErrNotFound) {
			return storeError(err)
		}
		p.users.remove(ctx, s.brought.user, s.brought.id)
	}
	s.brought = brought{created: s.brought.created}
	return nil
}

// data returns what is stored of the session. When it was created is put there
// alone, so that a session which nobody changed stays one.
func (p *inStore) data(s *Session, created int64) ([]byte, error) {
	values := s.Values
	if p.c.AbsoluteMax > 0 {
		values = values.Clone()
		if err := values.Set(CreatedKey, created); err != nil {
			return nil, err
		}
	}
	return values.AppendJSON(nil, codec.FormatLitestar)
}

// create stores the session under a new id. The old one opens nothing from then
// on; where it was ended meanwhile, the session does not come back either.
func (p *inStore) create(ctx context.Context, s *Session, own bool, data []byte, created int64, ttl time.Duration) (err error) {
	secret := make([]byte, p.c.IDBytes)
	rand.Read(secret) // it never fails
	b := brought{
		values: s.Values, place: p, id: hex.EncodeToString(secret), text: string(data), base: string(data), created: created, user: p.users.of(s.Values),
	}
	if b.crowded, err = p.users.add(ctx, b.user, b.id, p.c.Now().Add(ttl)); err != nil {
		return storeError(err)
	}
	err = p.store.Create(ctx, b.id, data, ttl)
	if err == nil && own {
		err = p.replaceOwn(ctx, s, &b)
	}
	if err != nil {
		p.undo(ctx, b)
		return storeError(err)
	}
	s.brought, s.fresh, s.ended, s.saved = b, false, false, true
	return nil
}

// replaceOwn ends a session of this store in favour of another one.
func (p *inStore) replaceOwn(ctx context.Context, s *Session, now *brought) (err error) {
	ctx, cancel := p.lastStep(ctx)
	defer cancel()
	if !s.ended {
		err = p.supersede(ctx, s.brought.id, &s.brought, now)
	} else if err = p.endOwn(ctx, s); errors.Is(err, ErrNotFound) {
		err = nil // it has ended by itself
	}
	if err == nil {
		p.users.remove(ctx, s.brought.user, s.brought.id)
	}
	return err
}

// undo has a time of its own: that of the request may be what has run out.
func (p *inStore) undo(ctx context.Context, b brought) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.c.Timeout)
	defer cancel()
	err := p.store.Delete(ctx, b.id) // a store that is down keeps it until it expires
	if err == nil || errors.Is(err, ErrNotFound) {
		p.users.remove(ctx, b.user, b.id)
	}
}

// change writes a session that is in the store, and returns what is there then.
// Where the store can do it, only the keys that this request has changed are
// written over what is there now.
func (p *inStore) change(ctx context.Context, s *Session, data []byte, ttl time.Duration) ([]byte, error) {
	swapper, ok := p.store.(Swapper)
	if !ok {
		return data, p.store.Replace(ctx, s.brought.id, data, ttl)
	}
	for stored := []byte(s.brought.text); ; {
		merged := data
		if string(stored) != s.brought.base {
			var err error
			if merged, err = mergeStored(stored, s.brought.base, data); err != nil {
				return nil, err
			}
		}
		err := swapper.Swap(ctx, s.brought.id, stored, merged, ttl)
		if !errors.Is(err, ErrChanged) {
			return merged, err
		}
		if stored, _, err = p.store.Load(ctx, s.brought.id); err != nil {
			return nil, err
		}
	}
}

// mergeStored writes what has changed between before and after over what is stored. A
// value that was set as it was is no change. ErrNotFound: it was moved away.
func mergeStored(stored []byte, before string, after []byte) ([]byte, error) {
	theirs, err := codec.ParseStored(string(stored), codec.FormatLitestar)
	if err != nil {
		return nil, err
	}
	if _, moved := movedTo(theirs); moved {
		return nil, ErrNotFound
	}
	base, err := codec.ParseStored(before, codec.FormatLitestar)
	if err != nil {
		return nil, err
	}
	now, err := codec.ParseStored(string(after), codec.FormatLitestar)
	if err != nil {
		return nil, err
	}
	for key := range base.All() {
		if !now.Has(key) {
			if err := theirs.Delete(key); err != nil {
				return nil, err
			}
		}
	}
	for key, text := range now.All() {
		if key == CreatedKey && theirs.Has(key) {
			continue // it was dated before
		}
		if old, ok := base.JSON(key); !ok || old != text {
			if err := theirs.SetJSON(key, text); err != nil {
				return nil, err
			}
		}
	}
	return theirs.AppendJSON(nil, codec.FormatLitestar)
}

// storeError wraps what is no answer, but a store that gave none.
func storeError(err error) error {
	if err == nil || errors.Is(err, ErrNotFound) || errors.Is(err, codec.ErrTooLarge) || errors.As(err, new(*codec.ValueError)) {
		return err
	}
	return &StoreError{err}
}

// setCookie sets a cookie in place of what a browser would take for the same.
func (p *inStore) setCookie(w http.ResponseWriter, cookie *http.Cookie) {
	p.dropCookie(w.Header())
	http.SetCookie(w, cookie)
}

// dropCookie takes back what was set for the cookie.
func (p *inStore) dropCookie(header http.Header) {
	cookie := p.cookie.Clearing()
	header["Set-Cookie"] = slices.DeleteFunc(header["Set-Cookie"], func(line string) bool {
		c, err := http.ParseSetCookie(line)
		return err == nil && c.Name == cookie.Name && c.Path == cookie.Path && c.Partitioned == cookie.Partitioned &&
			strings.EqualFold(strings.TrimPrefix(c.Domain, "."), cookie.Domain)
	})
	if len(header["Set-Cookie"]) == 0 {
		delete(header, "Set-Cookie")
	}
}

func (p *inStore) clear(w http.ResponseWriter, r *http.Request) error {
	p.dropCookie(w.Header())
	if p.cookieOf(r) != "" {
		http.SetCookie(w, p.cookie.Clearing())
	}
	return nil
}
