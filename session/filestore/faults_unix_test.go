//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package filestore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sessctl/sessctl/internal/compat"
	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/filestore"
	"github.com/sessctl/sessctl/session/sessiontest"
)

func init() { jobs["full"] = fillUp }

// A write that stops half-way is an error, what was there stays, and nothing is left.
// The limit of a file's size stops it as a full disk does.
func TestDiskFull(t *testing.T) {
	for name, c := range layouts {
		t.Run(name, func(t *testing.T) {
			c.Dir = t.TempDir()
			s := open(t, c)
			id := sessiontest.NewID()
			if c.Names == filestore.NamesID {
				t.Log("as with other names")
				return
			}
			must(t, s.Create(t.Context(), id, []byte(`{"a":1}`), time.Hour))
			cmd := compat.Process(t, "full", process(c), id, sessiontest.NewID())
			must(t, cmd.Run())
			want(t, s, id, `{"a":1}`)
			entries, err := os.ReadDir(c.Dir)
			if err != nil || len(entries) != 1 {
				t.Errorf("%v, %v", entries, err)
			}
		})
	}
}

func fillUp(s compat.SwapStore, args []string) error {
	signal.Ignore(unix.SIGXFSZ)
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 1000, Max: 1000}); err != nil {
		return err
	}
	ctx := context.Background()
	big := []byte(strings.Repeat("x", 10_000))
	for what, err := range map[string]error{
		"Replace": s.Replace(ctx, args[0], big, time.Hour),
		"Create":  s.Create(ctx, args[1], big, time.Hour),
		"Swap":    s.Swap(ctx, args[0], compat.Numbered(0), big, time.Hour),
	} {
		if !errors.Is(err, unix.EFBIG) || strings.Contains(err.Error(), args[0]) {
			return fmt.Errorf("%s: %v, want EFBIG", what, err)
		}
	}
	return s.Touch(ctx, args[0], time.Hour)
}

// What is no regular file is neither followed nor opened nor deleted.
func TestNoRegularFile(t *testing.T) {
	for name, c := range layouts {
		for what, place := range map[string]func(path, secret string) error{
			"symlink": func(path, secret string) error { return os.Symlink(secret, path) },
			"dangling symlink": func(path, secret string) error {
				return os.Symlink(secret+"x", path)
			},
			"fifo":      func(path, _ string) error { return unix.Mkfifo(path, 0o600) },
			"directory": func(path, _ string) error { return os.Mkdir(path, 0o700) },
			"socket": func(path, _ string) error {
				fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
				if err != nil {
					return err
				}
				defer unix.Close(fd)
				// The path may be longer than a socket's: bind in its directory.
				return os.Rename(bound(fd), path)
			},
		} {
			t.Run(name+"/"+what, func(t *testing.T) {
				c.Dir = t.TempDir()
				s := open(t, c)
				id := sessiontest.NewID()
				must(t, s.Create(t.Context(), id, []byte(`{"user":"another"}`), time.Hour))
				path := firstSession(t, c.Dir)
				secret := filepath.Join(t.TempDir(), "secret")
				must(t, os.Rename(path, secret))
				before, err := os.ReadFile(secret)
				must(t, err)
				must(t, place(path, secret))

				done := make(chan struct{})
				go func() {
					defer close(done)
					_, _, load := s.Load(t.Context(), id)
					for what, err := range map[string]error{
						"Load": load, "Create": s.Create(t.Context(), id, []byte(`{}`), time.Hour),
						"Replace": s.Replace(t.Context(), id, []byte(`{}`), time.Hour), "Touch": s.Touch(t.Context(), id, time.Hour),
						"Delete": s.Delete(t.Context(), id),
					} {
						if !errors.Is(err, session.ErrDamaged) || !errors.Is(err, filestore.ErrKept) {
							t.Errorf("%s: %v, want session.ErrDamaged and ErrKept", what, err)
						}
					}
					for e, err := range s.List(t.Context()) {
						t.Errorf("listed: %+v, %v", e, err)
					}
					if n, err := s.Prune(t.Context()); n != 0 || err != nil {
						t.Errorf("Prune: %d, %v", n, err)
					}
					if n, err := s.Clear(t.Context()); n != 0 || err != nil {
						t.Errorf("Clear: %d, %v", n, err)
					}
				}()
				select {
				case <-done:
				case <-time.After(20 * time.Second):
					t.Fatal("it hangs")
				}
				if _, err := os.Lstat(path); err != nil {
					t.Errorf("it was removed: %v", err)
				}
				if after, err := os.ReadFile(secret); err != nil || string(after) != string(before) {
					t.Errorf("what lies elsewhere was changed: %q, %v", after, err)
				}
			})
		}
	}
}

// bound binds a socket to a short path.
func bound(fd int) string {
	path := filepath.Join(os.TempDir(), "fs"+sessiontest.NewID()[:8])
	unix.Bind(fd, &unix.SockaddrUnix{Name: path})
	return path
}

// A process that was stopped while it holds the lock does not stop others for ever.
func TestLockHeld(t *testing.T) {
	c := layouts["litestar"]
	c.Dir = t.TempDir()
	s := open(t, c)
	id := sessiontest.NewID()
	must(t, s.Create(t.Context(), id, []byte(`{}`), time.Hour))
	fd, err := unix.Open(c.Dir, unix.O_RDONLY, 0)
	must(t, err)
	defer unix.Close(fd)
	must(t, unix.Flock(fd, unix.LOCK_EX))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.Touch(ctx, id, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Touch: %v, want DeadlineExceeded", err)
	}
	want(t, s, id, `{}`) // a Load does not wait
	if left := leftoversOf(t, c.Dir); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
	must(t, unix.Flock(fd, unix.LOCK_UN))
	must(t, s.Touch(t.Context(), id, time.Hour))
}

// Files are for their owner alone.
func TestMode(t *testing.T) {
	old := unix.Umask(0)
	defer unix.Umask(old)
	for name, c := range layouts {
		c.Dir = t.TempDir()
		s := open(t, c)
		id := sessiontest.NewID()
		must(t, s.Create(t.Context(), id, []byte(`{}`), time.Hour))
		for range 2 {
			info, err := os.Stat(firstSession(t, c.Dir))
			must(t, err)
			if info.Mode() != 0o600 {
				t.Errorf("%s: %v", name, info.Mode())
			}
			must(t, s.Replace(t.Context(), id, []byte(`{}`), time.Hour))
		}
	}
}

// What root writes belongs to whose the directory is, what others write to themselves.
func TestOwner(t *testing.T) {
	for name, c := range layouts {
		t.Run(name, func(t *testing.T) {
			c.Dir = t.TempDir()
			owner := os.Geteuid()
			if owner == 0 {
				owner = 12345
				must(t, os.Chown(c.Dir, owner, -1))
			}
			c.Dir, c.Create = filepath.Join(c.Dir, "made", "sessions"), true
			s := open(t, c)
			id := sessiontest.NewID()
			for _, step := range []error{s.Create(t.Context(), id, []byte(`{}`), time.Hour), s.Touch(t.Context(), id, time.Hour)} {
				must(t, step)
				for _, path := range []string{firstSession(t, c.Dir), c.Dir, filepath.Dir(c.Dir)} {
					var info unix.Stat_t
					must(t, unix.Stat(path, &info))
					if int(info.Uid) != owner {
						t.Errorf("%s belongs to %d, want %d", path, info.Uid, owner)
					}
				}
			}
		})
	}
}
