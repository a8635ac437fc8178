package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/sessctl/sessctl/internal/cookieinput"
)

// terminalLine is how long a line a terminal takes in one go: 4096 bytes with
// its line end on Linux, 1024 on macOS. What is longer is cut there, silently.
var terminalLine = func() int {
	if runtime.GOOS == "darwin" {
		return 1023
	}
	return 4095
}()

// errShowHelp: nothing to read, and a person at the terminal.
var errShowHelp = errors.New("no input")

var inputKinds = map[string]cookieinput.Kind{
	"auto":       cookieinput.Auto,
	"value":      cookieinput.Value,
	"cookie":     cookieinput.Header,
	"set-cookie": cookieinput.SetHeader,
}

// readCookies reads every INPUT, all of them one set.
func readCookies(ctx context.Context, e *env, args []string, kind cookieinput.Kind) ([]cookieinput.Cookie, error) {
	if len(args) == 0 {
		if e.stdinTTY {
			return nil, errShowHelp
		}
		args = []string{"-"}
	}
	var cookies []cookieinput.Cookie
	empty := true
	stdin := false
	for _, arg := range args {
		text := arg
		var err error
		switch {
		case arg == "-" && stdin:
			return nil, usageError("standard input can be read once only")
		case arg == "-":
			stdin = true
			text, err = readText(ctx, e.stdin, "standard input")
			if err == nil && e.stdinTTY {
				err = checkTyped(text)
			}
		case strings.HasPrefix(arg, "@"):
			text, err = readTextFile(ctx, arg[1:])
		}
		if err != nil {
			return nil, err
		}
		found, err := cookieinput.Parse(text, kind)
		switch {
		case errors.Is(err, cookieinput.ErrEmpty):
			continue
		case err != nil:
			return nil, &failure{code: exitNotSession, text: err.Error(), cause: err}
		}
		empty = false
		cookies = append(cookies, found...)
	}
	switch {
	case empty:
		return nil, &failure{code: exitNotSession, text: "no input"}
	case len(cookies) == 0:
		return nil, &failure{code: exitNotSession, text: "no cookie in the input"}
	}
	return cookies, nil
}

// checkTyped refuses what the terminal has cut.
func checkTyped(text string) error {
	for line := range strings.Lines(text) {
		if len(strings.TrimRight(line, "\r\n")) >= terminalLine {
			return &failure{
				code:  exitNotSession,
				text:  fmt.Sprintf("the terminal cuts a pasted line at %d bytes, so the cookie is not whole", terminalLine),
				hints: []string{"pipe it in (pbpaste | sessctl decode), or save it and give @FILE"},
			}
		}
	}
	return nil
}

func readTextFile(ctx context.Context, path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", readFailed(err)
	}
	defer file.Close()
	return readText(ctx, file, path)
}

func readText(ctx context.Context, r io.Reader, name string) (string, error) {
	data, err := interruptible(ctx, func() ([]byte, error) {
		return io.ReadAll(io.LimitReader(r, cookieinput.MaxInput+1))
	})
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		return "", readFailed(fmt.Errorf("%s: %w", name, err))
	}
	return string(data), nil
}

func readFailed(cause error) error {
	return &failure{code: exitIO, text: "cannot read the input: " + cause.Error(), cause: cause}
}
