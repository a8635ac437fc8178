package main

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/codec/itsdangerous"
	"github.com/sessctl/sessctl/internal/termtext"
)

// quickNow is the time of the tests of quick.
const quickNow = 1_700_000_000

// randomKey is a key of either format that nothing is to be said of.
var randomKey = []byte("\x00\x9f\xe4~\x13\xc5\x81\xb0L\xf2\x07\x1d\xaa\x88\x9b\x3c\x5e\xd1\xf7\x04\x92\x6b\x31\xe0\x7c\xa9\x18\xd4\x55\x8e\xb3\x02")

// quickKeys are of each kind that has findings, and of one that has none.
var quickKeys = []key{
	{label: "new", signed: []byte("secret")},
	{label: "rändom & <old>", signed: randomKey, sealed: randomKey},
	{label: "text", signed: []byte("0123456789abcdef"), sealed: []byte("0123456789abcdef")},
	{label: "short", signed: randomKey[:16], sealed: randomKey[:16]},
}

// signAt makes a signed value of any text.
func signAt(tb testing.TB, k key, text string, at int64) string {
	tb.Helper()
	signer, err := itsdangerous.NewSigner(itsdangerous.Config{Keys: [][]byte{k.signed}})
	if err != nil {
		tb.Fatal(err)
	}
	message := append(base64.StdEncoding.AppendEncode(nil, []byte(text)), '.')
	message, err = itsdangerous.AppendTimestamp(message, time.Unix(at, 0))
	if err != nil {
		return string(message) + "." // no such time: no such cookie
	}
	return string(signer.Sign(message))
}

// sealUntil makes an encrypted value of any text.
func sealUntil(tb testing.TB, k key, text string, expires int64) string {
	tb.Helper()
	block, err := aes.NewCipher(k.sealed)
	if err != nil {
		tb.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		tb.Fatal(err)
	}
	nonce := make([]byte, gcm.NonceSize())
	aad := fmt.Appendf(nil, `{"expires_at":%d}`, expires)
	raw := append(gcm.Seal(nonce, nonce, []byte(text), aad), "additional_authenticated_data="...)
	return base64.StdEncoding.EncodeToString(append(raw, aad...))
}

// lineCase is a line, and how it is to be read.
type lineCase struct {
	before, text, after string // around the value, and what that holds
	at                  int64  // signed, or expires
	how                 uint16
}

// line returns the line: its value is signed, encrypted, or text itself.
func (c lineCase) line(tb testing.TB) string {
	k := quickKeys[c.how>>2%4]
	switch c.how % 4 {
	case 0, 1:
		return c.before + signAt(tb, k, c.text, c.at) + c.after
	case 2:
		if k.sealed != nil {
			return c.before + sealUntil(tb, k, c.text, c.at) + c.after
		}
	}
	return c.before + c.text + c.after
}

// workers returns two that read lines in the way of the case: one that is
// quick where it can be, and one that is not.
func (c lineCase) workers(tb testing.TB) (quick, slow *lineWorker) {
	tb.Helper()
	e, _, _ := testEnv("")
	bit := func(n int) bool { return c.how>>n&1 != 0 }
	q := &query{now: time.Unix(quickNow, 500_000_000), maxAge: codec.DefaultMaxAge, keys: quickKeys}
	if bit(4) {
		q.keys = quickKeys[:1]
	}
	if bit(5) {
		q.maxAge = codec.NoMaxAge
	}
	if bit(6) {
		q.name = "session"
	}
	q.format = []codec.Format{0, 0, codec.FormatStarlette, codec.FormatLitestar}[c.how>>7%4]
	r := &reader{app: app{e, newVoice(e)}, query: q}
	r.from = []string{"auto", "auto", "value", "cookie"}[c.how>>9%4]
	r.now = "given"
	command := (&decode{reader: *r}).lines()
	if bit(11) {
		command = (&verify{*r}).lines()
	}
	var err error
	if quick, err = r.newLineWorker(command, new(sync.Mutex)); err != nil {
		tb.Fatal(err)
	}
	command.quick = notQuick
	if slow, err = r.newLineWorker(command, new(sync.Mutex)); err != nil {
		tb.Fatal(err)
	}
	return quick, slow
}

