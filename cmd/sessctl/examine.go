package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/cookieinput"
)

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

// findInTimes looks at when a cookie was made and until when it counts. What
// nobody verified counts too: it is what the app would be asked to believe.
func (q *query) findInTimes(r *result) {
	c := clock{q.now, time.UTC}
	switch {
	case r.outcome == outcomeFuture, r.outcome == outcomeUnverified && r.signedAt.Unix() > q.now.Unix() && q.maxAge != codec.NoMaxAge:
		r.find("clock-ahead", "by "+duration(r.signedAt.Unix()-q.now.Unix()))
	case r.expired == nil || r.expiresAt.IsZero():
	case *r.expired && !r.signedAt.IsZero():
		f := newFinding("expired", "", fmt.Sprintf("signed %s, and the max age is %s", c.relative(r.signedAt), duration(int64(q.maxAge/time.Second))))
		f.Hint += "; if the app's max age is another, give --max-age: Starlette's cookies do not hold it"
		r.add(f)
	case *r.expired:
		r.find("expired", c.relative(r.expiresAt))
	case r.expiresAt.Unix()-q.now.Unix() < int64(q.maxAge/time.Second)/10:
		r.find("near-expiry", c.relative(r.expiresAt))
	}
}

// findInValues looks at the session.
func (r *result) findInValues() {
	if r.values == nil {
		return
	}
	text := r.values.Text()
	if !isJSON(text) {
		r.find("not-json", "")
	}
	var refused *codec.ValueError
	if _, err := r.values.AppendJSON(nil, r.format); errors.Is(err, codec.ErrUnsupported) && errors.As(err, &refused) {
		what, _, _ := strings.Cut(refused.Reason, ":")
		r.find("unreadable", what)
	}
}

// findFragileNumbers names the keys whose numbers an IEEE double does not hold
// as they are, or that come back as another type: 2^53+1, but also 1.0.
func (r *result) findFragileNumbers() {
	if r.values == nil {
		return
	}
	var keys []string
	for key, text := range r.values.All() {
		if holdsFragileNumber(text) {
			keys = append(keys, strconv.QuoteToGraphic(shortName(key)))
		}
	}
	if len(keys) > maxNames {
		keys = append(keys[:maxNames], "…")
	}
	if len(keys) > 0 {
		r.find("fragile-number", strings.Join(keys, ", "))
	}
}

// holdsFragileNumber reports whether JSON text holds a number that a float64
// rounds, and that JavaScript therefore writes back as another one.
func holdsFragileNumber(text string) bool {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	for {
		token, err := dec.Token()
		if err != nil {
			return false
		}
		if n, ok := token.(json.Number); ok && isFragile(n.String()) {
			return true
		}
	}
}

// isFragile compares integers by their digits: JavaScript writes those that it
// holds exactly as they were.
func isFragile(number string) bool {
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || strings.ContainsAny(number, ".eE") {
		return err != nil
	}
	return strconv.FormatFloat(f, 'f', -1, 64) != number
}

// isOf reports whether a key can be one of a format: what is the text of a secret
// may be the bytes of another, but not the other way round.
func (k key) isOf(format codec.Format) bool {
	if format == codec.FormatLitestar {
		return k.sealed != nil
	}
	return !isAESKey(k.signed) || isReadable(k.signed)
}

// findInKey looks at the key that verified the cookie.
func (q *query) findInKey(r *result) {
	isFirst := true // of those that are of this format
	for _, k := range q.keys {
		if !r.isAuthentic() || k.label != r.key {
			isFirst = isFirst && !k.isOf(r.format)
			continue
		}
		if !isFirst {
			r.findKey("old-key", k.label, "")
		}
		if r.format == codec.FormatLitestar {
			r.findInSecret(k)
		}
	}
}

// findInSecret looks at the AES key of a cookie.
func (r *result) findInSecret(k key) {
	switch {
	case isText(k.sealed):
		r.find("text-key", "")
	case len(k.sealed) < 32:
		r.find("short-key", "")
	}
}

// findInAttributes looks at what a Set-Cookie line, or a jar, says besides.
func (q *query) findInAttributes(r *result, c cookieinput.Cookie) {
	a := c.Attributes
	if !a.Known {
		if a.HasExpires && a.Expires <= q.now.Unix() {
			r.find("jar-expired", clock{q.now, time.UTC}.relative(time.Unix(a.Expires, 0)))
		}
		return
	}
	name := strings.ToLower(c.Name)
	isHost := strings.HasPrefix(name, "__host-")
	switch {
	case isHost && (!a.Secure || a.Domain != "" || a.Path != "/"),
		strings.HasPrefix(name, "__secure-") && !a.Secure:
		r.find("name-prefix", "")
	case !a.Secure && (strings.EqualFold(a.SameSite, "none") || a.Partitioned):
		r.find("samesite-none", "")
	case !a.Secure:
		r.find("no-secure", "")
	}
	if !a.HttpOnly {
		r.find("no-httponly", "")
	}
	if a.SameSite == "" {
		r.find("no-samesite", "")
	}
}
