package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sessctl/sessctl/codec"
)

// decodeOptions are the flags of sessctl decode.
type decodeOptions struct {
	from       string
	format     string
	name       string
	maxAge     string
	now        string
	unverified bool
	keys       keyFlags

	output  string
	json    bool
	raw     bool
	redact  bool
	quiet   bool
	verbose bool
	utc     bool
	local   bool
	color   string

	args []string
	env  *env
	say  *voice
}

func newDecode(e *env, say *voice) *cobra.Command {
	o := decodeOptions{env: e, say: say}
	cmd := &cobra.Command{
		Use:   "decode [INPUT...]",
		Short: "print a session's data",
		Long: `Decode prints the data of a session cookie.

An INPUT is a cookie value, name=value, a Cookie: header, Set-Cookie: lines, a
cookie jar, a curl command (read, never run) or a HAR file; @FILE reads it from
a file, - or nothing from standard input. All of them are one set, so the chunks
of a split cookie can be given in any order.

A signed cookie (Starlette, FastAPI) can be read without a key, but is then not
verified. An encrypted one (Litestar, Starlite) needs its key. With a key, what
no key authenticates is not printed.`,
		Example: `  pbpaste | sessctl decode --key-file secret.txt
  sessctl decode 'session=eyJ1c2VyX2lkIjogNDIsICJyb2xlcyI6IFsiYWRtaW4iLCAiYmlsbGluZyJdfQ==.ZVPxAA.9_FxqIYfscTejZJtrrShtppojkg'
  curl -si https://app.example/ | sessctl decode --key-env SESSION_SECRET
  sessctl decode --key-file new.key --key-file old.key --json @cookies.txt`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.args = args
			say.quiet, say.verbose = o.quiet, o.verbose
			if err := o.keys.check(cmd.Flags().Changed); err != nil {
				return err
			}
			err := o.run(cmd.Context())
			if errors.Is(err, errShowHelp) {
				if !o.quiet {
					cmd.SetOut(e.stderr)
					_ = cmd.Help()
				}
				return told(exitUsage)
			}
			return err
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	o.keys.register(flags)
	flags.BoolVar(&o.unverified, "unverified", false, "print without verifying; keys are ignored")
	flags.StringVar(&o.from, "from", "auto", "`FORM` of the INPUT: auto, value, cookie, set-cookie, jar, curl, har")
	flags.StringVar(&o.format, "format", "auto", "`FORMAT` of the cookie: auto, starlette, litestar, starlite")
	flags.StringVar(&o.name, "name", "", "take the cookie of this `NAME` alone")
	flags.StringVar(&o.maxAge, "max-age", "14d", "`AGE` at which the app ends a session: none, seconds, or a number with s m h d w")
	flags.StringVar(&o.now, "now", "", "read the cookie as at this `TIME` (RFC 3339 or Unix)")
	flags.BoolVar(&o.json, "json", false, "print a JSON object for each result (see sessctl help json)")
	flags.BoolVar(&o.raw, "raw", false, "print the session's JSON as the cookie holds it, nothing added")
	flags.BoolVar(&o.redact, "redact", false, "print keys, types and sizes, but no values")
	flags.StringVarP(&o.output, "output", "o", "", "write to `FILE` instead of standard output, which is -")
	flags.BoolVarP(&o.quiet, "quiet", "q", false, "print nothing; the exit code tells")
	flags.BoolVarP(&o.verbose, "verbose", "v", false, "tell more on standard error")
	flags.BoolVar(&o.utc, "utc", false, "times in UTC (default)")
	flags.BoolVar(&o.local, "local", false, "times in the local zone")
	flags.StringVar(&o.color, "color", "auto", "`WHEN` to use colours: auto, always, never")
	return cmd
}

// settings are the options that are more than a string.
type settings struct {
	query query
	clock clock
}

// settings checks the options before anything is read.
func (o *decodeOptions) settings() (settings, error) {
	var s settings
	for _, pair := range []struct {
		a, b   bool
		aa, bb string
	}{
		{o.json, o.raw, "json", "raw"},
		{o.raw, o.redact, "raw", "redact"},
		{o.quiet, o.verbose, "quiet", "verbose"},
		{o.quiet, o.output != "", "quiet", "output"},
		{o.utc, o.local, "utc", "local"},
	} {
		if pair.a && pair.b {
			return s, usageError(fmt.Sprintf("--%s and --%s exclude each other", pair.aa, pair.bb))
		}
	}
	switch o.color {
	case "auto", "always", "never":
	default:
		return s, usageError("--color is auto, always or never")
	}
	if _, ok := inputKinds[o.from]; !ok {
		return s, usageError("--from is auto, value, cookie, set-cookie, jar, curl or har")
	}
	switch o.format {
	case "auto":
	case "starlette":
		s.query.format = codec.FormatStarlette
	case "litestar", "starlite":
		s.query.format = codec.FormatLitestar
	default:
		return s, usageError("--format is auto, starlette, litestar or starlite")
	}
	if o.raw && o.env.stdoutTTY && o.output == "" && !o.quiet {
		return s, usageError("--raw prints what the cookie holds, which could upset a terminal", "write it to a file with -o FILE, or insist with -o -")
	}
	s.query.name = o.name
	s.query.now = o.env.now()
	var err error
	if o.now != "" {
		if s.query.now, err = parseNow(o.now); err != nil {
			return s, err
		}
	}
	if s.query.maxAge, err = parseMaxAge(o.maxAge); err != nil {
		return s, err
	}
	s.clock = clock{s.query.now, time.UTC}
	if o.local {
		s.clock.zone = o.env.local
	}
	return s, nil
}

func (o *decodeOptions) run(ctx context.Context) error {
	o.say.color = o.env.useColor(o.color, o.env.stderrTTY)
	s, err := o.settings()
	if err != nil {
		return err
	}
	keys := o.keys.withDefault(o.env)
	if s.query.unverified = o.unverified; o.unverified {
		keys = keyFlags{}
	}
	if keys.takesStdin() {
		if len(o.args) == 0 {
			return usageError("standard input holds the key, so the cookie has to be an argument or @FILE")
		}
		for _, arg := range o.args {
			if isStdin(strings.TrimPrefix(arg, "@")) {
				return usageError("standard input cannot hold both a key and a cookie")
			}
		}
	}
	if len(o.args) == 0 && o.env.stdinTTY {
		return errShowHelp
	}
	if s.query.keys, err = keys.load(ctx, o.env); err != nil {
		return err
	}
	cookies, err := readCookies(ctx, o.env, o.args, inputKinds[o.from])
	if err != nil {
		return err
	}
	for _, k := range s.query.keys {
		o.say.detail("key %q", k.label)
	}
	o.say.detail("cookies in the input: %d", len(cookies))
	results, err := s.query.results(cookies)
	if err != nil {
		return err
	}
	return o.show(results, s)
}

// show prints the results and returns the worst of their exit codes.
func (o *decodeOptions) show(results []*result, s settings) (err error) {
	sessions, junk := 0, 0
	sameName := false
	code := exitOK
	for i, r := range results {
		if r.values != nil {
			sessions++
		}
		if isJunk(r) {
			junk++
		}
		sameName = sameName || slices.ContainsFunc(results[:i], func(other *result) bool { return other.name == r.name })
		code = worse(code, r.outcome.exitCode())
	}
	if o.raw && sessions > 1 {
		hint := "choose one with --name"
		if sameName {
			hint = "give one of them alone, or --json for all"
		}
		return usageError(fmt.Sprintf("--raw prints one session, and here are %d", sessions), hint)
	}
	out := &output{path: o.output, w: o.env.stdout}
	defer func() {
		if closeErr := out.close(); err == nil || errors.As(err, new(told)) {
			err = cmp.Or(closeErr, err)
		}
	}()
	toldJunk := false
	for _, r := range results {
		if r.values != nil && len(results) > 1 && !o.json {
			o.say.say(heading(r))
		}
		if !o.quiet {
			text, err := o.append(nil, r)
			if err != nil {
				return err
			}
			if err := out.write(text); err != nil {
				return err
			}
		}
		if junk > 1 && isJunk(r) { // a file that holds no cookies at all
			if !toldJunk {
				o.say.error(fmt.Sprintf("%d values, none of them %s", junk, ourCookies), append(r.hints, anyForm)[0])
			}
			toldJunk = true
			continue
		}
		o.say.report(r, &s.query, s.clock, len(results) > 1, o.json)
	}
	if code != exitOK {
		return told(code)
	}
	return nil
}

// isJunk reports whether a result is a bare value that is nothing known.
func isJunk(r *result) bool { return r.number > 0 && r.outcome == outcomeUnknown }

func (o *decodeOptions) append(out []byte, r *result) ([]byte, error) {
	toTerminal := o.env.stdoutTTY && (o.output == "" || o.output == "-")
	switch {
	case o.json:
		return appendRecord(out, newRecord(r, o.redact), toTerminal)
	case o.raw && r.values != nil:
		return append(out, r.values.Text()...), nil
	case o.raw:
		return out, nil
	}
	return appendText(out, r, o.redact, o.env.useColor(o.color, toTerminal)), nil
}

// output is where data goes: w, or the file at path unless that is empty or -.
// A file is opened when there is something to write: without, it stays as it was.
type output struct {
	path string
	w    io.Writer
	file *os.File
}

func (o *output) write(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	if o.file == nil && o.path != "" && o.path != "-" {
		// It may hold personal data: for the user's eyes only.
		file, err := os.OpenFile(o.path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return writeFailed(err)
		}
		o.file, o.w = file, file
	}
	if _, err := o.w.Write(p); err != nil {
		return writeFailed(err)
	}
	return nil
}

func (o *output) close() error {
	if o.file == nil {
		return nil
	}
	if err := o.file.Close(); err != nil {
		return writeFailed(err)
	}
	return nil
}
