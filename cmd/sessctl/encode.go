package main

import (
	"cmp"
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/sessctl/sessctl/codec"
)

// encode makes the cookies of a session.
type encode struct {
	app
	targetFlags
	outputFlags
	keys    keyFlags
	now     string
	untimed bool
}

func newEncode(a app) *cobra.Command {
	e := encode{app: a, keys: keyFlags{single: true}}
	cmd := a.command(&cobra.Command{
		Use:   "encode [JSON]",
		Short: "make the cookie of a session",
		Long: `Encode makes the cookie of a session, or its cookies, as the framework would:
the JSON in its spelling, signed or encrypted with the key.

The session is a JSON object: an argument, the content of @FILE, or what is on
standard input. What the framework could not read, and would answer with an
error ever after, is refused.

Printed is the value alone, or, of a session that takes several cookies, what
stands in a Cookie header. --as asks for one of these (value, cookie), for
Set-Cookie lines (set-cookie), for a cookie jar as curl reads it (jar), or for
all there is to know (json).`,
		Example: `  sessctl encode --format starlette --key-file secret.txt '{"user_id": 42}'
  sessctl encode --format litestar --key-file new.key --as set-cookie --attr 'Path=/; Secure; SameSite=Strict' @session.json
  pbpaste | sessctl decode --raw --key-file secret.txt | sessctl encode --format starlette --key-file secret.txt`,
	}, &e.outputFlags, e.run)
	flags := cmd.Flags()
	e.targetFlags.register(flags, "", "format", ` (default "session")`, " (default value)")
	flags.BoolVar(&e.untimed, "untimed", false, "sign no time, as Starlette 0.6.2 to 0.7")
	flags.StringVar(&e.now, "now", "", "write the cookie as at this `TIME` (RFC 3339 or Unix)")
	e.keys.register(flags, "")
	e.outputFlags.register(flags, "the same as --as json")
	cmd.ValidArgsFunction = completeInput
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(targetChoices, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (e *encode) run(ctx context.Context, args []string) error {
	t, err := e.prepare(args)
	if err != nil {
		return err
	}
	keys := e.keys.withDefault(e.env)
	if !keys.given() {
		return usageError("encode needs a key", "give the app's secret with --key-file, --key-env or --key-prompt; see sessctl help keys")
	}
	if err := keys.checkStdin(args, "session"); err != nil {
		return err
	}
	if err := e.checkOutput(e.env, args, keys); err != nil {
		return err
	}
	if err := t.takeKey(ctx, e.env, keys); err != nil {
		return err
	}
	e.say.detail("key %q", t.key.label)
	w, err := t.newWriter(cmp.Or(e.name, defaultName), nil, 0)
	if err != nil {
		return err
	}
	values, err := e.readSession(ctx, args)
	if err != nil {
		return err
	}
	m, err := w.write(values, time.Time{}, nil)
	if err != nil {
		return err
	}
	return e.print(m)
}

// prepare checks what needs no reading.
func (e *encode) prepare(args []string) (*target, error) {
	if err := e.keys.check(); err != nil {
		return nil, err
	}
	if err := e.outputFlags.check(); err != nil {
		return nil, err
	}
	if len(args) == 0 && e.env.stdinTTY {
		return nil, errShowHelp
	}
	if len(args) > 1 {
		return nil, usageError("encode takes one session at a time", "put quotes around the JSON: sessctl encode … '{\"user_id\": 42}'")
	}
	if e.format == "" {
		return nil, usageError("encode needs --format: starlette (FastAPI too), litestar or starlite")
	}
	if err := oneOf("format", e.format, targetChoices); err != nil {
		return nil, err
	}
	if e.untimed && formatNamed(e.format) != codec.FormatStarlette {
		return nil, usageError("--untimed is for starlette alone")
	}
	if err := e.asJSON(&e.outputFlags); err != nil {
		return nil, err
	}
	now, err := nowFlag(e.env, e.now)
	if err != nil {
		return nil, err
	}
	t, err := e.target(now)
	if err != nil {
		return nil, err
	}
	t.untimed = e.untimed
	return t, nil
}

// print prints the cookies, and tells stderr what else there is to say.
func (e *encode) print(m *made) error {
	if err := m.check(); err != nil {
		return err
	}
	text := m.append(nil)
	if e.json {
		rec := m.newRecord(m.name, outcomeOK)
		rec.add(m, true)
		var err error
		if text, err = appendRecord(nil, rec, e.toTerminal(e.env)); err != nil {
			return err
		}
	}
	if err := e.writeText(e.env, text); err != nil || e.json {
		return err
	}
	e.say.reportFindings("", &result{outcome: outcomeOK, findings: m.findings})
	e.say.say(m.describe(e.newClock(e.env, m.now())))
	return nil
}
