package main

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/sessctl/sessctl/codec"
)

var (
	targetChoices = []string{"starlette", "litestar", "starlite"}
	asChoices     = []string{"value", "cookie", "set-cookie", "json", "jar"}
)

// targetFlags say which cookies encode and migrate write.
type targetFlags struct {
	format   string
	name     string
	maxAge   string
	as       string
	attr     string
	numbered bool

	prefix string // of the flags that both sides of migrate have
	flags  *pflag.FlagSet
}

// register takes the defaults of the name and of --as as the help tells them.
func (f *targetFlags) register(flags *pflag.FlagSet, prefix, formatFlag, nameDefault, asDefault string) {
	f.prefix, f.flags = prefix, flags
	flags.StringVar(&f.format, formatFlag, "", "write the `FORMAT` starlette, litestar or starlite")
	flags.StringVar(&f.name, prefix+"name", "", "`NAME` of the cookie"+nameDefault)
	flags.StringVar(&f.maxAge, prefix+"max-age", "14d", "the app's max `AGE`: seconds, a number with s m h d w, or for starlette none")
	flags.StringVar(&f.as, "as", "", "write as `FORM`: value, cookie, set-cookie, json, jar"+asDefault)
	flags.StringVar(&f.attr, "attr", "", "`ATTRIBUTES` in Set-Cookie's words (default \"Path=/; Secure; SameSite=Lax\"); HttpOnly is always set")
	flags.BoolVar(&f.numbered, "numbered", false, "number a single litestar cookie too, as Starlite does")
}

// defaultName is what the frameworks call their cookie.
const defaultName = "session"

// asJSON makes --json and --as json one.
func (f *targetFlags) asJSON(o *outputFlags) error {
	if o.json && f.as != "" && f.as != "json" {
		return usageError("--json is --as json, and here is another --as")
	}
	if o.json {
		f.as = "json"
	}
	o.json = f.as == "json"
	return nil
}

// target is a format, its key, and how its cookies are set.
type target struct {
	format   codec.Format
	numbered bool
	untimed  bool // without a timestamp
	maxAge   time.Duration
	now      func() time.Time
	cookie   codec.Attributes // but for the name
	as       string           // empty: whatever fits
	key      key
}

// target checks the flags and returns what they ask for, without its key.
func (f *targetFlags) target(now time.Time) (*target, error) {
	t := &target{format: formatNamed(f.format), now: func() time.Time { return now }, as: f.as, numbered: f.numbered || f.format == "starlite"}
	if f.as != "" {
		if err := oneOf("as", f.as, asChoices); err != nil {
			return nil, err
		}
	}
	var err error
	if t.maxAge, err = parseMaxAge(f.prefix+"max-age", f.maxAge); err != nil {
		return nil, err
	}
	switch {
	case t.format == codec.FormatLitestar && t.maxAge == codec.NoMaxAge:
		return nil, usageError("--"+f.prefix+"max-age none is for starlette alone", "a cookie of Litestar or Starlite says when it expires, so it has to")
	case t.format != codec.FormatLitestar && f.numbered:
		return nil, usageError("--numbered is for litestar alone", "a signed cookie is never split")
	}
	if f.flags.Changed("attr") {
		if t.cookie, err = parseAttributes("attr", f.prefix+"max-age", f.attr); err != nil {
			return nil, err
		}
	}
	if t.as == "jar" && t.cookie.Domain == "" {
		return nil, usageError("--as jar needs a Domain: a line of a jar begins with it", "--attr 'Domain=app.example; Path=/; Secure; SameSite=Lax'")
	}
	return t, nil
}

// takeKey reads the one key that the cookies are written with.
func (t *target) takeKey(ctx context.Context, e *env, flags keyFlags) error {
	keys, err := flags.load(ctx, e)
	if err != nil {
		return err
	}
	t.key = keys[0]
	if t.format == codec.FormatLitestar && t.key.sealed == nil {
		f := t.key.lengthFinding()
		return usageError(f.Message, f.Hint)
	}
	return nil
}

// secret returns the bytes of the key that the format takes.
func (t *target) secret() []byte {
	if t.format == codec.FormatLitestar {
		return t.key.sealed
	}
	return t.key.signed
}

// isSameSecret reports whether two keys are one, whatever stands around them, and
// whether as they are, in hex, in base64 or as Python prints bytes.
func (k key) isSameSecret(other key) bool {
	theirs := other.meanings()
	for secret := range k.meanings() {
		if theirs[secret] {
			return true
		}
	}
	return false
}

// meanings returns what a key is or may have been meant to be, and what that
// would be decoded.
func (k key) meanings() map[string]bool {
	all := map[string]bool{string(k.signed): true}
	if k.sealed != nil {
		all[string(k.sealed)] = true
	}
	for _, g := range k.guesses() {
		all[g.secret] = true
	}
	for _, secret := range slices.Collect(maps.Keys(all)) {
		text := strings.TrimSpace(strings.TrimPrefix(secret, "\ufeff"))
		if b, err := hex.DecodeString(text); err == nil && len(b) > 0 {
			all[string(b)] = true
		}
		if b, err := decodeBase64(text); err == nil && len(b) > 0 {
			all[string(b)] = true
		}
	}
	return all
}

