package memcachedstore_test

import (
	"testing"

	"github.com/sessctl/sessctl/internal/compat"
	"github.com/sessctl/sessctl/internal/pylive"
	"github.com/sessctl/sessctl/internal/servers"
	"github.com/sessctl/sessctl/session/memcachedstore"
)

// A Go service and the real app share the sessions of one server.
func TestLiveApps(t *testing.T) {
	t.Parallel()
	server := servers.Memcached(t)
	python := pylive.Serve(t, pylive.Venv(t, pylive.File(t, requirements)), pylive.File(t, ""), "starlite_app:app",
		"SESSION_SECRET=", "SESSION_MEMCACHED="+server.Addr)
	compat.SharedStore(t, python, open(t, memcachedstore.Config{Addr: server.Addr}))
}
