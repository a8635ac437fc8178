package redisstore_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sessctl/sessctl/internal/compat"
	"github.com/sessctl/sessctl/internal/pylive"
	"github.com/sessctl/sessctl/internal/servers"
	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/redisstore"
	"github.com/sessctl/sessctl/session/sessiontest"
)

// options are those of a client of one server.
func options(s *servers.Server) *redis.Options {
	return &redis.Options{Addr: s.Addr, ContextTimeoutEnabled: true}
}

func client(t testing.TB, o *redis.Options) *redis.Client {
	t.Helper()
	c := redis.NewClient(o)
	t.Cleanup(func() { c.Close() })
	return c
}

func open(t testing.TB, c redis.UniversalClient, namespace string) *redisstore.Store {
	t.Helper()
	s, err := redisstore.New(redisstore.Config{Client: c, Namespace: namespace, NoNamespace: namespace == ""})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func clusterClient(t testing.TB) *redis.ClusterClient {
	t.Helper()
	o := &redis.ClusterOptions{ContextTimeoutEnabled: true}
	for _, node := range servers.RedisCluster(t) {
		o.Addrs = append(o.Addrs, node.Addr)
	}
	c := redis.NewClusterClient(o)
	t.Cleanup(func() { c.Close() })
	return c
}

func TestLiveStore(t *testing.T) {
	pylive.Require(t)
	ring := redis.NewRing(&redis.RingOptions{
		Addrs: map[string]string{"a": servers.Redis(t).Addr, "b": servers.Redis(t).Addr}, ContextTimeoutEnabled: true,
	})
	t.Cleanup(func() { ring.Close() })
	for name, c := range map[string]redis.UniversalClient{
		"one server": client(t, options(servers.Redis(t))), "valkey": client(t, options(servers.Valkey(t))), "cluster": clusterClient(t), "ring": ring,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, namespace := range []string{"", `*[a-c]?\`} { // each test has a namespace of its own
				sessiontest.TestStore(t, sessiontest.Suite{New: func(t *testing.T) session.Store {
					return open(t, c, namespace+t.Name())
				}})
			}
		})
	}
}

// Each side reads, changes, renews and deletes what the other has written, under the
// key that Python has for it.
func TestLive(t *testing.T) {
	pylive.Require(t)
	server, valkey := servers.Redis(t), servers.Valkey(t)
	for _, kind := range []struct {
		name, requirements, namespace string
		server                        *servers.Server
	}{
		{"starlite", "requirements-starlite-stores.txt", redisstore.Starlite, server},
		{"litestar", "requirements-litestar-stores.txt", redisstore.Litestar, server},
		{"factory", "requirements-litestar-stores.txt", "LITESTAR_sessions", server},
		{"none", "requirements-litestar-stores.txt", "", server},
		{"valkey", "requirements-litestar-stores.txt", redisstore.Litestar, valkey},
	} {
		t.Run(kind.name, func(t *testing.T) {
			server := kind.server
			s := open(t, client(t, options(server)), kind.namespace)
			p := compat.StartBackend(t, pylive.File(t, kind.requirements), pylive.File(t, "redisstore.py"),
				"redis://"+server.Addr, kind.name)
			compat.BothWays(t, p, s, compat.Sample(200_000))

			// What either has written is the same to the server, but for when it ends.
			python, ours := sessiontest.NewID(), sessiontest.NewID()
			p.Set(python, `{"a":1}`, 3600)
			if err := s.Create(t.Context(), ours, []byte(`{"a":1}`), time.Hour); err != nil {
				t.Fatal(err)
			}
			prefix := ""
			if kind.namespace != "" {
				prefix = kind.namespace + ":"
			}
			for _, id := range []string{python, ours} {
				if got := strings.Fields(server.Command("get", prefix+id)); len(got) != 1 || got[0] != `{"a":1}` {
					t.Errorf("the server has %q", got)
				}
			}
			if kind.name == "none" {
				return // delete_all refuses
			}
			p.Must("delete_all")
			compat.WantNotStored(t, s, ours)
			p.Set(python, `{}`, 3600)
			if n, err := s.Clear(t.Context()); n != 1 || err != nil {
				t.Errorf("Clear: %d, %v", n, err)
			}
			p.WantNone(python)
		})
	}
}

// A Go service and the real app share the sessions of one server.
func TestLiveApps(t *testing.T) {
	pylive.Require(t)
	server, valkey := servers.Redis(t), servers.Valkey(t)
	for _, c := range []struct {
		name, framework, namespace, scheme string
		server                             *servers.Server
	}{
		{"starlite", "starlite", redisstore.Starlite, "redis://", server},
		{"litestar", "litestar", redisstore.Litestar, "redis://", server},
		{"valkey", "litestar", redisstore.Litestar, "valkey://", valkey},
	} {
		t.Run(c.name, func(t *testing.T) {
			python := pylive.Serve(t, pylive.Venv(t, pylive.File(t, "requirements-"+c.framework+"-stores.txt")), pylive.File(t, ""),
				c.framework+"_app:app", "SESSION_SECRET=", "SESSION_REDIS="+c.scheme+c.server.Addr)
			compat.SharedStore(t, python, open(t, client(t, options(c.server)), c.namespace))
		})
	}
}

// Only the sessions of the namespace are listed and cleared. What Python takes for an
// id, and what else is there, is odd.
func TestLiveOdd(t *testing.T) {
	pylive.Require(t)
	server := servers.Redis(t)
	s := open(t, client(t, options(server)), "NS")
	id := sessiontest.NewID()
	if err := s.Create(t.Context(), id, []byte(`{"a":1}`), time.Hour); err != nil {
		t.Fatal(err)
	}
	server.Command("set", "NS:"+strings.Repeat("0", 64), `{}`) // for ever
	server.Command("set", "NS:hello", `{"odd":1}`)
	server.Command("rpush", "NS:list", "x")
	server.Command("rpush", "NS:"+strings.Repeat("1", 64), "x") // where a session should be
	for _, foreign := range []string{"NSX:" + id, id, "NS" + id, "OTHER:" + id, "ns:" + id} {
		server.Command("set", foreign, `{}`)
	}
	odd, sessions, damaged := map[string]int{}, map[string]session.Entry{}, 0
	for e, err := range s.List(t.Context()) {
		switch {
		case errors.Is(err, session.ErrDamaged):
			damaged++
		case err != nil:
			t.Fatal(err)
		case e.Odd:
			odd[e.Key] = e.Size
		default:
			sessions[e.ID] = e
		}
	}
	if len(odd) != 2 || odd["hello"] != 9 || odd["list"] != 0 {
		t.Errorf("odd: %v", odd)
	}
	if len(sessions) != 2 || sessions[id].Size != 7 || !sessions[strings.Repeat("0", 64)].Expires.IsZero() || damaged != 1 {
		t.Errorf("sessions: %v, %d damaged", sessions, damaged)
	}
	if expires := compat.WantStored(t, s, strings.Repeat("0", 64), `{}`); !expires.IsZero() {
		t.Errorf("expires %v, want never", expires)
	}
	far := strings.Repeat("2", 64)
	server.Command("set", "NS:"+far, `{"a":1}`, "ex", "10000000000") // longer than a time.Duration
	compat.WantStored(t, s, far, `{"a":1}`)
	for e, err := range s.List(t.Context()) {
		if e.Key == far && (err != nil || time.Until(e.Expires) < 290*365*24*time.Hour) {
			t.Errorf("listed as %+v, %v", e, err)
		}
	}
	if data, _, err := s.LoadKey(t.Context(), "hello"); err != nil || string(data) != `{"odd":1}` {
		t.Errorf("LoadKey: %q, %v", data, err)
	}
	if _, _, err := s.Load(t.Context(), strings.Repeat("1", 64)); !errors.Is(err, session.ErrDamaged) {
		t.Errorf("Load of a list: %v", err)
	}
	if n, err := s.Clear(t.Context()); n != 4 || err != nil {
		t.Errorf("Clear: %d, %v", n, err)
	}
	if left := strings.Fields(server.Command("dbsize")); len(left) != 1 || left[0] != "7" {
		t.Errorf("%s keys are left", left)
	}
	if n, err := open(t, client(t, options(server)), "").Clear(t.Context()); n != 0 || err == nil {
		t.Errorf("Clear without a namespace: %d, %v", n, err)
	}
}

// A server that refuses is no session that cannot be read.
func TestLiveListRefused(t *testing.T) {
	pylive.Require(t)
	server := servers.Redis(t)
	server.Command("set", "NS:"+sessiontest.NewID(), `{}`)
	server.Command("acl", "setuser", "blind", "on", "nopass", "~*", "+@all", "-strlen")
	o := options(server)
	o.Username, o.Password = "blind", "any"
	for e, err := range open(t, client(t, o), "NS").List(t.Context()) {
		if err == nil || e != (session.Entry{}) || !strings.Contains(err.Error(), "NOPERM") {
			t.Errorf("%+v, %v", e, err)
		}
	}
}
