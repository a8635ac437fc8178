package session

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/sessctl/sessctl/codec"
)

// UserIndex lets a Manager know which sessions are a user's, so that
// [Manager.RevokeUser] can end them all. No layout of Python's has a place for that,
// so it is kept in a store of its own: a record a user.
//
// A login, a logout and any other change of a session's user costs two round trips more
// to that store, Regenerate of a user's session four, and each renewal two; a login of a
// user who has too many some 80 more, to look at those. A session that Python made is known
// from when Go first renews it or changes its user: where users log in to Python, use
// [Manager.RevokeFunc].
type UserIndex struct {
	// Store holds the records of one store of sessions. It must be a Swapper that does
	// not forget (memcached does), and another place than that of the sessions: a
	// namespace, a directory or a table of its own. Python does not know it.
	Store Store

	// Of returns whose session it is, or nothing if nobody's.
	Of func(*codec.Values) string

	// Max is how many sessions a user may have, 5,000 at most; one more ends the one
	// that would expire first. 0: 500, which bounds a record to some 60 kB. Leave room for
	// logins at the very same moment (a double click), of which one is taken back, and
	// while From has cookies for the requests of a page, of which each makes a session.
	Max int
}

const (
	defaultMaxPerUser = 500
	maxPerUser        = 5000 // of which a record is less than 1 MiB, as stores hold

	// recordTTL is how long a record lives after its last change: as long as browsers
	// keep a cookie at most (RFC 6265bis, 5.5). Sessions may live longer than the index
	// knows, since Python renews them.
	recordTTL = 400 * 24 * time.Hour
)

func (u *UserIndex) validate(sessions Store) error {
	switch {
	case u.Store == nil:
		return errors.New("session: a UserIndex without a Store")
	case u.Of == nil:
		return errors.New("session: a UserIndex without Of")
	case u.Max < 0 || u.Max > maxPerUser:
		return fmt.Errorf("session: the Max of a UserIndex must be 0 to %d", maxPerUser)
	}
	if _, ok := u.Store.(Swapper); !ok {
		return errors.New("session: the Store of a UserIndex must be a Swapper")
	}
	if isSame(u.Store, sessions) {
		return errors.New("session: the Store of a UserIndex must not be that of the sessions")
	}
	return nil
}

// isSame reports whether two stores are known to be one.
func isSame(a, b Store) bool { return reflect.TypeOf(a).Comparable() && a == b }

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
	Added   int64  `json:"added"`   // in Unix seconds
}

// makingTime is how long after it is put into a record a session may yet be made.
const makingTime = time.Minute

// recordID returns the id of a user's record.
func recordID(user string) string {
	sum := sha256.Sum256([]byte("sessctl user index\x00" + user))
	return hex.EncodeToString(sum[:])
}

// add puts a session into its user's record, before the session is stored: so none is
// ever missing. crowded: there are more than may be.
func (u *users) add(ctx context.Context, user, id string, expires time.Time) (crowded bool, err error) {
	if u == nil || user == "" {
		return false, nil
	}
	err = u.change(ctx, user, func(list []owned) ([]owned, error) {
		list = append(without(list, id), owned{id, expires.Unix(), u.now().Unix()})
		crowded = len(list) > u.max()
		return list, nil
	})
	return crowded, err
}

// trim ends other sessions of a user who has too many.
func (p *inStore) trim(ctx context.Context, b *brought) {
	if !b.crowded {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, p.c.Timeout)
	defer cancel()
	p.users.trim(ctx, b.user, b.id)
	b.crowded = false
}

func (u *users) max() int { return cmp.Or(u.index.Max, defaultMaxPerUser) }

// maxChecks is at how many sessions of a user one login looks from either end: each is a
// round trip.
const maxChecks = 20

