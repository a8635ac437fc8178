package pyjson

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Unquote returns what a string that [Scanner.String] has passed says. wellFormed is
// false if it holds a lone surrogate. Without escapes it shares quoted's memory.
func Unquote(quoted string) (s string, wellFormed bool) {
	body := quoted[1 : len(quoted)-1]
	if strings.IndexByte(body, '\\') < 0 {
		return body, true
	}
	var b strings.Builder
	b.Grow(len(body))
	wellFormed = true
	for {
		i := strings.IndexByte(body, '\\')
		if i < 0 {
			b.WriteString(body)
			return b.String(), wellFormed
		}
		b.WriteString(body[:i])
		r, n := unescape(body, i)
		if isSurrogate(r) {
			wellFormed = false
			b.Write(appendSurrogate(nil, r))
		} else {
			b.WriteRune(r)
		}
		body = body[i+max(n, 1):]
	}
}

// unescape reads the escape at text[i], which is a backslash; a surrogate pair
// counts as one. It returns how long it is, 0 if it is none.
func unescape(text string, i int) (r rune, n int) {
	if i+1 >= len(text) {
		return 0, 0
	}
	switch c := text[i+1]; c {
	case '"', '\\', '/':
		return rune(c), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	}
	r, ok := hex4(text, i)
	if !ok {
		return 0, 0
	}
	if isSurrogate(r) {
		if low, ok := hex4(text, i+6); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return pair, 12
			}
		}
	}
	return r, 6
}

// hex4 reads \uXXXX at text[i].
func hex4(text string, i int) (r rune, ok bool) {
	if len(text)-i < 6 || text[i] != '\\' || text[i+1] != 'u' {
		return 0, false
	}
	for _, c := range []byte(text[i+2 : i+6]) {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

func isSurrogate(r rune) bool { return 0xd800 <= r && r < 0xe000 }

// appendSurrogate appends a lone surrogate in WTF-8, which [utf8.AppendRune]
// would replace.
func appendSurrogate(dst []byte, r rune) []byte {
	return append(dst, 0xe0|byte(r>>12), 0x80|byte(r>>6)&0x3f, 0x80|byte(r)&0x3f)
}

// decodeRune is [utf8.DecodeRuneInString] for WTF-8. Invalid bytes have size 1.
func decodeRune(s string) (r rune, size int) {
	r, size = utf8.DecodeRuneInString(s)
	if size == 1 && len(s) >= 3 && s[0] == 0xed && s[1]&0xe0 == 0xa0 && s[2]&0xc0 == 0x80 {
		return 0xd000 | rune(s[1]&0x3f)<<6 | rune(s[2]&0x3f), 3
	}
	return r, size
}

// AppendString appends s, quoted and spelled as d does. s is UTF-8 or WTF-8;
// other bytes become U+FFFD. Lone surrogates are escaped in either dialect,
// though msgspec writes none: see [Dialect.Refused].
func AppendString(dst []byte, s string, d Dialect) []byte {
	const hex = "0123456789abcdef"
	u16 := func(dst []byte, r rune) []byte {
		return append(dst, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
	}
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		end := plain(s, i)
		if d == Dumps { // to which DEL is not printable
			if del := strings.IndexByte(s[i:end], 0x7f); del >= 0 {
				end = i + del
			}
		}
		dst = append(dst, s[i:end]...)
		if i = end; i == len(s) {
			break
		}
		r, n := decodeRune(s[i:])
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\b':
			dst = append(dst, '\\', 'b')
		case r == '\f':
			dst = append(dst, '\\', 'f')
		case r == '\n':
			dst = append(dst, '\\', 'n')
		case r == '\r':
			dst = append(dst, '\\', 'r')
		case r == '\t':
			dst = append(dst, '\\', 't')
		case r < ' ' || isSurrogate(r):
			dst = u16(dst, r)
		case d == Msgspec:
			dst = utf8.AppendRune(dst, r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			dst = u16(u16(dst, high), low)
		default:
			dst = u16(dst, r)
		}
		i += n
	}
	return append(dst, '"')
}
