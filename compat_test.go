// Package sessctl_test holds the public API of package codec against Python:
// against every vector of testdata/vectors, which real releases made, and, with
// CI=true or SESSCTL_LIVE=1, against running apps.
package sessctl_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/vectors"
)

// fewestVectors makes a lost directory fail. Raise it when vectors are added.
const fewestVectors = 440

var outcomes = map[string]error{
	"ok":          nil,
	"expired":     codec.ErrExpired,
	"future":      codec.ErrFuture,
	"malformed":   codec.ErrMalformed,
	"unauthentic": codec.ErrUnauthentic,
	"no-cookie":   codec.ErrNoCookie,
	"incomplete":  codec.ErrIncomplete,
	"too-large":   codec.ErrTooLarge,
	"not-object":  codec.ErrNotObject,
}

// authentic outcomes are those that come with a session.
var authentic = []string{"ok", "expired", "future"}

var formats = map[string]codec.Format{"starlette": codec.FormatStarlette, "litestar": codec.FormatLitestar}

// vectorCodec returns the codec of a vector's app, with its clock at unix.
func vectorCodec(t *testing.T, v vectors.Vector, unix float64) *codec.Codec {
	t.Helper()
	keys := codec.Keys{Current: codec.NewKey("current", v.Config.Key)}
	for _, key := range v.Config.Previous {
		keys.Previous = append(keys.Previous, codec.NewKey("previous", key))
	}
	return codecWithKeys(t, v, unix, keys)
}

