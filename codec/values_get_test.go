package codec

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type (
	inner struct {
		A int     `json:"a"`
		B *string `json:"b"`
	}
	base struct {
		ID     int64 `json:"id"`
		Shadow int   `json:"shadow"`
	}
	Ptr  struct{ Deep int }
	user struct {
		base
		*Ptr
		Name    string           `json:"name,omitempty"`
		IsAdmin bool             `json:"is_admin"`
		Tags    []string         `json:"tags"`
		In      inner            `json:"in"`
		M       map[string]inner `json:"m"`
		Any     any              `json:"any"`
		Raw     json.RawMessage  `json:"raw"`
		Shadow  string           `json:"shadow"`
		Skipped string           `json:"-"`
		Plain   int
		hidden  int
	}
	level   int     // by text
	celsius float64 // by JSON
	lax     string  // by JSON
)

func (l *level) UnmarshalText(b []byte) error {
	if string(b) != "high" {
		return errors.New("SECRET " + string(b))
	}
	*l = 3
	return nil
}

func (l *lax) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, (*string)(l)) }

func (c *celsius) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*c = -273
		return nil
	}
	return json.Unmarshal(b, (*float64)(c))
}

// get runs Get with a type that is known at run time only.
type get func(v *Values) (any, error)

func as[T any]() get {
	return func(v *Values) (any, error) { x, err := Get[T](v, "k"); return x, err }
}

func ptr[T any](x T) *T { return &x }