// check holds quick to what is slow, and returns whether it was quick, and the
// records.
func (c lineCase) check(t *testing.T) (isQuick bool, records string) {
	t.Helper()
	line := c.line(t)
	if strings.Contains(line, "\n") {
		return false, ""
	}
	quick, slow := c.workers(t)
	if quick.quick != nil {
		_, _, _, isQuick = quick.quick.append(nil, 1, []byte(line))
	}
	const number = 1234567890
	got, err := quick.append([]byte("before"), []byte(line), number)
	if err != nil {
		t.Fatal(err)
	}
	want, err := slow.append([]byte("before"), []byte(line), number)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%q, read as %b:\n%s\nwant\n%s", line, c.how, got, want)
	}
	var gotAll, wantAll tally
	gotAll.add(&quick.tally)
	wantAll.add(&slow.tally)
	if !reflect.DeepEqual(gotAll, wantAll) {
		t.Errorf("%q, read as %b: counted %+v, want %+v", line, c.how, gotAll, wantAll)
	}
	return isQuick, string(got)
}

// Bits of lineCase.how.
const (
	signedBy   = 0      // and which key
	sealedBy   = 2      // and which key
	plainText  = 3      //
	key1       = 1 << 2 // the second key, and so on
	key2       = 2 << 2
	key3       = 3 << 2
	oneKey     = 1 << 4 // not given the others
	ageless    = 1 << 5
	named      = 1 << 6 // --name session
	starlette  = 2 << 7 // --format
	litestar   = 3 << 7
	asValue    = 2 << 9 // --from
	asHeader   = 3 << 9
	forVerdict = 1 << 11
)

const (
	quickText   = `{"user_id": 42, "roles": ["admin", "billing"], "seen": 1700000000.25, "ok": true, "no": false, "none": null, "o": {}}`
	quickExpiry = quickNow + 14*24*3600
)

