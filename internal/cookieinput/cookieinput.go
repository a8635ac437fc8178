// Package cookieinput reads cookies out of what people paste: a bare value,
// name=value, the lines of a Cookie or Set-Cookie header.
//
// It undoes white space and quotes around a value, as Python's http.cookies
// does, and repairs nothing else: no percent-decoding, no guessing of cut
// content. It knows nothing of session formats.
package cookieinput

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Limits on what is read. The command's contract sets the first; the second
// holds a browser's whole jar many times over; the third is what net/http
// takes in one request by default.
const (
	MaxLine    = 1 << 20
	MaxInput   = 8 << 20
	maxCookies = 3000
)

var (
	// ErrEmpty: nothing but white space.
	ErrEmpty = errors.New("no input")
	// ErrTooLarge: above one of the limits of this package.
	ErrTooLarge = errors.New("input is too large")
)

// Kind is a form of input.
type Kind int

const (
	Auto      Kind = iota // told by shape, line by line
	Value                 // each line is a value, whatever it holds
	Header                // each line is a Cookie header, its name optional
	SetHeader             // each line is a Set-Cookie header, its name optional
)

// Cookie is one cookie of the input.
type Cookie struct {
	Name    string // empty for a bare value
	Value   string // without quotes and escapes
	Quoted  bool   // the value stood in double quotes
	Expunge bool   // a Set-Cookie with Max-Age=0: the browser is told to drop it
}

// Deletion reports whether the cookie says that there is no session: Python
// clears with the value null.
func (c Cookie) Deletion() bool { return c.Expunge || c.Value == "" || c.Value == "null" }

// shortestValue is the length of the shortest session cookie: {} in base64, a
// dot and a signature.
const shortestValue = 32

// unlikelyName is the length from which on what stands before an = is no
// cookie's name. A whole session cookie that ends in padding is longer.
const unlikelyName = 64

// Parse returns the cookies of text in the order in which they stand there,
// never more than it has lines and semicolons.
func Parse(text string, kind Kind) ([]Cookie, error) {
	if len(text) > MaxInput {
		return nil, fmt.Errorf("%w: more than %d MiB", ErrTooLarge, MaxInput>>20)
	}
	text = strings.TrimPrefix(text, "\ufeff") // Windows editors
	if strings.TrimSpace(text) == "" {
		return nil, ErrEmpty
	}
	headers := kind != Value && hasHeader(text)
	var cookies []Cookie
	number := 0
	for line := range strings.Lines(text) {
		number++
		if len(line) > MaxLine {
			return nil, fmt.Errorf("%w: line %d is longer than %d MiB", ErrTooLarge, number, MaxLine>>20)
		}
		line = strings.TrimSpace(line)
		lineKind := kind
		if headers {
			// Among other headers (curl -si, curl -v) only these lines count.
			named, rest := cutHeader(line)
			if named == Auto || kind != Auto && named != kind {
				continue
			}
			lineKind, line = named, rest
		}
		if line == "" {
			continue
		}
		cookies = append(cookies, parseLine(line, lineKind)...)
		if len(cookies) > maxCookies {
			return nil, fmt.Errorf("%w: more than %d cookies", ErrTooLarge, maxCookies)
		}
	}
	return cookies, nil
}

func parseLine(line string, kind Kind) []Cookie {
	switch kind {
	case Value:
		return []Cookie{newCookie("", line)}
	case Header:
		return parsePairs(line)
	case SetHeader:
		return []Cookie{parseSetCookie(line)}
	}
	if inner, ok := cutQuotes(line); ok {
		if named, _ := cutHeader(inner); named == Auto && isValue(inner) {
			return []Cookie{newCookie("", line)}
		}
		line = strings.TrimSpace(inner)
		if named, rest := cutHeader(line); named != Auto {
			return parseLine(rest, named)
		}
	}
	switch {
	case isSetCookie(line):
		return []Cookie{parseSetCookie(line)}
	case strings.Contains(line, ";"):
		return parsePairs(line)
	case isValue(line):
		return []Cookie{newCookie("", line)}
	}
	name, value, _ := strings.Cut(line, "=")
	return []Cookie{newCookie(name, value)}
}

