package itsdangerous

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"testing"
	"time"
)

// benchSizes are those of what the HMAC covers, in bytes: of a small session,
// and of one near a browser's limit.
var benchSizes = []int{180, 2900}

const stampSize = len(".ZVPxAA")

func benchSigner(tb testing.TB) (*Signer, *TimestampSigner) {
	c := Config{Keys: [][]byte{[]byte("secret")}, Now: func() time.Time { return time.Unix(1700000000, 0) }}
	s, err := NewSigner(c)
	if err != nil {
		tb.Fatal(err)
	}
	ts, err := NewTimestampSigner(c)
	if err != nil {
		tb.Fatal(err)
	}
	return s, ts
}

// BenchmarkFloor is the least that checking a signature can cost: HMAC-SHA1
// with both key blocks precomputed, its base64 and the comparison.
func BenchmarkFloor(b *testing.B) {
	for _, size := range benchSizes {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			value := bytes.Repeat([]byte("a"), size)
			mac := hmac.New(sha1.New, []byte("a key of twenty byte"))
			var sum [sha1.Size]byte
			var text, want [27]byte
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				mac.Reset()
				mac.Write(value)
				base64.RawURLEncoding.Encode(text[:], mac.Sum(sum[:0]))
				subtle.ConstantTimeCompare(text[:], want[:])
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	for _, size := range benchSizes {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s, _ := benchSigner(b)
			value := bytes.Repeat([]byte("a"), size)
			sig := s.AppendSignature(nil, value)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := s.Verify(value, sig); !ok {
					b.Fatal("not verified")
				}
			}
		})
	}
}

func BenchmarkTimestampUnsign(b *testing.B) {
	for _, size := range benchSizes {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			_, s := benchSigner(b)
			signed, err := s.Sign(bytes.Repeat([]byte("a"), size-stampSize))
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := s.Unsign(signed, time.Minute); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkTimestampAppendSign(b *testing.B) {
	for _, size := range benchSizes {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			_, s := benchSigner(b)
			value := bytes.Repeat([]byte("a"), size-stampSize)
			var buf []byte
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if buf, err = s.AppendSign(buf[:0], value); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
