package compat

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/vectors"
)

// EachVector runs a test with those vectors that match. Finding none fails it.
func EachVector(t *testing.T, match func(vectors.Vector) bool, test func(t *testing.T, v vectors.Vector)) {
	t.Helper()
	found := false
	for _, v := range vectors.All(t) {
		if match(v) {
			found = true
			t.Run(v.Name, func(t *testing.T) { test(t, v) })
		}
	}
	if !found {
		t.Error("no vector for this test")
	}
}

// VectorCodec returns the codec of a vector's app, with its clock at unix. Its
// keys are labeled current and previous.
func VectorCodec(t testing.TB, v vectors.Vector, unix float64) *codec.Codec {
	t.Helper()
	keys := codec.Keys{Current: codec.NewKey("current", v.Config.Key)}
	for _, key := range v.Config.Previous {
		keys.Previous = append(keys.Previous, codec.NewKey("previous", key))
	}
	return VectorCodecWithKeys(t, v, unix, keys)
}

// VectorCodecWithKeys is [VectorCodec] with other keys.
func VectorCodecWithKeys(t testing.TB, v vectors.Vector, unix float64, keys codec.Keys) *codec.Codec {
	t.Helper()
	maxAge := codec.NoMaxAge
	if v.Config.MaxAge != nil {
		maxAge = time.Duration(*v.Config.MaxAge) * time.Second
	}
	cookie := codec.Attributes{
		Name: v.Config.Name, Path: v.Config.Path, Domain: v.Config.Domain, Insecure: v.Config.Insecure, Partitioned: v.Config.Partitioned,
		SameSite: map[string]http.SameSite{"lax": http.SameSiteLaxMode, "strict": http.SameSiteStrictMode, "none": http.SameSiteNoneMode}[v.Config.SameSite],
	}
	now := func() time.Time { return vectors.Time(unix) }
	var c *codec.Codec
	var err error
	switch v.Format {
	case "starlette":
		c, err = codec.NewStarlette(codec.StarletteConfig{Keys: keys, Cookie: cookie, MaxAge: maxAge, Untimed: v.Config.Untimed, Now: now})
	case "litestar":
		c, err = codec.NewLitestar(codec.LitestarConfig{Keys: keys, Cookie: cookie, MaxAge: maxAge, Numbered: v.Config.Numbered, Now: now})
	default:
		t.Fatalf("unknown format %q", v.Format)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Received returns a vector's cookies as a server reads them.
func Received(v vectors.Vector) []*http.Cookie {
	return codec.Cookies(http.Header{"Cookie": {strings.Join(v.Cookies, "; ")}})
}

// aadMarker stands between what is sealed and its additional data.
const aadMarker = "additional_authenticated_data="

// Reseal opens an encrypted value that Go wrote, with nothing but the
// primitives, and returns what it would have been under the vector's nonce.
// What was sealed must be what the vector's app sealed, under a nonce of its own.
func Reseal(t testing.TB, v vectors.Vector, value string) string {
	t.Helper()
	block, err := aes.NewCipher(v.Config.Key)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	nonce, text, aad := openSealed(t, gcm, value)
	if bytes.Equal(nonce, v.Nonce) {
		t.Error("the nonce is the vector's: it is not random")
	}
	wantNonce, wantText, wantAAD := openSealed(t, gcm, v.Value)
	if !bytes.Equal(wantNonce, v.Nonce) || string(wantText) != v.JSON {
		t.Error("the vector is not what it says")
	}
	if !bytes.Equal(text, wantText) {
		t.Errorf("plaintext:\n got %s\nwant %s", text, wantText)
	}
	if !bytes.Equal(aad, wantAAD) {
		t.Errorf("additional data:\n got %s\nwant %s", aad, wantAAD)
	}
	raw := gcm.Seal(bytes.Clone(v.Nonce), v.Nonce, text, aad)
	return base64.StdEncoding.EncodeToString(append(append(raw, aadMarker...), aad...))
}

func openSealed(t testing.TB, gcm cipher.AEAD, value string) (nonce, text, aad []byte) {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		t.Fatal(err)
	}
	i := bytes.LastIndex(raw, []byte(aadMarker))
	if i < gcm.NonceSize() {
		t.Fatal("no marker in the value")
	}
	nonce, aad = raw[:gcm.NonceSize()], raw[i+len(aadMarker):]
	text, err = gcm.Open(nil, nonce, raw[gcm.NonceSize():i], aad)
	if err != nil {
		t.Fatal(err)
	}
	return nonce, text, aad
}
