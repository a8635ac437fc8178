package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/codec/itsdangerous"
	"github.com/sessctl/sessctl/internal/cookieinput"
)

// explain looks for the reason why a result holds no session. Each hypothesis
// is tried on the cookie, so what is found holds, but for what can only be told
// by the look of a cookie. cookies are all of the input.
func (q *query) explain(r *result, cookies []cookieinput.Cookie) {
	if r.isAuthentic() {
		q.explainChunks(r)
		return
	}
	switch r.outcome {
	case outcomeNoKey, outcomeNotAuthentic, outcomeMalformed, outcomeUnknown, outcomeIncomplete:
	default:
		return
	}
	if len(r.pieces) == 0 {
		return
	}
	if q.format != 0 && !q.isOfFormat(r.value) {
		r.find("other-format", "")
		return
	}
	signed := isSigned(r)
	found := q.explainKey(r) || q.explainValue(r) || signed && q.explainSigner(r) ||
		!signed && q.explainOrder(r) || explainCut(r) || q.explainName(r, cookies)
	if !found {
		q.explainFormat(r, signed)
	}
}

// isOfFormat reports whether a value is not clearly of another format than asked
// for.
func (q *query) isOfFormat(value string) bool {
	session, err := codec.ParseUnverified(value)
	return err != nil || session.Format == q.format
}

// isSigned goes by the dot that only signed cookies hold.
func isSigned(r *result) bool {
	return r.format == codec.FormatStarlette || r.format == 0 && strings.Contains(r.value, ".")
}

// opens reports whether a cookie, with what change makes of its values, is
// authentic under a key that fits signed or encrypted cookies.
func (q *query) opens(r *result, secret []byte, change func(string) string) bool {
	if isSigned(r) {
		value := change(r.value)
		decoder, err := q.newStarlette([]codec.Key{codec.NewKey("guess", secret)}, strings.Count(value, ".") == 1)
		return err == nil && isAuthenticError(second(decoder.Decode(value)))
	}
	if !isAESKey(secret) {
		return false
	}
	decoder, err := codec.NewLitestar(codec.LitestarConfig{Keys: codec.Keys{Current: codec.NewKey("guess", secret)}})
	return err == nil && isAuthenticError(second(decoder.DecodeCookies(r.httpCookies(change))))
}

func second[T any](_ T, err error) error { return err }

// isAuthenticError reports whether what a codec answered means that the key fits.
func isAuthenticError(err error) bool {
	return err == nil || errors.Is(err, codec.ErrExpired) || errors.Is(err, codec.ErrFuture) || errors.Is(err, codec.ErrNotObject)
}

// httpCookies returns the cookies of a result under the name session.
func (r *result) httpCookies(change func(string) string) []*http.Cookie {
	var cookies []*http.Cookie
	for _, p := range r.pieces {
		name := "session"
		if p.number >= 0 {
			name += "-" + strconv.Itoa(p.number)
		}
		cookies = append(cookies, &http.Cookie{Name: name, Value: change(p.Value)})
	}
	return cookies
}

func unchanged(s string) string { return s }

// explainKey tries what a key may have been meant to be.
func (q *query) explainKey(r *result) bool {
	for _, k := range q.keys {
		for _, g := range k.guesses() {
			if q.opens(r, []byte(g.secret), unchanged) {
				r.findKey(g.code, k.label, "")
				return true
			}
		}
	}
	return false
}

// changes are what happens to a value on its way, and how it is undone.
var changes = []struct {
	code, detail string
	undo         func(string) string
}{
	{"encoded-value", "once", unescape},
	{"encoded-value", "twice", func(s string) string { return unescape(unescape(s)) }},
	{"encoded-value", "three times", func(s string) string { return unescape(unescape(unescape(s))) }},
	{"quoted-twice", "", unquote},
	{"quoted-twice", "and its percent-encoding", func(s string) string { return unquote(unescape(s)) }},
	{"lost-plus", "", func(s string) string { return strings.ReplaceAll(s, " ", "+") }},
	{"lost-plus", "", func(s string) string { return strings.ReplaceAll(unescape(s), " ", "+") }},
}

func unquote(s string) string {
	inner, _ := codec.Unquote(s)
	return inner
}

// explainValue undoes what may have happened to the value. What no key verifies
// has to take on the form of a session cookie by it.
func (q *query) explainValue(r *result) bool {
	for _, c := range changes {
		if slices.Equal(values(r.httpCookies(c.undo)), values(r.httpCookies(unchanged))) {
			continue
		}
		for _, k := range q.keys {
			secret := k.signed
			if !isSigned(r) {
				secret = k.sealed
			}
			if q.opens(r, secret, c.undo) {
				r.find(c.code, joinDetails(c.detail, fmt.Sprintf("key %q verifies it then", k.label)))
				return true
			}
		}
		if r.outcome != outcomeMalformed && r.outcome != outcomeUnknown {
			continue
		}
		if _, err := codec.ParseUnverified(strings.Join(values(r.httpCookies(c.undo)), "")); err == nil {
			r.find(c.code, c.detail)
			return true
		}
	}
	return false
}