func TestGet(t *testing.T) {
	type myString string
	type myInt int8
	nan := func(x any) bool { f, ok := x.(float64); return ok && math.IsNaN(f) }
	for _, tc := range []struct {
		text string
		get  get
		want any // an error: that error
	}{
		// Null is no value, whatever the type.
		{`null`, as[int](), ErrNoValue},
		{`null`, as[string](), ErrNoValue},
		{`null`, as[*int](), ErrNoValue},
		{`null`, as[any](), ErrNoValue},
		{`null`, as[json.RawMessage](), ErrNoValue},
		{`null`, as[celsius](), ErrNoValue},
		{`[null,1]`, as[[]*int](), []*int{nil, ptr(1)}},
		{`[null]`, as[[]int](), ErrType},
		{`[null]`, as[[]string](), ErrType},
		{`[null]`, as[[]bool](), ErrType},
		{`[null]`, as[[]json.Number](), ErrType},
		{`{"a":null}`, as[inner](), ErrType},
		{`{"a":1,"b":null}`, as[inner](), inner{A: 1}},
		{`[null]`, as[[]any](), []any{nil}},
		{`[null]`, as[[][]int](), [][]int{nil}},
		{`[null]`, as[[]map[string]int](), []map[string]int{nil}},
		{`[null]`, as[[]celsius](), []celsius{-273}},
		{`[null]`, as[[]*celsius](), []*celsius{nil}},
		{`[null]`, as[[]level](), ErrType},

		// Integers.
		{`0`, as[int](), 0},
		{`-0`, as[int](), 0},
		{`-0`, as[uint8](), uint8(0)},
		{`-1`, as[int](), -1},
		{`9223372036854775807`, as[int64](), int64(math.MaxInt64)},
		{`9223372036854775808`, as[int64](), ErrType},
		{`9223372036854775808`, as[uint64](), uint64(1 << 63)},
		{`18446744073709551616`, as[uint64](), ErrType},
		{`-1`, as[uint64](), ErrType},
		{`127`, as[int8](), int8(127)},
		{`128`, as[int8](), ErrType},
		{`-129`, as[myInt](), ErrType},
		{`256`, as[uint8](), ErrType},
		{`65535`, as[uint16](), uint16(65535)},
		{`1.0`, as[int](), ErrType},
		{`1.0`, as[uint](), ErrType},
		{`1e2`, as[int64](), ErrType},
		{`NaN`, as[int](), ErrType},
		{`Infinity`, as[uint64](), ErrType},
		{`"1"`, as[int](), ErrType},
		{`true`, as[int](), ErrType},
		{`[1]`, as[int](), ErrType},
		{`1700000000`, as[time.Duration](), time.Duration(1700000000)},

		// Floats.
		{`1.0`, as[float64](), 1.0},
		{`1`, as[float64](), 1.0},
		{`-0.0`, as[float64](), math.Copysign(0, -1)},
		{`-0`, as[float64](), 0.0},
		{`0.1`, as[float64](), 0.1},
		{`1e16`, as[float64](), 1e16},
		{`9007199254740992`, as[float64](), 9007199254740992.0},
		{`9007199254740993`, as[float64](), ErrType},
		{`-9007199254740993`, as[float64](), ErrType},
		{`9007199254740993.0`, as[float64](), 9007199254740992.0}, // what Python had, too
		{`1180591620717411303424`, as[float64](), math.Pow(2, 70)},
		{`1180591620717411303425`, as[float64](), ErrType},
		{`1` + strings.Repeat("0", 400), as[float64](), ErrType},
		{`1e400`, as[float64](), math.Inf(1)}, // as json.loads
		{`-Infinity`, as[float64](), math.Inf(-1)},
		{`NaN`, as[float64](), nan},
		{`0.5`, as[float32](), float32(0.5)},
		{`0.1`, as[float32](), ErrType},
		{`16777217`, as[float32](), ErrType},
		{`1e39`, as[float32](), ErrType},
		{`Infinity`, as[float32](), float32(math.Inf(1))},
		{`"1.0"`, as[float64](), ErrType},

		// Strings and booleans.
		{`"zo\u00eb"`, as[string](), "zoë"},
		{`""`, as[string](), ""},
		{`"\ud83d\ude00\u0000\/"`, as[myString](), myString("😀\x00/")},
		{`"a\ud800"`, as[string](), ErrType},
		{`["\udc00"]`, as[[]string](), ErrType},
		{`{"\ud800":1}`, as[map[string]int](), ErrType},
		{`"\ud800"`, as[any](), ErrType},
		{`{"a":[{"\ud800":1}]}`, as[any](), ErrType},
		{`"\ud800"`, as[level](), ErrType},
		{`1`, as[string](), ErrType},
		{`true`, as[bool](), true},
		{`false`, as[bool](), false},
		{`1`, as[bool](), ErrType},
		{`"true"`, as[bool](), ErrType},
		{`true`, as[string](), ErrType},

		// Any.
		{`{"i":9007199254740993,"f":1.0,"n":NaN,"s":"é","l":[true,null,{}]}`, as[any](), map[string]any{
			"i": json.Number("9007199254740993"), "f": json.Number("1.0"), "n": json.Number("NaN"),
			"s": "é", "l": []any{true, nil, map[string]any{}},
		}},
		{`[]`, as[any](), []any{}},
		{`{"a":1,"a":2}`, as[map[string]any](), map[string]any{"a": json.Number("2")}},
		{`1.10`, as[json.Number](), json.Number("1.10")},
		{`"1"`, as[json.Number](), ErrType},
		{`1`, as[error](), ErrType},
		{`{}`, as[error](), ErrType},

		// Containers.
		{`[ 1 , 2 ]`, as[[]int](), []int{1, 2}},
		{`[]`, as[[]int](), []int{}},
		{`[1,2]`, as[[2]int](), [2]int{1, 2}},
		{`[1,2]`, as[[3]int](), ErrType},
		{`[1,2]`, as[[1]int](), ErrType},
		{`{}`, as[[]int](), ErrType},
		{`[]`, as[map[string]int](), ErrType},
		{`"x"`, as[[]int](), ErrType},
		{`"AQL/"`, as[[]byte](), []byte{1, 2, 255}},
		{`"A"`, as[[]byte](), ErrType},
		{`{"1":"a","-2":"b"}`, as[map[int]string](), map[int]string{1: "a", -2: "b"}},
		{`{"01":"a"}`, as[map[int]string](), ErrType},
		{`{"1.0":"a"}`, as[map[int]string](), ErrType},
		{`{"x":"a"}`, as[map[uint8]string](), ErrType},
		{`{"256":"a"}`, as[map[uint8]string](), ErrType},
		{`{"high":1}`, as[map[level]int](), map[level]int{3: 1}},
		{`{"low":1}`, as[map[level]int](), ErrType},
		{`{"1":1}`, as[map[float64]int](), ErrType},
		{`[[1],[2]]`, as[[]*[]int](), []*[]int{{1}, {2}}},

		// Types with methods.
		{`"2024-02-29T01:02:03.5Z"`, as[time.Time](), time.Date(2024, 2, 29, 1, 2, 3, 5e8, time.UTC)},
		{`"yesterday"`, as[time.Time](), ErrType},
		{`"high"`, as[level](), level(3)},
		{`"high"`, as[*level](), ptr(level(3))},
		{`"low"`, as[level](), ErrType},
		{`3`, as[level](), ErrType},
		{`21.5`, as[celsius](), celsius(21.5)},
		{`"\u0061"`, as[lax](), lax("a")},
		{`"\ud800"`, as[lax](), ErrType}, // which encoding/json would replace
		{`[NaN, "\ud800" ]`, as[json.RawMessage](), json.RawMessage(`[NaN, "\ud800" ]`)},
		{`[ 1.0 ]`, as[[]json.RawMessage](), []json.RawMessage{json.RawMessage("1.0")}},

		{`1`, as[chan int](), ErrType},
		{`1`, as[func()](), ErrType},
		{`1`, as[complex128](), ErrType},
	} {
		v := parsed(t, `{"x":0,"k":`+tc.text+`}`, FormatStarlette)
		got, err := tc.get(v)
		if wantErr, ok := tc.want.(error); ok {
			var e *ValueError
			if !errors.Is(err, wantErr) || !errors.As(err, &e) || e.Key != "k" {
				t.Errorf("%.40s: %v, %v; want %v", tc.text, got, err, wantErr)
			}
			if err != nil && strings.Contains(err.Error(), "SECRET") {
				t.Errorf("%.40s: %v", tc.text, err)
			}
			if got != nil && !reflect.ValueOf(got).IsZero() {
				t.Errorf("%.40s: %v beside an error", tc.text, got)
			}
			continue
		}
		if err != nil {
			t.Errorf("%.40s: %v", tc.text, err)
			continue
		}
		if is, ok := tc.want.(func(any) bool); ok {
			if !is(got) {
				t.Errorf("%.40s: got %v", tc.text, got)
			}
			continue
		}
		if f, ok := got.(float64); ok && math.Signbit(f) != math.Signbit(tc.want.(float64)) {
			t.Errorf("%.40s: the sign is lost", tc.text)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%.40s: %s", tc.text, diff)
		}
	}
}

