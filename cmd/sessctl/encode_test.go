package main

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/compat"
	"github.com/sessctl/sessctl/internal/cookieinput"
	"github.com/sessctl/sessctl/internal/vectors"
)

// encodeVector runs sessctl encode as the app of a vector.
func encodeVector(t *testing.T, v vectors.Vector, unix float64, text string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	maxAge := "none"
	if v.Config.MaxAge != nil {
		maxAge = strconv.FormatInt(*v.Config.MaxAge, 10)
	}
	args = append([]string{
		"encode", "--format", v.Format, "--key-file", writeKeyFile(t, v.Config.Key), "--max-age", maxAge,
		"--now", vectors.Time(unix).Format(time.RFC3339Nano), "--name", v.Config.Name, "--attr", attributesOf(v.Config),
		"--numbered=" + strconv.FormatBool(v.Config.Numbered), "--untimed=" + strconv.FormatBool(v.Config.Untimed),
	}, args...)
	e, out, errOut := testEnv(text)
	code = run(args, e)
	return code, out.String(), errOut.String()
}

func attributesOf(c vectors.Config) string {
	attributes := "Path=" + cmp.Or(c.Path, "/") + "; SameSite=" + cmp.Or(c.SameSite, "lax")
	if c.Domain != "" {
		attributes += "; Domain=" + c.Domain
	}
	if !c.Insecure {
		attributes += "; Secure"
	}
	if c.Partitioned {
		attributes += "; Partitioned"
	}
	return attributes
}

