package chunk

import (
	"slices"
	"strings"
	"testing"
)

func TestNumber(t *testing.T) {
	for _, test := range []struct {
		name string
		n    int
		ok   bool
	}{
		{"session", Bare, true}, {"session-0", 0, true}, {"session-10", 10, true}, {"session-63", 63, true},
		{"session-64", Max, true}, {"session-18446744073709551616", Max, true},
		{"", 0, false}, {"session-", 0, false}, {"session-00", 0, false}, {"session-01", 0, false}, {"session--1", 0, false},
		{"session-1a", 0, false}, {"session_1", 0, false}, {"sessions", 0, false}, {"Session", 0, false}, {"mysession", 0, false},
		{"session-٣", 0, false}, // a digit to Python's \d, but none that Python writes
	} {
		n, ok := Number("session", test.name)
		if n != test.n || ok != test.ok {
			t.Errorf("%q: %d %v, want %d %v", test.name, n, ok, test.n, test.ok)
		}
		if ok && n != Max && Name("session", n) != test.name {
			t.Errorf("%q: named %q", test.name, Name("session", n))
		}
	}
}

func TestSplit(t *testing.T) {
	for length := range 20 {
		value := strings.Repeat("x", length)
		for size := 1; size < 8; size++ {
			pieces := Split(value, size)
			if strings.Join(pieces, "") != value || len(pieces) != max(1, (length+size-1)/size) {
				t.Errorf("%d in pieces of %d: %q", length, size, pieces)
			}
			for i, p := range pieces {
				if len(p) > size || len(p) < size && i < len(pieces)-1 {
					t.Errorf("%d in pieces of %d: %q", length, size, pieces)
				}
			}
		}
	}
}

func TestSet(t *testing.T) {
	type add struct {
		n     int
		value string
	}
	const full = 8
	long := strings.Repeat("x", full)
	for _, test := range []struct {
		name            string
		add             []add
		readings        []string
		incomplete, cut bool
	}{
		{"none", nil, nil, false, false},
		{"bare", []add{{Bare, "b"}}, []string{"b"}, false, false},
		{"numbers in any order", []add{{2, "c"}, {0, "a"}, {1, "b"}}, []string{"abc"}, false, false},
		{"the last of duplicates", []add{{0, "x"}, {0, "a"}, {Bare, "y"}, {Bare, ""}}, []string{"a"}, false, false},
		{"the first is missing", []add{{1, "b"}}, nil, true, false},
		{"one between is missing", []add{{0, "a"}, {2, "c"}}, nil, true, false},
		{"one between is emptied", []add{{0, "a"}, {1, "b"}, {2, "c"}, {1, ""}}, nil, true, false},
		{"the last is emptied", []add{{0, "a"}, {1, "b"}, {1, ""}}, []string{"a"}, false, false},
		{"all are emptied", []add{{0, "a"}, {0, ""}}, nil, false, false},
		{"bare beside numbers", []add{{Bare, "z"}, {0, "a"}, {1, "b"}}, []string{"ab", "z", "zab"}, false, false},
		{"bare beside a gap", []add{{Bare, "z"}, {1, "b"}}, []string{"z"}, true, false},
		{"full to the last", []add{{0, long}, {1, long}}, []string{long + long}, false, true},
		{"a rest at the end", []add{{0, long}, {1, "x"}}, []string{long + "x"}, false, false},
		{"stale behind a shorter one", []add{{0, "aa"}, {1, "b"}, {2, "cc"}}, []string{"aabcc", "aab"}, false, false},
		{"stale behind padding", []add{{0, "aa"}, {1, "b="}, {2, "cc"}, {Bare, "z"}}, []string{"aab=cc", "aab=", "z", "zaab=cc"}, false, false},
		{"stale and longer", []add{{0, "aa"}, {1, "ccc"}}, []string{"aaccc", "aa"}, false, false},
		{"stale behind a gap", []add{{0, "a="}, {2, "cc"}}, []string{"a="}, true, false},
		{"a gap before the end", []add{{0, "aa"}, {1, "bb"}, {3, "c"}}, nil, true, false},
	} {
		var s Set
		for _, a := range test.add {
			s.Add(a.n, a.value)
		}
		if got := s.Readings(); !slices.Equal(got, test.readings) {
			t.Errorf("%s: %.20q, want %.20q", test.name, got, test.readings)
		}
		if s.Incomplete() != test.incomplete || s.Cut(full) != test.cut {
			t.Errorf("%s: incomplete %v, cut %v", test.name, s.Incomplete(), s.Cut(full))
		}
		if s.Empty() != (len(test.readings) == 0 && !test.incomplete) {
			t.Errorf("%s: empty %v", test.name, s.Empty())
		}
	}
}
