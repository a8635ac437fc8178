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

	"github.com/sessctl/sessctl/codec"
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
	// ErrNoHeader: headers, but no cookie among them.
	ErrNoHeader = errors.New("no Cookie or Set-Cookie line in these headers")
	// ErrEmptyHeader: the only Cookie or Set-Cookie lines hold nothing.
	ErrEmptyHeader = errors.New("the Cookie or Set-Cookie line is empty")
	// ErrNotText: not UTF-8, but UTF-16 or a file of another kind.
	ErrNotText = errors.New("the input is not text in UTF-8")
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
	Jar                   // a Netscape cookie jar, as curl and browser add-ons write it
	Curl                  // curl commands, as browsers copy them; never run
	HAR                   // a HAR file, as browsers export it
)

// Cookie is one cookie of the input.
type Cookie struct {
	Name    string // empty for a bare value
	Value   string // without quotes and escapes
	Quoted  bool   // the value stood in double quotes
	Size    int    // of name and value as they stood there, in bytes
	Expunge bool   // a Set-Cookie with Max-Age=0: the browser is told to drop it
}

// Deletion reports whether the cookie says that there is no session: Python
// clears with the value null.
func (c Cookie) Deletion() bool { return c.Expunge || c.Value == "" || c.Value == "null" }

// ShortestValue is the length of the shortest session cookie: {} in base64, a
// dot and a signature.
const ShortestValue = 32

// unlikelyName is the length from which on what stands before an = is no
// cookie's name. A whole session cookie that ends in padding is longer.
const unlikelyName = 64

// Parse returns the cookies of text in the order in which they stand there,
// never more than it has lines and semicolons.
func Parse(text string, kind Kind) ([]Cookie, error) {
	text = strings.TrimPrefix(text, "\ufeff") // Windows editors
	if f, ok := formOf(text, kind); ok {
		return f.read(text)
	}
	headers, traced := false, false
	if kind != Value {
		text, headers = cutBody(text)
		traced = isTrace(text)
		headers = headers || traced || hasHeader(text)
	}
	switch {
	case len(text) > MaxInput:
		return nil, fmt.Errorf("%w: more than %d MiB", ErrTooLarge, MaxInput>>20)
	case strings.HasPrefix(text, "\xff\xfe"), strings.HasPrefix(text, "\xfe\xff"), !traced && strings.Contains(text, "\x00"):
		return nil, ErrNotText
	case strings.TrimSpace(text) == "":
		return nil, ErrEmpty
	}
	var cookies []Cookie
	number, found, empty := 0, false, false
	for line := range strings.Lines(text) {
		number++
		lineKind, value := kind, strings.TrimSpace(line)
		if headers {
			// Among other headers (curl -si, curl -v) only these lines count.
			named, rest := cutHeader(value)
			if named == Auto || traced && !isTrace(value) {
				continue
			}
			found, empty = true, empty || rest == ""
			if kind != Auto && named != kind {
				continue
			}
			lineKind, value = named, rest
		}
		if len(line) > MaxLine {
			return nil, fmt.Errorf("%w: line %d is longer than %d MiB", ErrTooLarge, number, MaxLine>>20)
		}
		if value == "" {
			continue
		}
		cookies = append(cookies, parseLine(value, lineKind)...)
		if len(cookies) > maxCookies {
			return nil, fmt.Errorf("%w: more than %d cookies", ErrTooLarge, maxCookies)
		}
	}
	switch {
	case headers && !found:
		return nil, ErrNoHeader
	case len(cookies) == 0 && empty:
		return nil, ErrEmptyHeader
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
		return newCookie("", pair), len(pair) >= ShortestValue
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

// isSetCookie reports whether all that stands behind the first pair of a line
// without a header's name are attributes. Some cookies are called path.
func isSetCookie(s string) bool {
	_, attributes, ok := strings.Cut(s, ";")
	known := false
	for attribute := range strings.SplitSeq(attributes, ";") {
		name, _, _ := strings.Cut(attribute, "=")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "path", "max-age", "expires", "httponly", "samesite", "secure", "domain", "partitioned", "priority":
			known = true
		case "": // Starlette before 0.18 clears with ;;
		default:
			return false
		}
	}
	return ok && known
}

func newCookie(name, value string) Cookie {
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	size := len(name) + len(value)
	value, quoted := codec.Unquote(value)
	return Cookie{Name: name, Value: value, Quoted: quoted, Size: size}
}

func cutQuotes(s string) (inner string, ok bool) {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s, false
	}
	return s[1 : len(s)-1], true
}
