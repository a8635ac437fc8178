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

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sessctl": main})
}

// TestScripts runs the archives of testdata: what a user types, and gets. Their
// cookies come from testdata/cookies, which testdata/scripts/cmd_cookies.py
// makes with the real packages.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			env.Setenv("TZ", "UTC")
			return os.CopyFS(filepath.Join(env.WorkDir, "cookies"), os.DirFS(filepath.Join("testdata", "cookies")))
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
