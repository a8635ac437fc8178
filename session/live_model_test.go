package session_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/sessctl/sessctl/internal/compat"
)

// model is what the session must be. It shares no code with package codec.
type model struct {
	keys   []string          // in order
	values map[string]string // as json.dumps spells them
	n      int
	list   []string
}

func newModel() *model { return &model{values: map[string]string{}} }

func (m *model) String() string {
	var members []string
	for _, key := range m.keys {
		members = append(members, dumps(key)+": "+m.values[key])
	}
	return "{" + strings.Join(members, ", ") + "}"
}

func (m *model) set(key, value string) {
	if _, ok := m.values[key]; !ok {
		m.keys = append(m.keys, key)
	}
	m.values[key] = value
}

func (m *model) remove(key string) {
	switch key {
	case "n":
		m.n = 0
	case "list":
		m.list = nil
	}
	delete(m.values, key)
	m.keys = slices.DeleteFunc(m.keys, func(k string) bool { return k == key })
}

// step changes the model at random, and returns the request that makes the same
// change. Large sessions take up to five cookies.
func (m *model) step(g *compat.Generator, large bool) (route, body string) {
	switch kind := g.IntN(100); {
	case kind == 0 && len(m.keys) > 0:
		*m = *newModel()
		return "/clear", ""
	case kind < 30:
		m.n++
		m.set("n", fmt.Sprint(m.n))
		return "/count", ""
	case kind < 50:
		grow := len(m.list) == 0 || len(m.list) < 8 && g.IntN(2) == 0
		if grow {
			var value string
			body, value = randomValue(g, 1)
			m.list = append(m.list, value)
		} else {
			m.list = m.list[1:]
		}
		m.set("list", "["+strings.Join(m.list, ", ")+"]")
		if grow {
			return "/push", body
		}
		return "/shift", ""
	case kind < 60 && large:
		filler := dumps(g.Filler(g.IntN(11000)))
		m.set("filler", filler)
		return "/update", `{"filler": ` + filler + "}"
	case kind < 75 && len(m.keys) > 0:
		key := m.keys[g.IntN(len(m.keys))]
		m.remove(key)
		return "/remove", dumps(key)
	default:
		key := []string{"user", "é", "\U0001F600", `quote "`, "", "a.b", "K", "k"}[g.IntN(8)]
		body, value := randomValue(g, 2)
		m.set(key, value)
		return "/update", "{" + dumps(key) + ": " + body + "}"
	}
}

// randomValue returns a JSON value as the client sends it, and as json.dumps
// spells it.
func randomValue(g *compat.Generator, depth int) (sent, value string) {
	kinds := 8
	if depth == 0 {
		kinds = 6
	}
	switch g.IntN(kinds) {
	case 0:
		literal := []string{"null", "true", "false"}[g.IntN(3)]
		return literal, literal
	case 1:
		integer := fmt.Sprint(g.Int64() >> g.IntN(64))
		return integer, integer
	case 2: // beyond 64 bits
		integer := fmt.Sprintf("-%d%018d%018d", 1+g.IntN(1000), g.Uint64()%1e18, g.Uint64()%1e18)
		return integer, integer
	case 3:
		floats := [][2]string{
			{"1.0", "1.0"}, {"-0.0", "-0.0"}, {"1E16", "1e+16"}, {"0.00001", "1e-05"}, {"1.50", "1.5"}, {"100000000000000000000.0", "1e+20"},
			{"5e-324", "5e-324"}, {"1.7976931348623157e308", "1.7976931348623157e+308"}, {"0.1", "0.1"}, {"123456789012345680.0", "1.2345678901234568e+17"},
		}
		float := floats[g.IntN(len(floats))]
		return float[0], float[1]
	case 4:
		float := fmt.Sprintf("%d.25", g.IntN(1e6))
		return float, float
	case 5:
		var text []rune
		for range g.IntN(8) {
			text = append(text, []rune("abc é\u2028\U0001F600\"\\/\n\x01<&")[g.IntN(14)])
		}
		raw, err := json.Marshal(string(text)) // not dumps: é as it is, < escaped
		if err != nil {
			panic(err)
		}
		return string(raw), dumps(string(text))
	case 6:
		var sents, values []string
		for range g.IntN(3) {
			sent, value := randomValue(g, depth-1)
			sents, values = append(sents, sent), append(values, value)
		}
		return "[" + strings.Join(sents, ",") + "]", "[" + strings.Join(values, ", ") + "]"
	default:
		sent, value := randomValue(g, depth-1)
		return `{"é":` + sent + `,"b":1}`, `{"\u00e9": ` + value + `, "b": 1}`
	}
}

// dumps is json.dumps of a text.
func dumps(text string) string {
	out := []byte{'"'}
	for _, c := range utf16.Encode([]rune(text)) {
		switch i := strings.IndexRune("\"\\\b\f\n\r\t", rune(c)); {
		case i >= 0:
			out = append(out, '\\', `"\bfnrt`[i])
		case c < 0x20 || c > 0x7e:
			out = fmt.Appendf(out, `\u%04x`, c)
		default:
			out = append(out, byte(c))
		}
	}
	return string(append(out, '"'))
}
