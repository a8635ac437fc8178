package session

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/sessctl/sessctl/codec"
)

// UserIndex lets a Manager know which sessions are a user's, so that
// [Manager.RevokeUser] can end them all. No layout of Python's has a place for that,
// so it is kept in a store of its own: a record a user.
//
// A login, and any other change of a session's user or id, costs two round trips more
// to that store, and so does each renewal. A session that Python made is known from when Go
// first renews it or changes its user: where users log in to Python, use
// [Manager.RevokeFunc].
type UserIndex struct {
	// Store holds the records. It must be a Swapper, and another place than that of
	// the sessions: a namespace, a directory or a table of its own. Python does not
	// know it.
	Store Store

	// Of returns whose session it is, or nothing if nobody's.
	Of func(*codec.Values) string

	// Max is how many sessions a user may have; one more ends the one that would
	// expire first. 0: 1,000, which bounds a record to some 80 kB.
	Max int
}

const (
	defaultMaxPerUser = 1000

	// recordTTL is how long a record lives after its last change: as long as browsers
	// keep a cookie at most (RFC 6265bis, 5.5). Sessions may live longer than the index
	// knows, since Python renews them.
	recordTTL = 400 * 24 * time.Hour
)

func (u *UserIndex) validate() error {
	switch {
	case u.Store == nil:
		return errors.New("session: a UserIndex without a Store")
	case u.Of == nil:
		return errors.New("session: a UserIndex without Of")
	case u.Max < 0:
		return errors.New("session: a UserIndex with a negative Max")
	}
	if _, ok := u.Store.(Swapper); !ok {
		return errors.New("session: the Store of a UserIndex must be a Swapper")
	}
	return nil
}

// users is a UserIndex at work. A nil one does nothing.
type users struct {
	index    UserIndex
	sessions Store
	now      func() time.Time
}

// of returns whose session it is.
func (u *users) of(v *codec.Values) string {
	if u == nil {
		return ""
	}
	return u.index.Of(v)
}

// owned is a session in a record.
type owned struct {
	ID      string `json:"id"`
	Expires int64  `json:"expires"` // in Unix seconds, as Go last knew
}

// recordID returns the id of a user's record.
func recordID(user string) string {
	sum := sha256.Sum256([]byte("sessctl user index\x00" + user))
	return hex.EncodeToString(sum[:])
}

// add puts a session into its user's record, before the session is stored: so none is
// ever missing.
func (u *users) add(ctx context.Context, user, id string, expires time.Time) error {
	if u == nil || user == "" {
		return nil
	}
	return u.change(ctx, user, func(list []owned) ([]owned, error) {
		list = without(list, id)
		list, err := u.withoutEnded(ctx, list)
		if err != nil {
			return nil, err
		}
		slices.SortFunc(list, func(a, b owned) int { return cmp.Compare(a.Expires, b.Expires) })
		for len(list) >= cmp.Or(u.index.Max, defaultMaxPerUser) {
			if _, err := u.end(ctx, user, list[0].ID); err != nil {
				return nil, err
			}
			list = list[1:]
		}
		return append(list, owned{id, expires.Unix()}), nil
	})
}

// end ends a session that is in a user's record, if it is still that user's.
func (u *users) end(ctx context.Context, user, id string) (ended bool, err error) {
	data, _, err := u.sessions.Load(ctx, id)
	if err == nil {
		values, parseErr := codec.ParseStored(string(data), codec.FormatLitestar)
		if parseErr == nil && u.index.Of(values) != user {
			return false, nil
		}
		err = u.sessions.Delete(ctx, id)
	}
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrDamaged) {
		return false, nil
	}
	return err == nil, err
}

// withoutEnded leaves out what has expired. That it should have by now is not enough:
// Python may have renewed it.
func (u *users) withoutEnded(ctx context.Context, list []owned) (living []owned, err error) {
	now := u.now().Unix()
	for _, s := range list {
		if s.Expires <= now {
			_, expires, err := u.sessions.Load(ctx, s.ID)
			if errors.Is(err, ErrNotFound) {
				continue
			}
			if err != nil {
				return nil, err
			}
			s.Expires = expires.Unix()
		}
		living = append(living, s)
	}
	return living, nil
}

