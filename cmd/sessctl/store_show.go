package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
)

// storeShow prints the data of one session.
type storeShow struct {
	oneStore
	key     string
	byKey   bool
	name    string
	from    string
	fullIDs bool
	raw     bool
	redact  bool
}

func newStoreShow(a app) *cobra.Command {
	s := storeShow{oneStore: oneStore{storeCommand: storeCommand{app: a}}}
	cmd := &cobra.Command{
		Use:   "show ID or INPUT",
		Short: "print a session's data",
		Long: `Show prints the data of a session of a store. It renews nothing and deletes
nothing, though Python's own backends do when they read.

In place of an id it takes any INPUT of sessctl decode whose cookie holds one: a
Cookie: header, a curl command, a HAR file. - or nothing reads id or INPUT from
standard input.`,
		Example: `  sessctl store show --store 'file:starlite?layout=starlite' 5f0c5e1b5f0c5e1b5f0c5e1b5f0c5e1b5f0c5e1b5f0c5e1b5f0c5e1b5f0c5e1b
  sessctl store show --store 'file:sessions?layout=litestar' --json <id.txt
  sessctl store show --store 'file:sessions?layout=litestar' --key 3318ef7555850283d221269b40bf907e92020a8652105c4c4467777836a19d8e`,
	}
	a.command(cmd, &s.outputFlags, func(ctx context.Context, args []string) error {
		s.byKey = cmd.Flags().Changed("key")
		return s.run(ctx, args)
	})
	flags := cmd.Flags()
	s.register(cmd, "print a JSON object (see sessctl help json)")
	flags.StringVar(&s.name, "name", defaultName, "take the id from the cookie of this `NAME`")
	flags.StringVar(&s.from, "from", "auto", "`FORM` of the INPUT: auto, value, cookie, set-cookie, jar, curl, har")
	flags.StringVar(&s.key, "key", "", "show what lies under a `KEY` that sessctl store list --full-ids prints, as a whole")
	flags.BoolVar(&s.fullIDs, "full-ids", false, "with --json print the whole id, with which anyone can be the user")
	flags.BoolVar(&s.raw, "raw", false, "print the session's JSON as the store holds it, nothing added")
	flags.BoolVar(&s.redact, "redact", false, "print keys, types and sizes, but no values")
	cmd.ValidArgsFunction = completeInput
	return cmd
}

func (s *storeShow) run(ctx context.Context, args []string) error {
	if err := s.check(args); err != nil {
		return err
	}
	e := session.Entry{Key: s.key}
	if !s.byKey {
		id, err := s.idOf(ctx, args, s.name, s.from)
		if err != nil {
			return err
		}
		e.ID = id
	}
	var checks []func(*dsn) error
	if s.byKey {
		checks = append(checks, func(d *dsn) error { return d.checkKey(s.key) })
	}
	if err := s.open(ctx, checks...); err != nil {
		return err
	}
	defer s.end()
	if s.byKey && !s.isHashed() {
		if session.ValidID(s.key) {
			e.ID = s.key
		}
		e.Odd = e.ID == ""
	}
	found, err := s.find(ctx, e)
	if err != nil && !isUnreadable(err) {
		return err
	}
	e.Size, e.Expires = len(found.data), found.expires
	return s.print(e, found, err)
}

func (s *storeShow) check(args []string) error {
	if err := s.prepare(args, args...); err != nil {
		return err
	}
	if err := cmp.Or(
		refuseDSN(s.name), exclusive(s.json, "json", s.raw, "raw"), exclusive(s.raw, "raw", s.redact, "redact"), oneOf("from", s.from, fromChoices),
	); err != nil {
		return err
	}
	switch {
	case s.byKey && len(args) > 0:
		return usageError("--key stands in the place of the id")
	case len(args) > 1:
		return usageError("show takes one session at a time", "sessctl store list lists them")
	}
	return s.checkRaw(s.raw)
}

