package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math"
	"net"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/filestore"
)

// errMissing: the directory, file or table of a store is not there. It comes with
// the error that says so.
var errMissing = errors.New("the store is missing")

// backend is what the opener of a kind returns.
type backend struct {
	live  session.Store
	whole session.Store // which knows what has expired too, if it lies there still; else live
	close func() error  // may be nil
}

// openOptions say how a store is opened.
type openOptions struct {
	create  bool // what is missing
	timeout time.Duration
	now     func() time.Time
}

// openers open the store of a DSN. They may fill in its layout.
var openers = map[string]func(ctx context.Context, d *dsn, o openOptions) (backend, error){
	"file": openFile, "redis": openRedis, "memcached": openMemcached, "sqlite": openSQLite, "postgres": openPostgres, "mysql": openMySQL,
}

// longAgo is the clock of a store that knows what has expired: by it nothing has.
func longAgo() time.Time { return time.Date(1000, 1, 1, 0, 0, 0, 0, time.UTC) }

// openStore is a store that a command works on. Its methods wait no longer for it
// than the timeout, and their errors are failures.
type openStore struct {
	*dsn
	backend
	timeout time.Duration
}

// openStoreOf opens the store of a DSN.
func openStoreOf(ctx context.Context, d *dsn, o openOptions) (*openStore, error) {
	s := &openStore{dsn: d, timeout: o.timeout}
	opened, err := call(ctx, s, func(ctx context.Context) (backend, error) { return openers[d.kind](ctx, d, o) })
	if err != nil {
		return nil, err
	}
	s.backend = opened
	if s.whole == nil {
		s.whole = s.live
	}
	return s, nil
}

// closeTimeout is long for what has nothing to do but to close connections; a client
// that is still connecting may wait for that.
const closeTimeout = time.Second

func (s *openStore) end() {
	if s.close == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	_, _ = interruptible(ctx, func() (struct{}, error) { return struct{}{}, s.close() }) // all that was written is written
}

// call waits for a store. Not all that a store does can be interrupted: a file system
// that hangs for one.
func call[T any](ctx context.Context, s *openStore, f func(context.Context) (T, error)) (T, error) {
	within, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	value, err := interruptible(within, func() (T, error) { return f(within) })
	return value, s.failed(ctx, err)
}

// loaded is a session as it lies in the store.
type loaded struct {
	data    []byte
	expires time.Time // zero: never
}

// loadWith is call for what loads.
func loadWith(ctx context.Context, s *openStore, from func(context.Context) ([]byte, time.Time, error)) (loaded, error) {
	return call(ctx, s, func(ctx context.Context) (loaded, error) {
		data, expires, err := from(ctx)
		return loaded{data, expires}, err
	})
}

// load reads the session of an id, also one that has expired if it lies there still.
func (s *openStore) load(ctx context.Context, id string) (loaded, error) {
	return loadWith(ctx, s, func(ctx context.Context) ([]byte, time.Time, error) { return s.whole.Load(ctx, id) })
}

// loadKey is load for a key.
func (s *openStore) loadKey(ctx context.Context, key string) (loaded, error) {
	return loadWith(ctx, s, func(ctx context.Context) ([]byte, time.Time, error) {
		return s.whole.(session.Keyed).LoadKey(ctx, key)
	})
}

// do is call for what returns nothing.
func (s *openStore) do(ctx context.Context, f func(context.Context) error) error {
	_, err := call(ctx, s, func(ctx context.Context) (struct{}, error) { return struct{}{}, f(ctx) })
	return err
}

// pace is how long a list or sweep may take to get on. Redis has none of its own: its
// client bounds each answer, and of foreign keys many answers may tell nothing.
func (s *openStore) pace() time.Duration {
	if s.kind == "redis" {
		return math.MaxInt64
	}
	return s.timeout
}

// sweep runs what deletes many sessions, again where it was stopped by the timeout
// and had got on.
func (s *openStore) sweep(ctx context.Context, f func(context.Context) (int, error)) (deleted int, err error) {
	for {
		within, cancel := context.WithTimeout(ctx, s.pace())
		n, err := f(within)
		late := within.Err() != nil
		cancel()
		deleted += n
		if err == nil || !late || n == 0 || ctx.Err() != nil {
			if !late && isOfOne(err) && !errors.Is(err, fs.ErrPermission) {
				return deleted, leftAlone(s.scrub(err.Error()), err)
			}
			return deleted, s.failed(ctx, err)
		}
	}
}

// listed is an entry of a list.
type listed struct {
	session.Entry
	refused error // why it cannot be read, if so
	stays   bool  // prune --odd leaves it, since it is known to hold no session
}

// list goes through the store, also through what has expired if it lies there still.
// An error is the store's, and the end.
func (s *openStore) list(ctx context.Context) iter.Seq2[listed, error] {
	return func(yield func(listed, error) bool) {
		within, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		late := time.AfterFunc(s.pace(), func() { cancel(context.DeadlineExceeded) })
		defer late.Stop()
		for e, err := range s.whole.(session.Lister).List(within) {
			late.Stop() // what is made of it takes its own time
			if err == nil && !e.Odd && e.Size > maxJSON {
				err = codec.ErrTooLarge // as find has it; not all stores read what they list
			}
			switch {
			case err != nil && within.Err() != nil:
				yield(listed{}, s.failed(ctx, context.Cause(within)))
				return
			case err != nil && e == (session.Entry{}):
				yield(listed{}, s.failed(ctx, err))
				return
			case !yield(listed{Entry: e, refused: s.failed(ctx, err)}, nil):
				return
			}
			late.Reset(s.pace())
		}
		if within.Err() != nil {
			yield(listed{}, s.failed(ctx, context.Cause(within)))
		}
	}
}

