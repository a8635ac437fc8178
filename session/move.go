package session

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/sessctl/sessctl/codec"
)

// movedKey is the only key of what stands for a while where a session was: its id in
// the store that it was moved to, or a mark that it ended. To others it is a session of
// nobody.
const movedKey = "_moved"

// endedMark begins a mark. What follows tells whose it is.
const endedMark = "-"

// moveGrace is how long that stands. The other requests of the page that moved the
// session bring the old cookie.
const moveGrace = time.Minute

var (
	// errMoved is ErrNotFound where the session was moved away, or has ended a moment ago.
	errMoved = fmt.Errorf("%w: it was moved", ErrNotFound)

	// errDoubt: nobody knows whether it was moved.
	errDoubt = errors.New("it may have been moved")

	// errSettled: it was done in another way.
	errSettled = errors.New("settled")
)

// movedTo reports whether all that is left of a session is where it is now, and where
// that is, if it can be followed there.
func movedTo(v *codec.Values) (id string, moved bool) {
	to, err := codec.Get[string](v, movedKey)
	switch {
	case err != nil || v.Len() != 1:
		return "", false
	case strings.HasPrefix(to, endedMark):
		return "", true
	}
	return to, ValidID(to)
}

// leaving is a session on its way from a place to the manager's own, or to its end.
type leaving struct {
	*scope
	old *brought // what it was
	now *brought // what it is; without an id where it is in no store
	how departure
}

// departure says how a session leaves. But for those that move nobody is to follow.
type departure uint8

const (
	moves departure = iota
	regenerated
	destroyed // with all that others put in
	emptied   // it ends for want of data: what others put in stays
)

func (p *inStore) forget(ctx context.Context, r *http.Request, l leaving) error {
	id, source := p.cookieOf(r), l.old.place == place(p)
	if source {
		id = l.old.id
	}
	if !ValidID(id) || id == l.old.id && !source { // that one is elsewhere
		return ErrNotFound
	}
	ctx, cancel := p.lastStep(ctx)
	defer cancel()
	swapper, ok := p.store.(Swapper)
	switch {
	case !source:
		to, err := p.endUnlessMoved(ctx, id, "")
		if to != "" && l.how != moves {
			err = l.endMoved(ctx, to, l.old.id) // which is dealt with where it is
		}
		if errors.Is(err, errSettled) {
			return nil
		}
		return storeError(err)
	case !ok:
		return storeError(p.store.Delete(ctx, id))
	}
	to := l.now.id
	if l.how != moves {
		to = ""
	}
	err := p.retire(ctx, swapper, id, l.old.text, to, func(stored []byte) error { return p.changed(ctx, stored, l) })
	if errors.Is(err, errSettled) {
		return nil
	}
	return storeError(err)
}

// changed decides what becomes of a session that others have changed before it left.
func (p *inStore) changed(ctx context.Context, stored []byte, l leaving) error {
	own, _ := l.m.place.(*inStore)
	values, err := codec.ParseStored(string(stored), codec.FormatLitestar)
	if err != nil {
		values = new(codec.Values) // no session, which merge refuses
	}
	to, moved := movedTo(values)
	switch {
	case moved && (to == "" || l.how == moves || l.how == emptied):
		return ErrNotFound
	case moved && (l.now.id == "" || l.how == destroyed):
		return l.endMoved(ctx, to, "")
	case moved:
		return cmp.Or(own.supersede(ctx, to, l.old, l.now), errSettled)
	case l.how == destroyed:
		return nil
	case l.how == emptied:
		return p.leave(ctx, stored, l)
	case l.now.id != "":
		return own.merge(ctx, stored, l.old, l.now)
	case l.how == regenerated:
		return nil
	}
	return ErrNotFound // the cookie is written
}

// leave takes what a request has deleted out of a session that stays, since others have
// put something in. nil: nothing is left.
func (p *inStore) leave(ctx context.Context, stored []byte, l leaving) error {
	left, err := mergeStored(stored, l.old.base, []byte("{}"))
	if err != nil || string(left) == "{}" {
		return err
	}
	err = p.store.(Swapper).Swap(ctx, l.old.id, stored, left, p.left(l.old.created))
	switch {
	case errors.Is(err, ErrChanged):
		return nil // retire looks again
	case err == nil:
		return ErrNotFound // here; it has not moved
	}
	return err
}

// endMoved ends what was moved to an id, wherever it is by now, unless that is under the
// id but.
func (s *scope) endMoved(ctx context.Context, to, but string) error {
	for range maxMoves {
		if to == "" || to == but {
			break
		}
		moved := ""
		for _, p := range s.stores() {
			next, err := p.endUnlessMoved(ctx, to, "")
			switch {
			case err == nil:
				return errSettled
			case !errors.Is(err, ErrNotFound):
				return err
			}
			moved = cmp.Or(moved, next)
		}
		to = moved
	}
	return ErrNotFound
}

