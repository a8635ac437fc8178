package filestore_test

import (
	"strconv"
	"testing"

	"github.com/sessctl/sessctl/internal/compat"
	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/filestore"
	"github.com/sessctl/sessctl/session/sessiontest"
)

func TestMain(m *testing.M) {
	compat.Main(m, func(args []string) (compat.SwapStore, error) {
		layout, err := strconv.Atoi(args[1])
		if err != nil {
			return nil, err
		}
		return filestore.New(filestore.Config{Dir: args[0], Layout: filestore.Layout(layout)})
	}, jobs)
}

// jobs are done by other processes.
var jobs = compat.Jobs{}

// process names the store of a configuration to another process.
func process(c filestore.Config) []string { return []string{c.Dir, strconv.Itoa(int(c.Layout))} }

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
