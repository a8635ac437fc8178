package itsdangerous

import (
	"errors"
	"testing"
	"time"
)

func TestTimestampRange(t *testing.T) {
	for _, sec := range []int64{0, 1, 255, 256, 65535, 65536, 1<<24 - 1, 1 << 24, 1<<32 - 1, 1 << 32, maxTimestamp} {
		ts, err := AppendTimestamp([]byte("."), time.Unix(sec, 999999999))
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseTimestamp(ts[1:])
		if err != nil || got.Unix() != sec || got.Nanosecond() != 0 || got.Location() != time.UTC {
			t.Errorf("%d: %q, %v, %v", sec, ts, got, err)
		}
	}
	for _, at := range []time.Time{time.Unix(-1, 999999999), time.Unix(maxTimestamp+1, 0), time.Unix(1<<63-1, 0), {}} {
		if got, err := AppendTimestamp([]byte("."), at); !errors.Is(err, ErrBadTimestamp) || string(got) != "." {
			t.Errorf("%v: %q, %v", at, got, err)
		}
	}
}

// TestTimestampSpellings tries every text of up to three characters: each that
// is read is the one that is written.
func TestTimestampSpellings(t *testing.T) {
	read := 0
	var try func(ts []byte)
	try = func(ts []byte) {
		if at, err := ParseTimestamp(ts); err == nil {
			read++
			if again, err := AppendTimestamp(nil, at); err != nil || string(again) != string(ts) {
				t.Errorf("%q is read as %d, which is written %q, %v", ts, at.Unix(), again, err)
			}
		}
		if len(ts) == 3 {
			return
		}
		for c := range 256 {
			// The characters between these are all alike: foreign.
			if c < 0x80 || c > 0xfd {
				try(append(ts[:len(ts):len(ts)], byte(c)))
			}
		}
	}
	try(nil)
	if read != 1<<16 { // the numbers of up to two bytes
		t.Errorf("%d texts are read", read)
	}
}
