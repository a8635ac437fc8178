package itsdangerous

import (
	"bytes"
	"compress/zlib"
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestJSON(t *testing.T) {
	s, err := NewURLSafeTimedSerializer(Config{Keys: secret})
	if err != nil {
		t.Fatal(err)
	}
	type data struct {
		User string `json:"user"`
	}
	signed, err := s.DumpsJSON(data{"<zoë>"})
	if err != nil {
		t.Fatal(err)
	}
	if payload, _, err := s.Loads([]byte(signed), time.Minute); err != nil || string(payload) != `{"user":"<zoë>"}` {
		t.Errorf("payload %s, %v", payload, err)
	}
	var got data
	if info, err := s.LoadsJSON(signed, &got, time.Minute); err != nil || got.User != "<zoë>" || time.Since(info.SignedAt) > time.Minute {
		t.Errorf("%+v, %+v, %v", got, info, err)
	}

	// Mistakes of the caller are not the payload's.
	var invalid *json.InvalidUnmarshalError
	if _, err := s.LoadsJSON(signed, got, time.Minute); !errors.As(err, &invalid) || errors.Is(err, ErrBadPayload) {
		t.Errorf("into no pointer: %v", err)
	}
	var unsupported *json.UnsupportedTypeError
	if _, err := s.DumpsJSON(func() {}); !errors.As(err, &unsupported) {
		t.Errorf("of a func: %v", err)
	}
	var number int
	var mistyped *json.UnmarshalTypeError
	if _, err := s.LoadsJSON(signed, &number, time.Minute); !errors.Is(err, ErrBadPayload) || !errors.As(err, &mistyped) {
		t.Errorf("into a number: %v", err)
	}
}

func TestPayloadLimit(t *testing.T) {
	s, err := NewURLSafeSerializer(Config{Keys: secret})
	if err != nil {
		t.Fatal(err)
	}
	payload := make([]byte, MaxPayload+1)
	for range 2 { // compressible, and not
		if _, err := s.Dumps(payload); !errors.Is(err, ErrTooLarge) {
			t.Errorf("one byte more: %v", err)
		}
		signed, err := s.Dumps(payload[1:])
		if err != nil {
			t.Fatal(err)
		}
		if got, _, err := s.Loads(signed); err != nil || !bytes.Equal(got, payload[1:]) {
			t.Errorf("at the limit: %d bytes, %v", len(got), err)
		}
		for i, x := 0, uint32(1); i < len(payload); i++ {
			x ^= x << 13
			x ^= x >> 17
			x ^= x << 5
			payload[i] = byte(x)
		}
	}
	text := strings.Repeat("A", (MaxPayload+1)*4/3+1)
	if _, err := s.LoadsUnverified([]byte(text + ".x")); !errors.Is(err, ErrMismatch) {
		t.Error(err)
	}
	if _, err := s.core.payload.decode([]byte(text)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("one byte more, in base64: %v", err)
	}
}

// TestBombMemory inflates 16 MiB, which the vector holds, and looks at what
// that took.
func TestBombMemory(t *testing.T) {
	for _, v := range loadVectors(t) {
		if v.name != "urlsafe-zlib-bomb" {
			continue
		}
		s, err := NewURLSafeSerializer(v.config(t))
		if err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, err = s.Loads(v.Signed)
		runtime.ReadMemStats(&after)
		if !errors.Is(err, ErrTooLarge) {
			t.Fatal(err)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 8*MaxPayload {
			t.Errorf("allocated %d bytes", used)
		}
		return
	}
	t.Fatal("no such vector")
}

// TestFallbackOrder has a value that two configurations read: the serializer's
// own counts, as the first.
func TestFallbackOrder(t *testing.T) {
	s, err := NewSerializer(Config{Keys: secret, Fallbacks: []Config{{}, {Keys: [][]byte{[]byte("other")}, Salt: []byte("old")}}})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := s.Dumps([]byte("[]"))
	if err != nil {
		t.Fatal(err)
	}
	if _, info, err := s.Loads(signed); err != nil || info.Signer != 0 {
		t.Errorf("%+v, %v", info, err)
	}
	// A fallback with keys and a salt of its own.
	old, err := NewSerializer(Config{Keys: [][]byte{[]byte("other")}, Salt: []byte("old")})
	if err != nil {
		t.Fatal(err)
	}
	if signed, err = old.Dumps([]byte("[]")); err != nil {
		t.Fatal(err)
	}
	if _, info, err := s.Loads(signed); err != nil || info.Signer != 2 {
		t.Errorf("%+v, %v", info, err)
	}
}

// TestFallbackError: when nobody signed it, the serializer's own error counts.
func TestFallbackError(t *testing.T) {
	s, err := NewSerializer(Config{Keys: secret, Fallbacks: []Config{{Separator: ":"}}})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = s.Loads([]byte("[1].AAAA"))
	var e *Error
	if !errors.Is(err, ErrMismatch) || !errors.As(err, &e) || string(e.UnverifiedPayload()) != "[1]" {
		t.Errorf("%v", err)
	}
}

// TestCompressionRule: a payload is compressed when that saves two bytes, one
// of which the dot takes. Python's rule, but of Go's zlib, so no vector has it.
func TestCompressionRule(t *testing.T) {
	seen := map[int]bool{}
	for n := range 200 {
		payload := append(bytes.Repeat([]byte{'a'}, n%20), "bcdefghijklmnop"[:n/20]...)
		var z bytes.Buffer
		w := zlib.NewWriter(&z)
		w.Write(payload)
		w.Close()
		saved := len(payload) - z.Len()
		seen[saved] = true
		text, err := urlSafePayload{}.encode(payload)
		if err != nil {
			t.Fatal(err)
		}
		if compressed := len(text) > 0 && text[0] == compressedPrefix; compressed != (saved >= 2) {
			t.Errorf("%q: saves %d, compressed %t", payload, saved, compressed)
		}
	}
	for _, saved := range []int{0, 1, 2, 3} {
		if !seen[saved] {
			t.Errorf("no payload saves %d", saved)
		}
	}
}
