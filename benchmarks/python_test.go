package benchmarks

import (
	"bufio"
	"encoding/json"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/internal/pylive"
)

// requirements pin Starlette and what it needs.
const requirements = "../testdata/live/requirements-starlette.txt"

// python is a process that times Starlette's middleware; see starlette.py.
type python struct {
	t      testing.TB
	stdin  io.Writer
	stdout *bufio.Reader
}

// startPython returns nil where live tests were not asked for.
func startPython(t testing.TB) *python {
	t.Helper()
	if !pylive.Enabled() {
		return nil
	}
	interpreter := pylive.Venv(t, requirements)
	cmd := exec.Command(interpreter, "-I", "-B", "-u", "starlette.py", secret, starlette(t).cookie, strconv.Itoa(requests))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close() // ends it
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Errorf("starlette.py: %v\n%s", err, &stderr)
		}
	})
	return &python{t, stdin, bufio.NewReader(stdout)}
}

// round times one round of requests of each of Python's subjects.
func (p *python) round() map[string]time.Duration {
	if p == nil {
		return nil
	}
	if _, err := io.WriteString(p.stdin, "round\n"); err != nil {
		p.t.Fatal(err)
	}
	line, err := p.stdout.ReadString('\n')
	if err != nil {
		p.t.Fatalf("starlette.py ended: %v", err)
	}
	var nanoseconds map[string]int64
	if err := json.Unmarshal([]byte(line), &nanoseconds); err != nil {
		p.t.Fatalf("%v: %s", err, line)
	}
	took := map[string]time.Duration{}
	for name, n := range nanoseconds {
		took[name] = time.Duration(n)
	}
	return took
}

// Python reads the same session from the same cookie: starlette.py asserts it.
func TestPython(t *testing.T) {
	pylive.Require(t)
	took := startPython(t).round()
	if took["python-starlette"] <= took["python-bare"] || took["python-bare"] <= 0 {
		t.Errorf("a round took %v", took)
	}
}
