package cookieinput

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const signed = "eyJ1c2VyIjogInpvXHUwMGViIiwgIm4iOiAxLCAiZiI6IDFlKzE2fQ==.ZVPxAA.oA0FYT1NySPdtKiSPcbQYPugu7w"

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
			if diff := cmp.Diff(tt.want, got); diff != "" {
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
		inner, _ := cutQuotes(value)
		if named, _ := cutHeader(inner); named != Auto || !isValue(value) || !isValue(inner) ||
			strings.ContainsAny(value, ";\n\ufeff") || strings.HasPrefix(value, "=") || strings.HasPrefix(value, ".") {
			return
		}
		want := Cookie{}
		want.Value, want.Quoted = unquote(value)
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
			if diff := cmp.Diff(want, got[len(got)-1]); diff != "" {
				t.Errorf("%s%q (-want +got):\n%s", form.prefix, value, diff)
			}
		}
	})
}
