package sqlstore

import (
	"context"
	"errors"
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
// metadata.create_all does. It is an error if a table of the name has other columns.
//
// In MySQL three types are not Python's: data is a mediumblob, since a blob ends at
// 65,535 bytes; session_id is ascii_bin, which tells upper case from lower; times have
// microseconds.
func (s *Store) CreateTable(ctx context.Context) error {
	var err error
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

func (s *Store) createTable(ctx context.Context) error {
	f := tableFragments(s.dialect, s.table)
	for _, text := range tables[s.dialect][s.layout] {
		if _, err := s.db.ExecContext(ctx, expand(text, f)); err != nil {
			return err
		}
	}
	return nil
}
