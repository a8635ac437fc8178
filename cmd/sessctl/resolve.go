package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/cookieinput"
)

// query is how cookies are to be read.
type query struct {
	format codec.Format // 0: whatever fits
	name   string       // the family to take; empty: any
	maxAge time.Duration
	now    time.Time
	keys   []key // none: nothing is verified

	timed, untimed, sealed *codec.Codec // made when first needed
}

// family is a cookie and its chunks: NAME, and NAME-0, NAME-1, …
type family struct {
	name   string // empty: a bare value
	bare   []cookieinput.Cookie
	chunks map[int][]cookieinput.Cookie
}

// families sorts cookies into families, session first, else in the order in
// which they stand.
func (q *query) families(cookies []cookieinput.Cookie) []*family {
	var families []*family
	of := func(name string) *family {
		for _, f := range families {
			if f.name == name && name != "" {
				return f
			}
		}
		f := &family{name: name, chunks: map[int][]cookieinput.Cookie{}}
		if name == "session" {
			families = slices.Insert(families, 0, f)
		} else {
			families = append(families, f)
		}
		return f
	}
	for _, c := range cookies {
		if c.Name == "" {
			f := of("")
			f.name, f.bare = q.name, []cookieinput.Cookie{c}
			continue
		}
		name, number, isChunk := cutNumber(c.Name)
		// A signed cookie is never split, whatever its name ends in.
		if !isChunk || c.Name == q.name || strings.Contains(c.Value, ".") || q.format == codec.FormatStarlette {
			f := of(c.Name)
			f.bare = appendNew(f.bare, c)
			continue
		}
		f := of(name)
		f.chunks[number] = appendNew(f.chunks[number], c)
	}
	if q.name != "" {
		families = slices.DeleteFunc(families, func(f *family) bool { return f.name != q.name })
	}
	return families
}

// appendNew appends c unless the same cookie is there: a browser sends it with
// every request.
func appendNew(cookies []cookieinput.Cookie, c cookieinput.Cookie) []cookieinput.Cookie {
	if slices.Contains(cookies, c) {
		return cookies
	}
	return append(cookies, c)
}

// cutNumber cuts session-12 into session and 12. The number is spelled as
// Python spells it.
func cutNumber(name string) (base string, number int, ok bool) {
	i := strings.LastIndexByte(name, '-')
	if i <= 0 {
		return name, 0, false
	}
	number, err := strconv.Atoi(name[i+1:])
	if err != nil || number < 0 || strconv.Itoa(number) != name[i+1:] {
		return name, 0, false
	}
	return name[:i], number, true
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
			if r.verified != nil && *r.verified {
				authentic = append(authentic, r)
			}
			switch {
			case r.name == q.name, // asked for, or a bare value
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
			return tier, nil
		}
	}
	if len(all) == 1 {
		return all, nil
	}
	return q.absent(cookies), nil
}

// absent is the result when no cookie of the input is a session.
func (q *query) absent(cookies []cookieinput.Cookie) []*result {
	return []*result{{
		outcome: outcomeUnknown, name: q.name, absent: true, verified: q.unverified(),
		hints: []string{"the input has: " + listNames(cookies)},
	}}
}

// maxNames bounds how many names of foreign cookies a hint lists.
const maxNames = 10

func listNames(cookies []cookieinput.Cookie) string {
	var names []string
	for _, c := range cookies {
		if c.Name == "" || slices.Contains(names, c.Name) {
			continue
		}
		if len(names) == maxNames {
			names = append(names, "…")
			break
		}
		names = append(names, c.Name)
	}
	return strings.Join(names, ", ")
}

// read reads one family: each signed cookie of it, each bare encrypted one, and
// the chunks together. A family without any that lives is a deletion.
func (q *query) read(f *family) ([]*result, error) {
	var results []*result
	add := func(r *result, err error) error {
		if err == nil {
			results = append(results, r)
		}
		return err
	}
	var sealed []cookieinput.Cookie
	live := 0
	for _, c := range f.bare {
		if c.Deletion() {
			continue
		}
		live++
		if q.format == codec.FormatStarlette || q.format == 0 && strings.Contains(c.Value, ".") {
			if err := add(q.readSigned(f, c)); err != nil {
				return nil, err
			}
		} else {
			sealed = append(sealed, c)
		}
	}
	chunks := map[int][]cookieinput.Cookie{}
	for n, sent := range f.chunks {
		// The last counts, so one that a later line deletes is gone.
		if last := sent[len(sent)-1]; !last.Deletion() {
			chunks[n] = slices.DeleteFunc(slices.Clone(sent), cookieinput.Cookie.Deletion)
		}
	}
	if len(chunks) > 0 {
		if err := add(q.readSealed(f, sealed, chunks)); err != nil {
			return nil, err
		}
	} else {
		for _, c := range sealed {
			if err := add(q.readSealed(f, []cookieinput.Cookie{c}, nil)); err != nil {
				return nil, err
			}
		}
	}
	if live > 1 && len(chunks) == 0 {
		for _, r := range results {
			r.find("duplicate-cookie", "")
		}
	}
	if len(results) == 0 {
		results = append(results, &result{outcome: outcomeDeletion, name: f.name, verified: q.unverified()})
	}
	return results, nil
}

