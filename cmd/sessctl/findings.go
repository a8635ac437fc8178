package main

import (
	"fmt"
	"strings"
)

// finding is something about a cookie that a person should know. Its code is
// stable: scripts match it.
type finding struct {
	Level   string `json:"level"`
	Code    string `json:"code"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

const (
	levelInfo  = "info"  // normal, but good to know
	levelWarn  = "warn"  // likely to be, or to become, a problem
	levelCause = "cause" // why there is no session, or none that can be read
)

// findingKinds lists every finding there is: what it says, and what to do. KEY
// stands for the label of a key.
var findingKinds = []struct{ code, level, says, do string }{
	// The cookie as it was sent.
	{"quoted-value", levelInfo, "the value stood in double quotes", ""},
	{"percent-encoded", levelWarn, "the value is percent-encoded", "Litestar undoes it, Starlette does not: find what encodes the cookie on its way"},
	{"blank-in-value", levelWarn, "the value holds blanks", "a + became a blank: take the cookie from the header itself, not from a decoded form"},
	{"elided-value", levelWarn, "the value holds an ellipsis: whoever showed it cut it", "copy the whole value"},
	{"non-canonical-base64", levelWarn, "the base64 is not spelled as Python writes it", "something has rewritten the cookie; Python's lenient decoder may read it none the less, a strict one does not"},
	{"duplicate-cookie", levelWarn, "the same name was sent with different values", "the app reads the last one; the other has another Path or Domain: clear it"},
	{"duplicate-chunk", levelWarn, "a chunk was sent with different values; the last one counts", "an old one has another Path or Domain: clear it"},
	{"stale-bare", levelCause, "a cookie without number stands beside numbered chunks", "one of the two is a left-over: Starlite and Litestar up to 2.8.2 log the user out over it; clear it"},
	{"stale-chunk", levelCause, "chunks of a longer session stand behind those of this one", "the app joins them all and reads no session, or answers 500: clear them"},
	{"text-sorted-chunks", levelCause, "there are more than 10 chunks", "Litestar sorts session-10 before session-2 and cannot read them: store less in the session"},
	{"jar-expired", levelInfo, "the jar says that the cookie has expired: no client sends it any more", ""},

	// Sizes.
	{"cookie-too-large", levelWarn, "name and value are larger than the 4096 bytes that browsers keep", "store less in the session"},
	{"header-too-large", levelWarn, "the Cookie header comes near what servers accept, or exceeds it", "store less in the session, or clear what else is sent"},

	// Attributes of a Set-Cookie line.
	{"no-secure", levelWarn, "the cookie is set without Secure, so it is sent over plain HTTP too", "Starlette: https_only=True; Litestar: secure=True"},
	{"no-httponly", levelWarn, "the cookie is set without HttpOnly, so scripts can read it", "both frameworks set it: find what takes it away"},
	{"no-samesite", levelWarn, "the cookie is set without SameSite, so browsers decide", "Starlette: same_site; Litestar: samesite; lax is the default of both"},
	{"samesite-none", levelWarn, "SameSite=None and Partitioned need Secure: browsers drop the cookie", "set it with Secure, or with SameSite=Lax"},
	{"name-prefix", levelWarn, "the name's prefix is not kept, so browsers drop the cookie", "__Secure- needs Secure; __Host- needs Secure and Path=/ and no Domain"},

	// Times.
	{"no-timestamp", levelInfo, "the cookie has no timestamp, as of Starlette 0.6.2 to 0.7: it never expires", ""},
	{"near-expiry", levelInfo, "less than a tenth of its lifetime is left", ""},
	{"expired", levelCause, "its max age has passed", "the user has to log in again"},
	{"clock-ahead", levelCause, "it was signed in the future", "the clock of the host that signed it is ahead, or this one is behind: set both by NTP; --now sets another time here"},

	// What it holds.
	{"not-json", levelWarn, "the session is JSON to Python alone: it holds NaN, Infinity or half a surrogate pair", "other languages cannot read it"},
	{"unreadable", levelWarn, "the framework itself cannot read this session", "it answers every request with an error until the cookie is cleared"},
	{"empty-session", levelInfo, "the session is empty: the frameworks set no cookie for it, and clear the one that is there", ""},
	{"shortened", levelWarn, "the target's max age is shorter than what was left of its lifetime", "give --to-max-age, if the app's is longer"},
	{"target-refuses", levelCause, "the target cannot hold this session", "change what the message names, in the app or in the flags"},
	{"fragile-number", levelInfo, "it holds a number that JavaScript, or Go's any, would change", "read it as a string or as json.Number; codec.Values keeps it"},

	// Keys.
	{"text-key", levelWarn, "the AES key is printable text, which holds fewer random bits than its length says", "for a new key: sessctl keygen --format litestar"},
	{"short-key", levelWarn, "the AES key is shorter than the 32 bytes that are recommended", "random bytes make it strong enough; for a new one: sessctl keygen --format litestar"},
	{"weak-secret", levelWarn, "key KEY is short, repeats itself, or stands in documentation: others can guess it and forge sessions", "for a new key: sessctl keygen"},
	{"old-key", levelWarn, "key KEY verifies it, not the first one given: an app that knows only the first sees no session", "keep the old key in the app until these cookies have expired"},
	{"key-newline", levelCause, "key KEY matches with its trailing newline: the app reads the file without .strip()", "write raw: in front of it"},
	{"key-crlf", levelCause, "key KEY matches with Unix line ends: the app reads the file as a text, which turns Windows' into those, and without .strip()", "give the file Unix line ends, and write raw: in front of it"},
	{"key-line-end", levelCause, "key KEY matches without the line ends behind it", "take them off"},
	{"key-blanks", levelCause, "key KEY matches without the blanks around it", "take them off"},
	{"key-quotes", levelCause, "key KEY matches without the quotes around it", "take them off"},
	{"key-bom", levelCause, "key KEY matches without the byte order mark that an editor put in front of it", "take it off"},
	{"key-hex", levelCause, "key KEY matches once decoded from hex", "write hex: in front of it"},
	{"key-base64", levelCause, "key KEY matches once decoded from base64", "write base64: in front of it"},
	{"key-text", levelCause, "key KEY matches as text, its prefix not taken for one", "write raw: in front of what the app uses"},
	{"key-bytes", levelCause, "key KEY matches as Python prints bytes, b'...': the app gives its secret_key as bytes, and Starlette signs with their str()", "give the app a str, or write the printed form into the key file; in Go codec.PythonBytes makes it"},
	{"key-printed", levelCause, "key KEY matches without Python's b'...' around it", "write the bytes themselves, or hex: and their hex"},
	{"key-length", levelCause, "key KEY is N bytes; an AES key is 16, 24 or 32", "it is the secret of the app's CookieBackendConfig, byte for byte; a secret of Starlette's opens no encrypted cookie"},
	{"key-of-other-format", levelCause, "key KEY is of the other format", "signed cookies need the text of secret_key, encrypted ones 16, 24 or 32 bytes"},
	{"other-signer", levelCause, "key KEY matches, but with a signer that is not Starlette's", "the app, or a framework before it, replaced the signer: give it back salt itsdangerous.Signer, django-concat and SHA-1"},
	{"no-key", levelCause, "it is encrypted, and no key was given", "it is the secret of the app's CookieBackendConfig (litestar.middleware.session.client_side; in Starlite before 1.34 SessionCookieConfig): give it with --key-file, --key-env or --key-prompt"},

	// Why there is no session.
	{"deletion", levelCause, "the app has ended the session: the value is empty or null, or Max-Age is 0", "look at the request whose response cleared it"},
	{"missing-chunk", levelCause, "a chunk is missing", "a browser or proxy dropped it: look at the sizes of the cookies and of the Cookie header"},
	{"chunk-order", levelCause, "the chunks were joined in the order of their names as text, session-10 before session-2", "join them by number"},
	{"cut", levelCause, "its end is missing", "copy the whole value; if the app sees it like this, something on its way cuts long cookies"},
	{"wrapped", levelCause, "the lines make one cookie together: it was wrapped", "give it in one line"},
	{"single-quotes", levelCause, "single quotes stand around it", "cmd.exe does not take them off: use double quotes there"},
	{"encoded-value", levelCause, "it reads once its percent-encoding is undone", "what set or sent it encoded it once too often: encodeURIComponent in a script, a proxy"},
	{"quoted-twice", levelCause, "it reads once another pair of quotes is undone", "what set or sent it quoted it once too often"},
	{"lost-plus", levelCause, "it reads once its blanks are + again", "something decoded it as a form: take the cookie from the header itself"},
	{"other-app", levelCause, "another app's cookie of the same name counts, being the last one", "cookies do not know ports: on localhost, and wherever apps share a host, give each app a cookie name of its own"},
	{"other-name", levelCause, "key KEY fits another cookie of the input", "the app names its cookie so: leave out --name, or give that one"},
	{"other-format", levelCause, "it is a cookie of the other format", "leave out --format"},
	{"flask", levelCause, "it is a session of Flask", "Flask's default name is session too: give one of the apps another"},
	{"django", levelCause, "it is a session of Django's signed_cookies backend", "it is another app's"},
	{"jwt", levelCause, "it is a JSON Web Token, no session cookie", "it is another app's, or a token that belongs into the Authorization header"},
	{"not-a-session", levelCause, "what the store holds there is not a session", "another program, or another layout of sessions, keeps it there"},
	{"not-readable", levelCause, "what the store holds there cannot be read", "at most 1 MiB is read, nested to 900 levels, with 10,000 keys, and no file of another user"},
	{"odd-key", levelWarn, "its key is no id that the frameworks make: a client has made it up, or another program keeps it", "sessctl store prune --odd deletes those that hold a session"},
	{"given-expiry", levelWarn, "what has no expiry was given one, since the target needs it", "--max-age says how long they live"},
	{"session-id", levelCause, "it looks like the id of a server-side session", "the data is in the app's store: sessctl store show reads it there"},
}

// newFinding returns the finding of a code, which the table must hold. key is
// the label of the key that it is about; detail may be empty.
func newFinding(code, key, detail string) finding {
	for _, kind := range findingKinds {
		if kind.code == code {
			f := finding{kind.level, code, strings.Replace(kind.says, "KEY", fmt.Sprintf("%q", key), 1), kind.do}
			if detail != "" {
				f.Message += ": " + detail
			}
			return f
		}
	}
	panic("no such finding: " + code)
}

// helpFindings lists the findings for help findings.
func helpFindings() string {
	var b strings.Builder
	b.WriteString(`A finding is what a person should know of a cookie besides its outcome. Its code
is stable. A cause is why there is no session, or none that can be read; warn is
likely to be, or to become, a problem.
`)
	for _, kind := range findingKinds {
		fmt.Fprintf(&b, "\n  %s (%s)\n    %s\n", kind.code, kind.level, kind.says)
		if kind.do != "" {
			fmt.Fprintf(&b, "    → %s\n", kind.do)
		}
	}
	return b.String()
}
