package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/session/filestore"
)

// fileStore makes a directory of n sessions, whose ids are those of testID.
func fileStore(t *testing.T, layout filestore.Layout, n int) (s *filestore.Store, dir string) {
	t.Helper()
	dir = t.TempDir()
	s, err := filestore.New(filestore.Config{Dir: dir, Layout: layout, Names: filestore.NamesID, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := s.Create(t.Context(), testID(i), fmt.Appendf(nil, `{"n":%d}`, i), time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	return s, dir
}

// startStore runs sessctl store with all streams but stdout at a terminal.
func startStore(t *testing.T, args ...string) *terminal {
	t.Helper()
	return startInTerminalWith(t, func(cmd *exec.Cmd, tty *os.File) {
		cmd.Env = append(os.Environ(), "TERM=xterm", noRaceSleep)
		cmd.Stdin, cmd.Stderr = tty, tty
	}, append([]string{"store"}, args...)...)
}

// clear asks a person, and takes nothing but a yes for one.
func TestClearAsks(t *testing.T) {
	for typed, want := range map[string]int{"n\r": exitUsage, "\r": exitUsage, "\x04": exitUsage, "\x03": exitInterrupted, "y\r": exitOK, "YES\r": exitOK} {
		_, dir := fileStore(t, filestore.Starlite, 2)
		term := startStore(t, "clear", "--store", "file:"+dir+"?layout=starlite")
		term.waitFor("question", func() bool { return strings.Contains(term.text(), "delete every session (2) of the directory "+dir) })
		term.typeText(typed)
		code := term.exitCode()
		left, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		if code != want || (len(left) == 0) != (code == exitOK) {
			t.Errorf("%q: exit code %d, want %d; %d sessions are left", typed, code, want, len(left))
		}
	}
}

// interrupted is what an interrupted copy says last.
var interrupted = regexp.MustCompile(`sessctl: interrupted after (\d+) sessions? copied`)

// A copy shows how far it is, can be interrupted, and goes on.
func TestCopyProgress(t *testing.T) {
	const sessions = 20_000 // so many that it is seen on a fast disk too
	_, from := fileStore(t, filestore.Starlite, sessions)
	to := filepath.Join(t.TempDir(), "to")
	args := []string{"copy", "--from", "file:" + from + "?layout=starlite", "--to", "file:" + to + "?layout=litestar&names=id", "--create", "--color", "never"}
	term := startStore(t, args...)
	shown := regexp.MustCompile(`\d+ sessions, \d+/s.* \d+ %, \S+ left`)
	term.waitFor("progress", func() bool { return shown.MatchString(term.text()) })
	term.typeText("\x03")
	if code := term.exitCode(); code != exitInterrupted {
		t.Fatalf("exit code %d: %s", code, term.text())
	}
	term.waitFor("summary", func() bool { return interrupted.MatchString(term.text()) })
	copied, _ := strconv.Atoi(interrupted.FindStringSubmatch(term.text())[1])
	target, err := filestore.New(filestore.Config{Dir: to, Layout: filestore.Litestar, Names: filestore.NamesID, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for e, err := range target.List(t.Context()) {
		if err != nil || e.ID == "" {
			t.Fatalf("half a session is there: %+v, %v", e, err)
		}
		there[e.ID] = true
	}
	if copied == 0 || len(there) < copied || len(there) > copied+copyWorkers || len(there) == sessions {
		t.Fatalf("%d copied, %d are there of %d", copied, len(there), sessions)
	}

	goOn := func(copied, same int, more ...string) {
		t.Helper()
		runStore(t, "", append(slices.Concat(args, more), "--json")...).want(t, "copy", exitOK,
			fmt.Sprintf(`"copied":%d,"same":%d,"kept":0,"expired":0,"unreadable":0,"failed":0}`, copied, same))
	}
	goOn(sessions-len(there), len(there), "--dry-run")
	var ids []string
	for n := range sessions {
		if !there[testID(n)] && len(ids) < 100 {
			ids = append(ids, testID(n))
		}
	}
	missing := len(ids)
	for id := range there {
		ids = append(ids, id)
	}
	list := filepath.Join(t.TempDir(), "ids")
	writeFile(t, list, strings.Join(ids, "\n"))
	goOn(missing, len(there), "--ids", list)
	goOn(0, missing+len(there), "--ids", list)
}

// Neither a terminal that cannot nor -q shows progress.
func TestCopyWithoutProgress(t *testing.T) {
	_, from := fileStore(t, filestore.Starlite, 600)
	for name, args := range map[string][]string{"dumb": nil, "-q": {"-q"}} {
		term := startInTerminalWith(t, func(cmd *exec.Cmd, tty *os.File) {
			cmd.Env = append(os.Environ(), "TERM=dumb", noRaceSleep)
			if name == "-q" {
				cmd.Env = append(cmd.Env, "TERM=xterm")
			}
			cmd.Stderr = tty
		}, append([]string{"store", "copy", "--from", "file:" + from + "?layout=starlite", "--to", "file:" + t.TempDir() + "?layout=litestar"}, args...)...)
		if code := term.exitCode(); code != exitOK || strings.Contains(term.text(), "/s") {
			t.Errorf("%s: exit code %d, the terminal shows %q", name, code, term.text())
		}
	}
}

// Ctrl-C does not wait for a server.
func TestInterruptStore(t *testing.T) {
	for _, dsn := range silentDSNs(t) {
		term := startStore(t, "show", "--store", dsn, testID(1))
		time.Sleep(300 * time.Millisecond) // nothing tells from outside that it waits
		term.typeText("\x03")
		start := time.Now()
		if code := term.exitCode(); code != exitInterrupted || time.Since(start) > 6*time.Second {
			t.Errorf("%s: exit code %d after %v: %s", dsn, code, time.Since(start), term.text())
		}
	}
}