func writeKeyFile(t *testing.T, secret []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte("hex:"+hex.EncodeToString(secret)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// isOwn reports whether the newest release spelled the JSON: encode spells it
// so whatever it is given, where a codec keeps what it has read.
func isOwn(v vectors.Vector) bool {
	_, name, _ := strings.Cut(v.Name, "/")
	return v.Reencode && !strings.HasPrefix(name, "payload-") && !strings.HasPrefix(name, "starlite-1.33.")
}

// TestEncodeVectors makes what the real packages made, to the byte.
func TestEncodeVectors(t *testing.T) {
	compat.EachVector(t, func(v vectors.Vector) bool { return v.FromJSON || isOwn(v) }, func(t *testing.T, v vectors.Vector) {
		text := v.JSON
		if v.FromJSON {
			text = v.Source
		}
		code, stdout, stderr := encodeVector(t, v, *v.WrittenAt, text, "--as", "value")
		if code != exitOK {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
		got := strings.TrimSuffix(stdout, "\n")
		if v.Format == "litestar" {
			got = compat.Reseal(t, v, got)
		}
		if got != v.Value {
			t.Errorf("value:\n got %s\nwant %s", got, v.Value)
		}
	})
}

// TestEncodeUnsupported: what Python fails on is refused, and the key named.
func TestEncodeUnsupported(t *testing.T) {
	compat.EachVector(t, func(v vectors.Vector) bool { return v.Unsupported != "" }, func(t *testing.T, v vectors.Vector) {
		code, stdout, stderr := encodeVector(t, v, v.Now, v.Source, "--as", "json")
		if code != exitNotSession || stdout != "" || !strings.Contains(stderr, fmt.Sprintf("key %+q: ", v.Unsupported)) {
			t.Errorf("exit code %d, stdout %s, stderr %s; want a refusal of key %q", code, stdout, stderr, v.Unsupported)
		}
	})
}

// TestEncodeSetCookie sets the cookies that the real packages set.
func TestEncodeSetCookie(t *testing.T) {
	match := func(v vectors.Vector) bool { return isOwn(v) && len(v.SetCookie) > 0 && v.Then == "" && v.JSON != "{}" }
	compat.EachVector(t, match, func(t *testing.T, v vectors.Vector) {
		want, _ := compat.ParseSetCookies(t, v.SetCookie)
		code, stdout, stderr := encodeVector(t, v, *v.WrittenAt, v.JSON, "--as", "set-cookie")
		if compat.Unusable(want) {
			if code != exitNotSession || stdout != "" {
				t.Errorf("exit code %d, stdout %s; browsers or Python could not bring them back", code, stdout)
			}
			return
		}
		if code != exitOK {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
		compat.CheckSet(t, v, parseSetCookieLines(t, stdout), want)
	})
}

// parseSetCookieLines reads what --as set-cookie prints.
func parseSetCookieLines(t *testing.T, text string) (cookies []*http.Cookie) {
	t.Helper()
	for line := range strings.Lines(text) {
		value, ok := strings.CutPrefix(line, "Set-Cookie: ")
		c, err := http.ParseSetCookie(strings.TrimSuffix(value, "\n"))
		if !ok || err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		cookies = append(cookies, c)
	}
	return cookies
}

func TestEncodeLimits(t *testing.T) {
	many := make([]string, 10_001)
	for i := range many {
		many[i] = fmt.Sprintf(`"%d":0`, i)
	}
	nested := func(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }
	for _, tt := range []struct{ name, text, want string }{
		{"long", `{"a":"` + strings.Repeat("x", maxJSON) + `"}`, "the JSON is longer than 1 MiB; no session is"},
		{"many keys", "{" + strings.Join(many, ",") + "}", "the session has more than 10,000 keys"},
		{"deep", `{"a":{"b":1},"c":"c","d":NaN,"deep \u001b":` + nested(maxDepth) + `,"e":1}`,
			`key "deep \x1b" nests deeper than 900 levels: Python's RecursionError would answer every request with 500`},
		{"deep array", nested(maxDepth + 1), "a session is a JSON object, and this is another value"},
		{"as deep as can be", `{"a":` + nested(maxDepth-1) + `}`, ""},
		{"digits", `{"a":` + strings.Repeat("1", 4301) + `}`,
			`the peer cannot read this value: key "a": an integer above the 4300 digits (for msgspec minus included) that Python reads: every request would be answered 500`},
		{"value", `{"a":"` + strings.Repeat("x", 64<<10) + `"}`,
			`session is too large: key "a": the largest with 65539 bytes; the session makes 87431 bytes, at most 65536 are read`},
		{"UTF-16", "\xff\xfe{\x00}\x00", "the input is not text in UTF-8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, stdout, stderr := testEnv(tt.text)
			code := run([]string{"encode", "--format", "starlette", "--key-env", "SECRET", "--as", "value"}, e)
			if tt.want == "" {
				if code != exitOK {
					t.Errorf("exit code %d: %s", code, stderr)
				}
				return
			}
			if code != exitNotSession || stdout.Len() > 0 || !strings.HasPrefix(stderr.String(), "sessctl: error: "+tt.want+"\n") {
				t.Errorf("exit code %d, stdout %s, stderr %s", code, stdout, stderr)
			}
		})
	}
}

// A person who gives nothing is shown the help.
func TestEncodeOnTerminal(t *testing.T) {
	for _, args := range [][]string{
		{"encode"},
		{"encode", "--format", "starlette", "--key-env", "SECRET"},
		{"migrate"},
		{"migrate", "--key-env", "SECRET", "--to", "litestar", "--to-key-env", "SECRET"},
	} {
		e, stdout, stderr := testEnv("")
		e.stdinTTY = true
		if code := run(args, e); code != exitUsage || stdout.Len() > 0 || !strings.Contains(stderr.String(), "\nUsage:\n") {
			t.Errorf("%v: exit code %d, stdout %s, stderr %s", args, code, stdout, stderr)
		}
	}
	e, _, stderr := testEnv(`{"a":"` + strings.Repeat("x", terminalLine) + `"}`)
	e.stdinTTY = true
	code := run([]string{"encode", "--format", "starlette", "--key-env", "SECRET", "-"}, e)
	if code != exitNotSession || !strings.Contains(stderr.String(), "so the JSON is not whole") {
		t.Errorf("what a terminal cut: exit code %d, stderr %s", code, stderr)
	}
	e, _, stderr = testEnv("")
	e.stdinTTY = true
	if code := run([]string{"encode", "--secret", "hunter2"}, e); code != exitUsage || !strings.Contains(stderr.String(), "can be read by others") {
		t.Errorf("a key on the command line: exit code %d, stderr %s", code, stderr)
	}
}

func TestEncodeJSONOnTerminal(t *testing.T) {
	e, stdout, _ := testEnv("")
	e.stdoutTTY = true
	run([]string{"encode", "--format", "starlette", "--key-env", "SECRET", "--json", `{"a":1}`}, e)
	if want := "{\n  \"schema\": \"sessctl/v1\",\n  \"outcome\": \"ok\",\n"; !strings.HasPrefix(stdout.String(), want) {
		t.Errorf("got %s", stdout)
	}
}

// What does not open to the same session is not printed.
func TestCheckAgain(t *testing.T) {
	tg := &target{format: codec.FormatStarlette, key: key{label: "k", signed: []byte("secret")}, now: time.Now}
	w, err := tg.newWriter("session", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	values := mustParse(t, `{"a":1}`)
	value, err := w.codec.Encode(mustParse(t, `{"a":2}`))
	if err != nil {
		t.Fatal(err)
	}
	session, err := w.codec.Decode(value)
	if err != nil {
		t.Fatal(err)
	}
	for _, readErr := range []error{nil, codec.ErrUnauthentic} {
		var f *failure
		if err := w.checkAgain(values, session, readErr); !errors.As(err, &f) || f.code != exitInternal {
			t.Errorf("another session, error %v: %v", readErr, err)
		}
	}
}

func mustParse(t *testing.T, text string) *codec.Values {
	t.Helper()
	values, err := codec.ParseValues(text)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

var malformedTests = []struct {
	text string
	at   int
}{
	{`{`, 1},
	{`{"a": 1`, 7},
	{`{"a`, 3},
	{`{"a": tru`, 9},
	{`{"a": trux}`, 9},
	{`{"a" 1}`, 5},
	{`{"a": 1,}`, 8},
	{`{"a": 01}`, 7},
	{`{"a": Na}`, 6},
	{`{"a": NaNN}`, 9},
	{`{"a": 1NaN}`, 7},
	{`{"a": -NaN}`, 7},
	{`{"a": NaN, "b": Infinity, "c": -Infinity, d}`, 42},
	{`{NaN: 1}`, 1},
	{`{"NaN": "\"NaN", x}`, 17},
	{"{\"a\": \"\t\"}", 7},
	{"{\"a\": \"\xff\"}", 7},
	{"{\"a\": \xff\"}", 6},
	{`{} {}`, 3},
	{`{}x`, 2},
	{`{"a": "\x"}`, 8},
	{`{"a": "\ud80"}`, 12},
}

func TestMalformedAt(t *testing.T) {
	for _, tt := range malformedTests {
		if _, err := codec.ParseValues(tt.text); !errors.Is(err, codec.ErrMalformed) {
			t.Errorf("%s: %v", tt.text, err)
		}
		if got := malformedAt(tt.text); got != tt.at {
			t.Errorf("%q: %d, want %d", tt.text, got, tt.at)
		}
	}
}

// FuzzMalformedAt: where JSON is said to be wrong, what stands before is the
// beginning of some JSON.
func FuzzMalformedAt(f *testing.F) {
	for _, tt := range malformedTests {
		f.Add(tt.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := codec.ParseValues(text); !errors.Is(err, codec.ErrMalformed) {
			return
		}
		at := malformedAt(text)
		if at < 0 || at > len(text) {
			t.Fatalf("offset %d of %d bytes", at, len(text))
		}
		// Cut there it ends too early, unless the space in front is all that is left.
		if _, err := codec.ParseValues(text[:at]); errors.Is(err, codec.ErrMalformed) {
			if again := malformedAt(text[:at]); again != at {
				t.Fatalf("offset %d, but %d of what stands before it", at, again)
			}
		}
	})
}

var attributeTests = []string{
	"", ";", "Path=/; Secure; SameSite=Lax", "path=/app;DOMAIN=.app.example;httponly;samesite=None;secure;Partitioned;",
	"Max-Age=1", "Expires=x", "Secure=", "Path", "Path=", "Path=/; Path=/", "SameSite=x", "session=abc; Path=/", "=", "= ;", "Domain=\x00", "Path=\"; HttpOnly",
}

// FuzzAttributes: no attributes bring the command down, what is refused is a
// matter of usage, and nothing of it is repeated. What is taken makes a cookie
// line that browsers read back as it was meant.
func FuzzAttributes(f *testing.F) {
	for _, s := range attributeTests {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := parseAttributes("attr", "max-age", s)
		var usage *failure
		if err != nil {
			if !errors.As(err, &usage) || usage.code != exitUsage {
				t.Fatalf("error %v", err)
			}
			if !attributeErrors.MatchString(usage.text) {
				t.Fatalf("error %q", usage.text)
			}
			return
		}
		tg := &target{format: codec.FormatStarlette, cookie: a, key: key{label: "k", signed: []byte("secret")}, now: time.Now}
		w, err := tg.newWriter("session", nil, 0)
		if err != nil {
			if !errors.As(err, &usage) || usage.code != exitUsage {
				t.Fatalf("error %v", err)
			}
			return
		}
		m, err := w.write(mustParse(t, `{"a":1}`), time.Time{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		line := m.cookies[0].String()
		read, err := cookieinput.Parse(line, cookieinput.SetHeader)
		if err != nil || len(read) != 1 {
			t.Fatalf("%q made %s: %v", s, line, err)
		}
		got := read[0].Attributes
		if !got.HttpOnly || got.Secure == a.Insecure || got.Partitioned != a.Partitioned || got.Path != cmp.Or(a.Path, "/") || (got.Domain != "") != (a.Domain != "") {
			t.Fatalf("%q made %s", s, line)
		}
		for _, r := range line {
			if !unicode.IsPrint(r) {
				t.Fatalf("%q made %q", s, line)
			}
		}
	})
}

var attributeErrors = regexp.MustCompile(`^(--attr sets no Max-Age and no Expires|--attr names \w+ twice|\w+ in --attr (needs a|takes no) value|SameSite in --attr is Lax, Strict or None|part \d+ of --attr is no attribute that it can set)$`)

// FuzzEncode: whatever the JSON, it is refused, or what is made opens to what
// the framework would have written; and nothing reaches a terminal raw.
func FuzzEncode(f *testing.F) {
	for _, v := range vectors.All(f) {
		if v.JSON != "" && len(v.JSON) < 1000 {
			f.Add(v.JSON, v.Format == "litestar")
		}
	}
	for _, tt := range malformedTests {
		f.Add(tt.text, false)
	}
	f.Add("{\"\x1b[31m\": NaN, \"\u202e\": 1e999}", true)
	dir := f.TempDir()
	keyFile := filepath.Join(dir, "key")
	if err := os.WriteFile(keyFile, []byte("hex:a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"), 0o600); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string, encrypted bool) {
		format, peer := "starlette", codec.FormatStarlette
		if encrypted {
			format, peer = "litestar", codec.FormatLitestar
		}
		e, stdout, stderr := testEnv(text)
		code := run([]string{"encode", "--json", "--format", format, "--key-file", keyFile}, e)
		for _, r := range stdout.String() + stderr.String() {
			if r != '\n' && !unicode.IsPrint(r) {
				t.Fatalf("it prints %U", r)
			}
		}
		if code == exitNotSession {
			return
		}
		if code != exitOK {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
		var rec cookieRecord
		if err := json.Unmarshal(stdout.Bytes(), &rec); err != nil {
			t.Fatal(err)
		}
		want, err := mustParse(t, strings.TrimPrefix(text, "\ufeff")).AppendJSON(nil, peer)
		if err != nil {
			t.Fatal(err)
		}
		e, stdout, stderr = testEnv(*rec.Value)
		if code := run([]string{"decode", "--raw", "--key-file", keyFile}, e); code != exitOK || stdout.String() != string(want) {
			t.Fatalf("exit code %d, session %s, want %s: %s", code, stdout, want, stderr)
		}
	})
}
