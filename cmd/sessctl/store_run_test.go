package main

import (
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// storeRun is what a command has said.
type storeRun struct {
	code           int
	stdout, stderr string
}

// runStore runs sessctl store with DSNs as variables give them: with passwords.
func runStore(t *testing.T, dsn string, args ...string) storeRun {
	t.Helper()
	e, stdout, stderr := testEnv("")
	e.now = time.Now
	e.lookupVar = func(name string) (string, bool) { return dsn, name == "SESSCTL_STORE" }
	code := run(append([]string{"store"}, args...), e)
	if said := stdout.String() + stderr.String(); strings.Contains(said, "hunter2") {
		t.Errorf("%v: the password is in %s", args, said)
	}
	return storeRun{code, stdout.String(), stderr.String()}
}

// want holds what was printed against a text, which may be a part of it.
func (r storeRun) want(t *testing.T, what string, code int, stdout string) {
	t.Helper()
	if r.code != code || !strings.Contains(r.stdout, stdout) || stdout == "" && r.stdout != "" {
		t.Errorf("%s: exit code %d, want %d\nstdout %s\n  want %s\nstderr %s", what, r.code, code, r.stdout, stdout, r.stderr)
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// silentServer accepts, and says nothing.
func silentServer(t *testing.T) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { conn.Close() })
		}
	}()
	return l.Addr().String()
}

// silentDSNs are those of stores that a silent server stands for.
func silentDSNs(t *testing.T) []string {
	addr := silentServer(t)
	return []string{
		"redis://" + addr + "/0?layout=litestar", "redis://" + addr + "/0?layout=litestar&cluster=1", "redis://" + addr + "/0?layout=litestar&master=m",
		"memcached://" + addr, "postgres://u@" + addr + "/db?sslmode=disable", "mysql://u@" + addr + "/db",
	}
}

// A server that says nothing is waited for no longer than --timeout, by every command.
func TestTimeout(t *testing.T) {
	for _, dsn := range silentDSNs(t) {
		for name, args := range map[string][]string{
			"show": {testID(1)}, "put": {testID(1), "{}"}, "delete": {testID(1)}, "list": nil, "clear": {"--yes"}, "prune": nil,
		} {
			if strings.HasPrefix(dsn, "memcached") && (name == "list" || name == "clear" || name == "prune") {
				continue // it is not asked
			}
			t.Run(name+" "+dsn, func(t *testing.T) {
				t.Parallel()
				start := time.Now()
				r := runStore(t, dsn, append([]string{name, "--timeout", "1s"}, args...)...)
				if took := time.Since(start); r.code != exitIO || took > 8*time.Second || !strings.Contains(r.stderr, "does not answer within 1 second\n") {
					t.Errorf("exit code %d after %v: %s", r.code, took, r.stderr)
				}
			})
		}
	}
}
