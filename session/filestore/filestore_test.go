package filestore_test

import (
	"testing"

	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/filestore"
	"github.com/sessctl/sessctl/session/sessiontest"
)

// layouts are all there are.
var layouts = map[string]filestore.Config{
	"starlite":    {Layout: filestore.Starlite},
	"litestar":    {Layout: filestore.Litestar},
	"litestar id": {Layout: filestore.Litestar, Names: filestore.NamesID},
}

func TestStore(t *testing.T) {
	for name, c := range layouts {
		t.Run(name, func(t *testing.T) {
			clock := sessiontest.NewClock()
			c.Now = clock.Now
			sessiontest.TestStore(t, sessiontest.Suite{
				New: func(t *testing.T) session.Store {
					c.Dir = t.TempDir()
					return open(t, c)
				},
				Advance: clock.Advance, Now: clock.Now,
			})
		})
	}
}

func open(t testing.TB, c filestore.Config) *filestore.Store {
	t.Helper()
	s, err := filestore.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
