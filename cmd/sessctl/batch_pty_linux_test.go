package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// noRaceSleep spares each process a second at its end.
const noRaceSleep = "GORACE=atexit_sleep_ms=0"

// lineTerminal is a batch whose standard error is a terminal.
type lineTerminal struct {
	*terminal
	stdin io.WriteCloser
	out   string // the file that the records go to
}

func startLines(t *testing.T, variables []string, args ...string) *lineTerminal {
	t.Helper()
	l := &lineTerminal{out: filepath.Join(t.TempDir(), "records")}
	out, err := os.Create(l.out)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	l.terminal = startInTerminalWith(t, func(cmd *exec.Cmd, tty *os.File) {
		cmd.Env = append(append(os.Environ(), "TERM=xterm", noRaceSleep), variables...)
		cmd.Stdout, cmd.Stderr = out, tty
		if l.stdin, err = cmd.StdinPipe(); err != nil {
			t.Fatal(err)
		}
	}, append([]string{"decode", "--each-line", "--color", "never"}, args...)...)
	return l
}

func (l *lineTerminal) send(text string) {
	l.t.Helper()
	if _, err := io.WriteString(l.stdin, text); err != nil {
		l.t.Fatal(err)
	}
}

// await waits until there are so many records.
func (l *lineTerminal) await(records int) {
	l.t.Helper()
	l.waitFor("records", func() bool {
		text, err := os.ReadFile(l.out)
		if err != nil {
			l.t.Fatal(err)
		}
		return strings.Count(string(text), "\n") == records
	})
}

// left returns what stays on the terminal: what was shown behind the last time
// that it was cleared.
func (l *lineTerminal) left() string {
	text := l.text()
	if i := strings.LastIndex(text, "\x1b[J"); i >= 0 {
		text = text[i+len("\x1b[J"):]
	}
	return strings.ReplaceAll(text, "\r\n", "\n")
}

func TestProgress(t *testing.T) {
	l := startLines(t, nil)
	l.send(signedSession + "\n" + signedSession + "\n")
	l.waitFor("progress", func() bool { return strings.Contains(l.text(), "2 lines, ") })
	l.send("\n")
	l.waitFor("progress", func() bool { return strings.Contains(l.text(), "3 lines, ") })
	if strings.Contains(l.text(), "left") {
		t.Error("a time remains, though nobody knows how many lines come")
	}
	l.stdin.Close()
	if code := l.exitCode(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
	l.waitFor("summary", func() bool { return strings.Contains(l.text(), "NOT VERIFIED") })
	if want := "sessctl: 3 lines: 2 good, 0 bad, 1 blank\nsessctl: outcomes: unverified 2\n"; !strings.HasPrefix(l.left(), want) {
		t.Errorf("the terminal shows %q in the end, want %q", l.left(), want)
	}
}

// Of a file it is known how much is left.
func TestProgressOfFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lines")
	if err := os.WriteFile(path, []byte(strings.Repeat("garbage\n", 1_000_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	l := startLines(t, nil, "@"+path)
	l.waitFor("progress", func() bool { return strings.Contains(l.text(), " %, ") && strings.Contains(l.text(), " left") })
	l.typeText("\x03") // enough
	l.exitCode()
	l.waitFor("summary", func() bool { return strings.Contains(l.text(), "sessctl: outcomes: unknown ") })
	if !strings.Contains(l.left(), "sessctl: interrupted after ") || strings.Contains(l.left(), "%") {
		t.Errorf("the terminal shows %q in the end", l.left())
	}
}

func TestNoProgress(t *testing.T) {
	for name, start := range map[string]func() *lineTerminal{
		"a terminal that cannot": func() *lineTerminal { return startLines(t, []string{"TERM=dumb"}) },
		"-q":                     func() *lineTerminal { return startLines(t, nil, "-q") },
		"records go by": func() *lineTerminal {
			l := &lineTerminal{}
			l.terminal = startInTerminalWith(t, func(cmd *exec.Cmd, tty *os.File) {
				cmd.Env = append(os.Environ(), "TERM=xterm", noRaceSleep)
				cmd.Stdout, cmd.Stderr = tty, tty
				var err error
				if l.stdin, err = cmd.StdinPipe(); err != nil {
					t.Fatal(err)
				}
			}, "decode", "--each-line", "--color", "never")
			return l
		},
	} {
		l := start()
		l.send(signedSession + "\n")
		time.Sleep(400 * time.Millisecond) // more than two of the refreshes of the progress
		l.stdin.Close()
		l.exitCode()
		if text := l.text(); strings.Contains(text, "\x1b") || strings.Contains(text, "/s") {
			t.Errorf("%s: the terminal shows %q", name, text)
		}
	}
}

// Ctrl-C ends the reading: what was read by then is printed and counted.
func TestInterruptLines(t *testing.T) {
	l := startLines(t, nil)
	l.send(signedSession + "\n" + signedSession + "\nnot a who")
	l.await(2)
	l.typeText("\x03")
	if code := l.exitCode(); code != exitInterrupted {
		t.Errorf("exit code %d, want %d", code, exitInterrupted)
	}
	l.await(2)
	l.waitFor("summary", func() bool { return strings.Contains(l.text(), "NOT VERIFIED") })
	if want := "sessctl: interrupted after 2 lines: 2 good, 0 bad\n"; !strings.Contains(l.left(), want) {
		t.Errorf("the terminal shows %q in the end, want %q", l.left(), want)
	}
}

// Where nobody takes the records, the first Ctrl-C waits with them, and the
// second one ends the process.
func TestInterruptTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lines")
	if err := os.WriteFile(path, []byte(strings.Repeat(signedSession+"\n", 100_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	term := startInTerminalWith(t, func(cmd *exec.Cmd, _ *os.File) { cmd.Stdout = w }, "decode", "--each-line", "@"+path)
	w.Close()
	if _, err := r.Read(make([]byte, 1)); err != nil { // the pipe is full soon
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		term.exitCode()
		close(done)
	}()
	for interrupts := 1; ; interrupts++ {
		term.typeText("\x03")
		select {
		case <-done:
			if interrupts < 2 || term.cmd.ProcessState.ExitCode() != -1 {
				t.Errorf("after %d interrupts: %v", interrupts, term.cmd.ProcessState)
			}
			return
		case <-time.After(200 * time.Millisecond):
		}
	}
}
