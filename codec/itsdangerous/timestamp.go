package itsdangerous

import (
	"encoding/base64"
	"encoding/binary"
	"time"
)

// NoMaxAge, as a max age, means that a value never expires: max_age=None in
// Python. Neither its age nor a time in the future is looked at then. Every
// other negative max age is one that all values exceed.
const NoMaxAge time.Duration = -1

// maxTimestamp is the last second of the year 9999, in Unix time: Python's
// datetime and RFC 3339 hold no later one.
const maxTimestamp = 253402300799

// maxTimestampBytes is the size of maxTimestamp.
const maxTimestampBytes = 5

// AppendTimestamp appends t to dst as TimestampSigner writes it: the Unix time
// in seconds, rounded down, big-endian without leading zero bytes, in base64.
// The second 0 is the empty text. A time before 1970 or after 9999 is
// [ErrBadTimestamp]. It does not allocate when dst has room.
func AppendTimestamp(dst []byte, t time.Time) ([]byte, error) {
	sec := t.Unix()
	if sec < 0 || sec > maxTimestamp {
		return dst, ErrBadTimestamp
	}
	var buf [8]byte
	binary.BigEndian.PutUint64(buf[:], uint64(sec))
	b := buf[len(buf)-maxTimestampBytes:]
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	return base64.RawURLEncoding.AppendEncode(dst, b), nil
}

// ParseTimestamp is the reverse of [AppendTimestamp], in UTC. What
// AppendTimestamp does not write is [ErrBadTimestamp]. It does not allocate.
func ParseTimestamp(ts []byte) (time.Time, error) {
	if len(ts) > (maxTimestampBytes*8+5)/6 || len(ts)%4 == 1 {
		return time.Time{}, ErrBadTimestamp
	}
	var bits int64
	for _, c := range ts {
		v := base64Value(c)
		if v < 0 {
			return time.Time{}, ErrBadTimestamp
		}
		bits = bits<<6 | v
	}
	size := len(ts) * 6 / 8
	spare := len(ts)*6 - size*8
	sec := bits >> spare
	switch {
	case sec<<spare != bits: // spare bits set: a second spelling
		return time.Time{}, ErrBadTimestamp
	case size > 0 && sec>>(8*(size-1)) == 0: // a leading zero byte: a second spelling
		return time.Time{}, ErrBadTimestamp
	case sec > maxTimestamp:
		return time.Time{}, ErrBadTimestamp
	}
	return time.Unix(sec, 0).UTC(), nil
}

// base64Value returns the six bits of c in the URL-safe alphabet, or -1.
func base64Value(c byte) int64 {
	switch {
	case 'A' <= c && c <= 'Z':
		return int64(c - 'A')
	case 'a' <= c && c <= 'z':
		return int64(c-'a') + 26
	case '0' <= c && c <= '9':
		return int64(c-'0') + 52
	case c == '-':
		return 62
	case c == '_':
		return 63
	}
	return -1
}

// TimestampSigner signs bytes and the time: value, separator, timestamp,
// separator, signature. It is Python's TimestampSigner, immutable and safe for
// concurrent use.
type TimestampSigner struct {
	signer *Signer
	now    func() time.Time
}

// NewTimestampSigner checks c, which must have no Fallbacks.
func NewTimestampSigner(c Config) (*TimestampSigner, error) {
	signer, err := NewSigner(c)
	if err != nil {
		return nil, err
	}
	return &TimestampSigner{signer, c.now()}, nil
}

// AppendSign appends the signed value to dst, with the current time. It is an
// error, and dst is returned as it came, when the clock is before 1970 or after
// 9999. It does not allocate when dst has room. To sign in place, pass value as
// dst[n:] of a dst cut to n bytes.
func (s *TimestampSigner) AppendSign(dst, value []byte) ([]byte, error) {
	out := append(dst, value...)
	out = append(out, s.signer.sep...)
	out, err := AppendTimestamp(out, s.now())
	if err != nil {
		return dst, err
	}
	return s.signer.seal(out, len(dst)), nil
}

// Sign returns the signed value, with the current time. It is an error when
// the clock is before 1970 or after 9999.
func (s *TimestampSigner) Sign(value []byte) ([]byte, error) { return s.AppendSign(nil, value) }

// Unsign returns the value, a part of signed, if the signature is right and its
// age, in whole seconds, is at most maxAge and not negative. [NoMaxAge] leaves
// the age out; 0 accepts what was signed in this second. The error is an
// [*Error] that is [ErrNoSeparator], [ErrMismatch], [ErrNoTimestamp],
// [ErrBadTimestamp], [ErrExpired] or [ErrFuture].
func (s *TimestampSigner) Unsign(signed []byte, maxAge time.Duration) (value []byte, info Info, err error) {
	return unsignTimed(s.signer, signed, maxAge, s.now)
}

func unsignTimed(s *Signer, signed []byte, maxAge time.Duration, now func() time.Time) (value []byte, info Info, err error) {
	stamped, sig, found := cutLast(signed, s.sep)
	if !found {
		return nil, Info{}, &Error{err: ErrNoSeparator}
	}
	key, ok := s.Verify(stamped, sig)
	value, ts, found := cutLast(stamped, s.sep)
	if !found {
		if !ok {
			return nil, Info{}, &Error{err: ErrMismatch, payload: stamped}
		}
		return nil, Info{}, &Error{err: ErrNoTimestamp, payload: stamped}
	}
	signedAt, err := ParseTimestamp(ts)
	if !ok {
		return nil, Info{}, &Error{err: ErrMismatch, payload: value, signedAt: signedAt}
	}
	if err != nil {
		return nil, Info{}, &Error{err: ErrBadTimestamp, payload: value}
	}
	if maxAge != NoMaxAge {
		if err := checkAge(signedAt, now(), maxAge); err != nil {
			return nil, Info{}, &Error{err: err, payload: value, signedAt: signedAt}
		}
	}
	return value, Info{Key: key, SignedAt: signedAt}, nil
}

// checkAge counts in whole seconds of Unix time, as Python does: a Duration
// would overflow after 292 years.
func checkAge(signedAt, now time.Time, maxAge time.Duration) error {
	age := now.Unix() - signedAt.Unix()
	switch {
	case age < 0:
		return ErrFuture
	case maxAge < 0 || age > int64(maxAge/time.Second):
		return ErrExpired
	}
	return nil
}
