package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
)

// storeCopy copies sessions from one store to another.
type storeCopy struct {
	storeCommand
	from, to  dsnFlags
	ids       string
	maxAge    string
	overwrite bool
	create    bool
	dryRun    bool

	source *openStore
	into   *dsn
	target *openStore // of into; nil: it is missing, and nothing is to be changed
	ttl    time.Duration
}

func newStoreCopy(a app) *cobra.Command {
	c := storeCopy{storeCommand: storeCommand{app: a}}
	cmd := a.command(&cobra.Command{
		Use:   "copy",
		Short: "copy sessions from one store to another",
		Long: `Copy copies the sessions of a store to another one, of any kind and layout, as they
are: ids, data and expiry stay.

It can be run again, and goes on where it was: what is the same there is left, and
what is not has changed since and is kept, unless --overwrite is given. What is
the same, but expires later in the source, gets that expiry. What has expired stays
behind.

SQLite makes sure of each session on the disk, which takes a few milliseconds. With
_pragma=synchronous(OFF) in the DSN of a new target it does not: five times as fast,
but to be made again if the power fails meanwhile.`,
		Example: `  sessctl store copy --from 'file:starlite?layout=starlite' --to 'file:moved?layout=litestar' --create
  sessctl store copy --from 'file:starlite?layout=starlite' --to 'file:sessions?layout=litestar' --dry-run --json
  sessctl store copy --from 'file:sessions?layout=litestar' --ids ids.txt --to 'file:starlite?layout=starlite'`,
	}, &c.outputFlags, c.run)
	flags := cmd.Flags()
	c.from.register(flags, "from", " to copy from", "")
	c.to.register(flags, "to", " to copy to", "")
	flags.StringVar(&c.ids, "ids", "", "copy the sessions of the ids in `FILE`, one a line; - is standard input")
	flags.StringVar(&c.maxAge, "max-age", "14d", "`AGE` for sessions without expiry, where the target needs one: seconds, or a number with s m h d w")
	flags.BoolVar(&c.overwrite, "overwrite", false, "replace what is another session there")
	flags.BoolVar(&c.create, "create", false, "make the target's directory, file or table, where it is missing")
	addDryRun(flags, &c.dryRun)
	c.register(cmd, "print what was counted as a JSON object")
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	for _, flag := range []string{"from", "to"} {
		_ = cmd.RegisterFlagCompletionFunc(flag, completeDSN)
	}
	return cmd
}

func (c *storeCopy) run(ctx context.Context, args []string) error {
	if err := c.prepare(args, "@"+c.ids); err != nil {
		return err
	}
	if len(args) > 0 {
		return usageError("copy takes no argument", "--ids FILE copies some sessions alone")
	}
	var err error
	if c.ttl, err = parseMaxAge("max-age", c.maxAge); err != nil {
		return err
	}
	if c.ttl == codec.NoMaxAge {
		return usageError("--max-age of copy is for targets that need an expiry, so it cannot be none")
	}
	ids, err := c.openBoth(ctx)
	if err != nil {
		return err
	}
	defer c.source.end()
	if c.target != nil {
		defer c.target.end()
	}
	return c.copy(ctx, ids)
}

// openBoth reads the ids and opens the stores.
func (c *storeCopy) openBoth(ctx context.Context) (ids []string, err error) {
	from, err := c.loadDSN(ctx, &c.from)
	if err != nil {
		return nil, err
	}
	to, err := c.loadDSN(ctx, &c.to)
	if err != nil {
		return nil, err
	}
	if from.isSame(to) {
		return nil, usageError("--from and --to name the same place", "a store is moved to another layout by way of another directory, table or namespace")
	}
	if c.ids != "" {
		if ids, err = c.readIDs(ctx, c.ids); err != nil {
			return nil, err
		}
	} else if from.isHashed() && !to.isHashed() {
		return nil, usageError("Litestar's files hold no ids, only their hashes, and the target needs ids", "--ids FILE gives them, one a line")
	}
	if c.source, err = c.openDSN(ctx, from, false); err != nil {
		return nil, err
	}
	if c.ids == "" {
		err = c.source.isLister("--ids FILE gives the ids to copy")
	}
	if err == nil {
		c.into = to
		c.target, err = c.openDSN(ctx, to, c.create && !c.dryRun)
		if c.create && c.dryRun && errors.Is(err, errMissing) {
			c.target, err = nil, to.checkNew()
		}
	}
	if err != nil {
		c.source.end()
	}
	return ids, err
}

// copyWorkers is how many sessions are copied at a time: most of it is waiting.
const copyWorkers = 8

// copied is what copy prints as JSON.
type copied struct {
	Schema     string    `json:"schema"`
	Copied     int       `json:"copied"`
	Same       int       `json:"same"`
	Kept       int       `json:"kept"`
	Expired    int       `json:"expired"`
	Unreadable int       `json:"unreadable"`
	Failed     int       `json:"failed"`
	Findings   []finding `json:"findings,omitzero"`
}

