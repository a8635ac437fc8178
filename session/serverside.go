package session

import (
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
// place for it. To Python it is a key like others.
const CreatedKey = "_created"

// ServerConfig configures [NewServerSide].
type ServerConfig struct {
	Cookie      codec.Attributes
	MaxAge      time.Duration    // 0: codec.DefaultMaxAge; else whole seconds. How long a session lives that is not written or touched
	AbsoluteMax time.Duration    // 0: none; else whole seconds. How long a session lives at most, see CreatedKey
	IDBytes     int              // 0: 32, as Python; 16 to 64
	Timeout     time.Duration    // 0: 5 s. Bounds writing to the store, which goes on when the client has gone
	Now         func() time.Time // nil: time.Now
}

const (
	defaultIDBytes = 32
	defaultTimeout = 5 * time.Second
)

// StoreError is the error of a store that could not be reached, or of data in it
// that is no session. The default response is 503.
type StoreError struct{ Err error }

func (e *StoreError) Error() string { return "session: the store: " + e.Err.Error() }
func (e *StoreError) Unwrap() error { return e.Err }

// NewServerSide returns a Manager of sessions whose data is in a store; the
// cookie holds the id. Starlite and Litestar apps over the same store share
// them.
//
// An id that the store does not know is never adopted: the session gets another
// one. What was deleted stays deleted: a request that was under way meanwhile
// does not bring it back, but has the cookie cleared.
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
	}
	return newManager(&inStore{store, c, cookie}, o)
}

// inStore keeps sessions in a store.
type inStore struct {
	store  Store
	c      ServerConfig
	cookie codec.Attributes
}

func (*inStore) renewsAlways() bool { return false }

func (p *inStore) read(ctx context.Context, r *http.Request) (b brought, rejected, failed error) {
	value := ""
	for _, c := range codec.Cookies(r.Header) {
		if c.Name == p.cookie.Name {
			value = c.Value // the last counts, as in Python
		}
	}
	switch {
	case value == "" || value == "null":
		return b, codec.ErrNoCookie, nil
	case !ValidID(value):
		return b, codec.ErrMalformed, nil
	}
	data, expires, err := p.store.Load(ctx, value)
	switch {
	case errors.Is(err, ErrNotFound):
		return b, ErrNotFound, nil
	case err != nil:
		return b, nil, &StoreError{err}
	}
	values, err := codec.ParseStored(string(data), codec.FormatLitestar)
	if err != nil {
		return b, nil, &StoreError{err}
	}
	b = brought{values: values, place: p, id: value, text: string(data), info: codec.Info{KeyIndex: -1, ExpiresAt: expires}}
	if !expires.IsZero() {
		b.info.Age = p.c.MaxAge - expires.Sub(p.c.Now()).Truncate(time.Second)
	}
	if p.left(values) <= 0 {
		return brought{}, codec.ErrExpired, nil // it ends by itself, if nobody writes it
	}
	return b, nil, nil
}

// left returns how long a session may live from now on.
func (p *inStore) left(values *codec.Values) time.Duration {
	if p.c.AbsoluteMax == 0 {
		return p.c.MaxAge
	}
	created, err := codec.Get[int64](values, CreatedKey)
	if err != nil {
		return min(p.c.MaxAge, p.c.AbsoluteMax)
	}
	return min(p.c.MaxAge, time.Unix(created, 0).Add(p.c.AbsoluteMax).Sub(p.c.Now()))
}

func (p *inStore) write(ctx context.Context, w http.ResponseWriter, s *Session, reason Reason) error {
	// A login must be stored though the browser has gone.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.c.Timeout)
	defer cancel()
	id, ttl, err := p.keep(ctx, s, reason)
	switch {
	case errors.Is(err, ErrNotFound), err == nil && id == "":
		p.setCookie(w, p.cookie.Clearing())
		s.id = ""
		return err
	case err != nil:
		return err
	}
	p.setCookie(w, p.cookie.Cookie(id, ttl))
	s.id = id
	return nil
}

