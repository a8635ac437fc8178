package codec

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func parsed(t testing.TB, text string, from Format) *Values {
	t.Helper()
	v := new(Values)
	if err := v.parse(text, from); err != nil {
		t.Fatalf("parse %.60q: %v", text, err)
	}
	return v
}

// written is AppendJSON after something else, which must stay.
func written(t testing.TB, v *Values, peer Format) string {
	t.Helper()
	out, err := v.AppendJSON([]byte("before "), peer)
	if err != nil {
		t.Fatalf("AppendJSON for %v: %v", peer, err)
	}
	rest, ok := strings.CutPrefix(string(out), "before ")
	if !ok {
		t.Fatalf("AppendJSON replaced what was there: %.60q", out)
	}
	return rest
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var formats = []Format{FormatStarlette, FormatLitestar}

// odd is an object in nobody's spelling, with what Go's own JSON would damage.
const odd = " {\"b\" :1.0,\"a\":\t[1e16 , 1180591620717411303424,9007199254740993],\n\"k\\u0065y\":\"<\\/\u00e9\\u00E9>\", \"n\":null,\"z\":{\"y\":1,\"x\":-0.0}} "

func TestParseErrors(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       error
	}{
		{"empty", "", ErrMalformed},
		{"blank", " ", ErrMalformed},
		{"cut", `{"a":1`, ErrMalformed},
		{"cut in list", `[1,`, ErrMalformed},
		{"trailing comma", `{"a":1,}`, ErrMalformed},
		{"no comma", `{"a":1 "b":2}`, ErrMalformed},
		{"no colon", `{"a" 1}`, ErrMalformed},
		{"name is no string", `{1:1}`, ErrMalformed},
		{"no value", `{"a":}`, ErrMalformed},
		{"two objects", `{}{}`, ErrMalformed},
		{"BOM", "\ufeff{}", ErrMalformed},
		{"UTF-16", "{\x00}\x00", ErrMalformed},
		{"UTF-16 with BOM", "\xff\xfe{\x00}\x00", ErrMalformed},
		{"invalid UTF-8 in a value", "{\"a\":\"\xff\"}", ErrMalformed},
		{"invalid UTF-8 in a name", "{\"\xff\":1}", ErrMalformed},
		{"surrogate in UTF-8", "{\"a\":\"\xed\xa0\x80\"}", ErrMalformed},
		{"control in a value", "{\"a\":\"\n\"}", ErrMalformed},
		{"control in a name", "{\"\x1f\":1}", ErrMalformed},
		{"number 01", `{"a":01}`, ErrMalformed},
		{"null", "null", ErrNotObject},
		{"list", ` [1,{"a":2}]`, ErrNotObject},
		{"string", `"{}"`, ErrNotObject},
		{"NaN", "NaN", ErrNotObject},
		{"depth in a list", strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1), ErrTooLarge},
		{"depth, cut", strings.Repeat("[", 5000), ErrTooLarge},
		{"depth", nestedObject(maxDepth + 1), ErrTooLarge},
		{"keys", manyKeys(maxKeys + 1), ErrTooLarge},
		{"length", `{"a":"` + strings.Repeat("a", maxText+1-len(`{"a":""}`)) + `"}`, ErrTooLarge},
	} {
		v, err := ParseValues(tc.text)
		if v != nil || err != tc.want {
			t.Errorf("%s: %v, %v; want %v", tc.name, v, err, tc.want)
		}
	}
}

func nestedObject(depth int) string {
	return strings.Repeat(`{"a":`, depth-1) + "{}" + strings.Repeat("}", depth-1)
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(`,"k` + strconv.Itoa(i) + `":` + strconv.Itoa(i))
	}
	return "{" + b.String()[1:] + "}"
}

func TestParseAtTheLimits(t *testing.T) {
	parsed(t, nestedObject(maxDepth), 0)
	pad := strings.Repeat("a", maxText-len(`{"a":""}`))
	parsed(t, `{"a":"`+pad+`"}`, 0)

	v := parsed(t, manyKeys(maxKeys), 0)
	if v.Len() != maxKeys {
		t.Errorf("%d keys", v.Len())
	}
	for i := range maxKeys {
		if n, err := Get[int](v, "k"+strconv.Itoa(i)); n != i || err != nil {
			t.Fatalf("k%d: %d, %v", i, n, err)
		}
	}
	if v.Has("k" + strconv.Itoa(maxKeys)) {
		t.Error("has a key that is not there")
	}
	if err := v.Set("one more", 1); !errors.Is(err, ErrTooLarge) {
		t.Errorf("Set of one key more: %v", err)
	}
	if err := v.Set("k7", "new"); err != nil {
		t.Errorf("Set of a key that is there: %v", err)
	}
}

