package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
)

// What is too large to be read, or no session, concerns itself alone: every command
// goes on over it, and says so.
func TestRefusedSessions(t *testing.T) {
	large := `{"a":"` + strings.Repeat("x", 1<<20) + `"}`
	good, tooLarge, damaged, odd := testID(1), testID(2), testID(3), "odd"
	for _, tt := range []struct {
		kind      string
		size      string // of what is too large
		keeps     int    // sessions that prune leaves
		deletes   bool   // clear what is not a session too
		left      int    // the exit code of clear and prune
		openStore func(t *testing.T) (dsn string)
	}{
		{"file", "0", 1, false, exitNotSession, func(t *testing.T) string {
			dir := t.TempDir()
			for id, data := range map[string]string{good: `{"n":1}`, tooLarge: large, odd: `{"odd":1}`} {
				writeFile(t, filepath.Join(dir, id), fmt.Sprintf(`{"expires":"2200-01-01T00:00:00","data":%q}`, data))
			}
			path, before := filepath.Join(dir, damaged), time.Now().Add(-time.Hour)
			writeFile(t, path, "hello, which is none")
			if err := os.Chtimes(path, before, before); err != nil { // so nobody is about to write it
				t.Fatal(err)
			}
			return "file:" + dir + "?layout=starlite"
		}},
		{"sqlite", fmt.Sprint(len(large)), 3, true, exitOK, func(t *testing.T) string {
			path := filepath.Join(t.TempDir(), "s.db")
			dsn := "sqlite:" + path + "?layout=starlite"
			runStore(t, dsn, "put", "--create", good, `{"n":1}`).want(t, "put", 0, "")
			insertRow(t, path, tooLarge, []byte(large))
			insertRow(t, path, damaged, "a text is no blob")
			insertRow(t, path, odd, []byte(`{"odd":1}`))
			return dsn
		}},
	} {
		t.Run(tt.kind, func(t *testing.T) {
			dsn := tt.openStore(t)
			r := runStore(t, dsn, "list")
			r.want(t, "list", exitNotSession, "00000000…")
			if !strings.Contains(r.stdout, "not readable\n") || !strings.Contains(r.stdout, "not a session\n") || !strings.Contains(r.stderr, "1 session, 2 not readable; 1 other ") {
				t.Errorf("list: %s%s", r.stdout, r.stderr)
			}
			r = runStore(t, dsn, "list", "--count")
			if r.want(t, "list --count", exitNotSession, "1\n"); !strings.Contains(r.stderr, "1 session, 2 not readable") {
				t.Errorf("list --count says %s", r.stderr)
			}
			runStore(t, dsn, "list", "--json").want(t, "list --json", exitNotSession, `"size":`+tt.size+`,`)
			runStore(t, dsn, "list", "--json").want(t, "list --json", exitNotSession, `"message":"what the store holds there cannot be read: it is too large"`)
			ids := filepath.Join(t.TempDir(), "ids")
			writeFile(t, ids, tooLarge+"\n"+damaged+"\n"+good)
			runStore(t, dsn, "list", "--count", "--ids", ids).want(t, "list --ids", exitNotSession, "1\n")
			r = runStore(t, dsn, "show", "--json", tooLarge)
			if r.want(t, "show", exitNotSession, `"code":"not-readable"`); !strings.Contains(r.stderr, "larger than 1 MiB") {
				t.Errorf("show: %s", r.stderr)
			}
			runStore(t, dsn, "show", "--json", damaged).want(t, "show", exitNotSession, `"code":"not-a-session"`)

			target := "file:" + t.TempDir() + "?layout=litestar"
			const copied = `"copied":1,"same":0,"kept":0,"expired":0,"unreadable":2,"failed":0}`
			runStore(t, "", "copy", "--from", dsn, "--to", target, "--dry-run", "--json").want(t, "copy --dry-run", exitNotSession, copied)
			runStore(t, "", "copy", "--from", dsn, "--to", target, "--json").want(t, "copy", exitNotSession, copied)

			pruned := fmt.Sprintf(`"pruned":0,"odd":%%d,"kept":%d}`, tt.keeps)
			runStore(t, dsn, "prune", "--json").want(t, "prune", tt.left, fmt.Sprintf(pruned, 0))
			runStore(t, dsn, "prune", "--odd", "--dry-run", "--json").want(t, "prune --odd --dry-run", tt.left, fmt.Sprintf(pruned, 1))
			runStore(t, dsn, "prune", "--odd", "--json").want(t, "prune --odd", tt.left, fmt.Sprintf(pruned, 1))

			const deleted = `"deleted":3,"missing":1}`
			args := []string{"delete", "--json", tooLarge, damaged, testID(4), good}
			runStore(t, dsn, append(args, "--dry-run")...).want(t, "delete --dry-run", exitOK, deleted)
			runStore(t, dsn, args...).want(t, "delete", exitOK, deleted)

			cleared := `"deleted":1}`
			if tt.deletes {
				cleared = `"deleted":3}`
			}

			for _, odd := range []bool{false, true} {
				dsn := tt.openStore(t)
				if !odd {
					runStore(t, dsn, "prune", "--odd").want(t, "prune --odd", tt.left, "")
				}
				runStore(t, dsn, "clear", "--dry-run", "--json").want(t, "clear --dry-run", tt.left, cleared)
				runStore(t, dsn, "clear", "--yes", "--json").want(t, "clear", tt.left, cleared)
				r := runStore(t, dsn, "list")
				if strings.Contains(r.stderr, "other") != odd || strings.Contains(r.stderr, "not readable") == tt.deletes {
					t.Errorf("is left: %s", r.stderr)
				}
			}
		})
	}
	path := filepath.Join(t.TempDir(), "s.db")
	runStore(t, "sqlite:"+path+"?layout=starlite", "put", "--create", good, `{}`).want(t, "put", 0, "")
	insertRow(t, path, tooLarge, []byte(large))
	runStore(t, "sqlite:"+path, "put", tooLarge, `{"n":2}`).want(t, "put over it", 0, "")
	runStore(t, "sqlite:"+path, "show", "--raw", tooLarge).want(t, "show", 0, `{"n":2}`)
}