// trim leaves out of a record what has ended or is another's and then, while there are
// too many, ends what expires first, but never own. When that is the record does not
// know, for others renew sessions too; so it looks. What it does not get done the next
// login does.
func (u *users) trim(ctx context.Context, user, own string) {
	_ = u.change(ctx, user, func(list []owned) ([]owned, error) {
		byExpiry := func(a, b owned) int { return cmp.Compare(a.Expires, b.Expires) }
		slices.SortFunc(list, byExpiry)
		making := 0 // or taken back in a moment: they do not count
		for i, last := len(list)-1, len(list)-maxChecks; i >= 0; i-- {
			if list[i].ID == own || i >= maxChecks && i < last {
				continue
			}
			_, err := u.expiry(ctx, user, list[i].ID)
			switch {
			case !errors.Is(err, ErrNotFound):
			case u.isNew(list[i]):
				making++
			default:
				list = slices.Delete(list, i, i+1)
			}
		}
		for i, checks := 0, 0; len(list)-making > u.max() && i < len(list) && checks < maxChecks; checks++ {
			s := &list[i]
			if s.ID == own {
				i++
				continue
			}
			expires, err := u.expiry(ctx, user, s.ID)
			switch {
			case err == nil && expires > s.Expires:
				s.Expires = expires
				slices.SortFunc(list[i:], byExpiry)
				continue
			case errors.Is(err, ErrNotFound) && u.isNew(*s):
				i++
				continue
			case !errors.Is(err, ErrNotFound):
				_, err = u.end(ctx, user, s.ID)
			}
			if err != nil && !errors.Is(err, ErrNotFound) {
				break
			}
			list = slices.Delete(list, i, i+1)
		}
		return list, nil
	})
}

// isNew reports whether a session may yet be made.
func (u *users) isNew(s owned) bool { return u.now().Sub(time.Unix(s.Added, 0)) < makingTime }

// expiry returns when a user's session expires, in Unix seconds. ErrNotFound: there is
// none, or it is another's.
func (u *users) expiry(ctx context.Context, user, id string) (int64, error) {
	data, expires, err := u.sessions.Load(ctx, id)
	if err != nil {
		return 0, err
	}
	values, err := codec.ParseStored(string(data), codec.FormatLitestar)
	switch {
	case err != nil:
		return 0, err
	case u.index.Of(values) != user:
		return 0, ErrNotFound
	case expires.IsZero():
		return math.MaxInt64, nil
	}
	return expires.Unix(), nil
}

