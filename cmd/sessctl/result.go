package main

import (
	"strconv"
	"time"

	"github.com/sessctl/sessctl/codec"
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
	number    int          // of a bare value, where the input has several
	absent    bool         // there is no such cookie
	verified  *bool        // nil: no key given
	key       string       // the label of the one that fits
	signedAt  time.Time    // zero: unknown
	expiresAt time.Time    // zero: unknown, or never
	expired   *bool        // nil: unknown
	values    *codec.Values
	chunks    int // that were joined
	tried     int // keys
	findings  []finding
	hints     []string // what to do next, besides the findings'
}

func (r *result) find(code, detail string) {
	for _, f := range r.findings {
		if f.Code == code {
			return
		}
	}
	r.findings = append(r.findings, newFinding(code, detail))
}

// isAuthentic reports whether a key has verified the cookie.
func (r *result) isAuthentic() bool { return r.verified != nil && *r.verified }

// title tells the results of one input apart; empty if there is nothing to say.
func (r *result) title() string {
	if r.number > 0 {
		return "value " + strconv.Itoa(r.number)
	}
	return shortName(r.name)
}

// wellFormed reports whether the cookie is one of ours, whoever made it.
func (r *result) wellFormed() bool {
	switch r.outcome {
	case outcomeUnknown, outcomeDeletion, outcomeMalformed, outcomeTooLarge:
		return false
	}
	return true
}
