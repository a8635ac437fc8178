package main

import (
	"errors"
	"strings"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/cookieinput"
)

// query is how cookies are to be read.
type query struct {
	format     codec.Format // 0: whatever fits
	name       string       // the family to take; empty: any
	maxAge     time.Duration
	now        time.Time
	keys       []key // none: nothing is verified
	unverified bool  // that was asked for; there are no keys
	labelled   bool  // name the key that fits, also where there is but one
	batch      bool  // of many cookies: nothing is tried on those that no key verifies, for anyone can send such

	timed, untimed, sealed *codec.Codec // made when first needed
	elsewhere              *result      // what a key fits that has another name; no key: nothing
}

// results reads the cookies and returns what is worth telling: with keys every
// cookie that is authentic, or else, and without keys, every one that may be a
// session.
func (q *query) results(cookies []cookieinput.Cookie) ([]*result, error) {
	families := q.families(cookies)
	if len(families) == 0 {
		return q.absent(cookies), nil
	}
	var all, authentic, likely, named, damaged []*result
	for _, f := range families {
		found, err := q.read(f)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
		for _, r := range found {
			if r.isAuthentic() {
				authentic = append(authentic, r)
			}
			switch {
			case q.name != "", // asked for
				r.name == "", // a bare value
				r.wellFormed(),
				r.name == "session" && r.format != 0:
				likely = append(likely, r)
			case r.name == "session":
				named = append(named, r)
			case r.format != 0:
				damaged = append(damaged, r)
			}
		}
	}
	for _, tier := range [][]*result{authentic, likely, named, damaged} {
		if len(tier) > 0 {
			if len(authentic) == 0 && isWrapped(cookies) {
				tier[0].findings = nil
				tier[0].find("wrapped", "")
			}
			return q.explained(tier, cookies), nil
		}
	}
	if len(all) == 1 {
		return q.explained(all, cookies), nil
	}
	return q.absent(cookies), nil
}

// maxExplained bounds the work on cookies that anybody may have sent.
const maxExplained = 20

// explained says of each result why it is none, where that can be found out. In
// a batch nothing is tried on what is not authentic.
func (q *query) explained(results []*result, cookies []cookieinput.Cookie) []*result {
	for i, r := range results {
		if r.isAuthentic() || !q.batch && i < maxExplained {
			q.explain(r, cookies)
		}
	}
	return results
}

// absent is the result when no cookie of the input is a session.
func (q *query) absent(cookies []cookieinput.Cookie) []*result {
	r := &result{outcome: outcomeUnknown, name: q.name, absent: true, verified: q.unmatched()}
	if names := listNames(cookies); names != "" {
		r.hints = []string{"the input has: " + names}
	}
	return []*result{r}
}

// fill writes down what the codec said of a cookie.
func (q *query) fill(r *result, format codec.Format, value string, session *codec.Session, err error) {
	var outside *codec.TimeError
	authentic := false
	switch {
	case errors.As(err, &outside):
		r.outcome, authentic = outcomeExpired, true
		if errors.Is(err, codec.ErrFuture) {
			r.outcome = outcomeFuture
		}
		session = outside.Session
	case err == nil && session.Format != format:
		r.outcome = outcomeUnknown // without a key the codec goes by the shape
	case err == nil && session.KeyIndex >= 0:
		r.outcome, authentic = outcomeOK, true
	case err == nil && session.Format == codec.FormatLitestar:
		r.outcome = outcomeNoKey
	case err == nil:
		r.outcome = outcomeUnverified
	case errors.Is(err, codec.ErrUnauthentic):
		r.outcome = outcomeNotAuthentic
	case errors.Is(err, codec.ErrIncomplete):
		r.outcome = outcomeIncomplete
		// Any cookie may be called csrf-2; but an id or a token is shorter.
		if r.name != "session" && r.name != q.name && len(value) <= 128 && !resembles(format, value) {
			r.outcome = outcomeUnknown
		}
	case errors.Is(err, codec.ErrTooLarge):
		r.outcome = outcomeTooLarge
	case errors.Is(err, codec.ErrNotObject):
		r.outcome = outcomeNotObject
	case resembles(format, value):
		r.outcome = outcomeMalformed
	default:
		r.outcome = outcomeUnknown
	}
	if r.outcome == outcomeUnknown {
		return
	}
	r.format = format
	r.signedAt, r.expiresAt = session.SignedAt, session.ExpiresAt
	switch {
	case authentic:
		*r.verified, r.key = true, session.KeyLabel
		r.values = session.Values
		r.expired = new(r.outcome == outcomeExpired)
	case r.outcome == outcomeUnverified:
		r.values = session.Values
		if !r.signedAt.IsZero() && q.maxAge != codec.NoMaxAge {
			r.expiresAt = addAge(r.signedAt, q.maxAge)
		}
		r.expired = new(!r.expiresAt.IsZero() && q.now.Unix() > r.expiresAt.Unix())
	case r.outcome == outcomeNoKey:
		r.expired = new(q.now.Round(time.Second).Unix() >= r.expiresAt.Unix())
	}
	q.findInTimes(r)
	r.findInValues()
}

// setAuthentic notes that a cookie which holds no session, not an object, say,
// is authentic none the less.
func (r *result) setAuthentic(decoder *codec.Codec, format codec.Format, value string) {
	if r.verified == nil || *r.verified || r.outcome == outcomeIncomplete {
		return
	}
	_, info, err := decoder.AppendOpen(nil, []byte(value))
	if err != nil && !errors.Is(err, codec.ErrExpired) && !errors.Is(err, codec.ErrFuture) {
		return
	}
	*r.verified, r.key = true, info.KeyLabel
	if r.outcome == outcomeUnknown {
		r.outcome, r.format = outcomeMalformed, format
	}
}

// resembles tells what may once have been a cookie of the format from what is
// something else: a signed one starts with the base64 of a {, an encrypted one
// ends with what is in clear.
func resembles(format codec.Format, value string) bool {
	if format == codec.FormatLitestar {
		return holdsMarker(value)
	}
	return strings.Contains(value, ".") && value[0] == 'e' && strings.IndexByte("wxyz0123456789+/", value[1]) >= 0 && !isJWT(value)
}
