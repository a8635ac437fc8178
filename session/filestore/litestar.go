package filestore

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/sessctl/sessctl/session"
)

// What Litestar writes is litestar.stores.base.StorageObject, by msgspec: a map of
// expires_at, an extension of type -1, and data, bytes.

const (
	keyExpiresAt = "expires_at"
	keyData      = "data"

	// maxDepth bounds what is nested in a key that is nobody's. msgspec stops at
	// Python's recursion limit, a little further.
	maxDepth = 900
)

func appendLitestar(dst, data []byte, expires time.Time) []byte {
	dst = append(dst, 0x82, 0xa0|byte(len(keyExpiresAt)))
	dst = append(dst, keyExpiresAt...)
	if expires.IsZero() {
		dst = append(dst, 0xc0) // nil
	} else {
		dst = appendTimestamp(dst, expires.Unix(), uint32(expires.Nanosecond()))
	}
	dst = append(dst, 0xa0|byte(len(keyData)))
	dst = append(dst, keyData...)
	switch n := len(data); {
	case n <= math.MaxUint8:
		dst = append(dst, 0xc4, byte(n))
	case n <= math.MaxUint16:
		dst = binary.BigEndian.AppendUint16(append(dst, 0xc5), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint32(append(dst, 0xc6), uint32(n))
	}
	return append(dst, data...)
}

// appendTimestamp appends the shortest of the three forms that the msgpack
// specification has for a time.
func appendTimestamp(dst []byte, seconds int64, nanoseconds uint32) []byte {
	switch {
	case nanoseconds == 0 && seconds >= 0 && seconds <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, 0xd6, 0xff), uint32(seconds))
	case seconds >= 0 && seconds < 1<<34:
		return binary.BigEndian.AppendUint64(append(dst, 0xd7, 0xff), uint64(nanoseconds)<<34|uint64(seconds))
	}
	dst = binary.BigEndian.AppendUint32(append(dst, 0xc7, 12, 0xff), nanoseconds)
	return binary.BigEndian.AppendUint64(dst, uint64(seconds))
}

// parseLitestar reads what msgspec reads of it: keys in any order, the last of a
// name, those of other names passed over. data is a part of raw.
func parseLitestar(raw []byte) (data []byte, expires time.Time, never bool, err error) {
	m := msgpack{rest: raw}
	hasExpires, hasData := false, false
	for range m.mapLength() {
		if m.bad {
			break
		}
		switch key := m.text(); string(key) {
		case keyExpiresAt:
			expires, never = m.time()
			hasExpires = true
		case keyData:
			data = m.bytes()
			hasData = true
		default:
			m.skip(maxDepth)
		}
	}
	if m.bad || len(m.rest) > 0 || !hasExpires || !hasData {
		return nil, time.Time{}, false, session.ErrDamaged
	}
	return data, expires, never, nil
}

// msgpack reads values one after the other. When one is not as it should be, bad
// is set, and all further ones are empty.
type msgpack struct {
	rest []byte
	bad  bool
}

func (m *msgpack) take(n uint64) []byte {
	if m.bad || n > uint64(len(m.rest)) {
		m.bad, m.rest = true, nil
		return nil
	}
	taken := m.rest[:n:n]
	m.rest = m.rest[n:]
	return taken
}

// uint reads a number of so many bytes.
func (m *msgpack) uint(size uint64) (n uint64) {
	for _, b := range m.take(size) {
		n = n<<8 | uint64(b)
	}
	return n
}

func (m *msgpack) opcode() byte { return byte(m.uint(1)) }

func (m *msgpack) fail() { m.take(math.MaxUint64) }

func (m *msgpack) mapLength() uint64 {
	switch op := m.opcode(); {
	case op&0xf0 == 0x80:
		return uint64(op & 0x0f)
	case op == 0xde:
		return m.uint(2)
	case op == 0xdf:
		return m.uint(4)
	}
	m.fail()
	return 0
}

func (m *msgpack) text() []byte { return m.textOf(m.opcode()) }