// isValue reports whether s is a bare value rather than name=value. An = that
// another one, a dot or the end follows is base64 padding; but what is too
// short to be a session and ends in = is a name whose value is empty.
func isValue(s string) bool {
	i := strings.IndexByte(s, '=')
	switch {
	case i < 0:
		return true
	case i+1 == len(s):
		return i >= unlikelyName
	}
	return s[i+1] == '=' || s[i+1] == '.'
}

// parsePairs reads the value of a Cookie header.
func parsePairs(s string) []Cookie {
	var cookies []Cookie
	for pair := range strings.SplitSeq(s, ";") {
		if c, ok := parsePair(pair); ok {
			cookies = append(cookies, c)
		}
	}
	return cookies
}

// parsePair leaves out what has no name, unless it is as long as a session
// cookie: then somebody pasted a value where a pair belongs.
func parsePair(pair string) (c Cookie, ok bool) {
	pair = strings.TrimSpace(pair)
	if isValue(pair) {
		return newCookie("", pair), len(pair) >= shortestValue
	}
	name, value, _ := strings.Cut(pair, "=")
	return newCookie(name, value), true
}

// parseSetCookie reads the value of a Set-Cookie header.
func parseSetCookie(s string) Cookie {
	pair, attributes, _ := strings.Cut(s, ";")
	c, ok := parsePair(pair)
	if !ok {
		c = newCookie("", pair)
	}
	for attribute := range strings.SplitSeq(attributes, ";") {
		name, value, _ := strings.Cut(attribute, "=")
		if strings.EqualFold(strings.TrimSpace(name), "max-age") {
			// RFC 6265, 5.2.2: zero and less is the past; what is no number is ignored; the last counts.
			if seconds, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64); err == nil {
				c.Expunge = seconds <= 0
			}
		}
	}
	return c
}

// isSetCookie reports whether a line without a header's name has attributes.
func isSetCookie(s string) bool {
	_, attributes, _ := strings.Cut(s, ";")
	for attribute := range strings.SplitSeq(attributes, ";") {
		name, _, _ := strings.Cut(attribute, "=")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "path", "max-age", "expires", "httponly", "samesite", "secure", "domain", "partitioned":
			return true
		}
	}
	return false
}

func hasHeader(text string) bool {
	for line := range strings.Lines(text) {
		if kind, _ := cutHeader(strings.TrimSpace(line)); kind != Auto {
			return true
		}
	}
	return false
}

// cutHeader cuts a header's name off, and what curl -v writes before it. The
// kind is Auto when there is none.
func cutHeader(line string) (Kind, string) {
	bare := line
	if strings.HasPrefix(line, "< ") || strings.HasPrefix(line, "> ") {
		bare = strings.TrimSpace(line[2:])
	}
	name, rest, ok := strings.Cut(bare, ":")
	if !ok {
		return Auto, line
	}
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "cookie":
		return Header, strings.TrimSpace(rest)
	case "set-cookie":
		return SetHeader, strings.TrimSpace(rest)
	}
	return Auto, line
}

func newCookie(name, value string) Cookie {
	value, quoted := unquote(strings.TrimSpace(value))
	return Cookie{Name: strings.TrimSpace(name), Value: value, Quoted: quoted}
}

func cutQuotes(s string) (inner string, ok bool) {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s, false
	}
	return s[1 : len(s)-1], true
}

// unquote undoes what Python's http.cookies does to a value that holds more
// than letters and digits: double quotes around it, and \" \\ \ooo in them.
func unquote(s string) (value string, quoted bool) {
	s, quoted = cutQuotes(s)
	if !quoted || !strings.Contains(s, `\`) {
		return s, quoted
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '\\' || i+1 == len(s):
			b.WriteByte(s[i])
		case i+3 < len(s) && '0' <= s[i+1] && s[i+1] <= '3' && isOctal(s[i+2]) && isOctal(s[i+3]):
			b.WriteRune(rune(s[i+1]-'0')<<6 | rune(s[i+2]-'0')<<3 | rune(s[i+3]-'0'))
			i += 3
		default:
			b.WriteByte(s[i+1])
			i++
		}
	}
	return b.String(), true
}

func isOctal(c byte) bool { return '0' <= c && c <= '7' }