// keep changes the store, and returns the id that the session has then, or none.
func (p *inStore) keep(ctx context.Context, s *Session, reason Reason) (id string, ttl time.Duration, err error) {
	own := s.brought.place == place(p)
	switch {
	case reason == Destroyed && own:
		return "", 0, storeError(p.store.Delete(ctx, s.brought.id))
	case reason == Destroyed:
		return "", 0, nil
	case reason == Renewed:
		ttl = p.left(s.Values)
		return s.brought.id, ttl, storeError(p.store.Touch(ctx, s.brought.id, ttl))
	}
	if p.c.AbsoluteMax > 0 && !s.Has(CreatedKey) {
		if err := s.Set(CreatedKey, p.c.Now().Unix()); err != nil {
			return "", 0, err
		}
	}
	data, err := s.AppendJSON(nil, codec.FormatLitestar)
	if err != nil {
		return "", 0, err
	}
	ttl = p.left(s.Values)
	if reason == Reissued && !s.info.ExpiresAt.IsZero() {
		ttl = min(ttl, s.info.ExpiresAt.Sub(p.c.Now()))
	}
	if ttl < time.Second {
		return "", 0, codec.ErrExpired
	}
	if own && !s.fresh {
		if s.saved && string(data) == s.brought.text {
			return s.brought.id, ttl, nil // Save has done it
		}
		err := p.change(ctx, s, data, ttl)
		p.kept(s, s.brought.id, data, err)
		return s.brought.id, ttl, storeError(err)
	}
	secret := make([]byte, p.c.IDBytes)
	rand.Read(secret) // it never fails
	id = hex.EncodeToString(secret)
	if err := p.store.Create(ctx, id, data, ttl); err != nil {
		return "", 0, storeError(err)
	}
	if own { // the old id must open nothing from now on
		if err := p.store.Delete(ctx, s.brought.id); err != nil {
			return "", 0, storeError(errors.Join(err, p.store.Delete(ctx, id)))
		}
	}
	p.kept(s, id, data, nil)
	return id, ttl, nil
}

// kept notes what the store has now: a session can be saved more than once.
func (p *inStore) kept(s *Session, id string, data []byte, err error) {
	if err == nil {
		s.brought.place, s.brought.id, s.brought.text = p, id, string(data)
		s.fresh, s.saved = false, true
	}
}

// change writes a session that is in the store. Where the store can do it, only
// the keys that this request has changed are written over what is there now.
func (p *inStore) change(ctx context.Context, s *Session, data []byte, ttl time.Duration) error {
	updater, ok := p.store.(Updater)
	if !ok {
		return p.store.Replace(ctx, s.brought.id, data, ttl)
	}
	return updater.Update(ctx, s.brought.id, ttl, func(stored []byte) ([]byte, error) {
		if string(stored) == s.brought.text {
			return data, nil // nobody else has changed it
		}
		return merge(stored, s.brought.text, s.Values)
	})
}

// merge writes what has changed between before and now over what is stored.
func merge(stored []byte, before string, now *codec.Values) ([]byte, error) {
	theirs, err := codec.ParseStored(string(stored), codec.FormatLitestar)
	if err != nil {
		return nil, err
	}
	base, err := codec.ParseStored(before, codec.FormatLitestar)
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
	if err == nil || errors.Is(err, ErrNotFound) {
		return err
	}
	return &StoreError{err}
}

// setCookie sets a cookie in place of another of its name.
func (p *inStore) setCookie(w http.ResponseWriter, cookie *http.Cookie) {
	header := w.Header()
	header["Set-Cookie"] = slices.DeleteFunc(header["Set-Cookie"], func(line string) bool {
		return strings.HasPrefix(line, p.cookie.Name+"=")
	})
	http.SetCookie(w, cookie)
}

func (p *inStore) clear(w http.ResponseWriter, _ *http.Request) error {
	p.setCookie(w, p.cookie.Clearing())
	return nil
}

func (p *inStore) forget(ctx context.Context, b brought) error {
	return storeError(p.store.Delete(ctx, b.id))
}
