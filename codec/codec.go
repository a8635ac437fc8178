package codec

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sessctl/sessctl/codec/internal/chunk"
)

// Format is a family of session cookies.
type Format uint8

const (
	// FormatStarlette is Starlette's (and so FastAPI's) cookie: JSON in base64,
	// signed with itsdangerous.
	FormatStarlette Format = iota + 1
	// FormatLitestar is the cookie of Litestar v2 and Starlite v1: JSON
	// encrypted with AES-GCM, split over several cookies.
	FormatLitestar
)

// String returns starlette, litestar, or unknown.
func (f Format) String() string {
	switch f {
	case FormatStarlette:
		return "starlette"
	case FormatLitestar:
		return "litestar"
	}
	return "unknown"
}

// NoMaxAge, as the MaxAge of signed cookies, means that they never expire
// (max_age=None in Starlette).
const NoMaxAge time.Duration = -1

// DefaultMaxAge is the max age of Starlette, Starlite and Litestar: 14 days.
const DefaultMaxAge = 14 * 24 * time.Hour

// maxUnix is the end of the year 9999, the last that Python's datetime and
// RFC 3339 can hold.
const maxUnix = 253402300799

// seconds saturates: a forged clock may be further away than a Duration holds.
func seconds(n int64) time.Duration {
	const most = int64(math.MaxInt64 / time.Second)
	return time.Duration(max(-most, min(n, most))) * time.Second
}

// Info says how a session was read.
type Info struct {
	Format    Format
	KeyLabel  string
	KeyIndex  int           // 0: Current, then Previous in order; -1: none (unverified)
	SignedAt  time.Time     // UTC, whole seconds; zero: unknown (Litestar; Starlette without timestamp)
	ExpiresAt time.Time     // UTC, whole seconds; zero: never, or unknown
	Age       time.Duration // since it was written, whole seconds; Litestar: MaxAge less what is left
	Stale     bool          // opened by a Previous key or a From format: write it back
}

// Session is what a cookie held: the data, and how it was read. As JSON it is
// its Values alone.
type Session struct {
	*Values
	Info
}

// opened is a Session and its Values in one allocation.
type opened struct {
	session Session
	values  Values
}

func newSession() *Session {
	o := new(opened)
	o.session.Values = &o.values
	o.session.KeyIndex = -1
	return &o.session
}

// Codec reads and writes session cookies. It is immutable and safe for
// concurrent use. Make one with [NewStarlette], [NewLitestar] or [NewMigration].
type Codec struct {
	forms []*form // all are read, in this order; the first is written
}

// form is one format with its keys, clock and cookie: all that a Codec knows of
// it. How values are sealed is the wire's; the rules about cookies are data.
type form struct {
	wire
	format Format
	keys   []Key
	cookie Attributes
	maxAge time.Duration
	now    func() time.Time

	split     bool // over several cookies, percent-decoded and quoted as Litestar does
	numbered  bool // even a single chunk has a number
	maxChunks int
	chunkSize int
}

// wire seals and opens one cookie value.
type wire interface {
	// open authenticates value and appends its JSON text to dst. With ErrExpired
	// and ErrFuture the text and Info are valid too.
	open(dst, value []byte, now time.Time) ([]byte, Info, error)
	// seal appends the value for text. A zero expires means a whole max age;
	// it returns how long the value is valid, 0 for ever.
	seal(dst, text []byte, now, expires time.Time) ([]byte, time.Duration, error)
}

// EncodeOption changes one call of [Codec.Write], [Codec.EncodeCookies] or [Codec.Encode].
type EncodeOption func(*encodeOptions)

type encodeOptions struct{ expires time.Time }

// ExpiresAt makes the cookie expire at t, or after a whole max age if that is
// earlier. It keeps what is left of a lifetime when a session is re-issued or
// moved, in Max-Age too: a signed cookie gets t less the max age as the time it
// was signed. One without a max age or without a timestamp never expires by
// itself, so there t is only what the browser is told.
//
// The zero time changes nothing, so Info.ExpiresAt can be given as it is. When
// less than a second is left, or nothing, as in the last second of a session and
// within a Leeway, writing answers [ErrExpired]: leave the cookie as it is then.
func ExpiresAt(t time.Time) EncodeOption {
	return func(o *encodeOptions) { o.expires = t }
}

