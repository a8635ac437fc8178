package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
)

// storePrune deletes what has expired.
type storePrune struct {
	oneStore
	odd    bool
	dryRun bool
}

// pruned is what prune prints as JSON.
type pruned struct {
	Schema string `json:"schema"`
	Pruned int    `json:"pruned"`
	Odd    int    `json:"odd"`
	Kept   *int   `json:"kept"` // null where the store cannot be listed
}

func newStorePrune(a app) *cobra.Command {
	p := storePrune{oneStore: oneStore{storeCommand: storeCommand{app: a}}}
	cmd := a.command(&cobra.Command{
		Use:   "prune",
		Short: "delete the sessions that have expired",
		Long: `Prune deletes the sessions that have expired, by the clock of this host: those of
files and SQL tables, which stay until somebody deletes them. Redis and memcached
forget them by themselves.

With --odd it deletes too what holds a session under a key of another form, which
a client has made up. Other programs may keep JSON objects there too: what has a
colon in its key in Redis, since that is another namespace's, and the rate limits
of Litestar, with history and reset alone, stay, and so do the files that Litestar is
writing, ID.tmp…. See it with list --odd before. In SQL tables such a one goes by
itself when it has expired. Without a namespace in Redis nothing tells it from the
rest, so --odd is refused.`,
		Example: `  sessctl store prune --store 'file:sessions?layout=litestar'
  sessctl store prune --store 'file:starlite?layout=starlite' --odd --dry-run --json`,
	}, &p.outputFlags, p.run)
	p.register(cmd, "print what was counted as a JSON object")
	cmd.Flags().BoolVar(&p.odd, "odd", false, "delete too what holds a session under a key of another form")
	addDryRun(cmd.Flags(), &p.dryRun)
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	return cmd
}

func (p *storePrune) run(ctx context.Context, args []string) error {
	if err := p.prepare(args); err != nil {
		return err
	}
	if len(args) > 0 {
		return usageError("prune takes no argument", "sessctl store delete deletes single sessions")
	}
	var checks []func(*dsn) error
	if p.odd {
		checks = append(checks, (*dsn).checkNamespace)
	}
	if err := p.open(ctx, checks...); err != nil {
		return err
	}
	defer p.end()
	rec := pruned{Schema: schema}
	if err := p.isLister("what has a key of another form expires there too"); err == nil {
		rec.Kept = new(int)
	} else if p.odd {
		return err
	}
	err := p.prune(ctx, &rec)
	would := ""
	if p.dryRun {
		would = "would be "
	}
	words := fmt.Sprintf("%d %spruned", rec.Pruned, would)
	if !p.keepsExpired() {
		words = p.kind + " deletes by itself what has expired"
	}
	if p.odd {
		words += fmt.Sprintf(", %d odd %sdeleted", rec.Odd, would)
	}
	if rec.Kept != nil {
		words += fmt.Sprintf(", %d kept", *rec.Kept)
	}
	return cmp.Or(p.report(rec, words), err)
}

func (p *storePrune) prune(ctx context.Context, rec *pruned) (err error) {
	pruner, ok := p.live.(session.Pruner)
	if ok && !p.dryRun {
		if rec.Pruned, err = p.sweep(ctx, pruner.Prune); err != nil && !isUnreadable(err) {
			return err
		}
	}
	if rec.Kept == nil {
		return nil
	}
	var left leftovers
	for e, listErr := range p.list(ctx) {
		switch {
		case listErr != nil:
			return listErr
		case e.Odd && p.isTable() && p.isExpired(e.Expires): // it goes with the rest
			if p.dryRun {
				rec.Pruned++
			}
		case e.Odd && p.odd:
			oddErr := p.pruneOdd(ctx, e.Entry, rec)
			switch {
			case errors.Is(oddErr, fs.ErrPermission): // another user's
				left.add(oddErr)
			case oddErr != nil:
				return oddErr
			}
		case e.Odd:
		case e.refused != nil && e.Expires.IsZero() && p.keepsExpired(): // nobody knows whether it has expired
			left.add(e.refused)
		case !p.isExpired(e.Expires):
			*rec.Kept++
		case p.dryRun:
			rec.Pruned++
		}
	}
	if p.odd { // which the sweep does not count
		return cmp.Or(left.failed(p.openStore, p.dryRun), err)
	}
	return cmp.Or(err, left.failed(p.openStore, p.dryRun))
}

// leavesOdd reports whether prune --odd leaves a key of another form, whatever it holds:
// a colon ends the name of another namespace.
func (d *dsn) leavesOdd(key string) bool {
	switch d.kind {
	case "redis":
		return d.namespace == "" || strings.Contains(key, ":")
	case "file":
		return isDraft(key)
	}
	return false
}

// pruneOdd deletes what lies under a key of another form if it holds a session, and
// a client can have made the key up.
func (p *storePrune) pruneOdd(ctx context.Context, e session.Entry, rec *pruned) error {
	if p.leavesOdd(e.Key) {
		return nil
	}
	found, err := p.loadKey(ctx, e.Key)
	if errors.Is(err, session.ErrNotFound) || isOfOne(err) {
		return nil
	}
	if err == nil {
		values, refused := storedSession(found.data)
		if refused != nil || isRateLimit(values) {
			return nil
		}
		if !p.dryRun {
			err = p.do(ctx, func(ctx context.Context) error { return p.whole.(session.Keyed).DeleteKey(ctx, e.Key) })
		}
	}
	switch {
	case errors.Is(err, session.ErrNotFound):
		return nil
	case err == nil:
		rec.Odd++
	}
	return err
}

// isDraft knows what Litestar writes before it takes a session's place: without it the
// session would not change, and Python would not say so.
func isDraft(name string) bool {
	name, _, ok := strings.Cut(name, ".tmp")
	return ok && session.ValidID(name)
}

// isRateLimit knows what Litestar's RateLimitMiddleware keeps of a client, in the same
// store if it has no other.
func isRateLimit(values *codec.Values) bool {
	return values.Len() == 2 && values.Has("history") && values.Has("reset")
}