// What a killed writer has emptied has expired, to list and to show.
func TestEmptiedFile(t *testing.T) {
	for _, layout := range []string{"starlite", "litestar&names=id"} {
		dir := t.TempDir()
		path, before := filepath.Join(dir, testID(1)), time.Now().Add(-time.Hour)
		writeFile(t, path, "")
		if err := os.Chtimes(path, before, before); err != nil {
			t.Fatal(err)
		}
		dsn := "file:" + dir + "?layout=" + layout
		runStore(t, dsn, "list").want(t, "list", 0, "0 B  expired, empty\n")
		runStore(t, dsn, "list", "--json").want(t, "list --json", 0, `"expired":true,"findings":[]}`)
		r := runStore(t, dsn, "show", "--json", testID(1))
		if r.want(t, "show --json", exitOutsideTime, `"expired":true,"findings":[]}`); !strings.Contains(r.stderr, "the file is empty") || strings.Contains(r.stderr, "hint") {
			t.Errorf("show: %s", r.stderr)
		}
	}
}

// insertRow puts anything into Starlite's table.
func insertRow(t *testing.T, path, id string, data any) {
	t.Helper()
	execSQLite(t, path, "INSERT INTO session (session_id, data, expires) VALUES (?, ?, '2200-01-01 00:00:00.000000')", id, data)
}

// refusingStore lists a session that the system does not let be read, and then fails.
type refusingStore struct {
	*session.Memory
	end error
}

func (s refusingStore) List(context.Context) iter.Seq2[session.Entry, error] {
	return func(yield func(session.Entry, error) bool) {
		_ = yield(session.Entry{ID: testID(1), Key: testID(1)}, fmt.Errorf("open: %w", fs.ErrPermission)) &&
			yield(session.Entry{ID: testID(2), Key: testID(2)}, nil) &&
			yield(session.Entry{ID: testID(3), Key: testID(3), Size: maxJSON + 1}, nil) && yield(session.Entry{}, s.end)
	}
}

// Whose an error of a list is tells the entry: the same one without it is the store's.
func TestListErrors(t *testing.T) {
	s := refusingStore{session.NewMemory(session.MemoryConfig{}), fmt.Errorf("read: %w", fs.ErrPermission)}
	store := openSlow(0)
	store.whole = s
	var ids []string
	var end error
	for e, err := range store.list(t.Context()) {
		if err != nil {
			end = err
			break
		}
		if ids = append(ids, e.ID); (e.refused != nil) != (e.ID != testID(2)) || e.refused != nil && !isUnreadable(e.refused) {
			t.Errorf("%s: %v", e.ID, e.refused)
		}
	}
	if len(ids) != 3 || !errors.Is(end, fs.ErrPermission) {
		t.Errorf("%d entries, then %v", len(ids), end)
	}
}

// Delete is refused what one user may not delete, and one id holds no session.
func (s refusingStore) Delete(_ context.Context, id string) error {
	switch id {
	case testID(1):
		return session.ErrDamaged
	case testID(2):
		return fmt.Errorf("open: %w", fs.ErrPermission)
	}
	return nil
}

