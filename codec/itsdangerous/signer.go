package itsdangerous

import (
	"bytes"
	"crypto/hmac"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"hash"
	"sync"
	"time"
)

// Info says what a signed value was read with.
type Info struct {
	// Signer is 0 for the configuration itself and n for Fallbacks[n-1].
	Signer int

	// Key is the index, in that configuration's Keys, of the one that matched.
	// The last one signs; a lower index means that the value is due to be
	// signed again.
	Key int

	// SignedAt is in UTC and whole seconds. It is the zero Time where values
	// carry no timestamp.
	SignedAt time.Time
}

// Signer signs bytes: value, separator, signature. It is Python's Signer,
// immutable and safe for concurrent use.
type Signer struct {
	sep  []byte
	keys []*macKey // as in Config: the last one signs
}

// NewSigner checks c, which must have no Fallbacks.
func NewSigner(c Config) (*Signer, error) {
	if len(c.Fallbacks) > 0 {
		return nil, errors.New("itsdangerous: only serializers have fallbacks")
	}
	return newSigner(&c, defaultSignerSalt)
}

func newSigner(c *Config, defaultSalt string) (*Signer, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	s := &Signer{sep: []byte(c.separator())}
	salt := c.salt(defaultSalt)
	for _, secret := range c.Keys {
		key := &macKey{}
		if c.Algorithm == HMAC {
			key = newMACKey(c.Digest.new(), c.deriveKey(salt, secret))
		}
		s.keys = append(s.keys, key)
	}
	return s, nil
}

// AppendSignature appends the signature of value, in base64, to dst. It does
// not allocate when dst has room.
func (s *Signer) AppendSignature(dst, value []byte) []byte {
	return s.keys[len(s.keys)-1].appendSignature(dst, value)
}

// Verify reports whether sig is the signature of value, and the index in
// Config.Keys of the key that made it. Only the one spelling that
// AppendSignature writes is right. It does not allocate.
func (s *Signer) Verify(value, sig []byte) (key int, ok bool) {
	for i := len(s.keys) - 1; i >= 0; i-- {
		if s.keys[i].verify(value, sig) {
			return i, true
		}
	}
	return 0, false
}

// AppendSign appends the signed value to dst. It does not allocate when dst
// has room. To sign in place, pass value as dst[n:] of a dst cut to n bytes.
func (s *Signer) AppendSign(dst, value []byte) []byte {
	n := len(dst)
	dst = append(dst, value...)
	return s.seal(dst, n)
}

// seal appends the separator and the signature of dst[n:].
func (s *Signer) seal(dst []byte, n int) []byte {
	end := len(dst)
	dst = append(dst, s.sep...)
	return s.AppendSignature(dst, dst[n:end])
}

// Sign returns the signed value.
func (s *Signer) Sign(value []byte) []byte { return s.AppendSign(nil, value) }

// Unsign returns the value, a part of signed, if the signature is right. Its
// error is an [*Error] that is [ErrNoSeparator] or [ErrMismatch].
func (s *Signer) Unsign(signed []byte) (value []byte, info Info, err error) {
	value, sig, found := cutLast(signed, s.sep)
	if !found {
		return nil, Info{}, &Error{err: ErrNoSeparator}
	}
	key, ok := s.Verify(value, sig)
	if !ok {
		return nil, Info{}, &Error{err: ErrMismatch, payload: value}
	}
	return value, Info{Key: key}, nil
}

// cutLast is Python's rsplit(sep, 1).
func cutLast(s, sep []byte) (before, after []byte, found bool) {
	i := bytes.LastIndex(s, sep)
	if i < 0 {
		return nil, nil, false
	}
	return s[:i:i], s[i+len(sep):], true
}

// macKey signs with one key. Its zero value is the none algorithm, whose
// signature is empty.
type macKey struct {
	size int       // of the signature in base64; 0: the none algorithm
	pool sync.Pool // of *macState
}

// macState is a keyed HMAC, both key blocks precomputed, with the room for its
// sum. Reusing them is what makes signing free of allocations.
type macState struct {
	mac  hash.Hash
	sum  [maxSum]byte
	text [maxText]byte
}

const (
	maxSum  = 64 // of SHA-512
	maxText = (maxSum*8 + 5) / 6
)

func newMACKey(newHash func() hash.Hash, key []byte) *macKey {
	k := &macKey{size: base64.RawURLEncoding.EncodedLen(newHash().Size())}
	k.pool.New = func() any { return &macState{mac: hmac.New(newHash, key)} }
	return k
}

// signature returns the signature of value, in st.text.
func (k *macKey) signature(st *macState, value []byte) []byte {
	st.mac.Reset()
	st.mac.Write(value)
	text := st.text[:k.size]
	base64.RawURLEncoding.Encode(text, st.mac.Sum(st.sum[:0]))
	return text
}

func (k *macKey) appendSignature(dst, value []byte) []byte {
	if k.size == 0 {
		return dst
	}
	st := k.pool.Get().(*macState)
	dst = append(dst, k.signature(st, value)...)
	k.pool.Put(st)
	return dst
}

func (k *macKey) verify(value, sig []byte) bool {
	if len(sig) != k.size {
		return false // the length is no secret
	}
	if k.size == 0 {
		return true
	}
	st := k.pool.Get().(*macState)
	ok := subtle.ConstantTimeCompare(sig, k.signature(st, value)) == 1
	k.pool.Put(st)
	return ok
}
