package pyjson

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"unicode/utf8"
)

const depth = 900 // what the package codec allows

// vector is a case of testdata/pyjson, made by testdata/scripts/pyjson_vectors.py.
type vector struct {
	Bits    string // floats
	Points  []rune // strings
	Text    *string
	Base64  []byte
	Dumps   *string // nil: Python refused
	Msgspec *string
	Error   map[string]string
}

func (v vector) spelled(d Dialect) *string {
	if d == Msgspec {
		return v.Msgspec
	}
	return v.Dumps
}

// document returns the text, and a short name for it.
func (v vector) document() (text, name string) {
	text = string(v.Base64)
	if v.Text != nil {
		text = *v.Text
	}
	return text, strconv.QuoteToASCII(text[:min(len(text), 40)])
}

func vectors(t testing.TB, file string, atLeast int) []vector {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../../../testdata/pyjson", file))
	if err != nil {
		t.Fatal(err)
	}
	var f struct{ Cases []vector }
	if err := json.Unmarshal(data, &f); err != nil {
		t.Fatal(err)
	}
	if len(f.Cases) < atLeast {
		t.Fatalf("%d cases in %s, want at least %d", len(f.Cases), file, atLeast)
	}
	return f.Cases
}

var dialects = map[string]Dialect{"dumps": Dumps, "msgspec": Msgspec}

func TestFloatsAsPython(t *testing.T) {
	for _, v := range vectors(t, "floats.json", 400) {
		bits, err := strconv.ParseUint(v.Bits, 16, 64)
		if err != nil {
			t.Fatal(err)
		}
		x := math.Float64frombits(bits)
		for name, d := range dialects {
			want := *v.spelled(d)
			if want == "null" { // msgspec's loss of NaN and infinities, which callers refuse
				want = *v.Dumps
			}
			if got := string(AppendFloat([]byte("x"), x, d)); got != "x"+want {
				t.Errorf("%s: %s: got %s, want %s", v.Bits, name, got, want)
			}
			if got := ParseFloat(want); got != x && (got == got || x == x) {
				t.Errorf("%s: %s reads back as %v", v.Bits, want, got)
			}
		}
	}
}

func TestStringsAsPython(t *testing.T) {
	for _, v := range vectors(t, "strings.json", 250) {
		s, wellFormed := "", true
		for _, r := range v.Points {
			if utf8.ValidRune(r) {
				s += string(r)
			} else {
				wellFormed = false
				s += string(appendSurrogate(nil, r))
			}
		}
		if (v.Msgspec == nil) == wellFormed {
			t.Fatalf("%x: msgspec refused: %t", v.Points, v.Msgspec == nil)
		}
		for name, d := range dialects {
			want := v.spelled(d)
			if want == nil {
				continue
			}
			if got := string(AppendString([]byte("x"), s, d)); got != "x"+*want {
				t.Errorf("%x: %s: got %s, want %s", v.Points, name, got, *want)
			}
			sc := Scanner{Text: *want}
			if !sc.String() || sc.Pos != len(*want) {
				t.Errorf("%s: String stopped at %d", *want, sc.Pos)
			}
			if lone := sc.Flags&Surrogate != 0; lone == wellFormed {
				t.Errorf("%s: flagged as a lone surrogate: %t", *want, lone)
			}
			if got, ok := Unquote(*want); got != s || ok != wellFormed {
				t.Errorf("%s: Unquote gives %x, %t, want %x, %t", *want, got, ok, s, wellFormed)
			}
		}
	}
}

// stricter are the documents that json.loads takes, given bytes, and Scan does
// not: it guesses UTF-16 and UTF-32 from zero bytes, drops a byte order mark,
// and decodes surrogates in UTF-8 (surrogatepass). json.dumps writes none of it.
var stricter = map[string]bool{
	"1\x00":            true,
	"\"\xed\xa0\x80\"": true,
	"\xef\xbb\xbf{}":   true,
	"\xff\xfe{\x00\"\x00a\x00\"\x00:\x001\x00}\x00": true,
	"{\x00\"\x00a\x00\"\x00:\x001\x00}\x00":         true,
	"\xff\xfe\x00\x00{\x00\x00\x00\"\x00\x00\x00a\x00\x00\x00\"\x00\x00\x00:\x00\x00\x001\x00\x00\x00}\x00\x00\x00": true,
}

func TestDocumentsAsPython(t *testing.T) {
	seen := 0
	for _, v := range vectors(t, "documents.json", 150) {
		text, name := v.document()
		if stricter[text] {
			seen++
			if _, _, err := Scan(text, depth); v.Dumps == nil || err == nil {
				t.Errorf("%s: json.loads takes it: %t; Scan: %v", name, v.Dumps != nil, err)
			}
			continue
		}
		for which, d := range dialects {
			want := v.spelled(d)
			got, flags, err := AppendValue([]byte("x"), text, d, depth)
			refused := err != nil || d.Refused(flags) != 0
			if err != nil && string(got) != "x" {
				t.Errorf("%s: %s: dst changed on error", name, which)
			}
			switch {
			case refused != (want == nil):
				t.Errorf("%s: %s: refused %t (%v, flags %b), Python %v", name, which, refused, err, flags, v.Error)
			case want != nil && string(got) != "x"+*want:
				t.Errorf("%s: %s:\ngot  %s\nwant x%s", name, which, got, *want)
			}
		}
		_, flags, err := Scan(text, depth)
		if _, same, sameErr := AppendValue(nil, text, Dumps, depth); flags != same || err != sameErr {
			t.Errorf("%s: Scan %b, %v; AppendValue %b, %v", name, flags, err, same, sameErr)
		}
	}
	if seen != len(stricter) {
		t.Errorf("%d of %d documents that only Python takes", seen, len(stricter))
	}
}
