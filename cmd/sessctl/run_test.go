package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
)

// signedSession is the value in cookies/starlette-named, of starlette 1.10.0;
// its text is {"a": 1}.
const signedSession = "eyJhIjogMX0=.ZVPxAA.xG24nPALo8AhuefWvxeYlShMy1g"

// testEnv is a world without terminal and variables, on the day after the
// cookies were made.
func testEnv(stdin string) (e *env, stdout, stderr *bytes.Buffer) {
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	return &env{
		stdin: strings.NewReader(stdin), stdout: stdout, stderr: stderr,
		lookupVar: func(name string) (string, bool) {
			if name == "SECRET" {
				return "secret", true
			}
			return "", false
		},
		now:         func() time.Time { return time.Unix(1700086400, 0) },
		local:       time.UTC,
		width:       func() int { return 80 },
		limitMemory: func(int64) int64 { return 0 },
		readSecret: func(context.Context, string) ([]byte, error) {
			return nil, errNoTerminal
		},
	}, stdout, stderr
}

func TestRawAddsNothing(t *testing.T) {
	e, stdout, _ := testEnv("")
	if code := run([]string{"decode", "--raw", "--key-env", "SECRET", signedSession}, e); code != exitOK {
		t.Fatalf("exit code %d", code)
	}
	if got, want := stdout.String(), `{"a": 1}`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRawOnTerminal(t *testing.T) {
	e, stdout, stderr := testEnv("")
	e.stdoutTTY = true
	if code := run([]string{"decode", "--raw", signedSession}, e); code != exitUsage || stdout.Len() > 0 {
		t.Errorf("exit code %d, output %q; want %d and none", code, stdout, exitUsage)
	}
	if !strings.Contains(stderr.String(), "-o -") {
		t.Errorf("stderr: %s", stderr)
	}
	if code := run([]string{"decode", "--raw", "-o", "-", signedSession}, e); code != exitOK || stdout.String() != `{"a": 1}` {
		t.Errorf("-o -: exit code %d, output %q", code, stdout)
	}
}

func TestJSONOnTerminal(t *testing.T) {
	e, stdout, _ := testEnv("")
	e.stdoutTTY = true
	run([]string{"decode", "--json", "--key-env", "SECRET", signedSession}, e)
	if want := "{\n  \"schema\": \"sessctl/v1\",\n  \"outcome\": \"ok\",\n"; !strings.HasPrefix(stdout.String(), want) {
		t.Errorf("got %s", stdout)
	}
	if want := "  \"session\": {\n    \"a\": 1\n  },\n"; !strings.Contains(stdout.String(), want) {
		t.Errorf("got %s", stdout)
	}
}

func TestColor(t *testing.T) {
	for _, tt := range []struct {
		name           string
		stdout, stderr bool // is a terminal
		vars           map[string]string
		args           []string
		out, err       bool // is in colours
	}{
		{name: "pipes"},
		{name: "terminals", stdout: true, stderr: true, out: true, err: true},
		{name: "stdout alone", stdout: true, out: true},
		{name: "stderr alone", stderr: true, err: true},
		{name: "NO_COLOR", stdout: true, stderr: true, vars: map[string]string{"NO_COLOR": "0"}},
		{name: "empty NO_COLOR", stdout: true, vars: map[string]string{"NO_COLOR": ""}, out: true},
		{name: "dumb terminal", stdout: true, stderr: true, vars: map[string]string{"TERM": "dumb"}},
		{name: "never", stdout: true, stderr: true, args: []string{"--color=never"}},
		{name: "always", args: []string{"--color=always"}, out: true, err: true},
		{name: "always, in spite of NO_COLOR", vars: map[string]string{"NO_COLOR": "1"}, args: []string{"--color=always"}, out: true, err: true},
		{name: "a file", stdout: true, args: []string{"-o", os.DevNull}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, stdout, stderr := testEnv("")
			e.stdoutTTY, e.stderrTTY = tt.stdout, tt.stderr
			e.lookupVar = func(name string) (string, bool) { v, ok := tt.vars[name]; return v, ok }
			run(append(tt.args, "decode", signedSession), e)
			if got := strings.Contains(stdout.String(), "\x1b"); got != tt.out {
				t.Errorf("stdout in colours: %v", got)
			}
			if got := strings.Contains(stderr.String(), "\x1b"); got != tt.err {
				t.Errorf("stderr in colours: %v", got)
			}
		})
	}
}