func values(cookies []*http.Cookie) []string {
	var all []string
	for _, c := range cookies {
		all = append(all, c.Value)
	}
	return all
}

func joinDetails(details ...string) string {
	return strings.Join(slices.DeleteFunc(details, func(s string) bool { return s == "" }), ", ")
}

// The settings of itsdangerous that people change, in Python's words.
var (
	salts       = []string{"itsdangerous.Signer", "itsdangerous", "cookie-session", "session", "starlette.sessions", ""}
	derivations = []struct {
		name string
		itsdangerous.Derivation
	}{
		{"django-concat", itsdangerous.DjangoConcat},
		{"concat", itsdangerous.Concat},
		{"hmac", itsdangerous.HMACDerivation},
		{"none", itsdangerous.NoDerivation},
	}
	digests = []struct {
		name string
		size int
		itsdangerous.Digest
	}{
		{"sha1", 20, itsdangerous.SHA1},
		{"sha224", 28, itsdangerous.SHA224},
		{"sha256", 32, itsdangerous.SHA256},
		{"sha384", 48, itsdangerous.SHA384},
		{"sha512", 64, itsdangerous.SHA512},
	}
)

// explainSigner tries the signers of other apps and frameworks.
func (q *query) explainSigner(r *result) bool {
	code := ""
	for _, c := range []string{"flask", "jwt"} {
		if r.has(c) {
			code = c
		}
	}
	for _, k := range q.keys {
		how, ok := otherSigner(r.value, k.signed)
		switch {
		case !ok:
			continue
		case code != "":
			r.add(newFinding(code, "", fmt.Sprintf("signed with key %q", k.label)))
		default:
			r.findKey("other-signer", k.label, how)
		}
		return true
	}
	return code != ""
}

// otherSigner says how a value was signed with a secret, if not as Starlette does.
func otherSigner(value string, secret []byte) (how string, ok bool) {
	message, sig, _ := cutLast(value, ".")
	if isJWT(value) {
		return "", isHMAC(message, sig, secret)
	}
	for _, digest := range digests {
		if len(sig) != base64.RawURLEncoding.EncodedLen(digest.size) {
			continue
		}
		for _, derivation := range derivations {
			for _, salt := range salts {
				signer, err := itsdangerous.NewSigner(itsdangerous.Config{
					Keys: [][]byte{secret}, Salt: []byte(salt), Digest: digest.Digest, Derivation: derivation.Derivation,
				})
				if err != nil {
					continue
				}
				if _, ok := signer.Verify([]byte(message), []byte(sig)); !ok {
					continue
				}
				how = fmt.Sprintf("key derivation %s, digest %s", derivation.name, digest.name)
				if derivation.Derivation != itsdangerous.NoDerivation {
					how = fmt.Sprintf("salt %q, %s", salt, how)
				}
				return how, true
			}
		}
	}
	return "", false
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return "", s, false
	}
	return s[:i], s[i+len(sep):], true
}

// isHMAC knows the signatures HS256, HS384 and HS512 of JSON Web Tokens.
func isHMAC(message, sig string, secret []byte) bool {
	given, err := base64.RawURLEncoding.DecodeString(sig)
	if err != nil {
		return false
	}
	return slices.ContainsFunc([]func() hash.Hash{sha256.New, sha512.New384, sha512.New}, func(digest func() hash.Hash) bool {
		mac := hmac.New(digest, secret)
		mac.Write([]byte(message))
		return hmac.Equal(mac.Sum(nil), given)
	})
}

// djangoSalt is that of django.contrib.sessions.backends.signed_cookies, 6.0.
const djangoSalt = "django.contrib.sessions.backends.signed_cookies"

// isDjangoKey reports whether Django made the value with this SECRET_KEY. Its
// signature is that of itsdangerous with another digest and separator.
func isDjangoKey(value string, secret []byte) bool {
	message, sig, _ := cutLast(value, ":")
	signer, err := itsdangerous.NewSigner(itsdangerous.Config{
		Keys: [][]byte{secret}, Salt: []byte(djangoSalt), Digest: itsdangerous.SHA256, Separator: ":",
	})
	if err != nil {
		return false
	}
	_, ok := signer.Verify([]byte(message), []byte(sig))
	return ok
}

// pythonChunk is how long Python's chunks are: 4096 less 64 for the name and
// the attributes (CHUNK_SIZE in litestar.middleware.session.client_side).
const pythonChunk = 4032

// explainOrder takes one value apart that somebody joined from chunks sorted as
// text, and joins it by number.
func (q *query) explainOrder(r *result) bool {
	n := (len(r.value) + pythonChunk - 1) / pythonChunk
	if r.chunks() > 0 || n <= 10 {
		return false
	}
	names := make([]string, n)
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	slices.Sort(names)
	pieces, rest := make([]string, n), r.value
	for _, name := range names {
		i, _ := strconv.Atoi(name)
		size := pythonChunk
		if i == n-1 {
			size = len(r.value) - pythonChunk*(n-1)
		}
		pieces[i], rest = rest[:size], rest[size:]
	}
	value := strings.Join(pieces, "")
	if _, err := codec.ParseUnverified(value); err != nil || value == r.value {
		return false
	}
	detail := ""
	for _, k := range q.keys {
		if q.opens(r, k.sealed, func(string) string { return value }) {
			detail = fmt.Sprintf("key %q opens it joined by number", k.label)
		}
	}
	r.find("chunk-order", detail)
	return true
}

