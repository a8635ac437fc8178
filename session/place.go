package session

import (
	"context"
	"net/http"

	"github.com/sessctl/sessctl/codec"
)

// place is where sessions are kept: in cookies, or in a store.
type place interface {
	// read returns the session that a request brings. rejected says what is wrong
	// with what the client sent, codec.ErrNoCookie that it sent nothing; failed
	// that nobody can tell, the store being down.
	read(ctx context.Context, r *http.Request) (b brought, rejected, failed error)

	// write keeps the session and sets its cookie. After an error it is as it was.
	write(ctx context.Context, w http.ResponseWriter, s *Session, reason Reason) error

	// undo takes back what write has kept of a session that was another's before.
	undo(ctx context.Context, b brought)

	// clear clears the cookies that a request brings of this place on w.
	clear(w http.ResponseWriter, r *http.Request) error

	// forget ends what a request brings of this place. What was moved tells those who
	// come later. ErrNotFound: there is none, or it was moved already. errDoubt: nobody
	// knows.
	forget(ctx context.Context, r *http.Request, l leaving) error

	// sharesIndex reports whether another store has the same UserIndex.
	sharesIndex(other place) bool

	// renewsAlways reports whether also sessions that no handler asks for are
	// read, to see whether they are to be renewed.
	renewsAlways() bool
}

// brought is a session as a place has it.
type brought struct {
	values *codec.Values
	info   codec.Info
	place  place

	// Of a store.
	id      string
	text    string // the data
	base    string // what the values were when that was read or written: others may have changed more
	created int64  // in Unix seconds; 0: unknown
	undated bool   // that it is unknown makes it due
	movedTo string // where it is now: an id of the place that it was moved to
	user    string // whose it is, where there is a UserIndex
	crowded bool   // who has too many
}

// inCookies keeps sessions in cookies.
type inCookies struct{ codec Codec }

func (p *inCookies) read(_ context.Context, r *http.Request) (b brought, rejected, failed error) {
	read, err := p.codec.Read(r)
	if err != nil {
		return b, err, nil
	}
	return brought{values: read.Values, info: read.Info, place: p}, nil, nil
}

func (p *inCookies) write(_ context.Context, w http.ResponseWriter, s *Session, reason Reason) error {
	var opts []codec.EncodeOption
	if reason == Reissued {
		opts = append(opts, codec.ExpiresAt(s.info.ExpiresAt))
	}
	return p.codec.Write(w, s.scope.r, s.Values, opts...)
}

func (p *inCookies) clear(w http.ResponseWriter, r *http.Request) error {
	return p.codec.Write(w, r, new(codec.Values))
}

// A cookie cannot be ended but by clearing it.
func (*inCookies) forget(context.Context, *http.Request, leaving) error { return nil }
func (*inCookies) undo(context.Context, brought)                        {}
func (*inCookies) sharesIndex(place) bool                               { return false }
func (*inCookies) renewsAlways() bool                                   { return true }
