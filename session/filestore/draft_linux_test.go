package filestore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/sessiontest"
)

// What Python deletes, or makes, between the look and the step is noticed by the step.
func TestPlace(t *testing.T) {
	for name, make := range map[string]func(dir, name string, content []byte, sync bool) (*draft, error){
		"unnamed": newDraft, "named": newNamedDraft,
	} {
		dir := t.TempDir()
		target := filepath.Join(dir, "target")
		place := func(exists bool) error {
			d, err := make(dir, "target", []byte("new"), true)
			if err != nil {
				t.Fatal(err)
			}
			defer d.discard()
			return d.place(target, exists)
		}
		if err := place(true); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: over what was deleted: %v, want ErrNotExist", name, err)
		}
		if err := os.WriteFile(target, []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := place(false); name == "unnamed" && !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: over what was made: %v, want ErrExist", name, err)
		}
		if err := place(true); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got, err := os.ReadFile(target); err != nil || string(got) != "new" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
			t.Errorf("%s: %v, %v", name, entries, err)
		}
	}
}

// Where there is no O_TMPFILE, or no /proc, the contract is kept too.
func TestNamedDrafts(t *testing.T) {
	was := hasFDs
	hasFDs = func() bool { return false }
	defer func() { hasFDs = was }()
	clock := sessiontest.NewClock()
	sessiontest.TestStore(t, sessiontest.Suite{
		New: func(t *testing.T) session.Store {
			s, err := New(Config{Dir: t.TempDir(), Layout: Litestar, Now: clock.Now})
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
		Advance: clock.Advance,
		Now:     clock.Now,
	})
}
