package main

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// What lies in a table under an id of another form is counted, and left alone, until
// it is asked for.
func TestOddRows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	dsn := "sqlite:" + path + "?layout=starlite"
	for i := range 3 {
		runStore(t, dsn, "put", "--create", testID(i), `{"n":1}`).want(t, "put", 0, "")
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, id := range []string{"hello-world", "null", "", strings.ToUpper(strings.Repeat("ab", 16))} {
		if _, err := db.Exec("INSERT INTO session (session_id, data, expires) VALUES (?, CAST('{\"a\":1}' AS BLOB), '2200-01-01 00:00:00.000000')", id); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Exec("INSERT INTO session (session_id, data, expires) VALUES ('text', CAST('hello' AS BLOB), '2200-01-01 00:00:00.000000')"); err != nil {
		t.Fatal(err)
	}
	if r := runStore(t, dsn, "list"); r.code != 0 || r.stderr != "sessctl: 3 sessions; 5 other rows: left out\n" {
		t.Errorf("list: %+v", r)
	}
	runStore(t, dsn, "list", "--odd").want(t, "list --odd", 0, "hello-wo…  7 B  in 1")
	runStore(t, dsn, "show", "--raw", "--key", "hello-world").want(t, "show --key", 0, `{"a":1}`)
	runStore(t, dsn, "show", "hello-world").want(t, "show", exitNotSession, "")
	runStore(t, "", "copy", "--from", dsn, "--to", "file:"+t.TempDir()+"?layout=litestar", "--json").want(t, "copy", 0, `"copied":3,`)
	runStore(t, dsn, "prune", "--json").want(t, "prune", 0, `"pruned":0,"odd":0,"kept":3}`)
	runStore(t, dsn, "clear", "--yes", "--json").want(t, "clear", 0, `"deleted":3}`)
	if r := runStore(t, dsn, "list"); r.stderr != "sessctl: 0 sessions; 5 other rows: left out\n" {
		t.Errorf("list: %s", r.stderr)
	}
	if _, err := db.Exec("INSERT INTO session (session_id, data, expires) VALUES ('old', CAST('{}' AS BLOB), '2020-01-01 00:00:00.000000'), (?, 'a text', '2020-01-01 00:00:00.000000')", testID(9)); err != nil {
		t.Fatal(err)
	}
	runStore(t, dsn, "prune", "--dry-run", "--json").want(t, "prune --dry-run", 0, `"pruned":2,"odd":0,"kept":0}`)
	for _, args := range [][]string{{"--dry-run", "--json"}, {"--json"}} {
		runStore(t, dsn, append([]string{"prune", "--odd"}, args...)...).want(t, "prune --odd", 0, `"pruned":2,"odd":4,"kept":0}`)
	}
	if r := runStore(t, dsn, "list"); r.stderr != "sessctl: 0 sessions; 1 other row: left out\n" {
		t.Errorf("list: %s", r.stderr)
	}
}

// However long ago a session ended: what would be done is what is done.
func TestLongOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	dir := t.TempDir()
	for _, dsn := range []string{"sqlite:" + path + "?layout=starlite", "file:" + dir + "?layout=starlite"} {
		for _, tt := range []struct {
			args []string
			want string
		}{
			{[]string{"delete", testID(0), testID(1), testID(2)}, `"deleted":3,"missing":0}`},
			{[]string{"clear", "--yes"}, `"deleted":3}`},
			{[]string{"prune"}, `"pruned":3,"odd":0,"kept":0}`},
		} {
			for i, year := range []string{"0001", "0500", "0000"} {
				if strings.HasPrefix(dsn, "file:") {
					year = strings.Replace(year, "0000", "0999", 1) // which no file of Starlite's can hold
					writeFile(t, filepath.Join(dir, testID(i)), `{"expires":"`+year+`-01-01T00:00:00","data":"{}"}`)
					continue
				}
				runStore(t, dsn, "put", "--create", testID(i), `{}`).want(t, "put", 0, "")
				updateRow(t, path, testID(i), year+"-00-00 00:00:00")
			}
			if r := runStore(t, dsn, "list"); r.code != 0 || r.stderr != "sessctl: 3 sessions, 3 of them expired\n" {
				t.Errorf("list: %+v", r)
			}
			runStore(t, dsn, append(tt.args, "--dry-run", "--json")...).want(t, "--dry-run", 0, tt.want)
			runStore(t, dsn, append(tt.args, "--json")...).want(t, tt.args[0], 0, tt.want)
		}
	}
	// A text that is none of a time is damaged, to all.
	dsn := "sqlite:" + path
	runStore(t, dsn, "put", testID(0), `{}`).want(t, "put", 0, "")
	for _, junk := range []string{"", "junk", "0500", "9999-99-99 99"} {
		updateRow(t, path, testID(0), junk)
		runStore(t, dsn, "list").want(t, "list", exitNotSession, "not a session")
		for _, args := range [][]string{{"clear", "--yes"}, {"prune"}, {"delete", testID(0)}} {
			dry := runStore(t, dsn, append(args, "--dry-run", "--json")...)
			wet := runStore(t, dsn, append(args, "--json")...)
			if dry.stdout != wet.stdout || dry.code != wet.code {
				t.Errorf("%q: %v: %+v, and %+v", junk, args, dry, wet)
			}
			if args[0] != "prune" {
				runStore(t, dsn, "put", testID(0), `{}`).want(t, "put", 0, "")
				updateRow(t, path, testID(0), junk)
			}
		}
	}
}

