package codec

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"
)

type (
	jsonOf  string // its JSON
	textOf  string // its text
	byPtr   struct{ x int }
	failing struct{}
	tagged  struct {
		base
		*Ptr
		Empty    string    `json:"empty,omitempty"`
		Zero     time.Time `json:"zero,omitzero"`
		ZeroInt  int       `json:"zi,omitempty"`
		NilSlice []int     `json:"nil_slice,omitempty"`
		Kept     []int     `json:"kept"`
		Struct   inner     `json:"struct,omitempty"`
		OmitIn   inner     `json:"omit_in,omitzero"`
		F        float64   `json:"f"`
		F32      float32   `json:"f32"`
		Ignored  int       `json:"-"`
		Shadow   string    `json:"shadow"`
		HTML     string
		By       byPtr  `json:"by"`
		QInt     int    `json:"qi,string"`
		QStr     string `json:"qs,string"`
		QPtr     *bool  `json:"qp,string"`
		hidden   int
	}
)

func (j jsonOf) MarshalJSON() ([]byte, error) { return []byte(j), nil }
func (s textOf) MarshalText() ([]byte, error) { return []byte("<" + s + ">"), nil }
func (b *byPtr) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, `{"p":%d}`, b.x), nil }
func (failing) MarshalJSON() ([]byte, error)  { return nil, errors.New("SECRET") }

func TestSetSpelling(t *testing.T) {
	long, _ := new(big.Int).SetString("1180591620717411303424", 10)
	var nilPtr *time.Time
	type myString string
	for _, tc := range []struct {
		value               any
		starlette, litestar string // "": as starlette
	}{
		{nil, `null`, ``},
		{nilPtr, `null`, ``},
		{any(nil), `null`, ``},
		{(*byPtr)(nil), `null`, ``},
		{true, `true`, ``},
		{42, `42`, ``},
		{int8(-128), `-128`, ``},
		{uint64(math.MaxUint64), `18446744073709551615`, ``},
		{time.Second, `1000000000`, ``},
		{1.0, `1.0`, ``},
		{math.Copysign(0, -1), `-0.0`, ``},
		{1e15, `1000000000000000.0`, ``},
		{1e16, `1e+16`, `1e16`},
		{1e-5, `1e-05`, `0.00001`},
		{1e22, `1e+22`, `1e22`},
		{float32(0.1), `0.10000000149011612`, ``}, // the float64 that it is, as in Python
		{"zoë", `"zo\u00eb"`, `"zoë"`},
		{myString("<a href='x'>&\u2028\x7f/"), `"<a href='x'>&\u2028\u007f/"`, "\"<a href='x'>&\u2028\x7f/\""},
		{"\x00\b\f\n\r\t\x1f\"\\😀", `"\u0000\b\f\n\r\t\u001f\"\\\ud83d\ude00"`, `"\u0000\b\f\n\r\t\u001f\"\\😀"`},
		{[]byte{1, 2, 255}, `"AQL/"`, ``},
		{[]byte(nil), `null`, ``},
		{[]int(nil), `null`, ``},
		{map[string]int(nil), `null`, ``},
		{[]int{}, `[]`, ``},
		{[2]bool{true}, `[true, false]`, `[true,false]`},
		{[]any{1, 1.0, "1", nil, []any{}}, `[1, 1.0, "1", null, []]`, `[1,1.0,"1",null,[]]`},
		{map[string]any{"b": 1, "a": map[string]any{}, "é": nil}, `{"a": {}, "b": 1, "\u00e9": null}`, `{"a":{},"b":1,"é":null}`},
		{map[int]string{10: "x", -2: "y", 9: "z"}, `{"-2": "y", "10": "x", "9": "z"}`, `{"-2":"y","10":"x","9":"z"}`},
		{map[textOf]int{"k": 1}, `{"k": 1}`, `{"k":1}`}, // a string kind is itself, as in encoding/json
		{json.Number("1.10"), `1.1`, ``},
		{json.Number("123456789012345678901234567890"), `123456789012345678901234567890`, ``},
		{json.Number(""), `0`, ``},
		{json.Number("-0"), `0`, ``},
		{[]json.Number{"1E2"}, `[100.0]`, ``},
		{json.RawMessage(` {"a":1e16, "a":[2,"\u003c"]} `), `{"a": [2, "<"]}`, `{"a":[2,"<"]}`},
		{long, `1180591620717411303424`, ``},
		{time.Date(2024, 2, 29, 1, 2, 3, 0, time.UTC), `"2024-02-29T01:02:03Z"`, ``},
		{jsonOf(`"\u003cé"`), `"<\u00e9"`, `"<é"`},
		{textOf("é"), `"<\u00e9>"`, `"<é>"`},
		{&byPtr{1}, `{"p": 1}`, `{"p":1}`},
		{[]byPtr{{2}}, `[{"p": 2}]`, `[{"p":2}]`},
		{&[]any{any(nilPtr), ptr(ptr(3))}, `[null, 3]`, `[null,3]`},
	} {
		if tc.litestar == "" {
			tc.litestar = tc.starlette
		}
		for _, from := range []Format{0, FormatStarlette, FormatLitestar} {
			v := new(Values)
			if from != 0 {
				v = parsed(t, `{"k":0}`, from)
			}
			must(t, v.Set("k", tc.value))
			held := tc.starlette
			if from == FormatLitestar {
				held = tc.litestar
			}
			if got, _ := v.JSON("k"); got != held {
				t.Errorf("%T from %d: JSON\ngot  %s\nwant %s", tc.value, from, got, held)
			}
			if got, want := written(t, v, FormatStarlette), `{"k": `+tc.starlette+`}`; got != want {
				t.Errorf("%T from %d\ngot  %s\nwant %s", tc.value, from, got, want)
			}
			if got, want := written(t, v, FormatLitestar), `{"k":`+tc.litestar+`}`; got != want {
				t.Errorf("%T from %d\ngot  %s\nwant %s", tc.value, from, got, want)
			}
		}
	}
}

