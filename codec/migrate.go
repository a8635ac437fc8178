package codec

import (
	"errors"
	"fmt"
)

// MigrationConfig configures [NewMigration].
type MigrationConfig struct {
	To   *Codec   // writes, and reads first
	From []*Codec // only read, in this order, and cleared when To writes
}

// NewMigration returns a codec that moves sessions from other formats to one.
// It reads To and then From; the first that opens counts. If none does, the error
// is that of one that is authentic but outside its time, else of the first whose
// cookie was there. It writes To alone, and clears what the others left in the
// browser. Write a session that is Stale back with ExpiresAt(s.ExpiresAt), and it
// keeps what is left of its lifetime.
//
// Give To a cookie name of its own: a Litestar app that meets a signed session
// cookie answers session=null and logs the user out. Give the keys of From an
// end ([Key.Until]): who holds an old secret can sign any timestamp.
//
// One secret in two formats is refused, also as the text that [PythonBytes]
// makes of it: a weakness of one must not reach the other.
func NewMigration(c MigrationConfig) (*Codec, error) {
	if c.To == nil || len(c.From) == 0 {
		return nil, errors.New("codec: a migration needs To and From")
	}
	m := &Codec{}
	for _, codec := range append([]*Codec{c.To}, c.From...) {
		if codec == nil || len(codec.forms) == 0 {
			return nil, errors.New("codec: a nil or zero Codec in a migration")
		}
		m.forms = append(m.forms, codec.forms...)
	}
	for i, a := range m.forms {
		for _, b := range m.forms[:i] {
			if a.format == b.format {
				continue
			}
			if k, ok := sharedSecret(a.keys, b.keys); ok {
				return nil, fmt.Errorf("codec: key %q serves both %v and %v; use a secret for one format alone", k.label, a.format, b.format)
			}
		}
	}
	return m, nil
}

func sharedSecret(a, b []Key) (Key, bool) {
	for _, x := range a {
		for _, y := range b {
			if x.equal(y) || x.equal(y.printed()) || x.printed().equal(y) {
				return x, true
			}
		}
	}
	return Key{}, false
}