func TestGetStruct(t *testing.T) {
	text := `{"id": 7, "shadow": "outer", "Deep": 9, "name": "zo\u00eb", "IS_ADMIN": true, "Is_Admin": true, "NAME": "x",
		"tags": ["a"], "in": {"a": 1, "A": 2, "b": "s"}, "m": {"k": {"a": 3}}, "any": {"f": 1.0}, "raw": [1.0, NaN],
		"-": 5, "Skipped": "x", "Plain": 6, "plain": 7, "hidden": 8, "unknown": [{"x": 1}]}`
	want := user{
		base: base{ID: 7}, Ptr: &Ptr{Deep: 9}, Name: "zoë", Tags: []string{"a"}, In: inner{1, ptr("s")},
		M: map[string]inner{"k": {A: 3}}, Any: map[string]any{"f": json.Number("1.0")},
		Raw: json.RawMessage("[1.0, NaN]"), Shadow: "outer", Plain: 6, hidden: 0,
	}
	got, err := Get[user](parsed(t, `{"u":`+text+`}`, 0), "u")
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Get\ngot  %+v\nwant %+v", got, want)
	}
	var whole user
	must(t, parsed(t, text, 0).Unmarshal(&whole))
	if !reflect.DeepEqual(whole, want) {
		t.Errorf("Unmarshal\ngot  %+v\nwant %+v", whole, want)
	}
}

