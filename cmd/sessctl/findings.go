package main

// finding is something about a cookie that a person should know. Its code is
// stable: scripts match it.
type finding struct {
	Level   string `json:"level"`
	Code    string `json:"code"`
	Message string `json:"message"`
	hint    string
}

const (
	levelInfo = "info" // normal, but good to know
	levelWarn = "warn" // likely to be, or to become, a problem
)

// findingKinds lists every finding there is: what it says, and what to do.
var findingKinds = []struct{ code, level, says, do string }{
	{"quoted-value", levelInfo, "the value stood in double quotes", ""},
	{"percent-encoded", levelWarn, "the value is percent-encoded", "Litestar undoes it, Starlette does not: find what encodes the cookie on its way"},
	{"blank-in-value", levelWarn, "the value holds blanks", "a + became a blank: take the cookie from the header itself, not from a decoded form"},
	{"elided-value", levelWarn, "the value holds an ellipsis: whoever showed it cut it", "copy the whole value"},
	{"duplicate-cookie", levelWarn, "the same name was sent with different values", "the app reads the last one; the other has another Path or Domain: clear it"},
	{"duplicate-chunk", levelWarn, "a chunk was sent with different values; the last one counts", "an old one has another Path or Domain: clear it"},
	{"missing-chunk", levelWarn, "a chunk is missing", "a browser or proxy dropped it: look at the sizes of the cookies and of the Cookie header"},
	{"stale-bare", levelWarn, "a cookie without number stands beside numbered chunks", "one of the two is a left-over: Starlite and Litestar up to 2.8.2 log the user out over it; clear it"},
	{"text-sorted-chunks", levelWarn, "there are more than 10 chunks", "Litestar sorts session-10 before session-2 and cannot read them: store less in the session"},
	{"cookie-too-large", levelWarn, "name and value are larger than the 4096 bytes that browsers keep", "store less in the session"},
	{"no-timestamp", levelInfo, "the cookie has no timestamp, as of Starlette 0.6.2 to 0.7: it never expires", ""},
	{"not-json", levelWarn, "the session is Python's JSON, but not JSON: it holds NaN, Infinity or half a surrogate pair", "other languages cannot read it; session_text holds it"},
	{"text-key", levelWarn, "the AES key is printable text, which holds fewer random bits than its length says", "make one of random bytes"},
	{"short-key", levelInfo, "the AES key is shorter than 32 bytes", ""},
}

// newFinding returns the finding of a code, which the table must hold. Detail
// may be empty.
func newFinding(code, detail string) finding {
	for _, kind := range findingKinds {
		if kind.code == code {
			f := finding{Level: kind.level, Code: code, Message: kind.says, hint: kind.do}
			if detail != "" {
				f.Message += ": " + detail
			}
			return f
		}
	}
	panic("no such finding: " + code)
}
