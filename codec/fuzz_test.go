package codec_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/codec/itsdangerous"
	"github.com/sessctl/sessctl/internal/vectors"
)

// readErrors are all that reading may answer.
var readErrors = []error{
	codec.ErrNoCookie, codec.ErrMalformed, codec.ErrUnauthentic, codec.ErrExpired, codec.ErrFuture,
	codec.ErrIncomplete, codec.ErrTooLarge, codec.ErrNotObject,
}

// checkRead asserts what holds of every read.
func checkRead(t *testing.T, s *codec.Session, err error) {
	t.Helper()
	if s == nil {
		t.Fatal("a nil Session")
	}
	if err == nil {
		return
	}
	if s.Len() != 0 || s.KeyIndex != -1 {
		t.Fatalf("error %v with session %v, key %d", err, s, s.KeyIndex)
	}
	if !slices.ContainsFunc(readErrors, func(want error) bool { return errors.Is(err, want) }) {
		t.Fatalf("error %v is none of those documented", err)
	}
}

// checkValue asserts that the ways to read one value agree.
func checkValue(t *testing.T, c *codec.Codec, value string) {
	t.Helper()
	s, err := c.Decode(value)
	checkRead(t, s, err)
	text, info, openErr := c.AppendOpen([]byte("prefix"), []byte(value))
	if !bytes.HasPrefix(text, []byte("prefix")) || openErr != nil && len(text) != len("prefix") {
		t.Fatalf("AppendOpen returned %q", text)
	}
	if err == nil && (openErr != nil || info != s.Info || string(text[len("prefix"):]) != s.Text()) {
		t.Fatalf("Decode: %v %+v, AppendOpen: %q %+v %v", s.Text(), s.Info, text, info, openErr)
	}
	if openErr != nil && !errors.Is(err, openErr) && !errors.Is(err, codec.ErrMalformed) && !errors.Is(err, codec.ErrNotObject) {
		t.Fatalf("Decode: %v, AppendOpen: %v", err, openErr)
	}
	unverified, unverifiedErr := codec.ParseUnverified(value)
	if unverified == nil || unverifiedErr == nil && unverified.KeyIndex != -1 {
		t.Fatalf("ParseUnverified: %v", unverified)
	}
	if err == nil && info.Format == codec.FormatStarlette && unverified.Text() != s.Text() {
		t.Fatalf("ParseUnverified: %s, Decode: %s", unverified.Text(), s.Text())
	}
	// What opens can be written again, or is refused by name.
	if err == nil {
		again, err := c.Encode(s.Values)
		var about *codec.ValueError
		if err != nil && !errors.As(err, &about) {
			t.Fatalf("Encode: %v", err)
		}
		if err == nil {
			if after, err := c.Decode(again); err != nil || after.Text() != s.Text() {
				t.Fatalf("read back as %v, %v", after, err)
			}
		}
	}
}

// FuzzUnsign feeds signed cookies: as they are, and signed with the right key,
// so that what lies behind the signature is reached.
func FuzzUnsign(f *testing.F) {
	for _, v := range vectors.All(f, "starlette") {
		f.Add(v.Value)
		for _, cookie := range v.Cookies {
			_, value, _ := strings.Cut(cookie, "=")
			f.Add(value)
		}
		f.Add(base64.StdEncoding.EncodeToString([]byte(v.JSON)) + ".ZVPxAA")
	}
	signer, err := itsdangerous.NewSigner(itsdangerous.Config{Keys: [][]byte{[]byte("secret")}})
	if err != nil {
		f.Fatal(err)
	}
	timed, untimed := starlette(f, codec.StarletteConfig{}), starlette(f, codec.StarletteConfig{Untimed: true})
	f.Fuzz(func(t *testing.T, value string) {
		for _, c := range []*codec.Codec{timed, untimed} {
			checkValue(t, c, value)
			checkValue(t, c, string(signer.Sign([]byte(value))))
		}
	})
}

