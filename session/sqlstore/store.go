package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
)

// Config configures [New].
type Config struct {
	DB      *sql.DB          // it stays the caller's to close
	Dialect Dialect          // must be given
	Layout  Layout           // must be given; [DetectLayout] finds it out
	Table   string           // a plain identifier, or two with a dot between; "": session (Starlite). Litestar has no default
	Now     func() time.Time // nil: time.Now
}

// maxData bounds a session: what [codec] reads of one is no longer.
const maxData = 1 << 20

// Store is a table of sessions. It is safe for concurrent use.
type Store struct {
	db         *sql.DB
	dialect    Dialect
	layout     Layout
	table      tableName
	now        func() time.Time
	fragments  map[string]string
	statements statements
	capacity   atomic.Int64 // of the data column in MySQL, see fits
}

var (
	_ session.Store   = (*Store)(nil)
	_ session.Swapper = (*Store)(nil)
	_ session.Lister  = (*Store)(nil)
	_ session.Clearer = (*Store)(nil)
	_ session.Pruner  = (*Store)(nil)
	_ session.Keyed   = (*Store)(nil)
)

// New returns the store of a table. It does not ask the database whether the table is
// there: see [DetectLayout] and [Store.CreateTable].
func New(c Config) (*Store, error) {
	switch {
	case c.DB == nil:
		return nil, errors.New("sqlstore: no DB")
	case !c.Dialect.valid():
		return nil, errDialect
	case c.Layout != Starlite && c.Layout != Litestar:
		return nil, errors.New("sqlstore: Layout must be Starlite or Litestar")
	case c.Table == "" && c.Layout == Litestar:
		return nil, errors.New("sqlstore: no Table; Litestar's layout has no default")
	case c.Table == "":
		c.Table = "session"
	}
	t, err := parseTable(c.Table)
	if err != nil {
		return nil, err
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	f := fragments(c.Dialect, c.Layout, t)
	return &Store{
		db: c.DB, dialect: c.Dialect, layout: c.Layout, table: t, now: c.Now, fragments: f, statements: newStatements(f, c.Dialect),
	}, nil
}

// Load is [session.Store]. Unlike Python's get it renews and deletes nothing: see
// [Store.Prune].
func (s *Store) Load(ctx context.Context, id string) ([]byte, time.Time, error) {
	if err := checkID(id); err != nil {
		return nil, time.Time{}, err
	}
	return s.LoadKey(ctx, id)
}

// LoadKey is [session.Keyed]; a key is any session_id.
func (s *Store) LoadKey(ctx context.Context, key string) ([]byte, time.Time, error) {
	r, ok, err := s.find(ctx, key)
	switch {
	case err != nil:
		return nil, time.Time{}, wrap(ctx, "cannot load a session", err)
	case !ok:
		return nil, time.Time{}, session.ErrNotFound
	}
	expires, live, err := s.check(r)
	switch {
	case err != nil:
		return nil, time.Time{}, err
	case !live:
		return nil, time.Time{}, session.ErrNotFound
	}
	return r.data, expires, nil
}

// Create is [session.Store].
func (s *Store) Create(ctx context.Context, id string, data []byte, ttl time.Duration) error {
	v, until, err := s.newValues(ctx, id, data, ttl)
	if err != nil {
		return err
	}
	if s.layout == Litestar {
		v.uuid = s.dialect.uuidValue(newUUID(s.now()))
	}
	for try := 1; ; try++ {
		n, err := s.exec(ctx, s.statements.insert, v)
		if err == nil && n > 0 {
			return nil
		}
		if err != nil && s.dialect != MySQL { // there what is taken is no error
			return wrap(ctx, "cannot create a session", err)
		}
		// Whether the id is taken cannot be told by the error: each driver has its own.
		there, expires, loadErr := s.LoadKey(ctx, id)
		switch {
		case loadErr == nil && err != nil && !isTaken(err) && bytes.Equal(there, data) && expires.Equal(until):
			return nil // it is this one, and the answer was lost
		case loadErr == nil:
			return session.ErrExists
		case !errors.Is(loadErr, session.ErrNotFound):
			return loadErr
		case try == tries && err == nil:
			return errUnsteady
		case try == tries:
			return wrap(ctx, "cannot create a session", err)
		}
		// What has expired makes room. It is not updated: Python, which may be about to
		// delete that row, would delete this session.
		if _, err := s.exec(ctx, s.statements.deleteExpired, v); err != nil {
			return wrap(ctx, "cannot create a session", err)
		}
	}
}

// Replace is [session.Store].
func (s *Store) Replace(ctx context.Context, id string, data []byte, ttl time.Duration) error {
	v, until, err := s.newValues(ctx, id, data, ttl)
	if err != nil {
		return err
	}
	return s.change(ctx, s.statements.replace, v, func(data []byte, expires time.Time) (bool, error) {
		return bytes.Equal(data, v.data) && expires.Equal(until), nil
	})
}

// Swap is [session.Swapper].
func (s *Store) Swap(ctx context.Context, id string, old, data []byte, ttl time.Duration) error {
	v, until, err := s.newValues(ctx, id, data, ttl)
	if err != nil {
		return err
	}
	v.old = notNil(old)
	return s.change(ctx, s.statements.swap, v, func(data []byte, expires time.Time) (bool, error) {
		if bytes.Equal(data, v.old) && bytes.Equal(data, v.data) && expires.Equal(until) {
			return true, nil
		}
		return false, session.ErrChanged // if not now, when it was to be swapped
	})
}

// Touch is [session.Store]. It leaves the data in the database.
func (s *Store) Touch(ctx context.Context, id string, ttl time.Duration) error {
	v, until, err := s.newValues(ctx, id, nil, ttl)
	if err != nil {
		return err
	}
	return s.change(ctx, s.statements.touch, v, func(_ []byte, expires time.Time) (bool, error) {
		return expires.Equal(until), nil
	})
}

// tries is how often something is tried that only what others do at the same moment
// can make fail.
const tries = 5

var errUnsteady = errors.New("sqlstore: the session changes all the time")

// change runs an UPDATE of a live session. Where no row was changed it looks why;
// done tells whether the session is as the UPDATE would have it.
func (s *Store) change(ctx context.Context, st *statement, v *values, done func(data []byte, expires time.Time) (bool, error)) error {
	for range tries {
		n, err := s.exec(ctx, st, v)
		if err != nil {
			return wrap(ctx, "cannot change a session", err)
		}
		if n > 0 {
			return nil
		}
		// Unless clientFoundRows is set, MySQL does not count a row that is the same as
		// before.
		data, expires, err := s.LoadKey(ctx, v.id)
		if err != nil {
			return err
		}
		if ok, err := done(data, expires); ok || err != nil {
			return err
		}
		// It was made, or changed back, in between.
	}
	return errUnsteady
}

// Delete is [session.Store].
func (s *Store) Delete(ctx context.Context, id string) error {
	if err := checkID(id); err != nil {
		return err
	}
	return s.DeleteKey(ctx, id)
}

// DeleteKey is [session.Keyed].
func (s *Store) DeleteKey(ctx context.Context, key string) error {
	now := s.now()
	v := &values{id: key, now: now.UTC().Format(timeForm)}
	n, err := s.exec(ctx, s.statements.deleteLive, v)
	if err == nil && n == 0 {
		var ended int64
		if ended, err = s.exec(ctx, s.statements.deleteExpired, v); now.Before(longOver) {
			n = ended // to the database alone
		}
	}
	switch {
	case err != nil:
		return wrap(ctx, "cannot delete a session", err)
	case n == 0:
		return session.ErrNotFound
	}
	return nil
}

// newValues returns the values of a statement that writes.
func (s *Store) newValues(ctx context.Context, id string, data []byte, ttl time.Duration) (*values, time.Time, error) {
	if err := checkID(id); err != nil {
		return nil, time.Time{}, err
	}
	if err := s.fits(ctx, data); err != nil {
		return nil, time.Time{}, err
	}
	now := s.now()
	until, err := until(now, ttl)
	return &values{id: id, data: notNil(data), now: now.UTC().Format(timeForm), until: until.Format(timeForm)}, until, err
}

// notNil: a nil slice would be NULL.
func notNil(data []byte) []byte {
	if data == nil {
		return []byte{}
	}
	return data
}

// check returns when a session expires, and whether that is to come: to Python too
// it ends at the moment of its expiry.
func (s *Store) check(r row) (expires time.Time, live bool, err error) {
	expires, ok := parseTime(r.expires.String)
	switch {
	case !ok:
		return expires, false, session.ErrDamaged
	case !expires.After(s.now()):
		return expires, false, nil
	case !r.size.Valid:
		return expires, true, session.ErrDamaged
	case r.size.Int64 > maxData:
		return expires, true, tooLarge(r.size.Int64)
	}
	return expires, true, nil
}

func checkID(id string) error {
	if !session.ValidID(id) {
		return errors.New("sqlstore: what is not a valid id reached the store")
	}
	return nil
}

func tooLarge(size int64) error {
	return fmt.Errorf("sqlstore: a session of %d bytes: %w", size, codec.ErrTooLarge)
}

// fits refuses what is too large. In MySQL that is also what the column cannot hold:
// Python's end at 65,535 bytes, and where sql_mode is not strict the server cuts off
// the rest and says nothing.
func (s *Store) fits(ctx context.Context, data []byte) error {
	size := int64(len(data))
	if size > maxData {
		return tooLarge(size)
	}
	const least = 255 // of a tinyblob
	if s.dialect != MySQL || size <= least || size <= s.capacity.Load() {
		return nil
	}
	capacity, err := s.dataCapacity(ctx)
	if err != nil {
		return wrap(ctx, "cannot read the size of a column", err)
	}
	s.capacity.Store(capacity)
	if size > capacity {
		return fmt.Errorf("sqlstore: a session of %d bytes in a column for %d: %w", size, capacity, codec.ErrTooLarge)
	}
	return nil
}

// dataCapacity asks MySQL how long data can be.
func (s *Store) dataCapacity(ctx context.Context) (capacity int64, err error) {
	schema := sql.NullString{String: s.table.schema, Valid: s.table.schema != ""}
	err = s.db.QueryRowContext(ctx, "SELECT character_octet_length FROM information_schema.columns "+
		"WHERE table_schema = COALESCE(?, DATABASE()) AND table_name = ? AND column_name = 'data'", schema, s.table.name).Scan(&capacity)
	return capacity, err
}
