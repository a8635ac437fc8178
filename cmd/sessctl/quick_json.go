package main

import (
	"encoding/binary"
	"math/bits"
	"unicode"
	"unicode/utf8"

	"github.com/sessctl/sessctl/internal/termtext"
)

// quickDepth is how deep appendObject follows: the bits of a word are its stack.
const quickDepth = 64

// appendObject appends the JSON object that text holds as a record shows it:
// without white space outside of strings, and with what does not print escaped.
// It is one pass instead of the many that codec, encoding/json and termtext take,
// and a quarter of a microsecond for a session of 180 bytes.
//
// It reports false, and what it has appended is worth nothing, for what is no
// JSON object, and for what is rare or has a finding: half a surrogate pair, NaN,
// a number with an exponent or of more than quickDigits digits, what is nested
// deeper than quickDepth.
//
// The byte behind text is overwritten if its capacity has room for one.
func appendObject(dst, text []byte) ([]byte, bool) {
	c := compacter{text: append(text, 0), out: dst} // an end that fits nowhere
	i := c.space(0)
	if c.text[i] != '{' {
		return dst, false
	}
	if i = c.value(i); i < 0 || c.space(i) != len(text) { // there, space has moved all to out
		return dst, false
	}
	return c.out, true
}

// compacter walks over text. Its methods are given where something has to be,
// and return where it ends, or -1 if it is not there.
type compacter struct {
	text []byte // ends in a byte that is no JSON
	out  []byte // all that is to be kept of text[:done]
	done int
}

// value passes a value with all that it holds.
func (c *compacter) value(i int) int {
	objects, depth := uint64(0), 0 // of the arrays and objects that are open a bit each
	for {
		switch c.text[i] {
		case '"':
			i = c.string(i)
		case '{', '[':
			if depth == quickDepth {
				return -1
			}
			depth++
			objects <<= 1
			end := byte(']')
			if c.text[i] == '{' {
				objects |= 1
				end = '}'
			}
			i = c.space(i + 1)
			if c.text[i] == end {
				break
			}
			if end == '}' {
				if i = c.name(i); i < 0 {
					return -1
				}
			}
			continue
		case 't':
			i = c.literal(i, "true")
		case 'f':
			i = c.literal(i, "false")
		case 'n':
			i = c.literal(i, "null")
		default:
			i = c.number(i)
		}
		if i < 0 {
			return -1
		}
		for {
			if depth == 0 {
				return i
			}
			i = c.space(i)
			isObject := objects&1 != 0
			switch next := c.text[i]; {
			case next == ',':
				i = c.space(i + 1)
				if isObject {
					i = c.name(i)
				}
			case next == '}' && isObject, next == ']' && !isObject:
				i++
				objects >>= 1
				depth--
				continue
			default:
				return -1
			}
			break
		}
		if i < 0 {
			return -1
		}
	}
}

// name passes the name of a member, and the colon.
func (c *compacter) name(i int) int {
	if c.text[i] != '"' {
		return -1
	}
	if i = c.string(i); i < 0 {
		return -1
	}
	if i = c.space(i); c.text[i] != ':' {
		return -1
	}
	return c.space(i + 1)
}

// space passes white space, and drops it.
func (c *compacter) space(i int) int {
	if c.text[i] > ' ' {
		return i
	}
	return c.drop(i)
}

func (c *compacter) drop(i int) int {
	c.out = append(c.out, c.text[c.done:i]...)
	for c.text[i] == ' ' || c.text[i] == '\n' || c.text[i] == '\t' || c.text[i] == '\r' {
		i++
	}
	c.done = i
	return i
}

func (c *compacter) literal(i int, want string) int {
	if end := i + len(want); end <= len(c.text) && string(c.text[i:end]) == want {
		return end
	}
	return -1
}

// string passes a string.
func (c *compacter) string(i int) int {
	for i = plain(c.text, i+1); c.text[i] != '"'; i = plain(c.text, i) {
		if c.text[i] == '\\' {
			i = c.escape(i)
		} else {
			i = c.rune(i)
		}
		if i < 0 {
			return -1
		}
	}
	return i + 1
}

// plain returns the offset of the first byte from i on that is not printable
// ASCII, or is a quote or a backslash: there is one. It looks at eight bytes at
// once, see pyjson.
func plain(text []byte, i int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(text); i += 8 {
		w := binary.LittleEndian.Uint64(text[i:])
		hit := (w | (w - ones*' ') | ((w ^ ones*'"') - ones) | ((w ^ ones*'\\') - ones) | ((w ^ ones*0x7f) - ones)) & highs
		if hit != 0 {
			return i + bits.TrailingZeros64(hit)/8
		}
	}
	for text[i] >= ' ' && text[i] < 0x7f && text[i] != '"' && text[i] != '\\' {
		i++
	}
	return i
}

// rune passes a character outside of printable ASCII.
func (c *compacter) rune(i int) int {
	r, size := utf8.DecodeRune(c.text[i:])
	switch {
	case r < ' ', r == utf8.RuneError && size == 1:
		return -1
	case !unicode.IsPrint(r):
		c.out = append(c.out, c.text[c.done:i]...)
		c.out = termtext.AppendEscaped(c.out, string(c.text[i:i+size]))
		c.done = i + size
	}
	return i + size
}

// escape passes an escape, or the two that make one character.
func (c *compacter) escape(i int) int {
	switch c.text[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
	default:
		return -1
	}
	const isHigh, isLow = 0xd800 >> 10, 0xdc00 >> 10
	unit, i := c.unit(i)
	switch unit >> 10 {
	case isLow:
		return -1
	case isHigh:
		if i < 0 || c.text[i] != '\\' || c.text[i+1] != 'u' {
			return -1
		}
		if unit, i = c.unit(i); unit>>10 != isLow {
			return -1
		}
	}
	return i
}

// unit passes \uXXXX, and returns what it stands for.
func (c *compacter) unit(i int) (unit, next int) {
	next = i + len(`\uXXXX`)
	if next > len(c.text) {
		return 0, -1
	}
	for _, digit := range c.text[i+2 : next] {
		switch {
		case '0' <= digit && digit <= '9':
			digit -= '0'
		case 'a' <= digit|0x20 && digit|0x20 <= 'f':
			digit = digit | 0x20 - 'a' + 10
		default:
			return 0, -1
		}
		unit = unit<<4 | int(digit)
	}
	return unit, next
}

// quickDigits is far below what any reader refuses: Python has a limit of 4300
// on integers, msgspec that of float64.
const quickDigits = 100

// number passes a number without exponent.
func (c *compacter) number(i int) int {
	if c.text[i] == '-' {
		i++
	}
	start := i
	i = digits(c.text, i)
	if whole := i - start; whole == 0 || whole > quickDigits || whole > 1 && c.text[start] == '0' {
		return -1
	}
	if c.text[i] == '.' {
		start = i + 1
		if i = digits(c.text, start); i == start {
			return -1
		}
	}
	if c.text[i]|0x20 == 'e' {
		return -1
	}
	return i
}

func digits(text []byte, i int) int {
	for text[i]-'0' <= 9 {
		i++
	}
	return i
}
