package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sessctl/sessctl/internal/termtext"
	"github.com/sessctl/sessctl/session"
)

// storeClear deletes all sessions of a store.
type storeClear struct {
	oneStore
	yes    bool
	dryRun bool
}

// cleared is what clear prints as JSON.
type cleared struct {
	Schema  string `json:"schema"`
	Deleted int    `json:"deleted"`
}

func newStoreClear(a app) *cobra.Command {
	c := storeClear{oneStore: oneStore{storeCommand: storeCommand{app: a}}}
	cmd := a.command(&cobra.Command{
		Use:   "clear",
		Short: "delete all sessions of a store",
		Long: `Clear deletes every session of a store, and nothing else: keys of another form and
foreign files stay. On a terminal it asks before.`,
		Example: `  sessctl store clear --store 'file:sessions?layout=litestar' --dry-run
  sessctl store clear --store 'file:sessions?layout=litestar' --yes --json`,
	}, &c.outputFlags, c.run)
	c.register(cmd, "print what was counted as a JSON object")
	cmd.Flags().BoolVar(&c.yes, "yes", false, "do not ask")
	addDryRun(cmd.Flags(), &c.dryRun)
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	return cmd
}

func (c *storeClear) run(ctx context.Context, args []string) error {
	if err := c.prepare(args); err != nil {
		return err
	}
	asks := c.env.stdinTTY && c.env.stderrTTY && !c.quiet
	switch {
	case len(args) > 0:
		return usageError("clear takes no argument", "sessctl store delete deletes single sessions")
	case !c.yes && !c.dryRun && !asks:
		return usageError("clear deletes every session of the store, so it needs --yes", "--dry-run counts them")
	}
	if err := c.open(ctx, (*dsn).checkNamespace); err != nil {
		return err
	}
	defer c.end()
	clearer, ok := c.live.(session.Clearer)
	switch {
	case !ok:
		return usageError(c.kind+" cannot list what it holds, so its sessions cannot be told from the rest", "flush_all of memcached deletes everything; sessctl store delete takes ids")
	case c.dryRun:
		n, err := c.countAll(ctx)
		return cmp.Or(c.report(cleared{schema, n}, plural(n, "session")+" would be deleted"), err)
	case !c.yes:
		if err := c.ask(ctx); err != nil {
			return err
		}
	}
	n, err := c.clear(ctx, clearer)
	return cmp.Or(c.report(cleared{schema, n}, plural(n, "session")+" deleted"), err)
}

// countAll is clear that changes nothing.
func (c *storeClear) countAll(ctx context.Context) (n int, err error) {
	var left leftovers
	for e, err := range c.list(ctx) {
		switch {
		case err != nil:
			return n, err
		case e.Odd:
		case e.refused != nil && c.leavesDamaged():
			left.add(e.refused)
		default:
			n++
		}
	}
	return n, left.failed(c.openStore, true)
}

// clear deletes the sessions. A table sqlstore empties, as Python does; where there is
// what must stay, they are deleted one by one.
func (c *storeClear) clear(ctx context.Context, clearer session.Clearer) (n int, err error) {
	stays, err := c.holdsOddRow(ctx)
	switch {
	case err != nil:
		return 0, err
	case !stays:
		return c.sweep(ctx, clearer.Clear)
	}
	for e, err := range c.list(ctx) {
		if err != nil {
			return n, err
		}
		if e.Odd {
			continue
		}
		err := c.do(ctx, func(ctx context.Context) error { return c.whole.Delete(ctx, e.ID) })
		switch {
		case err == nil:
			n++
		case !errors.Is(err, session.ErrNotFound):
			return n, err
		}
	}
	return n, nil
}

// holdsOddRow reports whether a table holds an id of another form.
func (c *storeClear) holdsOddRow(ctx context.Context) (bool, error) {
	if !c.isTable() {
		return false, nil
	}
	for e, err := range c.list(ctx) {
		if err != nil || e.Odd {
			return e.Odd, err
		}
	}
	return false, nil
}

// ask asks a person.
func (c *storeClear) ask(ctx context.Context) error {
	n, err := c.countAll(ctx)
	if err != nil && !isUnreadable(err) {
		return err
	}
	fmt.Fprintf(c.env.stderr, "delete every session (%d) of %s? y or n: ", n, termtext.Escape(c.full()))
	line, err := interruptible(ctx, func() (string, error) { return bufio.NewReader(c.env.stdin).ReadString('\n') })
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && err != io.EOF:
		return readFailed(err)
	}
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return nil
	}
	return usageError("nothing was deleted")
}
