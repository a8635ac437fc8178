package main

import (
	"crypto/rand"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/cookieinput"
)

// read reads one family: each signed cookie of it, each bare encrypted one, and
// the chunks together. A family without any that lives is a deletion.
func (q *query) read(f *family) ([]*result, error) {
	bare := live(f.bare)
	chunks := map[int][]cookieinput.Cookie{}
	for n, sent := range f.chunks {
		if sent = live(sent); len(sent) > 0 {
			chunks[n] = sent
		}
	}
	var results []*result
	var sealed []cookieinput.Cookie
	if len(bare) == 0 && len(chunks) == 0 {
		found, err := q.readBeside(f)
		if err != nil || len(found) > 0 {
			return found, err
		}
	}
	for _, c := range bare {
		if q.format == codec.FormatLitestar || q.format == 0 && !strings.Contains(c.Value, ".") {
			sealed = append(sealed, c)
			continue
		}
		r, err := q.readSigned(f.name, c)
		if err != nil {
			return nil, err
		}
		results = append(results, r)
	}
	if len(chunks) > 0 {
		found, err := q.readChunks(f.name, sealed, chunks)
		if err != nil {
			return nil, err
		}
		results = append(results, found...)
	} else {
		for _, c := range sealed {
			r, err := q.readSealed(f.name, []cookieinput.Cookie{c}, nil)
			if err != nil {
				return nil, err
			}
			results = append(results, r)
		}
	}
	if len(results) == 0 {
		r := &result{outcome: outcomeDeletion, name: f.name, verified: q.unmatched()}
		for _, c := range f.bare {
			r.pieces = append(r.pieces, piece{-1, c})
		}
		r.find("deletion", "")
		if n := len(f.bare); n > 1 && f.bare[n-1].Header > 0 { // sent together, not one after the other
			r.find("duplicate-cookie", "")
		}
		results = append(results, r)
	}
	for _, r := range results {
		r.number, r.host = f.number, f.host
		if r.isAuthentic() && r.chunks() == 0 && isBesideOther(r, results, bare) {
			r.find("other-app", "")
		}
		switch {
		case len(bare) > 0 && len(chunks) > 0 && r.format == codec.FormatLitestar:
			r.find("stale-bare", "")
		case len(bare) > 1:
			r.find("duplicate-cookie", "")
		}
	}
	return results, nil
}

// isBesideOther reports whether the last cookie of the name, which is the one
// that Python takes, is another than that of a result, and no key's.
func isBesideOther(r *result, results []*result, bare []cookieinput.Cookie) bool {
	if len(bare) < 2 {
		return false
	}
	last := bare[len(bare)-1]
	return !slices.ContainsFunc(results, func(other *result) bool {
		return (other == r || other.isAuthentic()) && slices.ContainsFunc(other.pieces, func(p piece) bool { return p.Same(last) })
	})
}

// readBeside reads what a request carries beside a deletion that counts, being
// the last of its name: what a key authenticates is told all the same.
func (q *query) readBeside(f *family) ([]*result, error) {
	last := len(f.bare) - 1
	if last < 1 || f.bare[last].Header == 0 || len(q.keys) == 0 {
		return nil, nil
	}
	beside := *f
	beside.bare = slices.DeleteFunc(slices.Clone(f.bare), cookieinput.Cookie.Deletion)
	if len(beside.bare) == 0 {
		return nil, nil
	}
	found, err := q.read(&beside)
	found = slices.DeleteFunc(found, func(r *result) bool { return !r.isAuthentic() })
	for _, r := range found {
		r.find("duplicate-cookie", "")
		r.find("other-app", "it says that there is no session")
	}
	return found, err
}

// unmatched is what a result says as long as no key has verified its cookie.
func (q *query) unmatched() *bool {
	if len(q.keys) == 0 {
		return nil
	}
	return new(bool)
}

