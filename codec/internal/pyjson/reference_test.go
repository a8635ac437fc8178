package pyjson

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// accepts is a slow, obvious Scan without its limit of depth: encoding/json, and
// the two things in which it differs. It replaces invalid UTF-8, so that is
// checked first, and it knows no NaN, which becomes null outside of strings.
func accepts(text string) bool {
	if !utf8.ValidString(text) {
		return false
	}
	var plain strings.Builder
	inString := false
	for i := 0; i < len(text); i++ {
		rest := text[i:]
		switch {
		case inString && text[i] == '\\' && len(rest) > 1:
			plain.WriteByte('\\')
			i++
		case text[i] == '"':
			inString = !inString
		case !inString && text[i] == 'N' && strings.HasPrefix(rest, "NaN"):
			plain.WriteString("null")
			i += len("NaN") - 1
			continue
		case !inString && strings.HasPrefix(rest, "-Infinity"):
			plain.WriteString("null")
			i += len("-Infinity") - 1
			continue
		case !inString && strings.HasPrefix(rest, "Infinity"):
			plain.WriteString("null")
			i += len("Infinity") - 1
			continue
		}
		plain.WriteByte(text[i])
	}
	return json.Valid([]byte(plain.String()))
}

func seedDocuments(f *testing.F) {
	for _, v := range vectors(f, "documents.json", 150) {
		if text, _ := v.document(); len(text) < 1000 {
			f.Add(text)
		}
	}
}

// FuzzScan: Scan accepts what a slow reader accepts, and finds the same flags.
func FuzzScan(f *testing.F) {
	seedDocuments(f)
	f.Fuzz(func(t *testing.T, text string) {
		value, flags, err := Scan(text, len(text))
		if (err == nil) != accepts(text) {
			t.Fatalf("%q: %v, the reference says %t", text, err, err != nil)
		}
		if err != nil {
			return
		}
		if value != strings.Trim(text, " \t\r\n") {
			t.Errorf("%q: value %q", text, value)
		}
		depth, deepest, quoted := 0, 0, false
		for i := 0; i < len(text); i++ {
			switch c := text[i]; {
			case c == '\\':
				i++
			case c == '"':
				quoted = !quoted
			case !quoted && (c == '[' || c == '{'):
				depth++
				deepest = max(deepest, depth)
			case !quoted && (c == ']' || c == '}'):
				depth--
			}
		}
		if _, _, err := Scan(text, deepest); err != nil {
			t.Errorf("%q: %v at its own depth %d", text, err, deepest)
		}
		if _, _, err := Scan(text, deepest-1); deepest > 0 && err != ErrDepth {
			t.Errorf("%q: %v below its depth %d", text, err, deepest)
		}
		if got := flags&Escape != 0; got != strings.Contains(text, `\`) {
			t.Errorf("%q: Escape %t", text, got)
		}
	})
}

// FuzzAppendValue: spelling anew does not change what encoding/json sees, and
// doing it twice is doing it once.
func FuzzAppendValue(f *testing.F) {
	seedDocuments(f)
	f.Fuzz(func(t *testing.T, text string) {
		for name, d := range dialects {
			once, flags, err := AppendValue(nil, text, d, depth)
			if _, _, scanErr := Scan(text, depth); err != scanErr {
				t.Fatalf("%s: %q: %v, Scan %v", name, text, err, scanErr)
			}
			if err != nil {
				continue
			}
			twice, _, err := AppendValue(nil, string(once), d, depth)
			if err != nil || !bytes.Equal(once, twice) {
				t.Errorf("%s: %q becomes %q, then %q, %v", name, text, once, twice, err)
			}
			if flags&(NonFinite|Overflow|Surrogate) != 0 {
				continue // encoding/json cannot say
			}
			if want, got := goSees(t, text), goSees(t, string(once)); want != got {
				t.Errorf("%s: %q becomes %q:\n%s\n%s", name, text, once, want, got)
			}
		}
	})
}

// goSees prints a document's meaning: integers exactly, floats as float64.
func goSees(t *testing.T, text string) string {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var x any
	if err := d.Decode(&x); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	var walk func(x any) any
	walk = func(x any) any {
		switch x := x.(type) {
		case json.Number:
			if strings.ContainsAny(string(x), ".eE") {
				f, _ := x.Float64()
				return "float " + strconv.FormatUint(math.Float64bits(f), 16)
			}
			if x == "-0" {
				return "int 0"
			}
			return "int " + string(x)
		case []any:
			for i := range x {
				x[i] = walk(x[i])
			}
		case map[string]any:
			for k := range x {
				x[k] = walk(x[k])
			}
		}
		return x
	}
	out, err := json.Marshal(walk(x))
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// slowPlain is an obvious plain.
func slowPlain(text string, i int) int {
	for i < len(text) && text[i] >= ' ' && text[i] < 0x80 && text[i] != '"' && text[i] != '\\' {
		i++
	}
	return i
}

func TestPlainAsByteByByte(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		b := make([]byte, r.IntN(20))
		for i := range b {
			b[i] = "aZ !#[]~\x7f"[r.IntN(9)]
		}
		for range r.IntN(3) {
			if len(b) > 0 {
				b[r.IntN(len(b))] = byte(r.IntN(256))
			}
		}
		from := r.IntN(len(b) + 1)
		if got, want := plain(string(b), from), slowPlain(string(b), from); got != want {
			t.Fatalf("%q from %d: got %d, want %d", b, from, got, want)
		}
	}
}

// TestAppendStringInvalid: bytes that are no text, which callers refuse before,
// still make JSON.
func TestAppendStringInvalid(t *testing.T) {
	for _, s := range []string{"\xff", "\xc0\x80", "\xed\xa0", "a\xf4\x90\x80\x80"} {
		for name, d := range dialects {
			got := string(AppendString(nil, s, d))
			if text, ok := Unquote(got); !ok || text != string([]rune(s)) {
				t.Errorf("%s: %x: %s", name, s, got)
			}
		}
	}
}

// Comparing each name with each would take minutes.
func TestDuplicatesAreNotQuadratic(t *testing.T) {
	const names = 200_000
	var b strings.Builder
	b.WriteByte('{')
	for i := range names + 2 {
		b.WriteString(`"k` + strconv.Itoa(i%names) + `":` + strconv.Itoa(i) + `,`)
	}
	b.WriteString(`"last":{}}`)
	start := time.Now()
	out, _, err := AppendValue(nil, b.String(), Msgspec, depth)
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
	if want := `{"k0":200000,"k1":200001,"k2":2,`; !strings.HasPrefix(string(out), want) {
		t.Errorf("starts %.60s, want %s", out, want)
	}
	if want := `,"k199999":199999,"last":{}}`; !strings.HasSuffix(string(out), want) {
		t.Errorf("does not end in %s", want)
	}
}