// copying is a copy that runs.
type copying struct {
	*storeCopy
	progress *progress
	stop     context.CancelCauseFunc

	mu    sync.Mutex
	rec   copied
	first error // why the first one failed that did not stop it

	given atomic.Int64 // sessions that were given an expiry
	odd   int          // keys of another form
}

func (c *storeCopy) copy(ctx context.Context, ids []string) error {
	within, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	run := &copying{storeCopy: c, stop: stop, rec: copied{Schema: schema}}
	if c.showsProgress(c.env) {
		run.progress = c.env.newProgress("sessions", int64(len(ids)), true)
		if c.ids == "" {
			go run.countAll(within)
		}
	}
	entries := make(chan session.Entry)
	var workers sync.WaitGroup
	for range copyWorkers {
		workers.Go(func() {
			for e := range entries {
				run.one(within, e)
			}
		})
	}
	run.feed(within, ids, entries)
	close(entries)
	workers.Wait()
	run.progress.end()
	return run.end(ctx, context.Cause(within))
}

// countAll finds out how many sessions there are, while they are copied.
func (c *copying) countAll(ctx context.Context) {
	n := int64(0)
	for e, err := range c.source.list(ctx) {
		if err != nil {
			return // the copy says what is wrong
		}
		if !e.Odd {
			n++
		}
	}
	c.progress.setTotal(n)
}

// feed hands out the sessions of the source.
func (c *copying) feed(ctx context.Context, ids []string, entries chan<- session.Entry) {
	send := func(e session.Entry) bool {
		select {
		case entries <- e:
			return true
		case <-ctx.Done():
			return false
		}
	}
	if c.ids != "" {
		for _, id := range ids {
			if !send(session.Entry{ID: id}) {
				return
			}
		}
		return
	}
	for e, err := range c.source.list(ctx) {
		switch {
		case err != nil:
			c.stop(err)
			return
		case e.Odd:
			c.odd++
		case c.hasExpired(e.Expires):
			c.count(&c.rec.Expired)
		case e.refused != nil:
			c.count(&c.rec.Unreadable)
		case !send(e.Entry):
			return
		}
	}
}

// count counts a session that is done.
func (c *copying) count(n *int) {
	c.mu.Lock()
	*n++
	c.mu.Unlock()
	c.progress.add(1)
}

// one copies a session.
func (c *copying) one(ctx context.Context, e session.Entry) {
	found, err := c.source.find(ctx, e)
	switch {
	case errors.Is(err, session.ErrNotFound), c.hasExpired(found.expires): // by now, or by the ids that were given
		c.count(&c.rec.Expired)
		return
	case isUnreadable(err):
		c.count(&c.rec.Unreadable)
		return
	case err != nil:
		c.stop(err)
		return
	}
	if _, err := storedSession(found.data); err != nil {
		c.count(&c.rec.Unreadable)
		return
	}
	n, err := c.write(ctx, e, found)
	switch {
	case err == nil:
		if n == &c.rec.Copied && c.givesExpiry(found) {
			c.given.Add(1)
		}
		c.count(n)
	case ctx.Err() != nil:
	case isOfOne(err): // this one alone
		c.mu.Lock()
		c.first = cmp.Or(c.first, err)
		c.mu.Unlock()
		c.count(&c.rec.Failed)
	default:
		c.count(&c.rec.Failed)
		c.stop(err)
	}
}

// hasExpired goes by the clock as it is now: a copy may take long.
func (c *copying) hasExpired(t time.Time) bool { return !t.IsZero() && !t.After(c.env.now()) }

// write writes a session to the target, and returns the count that it belongs to.
func (c *copying) write(ctx context.Context, e session.Entry, found loaded) (*int, error) {
	if c.target == nil {
		return &c.rec.Copied, nil
	}
	ttl := c.ttlUntil(found.expires)
	if c.givesExpiry(found) {
		ttl = c.ttl
	}
	to := c.target.at(e)
	for range putTries {
		err := session.ErrExists
		if !c.dryRun {
			err = c.target.do(ctx, func(ctx context.Context) error { return to.create(ctx, found.data, ttl) })
		}
		if !errors.Is(err, session.ErrExists) {
			return &c.rec.Copied, err
		}
		there, err := loadWith(ctx, c.target, to.load)
		switch {
		case errors.Is(err, session.ErrNotFound) && c.dryRun:
			return &c.rec.Copied, nil
		case errors.Is(err, session.ErrNotFound):
			continue
		case err != nil:
			return nil, err
		case bytes.Equal(there.data, found.data):
			if c.dryRun || c.givesExpiry(found) || !isLater(found.expires, there.expires) {
				return &c.rec.Same, nil
			}
			err = c.target.do(ctx, func(ctx context.Context) error { return to.touch(ctx, found.data, ttl) })
			if errors.Is(err, session.ErrNotFound) {
				continue
			}
			return &c.rec.Same, err
		case !c.overwrite:
			return &c.rec.Kept, nil
		case c.dryRun:
			return &c.rec.Copied, nil
		}
		err = c.target.do(ctx, func(ctx context.Context) error { return to.replace(ctx, found.data, ttl) })
		if !errors.Is(err, session.ErrNotFound) {
			return &c.rec.Copied, err
		}
	}
	return nil, &failure{code: exitIO, text: "a session of the target comes and goes: others write and delete it all the time"}
}