// find reads what lies under an id, or else a key. What is listed as too large is not
// fetched.
func (s *openStore) find(ctx context.Context, e session.Entry) (loaded, error) {
	if e.Size > maxJSON {
		return loaded{}, s.failed(ctx, codec.ErrTooLarge)
	}
	if e.ID != "" {
		return s.load(ctx, e.ID)
	}
	return s.loadKey(ctx, e.Key)
}

// print prints the session, and says what there is to say of it, or why it is refused.
func (s *storeShow) print(e session.Entry, found loaded, refused error) error {
	var values *codec.Values
	if refused == nil {
		values, refused = storedSession(found.data)
	}
	emptied := s.isEmptied(e)
	if emptied {
		refused = &failure{code: exitOutsideTime, text: "the file is empty, as a writer that is killed leaves it: the session has expired"}
	}
	r := &result{outcome: outcomeOK, format: codec.FormatLitestar, values: values} // as both frameworks spell it
	r.findInValues()
	rec := s.newRecord(e, s.fullIDs, refused == nil, refused != nil || isRateLimit(values))
	rec.Findings = append(rec.Findings, r.findings...)
	var text []byte
	switch {
	case emptied:
	case refused != nil:
		rec.Findings = append(rec.Findings, refusedFinding(refused))
	case s.raw:
		text = found.data
	case s.redact:
		text = appendTable(nil, redacted(values))
	default:
		text = appendSession(nil, r, s.env.useColor(s.color, s.toTerminal(s.env)))
	}
	if s.json {
		if values != nil {
			rec.content = contentOf(values, s.redact)
		}
		var err error
		if text, err = appendRecord(nil, rec, s.toTerminal(s.env)); err != nil {
			return err
		}
	}
	if err := s.writeText(s.env, text); err != nil && !isBrokenPipe(err) {
		return err
	}
	return s.tell(e, r, refused)
}

// isEmptied knows what filestore reads where a file has lost all that it held.
func (s *openStore) isEmptied(e session.Entry) bool {
	return s.kind == "file" && !e.Odd && e.Size == 0 && e.Expires.Equal(time.Unix(0, 0))
}

// tell tells stderr the rest, and the exit code.
func (s *storeShow) tell(e session.Entry, r *result, refused error) error {
	if refused != nil {
		return refused
	}
	if !s.json {
		s.say.reportFindings("", r)
	}
	line := fmt.Sprintf("%s, %d B, ", s.describe(), e.Size)
	switch {
	case s.isExpired(e.Expires):
		s.say.error(line + s.when(e.Expires))
		return told(exitOutsideTime)
	case !s.json:
		s.say.say(line + s.when(e.Expires))
	}
	return nil
}

// when says when a session ends, exactly.
func (c *storeCommand) when(t time.Time) string {
	switch {
	case t.IsZero():
		return "never expires"
	case c.isExpired(t):
		return fmt.Sprintf("expired %s (%s)", c.clock.absolute(t), c.clock.relative(t))
	}
	return fmt.Sprintf("expires %s (%s)", c.clock.absolute(t), c.clock.relative(t))
}

// storedSession reads what a store holds. Python hands the app anything else too, and
// answers 500.
func storedSession(data []byte) (*codec.Values, error) {
	values, err := codec.ParseStored(string(data), codec.FormatLitestar)
	if err == nil {
		return values, nil
	}
	f := &failure{code: exitNotSession, text: "what the store holds there is not a session: not JSON", cause: err}
	switch {
	case errors.Is(err, codec.ErrNotObject):
		f.text = "what the store holds there is JSON, but not an object, so no session"
	case errors.Is(err, codec.ErrTooLarge):
		f.text = "the session is too large to be read"
		f.hints = []string{"at most 1 MiB is read, nested to 900 levels, with 10,000 keys"}
	}
	return nil, f
}

// checkRaw refuses to write what a store holds to a terminal.
func (c *storeCommand) checkRaw(raw bool) error {
	if raw && c.env.stdoutTTY && c.path == "" && !c.quiet {
		return rawOnTerminal("store")
	}
	return nil
}
