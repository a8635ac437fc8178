package codec

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/sessctl/sessctl/codec/internal/chunk"
)

// LitestarConfig configures [NewLitestar].
type LitestarConfig struct {
	Keys      Keys // secrets of 16, 24 or 32 bytes
	Cookie    Attributes
	MaxAge    time.Duration    // 0: DefaultMaxAge; else whole seconds
	Leeway    time.Duration    // 0: none, as Python; whole seconds
	Numbered  bool             // session-0 even for one chunk: while Starlite, or Litestar before 2.6.1, shares the cookie
	MaxChunks int              // 0: 10, all that Python's text sort can read back (litestar#5022); at most 64, of which MaxValueSize holds 17
	Now       func() time.Time // nil: time.Now
}

// pythonChunks is how many chunks Python can read: it sorts their names as
// text, session-10 before session-2.
const pythonChunks = 10

// minChunkSize is the least that must be left of a cookie for its value.
const minChunkSize = 256

// NewLitestar returns a codec for the client-side sessions of Litestar v2 and
// of Starlite v1 since 1.17:
//
//	base64(nonce ‖ AES-GCM(json) ‖ "additional_authenticated_data=" ‖ aad)
//	aad = {"expires_at":<unix seconds>}
//
// split over the cookies session-0, session-1, …; Litestar since 2.6.1 names a
// single one session. Python reads chunks of any size; those written here keep
// name, value and attributes within 4096 bytes, as RFC 6265 counts them
// (litestar#5021).
//
// Set Numbered as long as Starlite, or Litestar before 2.6.1, shares the cookie:
// when they meet a bare session cookie beside numbered ones, they clear one of
// the chunks they have just written, and the user is logged out. Litestar 2.6.1
// to 2.8.2 wants it unset, and leaves stale cookies behind whenever a session
// grows or shrinks over one chunk (litestar#3441); they are seen through here,
// but not by that app.
//
// It refuses a secret that is no AES key.
func NewLitestar(c LitestarConfig) (*Codec, error) {
	f, err := newForm(c.Keys, c.Cookie, c.MaxAge, c.Leeway, c.Now)
	if err != nil {
		return nil, err
	}
	if f.maxAge == NoMaxAge {
		return nil, errors.New("codec: Litestar's cookies need a max age")
	}
	if c.MaxChunks == 0 {
		c.MaxChunks = pythonChunks
	}
	if c.MaxChunks < 1 || c.MaxChunks > chunk.Max {
		return nil, fmt.Errorf("codec: MaxChunks must be 1 to %d", chunk.Max)
	}
	w := &sealed{keys: f.keys, maxAge: int64(f.maxAge / time.Second), leeway: int64(c.Leeway / time.Second)}
	for _, k := range f.keys {
		block, err := aes.NewCipher(k.secret.bytes)
		if err != nil {
			return nil, fmt.Errorf("codec: key %q is %d bytes; an AES key is 16, 24 or 32", k.label, len(k.secret.bytes))
		}
		// The one that FIPS 140-only mode allows. It lays out nonce, ciphertext
		// and tag as Python does, and no caller can repeat a nonce.
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, err
		}
		w.aeads = append(w.aeads, aead)
	}
	f.wire, f.format = w, FormatLitestar
	f.split, f.numbered, f.maxChunks = true, c.Numbered, c.MaxChunks
	f.chunkSize = chunkSize(f)
	if f.chunkSize < minChunkSize {
		return nil, errors.New("codec: cookie attributes: name, path and domain leave no room for a value")
	}
	return &Codec{forms: []*form{f}}, nil
}

// chunkSize returns how long a value can be so that the whole Set-Cookie line
// stays within MaxCookieSize.
func chunkSize(f *form) int {
	longest := f.cookie.cookie(chunk.Name(f.cookie.Name, f.maxChunks-1), "")
	longest.MaxAge = int(f.maxAge / time.Second)
	longest.Quoted = true
	return MaxCookieSize - len(longest.String())
}

