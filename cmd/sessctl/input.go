package main

import (
	"context"
	"errors"
	"fmt"
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
	"jar":        cookieinput.Jar,
	"curl":       cookieinput.Curl,
	"har":        cookieinput.HAR,
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
	groups := 0 // of the INPUTs so far
	empty := true
	var none error // why an INPUT holds no cookie
	stdin := false
	for _, arg := range args {
		text := arg
		var err error
		switch {
		case arg == "-" && stdin:
			return nil, usageError("standard input can be read once only")
		case arg == "-":
			stdin = true
			text, err = readText(ctx, "standard input", e.readStdin)
			if err == nil && e.stdinTTY {
				err = checkTyped(text, "cookie")
			}
		case arg == "@":
			return nil, usageError("@ needs the path of a file behind it")
		case strings.HasPrefix(arg, "@"):
			text, err = readText(ctx, arg[1:], readFile)
		}
		if err != nil {
			return nil, err
		}
		found, err := cookieinput.Parse(text, kind)
		switch {
		case errors.Is(err, cookieinput.ErrEmpty):
			continue
		case errors.Is(err, cookieinput.ErrNoHeader), errors.Is(err, cookieinput.ErrEmptyHeader):
			none = err
		case err != nil:
			return nil, inputFailed(err)
		}
		empty = false
		before := groups
		for _, c := range found {
			if c.Group > 0 {
				c.Group += before
			}
			groups = max(groups, c.Group)
			cookies = append(cookies, c)
		}
	}
	switch {
	case empty:
		return nil, &failure{code: exitNotSession, text: "no input"}
	case len(cookies) == 0 && none != nil:
		return nil, inputFailed(none)
	case len(cookies) == 0:
		return nil, &failure{code: exitNotSession, text: "no cookie in the input"}
	}
	return cookies, nil
}

// checkTyped refuses what the terminal has cut. It says what that was.
func checkTyped(text, what string) error {
	for line := range strings.Lines(text) {
		if len(strings.TrimRight(line, "\r\n")) >= terminalLine {
			return &failure{
				code:  exitNotSession,
				text:  fmt.Sprintf("the terminal cuts a pasted line at %d bytes, so the %s is not whole", terminalLine, what),
				hints: []string{"pipe it in (pbpaste | sessctl …), or save it and give @FILE"},
			}
		}
	}
	return nil
}

// inputFailed says what to do about an input that cannot be parsed.
func inputFailed(cause error) error {
	f := &failure{code: exitNotSession, text: cause.Error(), cause: cause}
	for _, known := range []struct {
		err  error
		hint string
	}{
		{cookieinput.ErrNoHeader, "Starlette since 1.0 sets a cookie only when the session has changed; a browser sends it in every request"},
		{cookieinput.ErrEmptyHeader, "put the cookie behind the name, on the same line"},
		{cookieinput.ErrJar, "its columns are separated by tabs, which terminals and editors turn into blanks: give the file itself, as @FILE"},
		{cookieinput.ErrCurl, "copy it as cURL (bash) or cURL (cmd) from the browser's network panel, all of its lines"},
		{cookieinput.ErrCurlFile, "curl -b FILE reads a cookie jar: give that, as @FILE"},
		{cookieinput.ErrHAR, "export it again from the browser's network panel; a file that is cut off cannot be read"},
		{cookieinput.ErrNoCookieHAR, "browsers leave cookies out unless told otherwise: export the HAR file with sensitive data"},
		{cookieinput.ErrNotText, "if PowerShell wrote it: its > makes UTF-16, so pipe into Out-File -Encoding utf8, or into sessctl"},
	} {
		if errors.Is(cause, known.err) {
			f.hints = append(f.hints, known.hint)
		}
	}
	return f
}

func readText(ctx context.Context, path string, read func(context.Context, string, int64) ([]byte, error)) (string, error) {
	data, err := read(ctx, path, cookieinput.MaxHAR+1)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		return "", readFailed(err)
	}
	return string(data), nil
}
