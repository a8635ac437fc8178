package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// cookieDir holds what testdata/scripts/cmd_cookies.py makes.
var cookieDir = filepath.Join("..", "..", "testdata", "cookies")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sessctl": main})
}

// TestScripts runs the archives of testdata: what a user types, and gets. Their
// cookies come from the module's testdata/cookies, which the real packages made.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			env.Setenv("TZ", "UTC")
			env.Setenv("GORACE", "atexit_sleep_ms=0") // else each run waits a second at its end
			return os.CopyFS(filepath.Join(env.WorkDir, "cookies"), os.DirFS(cookieDir))
		},
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exit": cmdExit},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// cmdExit runs sessctl and asserts its exit code: exit 4 decode garbage.
func cmdExit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: exit code args...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec("sessctl", args[1:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}
