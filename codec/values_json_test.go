package codec

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

func TestUnchangedIsTheVeryBytes(t *testing.T) {
	for _, text := range []string{odd, `{}`, ` { } `, `{"a":1,"a":2}`, `{"k":[1,2.50,"\u00E9"]}`} {
		for _, f := range formats {
			v := parsed(t, text, f)
			if v.Text() != text {
				t.Errorf("Text %q, want %q", v.Text(), text)
			}
			if got := written(t, v, f); got != text {
				t.Errorf("%v: %q, want %q", f, got, text)
			}
		}
	}
	// What only Starlette reads stays as it is for Starlette.
	text := `{"a":NaN,"b":[-Infinity],"c":"\ud800","\udfff":1e400}`
	if got := written(t, parsed(t, text, FormatStarlette), FormatStarlette); got != text {
		t.Error(got)
	}
}

func TestChangedKeepsTheRest(t *testing.T) {
	v := parsed(t, odd, FormatStarlette)
	must(t, v.Set("n", 1))
	want := `{"b": 1.0, "a": [1e16 , 1180591620717411303424,9007199254740993], "k\u0065y": "<\/é\u00E9>", "n": 1, "z": {"y":1,"x":-0.0}}`
	if got := written(t, v, FormatStarlette); got != want {
		t.Errorf("\ngot  %s\nwant %s", got, want)
	}
	if got := v.Text(); got != want {
		t.Errorf("Text\ngot  %s\nwant %s", got, want)
	}
	if got, _ := v.JSON("a"); got != `[1e16 , 1180591620717411303424,9007199254740993]` {
		t.Error(got)
	}

	v = parsed(t, odd, FormatLitestar)
	must(t, v.Delete("a"))
	must(t, v.Set("né", "é"))
	want = `{"b":1.0,"k\u0065y":"<\/é\u00E9>","n":null,"z":{"y":1,"x":-0.0},"né":"é"}`
	if got := written(t, v, FormatLitestar); got != want {
		t.Errorf("\ngot  %s\nwant %s", got, want)
	}
}

// The wanted texts are json.dumps(json.loads(odd)) and msgspec's, of which
// package pyjson has the vectors.
func TestOtherSpellingIsRespelled(t *testing.T) {
	want := map[Format]string{
		FormatStarlette: `{"b": 1.0, "a": [1e+16, 1180591620717411303424, 9007199254740993], "key": "</\u00e9\u00e9>", "n": null, "z": {"y": 1, "x": -0.0}}`,
		FormatLitestar:  `{"b":1.0,"a":[1e16,1180591620717411303424,9007199254740993],"key":"</éé>","n":null,"z":{"y":1,"x":-0.0}}`,
	}
	for _, peer := range formats {
		other := FormatStarlette + FormatLitestar - peer
		for _, from := range []Format{0, other} {
			if got := written(t, parsed(t, odd, from), peer); got != want[peer] {
				t.Errorf("%v to %v:\ngot  %s\nwant %s", from, peer, got, want[peer])
			}
		}
		// SetJSON: in its own format, too.
		v := parsed(t, `{"x":1}`, peer)
		must(t, v.SetJSON("x", ` {"f":1e16 , "f":-0} `))
		if got, _ := v.JSON("x"); got != `{"f":1e16 , "f":-0}` {
			t.Errorf("JSON %s", got)
		}
		if got := written(t, v, peer); strings.ReplaceAll(got, " ", "") != `{"x":{"f":0}}` {
			t.Error(got)
		}
	}
}

