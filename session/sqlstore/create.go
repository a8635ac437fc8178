package sqlstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
)

// tables are the statements that SQLAlchemy's create_all sends, but for three types in
// MySQL, see [Store.CreateTable].
var tables = map[Dialect]map[Layout][]string{
	SQLite: {
		Starlite: {
			"CREATE TABLE IF NOT EXISTS {table} (id INTEGER NOT NULL, session_id VARCHAR NOT NULL, data BLOB NOT NULL, " +
				"expires DATETIME NOT NULL, PRIMARY KEY (id))",
			"CREATE UNIQUE INDEX IF NOT EXISTS {ix session id} ON {indexed} (session_id)",
		},
		Litestar: {
			"CREATE TABLE IF NOT EXISTS {table} (id BINARY(16) NOT NULL, session_id VARCHAR(255) NOT NULL, data BLOB NOT NULL, " +
				"expires_at DATETIME NOT NULL, sa_orm_sentinel INTEGER, " +
				"CONSTRAINT {pk} PRIMARY KEY (id), CONSTRAINT {uq session id} UNIQUE (session_id))",
			"CREATE INDEX IF NOT EXISTS {ix expires at} ON {indexed} (expires_at)",
		},
	},
	PostgreSQL: {
		Starlite: {
			"CREATE TABLE IF NOT EXISTS {table} (id SERIAL NOT NULL, session_id VARCHAR NOT NULL, data BYTEA NOT NULL, " +
				"expires TIMESTAMP WITHOUT TIME ZONE NOT NULL, PRIMARY KEY (id))",
			"CREATE UNIQUE INDEX IF NOT EXISTS {ix session id} ON {indexed} (session_id)",
		},
		Litestar: {
			"CREATE TABLE IF NOT EXISTS {table} (id UUID NOT NULL, session_id VARCHAR(255) NOT NULL, data BYTEA NOT NULL, " +
				"expires_at TIMESTAMP WITH TIME ZONE NOT NULL, sa_orm_sentinel INTEGER, " +
				"CONSTRAINT {pk} PRIMARY KEY (id), CONSTRAINT {uq session id} UNIQUE (session_id))",
			"CREATE INDEX IF NOT EXISTS {ix expires at} ON {indexed} (expires_at)",
		},
	},
	MySQL: { // where an index cannot be made IF NOT EXISTS
		Starlite: {
			"CREATE TABLE IF NOT EXISTS {table} (id INTEGER NOT NULL AUTO_INCREMENT, " +
				"session_id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, data MEDIUMBLOB NOT NULL, " +
				"expires DATETIME(6) NOT NULL, PRIMARY KEY (id), UNIQUE INDEX {ix session id} (session_id))",
		},
		Litestar: {
			"CREATE TABLE IF NOT EXISTS {table} (id BINARY(16) NOT NULL, " +
				"session_id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, data MEDIUMBLOB NOT NULL, " +
				"expires_at DATETIME(6) NOT NULL, sa_orm_sentinel INTEGER, CONSTRAINT {pk} PRIMARY KEY (id), " +
				"CONSTRAINT {uq session id} UNIQUE (session_id), INDEX {ix expires at} (expires_at))",
		},
	},
}

// tableFragments are the names in tables.
func tableFragments(d Dialect, t tableName) map[string]string {
	f := map[string]string{"table": t.qualified(d, t.name), "indexed": t.qualified(d, t.name)}
	for name, text := range map[string]string{
		"pk": "pk_" + t.name, "uq session id": "uq_" + t.name + "_session_id",
		"ix session id": "ix_" + t.name + "_session_id", "ix expires at": "ix_" + t.name + "_expires_at",
	} {
		f[name] = d.quote(text)
	}
	if d == SQLite { // the schema stands before the index's name there
		f["indexed"] = d.quote(t.name)
		f["ix session id"] = t.qualified(d, "ix_"+t.name+"_session_id")
		f["ix expires at"] = t.qualified(d, "ix_"+t.name+"_expires_at")
	}
	return f
}

var errOtherLayout = errors.New("sqlstore: the table is there with the columns of the other layout")

// CreateTable makes the table and its indexes where they are missing, as Python's
// metadata.create_all does. It is an error if a table of the name has other columns, or
// if something else has the name of the index that makes session_id unique; then
// nothing is made.
//
// In MySQL three types are not Python's: data is a mediumblob, since a blob ends at
// 65,535 bytes; session_id is ascii_bin, which tells upper case from lower; times have
// microseconds.
func (s *Store) CreateTable(ctx context.Context) error {
	index := "ix_" + s.table.name + "_session_id"
	taken, err := s.isTakenIndex(ctx, index)
	switch {
	case err != nil:
		return wrap(ctx, "cannot look for the table's index", err)
	case taken:
		return fmt.Errorf("sqlstore: the database has an index %s that does not make the table's session_id unique, maybe of a table that was renamed: rename or drop that index", index)
	}
	for range len(tables[s.dialect][s.layout]) + 1 { // of two at the same moment PostgreSQL refuses one, at each statement
		if err = s.createTable(ctx); err == nil {
			break
		}
	}
	l, detectErr := detectLayout(ctx, s.db, s.dialect, s.table)
	switch {
	case detectErr == nil && l != s.layout:
		return errOtherLayout
	case err != nil:
		return wrap(ctx, "cannot create the table", err)
	}
	return detectErr
}

// isTakenIndex reports whether CREATE UNIQUE INDEX IF NOT EXISTS would take an index of
// another table for this one's: in SQLite and PostgreSQL their names are the schema's,
// and stay when a table is renamed. The other indexes are a part of CREATE TABLE, or
// make nothing unique.
func (s *Store) isTakenIndex(ctx context.Context, index string) (taken bool, err error) {
	if s.layout != Starlite || s.dialect == MySQL {
		return false, nil
	}
	var query string
	var args []any
	if s.dialect == SQLite {
		schema := cmp.Or(s.table.schema, "main")
		query = "SELECT EXISTS (SELECT 1 FROM " + s.dialect.quote(schema) + ".sqlite_master WHERE name = ? COLLATE NOCASE) " +
			"AND NOT EXISTS (SELECT 1 FROM pragma_index_list(?, ?) AS i WHERE \"unique\" AND NOT partial " +
			"AND (SELECT group_concat(name) FROM pragma_index_info(i.name, ?)) = 'session_id')"
		args = []any{index, s.table.name, schema, schema}
	} else { // the cast cuts a name as CREATE INDEX does
		query = "SELECT EXISTS (SELECT FROM pg_catalog.pg_class WHERE relname = CAST($1 AS name) AND relnamespace = COALESCE(" +
			"(SELECT relnamespace FROM pg_catalog.pg_class WHERE oid = to_regclass($2)), " +
			"(SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = COALESCE(NULLIF($3, ''), current_schema())))) " +
			"AND NOT EXISTS (SELECT FROM pg_catalog.pg_index JOIN pg_catalog.pg_attribute ON attrelid = indrelid AND attnum = indkey[0] " +
			"WHERE indrelid = to_regclass($2) AND indisunique AND indpred IS NULL AND indnkeyatts = 1 AND attname = 'session_id')"
		args = []any{index, s.table.qualified(s.dialect, s.table.name), s.table.schema}
	}
	err = s.db.QueryRowContext(ctx, query, args...).Scan(&taken)
	return taken, err
}

func (s *Store) createTable(ctx context.Context) error {
	f := tableFragments(s.dialect, s.table)
	for _, text := range tables[s.dialect][s.layout] {
		if _, err := s.db.ExecContext(ctx, expand(text, f)); err != nil {
			return err
		}
	}
	return nil
}