// A name in nobody's spelling is respelled with its value.
func TestSetRespellsTheName(t *testing.T) {
	v := parsed(t, `{"\u0061":1}`, 0)
	must(t, v.Set("a", 2))
	if got := written(t, v, FormatStarlette); got != `{"a": 2}` {
		t.Error(got)
	}
	v = parsed(t, `{"\u0061":1}`, FormatStarlette)
	must(t, v.Set("a", 2))
	if got := written(t, v, FormatStarlette); got != `{"\u0061": 2}` {
		t.Errorf("its own spelling changed: %s", got)
	}
}

// Of a name that occurs twice the last value counts, at the first place; also
// when the two are spelled differently, and with many keys.
func TestParseDuplicates(t *testing.T) {
	v := parsed(t, `{"a":1,"b":2,"\u0061":3}`, FormatLitestar)
	if got := v.Text(); got != `{"a":1,"b":2,"\u0061":3}` {
		t.Errorf("Text %s", got)
	}
	must(t, v.Set("c", 4))
	if got := written(t, v, FormatLitestar); got != `{"a":3,"b":2,"c":4}` {
		t.Error(got)
	}

	many := manyKeys(5000)
	v = parsed(t, many[:len(many)-1]+","+many[1:len(many)-1]+`,"k\u0037":"last"}`, 0)
	if v.Len() != 5000 {
		t.Errorf("%d keys", v.Len())
	}
	if s, err := Get[string](v, "k7"); s != "last" || err != nil {
		t.Errorf("k7: %q, %v", s, err)
	}
	// Lone surrogates are told apart, and from U+FFFD.
	if v := parsed(t, `{"\ud800":1,"\ud801":2,"\ufffd":3}`, 0); v.Len() != 3 {
		t.Errorf("%d keys", v.Len())
	}
}

func TestEmptyAndNil(t *testing.T) {
	var null *Values
	for name, v := range map[string]*Values{"nil": null, "zero": new(Values)} {
		for _, f := range formats {
			if got := written(t, v, f); got != "{}" {
				t.Errorf("%s: %s", name, got)
			}
		}
		if _, err := Get[int](v, "a"); !errors.Is(err, ErrNoValue) {
			t.Errorf("%s: Get: %v", name, err)
		}
		for range v.All() {
			t.Errorf("%s: All yields", name)
		}
		if _, ok := v.JSON("a"); ok || v.Has("a") || v.Len() != 0 || v.Modified() || v.Text() != "{}" {
			t.Errorf("%s: has something", name)
		}
		if got := v.String() + fmt.Sprintf("%#v", v) + v.LogValue().String(); strings.Count(got, "{}") != 3 {
			t.Errorf("%s: prints %s", name, got)
		}
		if c := v.Clone(); c == nil || c.Len() != 0 {
			t.Errorf("%s: clone %v", name, c)
		}
		var m map[string]any
		if err := v.Unmarshal(&m); err != nil || m == nil {
			t.Errorf("%s: Unmarshal %v, %v", name, m, err)
		}
	}
	v := parsed(t, `{"a":1}`, FormatStarlette)
	must(t, v.Delete("a"))
	if got := written(t, v, FormatStarlette); got != "{}" {
		t.Error(got)
	}
}

func TestModified(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*Values) error
		want   bool
	}{
		{"Get", func(v *Values) error { _, err := Get[int](v, "a"); return err }, false},
		{"Delete of an absent key", func(v *Values) error { return v.Delete("b") }, false},
		{"Delete", func(v *Values) error { return v.Delete("a") }, true},
		{"Set of the same", func(v *Values) error { return v.Set("a", 1) }, true},
		{"SetJSON of the same", func(v *Values) error { return v.SetJSON("a", "1") }, true},
		{"Reset", func(v *Values) error { return v.Reset() }, true},
	} {
		v := parsed(t, `{"a":1}`, FormatStarlette)
		must(t, tc.change(v))
		if v.Modified() != tc.want || v.Clone().Modified() != tc.want {
			t.Errorf("%s: %t", tc.name, v.Modified())
		}
	}
	v := new(Values)
	must(t, v.Reset())
	if !v.Modified() {
		t.Error("Reset of nothing does not count")
	}
}

