package codec_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/sessctl/sessctl/codec"
)

// sessionOf makes a session of about size bytes as apps keep them: some ids,
// some text, a list.
func sessionOf(t testing.TB, size int) *codec.Values {
	var b strings.Builder
	b.WriteString(`{"user_id": 42, "csrf_token": "9f86d081884c7d659a2feaa0c55ad015", "roles": ["admin", "billing"], "seen": 1700000000.25`)
	for i := 0; b.Len() < size-60; i++ {
		fmt.Fprintf(&b, `, "item_%d": {"sku": "A-%05d", "n": %d, "name": "a thing to buy"}`, i, i*37, i)
	}
	fmt.Fprintf(&b, `, "note": "%s"}`, strings.Repeat("n", max(0, size-b.Len()-12)))
	return values(t, b.String())
}

var sizes = []int{180, 2900}

// BenchmarkAppendOpen stands beside its floor: the bare primitives on the same
// bytes, HMAC-SHA1 with both key blocks precomputed or AES-GCM in place, and
// base64. The clock is fixed in both.
func BenchmarkAppendOpen(b *testing.B) {
	for _, size := range sizes {
		signed := starlette(b, codec.StarletteConfig{})
		signedValue := []byte(encodeValues(b, signed, sessionOf(b, size)))
		b.Run(fmt.Sprintf("starlette/%d/floor", size), func(b *testing.B) { floorSigned(b, signedValue) })
		b.Run(fmt.Sprintf("starlette/%d/codec", size), func(b *testing.B) { appendOpen(b, signed, signedValue) })

		sealed := litestar(b, codec.LitestarConfig{})
		sealedValue := []byte(encodeValues(b, sealed, sessionOf(b, size)))
		b.Run(fmt.Sprintf("litestar/%d/floor", size), func(b *testing.B) { floorSealed(b, sealedValue) })
		b.Run(fmt.Sprintf("litestar/%d/codec", size), func(b *testing.B) { appendOpen(b, sealed, sealedValue) })
	}
}

func encodeValues(t testing.TB, c *codec.Codec, v *codec.Values) string {
	t.Helper()
	value, err := c.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func appendOpen(b *testing.B, c *codec.Codec, value []byte) {
	buf := make([]byte, 0, len(value))
	b.ReportAllocs()
	b.SetBytes(int64(len(value)))
	for b.Loop() {
		if _, _, err := c.AppendOpen(buf, value); err != nil {
			b.Fatal(err)
		}
	}
}

func floorSigned(b *testing.B, value []byte) {
	derived := sha1.Sum([]byte("itsdangerous.Signer" + "signer" + "secret"))
	mac := hmac.New(sha1.New, derived[:])
	mac.Reset()
	sig := len(value) - 28
	payload := sig - 7
	text := make([]byte, len(value))
	var sum, want [sha1.Size]byte
	b.ReportAllocs()
	b.SetBytes(int64(len(value)))
	for b.Loop() {
		mac.Reset()
		mac.Write(value[:sig])
		got := mac.Sum(sum[:0])
		base64.RawURLEncoding.Decode(want[:], value[sig+1:])
		if !hmac.Equal(got, want[:]) {
			b.Fatal("not authentic")
		}
		if _, err := base64.StdEncoding.Decode(text, value[:payload]); err != nil {
			b.Fatal(err)
		}
	}
}

func floorSealed(b *testing.B, value []byte) {
	block, err := aes.NewCipher([]byte("0123456789abcdef"))
	if err != nil {
		b.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		b.Fatal(err)
	}
	const aad, marker = len(`{"expires_at":1701209600}`), len("additional_authenticated_data=")
	raw := make([]byte, len(value))
	b.ReportAllocs()
	b.SetBytes(int64(len(value)))
	for b.Loop() {
		n, err := base64.StdEncoding.Decode(raw, value)
		if err != nil {
			b.Fatal(err)
		}
		nonce, ciphertext := raw[:12], raw[12:n-aad-marker]
		if _, err := gcm.Open(ciphertext[:0], nonce, ciphertext, raw[n-aad:n]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecode is AppendOpen and the index over the session's keys;
// BenchmarkDecodeAndGet also reads one key.
func BenchmarkDecode(b *testing.B) {
	benchmarkDecode(b, func(*codec.Session) error { return nil })
}

func BenchmarkDecodeAndGet(b *testing.B) {
	benchmarkDecode(b, func(s *codec.Session) error {
		_, err := codec.Get[int64](s.Values, "user_id")
		return err
	})
}

func benchmarkDecode(b *testing.B, use func(*codec.Session) error) {
	for _, size := range sizes {
		for name, c := range map[string]*codec.Codec{"starlette": starlette(b, codec.StarletteConfig{}), "litestar": litestar(b, codec.LitestarConfig{})} {
			value := encodeValues(b, c, sessionOf(b, size))
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(value)))
				for b.Loop() {
					s, err := c.Decode(value)
					if err != nil {
						b.Fatal(err)
					}
					if err := use(s); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	for _, size := range sizes {
		for name, c := range map[string]*codec.Codec{"starlette": starlette(b, codec.StarletteConfig{}), "litestar": litestar(b, codec.LitestarConfig{})} {
			s, err := c.Decode(encodeValues(b, c, sessionOf(b, size)))
			if err != nil {
				b.Fatal(err)
			}
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := c.Encode(s.Values); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
