// Package pylive runs real Python web apps for tests.
//
// Compatibility is proven against the real packages, at pinned versions. That
// needs Python and, the first time, a package index, so these tests run only
// where they are asked for: see [Enabled].
package pylive

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// Generous, since a slow machine is not a failure: only a hang is.
const (
	installTimeout = 10 * time.Minute
	startTimeout   = 2 * time.Minute
)

// Enabled reports whether tests against real Python were asked for: CI=true or
// SESSCTL_LIVE=1.
func Enabled() bool {
	return os.Getenv("CI") == "true" || os.Getenv("SESSCTL_LIVE") == "1"
}

// Require skips the test unless [Enabled]. Where it is enabled nothing skips:
// whatever is missing fails, so that a green run has run.
func Require(t testing.TB) {
	t.Helper()
	if !Enabled() {
		t.Skip("needs real Python packages: set SESSCTL_LIVE=1")
	}
}

// File returns the path of a file of testdata/live, where the apps and their
// requirements are.
func File(t testing.TB, name string) string {
	t.Helper()
	gomod, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		t.Fatalf("go env: %v", err)
	}
	return filepath.Join(filepath.Dir(strings.TrimSpace(string(gomod))), "testdata", "live", name)
}

// venvMu lets the tests of one process share what the first of them built.
var venvMu sync.Mutex

// Venv returns the interpreter of a virtual environment that holds exactly the
// packages of a requirements file, which must pin them all: dependencies are
// not resolved.
//
// Environments stay in the user's cache directory, named after the file's
// content and the Python that made them. Of several processes that build the
// same one, the first to finish is used by all.
func Venv(t testing.TB, requirements string) (python string) {
	t.Helper()
	venvMu.Lock()
	defer venvMu.Unlock()
	pins, err := os.ReadFile(requirements)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), installTimeout)
	defer cancel()
	base, bin := "python3", filepath.Join("bin", "python")
	if runtime.GOOS == "windows" {
		base, bin = "python", filepath.Join("Scripts", "python.exe")
	}
	version := run(ctx, t, base, "-I", "-c", "import sys; print(sys.executable, sys.version)")
	sum := sha256.Sum256([]byte(version + "\x00" + string(pins)))
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	cache = filepath.Join(cache, "sessctl")
	dir := filepath.Join(cache, "venv-"+hex.EncodeToString(sum[:8]))
	if _, err := os.Stat(dir); err == nil {
		return filepath.Join(dir, bin)
	}

	// Built elsewhere and renamed, so that what is there is whole. That moves
	// the environment, which breaks its scripts but not its interpreter.
	if err := os.MkdirAll(cache, 0o700); err != nil {
		t.Fatal(err)
	}
	tmp, err := os.MkdirTemp(cache, "building-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(tmp)
	run(ctx, t, base, "-I", "-m", "venv", tmp)
	run(ctx, t, filepath.Join(tmp, bin), "-I", "-m", "pip", "install", "--quiet", "--no-input",
		"--disable-pip-version-check", "--no-deps", "--requirement", requirements)
	if err := os.Rename(tmp, dir); err != nil {
		if _, statErr := os.Stat(dir); statErr != nil { // else another process was faster
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, bin)
}

// run returns what a command prints, and fails the test where it fails.
func run(ctx context.Context, t testing.TB, name string, args ...string) string {
	t.Helper()
	var stderr strings.Builder
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", filepath.Base(name), strings.Join(args, " "), err, out, stderr.String())
	}
	return string(out)
}

// serve runs an app on a port that the system chooses, until its standard
// input ends. So the server ends with the test process, even a killed one. By
// default h11 answers 400 to headers above 16 KiB that come in several reads:
// a session of ten chunks needs more.
const serve = `
import os, sys, threading, uvicorn
def watch():
    sys.stdin.read()
    os._exit(0)
threading.Thread(target=watch, daemon=True).start()
uvicorn.run(sys.argv[1], app_dir=sys.argv[2], host="127.0.0.1", port=0, access_log=False,
            use_colors=False, http="h11", h11_max_incomplete_event_size=1 << 17)
`

// listening is what uvicorn logs before the address, once it answers.
const listening = "Uvicorn running on "

// Serve starts a Python app (module:name, in appDir) under uvicorn and returns
// its URL, http://127.0.0.1:port. The server ends with the test, and its log is
// shown if the test failed. env holds name=value pairs for it.
func Serve(t testing.TB, python, appDir, app string, env ...string) (baseURL string) {
	t.Helper()
	cmd := exec.Command(python, "-I", "-B", "-u", "-c", serve, app, appDir)
	cmd.Env = append(os.Environ(), env...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = cmd.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}

	var log strings.Builder // complete, and free to read, once done is closed
	started, done := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(done)
		lines := bufio.NewReader(output)
		for {
			line, err := lines.ReadString('\n')
			log.WriteString(line)
			if _, rest, ok := strings.Cut(line, listening); ok {
				url, _, _ := strings.Cut(rest, " ")
				select {
				case started <- url:
				default:
				}
			}
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		stdin.Close()
		cmd.Process.Kill()
		<-done
		cmd.Wait() // an error, since it was killed
		if t.Failed() {
			t.Logf("log of %s:\n%s", app, log.String())
		}
	})

	select {
	case url := <-started:
		return url
	case <-done:
		t.Fatalf("%s ended before it answered", app)
	case <-time.After(startTimeout):
		t.Fatalf("%s did not answer within %v", app, startTimeout)
	}
	return ""
}
