package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
)

// storePut writes a session.
type storePut struct {
	oneStore
	mint    bool
	create  bool
	fullIDs bool
	maxAge  string
}

func newStorePut(a app) *cobra.Command {
	p := storePut{oneStore: oneStore{storeCommand: storeCommand{app: a}}}
	cmd := &cobra.Command{
		Use:   "put ID [JSON]",
		Short: "write a session, or make one",
		Long: `Put writes a session into a store, in the framework's spelling: an argument, the
content of @FILE, or what is on standard input, a JSON object. What the framework
could not read is refused.

A session that is there keeps its expiry, unless --max-age is given. With --new in
the place of the id it makes one, and prints it.`,
		Example: `  sessctl store put --store 'file:sessions?layout=litestar' --new '{"user_id": 42}'
  sessctl store put --store 'file:starlite?layout=starlite' 5f0c5e1b5f0c5e1b5f0c5e1b5f0c5e1b5f0c5e1b5f0c5e1b5f0c5e1b5f0c5e1b @session.json
  sessctl store put --store 'file:new/sessions?layout=litestar' --create --max-age 1h --new <session.json`,
	}
	a.command(cmd, &p.outputFlags, func(ctx context.Context, args []string) error {
		return p.run(ctx, args, cmd.Flags().Changed("max-age"))
	})
	flags := cmd.Flags()
	p.register(cmd, "print a JSON object: id and expires_at")
	flags.BoolVar(&p.mint, "new", false, "make an id, and print it: anyone who has it can be the user")
	flags.StringVar(&p.maxAge, "max-age", "14d", "`AGE` that it reaches: none, seconds, or a number with s m h d w")
	flags.BoolVar(&p.create, "create", false, "make the directory, file or table, where it is missing")
	flags.BoolVar(&p.fullIDs, "full-ids", false, "print the whole id with --json")
	cmd.ValidArgsFunction = completeInput
	return cmd
}

func (p *storePut) run(ctx context.Context, args []string, ageGiven bool) error {
	id, maxAge, args, err := p.check(args)
	if err != nil {
		return err
	}
	values, err := p.readSession(ctx, args)
	if err != nil {
		return err
	}
	data, err := values.AppendJSON(nil, codec.FormatLitestar)
	if err != nil {
		return &failure{code: exitNotSession, text: codecText(err), cause: err}
	}
	d, err := p.loadDSN(ctx, &p.source)
	if err != nil {
		return err
	}
	if maxAge, err = d.ttl(maxAge); err != nil {
		return err
	}
	if p.openStore, err = p.openDSN(ctx, d, p.create); err != nil {
		return err
	}
	defer p.end()
	replaced, err := p.put(ctx, id, data, maxAge, !ageGiven)
	if err != nil {
		return err
	}
	err = p.print(ctx, id, data, replaced)
	if err != nil && p.mint { // nobody knows its id
		_ = p.do(context.WithoutCancel(ctx), func(ctx context.Context) error { return p.live.Delete(ctx, id) })
	}
	return err
}

// check checks the arguments, and returns those that are not the id.
func (p *storePut) check(args []string) (id string, maxAge time.Duration, rest []string, err error) {
	if err := p.prepare(args, args...); err != nil {
		return "", 0, nil, err
	}
	if maxAge, err = parseMaxAge("max-age", p.maxAge); err != nil {
		return "", 0, nil, err
	}
	switch {
	case p.mint && len(args) > 1, len(args) > 2:
		return "", 0, nil, usageError("put takes one session at a time", "put quotes around the JSON: sessctl store put … --new '{\"user_id\": 42}'")
	case !p.mint && len(args) == 0:
		return "", 0, nil, usageError("put needs the id of a session, or --new")
	case p.mint:
		id, rest = newID(), args
	default:
		if err := checkID(args[0]); err != nil {
			return "", 0, nil, err
		}
		id, rest = args[0], args[1:]
	}
	if len(rest) == 0 && p.env.stdinTTY {
		return "", 0, nil, errShowHelp
	}
	return id, maxAge, rest, nil
}

