package codec

import (
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strings"

	"github.com/sessctl/sessctl/codec/internal/pyjson"
)

const (
	// maxText bounds the text of a session, in bytes. Cookies end far below;
	// it is for sessions in stores, and for inflated payloads.
	maxText = 1 << 20

	// maxDepth bounds how deep arrays and objects nest, the session itself
	// included. Python's json and msgspec raise RecursionError somewhat below
	// 1000 (sys.getrecursionlimit(), less what is on the stack already), which
	// both frameworks answer with 500.
	maxDepth = 900

	// maxKeys bounds the top-level keys, and so the memory of their index.
	// It must stay below 1<<16, see [list].
	maxKeys = 10_000
)

// Values is a session's data: an ordered JSON object, held as text in Python's
// spelling. What the caller does not change is written back byte for byte as it
// was read, also what Go could not hold: 1.0 and 1, 2^70, NaN, lone surrogates,
// the order of the keys. Of a key that occurs twice the last value counts, at
// the first place, as in Python.
//
// The zero value is empty and ready. Values may be read by many goroutines at
// once, or changed by one. A nil *Values reads as empty. Values must not be
// copied, see [Values.Clone].
type Values struct {
	_ noCopy
	list
	text     string // what parse was given; current until changed
	format   Format // whose text it is; 0: unknown
	changed  bool   // members differ from text
	modified bool
	failed   []*ValueError // of keys whose last Set failed
	frozen   error
}

// noCopy makes go vet report copies. A copy would share its members with the
// original, and print them.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}

// ParseValues reads a JSON object that a person or a program wrote. What
// [Values.AppendJSON] makes of it is spelled as Python would spell it.
//
// Besides JSON it takes the NaN, Infinity and -Infinity of Python's json.
// Errors: [ErrMalformed] (not JSON in UTF-8), [ErrNotObject], [ErrTooLarge]
// (longer than 1 MiB, more than 10,000 keys, or nested deeper than 900).
func ParseValues(json string) (*Values, error) {
	v := new(Values)
	if err := v.parse(json, 0); err != nil {
		return nil, err
	}
	return v, nil
}

// ParseStored is [ParseValues] for the text that a peer, or [Values.AppendJSON]
// for a peer, has put into a store: what is not changed stays byte for byte as
// it is there. Of server-side sessions of Starlite and Litestar the peer is
// [FormatLitestar].
func ParseStored(json string, peer Format) (*Values, error) {
	v := new(Values)
	if err := v.parse(json, peer); err != nil {
		return nil, err
	}
	return v, nil
}

// parse fills v, which has to be new, from the text of a session that a peer of
// format from wrote; 0 is unknown. The text is not copied.
func (v *Values) parse(text string, from Format) error {
	if len(text) > maxText {
		return ErrTooLarge
	}
	s := pyjson.Scanner{Text: text}
	s.Space()
	if s.Peek() != '{' {
		if _, _, err := pyjson.Scan(text, maxDepth); err != nil {
			return parseError(err)
		}
		return ErrNotObject
	}
	var members list
	s.Pos++
	for first := true; ; first = false {
		more, ok := s.Next('}', first)
		if !ok {
			return ErrMalformed
		}
		if !more {
			break
		}
		s.Flags = 0
		name, ok := s.Name()
		if !ok {
			return ErrMalformed
		}
		m := member{name: name, escaped: s.Flags&pyjson.Escape != 0, spelling: from}
		start := s.Pos
		if !s.Value(maxDepth - 1) {
			return parseError(s.Err())
		}
		m.value, m.flags = text[start:s.Pos], s.Flags
		if i := members.find(m.key()); i >= 0 {
			// What the dropped value held stays in text, so its flags count.
			m.name, m.escaped = members.all[i].name, members.all[i].escaped
			m.flags |= members.all[i].flags
			members.all[i] = m
			continue
		}
		if len(members.all) == maxKeys {
			return ErrTooLarge
		}
		members.add(m, len(text)-s.Pos)
	}
	s.Space()
	if s.Pos != len(text) {
		return ErrMalformed
	}
	v.text, v.list, v.format = text, members, from
	return nil
}

func parseError(err error) error {
	if errors.Is(err, pyjson.ErrDepth) {
		return ErrTooLarge
	}
	return ErrMalformed
}

// Len returns the number of top-level keys.
func (v *Values) Len() int {
	if v == nil {
		return 0
	}
	return len(v.all)
}

// Has reports whether key is there, be it as null.
func (v *Values) Has(key string) bool {
	_, ok := v.JSON(key)
	return ok
}

// JSON returns the exact text of a value.
func (v *Values) JSON(key string) (json string, ok bool) {
	if v == nil {
		return "", false
	}
	i := v.find(key)
	if i < 0 {
		return "", false
	}
	return v.all[i].value, true
}

// All yields the keys and the exact texts of their values, in order. A key with
// a lone surrogate is no valid UTF-8: it has the three bytes of its code point.
// The values may be changed meanwhile; it yields the keys that were there.
func (v *Values) All() iter.Seq2[string, string] {
	return func(yield func(key, json string) bool) {
		if v == nil {
			return
		}
		for _, m := range v.all {
			if !yield(m.key(), m.value) {
				return
			}
		}
	}
}

// Modified reports whether Set, SetJSON or Reset was called, or a Delete of a
// key that was there. A Set counts even if it set the same value again, or
// failed: then writing reports its error.
func (v *Values) Modified() bool { return v != nil && v.modified }

// Clone returns an independent copy, which is not frozen.
func (v *Values) Clone() *Values {
	c := new(Values)
	if v != nil {
		c.text, c.format, c.changed, c.modified = v.text, v.format, v.changed, v.modified
		c.list, c.failed = v.list.clone(), slices.Clone(v.failed)
	}
	return c
}

// Freeze makes all later changes return err and change nothing. A middleware
// that has written the session uses it, so that no change gets lost in silence.
func (v *Values) Freeze(err error) { v.frozen = err }

// Delete removes a key, and forgets what Set refused for it. Its error is that
// of [Values.Freeze].
func (v *Values) Delete(key string) error {
	if v.frozen != nil {
		return v.frozen
	}
	v.forget(key)
	if i := v.find(key); i >= 0 {
		v.remove(i)
		v.changed, v.modified = true, true
	}
	return nil
}

// Reset removes all keys, and forgets what Set refused. Its error is that of
// [Values.Freeze].
func (v *Values) Reset() error {
	if v.frozen != nil {
		return v.frozen
	}
	v.list, v.failed = list{}, nil
	v.changed, v.modified = true, true
	return nil
}

// String returns the keys and how many bytes their values take, never a value.
func (v *Values) String() string {
	var b strings.Builder
	b.WriteString("session values {")
	sep := ""
	for key, json := range v.All() {
		cut := ""
		if len(key) > maxKeyInError {
			key, cut = key[:maxKeyInError], "…"
		}
		fmt.Fprintf(&b, "%s%+q%s: %d B", sep, key, cut, len(json))
		sep = ", "
	}
	b.WriteByte('}')
	return b.String()
}

// GoString is [Values.String].
func (v *Values) GoString() string { return v.String() }

// LogValue is [Values.String], for slog.
func (v *Values) LogValue() slog.Value { return slog.StringValue(v.String()) }
