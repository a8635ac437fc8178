// Package termtext makes text of unknown origin safe to show on a terminal.
//
// Nothing that it returns holds a control character (C0, DEL, C1), an escape
// sequence, a bidi control or another rune that does not print, but for the
// line feeds of its own layout and, where they are asked for, its own colours.
package termtext

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Escape returns s with each rune that does not print as \uXXXX, outside the
// basic plane as two of them, and each byte that is not UTF-8 as \ufffd.
func Escape(s string) string {
	if isSafe(s) {
		return s
	}
	return string(AppendEscaped(nil, s))
}

// AppendEscaped appends s, escaped as [Escape] says. JSON text stays JSON text
// of the same meaning: such runes stand only in its strings. Line feeds and
// tabs between its tokens would be escaped too, so it must be compact.
func AppendEscaped(dst []byte, s string) []byte {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				dst = appendEscape(dst, r)
				continue
			}
		}
		if unicode.IsPrint(r) {
			dst = utf8.AppendRune(dst, r)
		} else {
			dst = appendEscape(dst, r)
		}
	}
	return dst
}

func isSafe(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

func appendEscape(dst []byte, r rune) []byte {
	if r > 0xffff {
		high, low := utf16.EncodeRune(r)
		return appendEscape(appendEscape(dst, high), low)
	}
	dst = append(dst, `\u`...)
	for shift := 12; shift >= 0; shift -= 4 {
		dst = append(dst, "0123456789abcdef"[r>>shift&0xf])
	}
	return dst
}

// appendReadable appends the inside of a JSON string for a reader: escapes of
// letters as the letters, what does not print escaped, the rest as it stands.
func appendReadable(dst []byte, s string) []byte {
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			j := strings.IndexByte(s[i:], '\\')
			if j < 0 {
				j = len(s) - i
			}
			dst = AppendEscaped(dst, s[i:i+j])
			i += j
			continue
		}
		r, n := readEscape(s[i:])
		if n > 0 && r > unicode.MaxASCII && unicode.IsPrint(r) {
			dst = utf8.AppendRune(dst, r)
		} else {
			n = max(n, min(2, len(s)-i))
			dst = AppendEscaped(dst, s[i:i+n])
		}
		i += n
	}
	return dst
}

// readEscape reads \uXXXX, or two that make one rune; n is 0 if there is none.
func readEscape(s string) (r rune, n int) {
	if len(s) < 6 || s[1] != 'u' {
		return 0, 0
	}
	v, err := strconv.ParseUint(s[2:6], 16, 32)
	if err != nil {
		return 0, 0
	}
	r = rune(v)
	if utf16.IsSurrogate(r) {
		if len(s) >= 12 && s[6] == '\\' {
			if low, m := readEscape(s[6:12]); m == 6 {
				if both := utf16.DecodeRune(r, low); both != unicode.ReplacementChar {
					return both, 12
				}
			}
		}
		return r, 6
	}
	return r, 6
}