// readSigned reads a cookie of Starlette.
func (q *query) readSigned(name string, c cookieinput.Cookie) (*result, error) {
	r := &result{name: name, verified: q.unmatched(), tried: len(q.keys), pieces: []piece{{-1, c}}, value: c.Value}
	r.findInCookie(c)
	r.findSize(c)
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
	}
	r.findShape(c)
	if r.outcome == outcomeMalformed {
		r.findMisspelled()
	}
	q.findInKey(r)
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
		var secrets []codec.Key
		for _, k := range q.keys {
			secrets = append(secrets, codec.NewKey(k.label, k.signed))
		}
		var err error
		if *cached, err = q.newStarlette(secrets, untimed); err != nil {
			return nil, err
		}
	}
	return *cached, nil
}

func (q *query) newStarlette(secrets []codec.Key, untimed bool) (*codec.Codec, error) {
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

// readChunks reads the numbered cookies of a family and, if they are no session
// together, each of them as a cookie whose name only looks like a chunk's.
func (q *query) readChunks(name string, bare []cookieinput.Cookie, chunks map[int][]cookieinput.Cookie) ([]*result, error) {
	r, err := q.readSealed(name, bare, chunks)
	if err != nil || r.isAuthentic() {
		return []*result{r}, err
	}
	var authentic []*result
	for _, n := range numbers(chunks) {
		c := chunks[n][len(chunks[n])-1]
		alone, err := q.readSealed(c.Name, []cookieinput.Cookie{c}, nil)
		switch {
		case err != nil:
			return nil, err
		case alone.isAuthentic():
			authentic = append(authentic, alone)
		case r.outcome == outcomeIncomplete && len(r.hints) == 0 && isToken(c.Name) &&
			(alone.outcome == outcomeNoKey || alone.outcome == outcomeNotAuthentic):
			r.hints = append(r.hints, "if it is a cookie of its own, no chunk: --name "+shortName(c.Name))
		}
	}
	if len(authentic) > 0 {
		return authentic, nil
	}
	return []*result{r}, nil
}

// readSealed reads an encrypted cookie, or the chunks of one and what is beside
// them.
func (q *query) readSealed(name string, bare []cookieinput.Cookie, chunks map[int][]cookieinput.Cookie) (*result, error) {
	r := &result{name: name, verified: q.unmatched(), value: join(bare, chunks)}
	var cookies []*http.Cookie
	for _, c := range bare {
		r.findInCookie(c)
		if c.Name != "" { // else it may be chunks that somebody joined
			r.findSize(c)
		}
		r.pieces = append(r.pieces, piece{-1, c})
		cookies = append(cookies, &http.Cookie{Name: "session", Value: c.Value})
	}
	for _, n := range numbers(chunks) {
		sent := chunks[n]
		if len(sent) > 1 {
			r.find("duplicate-chunk", "number "+strconv.Itoa(n))
		}
		for _, c := range sent {
			r.findInCookie(c)
			r.findSize(c)
			r.pieces = append(r.pieces, piece{n, c})
			cookies = append(cookies, &http.Cookie{Name: "session-" + strconv.Itoa(n), Value: c.Value})
		}
	}
	if len(chunks) > 0 {
		if n := firstMissing(chunks); n < slices.Max(numbers(chunks)) {
			r.find("missing-chunk", "number "+strconv.Itoa(n))
		}
		if len(chunks) > 10 {
			r.find("text-sorted-chunks", "")
		}
	}

	decoder, tried, err := q.litestar()
	if err != nil {
		return nil, err
	}
	r.tried = tried
	session, err := decoder.DecodeCookies(cookies)
	if tried == 0 && errors.Is(err, codec.ErrUnauthentic) {
		session, err = codec.ParseUnverified(r.value)
		if err != nil {
			session, err = codec.ParseUnverified(unescape(r.value))
		}
	}
	q.fill(r, codec.FormatLitestar, r.value, session, err)
	r.setAuthentic(decoder, codec.FormatLitestar, r.value)
	if r.outcome == outcomeIncomplete && firstMissing(chunks) == len(chunks) {
		r.find("missing-chunk", "one after number "+strconv.Itoa(len(chunks)-1))
	}
	if len(chunks) == 0 {
		r.findShape(bare[len(bare)-1])
	}
	if r.outcome == outcomeMalformed {
		r.findMisspelled()
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
