package main

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/termtext"
)

// appendSession appends a session as a person wants to see it.
func appendSession(dst []byte, r *result, color bool) []byte {
	dst = termtext.AppendJSON(dst, r.values.Text(), termtext.Style{Color: color, Readable: true})
	return append(dst, '\n')
}

// appendTable appends one line a key: its name, type and size.
func appendTable(dst []byte, keys []redactedKey) []byte {
	// A name longer than this pushes its own line out, not all the others.
	const widest = 40
	width := 0
	for i := range keys {
		keys[i].Key = termtext.Escape(keys[i].Key)
		if n := utf8.RuneCountInString(keys[i].Key); n <= widest {
			width = max(width, n)
		}
	}
	for _, k := range keys {
		dst = fmt.Appendf(dst, "%-*s  %-7s  %6d B\n", width, k.Key, k.Type, k.Size)
	}
	return dst
}

// summary says in one line how a session was read.
func summary(r *result, c clock, labelled bool) string {
	parts := []string{fmt.Sprintf("%s cookie", r.format)}
	if n := r.chunks(); n > 1 {
		parts[0] += fmt.Sprintf(" in %d chunks", n)
	}
	switch {
	case r.verified == nil:
		parts = append(parts, "NOT VERIFIED: anyone can have written this")
	case labelled:
		parts = append(parts, fmt.Sprintf("verified by key %q", r.key))
	default:
		parts = append(parts, "verified")
	}
	if !r.signedAt.IsZero() {
		parts = append(parts, fmt.Sprintf("signed %s (%s)", c.absolute(r.signedAt), c.relative(r.signedAt)))
	}
	switch {
	case r.outcome == outcomeFuture:
		parts = append(parts, "which is in the future")
	case r.expiresAt.IsZero():
		parts = append(parts, "never expires")
	default:
		verb := "expires"
		if *r.expired {
			verb = "expired"
		}
		when := c.relative(r.expiresAt)
		if r.signedAt.IsZero() || *r.expired {
			when = fmt.Sprintf("%s (%s)", c.absolute(r.expiresAt), when)
		}
		parts = append(parts, verb+" "+when)
	}
	return strings.Join(parts, ", ")
}

// heading stands before a session where there are several.
func heading(r *result) string {
	if title := r.title(); title != "" {
		return fmt.Sprintf("%s (%s):", title, r.format)
	}
	return fmt.Sprintf("%s:", r.format)
}

// verdict is what there is to say of a result in one line, and what to do next.
type verdict struct {
	level  string // levelInfo: all is well; levelWarn; levelCause: an error
	text   string
	causes []string // of the findings
	hints  []string // besides
}

func (v verdict) all() []string { return append(v.causes, v.hints...) }

