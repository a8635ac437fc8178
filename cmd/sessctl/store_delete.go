package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/filestore"
)

// storeDelete deletes sessions.
type storeDelete struct {
	oneStore
	keys   []string
	dryRun bool
}

// deleted is what delete prints as JSON.
type deleted struct {
	Schema  string `json:"schema"`
	Deleted int    `json:"deleted"`
	Missing int    `json:"missing"`
}

func newStoreDelete(a app) *cobra.Command {
	d := storeDelete{oneStore: oneStore{storeCommand: storeCommand{app: a}}}
	cmd := a.command(&cobra.Command{
		Use:   "delete ID...",
		Short: "delete sessions",
		Long: `Delete deletes sessions of a store, and so logs their users out. - reads ids from
standard input, one a line. What is not there is counted, and no error; what lies in
a session's place and is none goes too, but for what is no regular file, or is being
written. An id that is none stops it before anything is deleted.`,
		Example: `  sessctl store delete --store 'file:starlite?layout=starlite' 5f0c5e1b5f0c5e1b5f0c5e1b5f0c5e1b5f0c5e1b5f0c5e1b5f0c5e1b5f0c5e1b
  sessctl store delete --store 'file:starlite?layout=starlite' --json - <ids.txt
  sessctl store delete --store 'file:sessions?layout=litestar' --key 3318ef7555850283d221269b40bf907e92020a8652105c4c4467777836a19d8e`,
	}, &d.outputFlags, d.run)
	d.register(cmd, "print what was counted as a JSON object")
	cmd.Flags().StringArrayVar(&d.keys, "key", nil, "delete what lies under a `KEY` that sessctl store list --full-ids prints, as a whole; repeatable")
	addDryRun(cmd.Flags(), &d.dryRun)
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	return cmd
}

func (d *storeDelete) run(ctx context.Context, args []string) error {
	if err := d.prepare(args); err != nil {
		return err
	}
	ids, err := d.ids(ctx, args)
	if err != nil {
		return err
	}
	if err := d.open(ctx, d.checkKeys); err != nil {
		return err
	}
	defer d.end()
	rec := deleted{Schema: schema}
	err = d.all(ctx, ids, &rec)
	words := fmt.Sprintf("%d deleted, %d not there", rec.Deleted, rec.Missing)
	if d.dryRun {
		words = fmt.Sprintf("%d would be deleted, %d not there", rec.Deleted, rec.Missing)
	}
	return cmp.Or(d.report(rec, words), err)
}

func (d *storeDelete) checkKeys(of *dsn) error {
	for _, key := range d.keys {
		if err := of.checkKey(key); err != nil {
			return err
		}
	}
	return nil
}

// ids reads all ids before one is deleted.
func (d *storeDelete) ids(ctx context.Context, args []string) ([]string, error) {
	if len(args) == 0 && len(d.keys) == 0 {
		return nil, usageError("delete needs the ids of sessions", "- reads them from standard input")
	}
	var ids []string
	stdin := false
	for _, arg := range args {
		if arg != "-" {
			ids = append(ids, arg)
			continue
		}
		if stdin {
			return nil, usageError("standard input can be read once only")
		}
		stdin = true
		read, err := d.readIDs(ctx, arg)
		if err != nil {
			return nil, err
		}
		ids = append(ids, read...)
	}
	if err := checkIDs(ids); err != nil { // which says which one
		return nil, err
	}
	return unique(ids), nil
}

func (d *storeDelete) all(ctx context.Context, ids []string, rec *deleted) error {
	// By whole, which says of what has expired that it was there.
	remove := func(ctx context.Context, id string) error { return d.whole.Delete(ctx, id) }
	removeKey := func(ctx context.Context, key string) error { return d.whole.(session.Keyed).DeleteKey(ctx, key) }
	if d.dryRun {
		remove = func(ctx context.Context, id string) error { return d.find(ctx, session.Entry{ID: id}) }
		removeKey = func(ctx context.Context, key string) error { return d.find(ctx, session.Entry{Key: key}) }
	}
	var left leftovers
	each := func(names []string, remove func(context.Context, string) error) error {
		for _, name := range names {
			err := d.do(ctx, func(ctx context.Context) error { return remove(ctx, name) })
			switch {
			case err == nil:
				rec.Deleted++
			case errors.Is(err, session.ErrNotFound):
				rec.Missing++
			case isUnreadable(err):
				left.add(err)
			default:
				return err
			}
		}
		return nil
	}
	if err := each(ids, remove); err != nil {
		return err
	}
	if err := each(d.keys, removeKey); err != nil {
		return err
	}
	var f *failure
	if errors.As(left.first, &f) {
		return &failure{code: f.code, text: fmt.Sprintf("%d not deleted, the first one because %s", left.n, f.text), cause: f}
	}
	return nil
}

// find looks whether there is something to delete.
func (d *storeDelete) find(ctx context.Context, e session.Entry) error {
	_, err := d.openStore.find(ctx, e)
	if isOfOne(err) && !errors.Is(err, filestore.ErrKept) && (e.ID != "" || session.ValidID(e.Key) || !d.leavesDamaged()) {
		return nil
	}
	return err
}
