package session_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/compat"
	"github.com/sessctl/sessctl/internal/pylive"
	"github.com/sessctl/sessctl/internal/servers"
	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/filestore"
	"github.com/sessctl/sessctl/session/redisstore"
	"github.com/sessctl/sessctl/session/sessiontest"
)

func redisStore(t testing.TB, server *servers.Server, namespace string) *redisstore.Store {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: server.Addr, ContextTimeoutEnabled: true})
	t.Cleanup(func() { client.Close() })
	s, err := redisstore.New(redisstore.Config{Client: client, Namespace: namespace})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func fileStore(t testing.TB, dir string, layout filestore.Layout) *filestore.Store {
	t.Helper()
	s, err := filestore.New(filestore.Config{Dir: dir, Layout: layout})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func serverSide(t testing.TB, s session.Store, c session.ServerConfig, o session.Options) *session.Manager {
	t.Helper()
	c.Cookie.Insecure = true
	m, err := session.NewServerSide(s, c, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestLiveStoredSession changes one session 1,000 times, by the Python app or the Go
// service, at random. Both must answer with the whole session, each time.
func TestLiveStoredSession(t *testing.T) {
	pylive.Require(t)
	server, dir := servers.Redis(t), t.TempDir()
	for _, c := range []struct {
		name, app, requirements, env string
		store                        session.Store
	}{
		{"starlite redis", "starlite_app:app", "requirements-starlite-stores.txt", "SESSION_REDIS=redis://" + server.Addr, redisStore(t, server, redisstore.Starlite)},
		{"litestar redis", "litestar_app:app", "requirements-litestar-stores.txt", "SESSION_REDIS=redis://" + server.Addr, redisStore(t, server, redisstore.Litestar)},
		{"litestar files", "litestar_app:app", "requirements-litestar.txt", "SESSION_DIR=" + dir, fileStore(t, dir, filestore.Litestar)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			python := pylive.Serve(t, pylive.Venv(t, pylive.File(t, c.requirements)), pylive.File(t, ""), c.app, "SESSION_SECRET=", c.env)
			goes := httptest.NewServer(service(serverSide(t, c.store, session.ServerConfig{}, session.Options{})))
			t.Cleanup(goes.Close)
			g, m, v := compat.NewGenerator(t, codec.FormatLitestar), newModel(), newVisitor(t, nil)
			for i := range 1000 {
				site := [...]string{python, goes.URL}[g.IntN(2)]
				route, body := m.step(g, true)
				if _, got := v.do(site+route, body); got != m.String() {
					t.Fatalf("request %d: %s%s:\n got %s\nwant %s", i, site, route, got, m)
				}
				site = [...]string{python, goes.URL}[g.IntN(2)]
				if _, got := v.do(site+"/session", ""); got != m.String() {
					t.Fatalf("after request %d: %s:\n got %s\nwant %s", i, site, got, m)
				}
			}
		})
	}
}

// A store that dies while a request runs is an error that its client sees, and no
// session is lost by it, or brought back.
func TestLiveStoreDiesMeanwhile(t *testing.T) {
	pylive.Require(t)
	server := servers.Redis(t, "--appendonly", "yes", "--appendfsync", "always")
	store := redisStore(t, server, redisstore.Litestar)
	m := serverSide(t, store, session.ServerConfig{Timeout: 2 * time.Second}, session.Options{})
	cookie := "session=" + idOf(do(m, "", set(t, "user_id", 42)))
	for what, change := range map[string]func(s *session.Session) error{
		"Set":        func(s *session.Session) error { return s.Set("n", 1) },
		"Regenerate": func(s *session.Session) error { return s.Regenerate() },
		"Destroy":    func(s *session.Session) error { return s.Destroy() },
	} {
		response := do(m, cookie, func(w http.ResponseWriter, r *http.Request) {
			s := load(t, r)
			server.Kill()
			if err := change(s); err != nil {
				t.Error(err)
			}
			fmt.Fprint(w, "done")
		})
		if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %d %v", what, response.StatusCode, response.Header)
		}
		response = do(m, cookie, func(w http.ResponseWriter, r *http.Request) {
			if _, err := session.Load(r); !errors.As(err, new(*session.StoreError)) {
				t.Errorf("Load: %v", err)
			}
			fmt.Fprint(w, "done")
		})
		if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Set-Cookie") != "" {
			t.Errorf("while it is down: %d %v", response.StatusCode, response.Header)
		}
		server.Start()
		do(m, cookie, reading(t, `{"user_id":42}`))
	}
	do(m, cookie, func(w http.ResponseWriter, r *http.Request) {
		s := load(t, r)
		if err := store.Delete(t.Context(), idIn(cookie)); err != nil { // a logout elsewhere
			t.Error(err)
		}
		server.Kill()
		server.Start()
		if err := s.Set("n", 1); err != nil {
			t.Error(err)
		}
	})
	do(m, cookie, reading(t, `{}`))
}