func (m *msgpack) textOf(op byte) []byte {
	switch {
	case op&0xe0 == 0xa0:
		return m.take(uint64(op & 0x1f))
	case op >= 0xd9 && op <= 0xdb: // str 8, 16, 32
		return m.take(m.uint(1 << (op - 0xd9)))
	}
	m.fail()
	return nil
}

func (m *msgpack) bytes() []byte {
	if op := m.opcode(); op >= 0xc4 && op <= 0xc6 { // bin 8, 16, 32
		return m.take(m.uint(1 << (op - 0xc4)))
	}
	m.fail()
	return nil
}

// time reads a timestamp, an RFC 3339 text, or nil, which is never.
func (m *msgpack) time() (t time.Time, never bool) {
	var size uint64
	switch op := m.opcode(); op {
	case 0xc0:
		return t, !m.bad
	case 0xd4, 0xd5, 0xd6, 0xd7, 0xd8: // fixext 1, 2, 4, 8, 16
		size = 1 << (op - 0xd4)
	case 0xc7, 0xc8, 0xc9: // ext 8, 16, 32
		size = m.uint(1 << (op - 0xc7))
	default:
		t, ok := parseRFC3339(m.textOf(op))
		if !ok {
			m.fail()
		}
		return t, false
	}
	var seconds int64
	var nanoseconds uint64
	switch isTime := m.opcode() == 0xff; {
	case isTime && size == 4:
		seconds = int64(m.uint(4))
	case isTime && size == 8:
		both := m.uint(8)
		seconds, nanoseconds = int64(both&(1<<34-1)), both>>34
	case isTime && size == 12:
		nanoseconds = m.uint(4)
		seconds = int64(m.uint(8))
	default:
		m.fail()
	}
	if nanoseconds >= 1e9 || seconds < minTime || seconds > maxTime {
		m.fail()
		return t, false
	}
	microseconds := (int64(nanoseconds) + 500) / 1000 // as msgspec rounds
	t = time.Unix(seconds, microseconds*1000).UTC()
	if t.Unix() > maxTime {
		m.fail()
	}
	return t, false
}

// The first and the last second of Python's datetime.
const (
	minTime = -62135596800
	maxTime = 253402300799
)

// skip passes over a value of any type.
func (m *msgpack) skip(depth int) {
	if depth == 0 {
		m.fail()
		return
	}
	items := uint64(0)
	switch op := m.opcode(); {
	case op <= 0x7f, op >= 0xe0, op == 0xc0, op == 0xc2, op == 0xc3: // small integers, nil, false, true
	case op <= 0x8f:
		items = 2 * uint64(op&0x0f)
	case op <= 0x9f:
		items = uint64(op & 0x0f)
	case op <= 0xbf:
		m.take(uint64(op & 0x1f))
	case op >= 0xc4 && op <= 0xc6:
		m.take(m.uint(1 << (op - 0xc4)))
	case op >= 0xc7 && op <= 0xc9:
		m.take(m.uint(1<<(op-0xc7)) + 1)
	case op == 0xca:
		m.take(4)
	case op == 0xcb:
		m.take(8)
	case op >= 0xcc && op <= 0xcf: // uint 8 to 64
		m.take(1 << (op - 0xcc))
	case op >= 0xd0 && op <= 0xd3: // int 8 to 64
		m.take(1 << (op - 0xd0))
	case op >= 0xd4 && op <= 0xd8:
		m.take(1<<(op-0xd4) + 1)
	case op >= 0xd9 && op <= 0xdb:
		m.take(m.uint(1 << (op - 0xd9)))
	case op == 0xdc, op == 0xdd:
		items = m.uint(2 << (op - 0xdc))
	case op == 0xde, op == 0xdf:
		items = 2 * m.uint(2<<(op-0xde))
	default: // 0xc1 is nothing
		m.fail()
	}
	for ; items > 0 && !m.bad; items-- {
		m.skip(depth - 1)
	}
}
