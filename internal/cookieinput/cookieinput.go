// Package cookieinput reads cookies out of what people paste: a bare value,
// name=value, the lines of a Cookie or Set-Cookie header, a cookie jar, a curl
// command, a HAR file.
//
// It undoes white space and quotes around a value, as Python's http.cookies
// does, and repairs nothing else: no percent-decoding, no guessing of cut
// content. It knows nothing of session formats, but that a long cookie NAME
// comes in chunks NAME-0, NAME-1 and so on: together they are a family.
package cookieinput

import (
	"encoding/base64"
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

	errTooMany = fmt.Errorf("%w: more than %d cookies", ErrTooLarge, maxCookies)
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

// Cookie is one cookie of the input. Its texts are hostile.
type Cookie struct {
	Name    string // empty for a bare value
	Value   string // without quotes and escapes
	Quoted  bool   // the value stood in double quotes
	Size    int    // of name and value as they stood there, in bytes
	Expunge bool   // a Set-Cookie with Max-Age=0: the browser is told to drop it

	// Group tells what belongs together: chunks of two groups are no session.
	// It is 0 where the input is one set. In a HAR file it is a message, since
	// Litestar encrypts anew in each response: 1 is the request of the first
	// entry, 2 its response. In a jar it is a host: each is an app of its own.
	// A family that a HAR file repeats is of the first group that has it.
	Group int
	// Host is where a cookie of a jar or a HAR file came from. It may be empty.
	Host string
	// Header is the size in bytes of the Cookie header that it stood in, from
	// the header's name to the last pair, or 0 if it stood in none. Several
	// headers of one request are one.
	Header int
	// Attributes are known of a Set-Cookie line, some of a jar.
	Attributes Attributes
}

// Same reports whether two cookies of a group are one that was sent twice.
func (c Cookie) Same(other Cookie) bool { return c.content() == other.content() }

// content is c without what only says where it stood.
func (c Cookie) content() Cookie {
	return Cookie{Name: c.Name, Value: c.Value, Quoted: c.Quoted, Size: c.Size, Expunge: c.Expunge}
}

// Merge returns c with what else is known of the same cookie: the larger
// header, and the attributes of whichever has some. Of two lines of a jar it
// takes those of the one that expires later.
func (c Cookie) Merge(other Cookie) Cookie {
	c.Header = max(c.Header, other.Header)
	if c.Attributes.yieldTo(other.Attributes) {
		c.Attributes = other.Attributes
	}
	return c
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
		added, err := parseLine(value, lineKind)
		if err != nil {
			return nil, err
		}
		if cookies = append(cookies, added...); len(cookies) > maxCookies {
			return nil, errTooMany
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

func parseLine(line string, kind Kind) ([]Cookie, error) {
	switch kind {
	case Value:
		return []Cookie{newCookie("", line)}, nil
	case Header:
		return parsePairs(line)
	case SetHeader:
		return []Cookie{parseSetCookie(line)}, nil
	}
	if inner, ok := cutQuotes(line); ok {
		if named, _ := cutHeader(inner); named == Auto && isValue(inner) {
			return []Cookie{newCookie("", line)}, nil
		}
		line = strings.TrimSpace(inner)
		if named, rest := cutHeader(line); named != Auto {
			return parseLine(rest, named)
		}
	}
	switch {
	case isSetCookie(line):
		return []Cookie{parseSetCookie(line)}, nil
	case !strings.Contains(line, ";") && isValue(line):
		return []Cookie{newCookie("", line)}, nil
	}
	return parsePairs(line)
}

// compressed is how the values of Flask and Django begin that are compressed:
// a dot, and zlib in base64.
const compressed = ".eJ"

// isValue reports whether s is a bare value rather than name=value. An = that
// another one, a dot or the end follows is base64 padding; but what is too
// short to be a session and ends in = is a name whose value is empty, and a
// value that is compressed begins with a dot.
func isValue(s string) bool {
	i := strings.IndexByte(s, '=')
	switch {
	case i < 0:
		return true
	case i+1 == len(s):
		return i >= unlikelyName || isPadded(s) || looksSecret(s[:i])
	case s[i+1] != '=' && strings.Trim(s[i+1:], "\"'`)]}>,.") == "": // quotes and brackets around
		return looksSecret(s[:i])
	}
	return s[i+1] == '=' || s[i+1] == '.' && !strings.HasPrefix(s[i+1:], compressed)
}

// isPadded reports whether s is padded base64 of as much as a key or a token has,
// with or without what marks a key: no name, and not to be shown as one.
func isPadded(s string) bool {
	const leastKey = 16
	s = strings.TrimPrefix(s, "base64:")
	raw, err := base64.StdEncoding.DecodeString(strings.NewReplacer("-", "+", "_", "/").Replace(s))
	return err == nil && len(raw) >= leastKey
}

var letterRun = pattern(`[A-Za-z0-9+/]{20,}`)

// looksSecret reports whether a text holds what looks like a random one, as a key
// in base64 does: many letters of both cases, and digits, in a row.
func looksSecret(s string) bool {
	run := letterRun().FindString(s)
	return strings.ContainsAny(run, "0123456789") && strings.ToLower(run) != run && strings.ToUpper(run) != run
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

func newCookie(name, value string) Cookie {
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	size := len(name) + len(value)
	value, quoted := codec.Unquote(value)
	return Cookie{Name: name, Value: value, Quoted: quoted, Size: size}
}

// CutNumber cuts the name of a chunk, session-12, into session and 12. The
// number is spelled as Python spells it.
func CutNumber(name string) (base string, number int, ok bool) {
	i := strings.LastIndexByte(name, '-')
	if i <= 0 {
		return name, 0, false
	}
	number, err := strconv.Atoi(name[i+1:])
	if err != nil || number < 0 || strconv.Itoa(number) != name[i+1:] {
		return name, 0, false
	}
	return name[:i], number, true
}

func cutQuotes(s string) (inner string, ok bool) {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s, false
	}
	return s[1 : len(s)-1], true
}