// A hundred requests of one browser at the same time, on two machines so to say: none
// loses another's key.
func TestLiveParallelRequests(t *testing.T) {
	pylive.Require(t)
	server := servers.Redis(t)
	machines := []*session.Manager{
		serverSide(t, redisStore(t, server, redisstore.Litestar), session.ServerConfig{}, session.Options{}),
		serverSide(t, redisStore(t, server, redisstore.Litestar), session.ServerConfig{}, session.Options{}),
	}
	cookie := "session=" + idOf(do(machines[0], "", set(t, "user_id", 42)))
	var group sync.WaitGroup
	for i := range 100 {
		group.Go(func() {
			response := do(machines[i%2], cookie, set(t, fmt.Sprintf("k%d", i), i))
			if response.StatusCode != http.StatusOK {
				t.Errorf("%d", response.StatusCode)
			}
		})
	}
	group.Wait()
	do(machines[0], cookie, func(w http.ResponseWriter, r *http.Request) {
		if n := load(t, r).Len(); n != 101 {
			t.Errorf("%d of 101 keys", n)
		}
	})
}

// A user's sessions end on all machines, those that Python made too.
func TestLiveRevoke(t *testing.T) {
	pylive.Require(t)
	server := servers.Redis(t)
	store := redisStore(t, server, redisstore.Litestar)
	m := serverSide(t, store, session.ServerConfig{
		Users: &session.UserIndex{Store: redisStore(t, server, "users"), Of: userOf},
	}, session.Options{})
	python := pylive.Serve(t, pylive.Venv(t, pylive.File(t, "requirements-litestar-stores.txt")), pylive.File(t, ""),
		"litestar_app:app", "SESSION_SECRET=", "SESSION_REDIS=redis://"+server.Addr)
	goes := httptest.NewServer(service(m))
	t.Cleanup(goes.Close)
	byGo, byPython, other := newVisitor(t, nil), newVisitor(t, nil), newVisitor(t, nil)
	byGo.do(goes.URL+"/update", `{"user_id": 42}`)
	byPython.do(python+"/update", `{"user_id": 42}`)
	other.do(python+"/update", `{"user_id": 7}`)
	if n, err := m.RevokeUser(t.Context(), "42"); n != 1 || err != nil {
		t.Errorf("RevokeUser: %d, %v", n, err)
	}
	if _, got := byGo.do(python+"/session", ""); got != "{}" {
		t.Errorf("after RevokeUser Python has %s", got)
	}
	n, err := m.RevokeFunc(t.Context(), func(v *codec.Values) bool { return userOf(v) == "42" })
	if n != 1 || err != nil {
		t.Errorf("RevokeFunc: %d, %v", n, err)
	}
	if _, got := byPython.do(goes.URL+"/session", ""); got != "{}" {
		t.Errorf("after RevokeFunc Go has %s", got)
	}
	if _, got := other.do(goes.URL+"/session", ""); got != `{"user_id": 7}` {
		t.Errorf("another user has %s", got)
	}
}

// A site moves from files to Redis, and from Starlite's layout to Litestar's, with
// nobody logged out; a session that was moved goes where it was.
func TestLiveMoveStores(t *testing.T) {
	pylive.Require(t)
	server, dir := servers.Redis(t), t.TempDir()
	files := fileStore(t, dir, filestore.Starlite)
	starlite, litestar := redisStore(t, server, redisstore.Starlite), redisStore(t, server, redisstore.Litestar)
	id := sessiontest.NewID()
	if err := files.Create(t.Context(), id, []byte(`{"user_id":42,"f":1.0}`), time.Hour); err != nil {
		t.Fatal(err)
	}
	first := serverSide(t, files, session.ServerConfig{}, session.Options{})
	second := serverSide(t, starlite, session.ServerConfig{}, session.Options{From: []*session.Manager{first}})
	third := serverSide(t, litestar, session.ServerConfig{}, session.Options{From: []*session.Manager{second}})
	cookie := "session=" + id
	for i, m := range []*session.Manager{second, third} {
		response := do(m, cookie, reading(t, `{"user_id":42,"f":1.0}`))
		cookie = "session=" + idOf(response)
		if idOf(response) == "" {
			t.Fatalf("move %d: %v", i, response.Header)
		}
	}
	if data, expires, err := files.Load(t.Context(), id); err != nil || strings.Contains(string(data), "user_id") || time.Until(expires) > time.Minute {
		t.Errorf("where it was there is %s, until %v, %v", data, expires, err)
	}
	if left := time.Until(compat.WantStored(t, litestar, idIn(cookie), `{"user_id":42,"f":1.0}`)); left > time.Hour || left < time.Hour-time.Minute {
		t.Errorf("%v are left", left)
	}
}
