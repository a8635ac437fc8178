package codec

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// MaxPreviousKeys bounds [Keys.Previous]: each costs one verification of every
// forged cookie.
const MaxPreviousKeys = 16

// Key is a labelled secret. It prints as its label, whatever the verb; the
// secret cannot be had back.
//
// For Starlette the secret is the text given to SessionMiddleware's secret_key
// (see [PythonBytes] if the app passes bytes). For Starlite and Litestar it is
// the 16, 24 or 32 bytes given to the cookie backend's secret.
type Key struct {
	label  string
	secret *secret // a pointer, so that no %v of a struct that holds a Key shows it
	ends   bool
	until  time.Time
}

type secret struct{ bytes []byte }

// NewKey copies secret. The label names the key in [Info], logs and counters.
// An empty secret is refused by the constructor that the key is given to.
func NewKey(label string, secretBytes []byte) Key {
	return Key{label: label, secret: &secret{append([]byte(nil), secretBytes...)}}
}

// Until returns a copy of k with a cut-off date: from t on, by the codec's
// clock and whatever the cookie says, the key reads nothing, and as current key
// it writes nothing ([ErrCutOff]). Who holds an old secret can sign any
// timestamp, so only a cut-off ends a rotation or a migration. The zero time, a
// setting that was forgotten perhaps, has passed.
func (k Key) Until(t time.Time) Key {
	k.ends = true
	k.until = t.Round(0) // a date, not a time from now: without the monotonic clock
	return k
}

// Label returns the name given to [NewKey].
func (k Key) Label() string { return k.label }

// String returns the label.
func (k Key) String() string { return k.label }

// GoString returns the label, quoted, in Go's syntax.
func (k Key) GoString() string { return fmt.Sprintf("codec.Key(%q)", k.label) }

// LogValue returns the label.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.label) }

func (k Key) cutOff(now time.Time) bool { return k.ends && !now.Before(k.until) }

// sum identifies the secret, to find one that serves twice.
func (k Key) sum() [sha256.Size]byte { return sha256.Sum256(k.secret.bytes) }

func (k Key) equal(other Key) bool {
	a, b := k.sum(), other.sum()
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// printed is the key that Python makes of k given as bytes.
func (k Key) printed() Key { return NewKey(k.label, PythonBytes(k.secret.bytes)) }

// Keys are the secrets of one format.
type Keys struct {
	Current  Key   // writes, and reads
	Previous []Key // only read, tried in this order; at most MaxPreviousKeys
}

// all returns the keys in the order in which they are tried.
func (ks Keys) all() ([]Key, error) {
	if len(ks.Previous) > MaxPreviousKeys {
		return nil, fmt.Errorf("codec: %d previous keys, at most %d", len(ks.Previous), MaxPreviousKeys)
	}
	keys := append([]Key{ks.Current}, ks.Previous...)
	for _, k := range keys {
		if k.secret == nil || len(k.secret.bytes) == 0 {
			if k.label == "" {
				return nil, errors.New("codec: a key without a secret; make keys with NewKey")
			}
			return nil, fmt.Errorf("codec: key %q has an empty secret", k.label)
		}
	}
	return keys, nil
}

// PythonBytes returns Python's str() of a bytes secret, b'…' and all.
//
// Since 0.9.5 Starlette signs with str(secret_key). An app that passes bytes
// therefore signs with their printed form, and so must its peers.
func PythonBytes(secret []byte) []byte {
	quote := byte('\'')
	for _, c := range secret {
		if c == '"' {
			quote = '\''
			break
		}
		if c == '\'' {
			quote = '"'
		}
	}
	out := append(make([]byte, 0, len(secret)+3), 'b', quote)
	for _, c := range secret {
		switch {
		case c == quote || c == '\\':
			out = append(out, '\\', c)
		case c == '\t':
			out = append(out, `\t`...)
		case c == '\n':
			out = append(out, `\n`...)
		case c == '\r':
			out = append(out, `\r`...)
		case c < ' ' || c > '~':
			out = fmt.Appendf(out, `\x%02x`, c)
		default:
			out = append(out, c)
		}
	}
	return append(out, quote)
}
