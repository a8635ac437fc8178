package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"regexp"
	"strings"
)

// Layout is the columns of a table.
type Layout uint8

const (
	Litestar Layout = iota + 1 // SessionModelMixin of advanced-alchemy
	Starlite                   // SQLAlchemy backend of Starlite v1, since 1.34
)

// Dialect is the database's.
type Dialect uint8

const (
	SQLite Dialect = iota + 1
	PostgreSQL
	MySQL // MariaDB too
)

func (d Dialect) valid() bool { return d >= SQLite && d <= MySQL }

var errDialect = errors.New("sqlstore: Dialect must be SQLite, PostgreSQL or MySQL")

// expiryColumn is what tells the layouts apart.
func (l Layout) expiryColumn() string {
	if l == Starlite {
		return "expires"
	}
	return "expires_at"
}

// tableName is a table's, and its schema's or "". Only plain identifiers are taken,
// and those are quoted: they are part of statements.
type tableName struct{ schema, name string }

// maxName is the length of an identifier in PostgreSQL, which cuts what is longer;
// MySQL allows one more.
const maxName = 63

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func parseTable(text string) (t tableName, err error) {
	schema, name, qualified := strings.Cut(text, ".")
	if !qualified {
		schema, name = "", text
	}
	for _, part := range []string{schema, name} {
		if (part != "" || qualified) && !identifier.MatchString(part) || len(part) > maxName || name == "" {
			return t, errors.New("sqlstore: Table must be a name of letters, digits and _, or two with a dot between")
		}
	}
	return tableName{schema, name}, nil
}

func (d Dialect) quote(name string) string {
	if d == MySQL {
		return "`" + name + "`"
	}
	return `"` + name + `"`
}

// qualified returns a name, which may be an index's, within the table's schema.
func (t tableName) qualified(d Dialect, name string) string {
	if t.schema == "" {
		return d.quote(name)
	}
	return d.quote(t.schema) + "." + d.quote(name)
}

var (
	// ErrNoTable: the database has no such table.
	ErrNoTable = errors.New("sqlstore: no such table")

	errNoLayout = errors.New("sqlstore: the table is none of sessions: it has neither session_id, data, expires nor session_id, data, expires_at")
)

// DetectLayout tells a table's layout by its columns. [ErrNoTable]: there is none of
// that name.
func DetectLayout(ctx context.Context, db *sql.DB, d Dialect, table string) (Layout, error) {
	if !d.valid() {
		return 0, errDialect
	}
	t, err := parseTable(table)
	if err != nil {
		return 0, err
	}
	return detectLayout(ctx, db, d, t)
}

func detectLayout(ctx context.Context, db *sql.DB, d Dialect, t tableName) (Layout, error) {
	columns, err := columnsOf(ctx, db, d, t)
	if err != nil {
		return 0, wrap(ctx, "the columns of a table cannot be read", err)
	}
	if len(columns) == 0 {
		return 0, ErrNoTable
	}
	for _, l := range []Layout{Starlite, Litestar} {
		if columns["session_id"] && columns["data"] && columns[l.expiryColumn()] {
			return l, nil
		}
	}
	return 0, errNoLayout
}

func columnsOf(ctx context.Context, db *sql.DB, d Dialect, t tableName) (map[string]bool, error) {
	var query string
	var args []any
	switch d {
	case SQLite:
		query, args = "SELECT name FROM pragma_table_info(?)", []any{t.name}
		if t.schema != "" {
			query, args = "SELECT name FROM pragma_table_info(?, ?)", []any{t.name, t.schema}
		}
	case PostgreSQL: // to_regclass goes by the search path
		query = "SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped"
		args = []any{t.qualified(d, t.name)}
	case MySQL:
		query = "SELECT column_name FROM information_schema.columns WHERE table_schema = COALESCE(?, DATABASE()) AND table_name = ?"
		args = []any{sql.NullString{String: t.schema, Valid: t.schema != ""}, t.name}
	}
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns := map[string]bool{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		columns[name] = true
	}
	return columns, rows.Err()
}
