package sqlstore

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// newUUID returns the key of a row in Litestar's layout, which the client makes: a
// UUID of version 7 (RFC 9562), that is the time in milliseconds and random bits.
func newUUID(now time.Time) (u [16]byte) {
	rand.Read(u[:])
	var t [8]byte
	binary.BigEndian.PutUint64(t[:], uint64(now.UnixMilli()))
	copy(u[:6], t[2:])
	u[6] = 0x70 | u[6]&0x0f
	u[8] = 0x80 | u[8]&0x3f
	return u
}

// uuidValue is how a database takes it.
func (d Dialect) uuidValue(u [16]byte) any {
	if d != PostgreSQL {
		return u[:]
	}
	h := hex.EncodeToString(u[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
