package pyjson

import (
	"math"
	"math/bits"
	"strconv"
	"unicode/utf8"
)

// Scan reads text, which has to be one value and white space around it.
// depth is how many levels of arrays and objects may be open at once. value is
// the text without the white space.
//
// It accepts JSON (RFC 8259) in UTF-8, and the NaN, Infinity and -Infinity of
// json.loads.
func Scan(text string, depth int) (value string, f Flags, err error) {
	s := Scanner{Text: text}
	s.Space()
	start := s.Pos
	if !s.Value(depth) {
		return "", 0, s.Err()
	}
	end := s.Pos
	s.Space()
	if s.Pos != len(text) {
		return "", 0, ErrSyntax
	}
	return text[start:end], s.Flags, nil
}

// Scanner walks over Text from Pos. Its methods check what they pass; false
// means that something else is there, see [Scanner.Err].
type Scanner struct {
	Text  string
	Pos   int
	Flags Flags // of all values passed so far
	deep  bool
}

// Err is the reason for the false that a method has returned: [ErrDepth] or [ErrSyntax].
func (s *Scanner) Err() error {
	if s.deep {
		return ErrDepth
	}
	return ErrSyntax
}

// Peek returns the byte at Pos, 0 at the end.
func (s *Scanner) Peek() byte {
	if s.Pos < len(s.Text) {
		return s.Text[s.Pos]
	}
	return 0
}

// Space passes white space. It is small, to be inlined: mostly there is none, or one.
func (s *Scanner) Space() {
	for s.Pos < len(s.Text) && s.Text[s.Pos] <= ' ' && isSpace(s.Text[s.Pos]) {
		s.Pos++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// Value passes a value that opens at most depth levels of arrays and objects.
func (s *Scanner) Value(depth int) bool {
	switch c := s.Peek(); c {
	case '"':
		return s.String()
	case '{', '[':
		if depth <= 0 {
			s.deep = true
			return false
		}
		s.Pos++
		for first := true; ; first = false {
			// In ASCII ] follows [ and } follows { at the same distance.
			more, ok := s.Next(c+2, first)
			if !more {
				return ok
			}
			if c == '{' {
				if _, ok := s.Name(); !ok {
					return false
				}
			}
			if !s.Value(depth - 1) {
				return false
			}
		}
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	case 'N':
		s.Flags |= NonFinite
		return s.literal("NaN")
	case 'I':
		s.Flags |= NonFinite
		return s.literal("Infinity")
	default:
		return s.number()
	}
}

// Next passes what stands before an element or a member: white space, and a
// comma unless it is the first. At the end of the array or object, closed by
// end, it passes that, and more is false.
func (s *Scanner) Next(end byte, first bool) (more, ok bool) {
	s.Space()
	switch c := s.Peek(); {
	case c == end:
		s.Pos++
		return false, true
	case first:
		return true, true
	case c == ',':
		s.Pos++
		s.Space()
		return true, true
	}
	return false, false
}

// Name passes the name of a member, and the colon with its white space.
func (s *Scanner) Name() (quoted string, ok bool) {
	start := s.Pos
	if !s.String() {
		return "", false
	}
	quoted = s.Text[start:s.Pos]
	s.Space()
	if s.Peek() != ':' {
		return "", false
	}
	s.Pos++
	s.Space()
	return quoted, true
}

func (s *Scanner) literal(want string) bool {
	if len(s.Text)-s.Pos < len(want) || s.Text[s.Pos:s.Pos+len(want)] != want {
		return false
	}
	s.Pos += len(want)
	return true
}

// String passes a string.
func (s *Scanner) String() bool {
	if s.Peek() != '"' {
		return false
	}
	i := s.Pos + 1
	for {
		i = plain(s.Text, i)
		if i >= len(s.Text) {
			return false
		}
		switch c := s.Text[i]; {
		case c == '"':
			s.Pos = i + 1
			return true
		case c == '\\':
			r, n := unescape(s.Text, i)
			if n == 0 {
				return false
			}
			s.Flags |= Escape
			if isSurrogate(r) {
				s.Flags |= Surrogate
			}
			i += n
		case c >= utf8.RuneSelf:
			_, n := utf8.DecodeRuneInString(s.Text[i:])
			if n == 1 {
				return false
			}
			i += n
		default: // a control character
			return false
		}
	}
}

// plain returns the offset of the first byte from i on that ends a string or
// needs a closer look: a quote, a backslash, a control character, a byte
// outside ASCII. It looks at eight bytes at once.
func plain(text string, i int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(text); i += 8 {
		b := text[i : i+8]
		w := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
			uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
		// The high bit of a byte gets set where the subtraction borrows: below
		// the space, or zero after the exclusive or. A borrow can reach into
		// the bytes above, but the lowest hit is always a true one.
		hit := (w | (w - ones*' ') | ((w ^ ones*'"') - ones) | ((w ^ ones*'\\') - ones)) & highs
		if hit != 0 {
			return i + bits.TrailingZeros64(hit)/8
		}
	}
	for ; i < len(text); i++ {
		if c := text[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			break
		}
	}
	return i
}

// number passes a number, or -Infinity.
func (s *Scanner) number() bool {
	text, i := s.Text, s.Pos
	if i < len(text) && text[i] == '-' {
		if i++; i < len(text) && text[i] == 'I' {
			s.Flags |= NonFinite
			return s.literal("-Infinity")
		}
	}
	first := i
	i = digits(text, i)
	whole := i - first
	if whole == 0 || whole > 1 && text[first] == '0' {
		return false
	}
	float, exponent := false, 0
	if i < len(text) && text[i] == '.' {
		end := digits(text, i+1)
		if end == i+1 {
			return false
		}
		i, float = end, true
	}
	if i < len(text) && text[i]|0x20 == 'e' {
		i++
		if i < len(text) && (text[i] == '+' || text[i] == '-') {
			i++
		}
		end := digits(text, i)
		if end == i {
			return false
		}
		exponent, i, float = end-i, end, true
	}
	switch {
	case !float && whole > MaxIntDigits:
		s.Flags |= LongInt
	case !float && i-s.Pos > MaxIntDigits:
		s.Flags |= LongNegative
	// Cheap to tell, and below 1e200 in any case otherwise.
	case float && (exponent > 2 || whole > 100):
		if x, _ := strconv.ParseFloat(text[s.Pos:i], 64); math.IsInf(x, 0) {
			s.Flags |= Overflow
		}
	}
	s.Pos = i
	return true
}

func digits(text string, i int) int {
	for i < len(text) && '0' <= text[i] && text[i] <= '9' {
		i++
	}
	return i
}
