//go:build !race

// The race detector adds allocations of its own.

package codec

import (
	"strings"
	"testing"
)

func TestParseAllocations(t *testing.T) {
	for _, tc := range []struct{ keys, most int }{{0, 0}, {1, 1}, {8, 1}, {16, 2}, {17, 3}, {64, 3}} {
		text := "{}"
		if tc.keys > 0 {
			text = manyKeys(tc.keys)
		}
		vs := make([]Values, 1)
		got := testing.AllocsPerRun(100, func() {
			clear(vs)
			if err := vs[0].parse(text, FormatStarlette); err != nil {
				t.Fatal(err)
			}
		})
		if int(got) > tc.most {
			t.Errorf("%d keys: %v allocations, at most %d", tc.keys, got, tc.most)
		}
	}
	// The sessions of the benchmarks, of 7 and 46 keys.
	for size, text := range benchObjects() {
		vs := make([]Values, 1)
		got := testing.AllocsPerRun(100, func() {
			clear(vs)
			must(t, vs[0].parse(text, FormatStarlette))
		})
		if got > 2 {
			t.Errorf("%s, %d keys: %v allocations, at most 2", size, vs[0].Len(), got)
		}
	}
}

func TestGetAllocations(t *testing.T) {
	v := parsed(t, `{"s":"plain","e":"zo\u00eb `+strings.Repeat("x", 200)+`","i":5,"f":1.5,"b":true,"rest":[`+strings.Repeat("1,", 1000)+`1]}`, FormatStarlette)
	for name, tc := range map[string]struct {
		most float64
		get  func() error
	}{
		"string":  {0, func() error { _, err := Get[string](v, "s"); return err }},
		"escaped": {1, func() error { _, err := Get[string](v, "e"); return err }},
		"int":     {0, func() error { _, err := Get[int](v, "i"); return err }},
		"int64":   {0, func() error { _, err := Get[int64](v, "i"); return err }},
		"uint64":  {0, func() error { _, err := Get[uint64](v, "i"); return err }},
		"float64": {0, func() error { _, err := Get[float64](v, "f"); return err }},
		"bool":    {0, func() error { _, err := Get[bool](v, "b"); return err }},
	} {
		got := testing.AllocsPerRun(100, func() { must(t, tc.get()) })
		if got > tc.most {
			t.Errorf("%s: %v allocations, at most %v", name, got, tc.most)
		}
	}
}
