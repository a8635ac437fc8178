package sqlstore_test

import (
	"testing"
	"time"

	"github.com/sessctl/sessctl/session/sessiontest"
	"github.com/sessctl/sessctl/session/sqlstore"
)

var benchData = []byte(`{"user_id":42,"roles":["admin","billing"],"cart":[{"sku":"a-1","n":2},{"sku":"b-7","n":1}],"csrf":"` +
	"5f2d1c0b9a8877665544332211000f0e" + `","theme":"dark","seen":1767323045.25}`)

// The benchmarks of SQLite wait for no disk; the others need SESSCTL_LIVE=1.
func benchmark(b *testing.B, step func(s *sqlstore.Store, id string) error) {
	for name, database := range map[string]func(testing.TB) database{
		"sqlite":   func(t testing.TB) database { return sqliteDB(t).with("_pragma=synchronous(OFF)") },
		"postgres": postgresDB, "mariadb": mariaDB,
	} {
		b.Run(name, func(b *testing.B) {
			s := create(b, database(b).config(b, sqlstore.Litestar))
			id := sessiontest.NewID()
			must(b, s.Create(b.Context(), id, benchData, time.Hour))
			b.ReportAllocs()
			for b.Loop() {
				must(b, step(s, id))
			}
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	benchmark(b, func(s *sqlstore.Store, id string) error {
		_, _, err := s.Load(b.Context(), id)
		return err
	})
}

func BenchmarkReplace(b *testing.B) {
	n := 0
	benchmark(b, func(s *sqlstore.Store, id string) error {
		n++
		return s.Replace(b.Context(), id, benchData, time.Hour+time.Duration(n)*time.Second)
	})
}

func BenchmarkTouch(b *testing.B) {
	n := 0
	benchmark(b, func(s *sqlstore.Store, id string) error {
		n++
		return s.Touch(b.Context(), id, time.Hour+time.Duration(n)*time.Second)
	})
}

func BenchmarkCreateDelete(b *testing.B) {
	benchmark(b, func(s *sqlstore.Store, _ string) error {
		id := sessiontest.NewID()
		if err := s.Create(b.Context(), id, benchData, time.Hour); err != nil {
			return err
		}
		return s.Delete(b.Context(), id)
	})
}
