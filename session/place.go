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

	// write keeps the session and sets its cookie.
	write(ctx context.Context, w http.ResponseWriter, s *Session, reason Reason) error

	// clear clears the cookies of a request on w, and no more.
	clear(w http.ResponseWriter, r *http.Request) error

	// forget ends a session that has moved elsewhere.
	forget(ctx context.Context, b brought) error

	// renewsAlways reports whether also sessions that no handler asks for are
	// read, to see whether they are to be renewed.
	renewsAlways() bool
}

// brought is a session as a place has it.
type brought struct {
	values *codec.Values
	info   codec.Info
	place  place
	id     string // of a store
	text   string // of a store: the data
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

func (*inCookies) forget(context.Context, brought) error { return nil }
func (*inCookies) renewsAlways() bool                    { return true }