var quickTests = []struct {
	name string
	lineCase
	want string // in the records; empty: it is not to be quick
}{
	{"signed", lineCase{"session=", quickText, "", quickNow, signedBy}, `"verified":true,"key":"new","signed_at":"2023-11-14T22:13:20Z","expires_at":"2023-11-28T22:13:20Z","expired":false,"session":{"user_id":42,"roles":`},
	{"encrypted", lineCase{"session=", quickText, "", quickExpiry, sealedBy | key1}, `"signed_at":null,"expires_at":"2023-11-28T22:13:20Z","expired":false,"session":{"user_id":42,`},
	{"a value alone", lineCase{"", quickText, "", quickNow, signedBy}, `"name":null`},
	{"an encrypted value alone", lineCase{"", quickText, "", quickExpiry, sealedBy | key1}, `"name":null`},
	{"padding", lineCase{"", `{"a": 1}`, "", quickNow, signedBy}, `"name":null`},
	{"more padding", lineCase{"", `{"ab": 1}`, "", quickNow, signedBy}, `"name":null`},
	{"a header", lineCase{"Cookie: app_1=", quickText, "", quickNow, signedBy}, `"name":"app_1"`},
	{"a verdict", lineCase{"session=", quickText, "", quickNow, signedBy | forVerdict}, `"expired":false,"findings":[]}`},
	{"an old key", lineCase{"session=", quickText, "", quickNow, signedBy | key1}, `"code":"old-key"`},
	{"a key of text", lineCase{"session=", quickText, "", quickExpiry, sealedBy | key2}, `"code":"text-key"`},
	{"a short key", lineCase{"session=", quickText, "", quickExpiry, sealedBy | key3}, `"code":"short-key"`},
	{"not authentic", lineCase{"session=", quickText, "", quickNow, signedBy | key1 | oneKey}, `"outcome":"not-authentic","format":"starlette","name":"session","verified":false`},
	{"nor is this", lineCase{"session=", quickText, "", quickExpiry, sealedBy | key1 | starlette}, ""},
	{"expired", lineCase{"session=", quickText, "", quickNow - 1209601, signedBy}, `"expired":true,"session":{`},
	{"at the end", lineCase{"session=", quickText, "", quickNow - 1209600, signedBy}, `"code":"near-expiry"`},
	{"expired, encrypted", lineCase{"session=", quickText, "", quickNow, sealedBy | key1}, `"expired":true,"session":{`},
	{"at the end, encrypted", lineCase{"session=", quickText, "", quickNow + 1, sealedBy | key1}, `"code":"near-expiry"`},
	{"long ago", lineCase{"session=", quickText, "", 1, sealedBy | key1}, `"expires_at":"1970-01-01T00:00:01Z","expired":true,"session":{`},
	{"in 1970", lineCase{"session=", quickText, "", 0, sealedBy | key1}, ""},
	{"at the end of time", lineCase{"session=", quickText, "", 253402300799, sealedBy | key1}, `"expires_at":"9999-12-31T23:59:59Z"`},
	{"in the future", lineCase{"session=", quickText, "", quickNow + 1, signedBy}, `"outcome":"future"`},
	{"far in the future", lineCase{"session=", quickText, "", 253402300799, signedBy}, `"expires_at":"9999-12-31T23:59:59Z"`},
	{"without an age", lineCase{"session=", quickText, "", quickNow + 1, signedBy | ageless}, `"outcome":"ok","format":"starlette","name":"session","verified":true,"key":"new","signed_at":"2023-11-14T22:13:21Z","expires_at":null`},
	{"of the name", lineCase{"session=", quickText, "", quickNow, signedBy | named}, `"name":"session"`},
	{"of another name", lineCase{"other=", quickText, "", quickNow, signedBy | named}, ""},
	{"no name, where one is asked for", lineCase{"", quickText, "", quickNow, signedBy | named}, `"name":null`},
	{"of the format", lineCase{"session=", quickText, "", quickNow, signedBy | starlette}, `"format":"starlette"`},
	{"of another format", lineCase{"session=", quickText, "", quickNow, signedBy | litestar}, ""},
	{"from value", lineCase{"", quickText, "", quickNow, signedBy | asValue}, `"name":null`},
	{"from cookie", lineCase{"session=", quickText, "", quickNow, signedBy | asHeader}, `"name":"session"`},
	{"an empty session", lineCase{"session=", " {\t} ", "", quickNow, signedBy}, `"session":{}`},
	{"empty things", lineCase{"session=", `{"": [], "b": [{}, [ ] , ""]}`, "", quickNow, signedBy}, `"session":{"":[],"b":[{},[],""]}`},
	{"the same key twice", lineCase{"session=", `{"a": 1, "a": 2}`, "", quickNow, signedBy}, `"session":{"a":1,"a":2}`},
	{"what does not print", lineCase{"session=", "{\"a\": \"ë日\u202e\u009b\x7f\U000e0001😀\"}", "", quickNow, signedBy}, `"session":{"a":"ë日\u202e\u009b\u007f\udb40\udc01😀"}`},
	{"escapes", lineCase{"session=", `{"a": "\ud83d\ude00 \u00eb\/\"\\\b\f\n\r\t<&>"}`, "", quickNow, signedBy}, `"session":{"a":"\ud83d\ude00 \u00eb\/\"\\\b\f\n\r\t<&>"}`},
	{"half a pair", lineCase{"session=", `{"a": "\ud83d"}`, "", quickNow, signedBy}, ""},
	{"the other half", lineCase{"session=", `{"a": "\ude00"}`, "", quickNow, signedBy}, ""},
	{"no JSON", lineCase{"session=", `{"a": NaN}`, "", quickNow, signedBy}, ""},
	{"beyond float64", lineCase{"session=", `{"a": 1e999}`, "", quickExpiry, sealedBy | key1}, ""},
	{"not UTF-8", lineCase{"session=", "{\"a\": \"\xff\"}", "", quickNow, signedBy}, ""},
	{"a list", lineCase{"session=", `[]`, "", quickNow, signedBy}, ""},
	{"cut off", lineCase{"session=", `{"a": `, "", quickNow, signedBy}, ""},
	{"deep", lineCase{"session=", `{"a": ` + strings.Repeat("[", 63) + strings.Repeat("]", 63) + "}", "", quickNow, signedBy}, `[[[[]]]]`},
	{"a bit too many", lineCase{"session=", `{"a": ` + strings.Repeat("[", 64) + strings.Repeat("]", 63) + "}}", "", quickNow, signedBy}, ""},
	{"deeper", lineCase{"session=", `{"a": ` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + "}", "", quickNow, signedBy}, ""},
	{"too deep", lineCase{"session=", `{"a": ` + strings.Repeat("[", 900) + strings.Repeat("]", 900) + "}", "", quickNow, signedBy}, ""},
	{"large", lineCase{"session=", `{"a": "` + strings.Repeat("x", 3000) + `"}`, "", quickNow, signedBy}, `"outcome":"ok"`},
	{"too large", lineCase{"session=", `{"a": "` + strings.Repeat("x", 3100) + `"}`, "", quickNow, signedBy}, ""},
	{"quoted", lineCase{`session="`, quickText, `"`, quickNow, signedBy}, ""},
	{"blanks", lineCase{" session = ", quickText, " ", quickNow, signedBy}, ""},
	{"another cookie", lineCase{"a=b; session=", quickText, "", quickNow, signedBy}, ""},
	{"attributes", lineCase{"Set-Cookie: session=", quickText, "; Path=/", quickNow, signedBy}, ""},
	{"a chunk", lineCase{"session-0=", quickText, "", quickExpiry, sealedBy | key1}, ""},
	{"escaped", lineCase{"session=", quickText, "%3D", quickNow, signedBy}, ""},
	{"an odd name", lineCase{"a\x1b[m=", quickText, "", quickNow, signedBy}, ""},
	{"no name", lineCase{"=", quickText, "", quickNow, signedBy}, ""},
	{"a deletion", lineCase{"session=", "null", "", 0, plainText}, ""},
	{"nothing", lineCase{"", "", "", 0, plainText}, ""},
	{"a name alone", lineCase{"session=", "", "", 0, plainText}, ""},
	{"a status line", lineCase{"", "HTTP/1.1", "", 0, plainText}, ""},
	{"garbage", lineCase{"", "garbage", "", 0, plainText}, ""},
}

