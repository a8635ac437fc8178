package sqlstore

import (
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/sessctl/sessctl/session"
)

const (
	pageSize  = 1_000  // sessions that are listed at a time
	scanSize  = 20_000 // ids that are looked for at a time: Starlite's table has no index for that
	batchSize = 1_000  // rows that are deleted at a time, so that nobody waits long for their locks
)

// List is [session.Lister], in the order of the ids. What has expired is not listed.
func (s *Store) List(ctx context.Context) iter.Seq2[session.Entry, error] {
	return func(yield func(session.Entry, error) bool) {
		st := s.statements.first
		for after, more := "", true; more; st = s.statements.list {
			// A page is read before it is handed out: else it would hold a connection, and
			// SQLite's file.
			page, err := s.page(ctx, st, after)
			if err != nil {
				yield(session.Entry{}, wrap(ctx, "cannot list sessions", err))
				return
			}
			more = len(page) == pageSize
			for _, l := range page {
				after = l.key
				expires, live, err := s.check(l.row)
				if err == nil && !live {
					continue
				}
				if !yield(entry(l, expires), err) {
					return
				}
			}
		}
	}
}

// listed is a row without its data.
type listed struct {
	key string
	row
}

func entry(l listed, expires time.Time) session.Entry {
	e := session.Entry{Key: l.key, Size: int(l.size.Int64), Expires: expires}
	if session.ValidID(l.key) {
		e.ID = l.key
	} else {
		e.Odd = true
	}
	return e
}

func (s *Store) page(ctx context.Context, st *statement, after string) (page []listed, err error) {
	rows, err := s.query(ctx, st, &values{id: after})
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var l listed
		if err := rows.Scan(&l.key, &l.size, &l.expires); err != nil {
			return nil, err
		}
		page = append(page, l)
	}
	return page, rows.Err()
}

// Clear is [session.Clearer]. It empties the table: what lies there is a session to
// Python, whatever its id.
func (s *Store) Clear(ctx context.Context) (deleted int, err error) {
	return s.sweep(ctx, s.statements.scan, "", "cannot delete all sessions")
}

// Prune is [session.Pruner], odd ids included. It is best run where few others do at
// the same time. It goes by the database's comparison: where Load finds a time damaged
// that is no day, but in the past, as SQLite may hold February 30, the row goes too.
func (s *Store) Prune(ctx context.Context) (deleted int, err error) {
	return s.sweep(ctx, s.statements.scanExpired, " AND {expired}", "cannot delete what has expired")
}

// sweep deletes what a scan finds. The ids are looked for first, without locks: MySQL
// would lock all rows on its way, in an order in which it meets those who change a
// session.
func (s *Store) sweep(ctx context.Context, scan *statement, still, doing string) (deleted int, err error) {
	v := &values{now: s.now().UTC().Format(timeForm)}
	for {
		ids, err := s.ids(ctx, scan, v)
		if err != nil {
			return deleted, wrap(ctx, doing, err)
		}
		before := deleted
		for batch := range slices.Chunk(ids, batchSize) {
			n, err := s.deleteBatch(ctx, batch, still, v)
			deleted += n
			if err != nil {
				return deleted, wrap(ctx, doing, err)
			}
		}
		if len(ids) < scanSize || deleted == before {
			return deleted, nil
		}
	}
}

func (s *Store) ids(ctx context.Context, scan *statement, v *values) (ids []string, err error) {
	rows, err := s.query(ctx, scan, v)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// deleteBatch deletes rows by their ids, if they are still to be deleted.
func (s *Store) deleteBatch(ctx context.Context, ids []string, still string, v *values) (int, error) {
	text := "DELETE FROM {table} WHERE session_id IN (:each" + strings.Repeat(", :each", len(ids)-1) + ")" + still
	st := newStatement(expand(text, s.fragments), s.dialect)
	st.direct, v.each = true, ids
	n, err := s.exec(ctx, st, v)
	return int(n), err
}
