package codec

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sessctl/sessctl/codec/internal/pyjson"
)

// seedObjects adds the documents of testdata/pyjson, as they are and as a value.
func seedObjects(f *testing.F, add func(text string)) {
	data, err := os.ReadFile("../testdata/pyjson/documents.json")
	if err != nil {
		f.Fatal(err)
	}
	var docs struct {
		Cases []struct{ Text, Base64 string }
	}
	if err := json.Unmarshal(data, &docs); err != nil {
		f.Fatal(err)
	}
	if len(docs.Cases) < 150 {
		f.Fatalf("%d seeds", len(docs.Cases))
	}
	for _, c := range docs.Cases {
		text := c.Text
		if text == "" {
			b, err := base64.StdEncoding.DecodeString(c.Base64)
			if err != nil {
				f.Fatal(err)
			}
			text = string(b)
		}
		if len(text) < 1000 {
			add(text)
			add(`{"k":` + text + `, "l" : ` + text + `}`)
		}
	}
}

// FuzzParse: an object is accepted iff a slow reader accepts it, which takes
// encoding/json for all but NaN; pyjson has its own target for that. What is
// accepted is held as it is, and all its members are found.
func FuzzParse(f *testing.F) {
	seedObjects(f, func(text string) { f.Add(text) })
	f.Fuzz(func(t *testing.T, text string) {
		v, err := ParseValues(text)
		if !strings.Contains(text, "NaN") && !strings.Contains(text, "Infinity") {
			valid := utf8.ValidString(text) && json.Valid([]byte(text))
			object := strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{")
			switch {
			case err == nil && !(valid && object),
				errors.Is(err, ErrMalformed) && valid,
				errors.Is(err, ErrNotObject) && (!valid || object):
				t.Fatalf("%q: %v", text, err)
			}
		}
		if err != nil {
			if err != ErrMalformed && err != ErrNotObject && err != ErrTooLarge {
				t.Fatalf("%q: %v is not bare", text, err)
			}
			return
		}
		if v.Text() != text {
			t.Fatalf("%q became %q", text, v.Text())
		}
		n := 0
		for key, value := range v.All() {
			if got, ok := v.JSON(key); !ok || got != value {
				t.Errorf("%q: %q is %q, %t in one way, %q in another", text, key, got, ok, value)
			}
			_, _ = Get[any](v, key)
			_, _ = Get[string](v, key)
			_, _ = Get[float64](v, key)
			n++
		}
		if n != v.Len() {
			t.Errorf("%q: %d members, Len %d", text, n, v.Len())
		}
		var m map[string]json.RawMessage
		if err := v.Unmarshal(&m); err == nil && len(m) != n {
			t.Errorf("%q: %d members, Unmarshal %d", text, n, len(m))
		}
	})
}

// model is a slow, obvious Values.
type model struct {
	keys   []string
	values map[string]string
}

// FuzzEdit: whatever is set and deleted, each member that nobody touched keeps
// its bytes, and the others are what a plain list and a map say.
func FuzzEdit(f *testing.F) {
	seedObjects(f, func(text string) { f.Add(text, []byte{0, 1, 2, 9, 130, 3, 64, 200}) })
	f.Fuzz(func(t *testing.T, text string, edits []byte) {
		v := new(Values)
		if v.parse(text, FormatStarlette) != nil {
			return
		}
		m := model{values: map[string]string{}}
		names := map[string]string{}
		for i := range v.all {
			key := v.all[i].key()
			m.keys = append(m.keys, key)
			m.values[key] = v.all[i].value
			names[key] = v.all[i].name
		}
		for i, edit := range edits[:min(len(edits), 200)] {
			key := fmt.Sprintf("new%d", edit%16)
			if n := len(m.keys); n > 0 && edit < 128 {
				key = m.keys[int(edit)%n]
			}
			if edit%3 == 0 {
				must(t, v.Delete(key))
				delete(m.values, key)
				for j, k := range m.keys {
					if k == key {
						m.keys = append(m.keys[:j], m.keys[j+1:]...)
						break
					}
				}
				delete(names, key)
				continue
			}
			if !utf8.ValidString(key) {
				continue // a lone surrogate, which Set refuses
			}
			must(t, v.Set(key, i))
			if _, ok := m.values[key]; !ok {
				m.keys = append(m.keys, key)
				names[key] = `"` + key + `"`
			}
			m.values[key] = fmt.Sprint(i)
		}
		var want []string
		for _, key := range m.keys {
			want = append(want, names[key]+": "+m.values[key])
		}
		wantText := "{" + strings.Join(want, ", ") + "}"
		if !v.changed {
			wantText = text
		}
		if v.Text() != wantText {
			t.Fatalf("%q edited by %d:\ngot  %s\nwant %s", text, edits, v.Text(), wantText)
		}
		if out, err := v.AppendJSON(nil, FormatStarlette); err == nil && string(out) != wantText {
			t.Fatalf("%q edited by %d: written as %s", text, edits, out)
		}
	})
}

// FuzzRespell: Starlette to Litestar to Starlette keeps the meaning, which is
// that the second Starlette text is what Starlette itself would have written.
func FuzzRespell(f *testing.F) {
	seedObjects(f, func(text string) { f.Add(text) })
	f.Fuzz(func(t *testing.T, text string) {
		v, err := ParseValues(text)
		if err != nil {
			return
		}
		starlette, err := v.AppendJSON(nil, FormatStarlette)
		if err != nil {
			if !errors.Is(err, ErrUnsupported) {
				t.Fatal(err)
			}
			return
		}
		first := parsed(t, string(starlette), FormatStarlette)
		litestar, err := first.AppendJSON(nil, FormatLitestar)
		if err != nil {
			var e *ValueError
			if !errors.As(err, &e) || !first.Has(e.Key) {
				t.Fatal(err)
			}
			return
		}
		second := parsed(t, string(litestar), FormatLitestar)
		for i := range second.all {
			if refused := pyjson.Msgspec.Refused(second.all[i].flags); refused != 0 {
				t.Fatalf("%q: wrote %s for Litestar", text, litestar)
			}
		}
		back, err := second.AppendJSON(nil, FormatStarlette)
		if err != nil || string(back) != string(starlette) {
			t.Fatalf("%q:\nstarlette %s\nlitestar  %s\nback      %s, %v", text, starlette, litestar, back, err)
		}
	})
}
