package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/anatomy"
)

// inspect shows how cookies are built.
type inspect struct{ reader }

func newInspect(a app) *cobra.Command {
	i := inspect{reader{app: a}}
	cmd := a.command(&cobra.Command{
		Use:   "inspect [INPUT...]",
		Short: "show how a session cookie is built, what makes it large, and what is wrong with it",
		Long: `Inspect shows what a session cookie is made of: its format, its parts with their
offsets and sizes in bytes, its times, its chunks, how much it uses of what
browsers and servers take, which keys of the session are the largest, and
findings: what a person should know, why there is no session, and what to do.

It needs no key; with one it says too whether the cookie is authentic. It prints
no values: that is what sessctl decode is for. INPUT is what that takes.`,
		Example: `  pbpaste | sessctl inspect
  sessctl inspect --key-file secret.txt @cookies.txt
  curl -si https://app.example/ | sessctl inspect`,
	}, &i.outputFlags, i.run)
	i.register(cmd, "print a JSON object for each result (see sessctl help json)")
	acceptRedact(cmd)
	return cmd
}

func (i *inspect) run(ctx context.Context, args []string) error {
	if err := i.prepare(); err != nil {
		return err
	}
	if i.eachLine {
		return i.runLines(ctx, args, i.lines())
	}
	results, err := i.results(ctx, args)
	if err != nil {
		return err
	}
	for _, r := range results {
		i.query.look(r)
	}
	return i.show(results, presentation{
		text:     i.newDrawing().append,
		record:   i.record,
		exitCode: inspectExitCode,
		report:   func(*result, bool) {},
	})
}

func (i *inspect) lines() lineCommand {
	return lineCommand{
		recorder: recorderOf(func(q *query, r *result) record {
			q.look(r)
			return i.record(r)
		}),
		exitCode: inspectExitCode,
	}
}

// inspectExitCode says whether there was something to show.
func inspectExitCode(o outcome) int {
	switch o {
	case outcomeOK, outcomeUnverified, outcomeNoKey, outcomeNotAuthentic, outcomeExpired, outcomeFuture, outcomeNotObject:
		return exitOK
	}
	return exitNotSession
}

// parts are those of the value, with what they say.
func (r *result) parts() []anatomy.Part {
	switch {
	case r.value == "" || r.format == 0 && !strings.Contains(r.value, "."):
		return nil
	case isSigned(r):
		return anatomy.Signed(r.value)
	}
	return anatomy.Sealed(unescape(r.value))
}

// certainty says how sure the format is.
func (r *result) certainty() string {
	switch {
	case r.format == 0:
		return ""
	case r.isAuthentic():
		return "verified"
	case r.outcome == outcomeMalformed, r.outcome == outcomeIncomplete:
		return "likely"
	}
	return "by-form"
}

// limits are what a cookie and a Cookie header may be, in bytes, by default.
// The header's are of the whole line, its name included.
var limits = []struct {
	name, says string
	size       int
	header     bool
}{
	// Chromium 156 and Firefox ESR; RFC 6265 wants at least 4096, attributes included.
	{"browsers", "name and value of one cookie", codec.MaxCookieSize, false},
	{"gunicorn", "limit_request_field_size", 8190, true},
	{"nginx", "large_client_header_buffers", 8 << 10, true},
	{"node", "--max-http-header-size, all headers", 16 << 10, true},
	{"uvicorn", "h11_max_incomplete_event_size, all headers", 16 << 10, true},
	{"go", "http.DefaultMaxHeaderBytes, all headers", 1 << 20, true},
}

// headerWarning is where the Cookie header comes near the least of the limits:
// other headers have their share of some.
const headerWarning = 7 << 10

// use is how much of a limit is used.
type use struct {
	Limit string `json:"limit"`
	Used  int    `json:"used"`
	Max   int    `json:"max"`
	says  string
}

func (r *result) uses() []use {
	largest, header := r.largest(), r.headerSize()
	var all []use
	for _, l := range limits {
		switch {
		case l.header && header > 0:
			all = append(all, use{l.name, header, l.size, l.says})
		case !l.header && largest > 0:
			all = append(all, use{l.name, largest, l.size, l.says})
		}
	}
	return all
}

// largest returns the size of the largest of the cookies that have a name.
func (r *result) largest() int {
	size := 0
	for _, p := range r.pieces {
		if p.Name != "" {
			size = max(size, p.Size)
		}
	}
	return size
}