// end ends a session that is in a user's record, if it is still that user's, or cannot
// be read. ErrNotFound: there is none.
func (u *users) end(ctx context.Context, user, id string) (ended bool, err error) {
	data, _, err := u.sessions.Load(ctx, id)
	if err != nil && !errors.Is(err, ErrDamaged) && !errors.Is(err, codec.ErrTooLarge) {
		return false, err
	}
	if err == nil {
		values, err := codec.ParseStored(string(data), codec.FormatLitestar)
		if err == nil && u.index.Of(values) != user {
			return false, nil
		}
	}
	err = u.sessions.Delete(ctx, id)
	return err == nil, err
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
		case old == nil && len(list) == 0:
			return nil
		case old == nil:
			err = u.index.Store.Create(ctx, record, data, recordTTL)
		default: // also what is the same: others may have changed it meanwhile
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
//
// So it does with those that are yet to move here, where the managers of [Options].From
// have an index too. Others [Manager.RevokeFunc] ends, and those in cookies
// [Options].Accept refuses.
func (m *Manager) RevokeUser(ctx context.Context, user string, except ...string) (revoked int, err error) {
	p, ok := m.place.(*inStore)
	if !ok || p.users == nil {
		return 0, errors.New("session: RevokeUser needs ServerConfig.Users")
	}
	// What moves meanwhile, either way, is found where it went.
	for _, from := range slices.Concat(m.o.From, []*Manager{m}, m.o.From) {
		if p, ok := from.place.(*inStore); ok && p.users != nil {
			n, fromErr := p.revokeUser(ctx, user, except)
			revoked, err = revoked+n, errors.Join(err, fromErr)
		}
	}
	return revoked, storeError(err)
}

func (p *inStore) revokeUser(ctx context.Context, user string, except []string) (revoked int, err error) {
	var failed error
	err = p.users.change(ctx, user, func(list []owned) (left []owned, err error) {
		failed = nil
		var absent []string
		for _, s := range list {
			if slices.Contains(except, s.ID) {
				left = append(left, s)
				continue
			}
			ended, err := p.users.end(ctx, user, s.ID)
			switch {
			case ended:
				revoked++
				continue
			case errors.Is(err, ErrNotFound):
				absent = append(absent, s.ID)
			case err != nil:
				failed = errors.Join(failed, err)
			}
			if !errors.Is(err, ErrNotFound) || s.Expires > p.c.Now().Unix() {
				left = append(left, s) // it may be about to be made, or to become the user's
			}
		}
		for _, id := range absent { // it may have been made of one that came after it
			ended, err := p.users.end(ctx, user, id)
			switch {
			case ended:
				revoked++
				left = without(left, id)
			case err != nil && !errors.Is(err, ErrNotFound):
				failed = errors.Join(failed, err)
			}
		}
		return left, nil
	})
	return revoked, errors.Join(failed, err)
}

// RevokeFunc ends all sessions that match says, also those whose ids a client has made
// up, which Python takes. It reads every session of the store, which must be a [Lister],
// up to three times while it finds more: it is for operators, not for requests. A session
// that cannot be read is left, and an error after all others. So it does with the stores of
// [Options].From; sessions in cookies [Options].Accept refuses.
//
// A session that gets another id meanwhile, [Session.Regenerate], can escape: it may
// stand where the list has been. Where users could do that, refuse them by
// [Options].Accept first.
func (m *Manager) RevokeFunc(ctx context.Context, match func(*codec.Values) bool) (revoked int, err error) {
	if _, ok := m.place.(*inStore); !ok {
		return 0, errors.New("session: sessions in cookies cannot be revoked")
	}
	for _, from := range slices.Concat(m.o.From, []*Manager{m}) { // first those: what moves meanwhile is found here
		if p, ok := from.place.(*inStore); ok {
			n, fromErr := p.revokeFunc(ctx, match)
			revoked, err = revoked+n, errors.Join(err, fromErr)
		}
	}
	return revoked, storeError(err)
}

func (p *inStore) revokeFunc(ctx context.Context, match func(*codec.Values) bool) (revoked int, err error) {
	lister, ok := p.store.(Lister)
	if !ok {
		return 0, errors.New("session: RevokeFunc needs a store that is a Lister")
	}
	for range maxPasses {
		var n int
		n, err = p.revoke(ctx, lister, match)
		revoked += n
		if err != nil && !errors.Is(err, codec.ErrTooLarge) || n == 0 {
			break
		}
	}
	return revoked, err
}

// maxPasses is how often RevokeFunc goes through a store in which it finds more and more:
// where match says all, those who log in meanwhile.
const maxPasses = 3

// revoke goes through all sessions once.
func (p *inStore) revoke(ctx context.Context, lister Lister, match func(*codec.Values) bool) (revoked int, err error) {
	for e, listErr := range lister.List(ctx) {
		if listErr == nil {
			var ended bool
			if ended, listErr = p.revokeEntry(ctx, e, match); ended {
				revoked++
			}
		}
		switch {
		case listErr == nil, errors.Is(listErr, ErrNotFound), errors.Is(listErr, ErrDamaged): // nobody's
		case errors.Is(listErr, codec.ErrTooLarge):
			err = listErr // and on
		default:
			return revoked, listErr
		}
	}
	return revoked, err
}

// revokeEntry ends the session of an entry, if it matches.
func (p *inStore) revokeEntry(ctx context.Context, e Entry, match func(*codec.Values) bool) (ended bool, err error) {
	key, load, remove := e.ID, p.store.Load, p.store.Delete
	if e.ID == "" {
		keyed, ok := p.store.(Keyed)
		if !ok {
			return false, nil
		}
		key, load, remove = e.Key, keyed.LoadKey, keyed.DeleteKey
	}
	data, _, err := load(ctx, key)
	if err != nil {
		return false, err
	}
	values, err := codec.ParseStored(string(data), codec.FormatLitestar)
	if err != nil {
		return false, nil // what is no session is nobody's
	}
	if _, moved := movedTo(values); moved || !match(values) {
		return false, nil
	}
	err = remove(ctx, key)
	return err == nil, err
}