func applyOptions(opts []EncodeOption) (o encodeOptions) {
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	return o
}

// Read returns the session that a request carries. It never returns a nil
// Session: on error it is empty. A nil error means authentic and in time.
//
// The errors are [ErrNoCookie], [ErrMalformed], [ErrUnauthentic], [ErrExpired],
// [ErrFuture] (both as a [TimeError]), [ErrIncomplete], [ErrTooLarge] and
// [ErrNotObject]. Most services treat them all as no session and log all but
// the first.
func (c *Codec) Read(r *http.Request) (*Session, error) {
	received, err := readCookies(r.Header, c.owns)
	if err != nil {
		return newSession(), err
	}
	return c.DecodeCookies(received)
}

// Write sets the cookies that hold v on w. If v has no values it clears those
// that r carried; so it does with left-overs of another format or of a longer
// session. It replaces what an earlier Write set, and sets no other header:
// Vary and Cache-Control are the caller's.
//
// On error nothing is set. The errors are [ErrUnsupported] and [ErrTooLarge],
// both as a [ValueError] where one key is to blame, [ErrExpired] (see
// [ExpiresAt]), [ErrCutOff], what an earlier [Values.Set] returned, and one
// that says that the clock is before 1970 or past 9999. A request with more
// than 3000 cookies is not cleared: with no values that is ErrTooLarge.
//
// Responses to parallel requests overwrite each other, as they do in Python: of
// two that change the session, the one that reaches the browser last counts.
func (c *Codec) Write(w http.ResponseWriter, r *http.Request, v *Values, opts ...EncodeOption) error {
	received, err := readCookies(r.Header, c.owns)
	if err != nil && v.Len() == 0 {
		return err // a logout that would clear nothing must not go unseen
	}
	cookies, err := c.EncodeCookies(v, received, opts...)
	if err != nil {
		return err
	}
	header := w.Header()
	header["Set-Cookie"] = slices.DeleteFunc(header["Set-Cookie"], c.replaces)
	if len(header["Set-Cookie"]) == 0 {
		header.Del("Set-Cookie")
	}
	for _, cookie := range cookies {
		http.SetCookie(w, cookie)
	}
	return nil
}

// replaces reports whether a browser would take a Set-Cookie line for the same
// cookie as one that Write sets: of the same name, path and domain.
func (c *Codec) replaces(line string) bool {
	cookie, err := http.ParseSetCookie(line)
	return err == nil && slices.ContainsFunc(c.forms, func(f *form) bool {
		return f.clears(cookie.Name) && cookie.Path == f.cookie.Path && cookie.Partitioned == f.cookie.Partitioned &&
			strings.EqualFold(strings.TrimPrefix(cookie.Domain, "."), f.cookie.Domain)
	})
}

// owns reports whether a cookie of this name belongs to any of the forms.
func (c *Codec) owns(name string) bool {
	return slices.ContainsFunc(c.forms, func(f *form) bool { return f.owns(name) })
}

func (f *form) owns(name string) bool {
	if !f.split {
		return name == f.cookie.Name
	}
	_, ok := chunk.Number(f.cookie.Name, name)
	return ok
}

// clears reports whether a cookie of this name may be a left-over of this form.
func (f *form) clears(name string) bool {
	n, _ := chunk.Number(f.cookie.Name, name)
	return f.owns(name) && n < chunk.Max
}

// DecodeCookies is [Codec.Read] over cookies as [Cookies],
// [http.Request.Cookies] or [http.ParseSetCookie] return them: without the
// quotes around their values. Those of other names are left alone.
func (c *Codec) DecodeCookies(received []*http.Cookie) (*Session, error) {
	buf := scratch.Get().(*[]byte)
	defer scratch.Put(buf)
	if len(c.forms) == 0 {
		return newSession(), errZero
	}
	var firstErr error = ErrNoCookie
	for i, f := range c.forms {
		session, err := f.decodeCookies(buf, received)
		if session != nil && i > 0 {
			session.Stale = true
		}
		if err == nil {
			return session, nil
		}
		if firstErr == ErrNoCookie || isTime(err) && !isTime(firstErr) {
			firstErr = outside(session, err)
		}
	}
	return newSession(), firstErr
}

