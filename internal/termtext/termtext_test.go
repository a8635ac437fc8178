package termtext

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestEscape(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"session", "session"},
		{"zoë 日本 😀", "zoë 日本 😀"},
		{"a\x1b[31mb", `a\u001b[31mb`},
		{"\r\n\t\x00\x7f", `\u000d\u000a\u0009\u0000\u007f`},
		{"\u009b31m", `\u009b31m`},
		{"\u202eabc\u2066", `\u202eabc\u2066`},
		{"\u200b\u2028\ufeff\u00a0", `\u200b\u2028\ufeff\u00a0`},
		{"\U000e0001", `\udb40\udc01`},
		{"a\xffb\xc2", `a\ufffdb\ufffd`},
		{"\ufffd", "\ufffd"},
	} {
		if got := Escape(tt.in); got != tt.want {
			t.Errorf("Escape(%q) = %s, want %s", tt.in, got, tt.want)
		}
	}
}

var jsonTests = []struct {
	name  string
	in    string
	style Style
	want  string
}{
	{"empty", `{}`, Style{}, `{}`},
	{"object", `{"user_id": 42, "roles": ["admin", "billing"]}`, Style{}, "{\n  \"user_id\": 42,\n  \"roles\": [\"admin\", \"billing\"]\n}"},
	{"numbers stay", `{"a":1.0,"b":1e16,"c":1180591620717411303424,"d":-0.0}`, Style{}, "{\n  \"a\": 1.0,\n  \"b\": 1e16,\n  \"c\": 1180591620717411303424,\n  \"d\": -0.0\n}"},
	{"no json", `{"a":NaN,"b":-Infinity,"c":"\ud800"}`, Style{Readable: true}, "{\n  \"a\": NaN,\n  \"b\": -Infinity,\n  \"c\": \"\\ud800\"\n}"},
	{"nested", `{"a":{"b":[]},"c":[[1,2],{}]}`, Style{}, "{\n  \"a\": {\n    \"b\": []\n  },\n  \"c\": [\n    [1, 2],\n    {}\n  ]\n}"},
	{"white space in the text", "{ \"a\" :\n[ ] , \"b\":[ 1 ,\t2 ]}", Style{}, "{\n  \"a\": [],\n  \"b\": [1, 2]\n}"},
	{
		"long array", `["` + strings.Repeat("x", 50) + `","` + strings.Repeat("y", 50) + `"]`, Style{},
		"[\n  \"" + strings.Repeat("x", 50) + "\",\n  \"" + strings.Repeat("y", 50) + "\"\n]",
	},
	{"strings keep their spelling", `{"\u00eb":"\u00eb\/\"\\\n]"}`, Style{}, "{\n  \"\\u00eb\": \"\\u00eb\\/\\\"\\\\\\n]\"\n}"},
	{"readable", `{"\u00eb":"\u00eb\/\"\\u00eb\n\u001b\u0041"}`, Style{Readable: true}, "{\n  \"ë\": \"ë\\/\\\"\\\\u00eb\\n\\u001b\\u0041\"\n}"},
	{"readable pairs", `["\ud83d\ude00","\ud83d","\ude00\ud83d","\ud83dx"]`, Style{Readable: true}, `["😀", "\ud83d", "\ude00\ud83d", "\ud83dx"]`},
	{"readable, hidden runes stay escaped", `["\u202e\u009b\u200b\udb40\udc01"]`, Style{Readable: true}, `["\u202e\u009b\u200b\udb40\udc01"]`},
	{"raw hidden runes", "[\"\u202e\u009b\u200b\U000e0001\x7f\"]", Style{Readable: true}, `["\u202e\u009b\u200b\udb40\udc01\u007f"]`},
	{"color", `{"a":"b"}`, Style{Color: true}, "{\n  \x1b[34m\"a\"\x1b[0m: \x1b[32m\"b\"\x1b[0m\n}"},
	{"cut", `{"a":["b`, Style{}, "{\n  \"a\": [\n    \"b"},
	{"cut in an escape", `["\u00`, Style{Readable: true}, "[\n  \"\\u00"},
	{"cut behind a backslash", `"\`, Style{Readable: true}, `"\`},
}

func TestAppendJSON(t *testing.T) {
	for _, tt := range jsonTests {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(AppendJSON(nil, tt.in, tt.style)); got != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}
}

// The indentation of deep nesting must not multiply the size of the text.
func TestAppendJSONBounded(t *testing.T) {
	in := strings.Repeat("[", 900) + strings.Repeat("1,", 30000) + "1" + strings.Repeat("]", 900)
	if got := AppendJSON(nil, in, Style{}); len(got) > 50*len(in) {
		t.Errorf("%d bytes out of %d", len(got), len(in))
	}
}

// FuzzSafe: nothing that does not print comes out, and JSON keeps its meaning.
func FuzzSafe(f *testing.F) {
	for _, tt := range jsonTests {
		f.Add(tt.in)
	}
	f.Add("\x1b]0;title\x07\u009d\u2066\xff")
	f.Fuzz(func(t *testing.T, text string) {
		for name, got := range map[string]string{
			"Escape":   Escape(text),
			"JSON":     string(AppendJSON(nil, text, Style{})),
			"readable": string(AppendJSON(nil, text, Style{Readable: true})),
		} {
			for _, r := range got {
				if !unicode.IsPrint(r) && (r != '\n' || name == "Escape") {
					t.Fatalf("%s lets %U through", name, r)
				}
			}
			if !utf8.ValidString(got) {
				t.Fatalf("%s: not UTF-8", name)
			}
		}
		if !json.Valid([]byte(text)) || !utf8.ValidString(text) {
			return
		}
		var want, got, escaped bytes.Buffer
		if err := json.Compact(&want, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := json.Compact(&got, AppendJSON(nil, text, Style{})); err != nil {
			t.Fatal(err)
		}
		escaped.Write(AppendEscaped(nil, want.String()))
		if got.String() != escaped.String() {
			t.Errorf("laid out: %s, want %s", got.String(), escaped.String())
		}
		if decode(t, want.Bytes()) != decode(t, escaped.Bytes()) {
			t.Errorf("escaping changed %s into %s", want.String(), escaped.String())
		}
	})
}

// decode spells JSON in Go's one way, numbers untouched.
func decode(t *testing.T, text []byte) string {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