// A panic must not tell what it was about.
func TestPanic(t *testing.T) {
	e, stdout, stderr := testEnv("")
	e.now = func() time.Time { panic("content of a cookie") }
	if code := run([]string{"decode", signedSession}, e); code != exitInternal {
		t.Errorf("exit code %d, want %d", code, exitInternal)
	}
	if stdout.Len() > 0 || strings.Contains(stderr.String(), "content") {
		t.Errorf("stdout %q, stderr %q", stdout, stderr)
	}
	if want := "sessctl: error: internal error at run_test.go:"; !strings.HasPrefix(stderr.String(), want) {
		t.Errorf("stderr: %s", stderr)
	}
}

type panickingReader struct{}

func (panickingReader) Read([]byte) (int, error) { panic("content of a cookie") }

func TestPanicWhileReading(t *testing.T) {
	e, _, stderr := testEnv("")
	e.stdin = panickingReader{}
	if code := run([]string{"decode"}, e); code != exitInternal || strings.Contains(stderr.String(), "content") {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
}

// A read that never ends does not keep an interrupt from ending the command.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	defer w.Close()
	go cancel()
	e, _, stderr := testEnv("")
	e.stdin = r
	_, err := readText(ctx, "standard input", e.readStdin)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("readText: %v", err)
	}
	if code := newVoice(e).exitCode(err); code != exitInterrupted || stderr.Len() > 0 {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
}

