package compat

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/sessctl/sessctl/codec"
)

// Generator makes random session data that a peer can hold.
type Generator struct {
	*rand.Rand
	Values    int  // how many it made so far
	starlette bool // NaN, Infinity and lone surrogates too
}

// NewGenerator returns a generator for peers of a format. It logs its seed: the
// variable SESSCTL_SEED repeats a run.
func NewGenerator(t testing.TB, format codec.Format) *Generator {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("SESSCTL_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("SESSCTL_SEED=%d", seed)
	return &Generator{Rand: rand.New(rand.NewPCG(seed, 0)), starlette: format == codec.FormatStarlette}
}

// Object returns the text of a session of about size bytes at most, in any
// spelling that json.loads reads. Its keys begin with a digit.
func (g *Generator) Object(size int) string {
	var members []string
	total := 0
	for i := range 1 + g.IntN(12) {
		// The number keeps keys apart: a duplicate would be one value less.
		member := g.string(fmt.Sprintf("%d%s", i, g.text(8))) + g.space() + ":" + g.space() + g.value(4)
		if total += 2 * len(member); total > size && i > 0 { // escapes may double it
			break
		} else if total > size {
			member = `"0":` + g.number()
		}
		members = append(members, member)
	}
	return "{" + g.space() + strings.Join(members, g.space()+","+g.space()) + "}"
}

// value returns the text of a value that nests to depth at most.
func (g *Generator) value(depth int) string {
	g.Values++
	kind := g.IntN(10)
	if depth == 0 {
		kind = g.IntN(7)
	}
	switch kind {
	case 0:
		return pick(g, "null", "true", "false")
	case 1, 2, 3:
		return g.number()
	case 4, 5, 6:
		return g.string(g.text(12))
	case 7, 8:
		elements := make([]string, g.IntN(5))
		for i := range elements {
			elements[i] = g.value(depth - 1)
		}
		return "[" + g.space() + strings.Join(elements, ","+g.space()) + g.space() + "]"
	default:
		members := make([]string, g.IntN(5))
		for i := range members { // duplicates among the keys included
			members[i] = g.string(g.text(2)) + ":" + g.space() + g.value(depth-1)
		}
		return "{" + strings.Join(members, g.space()+",") + g.space() + "}"
	}
}

func (g *Generator) space() string { return pick(g, "", "", "", " ", "\n\t") }

func (g *Generator) number() string {
	switch g.IntN(9) {
	case 0:
		return strconv.Itoa(g.IntN(200) - 100)
	case 1:
		return strconv.FormatUint(g.Uint64(), 10)
	case 2:
		return "-" + strconv.FormatUint(g.Uint64(), 10)
	case 3: // beyond 64 bits
		digits := strconv.FormatUint(g.Uint64()|1<<63, 10)
		for range g.IntN(4) {
			digits += fmt.Sprintf("%d", g.Uint64())
		}
		return digits
	case 4:
		return pick(g, "1180591620717411303424", "-0", "-0.0", "0.0", "1E5", "1e-7", "1.50", "1e16", "1e+22", "123456789012345680.0", "0.00001",
			"1e-5", "5e-324", "2.2250738585072014e-308", "1.7976931348623157e308", "9007199254740993", "9007199254740993.0")
	case 5:
		if g.starlette {
			return pick(g, "NaN", "Infinity", "-Infinity")
		}
		return "0.1"
	case 6:
		return strconv.FormatFloat(g.float(), "eEgG"[g.IntN(4)], g.IntN(20)-1, 64)
	case 7: // of a size where spellings change
		return strconv.FormatFloat((g.Float64()-0.5)*math.Pow10(g.IntN(48)-24), 'g', -1, 64)
	default:
		return strconv.FormatFloat(math.Round((g.Float64()-0.5)*1e6)/100, 'f', -1, 64)
	}
}

// float returns any finite number.
func (g *Generator) float() float64 {
	for {
		f := math.Float64frombits(g.Uint64())
		if f-f == 0 && math.Abs(f) < 1e308 { // rounded to few digits it must stay finite
			return f
		}
	}
}

// text returns up to n characters from all over Unicode.
func (g *Generator) text(n int) string {
	var b strings.Builder
	for range g.IntN(n + 1) {
		var r rune
		switch g.IntN(8) {
		case 0:
			r = g.Int32N(0x20)
		case 1:
			r = pick(g, []rune(`"\/<>&'{}[],:=;% `)...)
		case 2:
			r = pick[rune](g, 0x7f, 0x80, 0x9f, 0xa0, 0xe9, 0x2028, 0x2029, 0xfeff, 0xfffd, 0xffff, 0x10000, 0x1f600, 0x10ffff)
		case 3:
			r = g.Int32N(utf8.MaxRune + 1)
		default:
			r = 'a' + g.Int32N(26)
		}
		if !utf8.ValidRune(r) {
			r = 'é'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// string spells s, with escapes where they are needed and at random, and for
// Starlette at times with half a surrogate pair in it.
func (g *Generator) string(s string) string {
	out := []byte{'"'}
	for _, r := range s {
		short := strings.IndexRune("\"\\/\b\f\n\r\t", r)
		switch {
		case short >= 0 && g.IntN(2) == 0:
			out = append(out, '\\', `"\/bfnrt`[short])
		case r < 0x20 || r == '"' || r == '\\' || g.IntN(6) == 0:
			if r > 0xffff {
				r -= 0x10000
				out = fmt.Appendf(out, `\u%04x\u%04X`, 0xd800+r>>10, 0xdc00+r&0x3ff)
			} else {
				out = fmt.Appendf(out, `\u%04x`, r)
			}
		default:
			out = utf8.AppendRune(out, r)
		}
	}
	if g.starlette && g.IntN(12) == 0 {
		out = fmt.Appendf(out, `\u%04x`, 0xd800+g.IntN(0x800))
	}
	return string(append(out, '"'))
}

// GoValue returns a Go value for Values.Set.
func (g *Generator) GoValue(depth int) any {
	g.Values++
	kind := g.IntN(10)
	if depth == 0 {
		kind = g.IntN(8)
	}
	switch kind {
	case 0:
		return nil
	case 1:
		return g.IntN(2) == 0
	case 2:
		return int64(g.Uint64())
	case 3:
		return g.Uint64()
	case 4:
		return g.float()
	case 5:
		return (g.Float64() - 0.5) * math.Pow10(g.IntN(48)-24)
	case 6:
		return pick[json.Number](g, "0", "-1", "1180591620717411303424", "18446744073709551616", "-9223372036854775809")
	case 7:
		return g.text(12)
	case 8:
		list := make([]any, g.IntN(4))
		for i := range list {
			list[i] = g.GoValue(depth - 1)
		}
		return list
	default:
		m := map[string]any{}
		for range g.IntN(4) {
			m[g.text(4)] = g.GoValue(depth - 1)
		}
		return m
	}
}

// Filler returns n letters and digits.
func (g *Generator) Filler(n int) string {
	const letters = "abcdefghijklmnopqrstuvwxyz012345"
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[g.IntN(len(letters))]
	}
	return string(b)
}

func pick[T any](g *Generator, choices ...T) T { return choices[g.IntN(len(choices))] }
