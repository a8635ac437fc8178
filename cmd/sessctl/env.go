package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/term"
)

// env is what the command has of the world, so that tests can stand in for it.
type env struct {
	stdin                          io.Reader
	stdout, stderr                 io.Writer
	stdinTTY, stdoutTTY, stderrTTY bool
	lookupVar                      func(name string) (string, bool)
	now                            func() time.Time
	local                          *time.Location
	width                          func() int // of the terminal, in cells
	limitMemory                    func(bytes int64) (before int64)
	readSecret                     func(ctx context.Context, prompt string) ([]byte, error)
}

func systemEnv() *env {
	return &env{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		stdinTTY:    term.IsTerminal(int(os.Stdin.Fd())),
		stdoutTTY:   showsText(os.Stdout),
		stderrTTY:   showsText(os.Stderr),
		lookupVar:   os.LookupEnv,
		now:         time.Now,
		local:       time.Local,
		width:       terminalWidth,
		limitMemory: debug.SetMemoryLimit,
		readSecret:  readSecret,
	}
}

func (e *env) variable(name string) string {
	value, _ := e.lookupVar(name)
	return value
}

// terminalWidth returns 80 where it cannot be found out.
func terminalWidth() int {
	if width, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil && width > 0 {
		return width
	}
	return 80
}

var errNoTerminal = errors.New("there is no terminal")

// readSecret asks on the terminal of the process, which standard input need not
// be, and does not echo.
func readSecret(ctx context.Context, prompt string) ([]byte, error) {
	in, out, err := openTerminal()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoTerminal, err)
	}
	defer in.Close()
	defer out.Close()
	fd := int(in.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoTerminal, err)
	}
	// What would end the process here would leave the shell without echo.
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	defer stop()
	fmt.Fprint(out, prompt)
	defer fmt.Fprintln(out)
	secret, err := interruptible(ctx, func() ([]byte, error) {
		return readLine(in, func() { fmt.Fprint(out, prompt) })
	})
	if ctx.Err() != nil {
		_ = term.Restore(fd, state)
	}
	return secret, err
}

// readFile reads at most limit bytes. A pipe without a writer blocks in Open;
// what is a file does not, and spares the start of the process a thread.
func readFile(ctx context.Context, path string, limit int64) ([]byte, error) {
	read := func() ([]byte, error) {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		return io.ReadAll(io.LimitReader(file, limit))
	}
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
		return read()
	}
	return interruptible(ctx, read)
}

// readStdin is [readFile] for standard input, whatever it is called.
func (e *env) readStdin(ctx context.Context, _ string, limit int64) ([]byte, error) {
	return interruptible(ctx, func() ([]byte, error) { return io.ReadAll(io.LimitReader(e.stdin, limit)) })
}

// interruptible runs a read that blocks. After an interrupt it goes on in the
// background until the process ends.
func interruptible[T any](ctx context.Context, read func() (T, error)) (data T, err error) {
	type answer struct {
		data T
		err  error
	}
	done := make(chan answer, 1)
	panicked := make(chan any, 1)
	go func() {
		defer func() {
			if v := recover(); v != nil {
				panicked <- v
			}
		}()
		data, err := read()
		done <- answer{data, err}
	}()
	select {
	case a := <-done:
		return a.data, a.err
	case v := <-panicked:
		panic(v)
	case <-ctx.Done():
		return data, ctx.Err()
	}
}

// firstError keeps the first error of a writer, for those who do not look.
type firstError struct {
	w   io.Writer
	err error
}

func (f *firstError) Write(p []byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	n, err := f.w.Write(p)
	f.err = err
	return n, err
}