// remove takes a session out of its user's record. What stays there by mistake has
// ended, or is another's by now, which end sees; so an error is none.
func (u *users) remove(ctx context.Context, user, id string) {
	if u == nil || user == "" {
		return
	}
	_ = u.change(ctx, user, func(list []owned) ([]owned, error) { return without(list, id), nil })
}

func without(list []owned, id string) []owned {
	return slices.DeleteFunc(list, func(s owned) bool { return s.ID == id })
}

// change changes a user's record, also while others do.
func (u *users) change(ctx context.Context, user string, change func([]owned) ([]owned, error)) error {
	record := recordID(user)
	for {
		old, list, err := u.load(ctx, record)
		if err != nil {
			return err
		}
		if list, err = change(list); err != nil {
			return err
		}
		data, err := json.Marshal(list) // an array: nobody can take a record for a session
		if err != nil {
			return err
		}
		switch {
		case old == nil && len(list) == 0, old != nil && bytes.Equal(old, data):
			return nil
		case old == nil:
			err = u.index.Store.Create(ctx, record, data, recordTTL)
		default:
			err = u.index.Store.(Swapper).Swap(ctx, record, old, data, recordTTL)
		}
		if !errors.Is(err, ErrExists) && !errors.Is(err, ErrChanged) && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
}

// load returns a record, or nothing for a user who has none.
func (u *users) load(ctx context.Context, record string) (data []byte, list []owned, err error) {
	data, _, err = u.index.Store.Load(ctx, record)
	if errors.Is(err, ErrNotFound) {
		return nil, nil, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &list)
	}
	return data, list, err
}

// RevokeUser ends all sessions of a user that the [UserIndex] knows, but for those
// whose ids are given: the one that has just changed the password. It returns how many
// there were. After an error some may be left; call it again.
func (m *Manager) RevokeUser(ctx context.Context, user string, except ...string) (revoked int, err error) {
	p, ok := m.place.(*inStore)
	if !ok || p.users == nil {
		return 0, errors.New("session: RevokeUser needs ServerConfig.Users")
	}
	err = p.users.change(ctx, user, func(list []owned) (left []owned, err error) {
		for _, s := range list {
			if slices.Contains(except, s.ID) {
				left = append(left, s)
				continue
			}
			ended, err := p.users.end(ctx, user, s.ID)
			if err != nil {
				return nil, err
			}
			if ended {
				revoked++
			}
		}
		return left, nil
	})
	return revoked, storeError(err)
}

// RevokeFunc ends all sessions that match says. It reads every session of the store,
// which must be a [Lister]: it is for operators, not for requests.
func (m *Manager) RevokeFunc(ctx context.Context, match func(*codec.Values) bool) (revoked int, err error) {
	p, ok := m.place.(*inStore)
	if !ok {
		return 0, errors.New("session: sessions in cookies cannot be revoked")
	}
	lister, ok := p.store.(Lister)
	if !ok {
		return 0, errors.New("session: RevokeFunc needs a store that is a Lister")
	}
	load, remove := p.store.Load, p.store.Delete
	keyed, _ := p.store.(Keyed)
	for e, err := range lister.List(ctx) {
		switch {
		case errors.Is(err, ErrDamaged), e.Odd:
			continue
		case err != nil:
			return revoked, storeError(err)
		}
		key := e.ID
		if key == "" {
			if keyed == nil {
				return revoked, errors.New("session: the store knows neither ids nor keys of its sessions")
			}
			key, load, remove = e.Key, keyed.LoadKey, keyed.DeleteKey
		}
		data, _, err := load(ctx, key)
		if err == nil {
			values, parseErr := codec.ParseStored(string(data), codec.FormatLitestar)
			if parseErr != nil || !match(values) {
				continue // what is no session is nobody's
			}
			err = remove(ctx, key)
		}
		switch {
		case err == nil:
			revoked++
		case !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrDamaged):
			return revoked, storeError(err)
		}
	}
	return revoked, nil
}
