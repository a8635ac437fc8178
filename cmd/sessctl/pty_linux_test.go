package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal is a pseudo-terminal that a command runs in, and what it shows.
type terminal struct {
	t      *testing.T
	master *os.File
	cmd    *exec.Cmd
	stderr bytes.Buffer

	mu    sync.Mutex
	shown strings.Builder
}

// startInTerminal starts sessctl with a terminal that controls it and an empty
// standard input.
func startInTerminal(t *testing.T, args ...string) *terminal {
	t.Helper()
	return startInTerminalWith(t, func(*exec.Cmd, *os.File) {}, args...)
}

// startInTerminalWith has the command changed before it starts: what it is given
// can stand for the standard streams.
func startInTerminalWith(t *testing.T, change func(cmd *exec.Cmd, tty *os.File), args ...string) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { master.Close() })
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80}); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer slave.Close()

	term := &terminal{t: t, master: master, cmd: exec.Command("sessctl", args...)}
	term.cmd.Stderr = &term.stderr
	term.cmd.ExtraFiles = []*os.File{slave} // 3 in the child
	term.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 3}
	change(term.cmd, slave)
	if err := term.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = term.cmd.Process.Kill() })
	go func() {
		buf := make([]byte, 1024)
		for {
			n, err := master.Read(buf)
			term.mu.Lock()
			term.shown.Write(buf[:n])
			term.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return term
}

func (term *terminal) text() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.shown.String()
}

func (term *terminal) echoes() bool {
	state, err := unix.IoctlGetTermios(int(term.master.Fd()), unix.TCGETS)
	if err != nil {
		term.t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}

func (term *terminal) waitFor(what string, holds func() bool) {
	term.t.Helper()
	for range 500 {
		if holds() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	term.t.Fatalf("no %s; the terminal shows %q, stderr %q", what, term.text(), term.stderr.String())
}

func (term *terminal) typeText(s string) {
	term.t.Helper()
	if _, err := term.master.WriteString(s); err != nil {
		term.t.Fatal(err)
	}
}

func (term *terminal) exitCode() int {
	err := term.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		term.t.Fatal(err)
	}
	return term.cmd.ProcessState.ExitCode()
}

func (term *terminal) awaitPrompt() {
	term.waitFor("prompt", func() bool { return strings.Contains(term.text(), "key (not shown): ") && !term.echoes() })
}

func TestPromptDoesNotEcho(t *testing.T) {
	term := startInTerminal(t, "decode", "--key-prompt", "--now", "1700000000", "@"+filepath.Join(cookieDir, "starlette"))
	term.awaitPrompt()
	term.typeText("secret\n")
	if code := term.exitCode(); code != exitOK {
		t.Errorf("exit code %d: %s", code, term.stderr.String())
	}
	if strings.Contains(term.text(), "secret") {
		t.Errorf("the terminal shows %q", term.text())
	}
	if !term.echoes() {
		t.Error("the terminal was left without echo")
	}
}

func TestInterruptAtPrompt(t *testing.T) {
	term := startInTerminal(t, "decode", "--key-prompt", "@"+filepath.Join(cookieDir, "starlette"))
	term.awaitPrompt()
	term.typeText("sec\x03")
	if code := term.exitCode(); code != exitInterrupted {
		t.Errorf("exit code %d, want %d", code, exitInterrupted)
	}
	if !term.echoes() {
		t.Error("the terminal was left without echo")
	}
	if term.stderr.Len() > 0 {
		t.Errorf("stderr: %s", term.stderr.String())
	}
}

// A supervisor's signal must not leave the shell without echo.
func TestTerminatedAtPrompt(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		term := startInTerminal(t, "decode", "--key-prompt", "@"+filepath.Join(cookieDir, "starlette"))
		term.awaitPrompt()
		if err := term.cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		if code := term.exitCode(); code != exitInterrupted {
			t.Errorf("%v: exit code %d, want %d", signal, code, exitInterrupted)
		}
		if !term.echoes() {
			t.Errorf("%v: the terminal was left without echo", signal)
		}
	}
}

func TestEndOfInputAtPrompt(t *testing.T) {
	term := startInTerminal(t, "decode", "--key-prompt", "@"+filepath.Join(cookieDir, "starlette"))
	term.awaitPrompt()
	term.typeText("\x04")
	if code := term.exitCode(); code != exitUsage {
		t.Errorf("exit code %d, want %d", code, exitUsage)
	}
	if want := "sessctl: error: key \"prompt\" is empty\n"; !strings.HasPrefix(term.stderr.String(), want) {
		t.Errorf("stderr %q, want %q", term.stderr.String(), want)
	}
}

// A pipe that nobody writes to blocks before anything is read.
func TestInterruptAtPipe(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"decode", "@" + fifo},
		{"decode", "--key-file", fifo, "@" + filepath.Join(cookieDir, "starlette")},
	} {
		term := startInTerminal(t, args...)
		// Nothing tells from outside that open(2) blocks; too early a signal
		// would end the process by itself, with another code.
		time.Sleep(200 * time.Millisecond)
		if err := term.cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		if code := term.exitCode(); code != exitInterrupted {
			t.Errorf("%v: exit code %d, want %d", args[:2], code, exitInterrupted)
		}
	}
}
