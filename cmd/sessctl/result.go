package main

import (
	"slices"
	"strconv"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/cookieinput"
)

// outcome is what became of one cookie, finer than the exit code.
type outcome string

const (
	outcomeOK           outcome = "ok"
	outcomeUnverified   outcome = "unverified"
	outcomeNoKey        outcome = "no-key"
	outcomeNotAuthentic outcome = "not-authentic"
	outcomeExpired      outcome = "expired"
	outcomeFuture       outcome = "future"
	outcomeMalformed    outcome = "malformed"
	outcomeIncomplete   outcome = "incomplete"
	outcomeTooLarge     outcome = "too-large"
	outcomeNotObject    outcome = "not-object"
	outcomeDeletion     outcome = "deletion"
	outcomeUnknown      outcome = "unknown"
	outcomeRefused      outcome = "refused" // of migrate: authentic, but the target cannot hold it
)

func (o outcome) exitCode() int {
	switch o {
	case outcomeOK, outcomeUnverified:
		return exitOK
	case outcomeNoKey:
		return exitUsage
	case outcomeNotAuthentic:
		return exitUnauthentic
	case outcomeExpired, outcomeFuture:
		return exitOutsideTime
	}
	return exitNotSession
}

// result is what is known of one session cookie, its chunks joined.
type result struct {
	outcome   outcome
	format    codec.Format // 0: unknown
	name      string       // empty: a bare value
	host      string       // where it came from, if a jar or HAR file says so
	number    int          // of a bare value, where the input has several
	absent    bool         // there is no such cookie
	verified  *bool        // nil: no key given
	key       string       // the label of the one that fits
	signedAt  time.Time    // zero: unknown
	expiresAt time.Time    // zero: unknown, or never
	expired   *bool        // nil: unknown
	values    *codec.Values
	pieces    []piece // the cookies that it was read from
	value     string  // theirs, joined
	tried     int     // keys
	findings  []finding
	hints     []string // what to do next, besides the findings'
}

// piece is one of the cookies that a session was read from.
type piece struct {
	number int // -1: a cookie without number
	cookieinput.Cookie
}

// chunks returns how many numbers the cookies have that the session was read
// from; of a number that was sent twice the last one counts.
func (r *result) chunks() int {
	numbers := map[int]bool{}
	for _, p := range r.pieces {
		if p.number >= 0 {
			numbers[p.number] = true
		}
	}
	return len(numbers)
}

// find notes a finding, each once. Detail may be empty.
func (r *result) find(code, detail string) { r.findKey(code, "", detail) }

// findKey is find for a finding about a key.
func (r *result) findKey(code, key, detail string) {
	f := newFinding(code, key, detail)
	for _, other := range r.findings {
		if other.Code == code && (key == "" || other.Message == f.Message) {
			return
		}
	}
	r.findings = append(r.findings, f)
}

// add adds a finding; it replaces one of the same code, of which it knows less.
func (r *result) add(f finding) {
	for i, other := range r.findings {
		if other.Code == f.Code {
			r.findings[i] = f
			return
		}
	}
	r.findings = append(r.findings, f)
}

// has reports whether there is such a finding.
func (r *result) has(code string) bool {
	return slices.ContainsFunc(r.findings, func(f finding) bool { return f.Code == code })
}

// isExplained reports whether a finding says why there is no session.
func (r *result) isExplained() bool {
	return slices.ContainsFunc(r.findings, func(f finding) bool { return f.Level == levelCause })
}

// isAuthentic reports whether a key has verified the cookie.
func (r *result) isAuthentic() bool { return r.verified != nil && *r.verified }

// title tells the results of one input apart; empty if there is nothing to say.
func (r *result) title() string {
	if r.number > 0 {
		return "value " + strconv.Itoa(r.number)
	}
	if r.host != "" {
		return shortName(r.name) + " of " + shortName(r.host)
	}
	return shortName(r.name)
}

// prefix is the title in front of a message, which repeats nothing but names.
func (r *result) prefix() string {
	if title := r.title(); title != "" && (r.number > 0 || isToken(r.name)) {
		return title + ": "
	}
	return ""
}

// isReadable reports whether there is a session, authentic or not verified.
func (r *result) isReadable() bool { return r.outcome == outcomeOK || r.outcome == outcomeUnverified }

// wellFormed reports whether the cookie is one of ours, whoever made it.
func (r *result) wellFormed() bool {
	switch r.outcome {
	case outcomeUnknown, outcomeDeletion, outcomeMalformed, outcomeTooLarge:
		return false
	}
	return true
}