// unverified is what a result says whose cookie no key has verified.
func (q *query) unverified() *bool {
	if len(q.keys) == 0 {
		return nil
	}
	return new(bool)
}

// readSigned reads a cookie of Starlette.
func (q *query) readSigned(f *family, c cookieinput.Cookie) (*result, error) {
	r := &result{name: f.name, verified: q.unverified(), tried: len(q.keys)}
	r.findInCookie(f.name, c)
	untimed := strings.Count(c.Value, ".") == 1
	if len(q.keys) == 0 {
		session, err := codec.ParseUnverified(c.Value)
		q.fill(r, codec.FormatStarlette, c.Value, session, err)
	} else {
		decoder, err := q.starlette(untimed)
		if err != nil {
			return nil, err
		}
		session, err := decoder.Decode(c.Value)
		q.fill(r, codec.FormatStarlette, c.Value, session, err)
		r.setAuthentic(decoder, codec.FormatStarlette, c.Value)
		if r.outcome == outcomeNotAuthentic {
			if err := q.tryNewlines(r, c.Value, untimed); err != nil {
				return nil, err
			}
		}
	}
	if r.format == codec.FormatStarlette && untimed {
		r.find("no-timestamp", "")
	}
	return r, nil
}

func (q *query) starlette(untimed bool) (*codec.Codec, error) {
	cached := &q.timed
	if untimed {
		cached = &q.untimed
	}
	if *cached == nil {
		var err error
		if *cached, err = q.newStarlette(q.keys, untimed); err != nil {
			return nil, err
		}
	}
	return *cached, nil
}

func (q *query) newStarlette(keys []key, untimed bool) (*codec.Codec, error) {
	var secrets []codec.Key
	for _, k := range keys {
		secrets = append(secrets, codec.NewKey(k.label, k.signed))
	}
	decoder, err := codec.NewStarlette(codec.StarletteConfig{
		Keys:    codec.Keys{Current: secrets[0], Previous: secrets[1:]},
		MaxAge:  q.maxAge,
		Untimed: untimed,
		Now:     func() time.Time { return q.now },
	})
	if err != nil {
		return nil, usageError(strings.TrimPrefix(err.Error(), "codec: "))
	}
	return decoder, nil
}

// tryNewlines tells of a key that fits with the line end that was dropped.
func (q *query) tryNewlines(r *result, value string, untimed bool) error {
	for _, k := range q.keys {
		if k.newline == nil {
			continue
		}
		decoder, err := q.newStarlette([]key{{label: k.label, signed: k.newline}}, untimed)
		if err != nil {
			return err
		}
		if _, err := decoder.Decode(value); !errors.Is(err, codec.ErrUnauthentic) {
			r.hints = append(r.hints, fmt.Sprintf(
				"key %q matches with its trailing newline: the app reads the file without .strip(); write raw: in front of it", k.label))
		}
	}
	return nil
}

// readSealed reads an encrypted cookie, or the chunks of one and what is beside
// them.
func (q *query) readSealed(f *family, bare []cookieinput.Cookie, chunks map[int][]cookieinput.Cookie) (*result, error) {
	r := &result{name: f.name, verified: q.unverified(), chunks: len(chunks)}
	var cookies []*http.Cookie
	for _, c := range bare {
		r.findInCookie(f.name, c)
		cookies = append(cookies, &http.Cookie{Name: "session", Value: c.Value})
	}
	for _, n := range numbers(chunks) {
		sent := chunks[n]
		if len(sent) > 1 {
			r.find("duplicate-chunk", "number "+strconv.Itoa(n))
		}
		for _, c := range sent {
			r.findInCookie(c.Name, c)
			cookies = append(cookies, &http.Cookie{Name: "session-" + strconv.Itoa(n), Value: c.Value})
		}
	}
	if len(chunks) > 0 {
		if n := firstMissing(chunks); n < slices.Max(numbers(chunks)) {
			r.find("missing-chunk", "number "+strconv.Itoa(n))
		}
		if len(bare) > 0 {
			r.find("stale-bare", "")
		}
		if len(chunks) > 10 {
			r.find("text-sorted-chunks", "")
		}
	}

	decoder, tried, err := q.litestar()
	if err != nil {
		return nil, err
	}
	if r.tried = tried; tried == 0 {
		r.verified = nil
	}
	session, err := decoder.DecodeCookies(cookies)
	value := join(bare, chunks)
	if tried == 0 && errors.Is(err, codec.ErrUnauthentic) {
		session, err = codec.ParseUnverified(value)
		if err != nil {
			session, err = codec.ParseUnverified(unescape(value))
		}
	}
	q.fill(r, codec.FormatLitestar, value, session, err)
	r.setAuthentic(decoder, codec.FormatLitestar, value)
	if r.outcome == outcomeIncomplete && firstMissing(chunks) == len(chunks) {
		r.find("missing-chunk", "one after number "+strconv.Itoa(len(chunks)-1))
	}
	q.findInKey(r)
	return r, nil
}

