package codec

import (
	"hash/maphash"
	"slices"

	"github.com/sessctl/sessctl/codec/internal/pyjson"
)

// member is one top-level member of [Values].
type member struct {
	name     string // its text, quotes included
	value    string // its text
	flags    pyjson.Flags
	escaped  bool   // name has escapes
	spelling Format // whose own spelling name and value have; 0: perhaps nobody's
}

// key returns what the name says, in WTF-8.
func (m *member) key() string {
	if !m.escaped {
		return m.name[1 : len(m.name)-1]
	}
	key, _ := pyjson.Unquote(m.name)
	return key
}

func (m *member) is(key string) bool {
	// An escape takes more bytes than what it stands for, but at most six a byte:
	// most names need not be unquoted, long ones above all.
	body := len(m.name) - 2
	if m.escaped && (body <= len(key) || body > 6*len(key)) || !m.escaped && body != len(key) {
		return false
	}
	return m.key() == key
}

// list holds the members in order, and finds them by key.
type list struct {
	all []member

	// table is an open-addressing hash table of indexes into all, plus one; 0
	// is a free slot. There is none for a few members, which are searched one
	// by one. At most half of it is used.
	table []uint16
}

// tableFrom is how many members get a table.
const tableFrom = 17

// seed differs from process to process, so that nobody can prepare keys that collide.
var seed = maphash.MakeSeed()

func (l *list) find(key string) int {
	if l.table == nil {
		for i := range l.all {
			if l.all[i].is(key) {
				return i
			}
		}
		return -1
	}
	for slot := l.slot(key); l.table[slot] != 0; slot = l.next(slot) {
		if i := int(l.table[slot]) - 1; l.all[i].is(key) {
			return i
		}
	}
	return -1
}

// slot is where the search for key starts. The length of table is a power of two.
func (l *list) slot(key string) int {
	return int(maphash.String(seed, key)) & (len(l.table) - 1)
}

func (l *list) next(slot int) int { return (slot + 1) & (len(l.table) - 1) }

// add appends a member whose key is not there. rest is how many bytes of text
// may hold more.
func (l *list) add(m member, rest int) {
	if len(l.all) == cap(l.all) {
		// The smallest member, with its comma, is ,"":0 and the next are longer,
		// so that is all that a short text gets room for. Common ones have more
		// than 16 bytes.
		const smallest, common = 6, 16
		room := min(64, max(8, rest/common))
		if n := len(l.all); n > 0 {
			room = max(64, 2*n) - n
		}
		l.all = slices.Grow(l.all, min(room, 1+rest/smallest))
	}
	l.all = append(l.all, m)
	switch n := len(l.all); {
	case n < tableFrom:
	case 2*n > len(l.table):
		l.rebuild()
	default:
		l.enter(n - 1)
	}
}

// enter puts all[i] into the table.
func (l *list) enter(i int) {
	slot := l.slot(l.all[i].key())
	for l.table[slot] != 0 {
		slot = l.next(slot)
	}
	l.table[slot] = uint16(i + 1)
}

func (l *list) rebuild() {
	l.table = nil
	if len(l.all) < tableFrom {
		return
	}
	size := 128
	for size < 2*len(l.all) {
		size *= 2
	}
	l.table = make([]uint16, size)
	for i := range l.all {
		l.enter(i)
	}
}

// remove leaves the old slice as it is, so that a loop over it goes on.
func (l *list) remove(i int) {
	l.all = slices.Concat(l.all[:i], l.all[i+1:])
	l.rebuild()
}

func (l *list) clone() list {
	return list{slices.Clone(l.all), slices.Clone(l.table)}
}
