package filestore_test

import (
	"path/filepath"
	"testing"

	"github.com/sessctl/sessctl/internal/compat"
	"github.com/sessctl/sessctl/internal/pylive"
)

// A Go service and the real app share the sessions of one directory.
func TestLiveApps(t *testing.T) {
	pylive.Require(t)
	const live = "../../testdata/live"
	for i, app := range []string{"starlite_app:app", "litestar_app:app", "litestar_app:app"} {
		t.Run(peers[i].name, func(t *testing.T) {
			c := peers[i].config
			c.Dir = t.TempDir()
			python := pylive.Serve(t, pylive.Venv(t, filepath.Join(live, peers[i].requirements)), live, app,
				"SESSION_SECRET=", "SESSION_DIR="+c.Dir)
			compat.SharedStore(t, python, open(t, c))
			if left := leftoversOf(t, c.Dir); len(left) > 0 {
				t.Errorf("left: %q", left)
			}
		})
	}
}
