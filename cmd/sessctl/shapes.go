package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/anatomy"
	"github.com/sessctl/sessctl/internal/cookieinput"
)

// anyForm is what to do about an input that is nothing known.
const anyForm = "give a cookie's value, name=value, a Cookie: header, Set-Cookie: lines, a jar, a curl command or a HAR file: as an argument, @FILE or on standard input"

// shapes are things that people take for a session cookie, and the findings
// that say so.
var shapes = []struct {
	is      func(c cookieinput.Cookie) bool
	code    string
	detail  string
	foreign bool // it is somebody else's
}{
	{inSingleQuotes, "single-quotes", "", false},
	{func(c cookieinput.Cookie) bool { return isJWT(c.Value) }, "jwt", "", true},
	{isFlask, "flask", "", true},
	{isDjango, "django", "", true},
	{isSessionID, "session-id", "", true},
	{startsSigned, "cut", "it starts like a signed cookie, but the signature is not there", false},
	{isLongBase64, "cut", "it may be an encrypted cookie, but the expiry is not there", false},
}

// findShape says what a cookie is that is none of ours, or damaged.
func (r *result) findShape(c cookieinput.Cookie) {
	switch {
	case r.isAuthentic():
		return
	case r.outcome == outcomeNotAuthentic || r.outcome == outcomeUnverified:
		if isFlask(c) { // without padding they look alike, but Starlette's JSON has blanks
			r.find("flask", "")
		}
		return
	case r.outcome != outcomeUnknown && r.outcome != outcomeMalformed:
		return
	}
	for _, shape := range shapes {
		if !shape.is(c) {
			continue
		}
		r.find(shape.code, shape.detail)
		if shape.foreign {
			r.outcome, r.format = outcomeUnknown, 0
		}
		return
	}
}

func inSingleQuotes(c cookieinput.Cookie) bool {
	return strings.HasPrefix(c.Name, "'") || strings.HasPrefix(c.Value, "'") || strings.HasSuffix(c.Value, "'")
}

// isJWT reports whether the first two of three parts are JSON objects.
func isJWT(value string) bool {
	parts := strings.Split(value, ".")
	return len(parts) == 3 && strings.HasPrefix(parts[0], "eyJ") && strings.HasPrefix(parts[1], "eyJ")
}

// isFlask knows Flask's cookies by what sets them apart from Starlette's:
// compact JSON in base64 for URLs without padding, or compressed.
func isFlask(c cookieinput.Cookie) bool {
	if strings.HasPrefix(c.Value, ".eJ") {
		return strings.Count(c.Value, ".") == 3
	}
	parts := strings.Split(c.Value, ".")
	if len(parts) != 3 || len(parts[2]) != base64.RawURLEncoding.EncodedLen(20) {
		return false
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[0])
	var compact bytes.Buffer
	return err == nil && bytes.HasPrefix(text, []byte("{")) && json.Compact(&compact, text) == nil && bytes.Equal(text, compact.Bytes())
}

// isDjango knows the cookies of Django's signed_cookies backend: base64, seconds
// in base 62 and an HMAC-SHA256, with colons between them.
func isDjango(c cookieinput.Cookie) bool {
	parts := strings.Split(c.Value, ":")
	return len(parts) == 3 && len(parts[1]) == 6 && len(parts[2]) == base64.RawURLEncoding.EncodedLen(32) &&
		strings.Trim(strings.TrimPrefix(parts[0], ".")+parts[1]+parts[2], urlAlphabet) == ""
}

// isSessionID knows what secrets.token_hex makes.
func isSessionID(c cookieinput.Cookie) bool {
	n := len(c.Value)
	return 32 <= n && n <= 128 && n%2 == 0 && strings.Trim(c.Value, "0123456789abcdef") == ""
}

func startsSigned(c cookieinput.Cookie) bool {
	return strings.HasPrefix(c.Value, "eyJ") && !strings.Contains(c.Value, ".")
}

// isLongBase64 takes what is longer than an id or a token, and lacks what stands
// at the end of an encrypted cookie.
func isLongBase64(c cookieinput.Cookie) bool {
	return len(c.Value) > 128 && !(holdsMarker(c.Value) && bytes.HasSuffix(lenient(c.Value), []byte("}"))) && strings.Trim(c.Value, base64Alphabet) == ""
}

const (
	alphanumeric   = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	base64Alphabet = alphanumeric + "+/="
	urlAlphabet    = alphanumeric + "-_"
)

// holdsMarker reports whether value decodes, as far as it does, to what an
// encrypted cookie has in front of its expiry.
func holdsMarker(value string) bool { return bytes.Contains(lenient(value), []byte(anatomy.Marker)) }

// lenient decodes base64 in either alphabet, up to the first error.
func lenient(value string) []byte {
	standard := strings.NewReplacer("-", "+", "_", "/").Replace(unescape(value))
	raw, _ := base64.RawStdEncoding.DecodeString(strings.TrimRight(standard, "="))
	return raw
}

// isWrapped reports whether the cookies are one whose value a line end cut into
// pieces.
func isWrapped(cookies []cookieinput.Cookie) bool {
	if len(cookies) < 2 {
		return false
	}
	var b strings.Builder
	for i, c := range cookies {
		if i > 0 && c.Name != "" {
			return false
		}
		if _, err := codec.ParseUnverified(c.Value); err == nil {
			return false
		}
		b.WriteString(c.Value)
	}
	_, err := codec.ParseUnverified(b.String())
	return err == nil
}