func TestRefusedForThePeer(t *testing.T) {
	digits := strings.Repeat("7", 4301)
	for _, tc := range []struct {
		value string
		from  Format
		peer  Format
		want  string // "": taken
	}{
		{`NaN`, FormatLitestar, FormatLitestar, "NaN"},
		{`NaN`, FormatStarlette, FormatLitestar, "NaN"},
		{`{"a":[-Infinity]}`, 0, FormatLitestar, "NaN or Infinity"},
		{`NaN`, FormatLitestar, FormatStarlette, ""},
		{`"\ud800"`, FormatLitestar, FormatLitestar, "surrogate"},
		{`[{"\udc00":1}]`, FormatStarlette, FormatLitestar, "surrogate"},
		{`"\ud800"`, 0, FormatStarlette, ""},
		{`"\ud83d\ude00"`, FormatStarlette, FormatLitestar, ""},
		{`1e400`, FormatLitestar, FormatLitestar, "float64"},
		{`1e400`, 0, FormatStarlette, "Infinity"},
		{`1e400`, FormatStarlette, FormatStarlette, ""},
		{digits, FormatStarlette, FormatStarlette, "4300 digits"},
		{`[-` + digits + `]`, FormatLitestar, FormatLitestar, "4300 digits"},
		{digits, 0, FormatStarlette, "4300 digits"},
		{digits[1:], 0, FormatStarlette, ""},
		{`-` + digits[1:], 0, FormatStarlette, ""},
		{digits[1:], FormatLitestar, FormatLitestar, ""},
		{`-` + digits[1:], FormatLitestar, FormatLitestar, "4300 digits"},
	} {
		for _, changed := range []bool{false, true} {
			name := fmt.Sprintf("%.20s from %d to %v, changed %t", tc.value, tc.from, tc.peer, changed)
			v := parsed(t, `{"ok":1,"b\u0061d":`+tc.value+`}`, tc.from)
			if changed {
				must(t, v.Set("ok", 2))
			}
			out, err := v.AppendJSON([]byte("x"), tc.peer)
			if tc.want == "" {
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				continue
			}
			var e *ValueError
			if !errors.As(err, &e) || !errors.Is(err, ErrUnsupported) || e.Key != "bad" || !strings.Contains(e.Reason, tc.want) {
				t.Errorf("%s: %v", name, err)
			}
			if string(out) != "x" {
				t.Errorf("%s: dst is %.20q", name, out)
			}
			if strings.Contains(fmt.Sprint(err), "777") {
				t.Errorf("%s: the error shows the value", name)
			}
			must(t, v.Delete("bad"))
			if got := written(t, v, tc.peer); strings.Contains(got, "bad") {
				t.Errorf("%s: after Delete %s", name, got)
			}
		}
	}
	// A name that Litestar cannot read, and one that hides behind a duplicate.
	for _, text := range []string{`{"\ud800":1}`, `{"a":NaN,"a":1}`} {
		if _, err := parsed(t, text, FormatLitestar).AppendJSON(nil, FormatLitestar); !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := new(Values).AppendJSON(nil, 0); !errors.Is(err, ErrUnsupported) {
		t.Errorf("no peer: %v", err)
	}
	big := parsed(t, `{"a":"`+strings.Repeat("é", maxText/2-10)+`"}`, FormatLitestar)
	if out, err := big.AppendJSON([]byte("x"), FormatStarlette); err != ErrTooLarge || string(out) != "x" {
		t.Errorf("3 MiB: %d bytes, %v", len(out), err)
	}
}

func TestMarshalJSON(t *testing.T) {
	inner := parsed(t, `{"f": 1.0, "u": "\u00eb", "n": 1180591620717411303424}`, FormatStarlette)
	got, err := json.Marshal(map[string]any{"s": inner})
	if want := `{"s":{"f":1.0,"u":"ë","n":1180591620717411303424}}`; err != nil || string(got) != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
	if _, err := json.Marshal(parsed(t, `{"bad": NaN}`, FormatStarlette)); !errors.Is(err, ErrUnsupported) {
		t.Errorf("NaN: %v", err)
	}

	// So one session can hold another.
	outer := new(Values)
	must(t, outer.Set("inner", inner))
	if got, _ := outer.JSON("inner"); got != `{"f": 1.0, "u": "\u00eb", "n": 1180591620717411303424}` {
		t.Errorf("set %s", got)
	}
	back, err := Get[*Values](outer, "inner")
	if err != nil || written(t, back, FormatLitestar) != written(t, inner, FormatLitestar) {
		t.Errorf("got %v, %v", back.Text(), err)
	}

	v := parsed(t, `{"old": 1}`, FormatStarlette)
	must(t, json.Unmarshal([]byte(`null`), v))
	if v.Text() != `{"old": 1}` || v.Modified() {
		t.Errorf("null made it %s", v.Text())
	}
	must(t, json.Unmarshal([]byte(` {"new":1e2} `), v))
	if got := written(t, v, FormatStarlette); got != `{"new": 100.0}` || !v.Modified() {
		t.Errorf("unmarshaled %s", got)
	}
	same := parsed(t, `{"old": 1}`, FormatStarlette)
	if err := json.Unmarshal([]byte(`[1]`), same); !errors.Is(err, ErrNotObject) || same.Text() != `{"old": 1}` || same.Modified() {
		t.Errorf("a list: %v, %s", err, same.Text())
	}
	if err := json.Unmarshal([]byte(`{"a":1}`), new(Session)); err == nil {
		t.Error("a Session without Values takes them")
	}
	v.Freeze(ErrCutOff)
	if err := json.Unmarshal([]byte(`{}`), v); !errors.Is(err, ErrCutOff) {
		t.Errorf("frozen: %v", err)
	}
}

// What Set refused sticks by key, until the key is set or deleted.
func TestRefusedSetIsForgotten(t *testing.T) {
	v := new(Values)
	_ = v.Set("a", make(chan int))
	_ = v.Set("b", make(chan int))
	must(t, v.Set("a", "fallback"))
	_, err := v.AppendJSON(nil, FormatStarlette)
	var about *ValueError
	if !errors.As(err, &about) || about.Key != "b" {
		t.Errorf("%v", err)
	}
	must(t, v.Delete("b"))
	if got := written(t, v, FormatStarlette); got != `{"a": "fallback"}` {
		t.Error(got)
	}
}

// Names with escapes are compared with many others without being unquoted each
// time, and objects that repeat a name at each level need one scratch buffer.
func TestHostileNamesAreCheap(t *testing.T) {
	var b strings.Builder
	b.WriteByte('{')
	for i := range 15 {
		fmt.Fprintf(&b, `"%s%d":0,`, strings.Repeat(`\u0061`, 500), i)
	}
	b.WriteString(strings.Repeat(`"a":0,`, 4000) + `"a":0}`)
	flat := b.String()
	nested := strings.Repeat(`{"a":1,"a":`, 890) + strings.Repeat(`[0]`, 1) + strings.Repeat("}", 890)
	for name, text := range map[string]string{"flat": flat, "nested": nested} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		v, err := ParseValues(text)
		must(t, err)
		written(t, v, FormatLitestar)
		runtime.ReadMemStats(&after)
		if got, most := after.TotalAlloc-before.TotalAlloc, uint64(100*len(text)); got > most {
			t.Errorf("%s: %d bytes allocated for %d", name, got, len(text))
		}
	}
}