// FuzzOpen does the same for encrypted cookies.
func FuzzOpen(f *testing.F) {
	for _, v := range vectors.All(f, "litestar") {
		f.Add(v.Value, []byte(v.JSON), []byte(`{"expires_at":1701209600}`))
	}
	block, err := aes.NewCipher([]byte("0123456789abcdef"))
	if err != nil {
		f.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		f.Fatal(err)
	}
	c := litestar(f, codec.LitestarConfig{})
	f.Fuzz(func(t *testing.T, value string, plaintext, aad []byte) {
		checkValue(t, c, value)
		nonce := make([]byte, 12)
		raw := gcm.Seal(nonce, nonce, plaintext, aad)
		raw = append(append(raw, "additional_authenticated_data="...), aad...)
		checkValue(t, c, base64.StdEncoding.EncodeToString(raw))
	})
}

// FuzzChunks cuts a value at any size, adds a foreign cookie and turns the
// order: the session is the same.
func FuzzChunks(f *testing.F) {
	for _, v := range vectors.All(f, "litestar") {
		if v.JSON != "" {
			f.Add(v.JSON, uint16(100), uint8(1), "session_id", v.Value)
		}
	}
	f.Add(`{"a":1}`, uint16(4), uint8(0), "session", "null")
	f.Add(`{"a":1}`, uint16(40), uint8(9), "session-9", "AAAA")
	c := litestar(f, codec.LitestarConfig{})
	f.Fuzz(func(t *testing.T, json string, size uint16, turn uint8, name, value string) {
		v, err := codec.ParseValues(json)
		if err != nil {
			return
		}
		whole, err := c.Encode(v)
		if err != nil {
			return
		}
		var cookies []*http.Cookie
		for i := 0; len(whole) > 0; i++ {
			n := min(len(whole), max(1, int(size)))
			cookies = append(cookies, &http.Cookie{Name: "session-" + strconv.Itoa(i), Value: whole[:n]})
			whole = whole[n:]
		}
		by := int(turn) % len(cookies)
		cookies = slices.Concat(cookies[by:], cookies[:by])

		s, err := c.DecodeCookies(cookies)
		checkRead(t, s, err)
		if len(cookies) <= 64 && err != nil || len(cookies) > 64 && err != codec.ErrTooLarge {
			t.Fatalf("%d chunks: %v", len(cookies), err)
		}
		s, err = c.DecodeCookies(append(cookies, &http.Cookie{Name: name, Value: value}))
		checkRead(t, s, err)
		if !strings.HasPrefix(name, "session-") && len(name) != len("session") && len(cookies) <= 64 && err != nil {
			t.Fatalf("a foreign cookie %q: %v", name, err)
		}
	})
}

// FuzzCookies feeds Cookie headers.
func FuzzCookies(f *testing.F) {
	for _, v := range vectors.All(f) {
		f.Add(strings.Join(v.Cookies, "; "))
	}
	f.Add(`session="a\075\"b"; ;=; "; session-0`)
	m := migration(f)
	f.Fuzz(func(t *testing.T, line string) {
		header := http.Header{"Cookie": {line}}
		cookies := codec.Cookies(header)
		if most := strings.Count(line, ";") + 1; len(cookies) > most {
			t.Fatalf("%d cookies of %d pairs", len(cookies), most)
		}
		r := &http.Request{Header: header}
		s, err := m.Read(r)
		checkRead(t, s, err)
		if err == nil {
			return
		}
		if len(cookies) > 0 {
			_, again := m.DecodeCookies(cookies)
			if again != err && !errors.Is(err, again) {
				t.Fatalf("Read: %v, DecodeCookies: %v", err, again)
			}
		}
		// Clearing names only what was sent, and makes valid cookies.
		cleared, err := m.EncodeCookies(nil, cookies)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cleared {
			if c.Value != "null" || c.String() == "" || !slices.ContainsFunc(cookies, func(r *http.Cookie) bool { return r.Name == c.Name }) {
				t.Fatalf("cleared %v", c)
			}
		}
	})
}