// givesExpiry reports whether a session gets an expiry that it does not have.
func (c *copying) givesExpiry(found loaded) bool {
	return found.expires.IsZero() && c.into.needsExpiry()
}

// isLater reports whether an expiry is later than another, by more than stores round.
func isLater(a, b time.Time) bool {
	if a.IsZero() || b.IsZero() {
		return a.IsZero() && !b.IsZero()
	}
	return a.Sub(b) > 2*time.Second
}

// place is where a session lies in a store.
type place struct {
	load                   func(context.Context) ([]byte, time.Time, error)
	create, replace, touch func(ctx context.Context, data []byte, ttl time.Duration) error
}

// keyWriter is a store that takes sessions under the hash of an id.
type keyWriter interface {
	CreateKey(ctx context.Context, key string, data []byte, ttl time.Duration) error
	ReplaceKey(ctx context.Context, key string, data []byte, ttl time.Duration) error
	TouchKey(ctx context.Context, key string, ttl time.Duration) error
}

// at returns the place of a session of another store: by its id, or, where that store
// does not know it, by the same key.
func (s *openStore) at(e session.Entry) place {
	if e.ID != "" {
		return place{
			load: func(ctx context.Context) ([]byte, time.Time, error) { return s.live.Load(ctx, e.ID) },
			create: func(ctx context.Context, data []byte, ttl time.Duration) error {
				return s.live.Create(ctx, e.ID, data, ttl)
			},
			replace: func(ctx context.Context, data []byte, ttl time.Duration) error {
				return s.live.Replace(ctx, e.ID, data, ttl)
			},
			touch: func(ctx context.Context, _ []byte, ttl time.Duration) error { return s.live.Touch(ctx, e.ID, ttl) },
		}
	}
	keyed, writer := s.live.(session.Keyed), s.live.(keyWriter)
	return place{
		load: func(ctx context.Context) ([]byte, time.Time, error) { return keyed.LoadKey(ctx, e.Key) },
		create: func(ctx context.Context, data []byte, ttl time.Duration) error {
			return writer.CreateKey(ctx, e.Key, data, ttl)
		},
		replace: func(ctx context.Context, data []byte, ttl time.Duration) error {
			return writer.ReplaceKey(ctx, e.Key, data, ttl)
		},
		touch: func(ctx context.Context, _ []byte, ttl time.Duration) error { return writer.TouchKey(ctx, e.Key, ttl) },
	}
}

// end reports what was done, and why it ended if not all was.
func (c *copying) end(ctx context.Context, stopped error) error {
	if n := int(c.given.Load()); n > 0 {
		f := newFinding("given-expiry", "", plural(n, "session"))
		c.rec.Findings = []finding{f}
		if !c.json {
			c.say.warn(f.Message, f.Hint)
		}
	}
	how := ""
	switch {
	case ctx.Err() != nil:
		how = "interrupted after "
	case stopped != nil:
		how = "stopped after "
	}
	if err := c.report(c.rec, how+c.words()); err != nil {
		return err
	}
	var f *failure
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(stopped, &f):
		hints := slices.Clone(f.hints)
		if !c.dryRun {
			hints = append(hints, "run it again to go on")
		}
		return &failure{code: f.code, text: f.text, hints: hints, cause: stopped}
	case stopped != nil:
		return stopped
	case errors.As(c.first, &f):
		return &failure{code: exitIO, text: fmt.Sprintf("%s not copied, the first one because %s", plural(c.rec.Failed, "session"), f.text), hints: f.hints, cause: c.first}
	case c.rec.Unreadable > 0:
		return &failure{code: exitNotSession, text: plural(c.rec.Unreadable, "value") + " of the source cannot be read as a session"}
	}
	return nil
}

// words say what was counted, but for the zeros.
func (c *copying) words() string {
	var parts []string
	for _, p := range []struct {
		n    int
		says string
	}{
		{c.rec.Same, "the same there"}, {c.rec.Kept, "kept there: other data"}, {c.rec.Expired, "expired"},
		{c.rec.Unreadable, "unreadable"}, {c.rec.Failed, "failed"},
	} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf(", %d %s", p.n, p.says))
		}
	}
	done := " copied"
	if c.dryRun {
		done = " would be copied"
	}
	text := plural(c.rec.Copied, "session") + done + strings.Join(parts, "")
	if c.odd > 0 {
		text += "; " + c.source.keys(c.odd) + ": left out"
	}
	return text
}