// headerSize returns how long the Cookie header is: the whole line if that was
// given, else one with these cookies alone. It is 0 for values without a name.
func (r *result) headerSize() int {
	for _, p := range r.pieces {
		if p.Header > 0 {
			return p.Header
		}
	}
	return r.ownHeaderSize()
}

func (r *result) ownHeaderSize() int {
	size := 0
	for _, p := range r.pieces {
		if p.Name == "" {
			return 0
		}
		size += len("; ") + p.Size + len("=")
	}
	if size == 0 {
		return 0
	}
	return len("Cookie: ") + size - len("; ")
}

// keysBySize lists the keys of the session, the largest first.
func (r *result) keysBySize() []redactedKey {
	keys := redacted(r.values)
	slices.SortStableFunc(keys, func(a, b redactedKey) int { return b.Size - a.Size })
	return keys
}

// look finds what is worth knowing of a cookie that others only read.
func (q *query) look(r *result) {
	r.findFragileNumbers()
	if size := r.headerSize(); size >= headerWarning {
		detail := fmt.Sprintf("%d bytes", size)
		if own := r.ownHeaderSize(); own < size/2 {
			detail += fmt.Sprintf(", of which this session takes %d", own)
		}
		if r.values != nil && r.values.Len() > 0 {
			largest := r.keysBySize()[0]
			detail += fmt.Sprintf(", and the largest key is %q with %d", shortName(largest.Key), largest.Size)
		}
		r.find("header-too-large", detail)
	}
	r.findMisspelled()
	for _, p := range r.pieces {
		q.findInAttributes(r, p.Cookie)
	}
	for _, k := range q.keys { // of those that did not fit, too
		if isWeak(k.signed) && (isSigned(r) || k.sealed != nil) {
			r.findKey("weak-secret", k.label, "")
		}
	}
}

// findMisspelled looks for base64 that Python reads, but would not write.
func (r *result) findMisspelled() {
	if r.format == 0 || r.has("percent-encoded") || r.has("blank-in-value") {
		return
	}
	texts := []string{r.value}
	if isSigned(r) {
		texts = strings.Split(r.value, ".")
	}
	for i, text := range texts {
		if how := anatomy.Misspelled(text, i > 0); how != "" {
			r.find("non-canonical-base64", how)
		}
	}
}

// anatomyRecord is what inspect adds to a record.
type anatomyRecord struct {
	Certainty string       `json:"certainty,omitzero"`
	Cookies   []cookieSize `json:"cookies"`
	Header    int          `json:"header_size,omitzero"`
	Parts     []partRecord `json:"parts"`
	Limits    []use        `json:"limits"`
}

type cookieSize struct {
	Name *string `json:"name"`
	Size int     `json:"size"`
}

type partRecord struct {
	Name    string `json:"part"`
	Offset  int    `json:"offset"`
	Size    int    `json:"size"`
	Meaning string `json:"meaning"`
}

func (i *inspect) record(r *result) record {
	rec := newRecord(r)
	a := &anatomyRecord{
		Certainty: r.certainty(), Header: r.headerSize(),
		Cookies: []cookieSize{}, Parts: []partRecord{}, Limits: append([]use{}, r.uses()...),
	}
	for _, p := range r.pieces {
		a.Cookies = append(a.Cookies, cookieSize{optional(p.Name), p.Size})
	}
	for _, p := range r.parts() {
		a.Parts = append(a.Parts, partRecord(p))
	}
	if r.values != nil {
		rec.Keys = r.keysBySize()
	}
	rec.anatomyRecord = a
	return rec
}

// partNote says what a part holds, where it is in clear.
func (i *inspect) partNote(r *result, p anatomy.Part) string {
	switch {
	case p.Name == "payload" && p.Size > 0:
		if text, err := base64.StdEncoding.DecodeString(r.value[:p.Size]); err == nil {
			return fmt.Sprintf("%s (%d bytes of it)", p.Meaning, len(text))
		}
	case p.Name == "timestamp":
		if session, err := codec.ParseUnverified(r.value); err == nil && !session.SignedAt.IsZero() {
			return fmt.Sprintf("%s (%s)", p.Meaning, i.clock.absolute(session.SignedAt))
		}
	case p.Name == "aad" && !r.expiresAt.IsZero():
		return fmt.Sprintf("%s (%s)", p.Meaning, i.clock.absolute(r.expiresAt))
	}
	return p.Meaning
}
