package cookieinput

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sessctl/sessctl/codec"
)

const signed = "eyJ1c2VyIjogInpvXHUwMGViIiwgIm4iOiAxLCAiZiI6IDFlKzE2fQ==.ZVPxAA.oA0FYT1NySPdtKiSPcbQYPugu7w"

// See TestSize, TestHeader and TestAttributes.
var ignoreOthers = cmpopts.IgnoreFields(Cookie{}, "Size", "Header", "Attributes")

var long = strings.Repeat("A", 71) + "="

var parseTests = []struct {
	name string
	text string
	kind Kind
	want []Cookie
}{
	{"value", signed, Auto, []Cookie{{Value: signed}}},
	{"white space around a value", " \t" + signed + "\r\n", Auto, []Cookie{{Value: signed}}},
	{"no-break space, as chat programs paste it", "\u00a0" + signed + "\u00a0", Auto, []Cookie{{Value: signed}}},
	{"byte order mark", "\ufeff" + signed, Auto, []Cookie{{Value: signed}}},
	{"quoted value", `"` + signed + `"`, Auto, []Cookie{{Value: signed, Quoted: true}}},
	{"value that ends in padding", long, Auto, []Cookie{{Value: long}}},
	{"value that ends in two", long + "=", Auto, []Cookie{{Value: long + "="}}},
	{"one = and a dot is padding", "ab=.c.d", Auto, []Cookie{{Value: "ab=.c.d"}}},
	{"single quotes stay", "'abc'", Auto, []Cookie{{Value: "'abc'"}}},
	{"one pair of quotes only", `""abc""`, Auto, []Cookie{{Value: `"abc"`, Quoted: true}}},
	{"name", "session=" + signed, Auto, []Cookie{{Name: "session", Value: signed}}},
	{"name, quoted value", `session-0="a=="`, Auto, []Cookie{{Name: "session-0", Value: "a==", Quoted: true}}},
	{"name and value, quoted together", `"session=abc"`, Auto, []Cookie{{Name: "session", Value: "abc"}}},
	{"header, quoted", `"Cookie: session=abc"`, Auto, []Cookie{{Name: "session", Value: "abc"}}},
	{"python's escapes", `session="a\075\"\\b\x"`, Auto, []Cookie{{Name: "session", Value: `a="\bx`, Quoted: true}}},
	{"python's escape of a bare value makes no name", `"a\075b"`, Auto, []Cookie{{Value: "a=b", Quoted: true}}},
	{"half an escape", `s="\12\400\"`, Auto, []Cookie{{Name: "s", Value: `12400\`, Quoted: true}}},
	{"escapes without quotes stay", `s=a\075`, Auto, []Cookie{{Name: "s", Value: `a\075`}}},
	{"one quote stays", `s="`, Auto, []Cookie{{Name: "s", Value: `"`}}},
	{"empty value", "session=", Auto, []Cookie{{Name: "session"}}},
	{"no name", "=abc", Auto, []Cookie{{Value: "abc"}}},
	{"percent signs stay", "s=a%3D%3D", Auto, []Cookie{{Name: "s", Value: "a%3D%3D"}}},
	{"pairs", "a=1; session=" + signed + " ;b=", Auto, []Cookie{{Name: "a", Value: "1"}, {Name: "session", Value: signed}, {Name: "b"}}},
	{"header", "Cookie: a=1; session=" + signed, Auto, []Cookie{{Name: "a", Value: "1"}, {Name: "session", Value: signed}}},
	{"header in lower case, no blank", "cookie:s=1", Auto, []Cookie{{Name: "s", Value: "1"}}},
	{"header, empty value", "Cookie: s=", Auto, []Cookie{{Name: "s"}}},
	{"header, padding makes no name", "Cookie: s==a; b=1", Auto, []Cookie{{Name: "b", Value: "1"}}},
	{"header, no semicolon at an end", "Cookie: ;; a=1;", Auto, []Cookie{{Name: "a", Value: "1"}}},
	{"header, pair without a name", "Cookie: x; a=1", Auto, []Cookie{{Name: "a", Value: "1"}}},
	{"header, value without a name", "Cookie: " + long + "; a=1", Auto, []Cookie{{Value: long}, {Name: "a", Value: "1"}}},
	{"headers of http/2", "cookie: a=1\r\ncookie: b=2\r\n", Auto, []Cookie{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}}},
	{"set-cookie", "Set-Cookie: s=1; path=/; Max-Age=12; httponly", Auto, []Cookie{{Name: "s", Value: "1"}}},
	{"set-cookie without the word", "s=1; path=/; Max-Age=12", Auto, []Cookie{{Name: "s", Value: "1"}}},
	{"set-cookie, one flag", "s=1; HttpOnly", Auto, []Cookie{{Name: "s", Value: "1"}}},
	{"set-cookie, bare value", signed + "; path=/", Auto, []Cookie{{Value: signed}}},
	{"set-cookie, short and bare", "abc; path=/", Auto, []Cookie{{Value: "abc"}}},
	{"deletion by max-age", "s=1; Max-Age=0", Auto, []Cookie{{Name: "s", Value: "1", Expunge: true}}},
	{"the last max-age counts", "s=1; max-age=0; MAX-AGE = 5 ", Auto, []Cookie{{Name: "s", Value: "1"}}},
	{"max-age that is no number", "s=1; max-age=0; max-age=x", Auto, []Cookie{{Name: "s", Value: "1", Expunge: true}}},
	{
		"response", "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nset-cookie: a=1; path=/\r\nSET-COOKIE: b=2\r\n\r\n<p>x=y</p>", Auto,
		[]Cookie{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}},
	},
	{
		"curl -v", "> GET / HTTP/1.1\n> Cookie: a=1; b=2\n>\n< HTTP/1.1 200 OK\n< set-cookie: a=3; path=/\n", Auto,
		[]Cookie{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}, {Name: "a", Value: "3"}},
	},
	{
		"a body's lines are not read", "HTTP/2 200\r\nset-cookie: a=1\r\n\r\nset-cookie: evil=1\r\nCookie: evil=2\n", Auto,
		[]Cookie{{Name: "a", Value: "1"}},
	},
	{
		"a body with a long line and NULs", "HTTP/1.1 200 OK\nset-cookie: a=1\n\n\x00" + strings.Repeat("x", MaxInput), Auto,
		[]Cookie{{Name: "a", Value: "1"}},
	},
	{
		"headers without their first line", "\ncontent-type: text/html\nset-cookie: a=1\n\nset-cookie: evil=1", Auto,
		[]Cookie{{Name: "a", Value: "1"}},
	},
	{
		"a request", "GET / HTTP/1.1\nHost: x\ncookie: a=1\n\ncookie: evil=1", Auto,
		[]Cookie{{Name: "a", Value: "1"}},
	},
	{
		"a browser's headers of http/2", ":authority: x\n:path: /\ncookie: a=1\n", Auto,
		[]Cookie{{Name: "a", Value: "1"}},
	},
	{
		"curl -sIL", "HTTP/1.1 302 Found\r\nset-cookie: a=1\r\n\r\nHTTP/1.1 200 OK\r\nset-cookie: b=2\r\n\r\nset-cookie: evil=1", Auto,
		[]Cookie{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}},
	},
	{
		"curl -v, body", "* Connected\n> GET / HTTP/1.1\n>\n< set-cookie: a=1\n<\nset-cookie: evil=1\n\x00" + strings.Repeat("x", MaxLine), Auto,
		[]Cookie{{Name: "a", Value: "1"}},
	},
	{"cookie lines, a blank one between", "Cookie: a=1\n\nSet-Cookie: b=2", Auto, []Cookie{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}}},
	{"a cookie called path", "a=b; path=1; session=abc", Auto, []Cookie{{Name: "a", Value: "b"}, {Name: "path", Value: "1"}, {Name: "session", Value: "abc"}}},
	{"clearing by starlette before 0.18", "s=null; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT;; httponly", Auto, []Cookie{{Name: "s", Value: "null"}}},
	{"lines", "s-0=a\n\ns-1=b\n", Auto, []Cookie{{Name: "s-0", Value: "a"}, {Name: "s-1", Value: "b"}}},
	{"lines of values", "abc\ndef", Auto, []Cookie{{Value: "abc"}, {Value: "def"}}},

	{"a value by force", "a=1; b=2", Value, []Cookie{{Value: "a=1; b=2"}}},
	{"a header's words as a value", "Cookie: a", Value, []Cookie{{Value: "Cookie: a"}}},
	{"pairs by force", "path=/; a=1", Header, []Cookie{{Name: "path", Value: "/"}, {Name: "a", Value: "1"}}},
	{"only the cookie lines", "Cookie: a=1\nSet-Cookie: b=2", Header, []Cookie{{Name: "a", Value: "1"}}},
	{"only the set-cookie lines", "Cookie: a=1\nSet-Cookie: b=2", SetHeader, []Cookie{{Name: "b", Value: "2"}}},
	{"set-cookie by force", "a=1; b=2", SetHeader, []Cookie{{Name: "a", Value: "1"}}},
}

func TestParse(t *testing.T) {
	for _, tt := range parseTests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse(tt.text, tt.kind)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, ignoreOthers); diff != "" {
				t.Errorf("Parse(%q) (-want +got):\n%s", tt.text, diff)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	for _, tt := range []struct {
		name string
		text string
		want error
	}{
		{"empty", "", ErrEmpty},
		{"white space", " \r\n\t", ErrEmpty},
		{"byte order mark", "\ufeff", ErrEmpty},
		{"headers without a cookie", "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<p>x=y; z</p>", ErrNoHeader},
		{"curl -v without a cookie", "> GET / HTTP/1.1\n< HTTP/1.1 200 OK\n<\nx=y", ErrNoHeader},
		{"one header", "Content-Type: text/html", ErrNoHeader},
		{"the value on the next line", "Cookie:\nsession=abc", ErrEmptyHeader},
		{"UTF-16", "\xff\xfes\x00=\x001\x00", ErrNotText},
		{"UTF-16, the other way round", "\xfe\xff\x00s\x00=\x001", ErrNotText},
		{"UTF-16 without a mark", "s\x00=\x001\x00", ErrNotText},
		{"a program", "\x7fELF\x02\x01\x00\x00a=b\n", ErrNotText},
		{"long line", strings.Repeat("a", MaxLine+1), ErrTooLarge},
		{"long input", strings.Repeat("a\n", MaxInput/2+1), ErrTooLarge},
		{"many cookies", strings.Repeat("a=1;", maxCookies+1), ErrTooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := Parse(tt.text, Auto); !errors.Is(err, tt.want) {
				t.Errorf("Parse = %d cookies, %v; want %v", len(got), err, tt.want)
			}
		})
	}
}

// TestSize: browsers count name, value and quotes, as they are sent.
func TestSize(t *testing.T) {
	for _, tt := range []struct {
		text string
		want int
	}{
		{"abc", 3},
		{" session = abc ; path=/", 10},
		{`Cookie: s="a\075"`, 8},
		{"s=%3D", 4},
	} {
		got, err := Parse(tt.text, Auto)
		if err != nil || len(got) != 1 || got[0].Size != tt.want {
			t.Errorf("Parse(%q) = %+v, %v; want size %d", tt.text, got, err, tt.want)
		}
	}
}

// TestHeader: what servers limit is the whole line.
func TestHeader(t *testing.T) {
	for _, tt := range []struct {
		name string
		text string
		kind Kind
		want []int
	}{
		{"bare value", signed, Auto, []int{0}},
		{"quoted value", `"abc"`, Auto, []int{0}},
		{"value that ends in padding", long, Auto, []int{0}},
		{"name=value", "s=1", Auto, []int{11}},
		{"white space around", " \ts=1 \r\n", Auto, []int{11}},
		{"white space and semicolons within", "Cookie:  s = 1 ;; b=2; ", Auto, []int{21, 21}},
		{"quoted by a shell", `"Cookie: s=1"`, Auto, []int{11}},
		{"escapes", `s="a\075"`, Auto, []int{17}},
		{"header", "cookie: s=1; b=22", Auto, []int{17, 17}},
		{"each line by itself", "Cookie: s=1\nCookie: b=22; c=3\na=1", Auto, []int{11, 17, 17}},
		{"without its name", "s=1; b=2", Header, []int{16, 16}},
		{"value without a name in it", "Cookie: " + long, Auto, []int{80}},
		{"set-cookie", "Set-Cookie: s=1\ns=1; path=/", SetHeader, []int{0}},
		{"value by force", "s=1", Value, []int{0}},
		{"curl -v", "> Cookie: s=1\n< Set-Cookie: s=2", Auto, []int{11, 0}},

		{"curl -b", "curl -b 's=1; b=2' x", Auto, []int{16, 16}},
		{"curl -H", "curl -H 'cookie:s=1; b=2 ' x", Auto, []int{16, 16}},
		{"curl, both", "curl -b s=1 -H 'Cookie: b=2' x\ncurl -b c=3 x", Auto, []int{16, 16, 11}},
		{"curl, the larger of two", "curl -b s=1 x\ncurl -b 's=1; b=2' x\ncurl -b s=1 x", Auto, []int{16, 16}},

		{"jar", "x\tTRUE\t/\tTRUE\t1\ts\t1", Auto, []int{0}},
		{"HAR", harOf(harOfRequest("Cookie", "s=1; b=2")), Auto, []int{16, 16}},
		{"HAR, HTTP/2", harOf(`{"request":{"headers":[{"name":"cookie","value":"s=1"},{"name":"x"},{"name":"cookie","value":"b=2"}]}}`), Auto, []int{16, 16}},
		{"HAR, HTTP/2, joined", harOf(harOfRequest("cookie", "s=1\nb=2")), Auto, []int{16, 16}},
		{"HAR, the larger of two", harOf(harOfRequest("cookie", "s=1"), harOfRequest("cookie", "b=2; s=1")), Auto, []int{16, 16}},
		{"HAR, list", harOf(`{"request":{"cookies":[{"name":"s","value":"1"}]}}`), Auto, []int{0}},
		{"HAR, response", harOf(`{"response":{"headers":[{"name":"Set-Cookie","value":"s=1"}]}}`), Auto, []int{0}},
		{
			"HAR, response and request", harOf(`{"response":{"headers":[{"name":"Set-Cookie","value":"s=1"}]}}`, harOfRequest("cookie", "s=1")), Auto,
			[]int{11},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cookies, err := Parse(tt.text, tt.kind)
			if err != nil {
				t.Fatal(err)
			}
			var got []int
			for _, c := range cookies {
				got = append(got, c.Header)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Parse(%q) (-want +got):\n%s", tt.text, diff)
			}
		})
	}
}

func TestSame(t *testing.T) {
	c := Cookie{Name: "s", Value: "1", Size: 2}
	for _, tt := range []struct {
		name  string
		other Cookie
		want  bool
	}{
		{"itself", c, true},
		{"elsewhere", Cookie{Name: "s", Value: "1", Size: 2, Group: 1, Host: "x", Header: 9, Attributes: Attributes{Known: true}}, true},
		{"another name", Cookie{Name: "t", Value: "1", Size: 2}, false},
		{"another value", Cookie{Name: "s", Value: "2", Size: 2}, false},
		{"quoted", Cookie{Name: "s", Value: "1", Size: 2, Quoted: true}, false},
		{"another spelling", Cookie{Name: "s", Value: "1", Size: 6}, false},
		{"cleared", Cookie{Name: "s", Value: "1", Size: 2, Expunge: true}, false},
	} {
		if got := c.Same(tt.other); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

func TestMerge(t *testing.T) {
	sent := Cookie{Name: "s", Value: "1", Header: 20}
	strict := Cookie{Name: "s", Value: "1", Attributes: Attributes{Known: true, SameSite: "Strict"}}
	lax := Cookie{Name: "s", Value: "1", Attributes: Attributes{Known: true, SameSite: "Lax"}}
	jar := func(expires int64) Cookie {
		return Cookie{Name: "s", Value: "1", Attributes: Attributes{Path: "/", Expires: expires, HasExpires: expires != 0}}
	}
	both := strict
	both.Header = 20
	for _, tt := range []struct {
		name       string
		a, b, want Cookie
	}{
		{"the larger header", Cookie{Header: 10}, Cookie{Header: 20}, Cookie{Header: 20}},
		{"the larger header, first", Cookie{Header: 20}, Cookie{Header: 10}, Cookie{Header: 20}},
		{"attributes and a header", strict, sent, both},
		{"a header and attributes", sent, strict, both},
		{"its own attributes", strict, lax, strict},
		{"a jar, the later", jar(1), jar(2), jar(2)},
		{"a jar, the later first", jar(2), jar(1), jar(2)},
		{"a jar, one for the session", jar(1), jar(0), jar(0)},
		{"a jar, one for the session first", jar(0), jar(1), jar(0)},
		{"its own group", Cookie{Group: 1, Host: "x"}, Cookie{Group: 2, Host: "y"}, Cookie{Group: 1, Host: "x"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.a.Merge(tt.b)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestCutNumber(t *testing.T) {
	for _, tt := range []struct {
		name, base string
		number     int
		ok         bool
	}{
		{"session-0", "session", 0, true},
		{"session-12", "session", 12, true},
		{"a-1-2", "a-1", 2, true},
		{"session", "session", 0, false},
		{"session-", "session-", 0, false},
		{"session-01", "session-01", 0, false},
		{"session--1", "session-", 1, true},
		{"session-+1", "session-+1", 0, false},
		{"session-1a", "session-1a", 0, false},
		{"session-99999999999999999999", "session-99999999999999999999", 0, false},
		{"-1", "-1", 0, false},
		{"", "", 0, false},
	} {
		base, number, ok := CutNumber(tt.name)
		if base != tt.base || number != tt.number || ok != tt.ok {
			t.Errorf("CutNumber(%q) = %q, %d, %v", tt.name, base, number, ok)
		}
	}
}

func TestDeletion(t *testing.T) {
	for _, tt := range []struct {
		text string
		want bool
	}{
		{"session=null", true},
		{`session="null"`, true},
		{"session=", true},
		{`session=""`, true},
		{"null", true},
		{"session=abc; Max-Age=0", true},
		{"session=abc; Max-Age=-1", true},
		{"session=abc; Max-Age=1", false},
		{"session=abc; expires=Thu, 01 Jan 1970 00:00:00 GMT", false},
		{"session=nullx", false},
	} {
		got, err := Parse(tt.text, Auto)
		if err != nil || len(got) != 1 {
			t.Fatalf("Parse(%q) = %v, %v", tt.text, got, err)
		}
		if got[0].Deletion() != tt.want {
			t.Errorf("%q: deletion = %v", tt.text, !tt.want)
		}
	}
}

// FuzzInput: no input makes more cookies than it has separators, and a value is
// the same cookie whatever it is wrapped in.
func FuzzInput(f *testing.F) {
	for _, tt := range parseTests {
		f.Add(tt.text, int(tt.kind))
	}
	f.Fuzz(func(t *testing.T, text string, kind int) {
		kind = max(0, kind%4)
		cookies, err := Parse(text, Kind(kind))
		if err != nil {
			return
		}
		if most := strings.Count(text, "\n") + strings.Count(text, ";") + 1; len(cookies) > most {
			t.Fatalf("%d cookies out of %d parts", len(cookies), most)
		}

		// A value that a header can hold, and that no form takes for anything else.
		value := strings.TrimSpace(text)
		if _, ok := formOf(value, Auto); ok {
			return
		}
		inner, _ := cutQuotes(value)
		if named, _ := cutHeader(inner); named != Auto || !isValue(value) || !isValue(inner) ||
			isStartLine(value) || isHeader(value) || isTrace(value) || strings.HasPrefix(value, "\xff\xfe") || strings.HasPrefix(value, "\xfe\xff") ||
			strings.ContainsAny(value, ";\n\x00\ufeff") || strings.HasPrefix(value, "=") || strings.HasPrefix(value, ".") {
			return
		}
		want := Cookie{}
		want.Value, want.Quoted = codec.Unquote(value)
		for _, form := range []struct{ prefix, name string }{
			{"", ""}, {"session=", "session"}, {"Cookie: session=", "session"}, {"Set-Cookie: session=", "session"},
			{"Cookie: a=b; session=", "session"},
		} {
			if form.name == "" && value == "" {
				continue
			}
			got, err := Parse(form.prefix+value, Auto)
			if err != nil {
				t.Fatalf("%s: %v", form.prefix, err)
			}
			want.Name = form.name
			if diff := cmp.Diff(want, got[len(got)-1], ignoreOthers); diff != "" {
				t.Errorf("%s%q (-want +got):\n%s", form.prefix, value, diff)
			}
		}
	})
}
