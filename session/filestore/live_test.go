package filestore_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/internal/compat"
	"github.com/sessctl/sessctl/internal/pylive"
	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/filestore"
	"github.com/sessctl/sessctl/session/sessiontest"
)

// peers are the real backends, over one directory with ours.
var peers = []struct {
	name, requirements string
	config             filestore.Config
}{
	{"starlite 1.51.16", "requirements-starlite.txt", layouts["starlite"]},
	{"litestar 2.25.0", "requirements-litestar.txt", layouts["litestar"]},
	{"litestar 2.8.2", "requirements-litestar-2.8.2.txt", layouts["litestar id"]},
}

// want and wantNone are what the store must have.
var want, wantNone = compat.WantStored, compat.WantNotStored

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func forPeers(t *testing.T, test func(t *testing.T, c filestore.Config, p *compat.Backend)) {
	pylive.Require(t)
	for _, peer := range peers {
		t.Run(peer.name, func(t *testing.T) {
			peer.config.Dir = t.TempDir()
			test(t, peer.config, compat.StartBackend(t, pylive.File(t, peer.requirements), pylive.File(t, "filestore.py"), peer.config.Dir))
		})
	}
}

// Each side reads, changes, renews and deletes what the other has written.
func TestLive(t *testing.T) {
	forPeers(t, func(t *testing.T, c filestore.Config, p *compat.Backend) {
		compat.BothWays(t, p, open(t, c), compat.Sample(200_000))
	})
}

// What has expired has, to both.
func TestLiveExpiry(t *testing.T) {
	forPeers(t, func(t *testing.T, c filestore.Config, p *compat.Backend) {
		var ahead time.Duration
		c.Now = func() time.Time { return time.Now().Add(ahead) }
		s := open(t, c)
		id, lives := sessiontest.NewID(), sessiontest.NewID()
		ahead = -2 * time.Hour
		must(t, s.Create(t.Context(), id, []byte(`{}`), time.Hour))
		must(t, s.Create(t.Context(), lives, []byte(`{}`), 3*time.Hour))
		ahead = 0
		wantNone(t, s, id)
		p.WantNone(id)
		p.Want(lives, `{}`)

		p.Set(id, `{}`, 60)
		want(t, s, id, `{}`)
		ahead = 62 * time.Second // a clock that jumps
		wantNone(t, s, id)
		if err := s.Touch(t.Context(), id, time.Hour); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("Touch: %v", err)
		}
		ahead = 0 // and back: nothing was lost
		want(t, s, id, `{}`)
		ahead = 62 * time.Second
		if n, err := s.Prune(t.Context()); n != 1 || err != nil {
			t.Errorf("Prune: %d, %v", n, err)
		}
		ahead = 0
		p.WantNone(id)
		p.Want(lives, `{}`)
	})
}

// Python's sweeps go over what Go has written.
func TestLiveSweeps(t *testing.T) {
	forPeers(t, func(t *testing.T, c filestore.Config, p *compat.Backend) {
		var ahead time.Duration
		c.Now = func() time.Time { return time.Now().Add(ahead) }
		s := open(t, c)
		dead, lives := sessiontest.NewID(), sessiontest.NewID()
		ahead = -2 * time.Hour
		must(t, s.Create(t.Context(), dead, []byte(`{}`), time.Hour))
		ahead = 0
		must(t, s.Create(t.Context(), lives, []byte(`{}`), time.Hour))
		p.Must("delete_expired")
		ahead = -2 * time.Hour
		if c.Layout == filestore.Starlite { // the wrong ones
			want(t, s, dead, `{}`)
			wantNone(t, s, lives)
		} else {
			wantNone(t, s, dead)
			want(t, s, lives, `{}`)
		}
		ahead = 0
		p.Must("delete_all")
		wantNone(t, s, lives)
		must(t, s.Create(t.Context(), lives, []byte(`{"a":1}`), time.Hour))
		p.Want(lives, `{"a":1}`)

		p.Set(dead, `{}`, 3600)
		if n, err := s.Clear(t.Context()); n != 2 || err != nil {
			t.Errorf("Clear: %d, %v", n, err)
		}
		p.WantNone(dead)
		p.WantNone(lives)
	})
}

// Beside a Python that writes one session all the time, Go never sees a part of it.
func TestLiveTorn(t *testing.T) {
	forPeers(t, func(t *testing.T, c filestore.Config, p *compat.Backend) {
		s := open(t, c)
		id, stop := sessiontest.NewID(), filepath.Join(t.TempDir(), "stop")
		p.Set(id, `{"n":0,"x":""}`, 3600)
		p.Begin("write", id, stop)
		loads, changes := 0, 0
		for end := time.Now().Add(2 * time.Second); time.Now().Before(end); loads++ {
			data, _, err := s.Load(t.Context(), id)
			var v struct {
				N int
				X string
			}
			if err == nil {
				err = json.Unmarshal(data, &v)
			}
			if err != nil || v.N >= 0 && len(v.X) != v.N%7*9000 {
				t.Fatalf("Load: %.40q, %d bytes, %v", data, len(data), err)
			}
			if loads%20 == 0 {
				must(t, s.Replace(t.Context(), id, fmt.Appendf(nil, `{"n":-1,"x":"%d"}`, loads), time.Hour))
				must(t, s.Touch(t.Context(), id, time.Hour))
				changes += 2
			}
		}
		must(t, os.WriteFile(stop, nil, 0o600))
		t.Logf("%s writes of Python, %d loads, %d changes", p.Answer(), loads, changes)
	})
}

// Litestar's sweep meets no file of Go's that it cannot read; what the sweeps delete
// does not come back; and their directory that is made again is no error.
func TestLiveSweepsMeanwhile(t *testing.T) {
	forPeers(t, func(t *testing.T, c filestore.Config, p *compat.Backend) {
		s := open(t, c)
		for _, sweep := range []string{"delete_expired", "delete_all"} {
			stop := filepath.Join(t.TempDir(), "stop")
			must(t, s.Create(t.Context(), sessiontest.NewID(), []byte(`{}`), time.Hour))
			p.Begin("sweep", sweep, stop)
			gone, changes := 0, 0
			for end := time.Now().Add(2 * time.Second); time.Now().Before(end); changes++ {
				id := sessiontest.NewID()
				if err := s.Create(t.Context(), id, []byte(`{}`), time.Hour); err != nil {
					t.Fatalf("Create: %v", err)
				}
				for range 5 {
					err := s.Replace(t.Context(), id, []byte(strings.Repeat("x", 20_000)), time.Hour)
					if errors.Is(err, session.ErrNotFound) {
						gone++
						wantNone(t, s, id) // it stays deleted
					} else if err != nil {
						t.Fatalf("Replace: %v", err)
					}
				}
				if err := s.Delete(t.Context(), id); err != nil && !errors.Is(err, session.ErrNotFound) {
					t.Fatalf("Delete: %v", err)
				}
			}
			must(t, os.WriteFile(stop, nil, 0o600))
			answer := p.Answer()
			t.Logf("%s beside %d sessions, %d of their changes found them gone: [calls, errors] %s", sweep, changes, gone, answer)
			if sweep == "delete_expired" && c.Layout == filestore.Litestar && strings.Contains(answer, "Decode") {
				t.Errorf("Python cannot read a file of Go's")
			}
		}
	})
}
