package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/cookieinput"
)

// finding is something about a cookie that a person should know. Its code is
// stable: scripts match it.
type finding struct {
	Level   string `json:"level"`
	Code    string `json:"code"`
	Message string `json:"message"`
	hint    string
}

const (
	levelInfo = "info" // normal, but good to know
	levelWarn = "warn" // likely to be, or to become, a problem
)

// findingKinds lists every finding there is: what it says, and what to do.
var findingKinds = []struct{ code, level, says, do string }{
	{"quoted-value", levelInfo, "the value stood in double quotes", ""},
	{"percent-encoded", levelWarn, "the value is percent-encoded", "Litestar undoes it, Starlette does not: find what encodes the cookie on its way"},
	{"blank-in-value", levelWarn, "the value holds blanks", "a + became a blank: take the cookie from the header itself, not from a decoded form"},
	{"elided-value", levelWarn, "the value holds an ellipsis: whoever showed it cut it", "copy the whole value"},
	{"duplicate-cookie", levelWarn, "the same name was sent with different values", "the app reads the last one; the other has another Path or Domain: clear it"},
	{"duplicate-chunk", levelWarn, "a chunk was sent with different values; the last one counts", "an old one has another Path or Domain: clear it"},
	{"missing-chunk", levelWarn, "a chunk is missing", "a browser or proxy dropped it: look at the sizes of the cookies and of the Cookie header"},
	{"stale-bare", levelWarn, "a cookie without number stands beside numbered chunks", "one of the two is a left-over: Starlite and Litestar up to 2.8.2 log the user out over it; clear it"},
	{"text-sorted-chunks", levelWarn, "there are more than 10 chunks", "Litestar sorts session-10 before session-2 and cannot read them: store less in the session"},
	{"cookie-too-large", levelWarn, "name and value are larger than the 4096 bytes that browsers keep", "store less in the session"},
	{"no-timestamp", levelInfo, "the cookie has no timestamp, as of Starlette 0.6.2 to 0.7: it never expires", ""},
	{"not-json", levelWarn, "the session is JSON to Python alone: it holds NaN, Infinity or half a surrogate pair", "other languages cannot read it"},
	{"unreadable", levelWarn, "the framework itself cannot read this session", "it answers every request with an error until the cookie is cleared"},
	{"text-key", levelWarn, "the AES key is printable text, which holds fewer random bits than its length says", "for a new key take 32 random bytes"},
	{"short-key", levelWarn, "the AES key is shorter than the 32 bytes that are recommended", "random bytes make it strong enough; for a new one take 32"},
}

// newFinding returns the finding of a code, which the table must hold. Detail
// may be empty.
func newFinding(code, detail string) finding {
	for _, kind := range findingKinds {
		if kind.code == code {
			f := finding{Level: kind.level, Code: code, Message: kind.says, hint: kind.do}
			if detail != "" {
				f.Message += ": " + detail
			}
			return f
		}
	}
	panic("no such finding: " + code)
}

// helpFindings lists the findings for help findings.
func helpFindings() string {
	var b strings.Builder
	b.WriteString("A finding is what a person should know of a cookie besides its outcome. Its code\nis stable; warn is likely to be, or to become, a problem.\n")
	for _, kind := range findingKinds {
		fmt.Fprintf(&b, "\n  %s (%s)\n    %s\n", kind.code, kind.level, kind.says)
		if kind.do != "" {
			fmt.Fprintf(&b, "    → %s\n", kind.do)
		}
	}
	return b.String()
}

// findInCookie looks at a cookie as it was sent.
func (r *result) findInCookie(c cookieinput.Cookie) {
	if c.Quoted {
		r.find("quoted-value", "")
	}
	if isPercentEncoded(c.Value) {
		r.find("percent-encoded", "")
	}
	if lostPlus(c.Value) {
		r.find("blank-in-value", "")
	}
	if strings.Contains(c.Value, "…") || strings.Contains(c.Value, "...") {
		r.find("elided-value", "")
	}
}

func (r *result) findSize(c cookieinput.Cookie) {
	if c.Size > codec.MaxCookieSize {
		r.find("cookie-too-large", strconv.Itoa(c.Size))
	}
}

func isPercentEncoded(value string) bool {
	_, rest, ok := strings.Cut(value, "%")
	if !ok || len(rest) < 2 {
		return false
	}
	_, err := strconv.ParseUint(rest[:2], 16, 8)
	return err == nil
}

// lostPlus tells blanks in a session cookie from those in a text.
func lostPlus(value string) bool {
	return len(value) >= cookieinput.ShortestValue && strings.Contains(value, " ") &&
		strings.Trim(value, base64Alphabet+"-_. ") == ""
}

// findInValues looks at the session.
func (r *result) findInValues() {
	if r.values == nil {
		return
	}
	if !isJSON(r.values.Text()) {
		r.find("not-json", "")
	}
	var refused *codec.ValueError
	if _, err := r.values.AppendJSON(nil, r.format); errors.Is(err, codec.ErrUnsupported) && errors.As(err, &refused) {
		what, _, _ := strings.Cut(refused.Reason, ":")
		r.find("unreadable", what)
	}
}

// findInKey looks at the AES key that opened the cookie.
func (q *query) findInKey(r *result) {
	for _, k := range q.keys {
		if !r.isAuthentic() || k.label != r.key {
			continue
		}
		if !slices.ContainsFunc(k.sealed, func(b byte) bool { return b < ' ' || b > '~' }) {
			r.find("text-key", "")
		} else if len(k.sealed) < 32 {
			r.find("short-key", "")
		}
	}
}