// updateRow puts anything into the expiry of Starlite's table.
func updateRow(t *testing.T, path, id, expires string) {
	t.Helper()
	execSQLite(t, path, "UPDATE session SET expires = ? WHERE session_id = ?", expires, id)
}

func execSQLite(t *testing.T, path, query string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(query, args...); err != nil {
		t.Fatal(err)
	}
}

// A table that another process has locked is waited for, and no longer than --timeout.
func TestLockedDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	dsn := "sqlite:" + path + "?layout=litestar&table=user_session"
	runStore(t, dsn, "put", "--create", testID(1), `{}`).want(t, "put", 0, "")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	locks, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := locks.ExecContext(t.Context(), "BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	r := runStore(t, dsn, "put", "--timeout", "1s", testID(1), `{}`)
	if took := time.Since(start); r.code != exitIO || took < 500*time.Millisecond || took > 3*time.Second {
		t.Errorf("exit code %d after %v: %s", r.code, took, r.stderr)
	}
	time.AfterFunc(500*time.Millisecond, func() { locks.ExecContext(t.Context(), "ROLLBACK") })
	runStore(t, dsn, "put", testID(1), `{}`).want(t, "put", 0, "")
}

// A database that is made is for the eyes of its owner.
func TestDatabaseMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	runStore(t, "sqlite:"+path+"?layout=starlite", "put", "--create", testID(1), `{}`).want(t, "put", 0, "")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode != 0o600 {
		t.Errorf("%o", mode)
	}
}

// What is written again, or copied on and on, keeps its expiry to the second.
func TestExpiryStays(t *testing.T) {
	dir := t.TempDir()
	dsn := func(name string) string { return "sqlite:" + filepath.Join(dir, name) + "?layout=litestar" }
	expiry := func(name string) string {
		t.Helper()
		r := runStore(t, dsn(name), "show", "--json", testID(1))
		r.want(t, "show", 0, `"expires_at":"2`)
		_, at, _ := strings.Cut(r.stdout, `"expires_at":"`)
		return at[:len("2006-01-02T15:04:05Z")]
	}
	runStore(t, dsn("a"), "put", "--create", "--max-age", "1h", testID(1), `{}`).want(t, "put", 0, "")
	want := expiry("a")
	for n := range 3 {
		time.Sleep(150 * time.Millisecond) // other fractions of a second
		runStore(t, dsn("a"), "put", testID(1), fmt.Sprintf(`{"n":%d}`, n)).want(t, "put", 0, "")
		if got := expiry("a"); got != want {
			t.Errorf("put %d: %s, want %s", n, got, want)
		}
	}
	for n, from := range []string{"a", "b", "c"} {
		to := []string{"b", "c", "d"}[n]
		runStore(t, "", "copy", "--from", dsn(from), "--to", dsn(to), "--create", "--json").want(t, "copy", 0, `"copied":1,`)
		if got := expiry(to); got != want {
			t.Errorf("copied to %s: %s, want %s", to, got, want)
		}
	}
}
