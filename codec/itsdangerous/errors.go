package itsdangerous

import (
	"errors"
	"time"
)

// kind is a sentinel that is also its parents: errors.Is(ErrExpired,
// ErrBadSignature) is true, as in Python's hierarchy of exceptions.
type kind struct {
	text   string
	parent error
}

func (k *kind) Error() string { return k.text }
func (k *kind) Unwrap() error { return k.parent }

// What a caller may branch on, with [errors.Is]. Indented is what the error
// above it includes.
//
//	ErrBadSignature          BadSignature
//	    ErrNoSeparator       BadSignature: No b'.' found in value
//	    ErrMismatch          BadSignature: Signature b'…' does not match
//	    ErrBadTimeSignature  BadTimeSignature
//	        ErrNoTimestamp   BadTimeSignature: timestamp missing
//	        ErrBadTimestamp  BadTimeSignature: Malformed timestamp
//	        ErrExpired       SignatureExpired: Signature age 61 > 60 seconds
//	        ErrFuture        SignatureExpired: Signature age -1 < 0 seconds
//	ErrBadPayload            BadPayload
//	    ErrTooLarge
//
// ErrBadTimeSignature means that the signature is right: only the time is not.
// (Python also turns a mismatch into BadTimeSignature where there is a
// timestamp. Here it stays ErrMismatch, so that what is authentic can be told
// from what is not.) ErrBadPayload comes after a right signature too.
var (
	ErrBadSignature     = errors.New("itsdangerous: bad signature")
	ErrNoSeparator      = error(&kind{"itsdangerous: no separator found in value", ErrBadSignature})
	ErrMismatch         = error(&kind{"itsdangerous: signature does not match", ErrBadSignature})
	ErrBadTimeSignature = error(&kind{"itsdangerous: bad time signature", ErrBadSignature})
	ErrNoTimestamp      = error(&kind{"itsdangerous: timestamp missing", ErrBadTimeSignature})
	ErrBadTimestamp     = error(&kind{"itsdangerous: malformed timestamp", ErrBadTimeSignature})
	ErrExpired          = error(&kind{"itsdangerous: signature has expired", ErrBadTimeSignature})
	ErrFuture           = error(&kind{"itsdangerous: signed in the future", ErrBadTimeSignature})
	ErrBadPayload       = errors.New("itsdangerous: bad payload")
	ErrTooLarge         = error(&kind{"itsdangerous: payload is too large", ErrBadPayload})
)

// Error is the error of every value that could not be unsigned or loaded. It
// wraps one of the sentinels of this package. Its text holds nothing of the
// value.
type Error struct {
	err      error
	cause    error
	payload  []byte
	signedAt time.Time
}

func (e *Error) Error() string { return e.err.Error() }

// GoString is Error, so that %#v does not print the payload.
func (e *Error) GoString() string { return e.Error() }

// Unwrap returns the sentinel and, of a payload that did not decode, the
// decoder's error. The text of the latter may quote the payload.
func (e *Error) Unwrap() []error {
	if e.cause == nil {
		return []error{e.err}
	}
	return []error{e.err, e.cause}
}

// UnverifiedPayload returns the value that was signed, as Python's
// BadSignature.payload: without signature and timestamp, not decoded. It is a
// part of the input, and nil where there is none. Anyone may have written it,
// unless the error is [ErrBadTimeSignature].
func (e *Error) UnverifiedPayload() []byte { return e.payload }

// UnverifiedSignedAt returns when the value says it was signed, as Python's
// BadTimeSignature.date_signed. It is the zero Time where that is not known.
// Anyone may have written it, unless the error is [ErrBadTimeSignature].
func (e *Error) UnverifiedSignedAt() time.Time { return e.signedAt }
