package codec

import (
	"errors"
	"strconv"
)

// What a caller may branch on, with [errors.Is]. None of them, nor any error
// that wraps one, holds a secret or a value from a cookie.
var (
	// ErrNoCookie: no session cookie was sent, or one that says "no session"
	// (an empty value, or null, which Python sets to clear).
	ErrNoCookie = errors.New("codec: no session cookie")

	// ErrMalformed: not a cookie of this format, whatever the key: wrong parts,
	// base64 that is not canonical, or an authentic payload that is not JSON.
	ErrMalformed = errors.New("codec: malformed session cookie")

	// ErrUnauthentic: no key opens it. A wrong key and a forged cookie look alike.
	ErrUnauthentic = errors.New("codec: session cookie is not authentic")

	// ErrExpired: authentic, but older than the max age; see [TimeError].
	ErrExpired = errors.New("codec: session cookie has expired")

	// ErrFuture: authentic, but signed in the future: a clock is wrong; see [TimeError].
	ErrFuture = errors.New("codec: session cookie was signed in the future")

	// ErrIncomplete: a chunk of a split cookie is missing.
	ErrIncomplete = errors.New("codec: a chunk of the session cookie is missing")

	// ErrTooLarge: above one of the limits of this package or of browsers.
	ErrTooLarge = errors.New("codec: session is too large")

	// ErrNotObject: authentic JSON, but not an object, so no session.
	ErrNotObject = errors.New("codec: session is not a JSON object")

	// ErrUnsupported: the Python peer could not read it, or would answer 500.
	ErrUnsupported = errors.New("codec: the peer cannot read this value")

	// ErrNoValue: the key is absent, or null.
	ErrNoValue = errors.New("codec: no value")

	// ErrType: the value does not fit the Go type without loss.
	ErrType = errors.New("codec: value does not fit the type")

	// ErrCutOff: the current key is past its cut-off date and writes nothing.
	ErrCutOff = errors.New("codec: the current key is past its cut-off date")
)

// ValueError names the top-level session key that an error is about.
type ValueError struct {
	Key    string
	Reason string // what is wrong with it and what would happen, without the value; may be empty
	Err    error  // ErrUnsupported, ErrNoValue, ErrType, ErrTooLarge, …
}

// maxKeyInError bounds how much of a key, which may come from a cookie, an
// error's text repeats.
const maxKeyInError = 64

// Error quotes the key, so that it cannot carry control characters into a log.
func (e *ValueError) Error() string {
	key, cut := e.Key, ""
	if len(key) > maxKeyInError {
		key, cut = key[:maxKeyInError], "…"
	}
	s := e.Err.Error() + ": key " + strconv.QuoteToASCII(key) + cut
	if e.Reason != "" {
		s += ": " + e.Reason
	}
	return s
}

func (e *ValueError) Unwrap() error { return e.Err }

// TimeError is the error of an authentic session outside its time. Err is
// [ErrExpired] or [ErrFuture]. Session is what it held, for those who must
// show or count it; it must not be used to let anyone in.
type TimeError struct {
	Session *Session
	Err     error
}

func (e *TimeError) Error() string { return e.Err.Error() }
func (e *TimeError) Unwrap() error { return e.Err }