// sealed is the wire format of Litestar and Starlite.
type sealed struct {
	keys   []Key
	aeads  []cipher.AEAD // one a key
	maxAge int64         // seconds
	leeway int64
}

// The additional authenticated data stands at the end of the value, in clear,
// behind a marker that is not authenticated.
const (
	aadMarker = "additional_authenticated_data="
	aadPrefix = `{"expires_at":`
	maxDigits = len("253402300799") // of maxUnix
)

const (
	nonceSize = 12
	tagSize   = 16
)

// decodeSealed appends what value decodes to to dst. n bytes of that are nonce,
// ciphertext and tag; the marker and the AAD follow.
func decodeSealed(dst, value []byte) (raw []byte, n int, expires int64, err error) {
	raw, err = appendBase64(dst, value)
	if err != nil {
		return nil, 0, 0, err
	}
	// From the end backwards: what stands before is ciphertext, and may hold anything.
	whole := raw[len(dst):]
	end := len(whole) - 1
	if end < 0 || whole[end] != '}' {
		return nil, 0, 0, ErrMalformed
	}
	start := end
	for start > 0 && '0' <= whole[start-1] && whole[start-1] <= '9' {
		start--
	}
	n = start - len(aadMarker+aadPrefix)
	if n < nonceSize+tagSize || string(whole[n:start]) != aadMarker+aadPrefix ||
		end-start > maxDigits || end == start || whole[start] == '0' && end-start > 1 {
		return nil, 0, 0, ErrMalformed
	}
	for _, d := range whole[start:end] {
		expires = expires*10 + int64(d-'0')
	}
	if expires > maxUnix {
		return nil, 0, 0, ErrMalformed
	}
	return raw, n, expires, nil
}

func (s *sealed) open(dst, value []byte, now time.Time) ([]byte, Info, error) {
	for i, aead := range s.aeads {
		if s.keys[i].cutOff(now) {
			continue
		}
		raw, n, expires, err := decodeSealed(dst, value) // anew for each key: one that fails leaves nothing behind
		if err != nil {
			return dst, Info{}, err
		}
		whole := raw[len(dst):]
		text, err := aead.Open(whole[:0], nil, whole[:n], whole[n+len(aadMarker):])
		if err != nil {
			continue
		}
		left := expires - roundHalfEven(now)
		if left <= -s.leeway {
			err = ErrExpired
		}
		return raw[:len(dst)+len(text)], Info{
			Format: FormatLitestar, KeyLabel: s.keys[i].label, KeyIndex: i, Stale: i > 0,
			ExpiresAt: time.Unix(expires, 0).UTC(),
			Age:       seconds(s.maxAge - left),
		}, err
	}
	// With every key past its cut-off nothing has been looked at yet.
	if _, _, _, err := decodeSealed(dst, value); err != nil {
		return dst, Info{}, err
	}
	return dst, Info{}, ErrUnauthentic
}

// roundHalfEven is Python's round(time.time()).
func roundHalfEven(t time.Time) int64 {
	sec, nsec := t.Unix(), t.Nanosecond()
	if nsec > 5e8 || nsec == 5e8 && sec%2 != 0 {
		sec++
	}
	return sec
}

func (s *sealed) seal(dst, text []byte, now, expires time.Time) ([]byte, time.Duration, error) {
	left := s.maxAge
	if !expires.IsZero() {
		left = min(left, expires.Unix()-roundHalfEven(now))
		if left <= 0 {
			return dst, 0, ErrExpired
		}
	}
	end := roundHalfEven(now) + left
	if end < 0 || end > maxUnix {
		return dst, 0, errClock
	}
	aad := append([]byte(aadPrefix), strconv.FormatInt(end, 10)...)
	aad = append(aad, '}')
	raw := make([]byte, 0, nonceSize+len(text)+tagSize+len(aadMarker)+len(aad))
	raw = s.aeads[0].Seal(raw, nil, text, aad)
	raw = append(raw, aadMarker...)
	raw = append(raw, aad...)
	return base64Std.AppendEncode(dst, raw), seconds(left), nil
}