// endUnlessMoved ends a session of this store. ErrNotFound: there is none, or it was
// moved to an id.
func (p *inStore) endUnlessMoved(ctx context.Context, id, text string) (to string, err error) {
	swapper, ok := p.store.(Swapper)
	if !ok {
		return "", p.store.Delete(ctx, id)
	}
	err = p.retire(ctx, swapper, id, text, "", func(stored []byte) error {
		values, err := codec.ParseStored(string(stored), codec.FormatLitestar)
		if err != nil {
			return nil // what is no session is to end too
		}
		var moved bool
		if to, moved = movedTo(values); moved {
			return errMoved
		}
		return nil
	})
	if errors.Is(err, ErrDamaged) || errors.Is(err, codec.ErrTooLarge) {
		err = p.store.Delete(ctx, id) // it leads nowhere
	}
	return to, err
}

// endOwn ends a session of this store, also where a service that reads this store has
// moved it meanwhile to another one that is read here.
func (p *inStore) endOwn(ctx context.Context, s *Session) error {
	if len(s.scope.m.o.From) == 0 {
		return p.store.Delete(ctx, s.brought.id)
	}
	to, err := p.endUnlessMoved(ctx, s.brought.id, s.brought.text)
	if to != "" {
		err = s.scope.endMoved(ctx, to, "")
	}
	if errors.Is(err, errSettled) {
		return nil
	}
	return err
}

// retire puts in the place of a session what is none, in one step: of several who move
// or end it one does. Where nobody is to follow, it is deleted then. changed is told what
// is there where it is not text any more, and says whether to go on.
func (p *inStore) retire(ctx context.Context, swapper Swapper, id, text, to string, changed func(stored []byte) error) error {
	stands := fmt.Appendf(nil, `{"%s":"%s"}`, movedKey, cmp.Or(to, endedMark+rand.Text()))
	for stored := []byte(text); ; {
		err := swapper.Swap(ctx, id, stored, stands, moveGrace)
		if errors.Is(err, ErrChanged) {
			if stored, _, err = p.store.Load(ctx, id); err == nil {
				err = changed(stored)
			}
			if err != nil {
				return err
			}
			continue
		}
		if err != nil && !errors.Is(err, ErrNotFound) {
			err = p.settle(ctx, id, stands, err)
		}
		if err == nil && to == "" {
			_ = p.store.Delete(ctx, id) // what fails leaves a mark, which is no session
		}
		return err
	}
}

// lastStep returns a context for what must not be left half-way where the client has
// gone.
func (p *inStore) lastStep(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline := time.Now().Add(p.c.Timeout)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	return context.WithDeadline(context.WithoutCancel(ctx), deadline)
}

// settle finds out whether what ended with an error was done. It has a time of its own,
// as undo.
func (p *inStore) settle(ctx context.Context, id string, stands []byte, err error) error {
	timeout := interface{ Timeout() bool }(nil)
	late := errors.As(err, &timeout) && timeout.Timeout() // the server may yet come to it
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.c.Timeout)
	defer cancel()
	stored, _, loadErr := p.store.Load(ctx, id)
	switch {
	case loadErr == nil && bytes.Equal(stored, stands):
		return nil // only the answer was lost
	case errors.Is(loadErr, ErrNotFound):
		return loadErr // it has ended
	case loadErr != nil || late:
		return fmt.Errorf("%w: %w", errDoubt, err)
	}
	return err
}

// supersede ends a session of this store, which old was, in favour of now. What others
// have made of it meanwhile now is too. ErrNotFound: it has ended, or was moved.
func (p *inStore) supersede(ctx context.Context, id string, old, now *brought) error {
	merge := func(stored []byte) error { return p.merge(ctx, stored, old, now) }
	if old.text != old.base { // Save has written it, and what others had made of it
		if err := merge([]byte(old.text)); err != nil {
			return err
		}
	}
	if swapper, ok := p.store.(Swapper); ok {
		return p.retire(ctx, swapper, id, old.text, "", merge)
	}
	stored, _, err := p.store.Load(ctx, id)
	if err == nil {
		err = merge(stored)
	}
	if err != nil {
		return err
	}
	return p.store.Delete(ctx, id)
}

// merge writes what others have made of a session, which old was, into now, which nobody
// knows yet.
func (p *inStore) merge(ctx context.Context, stored []byte, old, now *brought) error {
	merged, err := mergeStored(stored, old.base, []byte(now.base))
	if err != nil || string(merged) == now.text {
		return err
	}
	values, err := codec.ParseStored(string(merged), codec.FormatLitestar)
	if err != nil {
		return err
	}
	if now.created != 0 { // it counts from its own making
		if err := values.Set(CreatedKey, now.created); err != nil {
			return err
		}
		if merged, err = values.AppendJSON(nil, codec.FormatLitestar); err != nil {
			return err
		}
	}
	ttl := p.left(now.created)
	if user := p.users.of(values); user != now.user { // who has logged in
		if now.crowded, err = p.users.add(ctx, user, now.id, p.c.Now().Add(ttl)); err != nil {
			return err
		}
		now.user = user
	}
	if err := p.store.Replace(ctx, now.id, merged, ttl); err != nil {
		return err
	}
	now.text = string(merged)
	return nil
}
