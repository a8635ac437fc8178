package filestore_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

// python is a real backend.
type python struct {
	t       testing.TB
	send    *json.Encoder
	answers *bufio.Reader
}

func newPython(t testing.TB, requirements, dir string) *python {
	t.Helper()
	const live = "../../testdata/live"
	interpreter := pylive.Venv(t, filepath.Join(live, requirements))
	cmd := exec.Command(interpreter, "-I", "-B", "-W", "ignore", filepath.Join(live, "filestore.py"), dir)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		cmd.Process.Kill()
		cmd.Wait() // an error, since it was killed
	})
	return &python{t, json.NewEncoder(stdin), bufio.NewReader(stdout)}
}

// begin calls a method; answer waits until it has returned.
func (p *python) begin(call ...any) {
	p.t.Helper()
	if err := p.send.Encode(call); err != nil {
		p.t.Fatal(err)
	}
}

func (p *python) answer() string {
	p.t.Helper()
	line, err := p.answers.ReadString('\n')
	if err != nil {
		p.t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

func (p *python) do(call ...any) string {
	p.t.Helper()
	p.begin(call...)
	return p.answer()
}

// want is what get must return.
func (p *python) want(id, data string) {
	p.t.Helper()
	var got *string
	answer := p.do("get", id)
	if err := json.Unmarshal([]byte(answer), &got); err != nil || got == nil || *got != data {
		p.t.Fatalf("Python reads %s, want %s", answer, data)
	}
}

func (p *python) wantNone(id string) {
	p.t.Helper()
	if answer := p.do("get", id); answer != "null" {
		p.t.Fatalf("Python reads %s, want None", answer)
	}
}

func (p *python) set(id, data string, maxAge int) {
	p.t.Helper()
	if answer := p.do("set", id, data, maxAge); answer != "null" {
		p.t.Fatalf("set: %s", answer)
	}
}

func (p *python) must(method string) {
	p.t.Helper()
	if answer := p.do(method); answer != "null" {
		p.t.Fatalf("%s: %s", method, answer)
	}
}

func want(t testing.TB, s session.Store, id, data string) time.Time {
	t.Helper()
	got, expires, err := s.Load(t.Context(), id)
	if err != nil || string(got) != data {
		t.Fatalf("Load: %q, %v; want %q", got, err, data)
	}
	return expires
}

func wantNone(t testing.TB, s session.Store, id string) {
	t.Helper()
	if data, _, err := s.Load(t.Context(), id); !errors.Is(err, session.ErrNotFound) {
		t.Fatalf("Load: %q, %v; want ErrNotFound", data, err)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func forPeers(t *testing.T, test func(t *testing.T, c filestore.Config, p *python)) {
	pylive.Require(t)
	for _, peer := range peers {
		t.Run(peer.name, func(t *testing.T) {
			peer.config.Dir = t.TempDir()
			test(t, peer.config, newPython(t, peer.requirements, peer.config.Dir))
		})
	}
}

// Each side reads, changes, renews and deletes what the other has written.
func TestLive(t *testing.T) {
	forPeers(t, func(t *testing.T, c filestore.Config, p *python) {
		s := open(t, c)
		for _, data := range []string{
			`{"user":"zoë","n":1,"f":1.0,"big":1180591620717411303424}`, `{"text":"\"\\ \u0000 </>"}`, `{}`,
			`{"x":"` + strings.Repeat("é", 100_000) + `"}`,
		} {
			id := sessiontest.NewID()
			before := time.Now().Truncate(time.Microsecond)
			p.set(id, data, 3600)
			expires := want(t, s, id, data)
			if expires.Before(before.Add(time.Hour)) || expires.After(time.Now().Add(time.Hour)) {
				t.Errorf("expires %v, written at %v", expires, before)
			}
			must(t, s.Touch(t.Context(), id, 2*time.Hour))
			p.want(id, data)
			if got := want(t, s, id, data); got.Before(before.Add(2 * time.Hour)) {
				t.Errorf("expires %v after Touch", got)
			}
			must(t, s.Replace(t.Context(), id, []byte(`{"go":1}`), time.Hour))
			p.want(id, `{"go":1}`)
			p.set(id, data, 60)
			if err := s.Swap(t.Context(), id, []byte(`{"go":1}`), []byte(`{"go":2}`), time.Hour); !errors.Is(err, session.ErrChanged) {
				t.Errorf("Swap of what Python has changed: %v", err)
			}
			must(t, s.Swap(t.Context(), id, []byte(data), []byte(`{"go":2}`), time.Hour))
			p.want(id, `{"go":2}`)
			must(t, s.Delete(t.Context(), id))
			p.wantNone(id)

			id = sessiontest.NewID()
			must(t, s.Create(t.Context(), id, []byte(data), time.Hour))
			p.want(id, data)
			p.set(id, `{"python":1}`, 60)
			want(t, s, id, `{"python":1}`)
			if err := s.Create(t.Context(), id, []byte(`{}`), time.Hour); !errors.Is(err, session.ErrExists) {
				t.Errorf("Create: %v, want ErrExists", err)
			}
			p.do("delete", id)
			wantNone(t, s, id)
			for what, err := range map[string]error{
				"Replace": s.Replace(t.Context(), id, []byte(`{}`), time.Hour), "Touch": s.Touch(t.Context(), id, time.Hour),
			} {
				if !errors.Is(err, session.ErrNotFound) {
					t.Errorf("%s of what Python has deleted: %v", what, err)
				}
			}
			p.wantNone(id)
		}
	})
}

// What has expired has, to both.
func TestLiveExpiry(t *testing.T) {
	forPeers(t, func(t *testing.T, c filestore.Config, p *python) {
		var ahead time.Duration
		c.Now = func() time.Time { return time.Now().Add(ahead) }
		s := open(t, c)
		id, lives := sessiontest.NewID(), sessiontest.NewID()
		ahead = -2 * time.Hour
		must(t, s.Create(t.Context(), id, []byte(`{}`), time.Hour))
		must(t, s.Create(t.Context(), lives, []byte(`{}`), 3*time.Hour))
		ahead = 0
		wantNone(t, s, id)
		p.wantNone(id)
		p.want(lives, `{}`)

		p.set(id, `{}`, 60)
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
		p.wantNone(id)
		p.want(lives, `{}`)
	})
}

// Python's sweeps go over what Go has written.
func TestLiveSweeps(t *testing.T) {
	forPeers(t, func(t *testing.T, c filestore.Config, p *python) {
		var ahead time.Duration
		c.Now = func() time.Time { return time.Now().Add(ahead) }
		s := open(t, c)
		dead, lives := sessiontest.NewID(), sessiontest.NewID()
		ahead = -2 * time.Hour
		must(t, s.Create(t.Context(), dead, []byte(`{}`), time.Hour))
		ahead = 0
		must(t, s.Create(t.Context(), lives, []byte(`{}`), time.Hour))
		p.must("delete_expired")
		ahead = -2 * time.Hour
		if c.Layout == filestore.Starlite { // the wrong ones
			want(t, s, dead, `{}`)
			wantNone(t, s, lives)
		} else {
			wantNone(t, s, dead)
			want(t, s, lives, `{}`)
		}
		ahead = 0
		p.must("delete_all")
		wantNone(t, s, lives)
		must(t, s.Create(t.Context(), lives, []byte(`{"a":1}`), time.Hour))
		p.want(lives, `{"a":1}`)

		p.set(dead, `{}`, 3600)
		if n, err := s.Clear(t.Context()); n != 2 || err != nil {
			t.Errorf("Clear: %d, %v", n, err)
		}
		p.wantNone(dead)
		p.wantNone(lives)
	})
}

// Beside a Python that writes one session all the time, Go never sees a part of it.
func TestLiveTorn(t *testing.T) {
	forPeers(t, func(t *testing.T, c filestore.Config, p *python) {
		s := open(t, c)
		id, stop := sessiontest.NewID(), filepath.Join(t.TempDir(), "stop")
		p.set(id, `{"n":0,"x":""}`, 3600)
		p.begin("write", id, stop)
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
		t.Logf("%s writes of Python, %d loads, %d changes", p.answer(), loads, changes)
	})
}

// Litestar's sweep meets no file of Go's that it cannot read; what the sweeps delete
// does not come back; and their directory that is made again is no error.
func TestLiveSweepsMeanwhile(t *testing.T) {
	forPeers(t, func(t *testing.T, c filestore.Config, p *python) {
		s := open(t, c)
		for _, sweep := range []string{"delete_expired", "delete_all"} {
			stop := filepath.Join(t.TempDir(), "stop")
			must(t, s.Create(t.Context(), sessiontest.NewID(), []byte(`{}`), time.Hour))
			p.begin("sweep", sweep, stop)
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
			answer := p.answer()
			t.Logf("%s beside %d sessions, %d of their changes found them gone: [calls, errors] %s", sweep, changes, gone, answer)
			if sweep == "delete_expired" && c.Layout == filestore.Litestar && strings.Contains(answer, "Decode") {
				t.Errorf("Python cannot read a file of Go's")
			}
		}
	})
}