func codecWithKeys(t *testing.T, v vectors.Vector, unix float64, keys codec.Keys) *codec.Codec {
	t.Helper()
	maxAge := codec.NoMaxAge
	if v.Config.MaxAge != nil {
		maxAge = time.Duration(*v.Config.MaxAge) * time.Second
	}
	attributes := codec.Attributes{
		Name: v.Config.Name, Path: v.Config.Path, Domain: v.Config.Domain, Insecure: v.Config.Insecure, Partitioned: v.Config.Partitioned,
		SameSite: map[string]http.SameSite{"lax": http.SameSiteLaxMode, "strict": http.SameSiteStrictMode, "none": http.SameSiteNoneMode}[v.Config.SameSite],
	}
	now := func() time.Time { return vectors.Time(unix) }
	var c *codec.Codec
	var err error
	switch formats[v.Format] {
	case codec.FormatStarlette:
		c, err = codec.NewStarlette(codec.StarletteConfig{Keys: keys, Cookie: attributes, MaxAge: maxAge, Untimed: v.Config.Untimed, Now: now})
	case codec.FormatLitestar:
		c, err = codec.NewLitestar(codec.LitestarConfig{Keys: keys, Cookie: attributes, MaxAge: maxAge, Numbered: v.Config.Numbered, Now: now})
	default:
		t.Fatalf("unknown format %q", v.Format)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// eachVector runs a test with those vectors that match; finding none fails it.
func eachVector(t *testing.T, match func(vectors.Vector) bool, test func(t *testing.T, v vectors.Vector)) {
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

func received(v vectors.Vector) []*http.Cookie {
	return codec.Cookies(http.Header{"Cookie": {strings.Join(v.Cookies, "; ")}})
}

func TestVectorCount(t *testing.T) {
	count := map[string]int{}
	for _, v := range vectors.All(t) {
		count[v.Format]++
		if _, ok := outcomes[v.Expect]; !ok {
			t.Errorf("%s: unknown outcome %q", v.Name, v.Expect)
		}
	}
	if n := count["starlette"] + count["litestar"]; n < fewestVectors {
		t.Errorf("%d vectors, want at least %d", n, fewestVectors)
	}
	t.Logf("vectors: %v", count)
}

// checkSession holds what was read against a vector.
func checkSession(t *testing.T, v vectors.Vector, s *codec.Session, err error) {
	t.Helper()
	want := outcomes[v.Expect]
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
		return
	}
	if s == nil {
		t.Fatal("nil Session")
	}
	if err != nil && (s.Len() != 0 || s.Text() != "{}") {
		t.Errorf("session of %d values beside error %v", s.Len(), err)
	}
	var outside *codec.TimeError
	if isTime := v.Expect == "expired" || v.Expect == "future"; errors.As(err, &outside) != isTime {
		t.Errorf("error is %T", err)
	} else if isTime {
		s = outside.Session
	}
	if !slices.Contains(authentic, v.Expect) {
		return
	}
	if s.Text() != v.JSON {
		t.Errorf("session:\n got %s\nwant %s", s.Text(), v.JSON)
	}
	if s.Format != formats[v.Format] {
		t.Errorf("format %v, want %v", s.Format, v.Format)
	}
	label := "current"
	if v.KeyIndex > 0 {
		label = "previous"
	}
	if s.KeyIndex != v.KeyIndex || s.KeyLabel != label || s.Stale != (v.KeyIndex > 0) {
		t.Errorf("key %d %q, stale %v; want %d %q", s.KeyIndex, s.KeyLabel, s.Stale, v.KeyIndex, label)
	}
	checkTime(t, "signed", s.SignedAt, v.SignedAt)
	expires := v.ExpiresAt
	if expires == nil && v.SignedAt != nil && v.Config.MaxAge != nil {
		// Beyond the year 9999, where RFC 3339 ends: Go shows its last second.
		expires = new(int64(253402300799))
	}
	checkTime(t, "expires", s.ExpiresAt, expires)
}

func checkTime(t *testing.T, what string, got time.Time, want *int64) {
	t.Helper()
	if want == nil {
		if !got.IsZero() {
			t.Errorf("%s %v, want the zero time", what, got)
		}
		return
	}
	if !got.Equal(time.Unix(*want, 0)) {
		t.Errorf("%s %v, want %v", what, got, time.Unix(*want, 0).UTC())
	}
}

func TestVectorsDecodeCookies(t *testing.T) {
	eachVector(t, func(vectors.Vector) bool { return true }, func(t *testing.T, v vectors.Vector) {
		s, err := vectorCodec(t, v, v.Now).DecodeCookies(received(v))
		checkSession(t, v, s, err)
	})
}

func TestVectorsRead(t *testing.T) {
	eachVector(t, func(vectors.Vector) bool { return true }, func(t *testing.T, v vectors.Vector) {
		s, err := vectorCodec(t, v, v.Now).Read(&http.Request{Header: http.Header{"Cookie": v.Cookies}})
		checkSession(t, v, s, err)
	})
}

func hasValue(v vectors.Vector) bool { return v.Value != "" }

func TestVectorsDecode(t *testing.T) {
	eachVector(t, hasValue, func(t *testing.T, v vectors.Vector) {
		s, err := vectorCodec(t, v, v.Now).Decode(v.Value)
		checkSession(t, v, s, err)
	})
}

// TestVectorsAppendOpen holds AppendOpen, which parses nothing, against Decode.
func TestVectorsAppendOpen(t *testing.T) {
	eachVector(t, hasValue, func(t *testing.T, v vectors.Vector) {
		c := vectorCodec(t, v, v.Now)
		value, prefix := []byte(v.Value), []byte("before")
		got, info, err := c.AppendOpen(prefix, value)
		if string(value) != v.Value {
			t.Error("AppendOpen changed the value")
		}
		text, ok := bytes.CutPrefix(got, prefix)
		if !ok {
			t.Fatalf("AppendOpen returned %d bytes that do not begin with dst", len(got))
		}
		s, decodeErr := c.Decode(v.Value)
		switch {
		case err != nil:
			if !errors.Is(decodeErr, err) {
				t.Errorf("AppendOpen: %v; Decode: %v", err, decodeErr)
			}
			if len(text) != 0 {
				t.Errorf("%d bytes appended beside error %v", len(text), err)
			}
		case decodeErr != nil:
			// Authentic, but no session.
			if !slices.Contains([]string{"malformed", "not-object", "too-large"}, v.Expect) {
				t.Errorf("AppendOpen opened it; Decode: %v", decodeErr)
			}
		default:
			if string(text) != s.Text() || info != s.Info {
				t.Errorf("AppendOpen: %s %+v\nDecode: %s %+v", text, info, s.Text(), s.Info)
			}
		}
	})
}

func TestVectorsParseUnverified(t *testing.T) {
	eachVector(t, hasValue, func(t *testing.T, v vectors.Vector) {
		s, err := codec.ParseUnverified(v.Value)
		if s == nil {
			t.Fatal("nil Session")
		}
		if s.KeyIndex != -1 || s.KeyLabel != "" || s.Stale {
			t.Errorf("unverified, but read as %+v", s.Info)
		}
		if v.Format == "litestar" && s.Format == codec.FormatLitestar && s.Len() != 0 {
			t.Errorf("%d values of an encrypted session", s.Len())
		}
		if !slices.Contains(authentic, v.Expect) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if s.Format != formats[v.Format] {
			t.Errorf("format %v, want %v", s.Format, v.Format)
		}
		if v.Format == "starlette" {
			if s.Text() != v.JSON {
				t.Errorf("session:\n got %s\nwant %s", s.Text(), v.JSON)
			}
			checkTime(t, "signed", s.SignedAt, v.SignedAt)
			checkTime(t, "expires", s.ExpiresAt, nil) // the max age is not in the cookie
		} else {
			checkTime(t, "expires", s.ExpiresAt, v.ExpiresAt)
		}
	})
}

func TestVectorsWrongKey(t *testing.T) {
	match := func(v vectors.Vector) bool { return hasValue(v) && slices.Contains(authentic, v.Expect) }
	eachVector(t, match, func(t *testing.T, v vectors.Vector) {
		wrong := bytes.Clone(v.Config.Key)
		wrong[0] ^= 1
		c := codecWithKeys(t, v, v.Now, codec.Keys{Current: codec.NewKey("wrong", wrong)})
		s, err := c.Decode(v.Value)
		checkNothing(t, s)
		if !errors.Is(err, codec.ErrUnauthentic) {
			t.Errorf("Decode: %v", err)
		}
		s, err = c.DecodeCookies(received(v))
		checkNothing(t, s)
		if err == nil {
			t.Error("DecodeCookies took it")
		}
		got, _, err := c.AppendOpen(nil, []byte(v.Value))
		if !errors.Is(err, codec.ErrUnauthentic) || len(got) != 0 {
			t.Errorf("AppendOpen: %d bytes, error %v", len(got), err)
		}
	})
}

func checkNothing(t *testing.T, s *codec.Session) {
	t.Helper()
	if s.Len() != 0 || s.Text() != "{}" || s.Info != (codec.Info{KeyIndex: -1}) {
		t.Errorf("session of %d values, read as %+v", s.Len(), s.Info)
	}
}

// decodeVector returns a vector's session, expired or not.
func decodeVector(t *testing.T, v vectors.Vector) *codec.Values {
	t.Helper()
	s, err := vectorCodec(t, v, v.Now).Decode(v.Value)
	var outside *codec.TimeError
	if errors.As(err, &outside) {
		return outside.Session.Values
	}
	if err != nil {
		t.Fatal(err)
	}
	return s.Values
}

func TestVectorsEncode(t *testing.T) {
	eachVector(t, func(v vectors.Vector) bool { return v.Reencode }, func(t *testing.T, v vectors.Vector) {
		checkEncoded(t, v, decodeVector(t, v))
	})
}

// TestVectorsFromJSON writes JSON in another spelling than the peer's.
func TestVectorsFromJSON(t *testing.T) {
	eachVector(t, func(v vectors.Vector) bool { return v.FromJSON }, func(t *testing.T, v vectors.Vector) {
		values, err := codec.ParseValues(v.Source)
		if err != nil {
			t.Fatal(err)
		}
		checkEncoded(t, v, values)
	})
}

// TestVectorsKeepUntouched changes one value: all others keep their bytes, in
// whatever spelling they came.
func TestVectorsKeepUntouched(t *testing.T) {
	eachVector(t, func(v vectors.Vector) bool { return v.Reencode }, func(t *testing.T, v vectors.Vector) {
		values := decodeVector(t, v)
		if err := values.Set("new key", 1); err != nil {
			t.Fatal(err)
		}
		member := map[string]string{"starlette": `"new key": 1}`, "litestar": `"new key":1}`}[v.Format]
		if v.JSON != "{}" {
			member = map[string]string{"starlette": ", ", "litestar": ","}[v.Format] + member
		}
		c := vectorCodec(t, v, *v.WrittenAt)
		value, err := c.Encode(values)
		if err != nil {
			t.Fatal(err)
		}
		s, err := c.Decode(value)
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.TrimSuffix(v.JSON, "}") + member; s.Text() != want {
			t.Errorf("session:\n got %s\nwant %s", s.Text(), want)
		}
		if err := values.Delete("new key"); err != nil {
			t.Fatal(err)
		}
		checkEncoded(t, v, values)
	})
}

// checkEncoded encodes values at the time of the vector, to the same bytes.
func checkEncoded(t *testing.T, v vectors.Vector, values *codec.Values) {
	t.Helper()
	if v.WrittenAt == nil {
		t.Fatal("no time to write it at")
	}
	got, err := vectorCodec(t, v, *v.WrittenAt).Encode(values)
	if err != nil {
		t.Fatal(err)
	}
	if v.Format == "litestar" {
		got = resealed(t, got, v)
	}
	if got != v.Value {
		t.Errorf("value:\n got %s\nwant %s", got, v.Value)
	}
}

const aadMarker = "additional_authenticated_data="

// resealed opens what Go wrote with nothing but the primitives, and returns
// what it would have been under the vector's nonce.
func resealed(t *testing.T, value string, v vectors.Vector) string {
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

func openSealed(t *testing.T, gcm cipher.AEAD, value string) (nonce, text, aad []byte) {
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

func TestVectorsUnsupported(t *testing.T) {
	eachVector(t, func(v vectors.Vector) bool { return v.Unsupported != "" }, func(t *testing.T, v vectors.Vector) {
		c := vectorCodec(t, v, v.Now)
		source, err := codec.ParseValues(v.Source)
		if err != nil {
			t.Fatal(err)
		}
		for _, values := range []*codec.Values{source, decodeVector(t, v)} {
			_, encodeErr := c.Encode(values)
			cookies, cookiesErr := c.EncodeCookies(values, nil)
			for _, err := range []error{encodeErr, cookiesErr} {
				var refused *codec.ValueError
				if !errors.Is(err, codec.ErrUnsupported) || !errors.As(err, &refused) || refused.Key != v.Unsupported {
					t.Errorf("error %v, want a refusal of key %q", err, v.Unsupported)
				}
			}
			if len(cookies) != 0 {
				t.Errorf("%d cookies beside error %v", len(cookies), cookiesErr)
			}
		}
	})
}

func TestVectorsPythonBytes(t *testing.T) {
	eachVector(t, func(v vectors.Vector) bool { return len(v.Config.BytesSecret) > 0 }, func(t *testing.T, v vectors.Vector) {
		if got := codec.PythonBytes(v.Config.BytesSecret); !bytes.Equal(got, v.Config.Key) {
			t.Errorf("PythonBytes: %s, want %s", got, v.Config.Key)
		}
	})
}

// TestVectorsSetCookie compares the cookies that Go sets with the lines that
// the app set in its place.
func TestVectorsSetCookie(t *testing.T) {
	eachVector(t, func(v vectors.Vector) bool { return len(v.SetCookie) > 0 || v.Then != "" }, func(t *testing.T, v vectors.Vector) {
		var values *codec.Values
		var sent []*http.Cookie
		now := v.Now
		switch {
		case v.Then == "clear":
			sent = received(v)
		case v.Then == "write":
			sent = received(v)
			if v.Source == "" {
				values = decodeVector(t, v)
				break
			}
			var err error
			if values, err = codec.ParseValues(v.Source); err != nil {
				t.Fatal(err)
			}
		default: // the lines with which the session was written, to a new visitor
			values, now = decodeVector(t, v), *v.WrittenAt
		}

		var wantSet, wantCleared []*http.Cookie // Python's
		for _, line := range v.SetCookie {
			c, err := http.ParseSetCookie(line)
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			if c.Value == "null" {
				wantCleared = append(wantCleared, c)
			} else {
				wantSet = append(wantSet, c)
			}
		}

		cookies, err := vectorCodec(t, v, now).EncodeCookies(values, sent)
		if limit := browserLimit(wantSet); limit {
			if !errors.Is(err, codec.ErrTooLarge) || len(cookies) != 0 {
				t.Errorf("%d cookies, error %v; browsers or Python could not bring them back", len(cookies), err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		var set, cleared []*http.Cookie
		for _, c := range cookies {
			parsed, err := http.ParseSetCookie(c.String()) // as the client sees it
			if err != nil {
				t.Fatalf("%s: %v", c, err)
			}
			if parsed.Value == "null" {
				cleared = append(cleared, parsed)
			} else {
				set = append(set, parsed)
			}
		}

		// What Python sets and clears here is at times the bug (self-erasure):
		// the vector says what is right.
		names := []string{}
		for _, c := range cleared {
			names = append(names, c.Name)
			if c.MaxAge != 0 || c.Expires.IsZero() || !c.Expires.Before(vectors.Time(now)) {
				t.Errorf("%s is not cleared: %s", c.Name, c)
			}
		}
		want := append([]string{}, v.Cleared...)
		slices.Sort(names)
		slices.Sort(want)
		if !slices.Equal(names, want) {
			t.Errorf("cleared %q, want %q", names, want)
		}
		if len(cleared) > 0 && len(wantCleared) > 0 {
			for _, c := range cleared {
				checkAttributes(t, v, c, wantCleared[0])
			}
		}

		if v.Then == "clear" {
			if len(set) != 0 {
				t.Errorf("%d cookies set where the session is cleared", len(set))
			}
			return
		}
		s, err := vectorCodec(t, v, now).DecodeCookies(set)
		if err != nil || s.Len() != values.Len() {
			t.Errorf("the cookies that were set hold %d values, error %v; want %d", s.Len(), err, values.Len())
		}
		if len(wantSet) > 0 {
			checkSet(t, v, set, wantSet)
		} else if !strings.HasPrefix(v.Python, "error") {
			t.Error("Python set no cookie")
		}
	})
}

// browserLimit reports whether Python set what we refuse to: a cookie that
// browsers drop, or more chunks than Python reads back.
func browserLimit(lines []*http.Cookie) bool {
	return len(lines) > 10 || slices.ContainsFunc(lines, func(c *http.Cookie) bool {
		return len(c.Name)+len(c.Value) > codec.MaxCookieSize
	})
}

// checkSet compares cookies that carry a session. A signed one is the same to
// the byte. Encrypted ones hold another nonce, and chunks are cut elsewhere.
func checkSet(t *testing.T, v vectors.Vector, got, want []*http.Cookie) {
	t.Helper()
	var gotValue, wantValue strings.Builder
	for _, c := range got {
		gotValue.WriteString(c.Value)
		checkAttributes(t, v, c, want[0])
	}
	for _, c := range want {
		wantValue.WriteString(c.Value)
	}
	if v.Format == "starlette" && gotValue.String() != wantValue.String() && v.Then == "" {
		t.Errorf("value:\n got %s\nwant %s", gotValue.String(), wantValue.String())
	}
	if gotValue.Len() != wantValue.Len() {
		t.Errorf("value of %d bytes, want %d", gotValue.Len(), wantValue.Len())
	}
	if len(got) != len(want) {
		t.Fatalf("%d cookies, want %d", len(got), len(want))
	}
	for i, c := range got {
		if c.Name != want[i].Name {
			t.Errorf("cookie %d is %s, want %s", i, c.Name, want[i].Name)
		}
	}
	for _, c := range slices.Concat(got, want) { // the rule holds for Python's too
		if quoted := v.Format == "litestar" && strings.ContainsAny(c.Value, "/="); c.Quoted != quoted {
			t.Errorf("%s: quoted %v, want %v", c.Name, c.Quoted, quoted)
		}
	}
}

// checkAttributes compares all but names, values and expiry dates.
func checkAttributes(t *testing.T, v vectors.Vector, got, want *http.Cookie) {
	t.Helper()
	type attributes struct {
		path, domain                  string
		maxAge                        int
		httpOnly, secure, partitioned bool
		sameSite                      http.SameSite
	}
	of := func(c *http.Cookie) attributes {
		return attributes{c.Path, c.Domain, c.MaxAge, c.HttpOnly, c.Secure, c.Partitioned, c.SameSite}
	}
	g, w := of(got), of(want)
	if lacksAttributes(v) {
		// These set fewer. What they set, Go sets too.
		if w.path == "" {
			w.path = g.path
		}
		if w.maxAge == 0 {
			w.maxAge = g.maxAge
		}
		if w.sameSite == 0 {
			w.httpOnly, w.sameSite = g.httpOnly, g.sameSite
		}
	}
	if g != w {
		t.Errorf("%s: attributes %+v, want %+v", got.Name, g, w)
	}
}

// lacksAttributes tells the Starlette releases before 0.9.11, which set no
// Max-Age, before 0.9.10 no HttpOnly and SameSite, before 0.8.6 no Path.
func lacksAttributes(v vectors.Vector) bool {
	for _, old := range []string{"0.6.", "0.7.", "0.8.", "0.9."} {
		if strings.HasPrefix(v.MadeBy, "starlette=="+old) && !strings.HasPrefix(v.MadeBy, "starlette==0.9.11") {
			return true
		}
	}
	return false
}
