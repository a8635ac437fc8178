package main

import (
	"context"

	"github.com/spf13/cobra"
)

// decode prints the data of sessions.
type decode struct {
	reader
	raw        bool
	redact     bool
	unverified bool
}

func newDecode(a app) *cobra.Command {
	d := decode{reader: reader{app: a}}
	cmd := a.command(&cobra.Command{
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
	}, &d.outputFlags, d.run)
	d.register(cmd, "print a JSON object for each result (see sessctl help json)")
	cmd.Flags().BoolVar(&d.raw, "raw", false, "print the session's JSON as the cookie holds it, nothing added")
	cmd.Flags().BoolVar(&d.redact, "redact", false, "print keys, types and sizes, but no values")
	cmd.Flags().BoolVar(&d.unverified, "unverified", false, "print without verifying; keys are ignored")
	return cmd
}

func (d *decode) run(ctx context.Context, args []string) error {
	if err := d.prepare(); err != nil {
		return err
	}
	if err := exclusive(d.json, "json", d.raw, "raw"); err != nil {
		return err
	}
	if err := exclusive(d.raw, "raw", d.redact, "redact"); err != nil {
		return err
	}
	if err := exclusive(d.raw, "raw", d.eachLine, "each-line"); err != nil {
		return err
	}
	if d.raw && d.env.stdoutTTY && d.path == "" && !d.quiet {
		return rawOnTerminal("cookie")
	}
	d.query.unverified = d.unverified
	if d.eachLine {
		return d.runLines(ctx, args, d.lines())
	}
	results, err := d.results(ctx, args)
	if err != nil {
		return err
	}
	if d.raw {
		if err := onlyOne(results, "--raw"); err != nil {
			return err
		}
	}
	return d.show(results, presentation{
		text: d.appendText,
		record: func(r *result) record {
			return newRecord(r).withSession(r, d.redact)
		},
		exitCode: outcome.exitCode,
		headings: true,
		report:   func(r *result, several bool) { d.say.report(r, r.verdict(d.query, d.clock), several, d.json) },
	})
}

func (d *decode) lines() lineCommand {
	c := lineCommand{
		recorder: recorderOf(func(_ *query, r *result) record { return newRecord(r).withSession(r, d.redact) }),
		exitCode: outcome.exitCode,
		quick:    quickSession,
	}
	if d.redact {
		c.quick = notQuick
	}
	return c
}

func (d *decode) appendText(dst []byte, r *result) []byte {
	switch {
	case r.values == nil:
		return dst
	case d.raw:
		return append(dst, r.values.Text()...)
	case d.redact:
		return appendTable(dst, redacted(r.values))
	}
	return appendSession(dst, r, d.env.useColor(d.color, d.toTerminal(d.env)))
}

func rawOnTerminal(what string) error {
	return usageError("--raw prints what the "+what+" holds, which could upset a terminal", "write it to a file with -o FILE, or insist with -o -")
}
