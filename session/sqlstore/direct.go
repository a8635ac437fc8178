package sqlstore

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"io"
)

// For each query whose context can end, database/sql starts a goroutine that waits for
// that. In PostgreSQL that takes as long as half the round trip (20 of 52 µs were
// measured, and more in what follows), and pgx watches the context itself. So the one
// query of every request, which has one short row, asks the driver.

// findDirect is find by the driver. [driver.ErrSkip]: it cannot.
func (s *Store) findDirect(ctx context.Context, key string) (r row, ok bool, err error) {
	const tries = 3 // as database/sql, of connections that have died in the pool
	for try := 1; ; try++ {
		r, ok, err = s.findOn(ctx, key)
		if try == tries || !errors.Is(err, driver.ErrBadConn) {
			return r, ok, err
		}
	}
}

func (s *Store) findOn(ctx context.Context, key string) (r row, ok bool, err error) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return r, false, err
	}
	defer conn.Close()
	err = conn.Raw(func(c any) (err error) {
		q, can := c.(driver.QueryerContext)
		if !can {
			return driver.ErrSkip
		}
		rows, err := q.QueryContext(ctx, s.statements.load.text, []driver.NamedValue{{Ordinal: 1, Value: key}})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, rows.Close()) }()
		values := make([]driver.Value, 3)
		if err := rows.Next(values); err != nil {
			if err == io.EOF {
				return nil
			}
			return err
		}
		ok = true
		return r.scan(values)
	})
	return r, ok, err
}

// scan reads what load selects. The driver may use its bytes again.
func (r *row) scan(values []driver.Value) error {
	switch data := values[0].(type) {
	case []byte:
		r.data = bytes.Clone(data)
	case string:
		r.data = []byte(data)
	}
	return errors.Join(r.size.Scan(values[1]), r.expires.Scan(values[2]))
}