// NaN is kept, and refused when it is written for a peer that cannot read it.
func TestSetNaN(t *testing.T) {
	for _, value := range []any{math.NaN(), math.Inf(1), math.Inf(-1), []any{math.NaN()}, json.Number("NaN"), json.RawMessage("-Infinity")} {
		for _, from := range formats {
			v := parsed(t, "{}", from)
			must(t, v.Set("k", value))
			written(t, v, FormatStarlette)
			if _, err := v.AppendJSON(nil, FormatLitestar); !errors.Is(err, ErrUnsupported) {
				t.Errorf("%v: %v", value, err)
			}
			must(t, v.Set("k", 1))
			written(t, v, FormatLitestar)
		}
	}
}

// Struct tags do as in encoding/json, which says what the fields are.
func TestSetStruct(t *testing.T) {
	for _, x := range []tagged{
		{},
		{base: base{ID: 1, Shadow: 2}, Ptr: &Ptr{3}, Empty: "e", Zero: time.Unix(0, 0).UTC(), ZeroInt: 4, NilSlice: []int{5},
			Kept: []int{}, Struct: inner{A: 1}, OmitIn: inner{A: 2}, F: 1.5, F32: 0.5, Shadow: "s", HTML: "h", By: byPtr{6}, QInt: 7, QStr: "q\"", QPtr: ptr(true), hidden: 9},
	} {
		v := new(Values)
		must(t, v.Set("k", &x))
		theirs, err := json.Marshal(&x)
		must(t, err)
		var want, got any
		must(t, json.Unmarshal(theirs, &want))
		ours, _ := v.JSON("k")
		must(t, json.Unmarshal([]byte(ours), &got))
		if !reflect.DeepEqual(got, want) {
			t.Errorf("\ngot  %s\nwant %s", ours, theirs)
		}
		back, err := Get[tagged](v, "k")
		if back.QInt != x.QInt || back.QStr != x.QStr || x.QPtr != nil && *back.QPtr != *x.QPtr {
			t.Errorf("option string: %+v, %v", back, err)
		}
		var order, theirOrder []string
		for key := range mustParse(t, ours).All() {
			order = append(order, key)
		}
		for key := range mustParse(t, string(theirs)).All() {
			theirOrder = append(theirOrder, key)
		}
		if !reflect.DeepEqual(order, theirOrder) {
			t.Errorf("order %q, encoding/json %q", order, theirOrder)
		}
	}
	v := new(Values)
	must(t, v.Set("k", struct {
		F    float64
		HTML string
	}{1, "<&>"}))
	if got, _ := v.JSON("k"); got != `{"F": 1.0, "HTML": "<&>"}` {
		t.Error(got)
	}
}

