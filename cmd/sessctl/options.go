package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/cookieinput"
)

// app is what every command has: the world, and a voice to tell it things.
type app struct {
	env *env
	say *voice
}

// outputFlags say where the output goes, and in which form.
type outputFlags struct {
	path    string
	json    bool
	quiet   bool
	verbose bool
	utc     bool
	local   bool
	color   string
}

func (o *outputFlags) register(flags *pflag.FlagSet, jsonUsage string) {
	flags.BoolVar(&o.json, "json", false, jsonUsage)
	flags.StringVarP(&o.path, "output", "o", "", "write to `FILE` instead of standard output, which is -")
	flags.BoolVarP(&o.quiet, "quiet", "q", false, "print nothing; the exit code tells")
	flags.BoolVarP(&o.verbose, "verbose", "v", false, "tell more on standard error")
	flags.BoolVar(&o.utc, "utc", false, "times in UTC (default)")
	flags.BoolVar(&o.local, "local", false, "times in the local zone")
	flags.StringVar(&o.color, "color", "auto", "`WHEN` to use colours: auto, always, never")
}

func (o *outputFlags) check() error {
	if err := exclusive(o.quiet, "quiet", o.verbose, "verbose"); err != nil {
		return err
	}
	if err := exclusive(o.quiet, "quiet", o.path != "", "output"); err != nil {
		return err
	}
	if err := exclusive(o.utc, "utc", o.local, "local"); err != nil {
		return err
	}
	return oneOf("color", o.color, colorChoices)
}

// toTerminal reports whether the output is for a person's eyes.
func (o *outputFlags) toTerminal(e *env) bool { return e.stdoutTTY && isStdout(o.path) }

// checkOutput refuses to write over what is read: the cookies would be gone, or
// a batch would read what it has written, without end.
func (o *outputFlags) checkOutput(e *env, args []string, keys ...keyFlags) error {
	if isStdout(o.path) {
		return nil
	}
	out, err := os.Stat(o.path)
	if err != nil || !out.Mode().IsRegular() {
		return nil
	}
	var inputs []os.FileInfo
	for _, arg := range args {
		if path, ok := strings.CutPrefix(arg, "@"); ok {
			inputs = appendInfo(inputs, path)
		}
	}
	for _, k := range keys {
		for _, file := range k.files {
			_, path := splitLabel(file)
			inputs = appendInfo(inputs, path)
		}
	}
	if stdin, ok := e.stdin.(*os.File); ok {
		if info, err := stdin.Stat(); err == nil {
			inputs = append(inputs, info)
		}
	}
	for _, info := range inputs {
		if os.SameFile(info, out) {
			return usageError("--output names a file that is read", "write to another file, and rename it afterwards")
		}
	}
	return nil
}

func appendInfo(infos []os.FileInfo, path string) []os.FileInfo {
	if info, err := os.Stat(path); err == nil {
		infos = append(infos, info)
	}
	return infos
}

// open returns where the output goes.
func (o *outputFlags) open(e *env) *output { return &output{path: o.path, w: e.stdout} }

func isStdout(path string) bool { return path == "" || path == "-" }

// exclusive refuses two flags together.
func exclusive(a bool, nameA string, b bool, nameB string) error {
	if a && b {
		return usageError("--" + nameA + " and --" + nameB + " exclude each other")
	}
	return nil
}

var (
	colorChoices  = []string{"auto", "always", "never"}
	fromChoices   = []string{"auto", "value", "cookie", "set-cookie", "jar", "curl", "har"}
	formatChoices = []string{"auto", "starlette", "litestar", "starlite"}
)

// oneOf refuses a value that is not among the choices of a flag.
func oneOf(flag, value string, choices []string) error {
	for _, choice := range choices {
		if value == choice {
			return nil
		}
	}
	last := len(choices) - 1
	return usageError("--" + flag + " is " + strings.Join(choices[:last], ", ") + " or " + choices[last])
}

// command completes a cobra command: what run returns becomes the exit code,
// and a person at a terminal who gives nothing to read is shown the help.
func (a app) command(cmd *cobra.Command, out *outputFlags, run func(ctx context.Context, args []string) error) *cobra.Command {
	cmd.Flags().SortFlags = false
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		a.say.quiet, a.say.verbose = out.quiet, out.verbose
		a.say.color = a.env.useColor(out.color, a.env.stderrTTY)
		err := run(cmd.Context(), args)
		if errors.Is(err, errShowHelp) {
			if !out.quiet {
				cmd.SetOut(a.env.stderr)
				_ = cmd.Help()
			}
			return told(exitUsage)
		}
		return err
	}
	return cmd
}