// litestar returns the decoder and how many keys it has. Without any it has one
// that fits nothing, for what it tells of the form of a cookie.
func (q *query) litestar() (decoder *codec.Codec, tried int, err error) {
	var secrets []codec.Key
	for _, k := range q.keys {
		if k.sealed != nil {
			secrets = append(secrets, codec.NewKey(k.label, k.sealed))
		}
	}
	tried = len(secrets)
	if tried == 0 {
		secrets = []codec.Key{codec.NewKey("none", []byte(rand.Text()[:16]))}
	}
	if q.sealed == nil {
		q.sealed, err = codec.NewLitestar(codec.LitestarConfig{
			Keys: codec.Keys{Current: secrets[0], Previous: secrets[1:]},
			Now:  func() time.Time { return q.now },
		})
		if err != nil {
			return nil, 0, usageError(strings.TrimPrefix(err.Error(), "codec: "))
		}
	}
	return q.sealed, tried, nil
}

// firstMissing returns the lowest number that is no chunk's.
func firstMissing(chunks map[int][]cookieinput.Cookie) int {
	n := 0
	for chunks[n] != nil {
		n++
	}
	return n
}

func numbers(chunks map[int][]cookieinput.Cookie) []int {
	var all []int
	for n := range chunks {
		all = append(all, n)
	}
	slices.Sort(all)
	return all
}

// join returns the likeliest reading: the numbered chunks, or else the one
// without number.
func join(bare []cookieinput.Cookie, chunks map[int][]cookieinput.Cookie) string {
	var b strings.Builder
	for _, n := range numbers(chunks) {
		b.WriteString(chunks[n][len(chunks[n])-1].Value)
	}
	if len(chunks) == 0 {
		return bare[len(bare)-1].Value
	}
	return b.String()
}

// unescape undoes percent-encoding, as Litestar does with every cookie.
func unescape(value string) string {
	if decoded, err := url.PathUnescape(value); err == nil {
		return decoded
	}
	return value
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
		if r.name != "session" && r.name != q.name && !resembles(format, value) {
			r.outcome = outcomeUnknown // any cookie may be called csrf-2
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
			r.expiresAt = r.signedAt.Add(q.maxAge)
		}
		r.expired = new(!r.expiresAt.IsZero() && q.now.Unix() > r.expiresAt.Unix())
	case r.outcome == outcomeNoKey:
		r.expired = new(q.now.Round(time.Second).Unix() >= r.expiresAt.Unix())
	}
	if r.values != nil && !isJSON(r.values.Text()) {
		r.find("not-json", "")
	}
}

// setAuthentic notes that a cookie which holds no session, not an object, say,
// is authentic none the less.
func (r *result) setAuthentic(decoder *codec.Codec, format codec.Format, value string) {
	if r.verified == nil || *r.verified {
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
// is too long for an id or a token.
func resembles(format codec.Format, value string) bool {
	if format == codec.FormatLitestar {
		return !strings.Contains(value, ".") && len(value) > 128
	}
	return strings.Contains(value, ".") && value[0] == 'e' && strings.IndexByte("wxyz0123456789+/", value[1]) >= 0
}

// findInCookie looks at a cookie as it was sent.
func (r *result) findInCookie(name string, c cookieinput.Cookie) {
	if c.Quoted {
		r.find("quoted-value", "")
	}
	if isPercentEncoded(c.Value) {
		r.find("percent-encoded", "")
	}
	if strings.Contains(c.Value, " ") {
		r.find("blank-in-value", "")
	}
	if strings.Contains(c.Value, "…") || strings.Contains(c.Value, "...") {
		r.find("elided-value", "")
	}
	size := len(name) + len(c.Value)
	if c.Quoted {
		size += len(`""`)
	}
	if size > codec.MaxCookieSize {
		r.find("cookie-too-large", strconv.Itoa(size))
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

// findInKey looks at the AES key that opened the cookie.
func (q *query) findInKey(r *result) {
	for _, k := range q.keys {
		if r.verified == nil || !*r.verified || k.label != r.key {
			continue
		}
		if !slices.ContainsFunc(k.sealed, func(b byte) bool { return b < ' ' || b > '~' }) {
			r.find("text-key", "")
		} else if len(k.sealed) < 32 {
			r.find("short-key", "")
		}
	}
}