func mustParse(t testing.TB, text string) *Values {
	t.Helper()
	v, err := ParseValues(text)
	must(t, err)
	return v
}

func deep(levels int) any {
	var x any = 1
	for range levels {
		x = []any{x}
	}
	return x
}

func TestSetErrors(t *testing.T) {
	type self struct{ P *self }
	cycle := &self{}
	cycle.P = cycle
	loop := map[string]any{}
	loop["k"] = loop
	var any1 any
	any1 = &any1
	type pointer *pointer
	var p pointer
	p = &p
	for _, tc := range []struct {
		key   string
		value any
		want  error
	}{
		{"k", make(chan int), ErrType},
		{"k", func() {}, ErrType},
		{"k", complex(1, 2), ErrType},
		{"k", []any{func() {}}, ErrType},
		{"k", struct{ C chan int }{}, ErrType},
		{"k", map[string]any{"a": complex64(1)}, ErrType},
		{"k", map[float64]int{1: 1}, ErrType},
		{"k", map[bool]int{true: 1}, ErrType},
		{"k", failing{}, ErrType},
		{"k", jsonOf("{"), ErrType},
		{"k", jsonOf(""), ErrType},
		{"k", jsonOf("\"\xff\""), ErrType},
		{"k", json.Number("x"), ErrType},
		{"k", json.Number("1 "), ErrType},
		{"k", json.Number(`"1"`), ErrType},
		{"k", json.Number("null"), ErrType},
		{"k", jsonOf("1e400"), ErrUnsupported},
		{"k", "\xff", ErrUnsupported},
		{"k", "a\xed\xa0\x80", ErrUnsupported},
		{"k", []any{"\xc3"}, ErrUnsupported},
		{"k", map[string]int{"\xff": 1}, ErrUnsupported},
		{"\xff", 1, ErrUnsupported},
		{"k", cycle, ErrUnsupported},
		{"k", loop, ErrUnsupported},
		{"k", any1, ErrUnsupported},
		{"k", p, ErrUnsupported},
		{"k", deep(maxDepth), ErrUnsupported},
		{"k", jsonOf(strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth)), ErrUnsupported},
		{"k", []any{jsonOf(strings.Repeat("[", maxDepth-1) + strings.Repeat("]", maxDepth-1))}, ErrUnsupported},
	} {
		v := parsed(t, odd, FormatStarlette)
		err := v.Set(tc.key, tc.value)
		failedSet(t, fmt.Sprintf("%T", tc.value), v, tc.key, err, tc.want)
	}
	for text, want := range map[string]error{
		"": ErrMalformed, "1 2": ErrMalformed, "{": ErrMalformed, "\"\xff\"": ErrMalformed, "[01]": ErrMalformed,
		strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth): ErrUnsupported,
	} {
		v := parsed(t, odd, FormatStarlette)
		failedSet(t, text, v, "k", v.SetJSON("k", text), want)
	}

	// As deep as allowed, by any way in.
	deepest := strings.Repeat("[", maxDepth-1) + strings.Repeat("]", maxDepth-1)
	for _, set := range []func(v *Values) error{
		func(v *Values) error { return v.Set("k", deep(maxDepth-1)) },
		func(v *Values) error { return v.Set("k", jsonOf(deepest)) },
		func(v *Values) error { return v.SetJSON("k", deepest) },
	} {
		v := new(Values)
		must(t, set(v))
		for _, f := range formats {
			parsed(t, written(t, v, f), f)
		}
	}
}