// readFlags are the flags of the commands that read cookies.
type readFlags struct {
	from     string
	format   string
	name     string
	maxAge   string
	now      string
	eachLine bool
}

func (f *readFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.from, "from", "auto", "`FORM` of the INPUT: auto, value, cookie, set-cookie, jar, curl, har")
	flags.StringVar(&f.format, "format", "auto", "`FORMAT` of the cookie: auto, starlette, litestar, starlite")
	flags.StringVar(&f.name, "name", "", "take the cookie of this `NAME` alone")
	flags.StringVar(&f.maxAge, "max-age", "14d", "`AGE` at which the app ends a session: none, seconds, or a number with s m h d w")
	flags.StringVar(&f.now, "now", "", "read the cookie as at this `TIME` (RFC 3339 or Unix)")
	flags.BoolVar(&f.eachLine, "each-line", false, "read one cookie a line from standard input or one @FILE, print one JSON object for each")
}

// query checks the flags and returns what they ask for, without its keys.
func (f *readFlags) query(e *env) (*query, error) {
	if err := oneOf("from", f.from, fromChoices); err != nil {
		return nil, err
	}
	if err := oneOf("format", f.format, formatChoices); err != nil {
		return nil, err
	}
	now, err := nowFlag(e, f.now)
	if err != nil {
		return nil, err
	}
	maxAge, err := parseMaxAge("max-age", f.maxAge)
	if err != nil {
		return nil, err
	}
	return &query{format: formatNamed(f.format), name: f.name, now: now, maxAge: maxAge}, nil
}

// formatNamed returns 0 for auto.
func formatNamed(name string) codec.Format {
	switch name {
	case "starlette":
		return codec.FormatStarlette
	case "litestar", "starlite":
		return codec.FormatLitestar
	}
	return 0
}

// nowFlag returns the time that --now sets, or the clock's.
func nowFlag(e *env, flag string) (time.Time, error) {
	if flag == "" {
		return e.now(), nil
	}
	return parseNow(flag)
}

// reader is what the commands that read cookies have in common.
type reader struct {
	app
	readFlags
	outputFlags
	keys  keyFlags
	query *query
	clock clock
}

func (r *reader) register(cmd *cobra.Command, jsonUsage string) {
	r.keys.register(cmd.Flags(), "")
	r.readFlags.register(cmd.Flags())
	r.outputFlags.register(cmd.Flags(), jsonUsage)
	cmd.ValidArgsFunction = completeInput
}

// acceptRedact takes --redact for scripts that give it always: a command that
// prints no values has nothing to hide.
func acceptRedact(cmd *cobra.Command) {
	cmd.Flags().Bool("redact", false, "")
	_ = cmd.Flags().MarkHidden("redact")
}

// prepare checks the flags before anything is read.
func (r *reader) prepare() (err error) {
	if err := r.keys.check(); err != nil {
		return err
	}
	if err := r.outputFlags.check(); err != nil {
		return err
	}
	if r.query, err = r.readFlags.query(r.env); err != nil {
		return err
	}
	r.clock = r.newClock(r.env, r.query.now)
	return nil
}

// newClock returns the clock that texts are written by.
func (o *outputFlags) newClock(e *env, now time.Time) clock {
	if o.local {
		return clock{now, e.local}
	}
	return clock{now, time.UTC}
}

// load reads the keys. What stands on standard input can be one thing only, so
// it says what the arguments take.
func (r *reader) load(ctx context.Context, args []string) (err error) {
	keys := r.keys.withDefault(r.env)
	if r.query.unverified {
		keys = keyFlags{}
	}
	if err := keys.checkStdin(args, "cookie"); err != nil {
		return err
	}
	if err := r.checkOutput(r.env, args, keys); err != nil {
		return err
	}
	if len(args) == 0 && r.env.stdinTTY {
		return errShowHelp
	}
	r.query.keys, err = keys.load(ctx, r.env)
	for _, k := range r.query.keys {
		r.say.detail("key %q", k.label)
	}
	return err
}

// results reads the keys and the INPUTs, and what the cookies hold.
func (r *reader) results(ctx context.Context, args []string) ([]*result, error) {
	if err := r.load(ctx, args); err != nil {
		return nil, err
	}
	cookies, err := r.cookies(ctx, args)
	if err != nil {
		return nil, err
	}
	return r.query.results(cookies)
}

func (r *reader) cookies(ctx context.Context, args []string) ([]cookieinput.Cookie, error) {
	cookies, err := readCookies(ctx, r.env, args, inputKinds[r.from])
	if err == nil {
		r.say.detail("cookies in the input: %d", len(cookies))
	}
	return cookies, err
}
