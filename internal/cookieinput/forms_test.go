package cookieinput

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pairs spells cookies as name=value, with quotes around what was quoted and a
// dash before what is to be dropped.
func pairs(cookies []Cookie) []string {
	var out []string
	for _, c := range cookies {
		s := c.Name + "=" + c.Value
		if c.Quoted {
			s = c.Name + `="` + c.Value + `"`
		}
		if c.Expunge {
			s = "-" + s
		}
		out = append(out, s)
	}
	return out
}

type formTest struct {
	name string
	text string
	want string // pairs, with a blank between
	err  error
	line string // what the error begins with
}

// testForms parses by shape and by force, which must not differ.
func testForms(t *testing.T, kind Kind, tests []formTest) {
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, k := range []Kind{Auto, kind} {
				got, err := Parse(tt.text, k)
				if !errors.Is(err, tt.err) || err != nil && !strings.HasPrefix(err.Error(), tt.line) {
					t.Fatalf("Parse(%q, %d): %v, want %s %v", tt.text, k, err, tt.line, tt.err)
				}
				if diff := cmp.Diff(tt.want, strings.Join(pairs(got), " ")); diff != "" {
					t.Errorf("Parse(%q, %d) (-want +got):\n%s", tt.text, k, diff)
				}
			}
		})
	}
}

func TestFormErrors(t *testing.T) {
	many := new(strings.Builder)
	for i := range maxCookies + 1 {
		fmt.Fprintf(many, "x\tTRUE\t/\tFALSE\t0\tn%d\tv\n", i)
	}
	for _, tt := range []struct {
		name string
		text string
		kind Kind
		want error
	}{
		{"no jar", " \n", Jar, ErrEmpty},
		{"no command", "", Curl, ErrEmpty},
		{"no file", "\ufeff\n", HAR, ErrEmpty},
		{"not a jar", "session=abc", Jar, ErrJar},
		{"not a command", "session=abc", Curl, ErrCurl},
		{"another command", "wget --header 'Cookie: a=b' x", Curl, ErrCurl},
		{"only operators", "curl;", Curl, ErrNoCookieCurl},
		{"not a HAR file", "session=abc", HAR, ErrHAR},
		{"JSON, but a list", "[]", HAR, ErrHAR},
		{"JSON without a log", `{"a":{"log":{}}}`, HAR, ErrHAR},
		{"large jar", "# Netscape HTTP Cookie File\n" + strings.Repeat("#\n", MaxInput/2), Auto, ErrTooLarge},
		{"large command", "curl " + strings.Repeat("a", MaxInput), Auto, ErrTooLarge},
		{"large HAR file", `{"log":` + strings.Repeat(" ", MaxHAR), Auto, ErrTooLarge},
		{"many cookies in a jar", many.String(), Auto, ErrTooLarge},
		{"many cookies in a command", "curl -b '" + manyPairs() + "' x", Auto, ErrTooLarge},
		{"many cookies in a HAR file", harOf(harOfRequest("Cookie", manyPairs())), Auto, ErrTooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := Parse(tt.text, tt.kind); !errors.Is(err, tt.want) {
				t.Errorf("Parse = %d cookies, %v; want %v", len(got), err, tt.want)
			}
		})
	}
}

func manyPairs() string {
	var b strings.Builder
	for i := range maxCookies + 1 {
		fmt.Fprintf(&b, "n%d=v; ", i)
	}
	return b.String()
}

// plain reports whether a text is a cookie's name or value that stands as it is
// in every form, so that a fuzz target knows what must come back.
func plain(s string) bool {
	return s == strings.TrimSpace(s) && !strings.ContainsAny(s, ";\n\r\t\x00\"") && strings.ToValidUTF8(s, "") == s
}

func plainPair(name, value string) bool {
	return plain(name) && plain(value) && name != "" && value != "" && !strings.ContainsAny(name, "=") && !isValue(name+"="+value)
}
