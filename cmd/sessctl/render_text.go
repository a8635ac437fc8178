package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/termtext"
)

// appendText appends what a person wants to see of a session.
func appendText(dst []byte, r *result, redact, color bool) []byte {
	if r.values == nil {
		return dst
	}
	if redact {
		return appendTable(dst, redacted(r.values))
	}
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
	if r.chunks > 1 {
		parts[0] += fmt.Sprintf(" in %d chunks", r.chunks)
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

// report tells stderr what became of a cookie. With terse, for those who read
// the JSON, it leaves out what stands there, but for errors and what nobody
// verified.
func (v *voice) report(r *result, q *query, c clock, several, terse bool) {
	name := ""
	if title := r.title(); title != "" && (several || r.number > 0) {
		name = title + ": "
	}
	var hints []string
	for _, f := range r.findings {
		switch {
		case terse:
		case f.Level == levelWarn:
			v.warnOnce(name+f.Message, f.hint)
		default:
			v.detail("%s%s", name, f.Message)
		}
	}
	fail := func(format string, args ...any) {
		v.error(name+fmt.Sprintf(format, args...), append(hints, r.hints...)...)
	}
	line := ""
	if r.values != nil {
		line = summary(r, c, len(q.keys) > 1)
	}
	switch r.outcome {
	case outcomeOK:
		if !terse {
			v.say(name + line)
		}
	case outcomeUnverified:
		if !q.unverified {
			hints = append(hints, "give the app's secret with --key-file, --key-env or --key-prompt to verify it")
		}
		v.warn(name+line, hints...)
	case outcomeExpired:
		if r.format == codec.FormatStarlette {
			hints = append(hints, "the cookie does not hold its max age: if the app's is another, give --max-age")
		}
		fail("%s", line)
	case outcomeFuture:
		hints = append(hints, "the clock of the app that signed it, or this one, is wrong; --now sets another time")
		fail("%s", line)
	case outcomeNotAuthentic:
		if r.format == codec.FormatLitestar {
			hints = append(hints, "it is the secret of the app's CookieBackendConfig, byte for byte; see sessctl help keys")
			fail("no key given opens the cookie (tried %d)", r.tried)
			v.unusable(name, q.keys)
			break
		}
		if len(r.hints) == 0 {
			hints = append(hints, "it is what the app gives to SessionMiddleware as secret_key, without quotes; raw: in front keeps a line end at its end")
		}
		fail("no key given matches the signature (tried %d)", r.tried)
	case outcomeNoKey:
		if len(q.keys) > 0 {
			v.unusable(name, q.keys)
			break
		}
		hint := "it is the secret of the app's CookieBackendConfig: give it with --key-file, --key-env or --key-prompt"
		if q.unverified {
			hint = "it cannot be read without one: give its key and leave out --unverified"
		}
		hints = append(hints, hint)
		fail("%s cookie, encrypted: it needs a key", r.format)
	case outcomeMalformed:
		if r.isAuthentic() {
			fail("the %s cookie is authentic, but what it holds is not JSON", r.format)
			break
		}
		if len(r.hints) == 0 {
			hints = append(hints, "it is cut, changed on its way, or not from this framework")
		}
		fail("malformed %s cookie", r.format)
	case outcomeIncomplete:
		fail("a chunk of the %s cookie is missing", r.format)
	case outcomeTooLarge:
		hints = append(hints, "at most 64 KiB and 64 chunks are read, nested to 900 levels, with 10,000 keys")
		fail("the %s cookie is too large to be read", r.format)
	case outcomeNotObject:
		fail("the %s cookie holds JSON, but not an object, so no session", r.format)
	case outcomeDeletion:
		fail("this is a deletion: the app has ended the session")
	case outcomeUnknown:
		if r.absent && r.name != "" {
			fail("no cookie named %s", shortName(r.name))
			break
		}
		if len(r.hints) == 0 {
			hints = append(hints, anyForm)
		}
		if r.absent {
			fail("no session cookie in the input")
			break
		}
		fail("not %s", ourCookies)
	}
}

const ourCookies = "a session cookie of Starlette, FastAPI, Litestar or Starlite"

// unusable tells of the keys that can open no encrypted cookie.
func (v *voice) unusable(name string, keys []key) {
	for _, k := range keys {
		if k.sealed != nil {
			continue
		}
		var hints []string
		if k.advice != "" {
			hints = append(hints, k.advice)
		}
		v.error(name+fmt.Sprintf("key %q is %d bytes; an AES key is 16, 24 or 32", k.label, k.length), hints...)
	}
}