// isLister says whether the store can be gone through, or why not.
func (s *openStore) isLister(hint string) error {
	if _, ok := s.whole.(session.Lister); !ok {
		return usageError(s.kind+" cannot list what it holds", hint)
	}
	return nil
}

// isOfOne reports whether an error is about what lies there, not about the store: the
// next session may be a good one.
func isOfOne(err error) bool {
	return errors.Is(err, session.ErrDamaged) || errors.Is(err, codec.ErrTooLarge)
}

// isUnreadable is isOfOne where sessions are read: files have owners of their own. Who
// may not write one may write none in the directory.
func isUnreadable(err error) bool { return isOfOne(err) || errors.Is(err, fs.ErrPermission) }

// leftovers are what a sweep leaves where sessions are.
type leftovers struct {
	n     int
	first error // one that the system refuses, if there is one: that is a session
}

func (l *leftovers) add(err error) {
	l.n++
	if l.first == nil || isOfOne(l.first) && !isOfOne(err) {
		l.first = err
	}
}

// failed is the error of a sweep that has left anything.
func (l *leftovers) failed(s *openStore, dryRun bool) error {
	verb := "were"
	switch {
	case l.n == 0:
		return nil
	case dryRun:
		verb = "would be"
	case l.n == 1:
		verb = "was"
	}
	said := l.first
	if f := (*failure)(nil); errors.As(said, &f) && f.cause != nil { // as Clear and Prune say it
		said = f.cause
	}
	text := s.scrub(fmt.Sprintf("%s %s left; the first: %v", plural(l.n, s.noun()), verb, said))
	if isOfOne(l.first) {
		return leftAlone(text, l.first)
	}
	return &failure{code: exitIO, text: s.place() + ": " + text, cause: l.first}
}

// leftAlone is the failure of a sweep that has left nothing but what is no session.
func leftAlone(text string, cause error) error {
	return &failure{code: exitNotSession, text: text, hints: []string{"sessctl store list shows what is not readable"}, cause: cause}
}

// failed makes a failure of a store's error: an exit code, and a text without
// password, id or data.
func (s *openStore) failed(ctx context.Context, err error) error {
	var f *failure
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, context.Canceled): // by nobody but the timeout
		err = context.DeadlineExceeded
	}
	switch {
	case errors.As(err, &f):
		return err
	case errors.Is(err, session.ErrNotFound):
		return &failure{code: exitNoSession, text: "no such session", cause: err}
	case errors.Is(err, session.ErrExists):
		return err
	case errors.Is(err, filestore.ErrKept): // whatever the layout is
		return &failure{code: exitNotSession, text: "what the store holds there is not a session: no regular file, or one that is being written", cause: err}
	case errors.Is(err, session.ErrDamaged):
		return &failure{code: exitNotSession, text: "what the store holds there is not a session", hints: s.otherLayout(), cause: err}
	case errors.Is(err, codec.ErrTooLarge):
		return &failure{code: exitNotSession, text: "the session is larger than 1 MiB, or than " + s.place() + " holds", cause: err}
	case isTimeout(err):
		return &failure{
			code: exitIO, text: fmt.Sprintf("%s does not answer within %s", s.place(), duration(int64(s.timeout/time.Second))),
			hints: []string{"--timeout waits longer"}, cause: err,
		}
	}
	text := err.Error()
	// Of several lines of a driver the one that says it; of several hosts the one that answers.
	if said := (*pgconn.PgError)(nil); errors.As(err, &said) && errors.As(err, new(*pgconn.ConnectError)) {
		text = said.Message
	} else if op := (*net.OpError)(nil); errors.As(err, &op) {
		text = op.Error()
	}
	f = &failure{code: exitIO, text: s.place() + ": " + s.scrub(text), cause: err}
	if s.cluster && strings.Contains(text, "cluster support disabled") {
		f.hints = []string{"leave cluster=1 out of the DSN: this is a single server"}
	}
	if errors.Is(err, errMissing) {
		f.text = s.scrub(strings.TrimPrefix(err.Error(), errMissing.Error()+": "))
		f.hints = []string{"it is made by sessctl store put --create, or copy --create"}
	}
	return f
}

// isTimeout knows the timeouts of contexts, and of the clients' own.
func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

// scrub takes out of an error's text what nobody may read: the password, ids, and
// names of packages.
func (s *openStore) scrub(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	for _, secret := range append(s.options["password"], append(s.options["sslpassword"], s.password)...) {
		if secret == "" || secret == s.user { // a user's name that is gone would tell that it is the password
			continue
		}
		for _, spelling := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
			text = strings.ReplaceAll(text, spelling, "…")
		}
	}
	for _, name := range []string{"filestore: ", "redisstore: ", "memcachedstore: ", "sqlstore: "} {
		text = strings.ReplaceAll(text, name, "")
	}
	for _, name := range []string{"session: ", "codec: "} { // of errors in others
		text = strings.ReplaceAll(text, ": "+name, ": ")
	}
	return longHex().ReplaceAllStringFunc(text, func(id string) string { return id[:idDigits] + "…" })
}

func longHex() *regexp.Regexp { return regexp.MustCompile("[0-9a-f]{32,}") }