// outside wraps the error of an authentic session outside its time.
func outside(session *Session, err error) error {
	if session == nil {
		return err
	}
	return &TimeError{session, err}
}

func isTime(err error) bool { return errors.Is(err, ErrExpired) || errors.Is(err, ErrFuture) }

// fullChunk is the least size, in bytes, of a chunk that was cut from a longer
// value: Python's have 4032.
const fullChunk = 3072

// decodeCookies returns a session if its error is nil or isTime; errors are bare.
func (f *form) decodeCookies(buf *[]byte, received []*http.Cookie) (*Session, error) {
	if !f.split {
		value := ""
		for _, c := range received {
			if c != nil && c.Name == f.cookie.Name {
				value = c.Value
			}
		}
		return f.decode(buf, value)
	}

	var set chunk.Set
	size, tooLarge, beyond := 0, false, false
	for _, c := range received {
		if c == nil {
			continue
		}
		n, ok := chunk.Number(f.cookie.Name, c.Name)
		if !ok {
			continue
		}
		// Another app's cookie, session-2024 say, spoils nothing.
		if n == chunk.Max {
			beyond = true
			continue
		}
		if size+len(c.Value) > MaxValueSize {
			tooLarge = true
			continue
		}
		size += len(c.Value)
		value := percentDecode(c.Value)
		if value == cleared {
			value = ""
		}
		set.Add(n, value)
	}
	if set.Empty() && !tooLarge {
		return nil, ErrNoCookie
	}
	var best *Session
	var bestErr error
	for i, reading := range set.Readings() {
		session, err := f.decode(buf, reading)
		if i == 0 || session != nil && (best == nil || session.ExpiresAt.After(best.ExpiresAt)) {
			best, bestErr = session, err
		}
	}
	switch {
	case best != nil:
		return best, bestErr
	case tooLarge, beyond && set.Full():
		return nil, ErrTooLarge
	case set.Incomplete(), bestErr == ErrMalformed && set.Cut(min(fullChunk, f.chunkSize)):
		return nil, ErrIncomplete
	}
	return nil, bestErr
}

// scratch holds buffers for what must not outlive a call: the value as bytes
// and its plaintext.
var scratch = sync.Pool{New: func() any {
	b := make([]byte, 0, 2*MaxCookieSize)
	return &b
}}

// decode opens value, as decodeCookies does.
func (f *form) decode(buf *[]byte, value string) (*Session, error) {
	if value == "" || value == cleared {
		return nil, ErrNoCookie
	}
	if len(value) > MaxValueSize {
		return nil, ErrTooLarge
	}
	raw := append(slices.Grow((*buf)[:0], 2*len(value)), value...)
	*buf = raw
	text, info, err := f.open(raw[len(raw):], raw, f.now())
	if err != nil && !isTime(err) {
		return nil, err
	}
	session := newSession()
	if err := session.parse(string(text), f.format); err != nil {
		return nil, err
	}
	session.Info = info
	return session, err
}

// Decode reads one cookie value, the chunks of a split one joined in the order
// of their numbers. Errors are those of [Codec.Read]; the Session is never nil.
func (c *Codec) Decode(value string) (*Session, error) {
	buf := scratch.Get().(*[]byte)
	defer scratch.Put(buf)
	firstErr := errZero // unless there is a form
	for i, f := range c.forms {
		session, err := f.decode(buf, value)
		if session != nil && i > 0 {
			session.Stale = true
		}
		if err == nil {
			return session, nil
		}
		if moreTelling(err, firstErr) {
			firstErr = outside(session, err)
		}
	}
	return newSession(), firstErr
}

// errClock is the error of a cookie that no reader could place in time.
var errClock = errors.New("codec: the cookie would be dated before 1970 or after 9999: is the clock right?")

// errZero is the error of a Codec that no constructor made.
var errZero = errors.New("codec: a zero Codec; make one with NewStarlette, NewLitestar or NewMigration")

// moreTelling reports whether err says more of a value than an earlier form's:
// that it is authentic, or that at least it has the shape.
func moreTelling(err, earlier error) bool {
	return earlier == errZero || earlier == ErrMalformed || isTime(err) && !isTime(earlier)
}

