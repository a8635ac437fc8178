package sqlstore_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/sessctl/sessctl/internal/compat"
	"github.com/sessctl/sessctl/session/sqlstore"
)

// Other processes work on a table of SQLite.
func TestMain(m *testing.M) {
	compat.Main(m, func(args []string) (compat.SwapStore, error) {
		db, err := sql.Open("sqlite", args[0])
		if err != nil {
			return nil, err
		}
		layout, err := sqlstore.DetectLayout(context.Background(), db, sqlstore.SQLite, args[1])
		if err != nil {
			return nil, err
		}
		return sqlstore.New(sqlstore.Config{DB: db, Dialect: sqlstore.SQLite, Layout: layout, Table: args[1]})
	}, nil)
}

// process names the store of a configuration to another process.
func process(d database, c sqlstore.Config) []string { return []string{d.dsn, c.Table} }

// sweeps calls those that go through all sessions.
func sweeps(ctx context.Context, s *sqlstore.Store) map[string]error {
	_, clearErr := s.Clear(ctx)
	_, pruneErr := s.Prune(ctx)
	errs := map[string]error{"Clear": clearErr, "Prune": pruneErr, "CreateTable": s.CreateTable(ctx)}
	for _, err := range s.List(ctx) {
		errs["List"] = err
	}
	return errs
}