func TestFreeze(t *testing.T) {
	late := errors.New("late")
	v := parsed(t, `{"a":1}`, FormatStarlette)
	v.Freeze(late)
	for _, err := range []error{v.Set("a", 2), v.SetJSON("b", "1"), v.Delete("a"), v.Delete("b"), v.Reset()} {
		if err != late {
			t.Errorf("got %v", err)
		}
	}
	if v.Modified() || v.Text() != `{"a":1}` {
		t.Errorf("changed to %s", v.Text())
	}
	if got := written(t, v, FormatStarlette); got != `{"a":1}` {
		t.Error(got)
	}
	if err := v.Clone().Set("a", 2); err != nil {
		t.Errorf("a clone is frozen: %v", err)
	}
}

func TestClone(t *testing.T) {
	for _, n := range []int{3, 100} {
		v := parsed(t, manyKeys(n), FormatStarlette)
		c := v.Clone()
		must(t, c.Set("k1", "clone"))
		must(t, c.Set("more", "clone"))
		must(t, v.Delete("k0"))
		must(t, v.Set("k2", "original"))
		if strings.Contains(v.Text(), "clone") || strings.Contains(c.Text(), "original") || !c.Has("k0") || v.Len() != n-1 || c.Len() != n+1 {
			t.Errorf("not independent:\n%s\n%s", v.Text(), c.Text())
		}
	}
	v := new(Values)
	_ = v.Set("bad", make(chan int))
	if _, err := v.Clone().AppendJSON(nil, FormatStarlette); !errors.Is(err, ErrType) {
		t.Errorf("the clone forgot the failed Set: %v", err)
	}
}

// Edits of many keys use the table, of few do not: both must agree with a plain
// list.
func TestEditsAtAnySize(t *testing.T) {
	for _, n := range []int{1, 15, 16, 17, 63, 64, 65, 300} {
		v := new(Values)
		var want []string
		for i := range n {
			must(t, v.Set("k"+strconv.Itoa(i), i))
			want = append(want, "k"+strconv.Itoa(i))
		}
		for i := 0; i < n; i += 3 {
			key := "k" + strconv.Itoa(i)
			must(t, v.Delete(key))
			want = slices.DeleteFunc(want, func(k string) bool { return k == key })
		}
		must(t, v.Set("k0", "again"))
		want = append(want, "k0")
		var got []string
		for key := range v.All() {
			got = append(got, key)
			if !v.Has(key) {
				t.Errorf("%d: All yields %s, Has does not", n, key)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d: %s", n, diff)
		}
	}
}

func TestAll(t *testing.T) {
	v := parsed(t, `{"b": 1.0, "\u0061\ud800": [1, 2],"c":""}`, FormatStarlette)
	var got []string
	for key, json := range v.All() {
		got = append(got, key, json)
		must(t, v.Delete("b")) // does not disturb the loop
	}
	if diff := cmp.Diff([]string{"b", "1.0", "a\xed\xa0\x80", "[1, 2]", "c", `""`}, got); diff != "" {
		t.Error(diff)
	}
	for range v.All() {
		break
	}
	// A key that is no valid UTF-8 can be found and deleted.
	if !v.Has("a\xed\xa0\x80") {
		t.Error("lost")
	}
	must(t, v.Delete("a\xed\xa0\x80"))
	if v.Len() != 1 {
		t.Error(v.Text())
	}
}

func TestPrintsNoValues(t *testing.T) {
	v := parsed(t, `{"user":"SECRET","zo\u00eb\n":[1,2],"`+strings.Repeat("k", 100)+`":{"SECRET":1}}`, FormatStarlette)
	must(t, v.Set("new", "SECRET"))
	want := `session values {"user": 8 B, "zo\u00eb\n": 5 B, "` + strings.Repeat("k", 64) + `"…: 12 B, "new": 8 B}`
	var logged strings.Builder
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("m", "v", v)
	for _, got := range []string{fmt.Sprint(v), fmt.Sprintf("%v %+v %#v %s", v, v, v, v), logged.String()} {
		if strings.Contains(got, "SECRET") {
			t.Error(got)
		}
	}
	if v.String() != want || fmt.Sprintf("%#v", v) != want || v.LogValue().String() != want {
		t.Errorf("got  %s\nwant %s", v, want)
	}
}

// The index is bounded by a small multiple of the text, whatever is in it.
func TestIndexMemory(t *testing.T) {
	for _, text := range []string{`{"":0}`, `{"":0,"a":0,"b":0}`, manyKeys(9), manyKeys(17), manyKeys(65), manyKeys(maxKeys), `{"a":"` + strings.Repeat("x", 1000) + `"}`} {
		v := parsed(t, text, 0)
		const perMember = 48
		if size := cap(v.all)*perMember + 2*len(v.table); size > 16*len(text)+8*perMember {
			t.Errorf("%d bytes of index for %d of text", size, len(text))
		}
	}
}
