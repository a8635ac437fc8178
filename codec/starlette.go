package codec

import (
	"bytes"
	"crypto/fips140"
	"encoding/base64"
	"errors"
	"slices"
	"time"

	"github.com/sessctl/sessctl/codec/itsdangerous"
)

// StarletteConfig configures [NewStarlette].
type StarletteConfig struct {
	Keys     Keys
	Cookie   Attributes
	MaxAge   time.Duration    // 0: DefaultMaxAge; NoMaxAge: never expires; else whole seconds
	Leeway   time.Duration    // 0: none, as Python; whole seconds; for expiry and for the future
	Backdate time.Duration    // 0: none; whole seconds; signs that much in the past, so that a peer whose clock lags accepts it
	Untimed  bool             // no timestamp: Starlette 0.6.2 to 0.7
	Now      func() time.Time // nil: time.Now
}

// NewStarlette returns a codec for the cookies of Starlette's
// SessionMiddleware, and so of FastAPI, since 0.6.2:
//
//	base64(json.dumps(session)) "." timestamp "." HMAC-SHA1
//
// It refuses an empty secret, attributes that browsers would not take, and
// FIPS-only mode (GODEBUG=fips140=only), in which HMAC-SHA1 cannot be had.
// SHA-1 is Starlette's choice; its weakness to collisions is none of HMAC's.
func NewStarlette(c StarletteConfig) (*Codec, error) {
	if fips140.Enforced() {
		return nil, errors.New("codec: Starlette's cookies need HMAC-SHA1, which FIPS 140-only mode forbids")
	}
	if c.Backdate < 0 || c.Backdate%time.Second != 0 {
		return nil, errors.New("codec: Backdate must be whole seconds, not negative")
	}
	f, err := newForm(c.Keys, c.Cookie, c.MaxAge, c.Leeway, c.Now)
	if err != nil {
		return nil, err
	}
	if f.maxAge != NoMaxAge && c.Backdate >= f.maxAge {
		return nil, errors.New("codec: Backdate must be less than MaxAge")
	}
	w := &signed{
		keys:     f.keys,
		timed:    !c.Untimed,
		maxAge:   int64(f.maxAge / time.Second),
		ages:     f.maxAge != NoMaxAge,
		leeway:   int64(c.Leeway / time.Second),
		backdate: int64(c.Backdate / time.Second),
	}
	for _, k := range f.keys {
		signer, err := itsdangerous.NewSigner(itsdangerous.Config{Keys: [][]byte{k.secret.bytes}})
		if err != nil {
			return nil, err
		}
		w.signers = append(w.signers, signer)
	}
	f.wire, f.format = w, FormatStarlette
	return &Codec{forms: []*form{f}}, nil
}

// signed is the wire format of Starlette.
type signed struct {
	keys     []Key
	signers  []*itsdangerous.Signer // one a key
	timed    bool
	ages     bool  // has a max age
	maxAge   int64 // seconds, as all below
	leeway   int64
	backdate int64
}

var base64Std = base64.StdEncoding.Strict()

func (s *signed) open(dst, value []byte, now time.Time) ([]byte, Info, error) {
	payload, message, sig, at, err := splitSigned(value, s.timed)
	if err != nil {
		return dst, Info{}, err
	}
	key := -1
	for i, signer := range s.signers {
		if s.keys[i].cutOff(now) {
			continue
		}
		if _, ok := signer.Verify(message, sig); ok {
			key = i
			break
		}
	}
	if key < 0 {
		if !wellFormed(dst, payload, sig) {
			return dst, Info{}, ErrMalformed
		}
		return dst, Info{}, ErrUnauthentic
	}
	text, err := appendBase64(dst, payload)
	if err != nil {
		return dst, Info{}, err
	}
	info := Info{Format: FormatStarlette, KeyLabel: s.keys[key].label, KeyIndex: key, Stale: key > 0}
	if !s.timed {
		return text, info, nil
	}
	age := now.Unix() - at.Unix() // both floored, as int(time.time()) is
	info.SignedAt = at
	info.Age = seconds(age)
	if s.ages {
		info.ExpiresAt = time.Unix(min(at.Unix()+s.maxAge, maxUnix), 0).UTC()
		if age < -s.leeway {
			return text, info, ErrFuture
		}
		if age > s.maxAge+s.leeway {
			return text, info, ErrExpired
		}
	}
	return text, info, nil
}

// splitSigned takes a value apart: payload "." timestamp "." signature, or
// without the timestamp. message is what was signed.
func splitSigned(value []byte, timed bool) (payload, message, sig []byte, at time.Time, err error) {
	i := bytes.LastIndexByte(value, '.')
	if i < 0 {
		return nil, nil, nil, at, ErrMalformed
	}
	message, sig = value[:i], value[i+1:]
	payload = message
	if timed {
		j := bytes.LastIndexByte(message, '.')
		if j < 0 {
			return nil, nil, nil, at, ErrMalformed
		}
		payload = message[:j]
		at, err = itsdangerous.ParseTimestamp(message[j+1:])
		if err != nil {
			return nil, nil, nil, at, ErrMalformed
		}
	}
	return payload, message, sig, at, nil
}

// wellFormed tells a forged or foreign cookie from one that is none, whatever
// the key. It may overwrite what lies beyond the length of scratch.
func wellFormed(scratch, payload, sig []byte) bool {
	if _, err := appendBase64(scratch, payload); err != nil {
		return false
	}
	var raw [21]byte
	if len(sig) != base64.RawURLEncoding.EncodedLen(20) || bytes.ContainsAny(sig, "\r\n") {
		return false
	}
	_, err := base64.RawURLEncoding.Strict().Decode(raw[:], sig)
	return err == nil
}

// appendBase64 accepts the one canonical spelling. Python's b64decode skips
// what is not of the alphabet and ignores spare bits; Go's Strict still skips
// line ends, which the length gives away.
func appendBase64(dst, src []byte) ([]byte, error) {
	if len(src)%4 != 0 {
		return dst, ErrMalformed
	}
	n := len(src) / 4 * 3
	out := slices.Grow(dst, n)
	got, err := base64Std.Decode(out[len(dst):cap(out)], src) // faster with room to spare
	if err != nil || got != n-padding(src) {
		return dst, ErrMalformed
	}
	return out[:len(dst)+got], nil
}

func padding(src []byte) int {
	switch {
	case bytes.HasSuffix(src, []byte("==")):
		return 2
	case bytes.HasSuffix(src, []byte("=")):
		return 1
	}
	return 0
}

func (s *signed) seal(dst, text []byte, now, expires time.Time) ([]byte, time.Duration, error) {
	at := now.Unix() - s.backdate
	left := s.maxAge
	if !s.ages {
		left = 0
	}
	if !expires.IsZero() {
		remaining := expires.Unix() - now.Unix()
		if remaining <= 0 {
			return dst, 0, ErrExpired
		}
		if s.ages {
			at = min(at, expires.Unix()-s.maxAge)
			left = min(left, remaining)
		} else {
			left = remaining
		}
	}
	start := len(dst)
	dst = base64Std.AppendEncode(dst, text)
	if s.timed {
		dst = append(dst, '.')
		stamped, err := itsdangerous.AppendTimestamp(dst, time.Unix(at, 0))
		if err != nil {
			return dst[:start], 0, errClock
		}
		dst = stamped
	}
	message := dst[start:]
	dst = append(dst, '.')
	return s.signers[0].AppendSignature(dst, message), seconds(left), nil
}