func TestUTF16(t *testing.T) {
	e, _, stderr := testEnv("\xff\xfes\x00=\x001\x00")
	if code := run([]string{"decode"}, e); code != exitNotSession || !strings.Contains(stderr.String(), "hint: if PowerShell wrote it") {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errors.New("the disk is gone") }

func TestReadError(t *testing.T) {
	e, _, stderr := testEnv("")
	e.stdin = failingReader{}
	if code := run([]string{"decode"}, e); code != exitIO {
		t.Errorf("exit code %d, want %d: %s", code, exitIO, stderr)
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("the disk is full") }

func TestWriteError(t *testing.T) {
	for _, args := range [][]string{{"decode", signedSession}, {"--version"}, {"--help"}, {"help", "json"}, {"help", "decode"}} {
		e, _, stderr := testEnv("")
		e.stdout = failingWriter{}
		if code := run(args, e); code != exitIO {
			t.Errorf("%v: exit code %d, want %d: %s", args, code, exitIO, stderr)
		}
	}
}

func TestWorse(t *testing.T) {
	order := []int{70, 5, 2, 1, 4, 3, 0}
	for i, a := range order {
		for j, b := range order {
			if got, want := worse(a, b), order[min(i, j)]; got != want {
				t.Errorf("worse(%d, %d) = %d, want %d", a, b, got, want)
			}
		}
	}
}

func TestDescribe(t *testing.T) {
	vcs := func(settings ...string) (out []debug.BuildSetting) {
		for i := 0; i < len(settings); i += 2 {
			out = append(out, debug.BuildSetting{Key: settings[i], Value: settings[i+1]})
		}
		return out
	}
	for _, tt := range []struct {
		version  string
		settings []debug.BuildSetting
		want     string
	}{
		{"", nil, "sessctl (devel)"},
		{"(devel)", vcs("vcs.revision", "abc", "vcs.modified", "true"), "sessctl (devel) (commit abc, modified)"},
		{"v1.2.3", nil, "sessctl v1.2.3"},
		{"v1.2.3", vcs("GOOS", "linux", "vcs.revision", "abc", "vcs.modified", "false"), "sessctl v1.2.3 (commit abc)"},
	} {
		info := &debug.BuildInfo{Main: debug.Module{Version: tt.version}, Settings: tt.settings}
		if got := describe(info); got != tt.want {
			t.Errorf("describe = %q, want %q", got, tt.want)
		}
	}
}

// A command is the same by itself as among all.
func TestOneCommandAlone(t *testing.T) {
	e, _, _ := testEnv("")
	all := newRoot(e, newVoice(e), nil)
	for _, c := range commands {
		alone, _, err := newRoot(e, newVoice(e), []string{c.name}).Find([]string{c.name})
		among, _, err2 := all.Find([]string{c.name})
		if err != nil || err2 != nil || alone.Name() != c.name || alone.UsageString() != among.UsageString() {
			t.Errorf("%s: %v, %v\n%s\n%s", c.name, err, err2, alone.UsageString(), among.UsageString())
		}
	}
}

// What help json tells and what is printed must not drift apart.
func TestHelpJSONIsComplete(t *testing.T) {
	for _, field := range slices.Concat(
		reflect.VisibleFields(reflect.TypeFor[record]()), reflect.VisibleFields(reflect.TypeFor[anatomyRecord]()),
		reflect.VisibleFields(reflect.TypeFor[cookieRecord]()), reflect.VisibleFields(reflect.TypeFor[movement]()),
		reflect.VisibleFields(reflect.TypeFor[storeRecord]()), reflect.VisibleFields(reflect.TypeFor[putRecord]()),
		reflect.VisibleFields(reflect.TypeFor[deleted]()), reflect.VisibleFields(reflect.TypeFor[cleared]()),
		reflect.VisibleFields(reflect.TypeFor[pruned]()), reflect.VisibleFields(reflect.TypeFor[copied]()),
	) {
		if field.Anonymous {
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if !strings.Contains(helpJSON, "\n  "+name+" ") {
			t.Errorf("help json does not tell of the field %s", name)
		}
	}
	for _, o := range []outcome{
		outcomeOK, outcomeUnverified, outcomeNoKey, outcomeNotAuthentic, outcomeExpired, outcomeFuture,
		outcomeMalformed, outcomeIncomplete, outcomeTooLarge, outcomeNotObject, outcomeDeletion, outcomeUnknown, outcomeRefused,
	} {
		if !regexp.MustCompile(`\W` + string(o) + `\W`).MatchString(helpJSON) {
			t.Errorf("help json does not tell of the outcome %s", o)
		}
	}
}

func TestFindings(t *testing.T) {
	var source []byte
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if text, err := os.ReadFile(file); err != nil {
			t.Fatal(err)
		} else if file != "findings.go" && !strings.HasSuffix(file, "_test.go") {
			source = append(source, text...)
		}
	}
	help := helpFindings()
	seen := map[string]bool{}
	for _, kind := range findingKinds {
		if !slices.Contains([]string{levelInfo, levelWarn, levelCause}, kind.level) || kind.says == "" {
			t.Errorf("%s: no level, or it says nothing", kind.code)
		}
		if kind.level != levelInfo && kind.do == "" {
			t.Errorf("%s: not merely information, but nothing to do", kind.code)
		}
		if !strings.Contains(help, "\n  "+kind.code+" ("+kind.level+")\n") {
			t.Errorf("%s: help findings does not tell of it", kind.code)
		}
		if seen[kind.code] {
			t.Errorf("%s: twice in the table", kind.code)
		}
		seen[kind.code] = true
		if !bytes.Contains(source, []byte(strconv.Quote(kind.code))) {
			t.Errorf("%s: never found", kind.code)
		}
	}
	for _, match := range regexp.MustCompile(`\.find(?:Key)?\("([^"]*)"`).FindAllSubmatch(source, -1) {
		if !seen[string(match[1])] {
			t.Errorf("%s: not in the table", match[1])
		}
	}
}

func TestHasLoneSurrogate(t *testing.T) {
	for _, tt := range []struct {
		text string
		want bool
	}{
		{`"a"`, false},
		{`"\ud83d\ude00"`, false},
		{`"\uD83D\uDE00\u00eb"`, false},
		{`"\ud83d"`, true},
		{`"\ud83d\ud83d\ude00"`, true},
		{`"\ude00"`, true},
		{`"\ud83d\ude00\ude00"`, true},
		{`"\ud83dx\ude00"`, true},
		{`["\ud83d","\ude00"]`, true},
		{`"\\ud83d"`, false},
		{`"\\\ud83d"`, true},
		{`"\ud7ff\ue000\u00d8"`, false},
		{`"\n\""`, false},
	} {
		if got := hasLoneSurrogate(tt.text); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.text, got, tt.want)
		}
	}
}

// FuzzDecode: whatever the input, the command ends with a documented exit code
// and prints nothing that could upset a terminal.
func FuzzDecode(f *testing.F) {
	entries, err := os.ReadDir(cookieDir)
	if err != nil || len(entries) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(cookieDir, entry.Name()))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data), true)
		f.Add(string(data), false)
	}
	f.Add("Cookie: \x1b[31m-99999999999=a; session-0=\u202e; session-1=%zz", false)
	f.Fuzz(func(t *testing.T, input string, withKey bool) {
		for _, format := range []string{"--json", "--redact", "-v"} {
			e, stdout, stderr := testEnv(input)
			args := []string{"decode", format}
			if withKey {
				args = append(args, "--key-env", "SECRET")
			}
			switch code := run(args, e); code {
			case exitOK, exitUnauthentic, exitUsage, exitOutsideTime, exitNotSession:
			default:
				t.Fatalf("exit code %d: %s", code, stderr)
			}
			for _, r := range stdout.String() + stderr.String() {
				if r != '\n' && !unicode.IsPrint(r) {
					t.Fatalf("%s prints %U", format, r)
				}
			}
		}
	})
}