func TestUnmarshal(t *testing.T) {
	v := parsed(t, `{"a":1,"b":null}`, FormatStarlette)
	must(t, v.Set("c", "x"))
	var m map[string]any
	must(t, v.Unmarshal(&m))
	want := map[string]any{"a": json.Number("1"), "b": nil, "c": "x"}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Error(diff)
	}
	var x any
	must(t, v.Unmarshal(&x))
	if diff := cmp.Diff(any(want), x); diff != "" {
		t.Error(diff)
	}
	var raw json.RawMessage
	must(t, v.Unmarshal(&raw))
	if string(raw) != v.Text() {
		t.Errorf("raw %s", raw)
	}
	var p *struct {
		A int `json:"a"`
	}
	must(t, v.Unmarshal(&p))
	if p.A != 1 {
		t.Error(p)
	}
	preset := struct {
		Z int
		L [1]inner
		S []inner
	}{5, [1]inner{{A: 6}}, []inner{{A: 7}}}
	shared := preset.S
	must(t, parsed(t, `{"L":[{}],"S":[{}]}`, 0).Unmarshal(&preset))
	if preset.Z != 5 {
		t.Error("an absent key changed its field")
	}
	if preset.L[0].A != 0 || preset.S[0].A != 0 || shared[0].A != 7 {
		t.Errorf("a list was merged with what was there: %+v, %+v", preset, shared)
	}

	for _, tc := range []struct {
		dst  any
		want error
		key  string
	}{
		{&struct {
			B int `json:"b"`
		}{}, ErrNoValue, "b"}, // Python's None is not 0
		{&struct {
			C int `json:"c"`
		}{}, ErrType, "c"},
		{&map[string]int{}, ErrNoValue, "b"},
		{&map[string]*int{}, ErrType, "c"},
		{nil, ErrType, ""},
		{user{}, ErrType, ""},
		{(*user)(nil), ErrType, ""},
		{new(int), ErrType, ""},
		{new([]any), ErrType, ""},
		{new(error), ErrType, ""},
		{new(celsius), ErrType, ""},
	} {
		err := v.Unmarshal(tc.dst)
		var e *ValueError
		if !errors.Is(err, tc.want) || errors.As(err, &e) != (tc.key != "") || e != nil && e.Key != tc.key {
			t.Errorf("%T: %v", tc.dst, err)
		}
	}
}

// Two fields of one name at one depth hide each other, unless just one is tagged.
func TestStructRivals(t *testing.T) {
	type A struct{ X, Y, Z int }
	type B struct {
		X  int
		Y2 int `json:"Y"`
	}
	type both struct {
		A
		B
	}
	v := parsed(t, `{"X":1,"Y":2,"Z":3}`, 0)
	var ours, theirs both
	must(t, v.Unmarshal(&ours))
	must(t, json.Unmarshal([]byte(v.Text()), &theirs))
	if ours != theirs || ours.B.Y2 != 2 || ours.A.X != 0 {
		t.Errorf("%+v, encoding/json %+v", ours, theirs)
	}
	type loop struct {
		*loop
		N int
	}
	var l loop
	must(t, parsed(t, `{"N":1}`, 0).Unmarshal(&l))
	if l.N != 1 || l.loop != nil {
		t.Error(l)
	}
	type hiddenPtr struct{ *base }
	if err := parsed(t, `{"id":1}`, 0).Unmarshal(&hiddenPtr{}); !errors.Is(err, ErrType) {
		t.Errorf("embedded pointer to an unexported struct: %v", err)
	}
}
