package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/sessctl/sessctl/internal/termtext"
)

// verify prints the verdict on cookies.
type verify struct{ reader }

func newVerify(a app) *cobra.Command {
	v := verify{reader{app: a}}
	cmd := a.command(&cobra.Command{
		Use:   "verify [INPUT...]",
		Short: "tell whether a session cookie is authentic, and if not, why",
		Long: `Verify prints one line for each session cookie: the outcome, and behind it which
key made it, when it was signed and when it expires. It needs a key.

Where no key fits it tries what may have happened, and says what holds: the key
with its line end, in quotes, in hex or base64 or as Python prints bytes, another
signer, a cookie that was cut, encoded or quoted twice, chunks out of order or of
another session, a clock that is ahead, another app's cookie.

INPUT is what sessctl decode takes.`,
		Example: `  pbpaste | sessctl verify --key-file secret.txt
  sessctl verify --key-file new.key --key-file old.key @cookies.txt
  sessctl verify --key-env SESSION_SECRET --each-line <cookies.txt >verdicts.jsonl`,
	}, &v.outputFlags, v.run)
	v.register(cmd, "print a JSON object for each result (see sessctl help json)")
	acceptRedact(cmd)
	return cmd
}

func (v *verify) run(ctx context.Context, args []string) error {
	if err := v.prepare(); err != nil {
		return err
	}
	if !v.keys.withDefault(v.env).given() {
		return usageError("verify needs a key", "give the app's secret with --key-file, --key-env or --key-prompt; see sessctl help keys")
	}
	v.query.labelled = true
	if v.eachLine {
		return v.runLines(ctx, args, v.lines())
	}
	results, err := v.results(ctx, args)
	if err != nil {
		return err
	}
	return v.show(results, presentation{
		text:     func(dst []byte, r *result) []byte { return v.appendVerdict(dst, r, len(results) > 1) },
		record:   newRecord,
		exitCode: outcome.exitCode,
		report:   v.report,
	})
}

func (v *verify) lines() lineCommand {
	return lineCommand{
		recorder: recorderOf(func(_ *query, r *result) record { return newRecord(r) }),
		exitCode: outcome.exitCode,
		quick:    quickVerdict,
	}
}

// appendVerdict appends the outcome, for scripts, and what a person would ask
// next.
func (v *verify) appendVerdict(dst []byte, r *result, several bool) []byte {
	name := ""
	if several || r.number > 0 {
		name = r.prefix()
	}
	line := name + string(r.outcome) + ": " + r.verdict(v.query, v.clock).text
	return append(termtext.AppendEscaped(dst, line), '\n')
}

// report tells stderr the reasons.
func (v *verify) report(r *result, several bool) {
	if v.json {
		return
	}
	name := ""
	if several {
		name = r.prefix()
	}
	v.say.reportFindings(name, r)
	v.say.hints(r.verdict(v.query, v.clock).all())
}
