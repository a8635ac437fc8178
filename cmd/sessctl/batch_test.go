package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	"github.com/spf13/pflag"

	"github.com/sessctl/sessctl/internal/vectors"
)

// oneLine is an input of one line, as tests of single commands have it, and
// how it is read.
type oneLine struct {
	name, line string
	commands   []string
	args       []string
}

// oneLines returns the lines of all cookies, vectors and causes of testdata.
func oneLines(t *testing.T) []oneLine {
	t.Helper()
	keyDir := t.TempDir()
	keys := 0
	keyFile := func(secret []byte) string {
		keys++
		path := filepath.Join(keyDir, fmt.Sprint(keys))
		if err := os.WriteFile(path, secret, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	var all []oneLine
	commands := []string{"decode", "verify", "inspect", "decode --redact", "decode --unverified"}
	add := func(name, text string, args ...string) {
		for line := range strings.Lines(text) {
			if line = strings.TrimRight(line, "\r\n"); strings.TrimSpace(line) != "" {
				all = append(all, oneLine{name, line, commands, args})
			}
		}
	}

	cookies, err := filepath.Glob(filepath.Join(cookieDir, "*"))
	if err != nil || len(cookies) == 0 {
		t.Fatalf("no cookies: %v", err)
	}
	starlette, litestar := keyFile([]byte("secret\n")), keyFile([]byte("0123456789abcdef"))
	for _, path := range cookies {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, now := range []string{"1700000000", "1701209599", "1701209601"} {
			add(filepath.Base(path), string(text), "--key-file", starlette, "--key-file", litestar, "--now", now)
		}
		add(filepath.Base(path)+" without a key", string(text), "--now", "1700000000")
	}
	commands = commands[:3] // all of this takes time
	for _, v := range vectors.All(t) {
		secret := v.Config.Key
		if v.Config.BytesSecret != nil {
			secret = v.Config.BytesSecret
		}
		args := []string{"--key-file", "current=" + keyFile(append([]byte("raw:"), secret...)), "--now", fmt.Sprint(int64(v.Now))}
		for i, previous := range v.Config.Previous {
			args = append(args, "--key-file", fmt.Sprintf("old%d=%s", i, keyFile(append([]byte("raw:"), previous...))))
		}
		if v.Config.MaxAge == nil {
			args = append(args, "--max-age", "none")
		} else {
			args = append(args, "--max-age", fmt.Sprint(*v.Config.MaxAge))
		}
		add(v.Name, v.Value, args...)
		add(v.Name, strings.Join(v.Cookies, "; "), args...)
	}
	for name, c := range readCauses(t) {
		args := c.arguments(t)
		args = args[:slices.Index(args, "--")]
		for _, input := range c.Input {
			add(name, input, args...)
		}
	}
	return all
}

// TestEachLineAsAlone: each line of a batch is read as it is read alone, but
// that nothing is tried on what is not authentic.
func TestEachLineAsAlone(t *testing.T) {
	compared := 0
	for _, l := range oneLines(t) {
		for _, command := range l.commands {
			args := append(strings.Fields(command), l.args...)
			if command == "verify" && !slices.Contains(args, "--key-file") || strings.HasPrefix(l.line, "@") || l.line == "-" {
				continue
			}
			alone, _, code := runRecords(t, "", append(args, "--json", "--", l.line)...)
			if len(alone) == 0 { // it is no input at all
				continue
			}
			batch, lines, batchCode := runRecords(t, "\n"+l.line+"\r\n", append(args, "--each-line")...)
			if want := min(code, 1); batchCode != want {
				t.Errorf("%s: %s: exit code %d, want %d", l.name, command, batchCode, want)
			}
			if len(batch) != len(alone) || slices.ContainsFunc(lines, func(n int64) bool { return n != 2 }) {
				t.Errorf("%s: %s: %d records of lines %v, want %d", l.name, command, len(batch), lines, len(alone))
				continue
			}
			for i := range batch {
				compareRecords(t, l.name+": "+command, batch[i], alone[i])
				compared++
			}
		}
	}
	if compared < 1000 {
		t.Errorf("%d records compared", compared)
	}
}

// runRecords runs a command and returns its records, with their line numbers
// cut out.
func runRecords(t *testing.T, stdin string, args ...string) (records []string, lines []int64, code int) {
	t.Helper()
	e, stdout, stderr := testEnv(stdin)
	code = run(args, e)
	if code == exitInternal || code == exitIO {
		t.Fatalf("%v: exit code %d: %s", args, code, stderr)
	}
	for record := range strings.Lines(stdout.String()) {
		var n struct{ Line int64 }
		if err := json.Unmarshal([]byte(record), &n); err != nil {
			t.Fatalf("%s: %v", record, err)
		}
		lines = append(lines, n.Line)
		records = append(records, strings.Replace(record, fmt.Sprintf(`"line":%d,`, n.Line), "", 1))
	}
	return records, lines, code
}

// compareRecords wants the same bytes, but for the causes that were found by
// trying.
func compareRecords(t *testing.T, name, batch, alone string) {
	t.Helper()
	var b, a struct {
		Verified *bool
		Findings []json.RawMessage
	}
	if err := errors.Join(json.Unmarshal([]byte(batch), &b), json.Unmarshal([]byte(alone), &a)); err != nil {
		t.Fatal(err)
	}
	if a.Verified != nil && *a.Verified {
		if batch != alone {
			t.Errorf("%s:\n%swant\n%s", name, batch, alone)
		}
		return
	}
	withoutFindings := func(record string) string {
		return record[:strings.LastIndex(record, `"findings":[`)]
	}
	if got, want := withoutFindings(batch), withoutFindings(alone); got != want {
		t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
	}
	left := b.Findings
	for _, text := range a.Findings {
		var f finding
		if err := json.Unmarshal(text, &f); err != nil {
			t.Fatal(err)
		}
		var next finding
		if len(left) > 0 {
			if err := json.Unmarshal(left[0], &next); err != nil {
				t.Fatal(err)
			}
		}
		switch {
		case len(left) > 0 && bytes.Equal(text, left[0]):
			left = left[1:]
		case f.Level != levelCause:
			t.Errorf("%s: the batch does not have %s", name, text)
		case next.Code == f.Code: // alone it says more
			left = left[1:]
		}
	}
	if len(left) > 0 {
		t.Errorf("%s: the batch has %s", name, left)
	}
}

// manyLines are lines of all kinds, and what becomes of each; empty: nothing.
func manyLines(t testing.TB, n int) (input string, want []outcome) {
	var b strings.Builder
	for i := range n {
		text := fmt.Sprintf(`{"n": %d, "x": "%s"}`, i, strings.Repeat("x", i%300))
		line, o := "garbage", outcomeUnknown
		switch i % 7 {
		case 0:
			line, o = "session="+signAt(t, quickKeys[0], text, quickNow), outcomeOK
		case 1:
			line, o = sealUntil(t, quickKeys[2], text, quickNow), outcomeExpired
		case 2:
			line, o = "Cookie: a=b; session="+signAt(t, quickKeys[0], text, quickNow)+"\r", outcomeOK
		case 3:
			line, o = "session="+signAt(t, quickKeys[1], text, quickNow), outcomeNotAuthentic
		case 4:
			line, o = "", ""
		case 5:
			line, o = "Set-Cookie: session=null; Path=/", outcomeDeletion
		}
		b.WriteString(line + "\n")
		want = append(want, o)
	}
	return b.String(), want
}

func writeKeys(t testing.TB) (args []string) {
	t.Helper()
	for _, k := range []key{quickKeys[0], quickKeys[2]} {
		path := filepath.Join(t.TempDir(), k.label)
		if err := os.WriteFile(path, k.signed, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--key-file", path)
	}
	return append(args, "--now", fmt.Sprint(quickNow))
}

// The records come in the order of the lines, whoever makes them, and nothing
// depends on how many do.
func TestEachLineInOrder(t *testing.T) {
	input, want := manyLines(t, 10_000)
	args := append(writeKeys(t), "decode", "--each-line")
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var first string
	for _, procs := range []int{8, 1} {
		runtime.GOMAXPROCS(procs)
		e, stdout, stderr := testEnv(input)
		if code := run(args, e); code != exitUnauthentic {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
		if summary := "sessctl: 10000 lines: 2858 good, 5714 bad, 1428 blank\n" +
			"sessctl: outcomes: ok 2858, expired 1429, not-authentic 1429, deletion 1428, unknown 1428\n" +
			"sessctl: keys: new 2858, text 1429\n"; !strings.HasPrefix(stderr.String(), summary) {
			t.Errorf("stderr %s, want %s", stderr, summary)
		}
		if first != "" {
			if stdout.String() != first {
				t.Errorf("%d goroutines write something else than one", procs)
			}
			continue
		}
		first = stdout.String()
		number := 0
		for record := range strings.Lines(first) {
			for number++; want[number-1] == ""; number++ {
			}
			if start := fmt.Sprintf(`{"schema":"sessctl/v1","line":%d,"outcome":"%s"`, number, want[number-1]); !strings.HasPrefix(record, start) {
				t.Fatalf("got %s, want %s", record, start)
			}
		}
		if number != 10_000 {
			t.Errorf("the last record is of line %d", number)
		}
	}
}

// With lines that come in for days the clock goes on.
func TestEachLineTime(t *testing.T) {
	e, stdout, _ := testEnv("")
	r, w := io.Pipe()
	e.stdin = r
	var now atomic.Int64
	now.Store(quickNow)
	e.now = func() time.Time { return time.Unix(now.Load(), 0) }
	go func() {
		for i := range 3 {
			now.Store(quickNow + int64(i)*100)
			fmt.Fprintf(w, "%s\n", signAt(t, quickKeys[0], "{}", now.Load()))
		}
		w.Close()
	}()
	if code := run([]string{"verify", "--each-line", "--key-env", "SECRET"}, e); code != exitOK {
		t.Errorf("exit code %d: %s", code, stdout)
	}
}

func TestEachLinePanic(t *testing.T) {
	e, stdout, stderr := testEnv("garbage\n")
	calls := 0
	e.now = func() time.Time {
		if calls++; calls > 1 {
			panic("content of a cookie")
		}
		return time.Unix(quickNow, 0)
	}
	if code := run([]string{"decode", "--each-line"}, e); code != exitInternal {
		t.Errorf("exit code %d, want %d", code, exitInternal)
	}
	if want := "sessctl: error: internal error at batch_test.go:"; !strings.HasPrefix(stderr.String(), want) ||
		strings.Contains(stderr.String(), "content") || stdout.Len() > 0 {
		t.Errorf("stdout %q, stderr %q", stdout, stderr)
	}
}

// What was read before the input failed is printed, and counted.
func TestEachLineReadError(t *testing.T) {
	e, stdout, stderr := testEnv("")
	e.stdin = io.MultiReader(strings.NewReader(signedSession+"\n"), failingReader{})
	if code := run([]string{"decode", "--each-line", "--key-env", "SECRET"}, e); code != exitIO {
		t.Errorf("exit code %d, want %d", code, exitIO)
	}
	if want := "sessctl: 1 line: 1 good, 0 bad\nsessctl: outcomes: ok 1\nsessctl: keys: SECRET 1\n" +
		"sessctl: error: cannot read the input: the disk is gone\n"; stderr.String() != want {
		t.Errorf("stderr %q, want %q", stderr, want)
	}
	if n := strings.Count(stdout.String(), "\n"); n != 1 {
		t.Errorf("%d records", n)
	}
}

func TestEachLineWriteError(t *testing.T) {
	e, _, stderr := testEnv(strings.Repeat(signedSession+"\n", 100_000))
	e.stdout = failingWriter{}
	if code := run([]string{"decode", "--each-line"}, e); code != exitIO {
		t.Errorf("exit code %d, want %d", code, exitIO)
	}
	if want := "sessctl: error: cannot write the output: the disk is full\n"; stderr.String() != want {
		t.Errorf("stderr %q, want %q", stderr, want)
	}
}

// An interrupt ends what never would, and the records until then are whole.
func TestEachLineInterrupted(t *testing.T) {
	e, stdout, stderr := testEnv("")
	r, w := io.Pipe()
	defer w.Close()
	e.stdin = r
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		fmt.Fprintf(w, "%s\n\n%s", signedSession, signedSession)
		cancel()
	}()
	d := decode{reader: reader{app: app{e, newVoice(e)}}}
	d.from, d.format, d.maxAge, d.color, d.eachLine = "auto", "auto", "14d", "auto", true
	d.keys.register(pflag.NewFlagSet("decode", pflag.ContinueOnError), "")
	if err := d.run(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if !strings.HasPrefix(stderr.String(), "sessctl: interrupted after ") {
		t.Errorf("stderr %q", stderr)
	}
	if out := stdout.String(); out != "" && !strings.HasSuffix(out, "}\n") {
		t.Errorf("stdout %q", out)
	}
}

// A person cannot paste a long line, and would not know why it is no cookie.
func TestEachLineTyped(t *testing.T) {
	e, stdout, _ := testEnv(strings.Repeat("x", terminalLine) + "\n" + signedSession + "\n")
	e.stdinTTY = true
	if code := run([]string{"decode", "--each-line", "-"}, e); code != exitUnauthentic {
		t.Errorf("exit code %d", code)
	}
	cut, rest, _ := strings.Cut(stdout.String(), "\n")
	if !strings.Contains(cut, `"outcome":"malformed"`) || !strings.Contains(cut, `"code":"cut","message":"its end is missing: the terminal cuts`) {
		t.Errorf("got %s", cut)
	}
	if !strings.Contains(rest, `"outcome":"unverified"`) {
		t.Errorf("got %s", rest)
	}
}

// FuzzEachLine: whatever the lines, each that is not blank has a record, and
// nothing comes out that could upset a terminal.
func FuzzEachLine(f *testing.F) {
	input, _ := manyLines(f, 14)
	f.Add(input)
	f.Add("\xff\xfes\x00=\x001\x00\n")
	f.Add("Cookie: \x1b[31m-99999999999=a; session-0=\u202e; session-1=%zz\r\n\r\n \ncurl x\n{\"log\":1}\n# Netscape HTTP Cookie File\nHTTP/1.1 200 OK")
	f.Fuzz(func(t *testing.T, input string) {
		for _, command := range []string{"decode", "verify", "inspect"} {
			e, stdout, stderr := testEnv(input)
			if code := run([]string{command, "--each-line", "--key-env", "SECRET"}, e); code != exitOK && code != exitUnauthentic {
				t.Fatalf("%s: exit code %d: %s", command, code, stderr)
			}
			seen := map[int64]bool{}
			for record := range strings.Lines(stdout.String()) {
				var rec struct {
					Schema string
					Line   int64
				}
				if err := json.Unmarshal([]byte(record), &rec); err != nil || rec.Schema != schema {
					t.Fatalf("%s: %s: %v", command, record, err)
				}
				seen[rec.Line] = true
			}
			number := int64(0)
			for line := range strings.Lines(input) {
				if number++; seen[number] == (strings.TrimSpace(strings.TrimPrefix(line, "\ufeff")) == "") {
					t.Errorf("%s: line %d, %q: has a record: %v", command, number, line, seen[number])
				}
			}
			for _, r := range stdout.String() + stderr.String() {
				if r != '\n' && !unicode.IsPrint(r) {
					t.Fatalf("%s prints %U", command, r)
				}
			}
		}
	})
}