func TestQuick(t *testing.T) {
	for _, tt := range quickTests {
		t.Run(tt.name, func(t *testing.T) {
			isQuick, records := tt.check(t)
			if isQuick != (tt.want != "") || !strings.Contains(records, tt.want) {
				t.Errorf("quick: %v; %s", isQuick, records)
			}
		})
	}
}

// FuzzQuick: what is quick is what is slow, byte for byte.
func FuzzQuick(f *testing.F) {
	for _, tt := range quickTests {
		f.Add(tt.before, tt.text, tt.after, tt.at, tt.how)
	}
	f.Fuzz(func(t *testing.T, before, text, after string, at int64, how uint16) {
		lineCase{before, text, after, at, how}.check(t)
	})
}

// FuzzAppendObject: it takes nothing but JSON objects of which nothing is to be
// said, and makes of them what two slow steps do.
func FuzzAppendObject(f *testing.F) {
	for _, tt := range quickTests {
		f.Add(tt.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := appendObject([]byte("before"), []byte(text))
		if !ok {
			return
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, []byte(text)); err != nil || !isJSON(text) {
			t.Fatalf("%q: accepted; %v", text, err)
		}
		if want := "before" + string(termtext.AppendEscaped(nil, compact.String())); string(got) != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
		values, err := codec.ParseValues(text)
		if err != nil && len(text) < codec.MaxCookieSize {
			t.Fatalf("%q: %v", text, err)
		}
		if _, err := values.AppendJSON(nil, codec.FormatLitestar); err != nil && len(text) < codec.MaxCookieSize {
			t.Errorf("%q: %v", text, err)
		}
	})
}