// failedSet checks that the values are as they were, that the error names the
// key without a value, and that it sticks until Reset.
func failedSet(t *testing.T, name string, v *Values, key string, err, want error) {
	t.Helper()
	var e *ValueError
	if !errors.Is(err, want) || !errors.As(err, &e) || e.Key != key || e.Reason == "" {
		t.Errorf("%s: %v, want %v", name, err, want)
		return
	}
	if strings.Contains(err.Error(), "SECRET") {
		t.Errorf("%s: %v", name, err)
	}
	if v.Text() != odd || v.Has("k") {
		t.Errorf("%s: changed to %s", name, v.Text())
	}
	if !v.Modified() {
		t.Errorf("%s: not modified, so nothing would write and report it", name)
	}
	must(t, v.Set("fine", 1))
	_ = v.Set("again", make(chan int))
	if out, stuck := v.AppendJSON([]byte("x"), FormatStarlette); stuck != err || string(out) != "x" {
		t.Errorf("%s: AppendJSON: %v, %s", name, stuck, out)
	}
	must(t, v.Reset())
	if got := written(t, v, FormatStarlette); got != "{}" {
		t.Errorf("%s: after Reset %s", name, got)
	}
}

func TestSetTwoKeysOfOneText(t *testing.T) {
	type k struct{ textOf }
	if err := new(Values).Set("k", map[any]int{}); !errors.Is(err, nil) {
		t.Error(err) // empty: nothing to say about its keys
	}
	m := map[k]int{{"a"}: 1}
	v := new(Values)
	must(t, v.Set("k", m))
	if got, _ := v.JSON("k"); got != `{"<a>": 1}` {
		t.Error(got)
	}
	if err := v.Set("k", map[sameText]int{{1}: 1, {2}: 2}); !errors.Is(err, ErrType) {
		t.Errorf("two keys of one text: %v", err)
	}
}

type sameText struct{ int }

func (sameText) MarshalText() ([]byte, error) { return []byte("same"), nil }

// What Set writes Get reads back, for values that Python keeps apart.
func TestSetGet(t *testing.T) {
	for _, f := range formats {
		v := parsed(t, "{}", f)
		want := user{
			base: base{ID: 1 << 60}, Ptr: &Ptr{Deep: 1}, Name: "zoë\n", Tags: []string{"", "\x00"}, In: inner{1, ptr("s")},
			M: map[string]inner{"é": {A: 3}}, Any: map[string]any{"f": json.Number("1.5")}, Raw: json.RawMessage("1"), Shadow: "s",
		}
		must(t, v.Set("u", want))
		v = parsed(t, written(t, v, f), f)
		got, err := Get[user](v, "u")
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v: %v\ngot  %+v\nwant %+v", f, err, got, want)
		}
		for _, x := range []float64{0, 1, -1.5, 1e16, 1e-7, math.MaxFloat64, 5e-324} {
			must(t, v.Set("f", x))
			if got, err := Get[float64](v, "f"); got != x || err != nil {
				t.Errorf("%v: %v, %v", x, got, err)
			}
			if _, err := Get[int](v, "f"); !errors.Is(err, ErrType) {
				t.Errorf("%v came back as an int: %v", x, err)
			}
		}
	}
}

func TestField(t *testing.T) {
	id := NewField[int64]("user_id")
	v := new(Values)
	if _, err := id.Get(v); !errors.Is(err, ErrNoValue) {
		t.Error(err)
	}
	must(t, id.Set(v, 42))
	if got, err := id.Get(v); got != 42 || err != nil || id.Key() != "user_id" || v.Text() != `{"user_id": 42}` {
		t.Errorf("%d, %v, %s", got, err, v.Text())
	}
}
