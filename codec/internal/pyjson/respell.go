package pyjson

import (
	"bytes"
	"cmp"
	"slices"
)

// AppendValue appends text, one value and white space around it, in the
// spelling that d has for it after reading it: escapes, floats, separators; of
// a member that occurs twice the last value, at the first place. Integers stay
// exact. depth is as for [Scan].
//
// It does not refuse what a reader of d fails on: that is for the caller to
// decide by f. A float with [Overflow] becomes an infinity, as in json.loads.
// On error dst is returned as it was.
func AppendValue(dst []byte, text string, d Dialect, depth int) (out []byte, f Flags, err error) {
	r := respeller{Scanner: Scanner{Text: text}, out: dst, dialect: d}
	r.Space()
	if !r.value(depth) {
		return dst, 0, r.Err()
	}
	if r.Space(); r.Pos != len(text) {
		return dst, 0, ErrSyntax
	}
	return r.out, r.Flags, nil
}

type respeller struct {
	Scanner
	out     []byte
	dialect Dialect
	spans   []span // of the members of all objects that are open
	old     []byte // scratch, one for all levels
}

// span is where a member lies in out: its name up to value, and then the colon
// and what follows up to end.
type span struct {
	name, value, end int
	source           int // the later member that has the value for this one; 0: none
	dropped          bool
}

func (r *respeller) value(depth int) bool {
	switch r.Peek() {
	case '"':
		return r.string()
	case '{':
		return r.object(depth)
	case '[':
		return r.array(depth)
	}
	start := r.Pos
	if !r.Value(depth) {
		return false
	}
	switch text := r.Text[start:r.Pos]; text[0] {
	case 't', 'f', 'n':
		r.out = append(r.out, text...)
	default:
		r.out = appendNumber(r.out, text, r.dialect)
	}
	return true
}

func (r *respeller) string() bool {
	start := r.Pos
	if !r.String() {
		return false
	}
	s, _ := Unquote(r.Text[start:r.Pos])
	r.out = AppendString(r.out, s, r.dialect)
	return true
}

func (r *respeller) array(depth int) bool {
	if depth <= 0 {
		r.deep = true
		return false
	}
	r.Pos++
	r.out = append(r.out, '[')
	for first := true; ; first = false {
		more, ok := r.Next(']', first)
		if !more {
			r.out = append(r.out, ']')
			return ok
		}
		if !first {
			r.out = append(r.out, r.dialect.Comma()...)
		}
		if !r.value(depth - 1) {
			return false
		}
	}
}

func (r *respeller) object(depth int) bool {
	if depth <= 0 {
		r.deep = true
		return false
	}
	r.Pos++
	open := len(r.out)
	r.out = append(r.out, '{')
	base := len(r.spans)
	if r.spans == nil {
		r.spans = make([]span, 0, 8)
	}
	for first := true; ; first = false {
		more, ok := r.Next('}', first)
		if !more {
			r.once(open, base)
			r.out = append(r.out, '}')
			return ok
		}
		if !first {
			r.out = append(r.out, r.dialect.Comma()...)
		}
		var s span
		s.name = len(r.out)
		quoted, ok := r.Name()
		if !ok {
			return false
		}
		text, _ := Unquote(quoted)
		r.out = AppendString(r.out, text, r.dialect)
		s.value = len(r.out)
		r.out = append(r.out, r.dialect.Colon()...)
		if !r.value(depth - 1) {
			return false
		}
		s.end = len(r.out)
		r.spans = append(r.spans, s)
	}
}

// once drops the members of the object that starts at out[open], their spans
// from base on, that come again later; the last value takes the first place.
// One name has one spelling by now, so it is enough to compare the bytes.
func (r *respeller) once(open, base int) {
	spans := r.spans[base:]
	r.spans = r.spans[:base]
	if len(spans) <= fewMembers && !r.repeated(spans) {
		return
	}
	out := r.out // not r, which the closure would send to the heap
	name := func(i int) []byte { return out[spans[i].name:spans[i].value] }
	order := make([]int, len(spans))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(bytes.Compare(name(a), name(b)), a-b)
	})
	again := false
	for i := 0; i < len(order); {
		first := order[i]
		for i++; i < len(order) && bytes.Equal(name(first), name(order[i])); i++ {
			again = true
			spans[order[i]].dropped = true
			spans[first].source = order[i]
		}
	}
	if !again {
		return
	}
	r.old = append(r.old[:0], r.out[open:]...)
	old := r.old
	r.out = r.out[:open+1]
	for i, s := range spans {
		if s.dropped {
			continue
		}
		if i > 0 {
			r.out = append(r.out, r.dialect.Comma()...)
		}
		value := s
		if s.source > 0 {
			value = spans[s.source]
		}
		r.out = append(r.out, old[s.name-open:s.value-open]...)
		r.out = append(r.out, old[value.value-open:value.end-open]...)
	}
}

// fewMembers is how many are compared each with each, which is faster than sorting.
const fewMembers = 16

func (r *respeller) repeated(spans []span) bool {
	for i, a := range spans {
		for _, b := range spans[:i] {
			if string(r.out[a.name:a.value]) == string(r.out[b.name:b.value]) {
				return true
			}
		}
	}
	return false
}

// Comma and Colon are the separators.
func (d Dialect) Comma() string {
	if d == Msgspec {
		return ","
	}
	return ", "
}

func (d Dialect) Colon() string {
	if d == Msgspec {
		return ":"
	}
	return ": "
}
