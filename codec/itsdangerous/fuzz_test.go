package itsdangerous

import (
	"bytes"
	"errors"
	"testing"
	"time"
)

const fuzzNow = 1700000000

// FuzzUnsign: whatever unsigns is what signing that value again writes, and the
// input is its value, timestamp and signature.
func FuzzUnsign(f *testing.F) {
	for _, v := range loadVectors(f) {
		f.Add([]byte(v.Signed))
	}
	_, s := newTestSigners(f, fuzzNow)
	plain, _ := newTestSigners(f, fuzzNow)
	f.Fuzz(func(t *testing.T, signed []byte) {
		input := bytes.Clone(signed)
		value, info, err := s.Unsign(signed, NoMaxAge)
		if !bytes.Equal(signed, input) {
			t.Fatal("the input was changed")
		}
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || !errors.Is(err, ErrBadSignature) || value != nil {
				t.Fatalf("%q, %v", value, err)
			}
			if !bytes.HasPrefix(signed, e.UnverifiedPayload()) {
				t.Fatalf("unverified payload %q is not in the input", e.UnverifiedPayload())
			}
		} else {
			_, at := newTestSigners(t, info.SignedAt.Unix())
			if again, err := at.Sign(value); err != nil || !bytes.Equal(again, signed) {
				t.Fatalf("%q unsigns to %q, which signs to %q, %v", signed, value, again, err)
			}
		}
		if value, _, err := plain.Unsign(signed); err == nil && !bytes.Equal(plain.Sign(value), signed) {
			t.Fatalf("%q unsigns to %q, which signs otherwise", signed, value)
		}
		// Any value signs and unsigns, and so does it with a byte appended to it.
		signed, err = s.Sign(input)
		if err != nil {
			t.Fatal(err)
		}
		if value, _, err := s.Unsign(signed, 0); err != nil || !bytes.Equal(value, input) {
			t.Fatalf("%q signs to %q, which unsigns to %q, %v", input, signed, value, err)
		}
		if _, _, err := s.Unsign(append(signed, '='), NoMaxAge); !errors.Is(err, ErrMismatch) {
			t.Fatalf("a second spelling: %v", err)
		}
	})
}

// FuzzTimestamp: ParseTimestamp reads exactly what AppendTimestamp writes.
func FuzzTimestamp(f *testing.F) {
	for _, v := range loadVectors(f) {
		if i := bytes.LastIndexByte(v.Signed, '.'); v.timed() && i >= 0 {
			stamped := v.Signed[:i]
			f.Add([]byte(stamped[bytes.LastIndexByte(stamped, '.')+1:]), v.Now)
		}
	}
	f.Fuzz(func(t *testing.T, ts []byte, sec int64) {
		if at, err := ParseTimestamp(ts); err == nil {
			if again, err := AppendTimestamp(nil, at); err != nil || !bytes.Equal(again, ts) {
				t.Fatalf("%q is read as %v, which is written %q, %v", ts, at, again, err)
			}
		} else if !errors.Is(err, ErrBadTimestamp) {
			t.Fatal(err)
		}
		written, err := AppendTimestamp(nil, time.Unix(sec, 0))
		if (err == nil) != (sec >= 0 && sec <= maxTimestamp) {
			t.Fatalf("%d: %v", sec, err)
		}
		if err != nil {
			return
		}
		if at, err := ParseTimestamp(written); err != nil || at.Unix() != sec {
			t.Fatalf("%d is written %q, which is read as %v, %v", sec, written, at, err)
		}
	})
}

// FuzzLoads signs what it is given as a payload's text, so that decoding and
// inflation are reached: what loads is within the limit, and can be dumped and
// loaded again; where it was not compressed, to the same text.
func FuzzLoads(f *testing.F) {
	for _, v := range loadVectors(f) {
		if bytes.Contains(v.Signed, []byte(".")) {
			f.Add([]byte(v.Signed[:bytes.LastIndexByte(v.Signed, '.')]))
		}
	}
	c := Config{Keys: secret, Now: clock(fuzzNow)}
	s, err := NewURLSafeSerializer(c)
	if err != nil {
		f.Fatal(err)
	}
	c.Salt = []byte("itsdangerous")
	signer, err := NewSigner(c)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		payload, _, err := s.Loads(signer.Sign(text))
		unverified, unverifiedErr := s.LoadsUnverified(append(signer.Sign(text), 'A'))
		if !errors.Is(unverifiedErr, ErrMismatch) || !bytes.Equal(unverified, payload) {
			t.Fatalf("unverified %q, %v; verified %q", unverified, unverifiedErr, payload)
		}
		if err != nil {
			if !errors.Is(err, ErrBadPayload) || payload != nil {
				t.Fatalf("%q, %v", payload, err)
			}
			return
		}
		if len(payload) > MaxPayload {
			t.Fatalf("%d bytes", len(payload))
		}
		again, err := s.Dumps(payload)
		if err != nil {
			t.Fatal(err)
		}
		if loaded, _, err := s.Loads(again); err != nil || !bytes.Equal(loaded, payload) {
			t.Fatalf("%q is dumped as %q, which loads %q, %v", payload, again, loaded, err)
		}
		isCompressed := func(b []byte) bool { return len(b) > 0 && b[0] == compressedPrefix }
		if !isCompressed(text) && !isCompressed(again) && !bytes.Equal(again, signer.Sign(text)) {
			t.Fatalf("%q loads %q, which is dumped as %q", text, payload, again)
		}
	})
}
