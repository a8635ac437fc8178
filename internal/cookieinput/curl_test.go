package cookieinput

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sessctl/sessctl/internal/pylive"
)

var curlTests = []formTest{
	{name: "chromium", text: "curl 'https://x/' \\\n  -H 'Accept: */*' \\\n  -b 'a=1; session=" + signed + "' \\\n  -H 'Referer: x'", want: "a=1 session=" + signed},
	{name: "chromium, ANSI-C", text: `curl --url 'https://x/' -b $'a="\u0021\'\\x"; b=2'`, want: `a="!'x" b=2`},
	{name: "chromium, cmd", text: "curl --url ^\"https://x/^\" ^\n  -b ^\"a=^\\^\"1^\\^\"; s=^%^3D^^^&; t=100^%^\" ^\r\n  --compressed", want: `a="1" s=%3D^& t=100%`},
	{name: "chromium, several", text: "curl 'https://x/' -b 'a=1' ;\ncurl 'https://y/' -H 'cookie: b=2; a=1'", want: "a=1 b=2"},
	{name: "chromium, several, cmd", text: "curl ^\"https://x/^\" ^\n  -b ^\"a=1^\" &\r\ncurl ^\"https://y/^\" -b ^\"b=2^\"", want: "a=1 b=2"},
	{name: "chromium before 60, cmd", text: `curl "https://x/" -H "Cookie: a=""1""; s="%"3D" --compressed`, want: `a="1" s=%3D`},
	{name: "firefox", text: `curl 'https://x/' --compressed -H 'User-Agent: x' -H 'Cookie: a=1; s="b=="'`, want: `a=1 s="b=="`},
	{name: "safari", text: "curl 'https://x/' \\\n-X 'GET' \\\n-H 'Cookie: a=1; s=2' \\\n-H 'Accept-Language: x'", want: "a=1 s=2"},
	{name: "burp", text: `curl --path-as-is -i -s -k -X $'GET' -H $'Host: x' -b $'a=1; s=\x41\101\e' $'https://x/'`, want: "a=1 s=AA\x1b"},
	{name: "attached", text: `curl --cookie=a=1 --header="Cookie: b=2" -bc=3 -H'cookie:d=4' -sSLbe=5 -skH "Cookie: f=6" x`, want: "a=1 b=2 c=3 d=4 e=5 f=6"},
	{name: "double quotes", text: "curl x -b \"a=\\\"1\\$'\\\\\\`\\x\\\n2\"", want: "a=\"1$'\\`\\x2"},
	{name: "nothing quoted", text: `curl -b a\=1\;b=2 x`, want: "a=1 b=2"},
	{name: "no surrogates, no escapes", text: `curl -b $'a=\z\c\u\x' x`, want: `a=\z\c\u\x`},
	{name: "a path, a version for Windows", text: "/usr/bin/curl -b a=1 x\ncurl.exe -b b=2 x", want: "a=1 b=2"},
	{name: "a pipe, a redirection, a comment", text: "curl -s x 2>&1 -b 'a=1' | jq '.b' > out # it's -b c=3\n", want: "a=1"},
	{name: "a pipe, cmd", text: `curl ^"x^" -b ^"a=1^" 2>nul | findstr "b=2"`, want: "a=1"},
	{name: "a redirection, cmd", text: `curl ^"x^" -b ^"a=1^">nul`, want: "a=1"},
	{name: "a quote that only cmd has open", text: "curl -b ^\"a=1\"\ncurl -b ^\"b=2^\"", want: "a=1 b=2"},
	{name: "a quote behind a quote, in the next command", text: "curl -b ^\"a=1^\"\n\"curl\" -b b=2", want: "a=1 b=2"},
	{name: "a body that looks like an option", text: `curl x --data-raw '-b no=1' -d '-bno=1' -sd --cookie=no=1 -b a=1`, want: "a=1"},
	{name: "a form's body", text: `curl x -b a=1 --data-raw $'------WebKitFormBoundary\r\nCookie: no=1\r\n'`, want: "a=1"},
	{name: "behind the options", text: `curl -b a=1 -- -b no=1`, want: "a=1"},
	{name: "a $ elsewhere", text: `curl -H "Authorization: $TOKEN" -b 'a=$1' "$URL"`, want: "a=$1"},
	{name: "a dollar sign that is one", text: `curl -b "a=$" -b "b=$ c"`, want: "a=$ b=$ c"},
	{name: "curl's own jar", text: `curl -b '' -H 'Cookie: a=1' x`, want: "a=1"},

	{name: "a file", text: "curl x \\\n -b cookies.txt", err: ErrCurlFile, line: "line 2: "},
	{name: "a file, attached", text: "curl x --cookie=-", err: ErrCurlFile, line: "line 1: "},
	{name: "a file of headers", text: "curl x -H @headers", err: ErrCurlFile, line: "line 1: "},
	{name: "no cookie", text: "curl 'https://x/' -H 'Accept: */*' -H 'Cookie;' -c out", err: ErrNoCookieCurl},
	{name: "cut off in a quote", text: "curl 'x' \\\n\\\n-b 'a=1; s=2", err: ErrCurl, line: "line 3: "},
	{name: "cut off in double quotes", text: "curl x -b \"a\n", err: ErrCurl, line: "line 1: "},
	{name: "cut off in ANSI-C", text: "curl x \\\n-b $'a=1\\", err: ErrCurl, line: "line 2: "},
	{name: "cut off in cmd", text: "curl ^\"x^\" ^\n -b ^\"a=1", err: ErrCurl, line: "line 2: "},
	{name: "cut off behind an option", text: "curl x \\\n-b", err: ErrCurl, line: "line 2: "},
	{name: "a variable", text: "curl x \\\n-b \"session=$TOKEN\"", err: ErrCurl, line: "line 2: "},
	{name: "a variable and a dollar sign", text: "curl $'\n' 'x\ny' \"\n\" \\\n-b \"session=$TOKEN$\"", err: ErrCurl, line: "line 5: "},
	{name: "a variable, nothing quoted", text: "curl x -b session=$1", err: ErrCurl, line: "line 1: "},
	{name: "a variable in braces", text: "curl x -b session=${TOKEN:-' '}", err: ErrCurl, line: "line 1: "},
	{name: "a command", text: "curl x -b \"session=$(cat t)\"", err: ErrCurl, line: "line 1: "},
	{name: "a command in backquotes", text: "curl x\ncurl y -b `cat t`", err: ErrCurl, line: "line 2: "},
	{name: "a NUL", text: `curl x -b $'a=\0'`, err: ErrCurl, line: "line 1: "},
	{name: "half a character", text: `curl x -b $'a=\ud83d'`, err: ErrCurl, line: "line 1: "},
	{name: "no character", text: `curl x -b $'a=\UFFFFFFFF'`, err: ErrCurl, line: "line 1: "},
}

