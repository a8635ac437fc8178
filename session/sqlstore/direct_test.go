package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/sessctl/sessctl/internal/pylive"
	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/sessiontest"
	"github.com/sessctl/sessctl/session/sqlstore"
)

// plainConnector is of a driver that can do no more than drivers must.
type plainConnector struct{ driver.Connector }

func (c plainConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	return struct{ driver.Conn }{conn}, err
}

// A driver that takes no queries but prepared ones does, too.
func TestLivePlainDriver(t *testing.T) {
	pylive.Require(t)
	d := postgresDB(t)
	config, err := pgx.ParseConfig(d.dsn)
	must(t, err)
	db := sql.OpenDB(plainConnector{stdlib.GetConnector(*config)})
	t.Cleanup(func() { db.Close() })
	tables, clock := 0, sessiontest.NewClock()
	sessiontest.TestStore(t, sessiontest.Suite{
		New: func(t *testing.T) session.Store {
			tables++
			return create(t, sqlstore.Config{
				DB: db, Dialect: sqlstore.PostgreSQL, Layout: sqlstore.Litestar, Table: fmt.Sprint("plain_", tables), Now: clock.Now,
			})
		},
		Advance: clock.Advance, Now: clock.Now,
	})
}