// explainCut knows the lengths at which things are cut: browsers and proxies
// that keep 4096 bytes of a cookie, a terminal's line, and a signature that is
// too short.
func explainCut(r *result) bool {
	last := r.pieces[len(r.pieces)-1].Cookie
	whole := r.outcome != outcomeMalformed && r.outcome != outcomeUnknown && r.outcome != outcomeIncomplete
	_, sig, dotted := cutLast(r.value, ".")
	switch length := len(last.Value); {
	case whole:
		return false
	case last.Size == codec.MaxCookieSize:
		r.find("cut", "name and value are 4096 bytes, exactly what browsers keep")
	case last.Name != "" && last.Size+len("=") == codec.MaxCookieSize:
		r.find("cut", "name=value is exactly 4096 bytes")
	case length == codec.MaxCookieSize, length == codec.MaxCookieSize-1:
		r.find("cut", fmt.Sprintf("the value is %d bytes, as long as a terminal's line or a common buffer", length))
	case r.format == codec.FormatStarlette && dotted && 0 < len(sig) && len(sig) < signatureLength && strings.Count(r.value, ".") == 2:
		r.find("cut", fmt.Sprintf("the signature has %d of %d characters", len(sig), signatureLength))
	default:
		return r.has("cut")
	}
	return true
}

// signatureLength is that of Starlette's signatures: SHA-1 in base64.
var signatureLength = base64.RawURLEncoding.EncodedLen(20)

// explainName looks whether a key fits another cookie of the input.
func (q *query) explainName(r *result, cookies []cookieinput.Cookie) bool {
	if q.name == "" || len(q.keys) == 0 {
		return false
	}
	if q.elsewhere == nil { // it depends on no result
		q.elsewhere = &result{}
		all := *q
		all.name = ""
		for _, f := range all.families(cookies) {
			found, _ := all.read(f)
			for _, other := range found {
				if other.isAuthentic() && other.name != q.name {
					q.elsewhere = other
				}
			}
		}
	}
	if q.elsewhere.key == "" {
		return false
	}
	r.findKey("other-name", q.elsewhere.key, q.elsewhere.name)
	return true
}

// explainFormat tells of keys that cannot be of this cookie's format.
func (q *query) explainFormat(r *result, signed bool) {
	switch {
	case r.has("django"):
		for _, k := range q.keys {
			if isDjangoKey(r.value, k.signed) {
				r.add(newFinding("django", "", fmt.Sprintf("signed with key %q", k.label)))
			}
		}
	case r.outcome == outcomeNoKey && len(q.keys) == 0:
		r.find("no-key", "")
	case r.outcome == outcomeNoKey, r.outcome == outcomeNotAuthentic && !signed:
		q.findUnusable(r)
	case r.outcome == outcomeNotAuthentic:
		for _, k := range q.keys {
			if isAESKey(k.signed) && !isReadable(k.signed) {
				r.findKey("key-of-other-format", k.label, fmt.Sprintf("%d bytes that are no text, as an AES key is, and this cookie is signed", len(k.signed)))
			}
		}
	}
}

// findUnusable tells of the keys that can open no encrypted cookie.
func (q *query) findUnusable(r *result) {
	for _, k := range q.keys {
		if k.sealed == nil {
			r.findings = append(r.findings, k.lengthFinding())
		}
	}
}

// lengthFinding says that a key is no AES key, and what it may be.
func (k key) lengthFinding() finding {
	f := newFinding("key-length", k.label, "")
	f.Message = strings.Replace(f.Message, "N bytes", fmt.Sprintf("%d bytes", k.length), 1)
	if k.advice != "" {
		f.Hint = k.advice
	}
	return f
}

// isReadable reports whether b is a text, in whatever language.
func isReadable(b []byte) bool {
	return utf8.Valid(b) && !strings.ContainsFunc(string(b), func(r rune) bool { return !unicode.IsPrint(r) })
}

func isText(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool { return c < ' ' || c > '~' })
}

// explainChunks tells which of several chunks made an authentic session: the
// app joins them all.
func (q *query) explainChunks(r *result) {
	n := r.chunks()
	if n < 2 {
		return
	}
	decoder, _, err := q.litestar()
	if err != nil {
		return
	}
	first := len(r.pieces) - n
	joined := ""
	for i, p := range r.pieces[first:] {
		joined += p.Value
		if _, _, err := decoder.AppendOpen(nil, []byte(joined)); isAuthenticError(err) {
			if i+1 < n {
				r.find("stale-chunk", "from number "+strconv.Itoa(r.pieces[first+i+1].number)+" on")
			}
			return
		}
	}
}

// unescape undoes percent-encoding, as Litestar does with every cookie.
func unescape(value string) string {
	if decoded, err := url.PathUnescape(value); err == nil {
		return decoded
	}
	return value
}