// verdict sums a result up.
func (r *result) verdict(q *query, c clock) verdict {
	v := verdict{level: levelCause}
	noAESKey := q.noAESKey(r)
	for _, f := range r.findings {
		switch {
		case f.Level != levelCause, r.isReadable(), r.outcome == outcomeNoKey && f.Code == "expired":
		case f.Message == noAESKey:
			v.causes = append(v.causes, f.Hint)
		case restates(f.Code, r.outcome):
			v.causes = append(v.causes, f.Hint)
		default:
			v.causes = append(v.causes, f.Message+"; "+f.Hint)
		}
	}
	v.hints = slices.Clone(r.hints)
	explained := len(v.causes)+len(v.hints) > 0
	otherwise := func(hint string) {
		if !explained {
			v.hints = append(v.hints, hint)
		}
	}
	line := ""
	if r.values != nil {
		line = summary(r, c, q.labelled || len(q.keys) > 1)
	}
	switch r.outcome {
	case outcomeOK:
		v.level, v.text = levelInfo, line
	case outcomeUnverified:
		v.level, v.text = levelWarn, line
		if !q.unverified {
			v.hints = append(v.hints, "give the app's secret with --key-file, --key-env or --key-prompt to verify it")
		}
	case outcomeExpired, outcomeFuture:
		v.text = line
	case outcomeNotAuthentic:
		if r.format == codec.FormatLitestar {
			v.text = fmt.Sprintf("no key given opens the cookie (tried %d)", r.tried)
			otherwise("it is the secret of the app's CookieBackendConfig, byte for byte; see sessctl help keys")
			break
		}
		v.text = fmt.Sprintf("no key given matches the signature (tried %d)", r.tried)
		otherwise("it is what the app gives to SessionMiddleware as secret_key, without quotes; raw: in front keeps a line end at its end")
	case outcomeNoKey:
		v.text = fmt.Sprintf("%s cookie, encrypted: it needs a key", r.format)
		if noAESKey != "" {
			v.text = noAESKey
		}
		if q.unverified {
			v.causes = []string{"it cannot be read without one: give its key and leave out --unverified"}
		}
	case outcomeMalformed:
		if r.isAuthentic() {
			v.text = fmt.Sprintf("the %s cookie is authentic, but what it holds is not JSON", r.format)
			break
		}
		v.text = fmt.Sprintf("malformed %s cookie", r.format)
		otherwise("it is cut, changed on its way, or not from this framework")
	case outcomeIncomplete:
		v.text = fmt.Sprintf("a chunk of the %s cookie is missing", r.format)
	case outcomeTooLarge:
		v.text = fmt.Sprintf("the %s cookie is too large to be read", r.format)
		v.hints = append(v.hints, "at most 64 KiB and 64 chunks are read, nested to 900 levels, with 10,000 keys")
	case outcomeNotObject:
		v.text = fmt.Sprintf("the %s cookie holds JSON, but not an object, so no session", r.format)
	case outcomeDeletion:
		v.text = "this is a deletion: the app has ended the session"
	case outcomeUnknown:
		switch {
		case r.absent && r.name != "":
			v.text = "no cookie named " + shortName(r.name)
		case r.absent:
			v.text = "no session cookie in the input"
			otherwise(anyForm)
		default:
			v.text = "not " + ourCookies
			otherwise(anyForm)
		}
	}
	if q.labelled && r.isAuthentic() && r.values == nil {
		v.text += fmt.Sprintf(", verified by key %q", r.key)
	}
	return v
}

// noAESKey says of the first key that it is none, where there are only such.
func (q *query) noAESKey(r *result) string {
	if r.outcome != outcomeNoKey || len(q.keys) == 0 {
		return ""
	}
	return q.keys[0].lengthFinding().Message
}

// restates reports whether a cause says no more than the outcome, or than the
// line about the times.
func restates(code string, o outcome) bool {
	switch code {
	case "expired", "clock-ahead":
		return true
	case "no-key":
		return o == outcomeNoKey
	case "missing-chunk":
		return o == outcomeIncomplete
	case "deletion":
		return o == outcomeDeletion
	}
	return false
}

// report tells stderr what became of a cookie. With terse, for those who read
// the JSON, it leaves out what stands there, but for errors and what nobody
// verified.
func (v *voice) report(r *result, verdict verdict, several, terse bool) {
	name := ""
	if several || r.number > 0 {
		name = r.prefix()
	}
	if !terse {
		v.reportFindings(name, r)
	}
	switch {
	case verdict.level == levelCause:
		v.error(name+verdict.text, verdict.all()...)
	case verdict.level == levelWarn:
		v.warn(name+verdict.text, verdict.all()...)
	case !terse:
		v.say(name + verdict.text)
	}
}

// reportFindings tells of all findings but the causes of a failure, which the
// verdict has.
func (v *voice) reportFindings(name string, r *result) {
	for _, f := range r.findings {
		switch {
		case f.Level == levelInfo:
			v.detail("%s%s", name, f.Message)
		case f.Level == levelWarn, r.isReadable() && !restates(f.Code, r.outcome):
			v.warnOnce(name+f.Message, f.Hint)
		}
	}
}

const ourCookies = "a session cookie of Starlette, FastAPI, Litestar or Starlite"