func TestCurl(t *testing.T) { testForms(t, Curl, curlTests) }

// Chromium doubles a backslash for cmd, but the runtime halves only those that
// a quote follows: curl on Windows would send two, so we read two.
func TestCurlBackslashes(t *testing.T) {
	got, err := Parse(`curl ^"x^" -b ^"a=^\^\b; c=^\^\^\^\^"`, Auto)
	if diff := cmp.Diff([]string{`a=\\b`, `c=\\`}, pairs(got)); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// The ways in which people and programs quote an argument.
var quotings = []func(s string) string{
	chromiumBash,
	func(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" },
	func(s string) string { return `"` + regexp.MustCompile("[$`\"\\\\]").ReplaceAllString(s, `\$0`) + `"` },
	func(s string) string { // every byte by itself
		var b strings.Builder
		for _, c := range []byte(s) {
			if c == '\n' {
				b.WriteString("'\n'")
			} else {
				b.Write([]byte{'\\', c})
			}
		}
		return b.String() + "''"
	},
	func(s string) string { return ansiCOf(s, `\x%02x`) },
	func(s string) string { return ansiCOf(s, `\%03o`) },
}

func ansiCOf(s, format string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, format, c)
	}
	return "$'" + b.String() + "'"
}

// chromiumBash quotes as Chromium's developer tools do for bash.
func chromiumBash(s string) string {
	var b strings.Builder
	special := false
	for _, r := range s {
		switch {
		case r == '\'', r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < 0x20, 0x7f <= r && r < 0xa0, r == '!':
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
		special = special || r == '\'' || r == '!' || r < 0x20 || 0x7f <= r && r < 0xa0
	}
	if special {
		return "$'" + b.String() + "'"
	}
	return "'" + s + "'"
}

// chromiumCmd quotes as Chromium's developer tools do for cmd.
func chromiumCmd(s string) string {
	s = strings.ReplaceAll(s, `"`, `\"`)
	s = regexp.MustCompile("[^a-zA-Z0-9\\s_\\-:=+~'/.,?;()*`]").ReplaceAllString(s, "^$0")
	s = regexp.MustCompile("%([a-zA-Z0-9_])").ReplaceAllString(s, "%^$1")
	return `^"` + strings.ReplaceAll(s, "\n", "^\n\n") + `^"`
}

const alphabet = "ab=; \t'\"\\$`!^%&|<>(){}[]*?#~@,:\n\r\x01\x7f\u009fë€😀"

func randomText(r *rand.Rand, letters string) string {
	runes := []rune(letters)
	var b strings.Builder
	for range r.IntN(12) {
		b.WriteRune(runes[r.IntN(len(runes))])
	}
	return b.String()
}

// TestLiveBash holds the words that we see against those that bash gives curl.
func TestLiveBash(t *testing.T) {
	if !pylive.Enabled() {
		t.Skip("needs bash: set SESSCTL_LIVE=1")
	}
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Fatal(err)
	}
	argv := func(command string) ([]string, error) {
		cmd := exec.CommandContext(t.Context(), bash, "--norc", "--noprofile", "-c", "curl() { printf '%s\\0' curl \"$@\"; }\n"+command)
		cmd.Env = []string{"LC_ALL=C.UTF-8", "PATH=/nonexistent"}
		cmd.Dir = t.TempDir() // no * matches
		out, err := cmd.Output()
		return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"), err
	}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 300 {
		command := "curl"
		want := []string{"curl"}
		for range r.IntN(6) {
			s := randomText(r, alphabet)
			want = append(want, s)
			command += []string{" ", "\t ", " \\\n  "}[r.IntN(3)] + quotings[r.IntN(len(quotings))](s)
		}
		theirs, err := argv(command)
		if err != nil || !slices.Equal(theirs, want) {
			t.Fatalf("%d: the test's own quoting of %q is wrong: bash reads %q, %v", i, want, theirs, err)
		}
		if diff := cmp.Diff(want, firstWords(t, command)); diff != "" {
			t.Errorf("%q (-bash +ours):\n%s", command, diff)
		}
	}

	// Anything, quoted well or not: what we read, bash reads too.
	read := 0
	for range 600 {
		command := "curl "
		for range r.IntN(8) {
			// Without what makes bash replace or run something, or write a file.
			pieces := []string{"a", "b=1", " ", "'", `"`, `\`, "$'", `\'`, `\"`, `\\`, `\n`, `\u0021`, `\x4`, `\101`, "\\\n", "#", "\t", "é", "$", `$"`, "^", "'x'", `"y z"`, "\n"}
			command += pieces[r.IntN(len(pieces))]
		}
		commands, err := splitBash(command)
		if err != nil {
			continue
		}
		ours := texts(commands[0])
		if slices.ContainsFunc(commands[0], func(w word) bool { return w.expands }) {
			continue
		}
		theirs, err := argv(command)
		if err != nil && len(commands) == 1 {
			t.Errorf("%q: bash refuses it (%v), we read %q", command, err, ours)
			continue
		}
		read++
		if diff := cmp.Diff(theirs, ours); diff != "" {
			t.Errorf("%q (-bash +ours):\n%s", command, diff)
		}
	}
	if read < 200 {
		t.Errorf("only %d of 600 compared", read)
	}
}

func texts(command []word) []string {
	var out []string
	for _, w := range command {
		out = append(out, w.text)
	}
	return out
}

func firstWords(t *testing.T, command string) []string {
	t.Helper()
	commands, err := splitBash(command)
	if err != nil || len(commands) != 1 {
		t.Fatalf("splitBash(%q): %d commands, %v", command, len(commands), err)
	}
	return texts(commands[0])
}

// FuzzCurl: a cookie comes back out of a command, however it is quoted.
func FuzzCurl(f *testing.F) {
	for _, tt := range curlTests {
		f.Add(tt.text, "session", signed)
	}
	f.Add("curl", `"it's`, `100% $(x) ^"\`)
	f.Fuzz(func(t *testing.T, text, name, value string) {
		if cookies, err := parseCurl(text); (err == nil) != (len(cookies) > 0) {
			t.Fatalf("%d cookies, %v", len(cookies), err)
		}
		if !plainPair(name, value) {
			return
		}
		commands := []string{}
		for _, quote := range quotings {
			commands = append(commands, "curl 'https://x/' \\\n -b "+quote("x=1; "+name+"="+value)+" \\\n -s", "curl -H "+quote("cookie: "+name+"="+value))
		}
		if !strings.Contains(value+name, `\`) { // see TestCurlBackslashes
			commands = append(commands, "curl --url ^\"https://x/^\" ^\r\n  -b "+chromiumCmd(name+"="+value)+" ^\r\n  -s")
		}
		for _, command := range commands {
			got, err := Parse(command, Auto)
			if err != nil {
				t.Fatalf("Parse(%q): %v", command, err)
			}
			if all := pairs(got); all[len(all)-1] != name+"="+value {
				t.Errorf("Parse(%q) = %q", command, all)
			}
		}
	})
}

// In bash an empty argument in double quotes is no sign of cmd.
func TestCurlEmptyArgument(t *testing.T) {
	for _, command := range []string{
		`curl -d "" -b 'session=v' http://x`,
		`curl "http://x" --data "" -b 'session=v'`,
		`curl "http://x" --data="" -b 'session=v'`,
	} {
		cookies, err := Parse(command, Auto)
		if err != nil || len(cookies) != 1 || cookies[0].Value != "v" {
			t.Errorf("%s: %v, %v", command, cookies, err)
		}
	}
}

func TestJarOfAHostNamedCurl(t *testing.T) {
	for range 20 { // the shape is not told at random
		cookies, err := Parse("curl\tFALSE\t/\tFALSE\t0\tsession\tv\n", Auto)
		if err != nil || len(cookies) != 1 || cookies[0].Value != "v" {
			t.Fatalf("%v, %v", cookies, err)
		}
	}
}