// AppendOpen is the hot path of [Codec.Decode]: it authenticates value, appends
// its JSON text to dst and parses nothing. It allocates nothing when dst has
// room: as much as value is long always does.
//
// Errors are bare and as of [Codec.Read]; on any, [ErrExpired] too, dst is
// returned as it was. What lies beyond its length may be overwritten, so it
// must not overlap value.
func (c *Codec) AppendOpen(dst, value []byte) ([]byte, Info, error) {
	if len(value) == 0 || string(value) == cleared {
		return dst, Info{KeyIndex: -1}, ErrNoCookie
	}
	if len(value) > MaxValueSize {
		return dst, Info{KeyIndex: -1}, ErrTooLarge
	}
	first := errZero // unless there is a form
	for i, f := range c.forms {
		out, info, err := f.open(dst, value, f.now())
		if err == nil {
			if i > 0 {
				info.Stale = true
			}
			return out, info, nil
		}
		if moreTelling(err, first) {
			first = err
		}
	}
	return dst, Info{KeyIndex: -1}, first
}

// Encode makes one cookie value, not split; no values make {}. Browsers keep
// [MaxCookieSize] bytes of name and value, which Encode does not look at. Errors
// are those of [Codec.Write].
func (c *Codec) Encode(v *Values, opts ...EncodeOption) (string, error) {
	if len(c.forms) == 0 {
		return "", errZero
	}
	value, _, err := c.forms[0].encode(v, applyOptions(opts))
	return value, err
}

func (f *form) encode(v *Values, o encodeOptions) (string, time.Duration, error) {
	text, err := v.AppendJSON(nil, f.format)
	if err != nil {
		return "", 0, err
	}
	now := f.now()
	if f.keys[0].cutOff(now) {
		return "", 0, fmt.Errorf("%w: key %q", ErrCutOff, f.keys[0].label)
	}
	value, left, err := f.seal(nil, text, now, o.expires)
	if err != nil {
		return "", 0, err
	}
	if len(value) > MaxValueSize {
		return "", 0, f.tooLarge(v, fmt.Sprintf("makes %d bytes, at most %d are read", len(value), MaxValueSize))
	}
	return string(value), left, nil
}

// tooLarge blames the key that takes the most.
func (f *form) tooLarge(v *Values, reason string) error {
	var largest string
	size := -1
	for key, text := range v.All() {
		if len(key)+len(text) > size {
			largest, size = key, len(key)+len(text)
		}
	}
	return &ValueError{Key: largest, Reason: fmt.Sprintf("the largest with %d bytes; the session %s", size, reason), Err: ErrTooLarge}
}

// EncodeCookies is [Codec.Write] without a request and a response: it returns
// the cookies to set. received, as [Cookies] returns them, decides which have
// to be cleared.
func (c *Codec) EncodeCookies(v *Values, received []*http.Cookie, opts ...EncodeOption) ([]*http.Cookie, error) {
	if len(c.forms) == 0 {
		return nil, errZero
	}
	cookies, err := c.forms[0].encodeCookies(v, applyOptions(opts))
	if err != nil {
		return nil, err
	}
	// Two cookies of one name that differ in one of these are two to a browser.
	type identity struct {
		name, path, domain string
		partitioned        bool
	}
	done := make(map[identity]bool, len(cookies)+len(received))
	for _, cookie := range cookies {
		done[identity{cookie.Name, cookie.Path, cookie.Domain, cookie.Partitioned}] = true
	}
	for _, f := range c.forms {
		for _, r := range received {
			if r == nil || !f.clears(r.Name) {
				continue
			}
			id := identity{r.Name, f.cookie.Path, f.cookie.Domain, f.cookie.Partitioned}
			if !done[id] {
				done[id] = true
				cookies = append(cookies, f.cookie.clear(r.Name))
			}
		}
	}
	return cookies, nil
}