// newID returns an id as the frameworks make them.
func newID() string {
	id := make([]byte, 32)
	rand.Read(id) // it never fails
	return hex.EncodeToString(id)
}

// ttl returns what a max age is to the store.
func (d *dsn) ttl(maxAge time.Duration) (time.Duration, error) {
	switch {
	case maxAge != codec.NoMaxAge:
		return maxAge, nil
	case d.needsExpiry():
		store := d.kind
		if d.layout != "" {
			store += " with layout=" + d.layout
		}
		return 0, usageError("--max-age none: " + store + " holds no session without expiry")
	}
	return session.NoExpiry, nil
}

// ttlUntil returns how long it is until a session expires.
func (c *storeCommand) ttlUntil(expires time.Time) time.Duration {
	if expires.IsZero() {
		return session.NoExpiry
	}
	return min(expires.Sub(c.env.now()), session.NoExpiry-1) // of centuries Sub knows no more
}

// putTries is how often a session may come and go while it is written.
const putTries = 10

// put writes the session, whether it is there or not.
func (p *storePut) put(ctx context.Context, id string, data []byte, maxAge time.Duration, keep bool) (replaced bool, err error) {
	replace := func(ttl time.Duration) error {
		return p.do(ctx, func(ctx context.Context) error { return p.live.Replace(ctx, id, data, ttl) })
	}
	for range putTries {
		err = p.do(ctx, func(ctx context.Context) error { return p.live.Create(ctx, id, data, maxAge) })
		switch {
		case errors.Is(err, codec.ErrTooLarge): // what is there, unless it is this one, which is refused again
			return true, replace(maxAge)
		case !errors.Is(err, session.ErrExists):
			return false, err
		}
		ttl := maxAge
		if keep {
			found, err := loadWith(ctx, p.openStore, func(ctx context.Context) ([]byte, time.Time, error) { return p.live.Load(ctx, id) })
			switch {
			case err == nil:
				ttl = p.ttlUntil(found.expires)
			case errors.Is(err, session.ErrNotFound):
				continue
			case !errors.Is(err, codec.ErrTooLarge):
				return false, err
			}
		}
		err = replace(ttl)
		if !errors.Is(err, session.ErrNotFound) {
			return true, err
		}
	}
	return false, &failure{code: exitIO, text: "the session comes and goes: others write and delete it all the time"}
}

// putRecord is what put prints as JSON.
type putRecord struct {
	Schema    string  `json:"schema"`
	ID        string  `json:"id,omitzero"`
	IDPrefix  string  `json:"id_prefix,omitzero"`
	ExpiresAt *string `json:"expires_at"`
}

// print prints the id, if it is new, and says when the session ends, as the store has
// it.
func (p *storePut) print(ctx context.Context, id string, data []byte, replaced bool) error {
	found, err := p.load(ctx, id)
	if errors.Is(err, session.ErrNotFound) { // by now
		found.expires, err = p.clock.now, nil
	}
	if err != nil {
		return err
	}
	var text []byte
	switch {
	case p.json:
		rec := putRecord{Schema: schema, ExpiresAt: optionalTime(found.expires)}
		if p.mint || p.fullIDs {
			rec.ID = id
		} else {
			rec.IDPrefix = id[:idDigits]
		}
		if text, err = appendRecord(nil, rec, p.toTerminal(p.env)); err != nil {
			return err
		}
	case p.mint:
		text = []byte(id + "\n")
	}
	if err := p.writeText(p.env, text); err != nil || p.json {
		return err
	}
	how := "new"
	if replaced {
		how = "replaced"
	}
	p.say.say(fmt.Sprintf("%s, %d B, %s, %s", p.describe(), len(data), how, p.when(found.expires)))
	return nil
}
