package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"math/rand/v2"
	"strings"
	"time"
)

// patience is how often a statement is tried that the database undoes. The pauses are
// a quarter of a second at most, together.
const patience = 8

// exec runs a statement and returns how many rows it has changed.
func (s *Store) exec(ctx context.Context, st *statement, v *values) (n int64, err error) {
	for try := 1; ; try++ {
		n, err = s.execOnce(ctx, st, v)
		if err == nil || try == patience || !undone(err) {
			return n, err
		}
		select { // so that not all try again at the same moment
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(rand.N(time.Millisecond << try)):
		}
	}
}

func (s *Store) execOnce(ctx context.Context, st *statement, v *values) (int64, error) {
	stmt, err := s.prepare(ctx, st)
	if err != nil {
		return 0, err
	}
	var result sql.Result
	if stmt != nil {
		result, err = stmt.ExecContext(ctx, st.args(v)...)
	} else {
		result, err = s.db.ExecContext(ctx, st.text, st.args(v)...)
	}
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// isTaken reports whether MySQL says that there is a row of the id: then that is no lost
// answer.
func isTaken(err error) bool { return strings.HasPrefix(err.Error(), "Error 1062 ") }

// undone reports whether the database has undone a statement for the sake of others: a
// deadlock, which MySQL easily has beside Python's upserts, or a conflict under an
// isolation level above the default.
func undone(err error) bool {
	var postgres interface{ SQLState() string }
	if errors.As(err, &postgres) {
		return postgres.SQLState() == "40001" || postgres.SQLState() == "40P01"
	}
	text := err.Error() // go-sql-driver tells it in no other way that needs no import
	return strings.HasPrefix(text, "Error 1213 ") || strings.HasPrefix(text, "Error 1020 ")
}

func (s *Store) query(ctx context.Context, st *statement, v *values) (*sql.Rows, error) {
	stmt, err := s.prepare(ctx, st)
	if err != nil {
		return nil, err
	}
	if stmt != nil {
		return stmt.QueryContext(ctx, st.args(v)...)
	}
	return s.db.QueryContext(ctx, st.text, st.args(v)...)
}

// prepare returns a statement that was prepared once, or nil where that is the
// driver's business. Without it go-sql-driver needs two round trips for a statement,
// and SQLite parses it each time. pgx keeps prepared statements itself, unless it is
// told not to (PgBouncer).
func (s *Store) prepare(ctx context.Context, st *statement) (*sql.Stmt, error) {
	if st.direct {
		return nil, nil
	}
	if stmt := st.prepared.Load(); stmt != nil {
		return stmt, nil
	}
	stmt, err := s.db.PrepareContext(ctx, st.text)
	if err != nil {
		return nil, err
	}
	if !st.prepared.CompareAndSwap(nil, stmt) { // another was faster
		return st.prepared.Load(), stmt.Close()
	}
	return stmt, nil
}

// row is a session as the database has it.
type row struct {
	data    []byte         // nil when it is damaged, or too large to be read
	size    sql.NullInt64  // of the data; NULL: it is none
	expires sql.NullString // NULL: to_char has no text for infinity, which Python does not read either
}

// find returns the row of a session_id.
func (s *Store) find(ctx context.Context, key string) (r row, ok bool, err error) {
	if s.statements.load.direct {
		r, ok, err = s.findDirect(ctx, key)
		if !errors.Is(err, driver.ErrSkip) {
			return r, ok, err
		}
	}
	rows, err := s.query(ctx, s.statements.load, &values{id: key})
	if err != nil {
		return r, false, err
	}
	defer rows.Close()
	if rows.Next() {
		ok = true
		err = rows.Scan(&r.data, &r.size, &r.expires)
	}
	return r, ok, errors.Join(err, rows.Err())
}
