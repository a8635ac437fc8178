package session

import "errors"

var (
	// ErrCommitted: the response has begun, or the session was discarded, so it can
	// be changed no more.
	ErrCommitted = errors.New("session: the response has begun; change the session before that")

	// ErrNoMiddleware: no middleware of this package is around the handler, or
	// its Skip left the request out.
	ErrNoMiddleware = errors.New("session: no session middleware around this handler")

	// ErrTimedOut: a timeout within the middleware answered instead of the handler,
	// so what that did to the session is not saved.
	ErrTimedOut = errors.New("session: the handler ran out of time; its session is not saved")
)
