package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// What root makes is for whose the directory is that was there.
func TestMadeDatabase(t *testing.T) {
	dir := t.TempDir()
	want := os.Geteuid()
	if want == 0 {
		want = 12345
		if err := os.Chown(dir, want, -1); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "made", "s.db")
	runStore(t, "sqlite:"+path+"?layout=starlite", "put", "--create", testID(1), `{}`).want(t, "put", 0, "")
	for _, made := range []string{path, filepath.Dir(path)} {
		var info unix.Stat_t
		if err := unix.Stat(made, &info); err != nil || int(info.Uid) != want {
			t.Errorf("%s belongs to %d, want %d; %v", made, info.Uid, want, err)
		}
	}
}

// A second store in the file of a first one, as copy opens it, leaves the locks of the
// first alone. Without them another process that closes the database takes its WAL away
// under the connections here, which breaks it.
func TestSQLiteLocks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	for _, dsn := range []string{
		"sqlite:" + path + "?layout=starlite&_pragma=journal_mode(WAL)", "sqlite:" + path + "?layout=litestar&table=user_session",
	} {
		d, err := parseDSN(dsn)
		if err != nil {
			t.Fatal(err)
		}
		s, err := openStoreOf(t.Context(), d, openOptions{create: true, timeout: time.Minute, now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		defer s.end()
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	const sharedFirst, sharedSize = 0x40000000 + 2, 510 // SQLite's os.h
	lock := unix.Flock_t{Type: unix.F_WRLCK, Start: sharedFirst, Len: sharedSize}
	if err := unix.FcntlFlock(file.Fd(), unix.F_OFD_GETLK, &lock); err != nil {
		t.Fatal(err)
	}
	if lock.Type == unix.F_UNLCK {
		t.Error("the connections hold no lock")
	}
}