// The system refuses single files: delete goes on, and the exit code is of the worst.
func TestDeleteRefused(t *testing.T) {
	s := refusingStore{Memory: session.NewMemory(session.MemoryConfig{})}
	d := storeDelete{oneStore: oneStore{openStore: &openStore{dsn: &dsn{kind: "file", path: "d"}, backend: backend{live: s, whole: s}, timeout: time.Minute}}}
	var rec deleted
	var f *failure
	err := d.all(t.Context(), []string{testID(1), testID(2), testID(3), testID(4)}, &rec)
	if !errors.As(err, &f) || f.code != exitIO || f.text != "2 not deleted, the first one because the directory d: open: permission denied" || rec.Deleted != 2 {
		t.Errorf("%d deleted, %v", rec.Deleted, err)
	}
}

// LoadKey lets nobody read what another user's is.
func (s refusingStore) LoadKey(context.Context, string) ([]byte, time.Time, error) {
	return nil, time.Time{}, fmt.Errorf("open: %w", fs.ErrPermission)
}

func (s refusingStore) DeleteKey(context.Context, string) error { return fs.ErrPermission }

// What prune --odd may not read is left, and it says so.
func TestPruneOddRefused(t *testing.T) {
	s := oddStore{refusingStore{Memory: session.NewMemory(session.MemoryConfig{})}}
	for dryRun, verb := range map[bool]string{true: "would be", false: "were"} {
		p := storePrune{odd: true, dryRun: dryRun, oneStore: oneStore{openStore: &openStore{dsn: &dsn{kind: "file", path: "d"}, backend: backend{live: s, whole: s}, timeout: time.Minute}}}
		var f *failure
		err := p.prune(t.Context(), &pruned{Kept: new(int)})
		if !errors.As(err, &f) || f.code != exitIO || f.text != "the directory d: 3 files "+verb+" left; the first: open: permission denied" {
			t.Error(err)
		}
	}
}

// oddStore lists odd keys, and a session that its sweep leaves.
type oddStore struct{ refusingStore }

func (s oddStore) Prune(context.Context) (int, error) {
	return 0, fmt.Errorf("filestore: 1 file was left; the first: open: %w", fs.ErrPermission)
}

func (s oddStore) List(context.Context) iter.Seq2[session.Entry, error] {
	return func(yield func(session.Entry, error) bool) {
		_ = yield(session.Entry{ID: testID(1), Key: testID(1)}, fmt.Errorf("open: %w", fs.ErrPermission)) && yield(session.Entry{Key: "a", Odd: true}, nil) && yield(session.Entry{Key: "b", Odd: true}, nil)
	}
}

// leavingStore leaves what it sweeps, and does not let it be read.
type leavingStore struct {
	*session.Memory
	left    []error
	expires time.Time
}

func (s leavingStore) sweep() (int, error) {
	return 1, fmt.Errorf("filestore: %d files were left; the first: %w", len(s.left), s.left[len(s.left)-1])
}

func (s leavingStore) Clear(context.Context) (int, error) { return s.sweep() }
func (s leavingStore) Prune(context.Context) (int, error) { return s.sweep() }

func (s leavingStore) List(context.Context) iter.Seq2[session.Entry, error] {
	return func(yield func(session.Entry, error) bool) {
		for n, err := range s.left {
			if !yield(session.Entry{ID: testID(n), Key: testID(n), Expires: s.expires}, err) {
				return
			}
		}
	}
}

// What the system refuses lives on, and is an error; what is no session is left alone.
func TestSweepLeaves(t *testing.T) {
	refused := fmt.Errorf("filestore: open: %w", fs.ErrPermission)
	for _, tt := range []struct {
		left []error
		code int
		says string
	}{
		{[]error{session.ErrDamaged, codec.ErrTooLarge}, exitNotSession, "2 files were left; the first: session is too large"},
		{[]error{session.ErrDamaged, refused}, exitIO, "the directory d: 2 files were left; the first: open: permission denied"},
		{[]error{session.ErrDamaged}, exitNotSession, "1 file would be left; the first: the store holds something else where a session should be"},
		{[]error{session.ErrDamaged, refused}, exitIO, "the directory d: 2 files would be left; the first: open: permission denied"},
	} {
		dryRun := strings.Contains(tt.says, "would")
		memory := leavingStore{session.NewMemory(session.MemoryConfig{}), tt.left, time.Time{}}
		s := oneStore{openStore: &openStore{dsn: &dsn{kind: "file", path: "d"}, backend: backend{live: memory, whole: memory}, timeout: time.Minute}}
		c, p := storeClear{oneStore: s}, storePrune{oneStore: s, dryRun: dryRun}
		var clearErr error
		if dryRun {
			_, clearErr = c.countAll(t.Context())
		} else {
			_, clearErr = c.clear(t.Context(), memory)
		}
		for what, err := range map[string]error{"clear": clearErr, "prune": p.prune(t.Context(), &pruned{Kept: new(int)})} {
			var f *failure
			if !errors.As(err, &f) || f.code != tt.code || f.text != tt.says {
				t.Errorf("%s: %v; want %s", what, err, tt.says)
			}
		}
	}
}