// encodeCookies returns no cookies for no values.
func (f *form) encodeCookies(v *Values, o encodeOptions) ([]*http.Cookie, error) {
	if v.Len() == 0 {
		_, err := v.AppendJSON(nil, f.format) // what Set refused is not to be forgotten
		return nil, err
	}
	value, left, err := f.encode(v, o)
	if err != nil {
		return nil, err
	}
	if !f.split {
		if size := len(f.cookie.Name) + len(value); size > MaxCookieSize {
			return nil, f.tooLarge(v, fmt.Sprintf("makes %d bytes of name and value, browsers keep %d", size, MaxCookieSize))
		}
		cookie := f.cookie.cookie(f.cookie.Name, value)
		cookie.MaxAge = int(left / time.Second)
		return []*http.Cookie{cookie}, nil
	}
	pieces := chunk.Split(value, f.chunkSize)
	if len(pieces) > f.maxChunks {
		return nil, f.tooLarge(v, fmt.Sprintf("makes %d chunks, at most %d are allowed", len(pieces), f.maxChunks))
	}
	if size := len(value) + len(pieces)*len(chunk.Name(f.cookie.Name, f.maxChunks-1)); f.cookie.Partitioned && size > maxPartitioned {
		return nil, f.tooLarge(v, fmt.Sprintf("makes %d bytes, browsers keep %d of the partitioned cookies of a site", size, maxPartitioned))
	}
	cookies := make([]*http.Cookie, len(pieces))
	for i, piece := range pieces {
		n := i
		if len(pieces) == 1 && !f.numbered {
			n = chunk.Bare
		}
		cookie := f.cookie.cookie(chunk.Name(f.cookie.Name, n), piece)
		cookie.MaxAge = int(left / time.Second)
		cookie.Quoted = strings.ContainsAny(piece, "/=") // as http.cookies.SimpleCookie
		cookies[i] = cookie
	}
	return cookies, nil
}

// newForm fills in what both formats share and refuses what cannot work.
func newForm(keys Keys, cookie Attributes, maxAge, leeway time.Duration, now func() time.Time) (*form, error) {
	all, err := keys.all()
	if err != nil {
		return nil, err
	}
	cookie, err = cookie.withDefaults()
	if err != nil {
		return nil, err
	}
	if maxAge == 0 {
		maxAge = DefaultMaxAge
	}
	if maxAge != NoMaxAge && (maxAge < 0 || maxAge%time.Second != 0) {
		return nil, errors.New("codec: MaxAge must be whole seconds, at least one")
	}
	if leeway < 0 || leeway%time.Second != 0 {
		return nil, errors.New("codec: Leeway must be whole seconds, not negative")
	}
	if now == nil {
		now = time.Now
	}
	return &form{keys: all, cookie: cookie, maxAge: maxAge, now: now}, nil
}

// ParseUnverified returns what can be read of a cookie value without a key: of
// a signed one the session and when it was signed, of an encrypted one only
// when it expires. Nothing of it can be trusted: anyone can make such a value.
//
// Info.KeyIndex is -1. The errors are [ErrNoCookie], [ErrMalformed],
// [ErrTooLarge] and [ErrNotObject]; the Session is never nil.
func ParseUnverified(value string) (*Session, error) {
	session := newSession()
	switch {
	case value == "" || value == cleared:
		return session, ErrNoCookie
	case len(value) > MaxValueSize:
		return session, ErrTooLarge
	}
	text, info, err := parseUnverified([]byte(value))
	if err != nil {
		return session, err
	}
	info.KeyIndex = -1
	session.Info = info
	if info.Format == FormatLitestar {
		return session, nil
	}
	if err := session.parse(string(text), info.Format); err != nil {
		session = newSession()
		session.Info = info
		return session, err
	}
	return session, nil
}

// parseUnverified tells the format by the shape: only a signed value holds a dot.
func parseUnverified(value []byte) ([]byte, Info, error) {
	if !bytes.Contains(value, []byte(".")) {
		_, _, expires, err := decodeSealed(nil, value)
		return nil, Info{Format: FormatLitestar, ExpiresAt: time.Unix(expires, 0).UTC()}, err
	}
	timed := bytes.Count(value, []byte(".")) > 1
	payload, _, sig, at, err := splitSigned(value, timed)
	if err != nil || !wellFormed(nil, payload, sig) {
		return nil, Info{}, ErrMalformed
	}
	info := Info{Format: FormatStarlette}
	if timed {
		info.SignedAt = at
	}
	text, err := appendBase64(nil, payload)
	return text, info, err
}
