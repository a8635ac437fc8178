package codec_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/codec/itsdangerous"
)

// clock is the time of all tests.
var clock = time.Unix(1700000000, 0).UTC()

func at(t time.Time) func() time.Time { return func() time.Time { return t } }

func starlette(t testing.TB, c codec.StarletteConfig) *codec.Codec {
	t.Helper()
	if c.Keys.Current == (codec.Key{}) {
		c.Keys.Current = codec.NewKey("signing", []byte("secret"))
	}
	if c.Now == nil {
		c.Now = at(clock)
	}
	made, err := codec.NewStarlette(c)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func litestar(t testing.TB, c codec.LitestarConfig) *codec.Codec {
	t.Helper()
	if c.Keys.Current == (codec.Key{}) {
		c.Keys.Current = codec.NewKey("encrypting", []byte("0123456789abcdef"))
	}
	if c.Now == nil {
		c.Now = at(clock)
	}
	made, err := codec.NewLitestar(c)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func values(t testing.TB, json string) *codec.Values {
	t.Helper()
	v, err := codec.ParseValues(json)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func encode(t testing.TB, c *codec.Codec, json string, opts ...codec.EncodeOption) string {
	t.Helper()
	value, err := c.Encode(values(t, json), opts...)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func set(t testing.TB, c *codec.Codec, v *codec.Values, received []*http.Cookie, opts ...codec.EncodeOption) []*http.Cookie {
	t.Helper()
	cookies, err := c.EncodeCookies(v, received, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return cookies
}

func lines(cookies []*http.Cookie) []string {
	out := []string{}
	for _, c := range cookies {
		out = append(out, c.String())
	}
	return out
}

func names(cookies []*http.Cookie) string {
	out := []string{}
	for _, c := range cookies {
		name := c.Name
		if c.Value == "null" {
			name += " cleared"
		}
		out = append(out, name)
	}
	return strings.Join(out, ", ")
}

// big is a session whose cookie value has about n bytes.
func big(t testing.TB, n int) *codec.Values {
	return values(t, `{"user_id":42,"big":"`+strings.Repeat("x", n*3/4-60)+`"}`)
}

func TestAttributes(t *testing.T) {
	for _, test := range []struct {
		give codec.Attributes
		want string
	}{
		{codec.Attributes{}, "session=V; Path=/; Max-Age=1209600; HttpOnly; Secure; SameSite=Lax"},
		{codec.Attributes{Insecure: true}, "session=V; Path=/; Max-Age=1209600; HttpOnly; SameSite=Lax"},
		{codec.Attributes{Name: "s", Path: "/a", Domain: "example.com", SameSite: http.SameSiteStrictMode}, "s=V; Path=/a; Domain=example.com; Max-Age=1209600; HttpOnly; Secure; SameSite=Strict"},
		{codec.Attributes{SameSite: http.SameSiteNoneMode, Partitioned: true}, "session=V; Path=/; Max-Age=1209600; HttpOnly; Secure; SameSite=None; Partitioned"},
		{codec.Attributes{SameSite: http.SameSiteDefaultMode}, "session=V; Path=/; Max-Age=1209600; HttpOnly; Secure"},
		{codec.Attributes{Name: "__Host-s"}, "__Host-s=V; Path=/; Max-Age=1209600; HttpOnly; Secure; SameSite=Lax"},
	} {
		cookies := set(t, starlette(t, codec.StarletteConfig{Cookie: test.give}), values(t, `{"n": 1}`), nil)
		value := cookies[0].Value
		if got := strings.Replace(lines(cookies)[0], value, "V", 1); got != test.want || len(cookies) != 1 {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
	for name, refused := range map[string]codec.Attributes{
		"SameSite=None without Secure": {SameSite: http.SameSiteNoneMode, Insecure: true},
		"Partitioned without Secure":   {Partitioned: true, Insecure: true},
		"__Secure- without Secure":     {Name: "__Secure-s", Insecure: true},
		"__Host- without Secure":       {Name: "__Host-s", Insecure: true},
		"__host- in lower case":        {Name: "__host-s", Insecure: true},
		"__Host- with a domain":        {Name: "__Host-s", Domain: "example.com"},
		"__Host- with a path":          {Name: "__Host-s", Path: "/a"},
		"name with a blank":            {Name: "a b"},
		"name with a separator":        {Name: "a=b"},
		"name with a line end":         {Name: "a\r\nSet-Cookie: b"},
		"path with a semicolon":        {Path: "/; Domain=evil"},
		"path with a line end":         {Path: "/\n"},
		"domain with a semicolon":      {Domain: "example.com; Secure"},
		"a dot for a domain":           {Domain: "."},
		"relative path":                {Path: "app"},
		"unknown SameSite":             {SameSite: 99},
		"name too long":                {Name: strings.Repeat("n", 257)},
	} {
		if _, err := codec.NewStarlette(codec.StarletteConfig{Keys: codec.Keys{Current: codec.NewKey("k", []byte("s"))}, Cookie: refused}); err == nil {
			t.Errorf("%s: taken", name)
		}
		if _, err := codec.NewLitestar(codec.LitestarConfig{Keys: codec.Keys{Current: codec.NewKey("k", []byte("0123456789abcdef"))}, Cookie: refused}); err == nil {
			t.Errorf("%s: taken by NewLitestar", name)
		}
	}
}

func TestConstructorsRefuseTimes(t *testing.T) {
	k := codec.Keys{Current: codec.NewKey("k", []byte("0123456789abcdef"))}
	for _, c := range []codec.StarletteConfig{
		{MaxAge: -2}, {MaxAge: time.Millisecond}, {MaxAge: 1500 * time.Millisecond}, {Leeway: -1}, {Leeway: 1}, {Backdate: -1}, {Backdate: 1},
		{MaxAge: time.Minute, Backdate: time.Minute},
	} {
		c.Keys = k
		if _, err := codec.NewStarlette(c); err == nil {
			t.Errorf("taken: %+v", c)
		}
	}
	for _, c := range []codec.LitestarConfig{
		{MaxAge: -2}, {MaxAge: codec.NoMaxAge}, {MaxAge: 1}, {Leeway: -1}, {MaxChunks: -1}, {MaxChunks: 65},
		{Cookie: codec.Attributes{Path: "/" + strings.Repeat("a", 4000)}},
	} {
		c.Keys = k
		if _, err := codec.NewLitestar(c); err == nil {
			t.Errorf("taken: %+v", c)
		}
	}
}

// HMAC-SHA1 panics in FIPS-only mode, AES-GCM works there.
func TestFIPSOnly(t *testing.T) {
	if os.Getenv("SESSCTL_TEST_FIPS") == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestFIPSOnly$", "-test.v")
		cmd.Env = append(os.Environ(), "SESSCTL_TEST_FIPS=1", "GODEBUG=fips140=only")
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "fips140=only: refused") {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	k := codec.Keys{Current: codec.NewKey("k", []byte("0123456789abcdef"))}
	if _, err := codec.NewStarlette(codec.StarletteConfig{Keys: k}); err == nil {
		t.Fatal("NewStarlette works")
	} else if !strings.Contains(err.Error(), "Starlette's cookies need HMAC-SHA1") {
		t.Error(err)
	}
	c := litestar(t, codec.LitestarConfig{Keys: k})
	s, err := c.Decode(encode(t, c, `{"n":1}`))
	if err != nil || s.Text() != `{"n":1}` {
		t.Fatal(s, err)
	}
	t.Log("fips140=only: refused")
}

func TestCodecImportsTheStandardLibraryAlone(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./...").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(string(out), "github.com/sessctl/sessctl/codec/itsdangerous") {
		t.Fatalf("go list lists nothing of ours: %s", out)
	}
	for path := range strings.FieldsSeq(string(out)) {
		if !strings.HasPrefix(path, "github.com/sessctl/sessctl/codec") {
			t.Errorf("codec depends on %s", path)
		}
	}
}

func TestCookiesReadsAsPython(t *testing.T) {
	for _, test := range []struct {
		lines []string
		want  map[string]string // the last of a name
	}{
		{[]string{`a=1; b="2 3"; c`}, map[string]string{"a": "1", "b": "2 3", "": "c"}},
		{[]string{`a=1`, `a=2`}, map[string]string{"a": "2"}},
		{[]string{` a = 1 ;;; b=x=y= `}, map[string]string{"a": "1", "b": "x=y="}},
		{[]string{`a="q\"\\\075\101"`}, map[string]string{"a": `q"\=A`}},
		{[]string{`a="\377\777\18"`}, map[string]string{"a": "ÿ77718"}},
		{[]string{strings.Repeat("a=1;", 2998) + "a=2"}, map[string]string{"a": "2"}},
		{[]string{`a="`, `b="x`, `c="\"`, `d="\1"`}, map[string]string{"a": `"`, "b": `"x`, "c": `\`, "d": "1"}},
		{[]string{"a=\x01é,\\"}, map[string]string{"a": "\x01é,\\"}},
		{[]string{strings.Repeat("a=1;", 3001)}, map[string]string{}},
	} {
		got := map[string]string{}
		for _, c := range codec.Cookies(http.Header{"Cookie": test.lines}) {
			got[c.Name] = c.Value
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%.60q: %s", test.lines, diff)
		}
	}
}

func TestReadErrors(t *testing.T) {
	c := starlette(t, codec.StarletteConfig{})
	good := encode(t, c, `{"n": 1}`)
	request := func(cookie string) *http.Request {
		r := httptest.NewRequest("GET", "/", nil)
		if cookie != "" {
			r.Header.Set("Cookie", cookie)
		}
		return r
	}
	for _, test := range []struct {
		cookie string
		want   error
	}{
		{"", codec.ErrNoCookie},
		{"other=1", codec.ErrNoCookie},
		{"session=", codec.ErrNoCookie},
		{"session=null", codec.ErrNoCookie},
		{`session="null"`, codec.ErrNoCookie},
		{"session=x", codec.ErrMalformed},
		{"session=" + good, nil},
		{`session="` + good + `"`, nil},
		{"session=x; session=" + good, nil},
		{"session=" + good + "; session=x", codec.ErrMalformed},
		{"mysession=" + good, codec.ErrNoCookie},
		{"session=" + strings.Replace(good, "=", "%3D", 1), codec.ErrMalformed},
		{"session=" + good[:len(good)-2] + "AA", codec.ErrUnauthentic},
		{"session=" + strings.Repeat("A", codec.MaxValueSize+1), codec.ErrTooLarge},
		{strings.Repeat("a=1;", 4000) + "session=" + good, codec.ErrTooLarge},
	} {
		s, err := c.Read(request(test.cookie))
		if !errors.Is(err, test.want) {
			t.Errorf("%.60q: got %v, want %v", test.cookie, err, test.want)
		}
		if s == nil || err != nil && (s.Len() != 0 || s.KeyIndex != -1) {
			t.Errorf("%.60q: session is %v", test.cookie, s)
		}
	}
}

// Python's b64decode skips what is not of the alphabet; so does Go's with line
// ends, of which four leave the length a multiple of four.
func TestLineEndsInBase64(t *testing.T) {
	signer, err := itsdangerous.NewTimestampSigner(itsdangerous.Config{Keys: [][]byte{[]byte("secret")}, Now: at(clock)})
	if err != nil {
		t.Fatal(err)
	}
	for _, payload := range []string{"eyJhIjogMX0\n=", "\n\n\n\neyJhIjogMX0=", "eyJhIjogMX0=\r\n\r\n", "eyJh\n\r\n\rIjogMX0="} {
		value, err := signer.Sign([]byte(payload))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := starlette(t, codec.StarletteConfig{}).Decode(string(value)); err != codec.ErrMalformed {
			t.Errorf("%q: %v", payload, err)
		}
	}
	sealed := encode(t, litestar(t, codec.LitestarConfig{}), `{"a":1}`)
	for _, value := range []string{sealed[:40] + "\n\n\n\n" + sealed[40:], sealed + "\r\n\r\n"} {
		if _, err := litestar(t, codec.LitestarConfig{}).Decode(value); err != codec.ErrMalformed {
			t.Errorf("%q: %v", value, err)
		}
	}
}

func TestTimes(t *testing.T) {
	signedAt := encode(t, starlette(t, codec.StarletteConfig{}), `{"n": 1}`)
	sealedAt := encode(t, litestar(t, codec.LitestarConfig{}), `{"n":1}`)
	const day = 24 * time.Hour
	for _, test := range []struct {
		config codec.StarletteConfig
		later  time.Duration
		want   error
	}{
		{codec.StarletteConfig{}, 14 * day, nil},
		{codec.StarletteConfig{}, 14*day + 999*time.Millisecond, nil},
		{codec.StarletteConfig{}, 14*day + time.Second, codec.ErrExpired},
		{codec.StarletteConfig{}, -time.Second, codec.ErrFuture},
		{codec.StarletteConfig{}, -time.Millisecond, codec.ErrFuture}, // Python floors the clock
		{codec.StarletteConfig{Leeway: time.Minute}, -time.Minute, nil},
		{codec.StarletteConfig{Leeway: time.Minute}, -61 * time.Second, codec.ErrFuture},
		{codec.StarletteConfig{Leeway: time.Minute}, 14*day + time.Minute, nil},
		{codec.StarletteConfig{Leeway: time.Minute}, 14*day + 61*time.Second, codec.ErrExpired},
		{codec.StarletteConfig{MaxAge: time.Hour}, time.Hour, nil},
		{codec.StarletteConfig{MaxAge: time.Hour}, time.Hour + time.Second, codec.ErrExpired},
		{codec.StarletteConfig{MaxAge: codec.NoMaxAge}, 10000 * day, nil},
		{codec.StarletteConfig{MaxAge: codec.NoMaxAge}, -10000 * day, nil},
	} {
		test.config.Now = at(clock.Add(test.later))
		checkTime(t, starlette(t, test.config), signedAt, test.later, test.want)
	}
	for _, test := range []struct {
		config codec.LitestarConfig
		later  time.Duration
		want   error
	}{
		{codec.LitestarConfig{}, 14*day - time.Second, nil},
		{codec.LitestarConfig{}, 14*day - time.Second + 499*time.Millisecond, nil},
		{codec.LitestarConfig{}, 14*day - 500*time.Millisecond, codec.ErrExpired}, // rounds to the even second, this one
		{codec.LitestarConfig{}, 14 * day, codec.ErrExpired},
		{codec.LitestarConfig{Leeway: time.Minute}, 14*day + 59*time.Second, nil},
		{codec.LitestarConfig{Leeway: time.Minute}, 14*day + time.Minute, codec.ErrExpired},
		{codec.LitestarConfig{}, -1000 * day, nil},
	} {
		test.config.Now = at(clock.Add(test.later))
		checkTime(t, litestar(t, test.config), sealedAt, test.later, test.want)
	}
}

func checkTime(t *testing.T, c *codec.Codec, value string, later time.Duration, want error) {
	t.Helper()
	s, err := c.Decode(value)
	if !errors.Is(err, want) {
		t.Errorf("%v later: got %v, want %v", later, err, want)
	}
	_, _, bare := c.AppendOpen(nil, []byte(value))
	if bare != want {
		t.Errorf("%v later: AppendOpen: got %v, want %v", later, bare, want)
	}
	if want == nil {
		return
	}
	var outside *codec.TimeError
	if s.Len() != 0 || !errors.As(err, &outside) || outside.Session.Len() != 1 || outside.Session.KeyIndex != 0 {
		t.Errorf("%v later: session %v, error %#v", later, s, err)
	}
}

func TestInfo(t *testing.T) {
	later := clock.Add(3 * time.Hour)
	s, err := starlette(t, codec.StarletteConfig{Now: at(later)}).Decode(encode(t, starlette(t, codec.StarletteConfig{}), `{}`))
	want := codec.Info{Format: codec.FormatStarlette, KeyLabel: "signing", SignedAt: clock, ExpiresAt: clock.Add(codec.DefaultMaxAge), Age: 3 * time.Hour}
	if diff := cmp.Diff(want, s.Info); diff != "" || err != nil {
		t.Error(diff, err)
	}
	s, err = litestar(t, codec.LitestarConfig{Now: at(later)}).Decode(encode(t, litestar(t, codec.LitestarConfig{}), `{}`))
	want = codec.Info{Format: codec.FormatLitestar, KeyLabel: "encrypting", ExpiresAt: clock.Add(codec.DefaultMaxAge), Age: 3 * time.Hour}
	if diff := cmp.Diff(want, s.Info); diff != "" || err != nil {
		t.Error(diff, err)
	}
	untimed := starlette(t, codec.StarletteConfig{Untimed: true})
	s, err = untimed.Decode(encode(t, untimed, `{}`))
	if want := (codec.Info{Format: codec.FormatStarlette, KeyLabel: "signing"}); s.Info != want || err != nil {
		t.Error(s.Info, err)
	}
}

func TestBackdate(t *testing.T) {
	value := encode(t, starlette(t, codec.StarletteConfig{Backdate: 5 * time.Second}), `{}`)
	s, err := starlette(t, codec.StarletteConfig{Now: at(clock.Add(-5 * time.Second))}).Decode(value)
	if err != nil || !s.SignedAt.Equal(clock.Add(-5*time.Second)) {
		t.Error(s.SignedAt, err)
	}
}

func TestExpiresAt(t *testing.T) {
	for name, c := range map[string]*codec.Codec{
		"starlette": starlette(t, codec.StarletteConfig{}),
		"litestar":  litestar(t, codec.LitestarConfig{}),
	} {
		for _, test := range []struct {
			expires time.Time
			left    time.Duration
			err     error
		}{
			{time.Time{}, codec.DefaultMaxAge, nil},
			{clock.Add(time.Hour), time.Hour, nil},
			{clock.Add(time.Second), time.Second, nil},
			{clock.Add(codec.DefaultMaxAge), codec.DefaultMaxAge, nil},
			{clock.Add(100 * codec.DefaultMaxAge), codec.DefaultMaxAge, nil}, // never longer than the max age
			{clock, 0, codec.ErrExpired},
			{clock.Add(-time.Hour), 0, codec.ErrExpired},
		} {
			cookies, err := c.EncodeCookies(values(t, `{"n":1}`), nil, codec.ExpiresAt(test.expires))
			if !errors.Is(err, test.err) {
				t.Errorf("%s, %v: %v", name, test.expires, err)
			}
			if err != nil {
				continue
			}
			s, err := c.DecodeCookies(cookies)
			if err != nil || !s.ExpiresAt.Equal(clock.Add(test.left)) || cookies[0].MaxAge != int(test.left/time.Second) {
				t.Errorf("%s, %v: expires %v, Max-Age %d, %v", name, test.expires, s.ExpiresAt, cookies[0].MaxAge, err)
			}
		}
	}
	forever := starlette(t, codec.StarletteConfig{MaxAge: codec.NoMaxAge})
	if c := set(t, forever, values(t, `{"n":1}`), nil)[0]; c.MaxAge != 0 {
		t.Errorf("NoMaxAge: Max-Age %d", c.MaxAge)
	}
	if c := set(t, forever, values(t, `{"n":1}`), nil, codec.ExpiresAt(clock.Add(time.Hour)))[0]; c.MaxAge != 3600 {
		t.Errorf("NoMaxAge with ExpiresAt: Max-Age %d", c.MaxAge)
	}
}

func TestWrite(t *testing.T) {
	c := litestar(t, codec.LitestarConfig{})
	r := httptest.NewRequest("GET", "/", nil)
	w := httptest.NewRecorder()
	http.SetCookie(w, &http.Cookie{Name: "theme", Value: "dark"})
	http.SetCookie(w, &http.Cookie{Name: "session-2024", Value: "another app's"})
	for range 2 { // the second replaces what the first set
		if err := c.Write(w, r, values(t, `{"n":1}`)); err != nil {
			t.Fatal(err)
		}
	}
	if got := names(w.Result().Cookies()); got != "theme, session-2024, session" {
		t.Errorf("set %s", got)
	}
	if len(w.Header()) != 1 {
		t.Errorf("other headers: %v", w.Header())
	}

	// No values, and nothing received: nothing to do.
	w = httptest.NewRecorder()
	if err := c.Write(w, r, new(codec.Values)); err != nil || len(w.Header()) != 0 {
		t.Error(w.Header(), err)
	}
	// Received, however broken, is cleared.
	r.Header.Set("Cookie", "session=x; theme=dark; session-3=y; mysession=z; session-03=z; session_id=z")
	if err := c.Write(w, r, nil); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"session=null; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax",
		"session-3=null; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax",
	}
	if diff := cmp.Diff(want, w.Header()["Set-Cookie"]); diff != "" {
		t.Error(diff)
	}
	// With too many cookies nothing can be cleared: a session is still written,
	// but a logout is not silent.
	many := httptest.NewRequest("GET", "/", nil)
	many.Header.Set("Cookie", strings.Repeat("session=x;", 4000))
	if err := c.Write(httptest.NewRecorder(), many, values(t, `{"n":1}`)); err != nil {
		t.Error(err)
	}
	if err := c.Write(httptest.NewRecorder(), many, nil); !errors.Is(err, codec.ErrTooLarge) {
		t.Error(err)
	}
	// An error sets nothing and leaves what was set.
	before := len(w.Header()["Set-Cookie"])
	if err := c.Write(w, r, big(t, 50000)); !errors.Is(err, codec.ErrTooLarge) || len(w.Header()["Set-Cookie"]) != before {
		t.Error(err, w.Header())
	}
}

func TestWriteReportsWhatSetRefused(t *testing.T) {
	for _, c := range []*codec.Codec{starlette(t, codec.StarletteConfig{}), litestar(t, codec.LitestarConfig{})} {
		v := new(codec.Values)
		v.Set("ch", make(chan int)) // the error is not looked at
		if _, err := c.EncodeCookies(v, nil); !errors.Is(err, codec.ErrType) {
			t.Errorf("EncodeCookies: %v", err)
		}
	}
}

func TestSignedCookieSize(t *testing.T) {
	c := starlette(t, codec.StarletteConfig{Cookie: codec.Attributes{Domain: "a-long-domain.example.com"}})
	fit := func(n int) *codec.Values {
		return values(t, `{"a": "", "the_big_one": "`+strings.Repeat("x", n)+`", "b": ""}`)
	}
	var v *codec.Values
	var err error
	n := 2900
	for ; err == nil; n++ {
		v = fit(n)
		_, err = c.EncodeCookies(v, nil)
	}
	var about *codec.ValueError
	if !errors.Is(err, codec.ErrTooLarge) || !errors.As(err, &about) || about.Key != "the_big_one" {
		t.Fatalf("%v", err)
	}
	cookie := set(t, c, fit(n-2), nil)[0]
	if size := len(cookie.Name) + len(cookie.Value); size > 4096 || size <= 4092 {
		t.Errorf("the largest has %d bytes of name and value", size)
	}
	if len(cookie.String()) <= 4096 {
		t.Error("attributes should not count")
	}
	// Exactly as much as browsers keep.
	exact := starlette(t, codec.StarletteConfig{Cookie: codec.Attributes{Name: strings.Repeat("n", 4096-len(cookie.Value))}})
	if len(set(t, exact, fit(n-2), nil)) != 1 {
		t.Error("4096 bytes are refused")
	}
	if _, err := c.Encode(v); err != nil {
		t.Errorf("Encode does not look at the limit of browsers: %v", err)
	}
	if _, err := c.Encode(values(t, `{"a":"`+strings.Repeat("x", 60000)+`"}`)); !errors.Is(err, codec.ErrTooLarge) {
		t.Errorf("above MaxValueSize: %v", err)
	}
}

func TestErrorsHoldNoContent(t *testing.T) {
	const secret = "very-secret-key!"
	keys := codec.Keys{Current: codec.NewKey("k", []byte(secret))}
	for _, c := range []*codec.Codec{starlette(t, codec.StarletteConfig{Keys: keys}), litestar(t, codec.LitestarConfig{Keys: keys})} {
		v := values(t, `{"k\u202e\n":"content-`+strings.Repeat("x", 70000)+`"}`)
		_, err := c.Encode(v)
		if err == nil || strings.Contains(err.Error(), "content-") || strings.ContainsAny(err.Error(), "\u202e\n") {
			t.Errorf("%.200v", err)
		}
		for _, value := range []string{"content-garbage", encode(t, litestar(t, codec.LitestarConfig{}), `{"a":"content-"}`), encode(t, starlette(t, codec.StarletteConfig{}), `{"a":"content-"}`)} {
			if _, err := c.Decode(value); err == nil || strings.Contains(err.Error(), "content-") || strings.Contains(err.Error(), value) {
				t.Errorf("%v", err)
			}
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	m := migration(t)
	received := set(t, starlette(t, codec.StarletteConfig{}), values(t, `{"n": 1}`), nil)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				s, err := m.DecodeCookies(received)
				if err != nil || s.Text() != `{"n": 1}` {
					t.Error(s, err)
					return
				}
				set(t, m, s.Values, received)
			}
		})
	}
	wg.Wait()
}

func TestZeroCodec(t *testing.T) {
	var c codec.Codec
	if s, err := c.Decode("x"); err == nil || s == nil {
		t.Errorf("Decode: %v", err)
	}
	if _, _, err := c.AppendOpen(nil, []byte("x")); err == nil {
		t.Error("AppendOpen opens")
	}
	// Not ErrNoCookie, which callers take for a new visitor.
	if s, err := c.DecodeCookies(nil); err == nil || s == nil || errors.Is(err, codec.ErrNoCookie) {
		t.Errorf("DecodeCookies: %v", err)
	}
	if _, err := c.Encode(nil); err == nil {
		t.Error("Encode encodes")
	}
	if _, err := c.EncodeCookies(nil, nil); err == nil {
		t.Error("EncodeCookies encodes")
	}
}

func TestNilCookiesAndOptions(t *testing.T) {
	for _, c := range []*codec.Codec{starlette(t, codec.StarletteConfig{}), litestar(t, codec.LitestarConfig{}), migration(t)} {
		received := append(set(t, c, values(t, `{"n":1}`), nil, nil), nil)
		if _, err := c.DecodeCookies(received); err != nil {
			t.Error(err)
		}
		set(t, c, nil, received)
	}
}

func TestClockBeyondReason(t *testing.T) {
	for _, now := range []time.Time{{}, time.Unix(-1-14*24*3600, 0), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)} {
		for name, c := range map[string]*codec.Codec{
			"starlette": starlette(t, codec.StarletteConfig{Now: at(now)}),
			"litestar":  litestar(t, codec.LitestarConfig{Now: at(now)}),
		} {
			if value, err := c.Encode(values(t, `{"n":1}`)); err == nil {
				t.Errorf("%s at %v: %s", name, now, value)
			}
		}
	}
	// A lifetime that would have to be signed before 1970.
	old := starlette(t, codec.StarletteConfig{MaxAge: 100 * 365 * 24 * time.Hour})
	if _, err := old.Encode(values(t, `{"n":1}`), codec.ExpiresAt(clock.Add(time.Hour))); err == nil {
		t.Error("it outlives its expiry")
	}
	// Signed at the end of time: the age is further away than a Duration holds.
	last := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	value := encode(t, starlette(t, codec.StarletteConfig{Now: at(last)}), `{"n":1}`)
	s, err := starlette(t, codec.StarletteConfig{MaxAge: codec.NoMaxAge}).Decode(value)
	if err != nil || s.Age > -290*365*24*time.Hour || !s.SignedAt.Equal(last) {
		t.Errorf("age %v, %v", s.Age, err)
	}
}

// A signature with a line end in it is none, not a forged one.
func TestMalformedSignature(t *testing.T) {
	c := starlette(t, codec.StarletteConfig{})
	value := encode(t, c, `{"n": 1}`)
	cut := len(value) - 10
	for _, bad := range []string{value[:cut] + "\n" + value[cut+1:], value[:cut] + "\r" + value[cut+1:], value[:cut] + "!" + value[cut+1:], value + "=", value[:len(value)-1],
		value[:len(value)-3] + "\n\n\n", value[:len(value)-6] + "\r\n\r\n\r\n"} {
		if _, err := c.Decode(bad); err != codec.ErrMalformed {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// A key that comes from a cookie is cut and escaped before an error repeats it.
func TestErrorsCutKeys(t *testing.T) {
	err := error(&codec.ValueError{Key: strings.Repeat("k", 100) + "tail", Err: codec.ErrType})
	if got := err.Error(); len(got) > 150 || strings.Contains(got, "tail") {
		t.Error(got)
	}
}

func TestParseUnverifiedKeepsInfo(t *testing.T) {
	signer, err := itsdangerous.NewTimestampSigner(itsdangerous.Config{Keys: [][]byte{[]byte("any")}, Now: at(clock)})
	if err != nil {
		t.Fatal(err)
	}
	value, err := signer.Sign([]byte("WzFd")) // [1]
	if err != nil {
		t.Fatal(err)
	}
	s, err := codec.ParseUnverified(string(value))
	if !errors.Is(err, codec.ErrNotObject) || s.Format != codec.FormatStarlette || !s.SignedAt.Equal(clock) || s.KeyIndex != -1 {
		t.Errorf("%+v, %v", s.Info, err)
	}
}