// newCodec returns the codec of the cookies of a name.
func newCodec(t *target, name string, maxChunks int) (*codec.Codec, error) {
	cookie := t.cookie
	cookie.Name = name
	keys := codec.Keys{Current: codec.NewKey(t.key.label, t.secret())}
	var c *codec.Codec
	var err error
	if t.format == codec.FormatLitestar {
		c, err = codec.NewLitestar(codec.LitestarConfig{
			Keys: keys, Cookie: cookie, MaxAge: t.maxAge, Numbered: t.numbered, MaxChunks: maxChunks, Now: t.now,
		})
	} else {
		c, err = codec.NewStarlette(codec.StarletteConfig{Keys: keys, Cookie: cookie, MaxAge: t.maxAge, Untimed: t.untimed, Now: t.now})
	}
	if err != nil {
		return nil, usageError(codecText(err))
	}
	return c, nil
}

// codecText is what a codec's error says, for people.
func codecText(err error) string { return strings.TrimPrefix(err.Error(), "codec: ") }

// writer writes sessions into the cookies of one name.
type writer struct {
	*target
	name  string
	from  *codec.Codec // what its cookies come after, and is cleared; may be nil
	codec *codec.Codec
	both  *codec.Codec
}

// newWriter takes the number of chunks that are allowed, or 0 for as many as
// Python can read.
func (t *target) newWriter(name string, from *codec.Codec, maxChunks int) (*writer, error) {
	to, err := newCodec(t, name, maxChunks)
	if err != nil {
		return nil, err
	}
	w := &writer{t, name, from, to, to}
	if from != nil {
		if w.both, err = codec.NewMigration(codec.MigrationConfig{To: to, From: []*codec.Codec{from}}); err != nil {
			return nil, usageError(codecText(err))
		}
	}
	return w, nil
}

// write makes cookies of a session, and clears those of received that they
// leave behind. The zero expires stands for a whole max age.
func (w *writer) write(values *codec.Values, expires time.Time, received []*http.Cookie) (*made, error) {
	m, err := w.encode(values, expires, received)
	if errors.Is(err, codec.ErrTooLarge) && w.takesAnySize() {
		m, err = w.encodeOversized(values, expires, received)
	}
	if err == nil && len(m.cookies) == 0 { // an empty session
		m.value, err = w.codec.Encode(values, codec.ExpiresAt(expires))
	}
	if err != nil {
		return nil, w.refusal(values, err)
	}
	session, err := m.codec.Decode(m.value)
	if err == nil && len(m.cookies) > 0 {
		session, err = m.codec.DecodeCookies(m.cookies)
	}
	if err := w.checkAgain(values, session, err); err != nil {
		return nil, err
	}
	m.expiresAt = session.ExpiresAt
	m.find(values)
	return m, nil
}

// takesAnySize reports whether the form is none that browsers are sent.
func (w *writer) takesAnySize() bool {
	return w.as == "json" || w.as == "value" || w.as == "" && w.format == codec.FormatStarlette
}

func (w *writer) encode(values *codec.Values, expires time.Time, received []*http.Cookie) (*made, error) {
	cookies, err := w.both.EncodeCookies(values, received, codec.ExpiresAt(expires))
	m := &made{writer: w}
	for _, c := range cookies {
		if c.Expires.IsZero() {
			m.cookies = append(m.cookies, c)
			m.value += c.Value
		} else {
			m.cleared = append(m.cleared, c)
		}
	}
	return m, err
}

// mostChunks is more than codec.MaxValueSize makes.
const mostChunks = 64

// encodeOversized makes what browsers or Python would drop.
func (w *writer) encodeOversized(values *codec.Values, expires time.Time, received []*http.Cookie) (m *made, err error) {
	if w.format == codec.FormatStarlette {
		m = &made{writer: w, oversized: true}
		m.value, err = w.codec.Encode(values, codec.ExpiresAt(expires))
		m.cookies = []*http.Cookie{{Name: w.name, Value: m.value}}
		return m, err
	}
	wide, err := w.newWriter(w.name, w.from, mostChunks)
	if err != nil {
		return nil, err
	}
	m, err = wide.encode(values, expires, received)
	m.oversized = true
	return m, err
}

// checkAgain holds what was read back against what was written.
func (w *writer) checkAgain(values *codec.Values, again *codec.Session, err error) error {
	want, wantErr := values.AppendJSON(nil, w.format)
	if err != nil || wantErr != nil || again.Text() != string(want) {
		return &failure{code: exitInternal, text: "the cookie that was made does not hold the session; this is a bug in " + versionLine()}
	}
	return nil
}

// refusal says why the target cannot hold a session.
func (w *writer) refusal(values *codec.Values, err error) error {
	f := &failure{code: exitNotSession, text: codecText(err), cause: err}
	switch {
	case errors.Is(err, codec.ErrTooLarge):
		f.hints = []string{"the largest keys are " + largestKeys(values), "store less in the session, or keep it on the server"}
	case errors.Is(err, codec.ErrExpired):
		f.code, f.text = exitOutsideTime, "less than a second of its lifetime is left"
	case !errors.Is(err, codec.ErrUnsupported):
		f.code, f.hints = exitUsage, []string{"it follows from the clock, or --now, and from the max age"}
	}
	return f
}

// largestKeys lists the keys that take the most, for people: a name and its value
// together, as the codec counts.
func largestKeys(values *codec.Values) string {
	const most = 3
	keys := redacted(values)
	for i := range keys {
		keys[i].Size += len(keys[i].Key)
	}
	slices.SortStableFunc(keys, func(a, b redactedKey) int { return cmp.Compare(b.Size, a.Size) })
	var list []string
	for _, k := range keys[:min(most, len(keys))] {
		list = append(list, fmt.Sprintf("%q with %d bytes", shortName(k.Key), k.Size))
	}
	return strings.Join(list, ", ")
}
