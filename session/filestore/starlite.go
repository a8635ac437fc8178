package filestore

import (
	"bytes"
	"errors"
	"strconv"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/sessctl/sessctl/session"
)

// What Starlite writes is FileStorageMetadataWrapper, a named tuple of two texts,
// by msgspec. Its data.decode() fails on what is not UTF-8.

var errNotText = errors.New("filestore: data that is not UTF-8 cannot be stored in Starlite's layout")

func appendStarlite(dst, data []byte, expires time.Time) ([]byte, error) {
	if !utf8.Valid(data) {
		return nil, errNotText
	}
	dst = append(dst, `{"expires":"`...)
	dst = expires.AppendFormat(dst, "2006-01-02T15:04:05")
	if expires.Nanosecond() > 0 { // isoformat leaves them out when they are 0
		dst = expires.AppendFormat(dst, ".000000")
	}
	dst = append(dst, `","data":`...)
	dst = appendText(dst, data)
	return append(dst, '}'), nil
}

// appendText appends a JSON string as msgspec spells it: only what must be escaped
// is.
func appendText(dst, text []byte) []byte {
	dst = append(dst, '"')
	start := 0
	for i, c := range text {
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, text[start:i]...)
		start = i + 1
		if at := bytes.IndexByte([]byte("\"\\\b\f\n\r\t"), c); at >= 0 {
			dst = append(dst, '\\', `"\bfnrt`[at])
		} else {
			const digits = "0123456789abcdef"
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&0xf])
		}
	}
	return append(append(dst, text[start:]...), '"')
}

// parseStarlite reads what Python reads of it: both keys, no other, in any order,
// the last of a name. data may be a part of raw. Python also takes values that are
// no texts where a later key of the same name corrects them; nobody writes that.
func parseStarlite(raw []byte) (data []byte, expires time.Time, err error) {
	j := jsonText{rest: raw}
	hasExpires, hasData := false, false
	j.next('{')
	for !j.bad {
		key := j.text()
		j.next(':')
		value := j.text()
		switch string(key) {
		case "expires":
			t, rest, ok := parseDateTime(value, true, false)
			if !ok || len(rest) > 0 { // a zone: Python cannot compare it
				j.bad = true
			}
			expires, hasExpires = t, true
		case "data":
			data, hasData = value, true
		default:
			j.bad = true
		}
		if j.peek() == ',' {
			j.next(',')
			continue
		}
		break
	}
	j.next('}')
	if j.peek(); j.bad || len(j.rest) > 0 || !hasExpires || !hasData {
		return nil, time.Time{}, session.ErrDamaged
	}
	return data, expires, nil
}

// jsonText reads the few parts of JSON that are in a file.
type jsonText struct {
	rest []byte
	bad  bool
}

// peek passes over blanks and returns what follows.
func (j *jsonText) peek() byte {
	j.rest = bytes.TrimLeft(j.rest, " \t\r\n")
	if len(j.rest) == 0 {
		return 0
	}
	return j.rest[0]
}

func (j *jsonText) next(want byte) {
	if j.peek() != want || len(j.rest) == 0 {
		j.bad = true
		return
	}
	j.rest = j.rest[1:]
}

// text reads a string. Without escapes it is a part of what is read.
func (j *jsonText) text() []byte {
	j.next('"')
	if j.bad {
		return nil
	}
	var unescaped []byte
	start := 0
	for i := 0; i < len(j.rest); {
		switch c := j.rest[i]; {
		case c < 0x20:
			j.bad = true
			return nil
		case c == '"':
			text := j.rest[start:i:i]
			j.rest = j.rest[i+1:]
			if unescaped != nil {
				text = append(unescaped, text...)
			}
			j.bad = j.bad || !utf8.Valid(text)
			return text
		case c != '\\':
			i++
		default:
			if unescaped == nil {
				unescaped = make([]byte, 0, len(j.rest)) // what is left is no longer
			}
			r, n := unescape(j.rest[i:])
			if n == 0 {
				j.bad = true
				return nil
			}
			unescaped = utf8.AppendRune(append(unescaped, j.rest[start:i]...), r)
			i += n
			start = i
		}
	}
	j.bad = true
	return nil
}

// unescape returns the character of an escape and the escape's length, or 0. A
// surrogate that has no other is none, as to msgspec.
func unescape(text []byte) (r rune, n int) {
	if len(text) < 2 {
		return 0, 0
	}
	if text[1] != 'u' {
		if at := bytes.IndexByte([]byte(`"\/bfnrt`), text[1]); at >= 0 {
			return rune("\"\\/\b\f\n\r\t"[at]), 2
		}
		return 0, 0
	}
	r, ok := unescapeU(text)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	low, ok := unescapeU(text[6:])
	if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
		return 0, 0
	}
	return r, 12
}

func unescapeU(text []byte) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	for _, c := range text[2:6] {
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
			return 0, false
		}
	}
	n, err := strconv.ParseUint(string(text[2:6]), 16, 32)
	return rune(n), err == nil
}
