package filestore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Where the system refuses to delete sessions, and others are none, the error tells of
// the system's: those sessions live on.
func TestSweepRefused(t *testing.T) {
	dir := t.TempDir()
	s, err := New(Config{Dir: dir, Layout: Litestar, Names: NamesID})
	if err != nil {
		t.Fatal(err)
	}
	id := func(n int) string { return fmt.Sprintf("%032x", n) }
	for n := range 20 {
		if err := os.WriteFile(filepath.Join(dir, id(n)), []byte("hello"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Create(t.Context(), id(20), []byte(`{}`), time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chmod(dir, 0o555), os.Chmod(filepath.Dir(dir), 0o755)); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(dir, 0o755)
	if os.Geteuid() == 0 { // whom the mode does not stop
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := unix.Setfsuid(65534); err != nil {
			t.Fatal(err)
		}
		defer unix.Setfsuid(0)
	}
	_, err = s.Clear(t.Context())
	if !errors.Is(err, fs.ErrPermission) || !strings.HasPrefix(err.Error(), "filestore: 21 files were left; the first: ") {
		t.Errorf("%v", err)
	}
}
