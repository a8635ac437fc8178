//go:build !race

package itsdangerous

import (
	"bytes"
	"testing"
	"time"
)

// TestAllocations is not for the race detector, under which sync.Pool drops
// items at random.
func TestAllocations(t *testing.T) {
	s, ts := newTestSigners(t, 1700000000)
	value := bytes.Repeat([]byte("v"), 180)
	sig := s.AppendSignature(nil, value)
	wrong := bytes.Repeat([]byte("A"), len(sig))
	signed := s.Sign(value)
	stamped, err := ts.Sign(value)
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 0, 300)
	for name, f := range map[string]func(){
		"AppendSignature":  func() { buf = s.AppendSignature(buf[:0], value) },
		"AppendSign":       func() { buf = s.AppendSign(buf[:0], value) },
		"Verify":           func() { s.Verify(value, sig) },
		"Verify a forgery": func() { s.Verify(value, wrong) },
		"Unsign":           func() { s.Unsign(signed) },
		"AppendTimestamp":  func() { buf, _ = AppendTimestamp(buf[:0], time.Unix(1700000000, 0)) },
		"ParseTimestamp":   func() { ParseTimestamp([]byte("ZVPxAA")) },
		"timed AppendSign": func() { buf, _ = ts.AppendSign(buf[:0], value) },
		"timed Unsign":     func() { ts.Unsign(stamped, time.Minute) },
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
