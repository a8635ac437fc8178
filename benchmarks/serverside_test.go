package benchmarks

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/scs/postgresstore"
	"github.com/alexedwards/scs/redisstore"
	"github.com/alexedwards/scs/sqlite3store"
	"github.com/alexedwards/scs/v2"
	"github.com/alexedwards/scs/v2/memstore"
	"github.com/gomodule/redigo/redis"
	_ "github.com/jackc/pgx/v5/stdlib"
	goredis "github.com/redis/go-redis/v9"
	_ "modernc.org/sqlite"

	"github.com/sessctl/sessctl/internal/pylive"
	"github.com/sessctl/sessctl/internal/servers"
	"github.com/sessctl/sessctl/session"
	ourredis "github.com/sessctl/sessctl/session/redisstore"
	"github.com/sessctl/sessctl/session/sqlstore"
)

// pair is ours and scs over one server.
type pair struct {
	name      string
	ours, scs subject
	trips     *atomic.Int64 // of both; nil: not counted
}

// pairs returns those that can be had: with servers only where live tests were asked
// for.
func pairs(t testing.TB) []pair {
	t.Helper()
	all := []pair{{name: "memory", ours: oursIn(t, session.NewMemory(session.MemoryConfig{})), scs: scsIn(t, memstore.NewWithCleanupInterval(0), 0)}}
	all = append(all, sqlPair(t, "sqlite", sqlstore.SQLite, "file:"+filepath.Join(t.TempDir(), "sessions.db")+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)"))
	if pylive.Enabled() {
		all = append(all, redisPair(t, 0), sqlPair(t, "pgx", sqlstore.PostgreSQL, "postgres://postgres@"+servers.Postgres(t).Addr+"/postgres"))
	}
	return all
}

// sqlPair is two tables of one database.
func sqlPair(t testing.TB, driver string, dialect sqlstore.Dialect, dsn string) pair {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	store, err := sqlstore.New(sqlstore.Config{DB: db, Dialect: dialect, Layout: sqlstore.Litestar, Table: "user_session"})
	if err == nil {
		err = store.CreateTable(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	// The tables that the stores of scs ask for in their documentation.
	ddl, theirs := "CREATE TABLE sessions (token TEXT PRIMARY KEY, data BLOB NOT NULL, expiry REAL NOT NULL)", scs.Store(nil)
	if dialect == sqlstore.PostgreSQL {
		ddl = "CREATE TABLE sessions (token TEXT PRIMARY KEY, data BYTEA NOT NULL, expiry TIMESTAMPTZ NOT NULL)"
		theirs = postgresstore.NewWithCleanupInterval(db, 0)
	} else {
		theirs = sqlite3store.NewWithCleanupInterval(db, 0)
	}
	for _, statement := range []string{ddl, "CREATE INDEX sessions_expiry_idx ON sessions (expiry)"} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	return pair{name: dialectNames[dialect], ours: oursIn(t, store), scs: scsIn(t, theirs, 0)}
}

var dialectNames = map[sqlstore.Dialect]string{sqlstore.SQLite: "sqlite", sqlstore.PostgreSQL: "postgresql"}

// oursIn is our middleware over a store.
func oursIn(t testing.TB, store session.Store) subject {
	t.Helper()
	m, err := session.NewServerSide(store, session.ServerConfig{}, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return ours(t, "ours", m)
}

// scsIn is scs over a store, with the same data. With an idle timeout it stores the
// session on every request.
func scsIn(t testing.TB, store scs.Store, idle time.Duration) subject {
	t.Helper()
	v := valuesOf(t)
	data := map[string]any{"user_id": v.UserID, "csrf_token": v.CSRFToken, "roles": v.Roles, "seen": v.Seen, "note": v.Note}
	m := scs.New()
	m.Store, m.IdleTimeout = store, idle
	return scsWith(t, "scs", m, data)
}

// redisPair is one connection each, as a request at a time needs, to one server.
func redisPair(t testing.TB, idle time.Duration) pair {
	t.Helper()
	addr, trips := servers.Redis(t).Addr, new(atomic.Int64)
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		return counted{conn, trips}, err
	}
	client := goredis.NewClient(&goredis.Options{Addr: addr, Dialer: dial, ContextTimeoutEnabled: true})
	t.Cleanup(func() { client.Close() })
	store, err := ourredis.New(ourredis.Config{Client: client, Namespace: ourredis.Litestar})
	if err != nil {
		t.Fatal(err)
	}
	pool := &redis.Pool{MaxIdle: 10, DialContext: func(ctx context.Context) (redis.Conn, error) {
		conn, err := dial(ctx, "tcp", addr)
		if err != nil {
			return nil, err
		}
		return redis.NewConn(conn, 0, 0), nil
	}}
	t.Cleanup(func() { pool.Close() })
	return pair{"redis", oursIn(t, store), scsIn(t, redisstore.New(pool), idle), trips}
}

// counted counts what is written at once: that many round trips there are.
type counted struct {
	net.Conn
	n *atomic.Int64
}

func (c counted) Write(p []byte) (int, error) {
	c.n.Add(1)
	return c.Conn.Write(p)
}

// tripsOf returns how many round trips a request takes.
func (p pair) tripsOf(s subject, handler http.Handler) int64 {
	h := newHarness(s.cookie)
	h.serve(handler) // which may connect
	p.trips.Store(0)
	h.serve(handler)
	return p.trips.Load()
}

// BenchmarkServerSide reports time and allocations of a request as shares of what scs
// needs over the same server. Both should be at most 1 and 0.5.
func BenchmarkServerSide(b *testing.B) {
	for _, p := range pairs(b) {
		for kind, handler := range map[string]func(subject) http.Handler{
			"read": func(s subject) http.Handler { return s.read }, "write": func(s subject) http.Handler { return s.write },
		} {
			b.Run(p.name+"/"+kind, func(b *testing.B) {
				fastest := map[string]time.Duration{}
				harnesses := map[string]*harness{"ours": newHarness(p.ours.cookie), "scs": newHarness(p.scs.cookie)}
				handlers := map[string]http.Handler{"ours": handler(p.ours), "scs": handler(p.scs)}
				const round = 100
				for b.Loop() {
					for name, h := range harnesses {
						start := time.Now()
						for range round {
							h.serve(handlers[name])
						}
						if took := time.Since(start); fastest[name] == 0 || took < fastest[name] {
							fastest[name] = took
						}
					}
				}
				b.ReportMetric(0, "ns/op")
				allocs := map[string]float64{}
				for name, h := range harnesses {
					allocs[name] = testing.AllocsPerRun(100, func() { h.serve(handlers[name]) })
					b.ReportMetric(float64(fastest[name].Nanoseconds())/round, name+"-ns")
					b.ReportMetric(allocs[name], name+"-allocs")
				}
				b.ReportMetric(float64(fastest["ours"])/float64(fastest["scs"]), "time-ratio")
				b.ReportMetric(allocs["ours"]/allocs["scs"], "allocs-ratio")
			})
		}
	}
}

// A request that reads needs one round trip, one that does not ask for the session
// none, and one that writes two. scs reads always; where sessions have an idle timeout it
// also writes always.
func TestRoundTrips(t *testing.T) {
	pylive.Require(t)
	untouched := func(s subject) http.Handler {
		return s.around(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(ok) }))
	}
	for idle, want := range map[time.Duration]string{
		0:         "read 1 1, write 2 2, untouched 0 1",
		time.Hour: "read 1 2, write 2 2, untouched 0 2",
	} {
		p := redisPair(t, idle)
		got := fmt.Sprintf("read %d %d, write %d %d, untouched %d %d", p.tripsOf(p.ours, p.ours.read), p.tripsOf(p.scs, p.scs.read),
			p.tripsOf(p.ours, p.ours.write), p.tripsOf(p.scs, p.scs.write), p.tripsOf(p.ours, untouched(p.ours)), p.tripsOf(p.scs, untouched(p.scs)))
		if got != want {
			t.Errorf("idle timeout %v, ours and scs: %s; want %s", idle, got, want)
		}
	}
}

// BenchmarkIdleSession reports the memory of a session that is there and not used.
func BenchmarkIdleSession(b *testing.B) {
	const sessions = 20_000
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	bytes := map[string]float64{}
	for b.Loop() {
		for name, store := range map[string]func() any{
			"ours": func() any {
				s := session.NewMemory(session.MemoryConfig{})
				for range sessions {
					oursIn(b, s)
				}
				return s
			},
			"scs": func() any {
				s := memstore.NewWithCleanupInterval(0)
				for range sessions {
					scsIn(b, s, 0)
				}
				return s
			},
		} {
			before := heap()
			s := store()
			bytes[name] = float64(heap()-before) / sessions
			runtime.KeepAlive(s)
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(bytes["ours"], "ours-B/session")
	b.ReportMetric(bytes["scs"], "scs-B/session")
	b.ReportMetric(bytes["ours"]/bytes["scs"], "ratio")
}
