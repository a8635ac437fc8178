package sessctl_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/pylive"
)

// TestLiveDecodeCommand runs sessctl decode on cookies that apps have just set.
func TestLiveDecodeCommand(t *testing.T) {
	pylive.Require(t)
	binary := filepath.Join(t.TempDir(), "sessctl.exe")
	if out, err := exec.Command("go", "build", "-o", binary, "./cmd/sessctl").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	for _, p := range peers {
		t.Run(p.name, func(t *testing.T) {
			testDecodeCommand(t, binary, p)
		})
	}
}

func testDecodeCommand(t *testing.T, binary string, p peer) {
	key := newSecret(t)
	app, b := p.serve(t, key, "session"), newBrowser(t)
	keyFile, wrongFile := writeKey(t, p, key), writeKey(t, p, newSecret(t))

	run := func(args ...string) (exit int, stdout, stderr string) {
		t.Helper()
		var out, errOut bytes.Buffer
		cmd := exec.CommandContext(t.Context(), binary, append([]string{"decode"}, args...)...)
		cmd.Env = append(os.Environ(), "SESSCTL_KEY_FILE=")
		cmd.Stdout, cmd.Stderr = &out, &errOut
		var exited *exec.ExitError
		if err := cmd.Run(); err != nil && !errors.As(err, &exited) {
			t.Fatal(err)
		}
		if strings.Contains(out.String()+errOut.String(), string(key)) {
			t.Error("the secret is in the output")
		}
		return cmd.ProcessState.ExitCode(), out.String(), errOut.String()
	}
	check := func(wantExit int, wantStdout string, args ...string) {
		t.Helper()
		exit, stdout, stderr := run(args...)
		if exit != wantExit || stdout != wantStdout {
			t.Errorf("exit %d, want %d\nstdout %s\n  want %s\nstderr %s", exit, wantExit, stdout, wantStdout, stderr)
		}
	}

	sessions := map[codec.Format]string{
		codec.FormatStarlette: `{"user": "zo\u00eb", "n": 1.0, "big": 1180591620717411303424, "text": "%s"}`,
		codec.FormatLitestar:  `{"user":"zoë","n":1.0,"big":1180591620717411303424,"text":"%s"}`,
	}
	for _, size := range []int{10, 9000} {
		if size > codec.MaxCookieSize && !splittingPeer(p) {
			continue
		}
		text := fmt.Sprintf(sessions[p.format], newGenerator(t, p.format).filler(size))
		b.python(http.MethodPost, app+"/replace", text)
		var pairs []string
		for _, c := range b.cookies() {
			c.Path, c.HttpOnly = "", false
			pairs = append(pairs, c.String())
		}
		header := "Cookie: " + strings.Join(pairs, "; ")

		check(0, text, "--raw", "--key-file", keyFile, header)
		if exit, stdout, _ := run("--json", "--key-file", keyFile, header); exit != 0 {
			t.Errorf("--json: exit %d", exit)
		} else {
			var result struct {
				Outcome  string
				Format   string
				Verified *bool
				Expired  bool
				Session  json.RawMessage
			}
			if err := json.Unmarshal([]byte(stdout), &result); err != nil {
				t.Fatalf("--json: %v\n%s", err, stdout)
			}
			if result.Outcome != "ok" || result.Format != p.format.String() || result.Verified == nil || !*result.Verified || result.Expired {
				t.Errorf("--json: %s", stdout)
			}
			var got, want bytes.Buffer
			if err := errors.Join(json.Compact(&got, result.Session), json.Compact(&want, []byte(text))); err != nil || got.String() != want.String() {
				t.Errorf("--json: session %s, want %s (%v)", &got, &want, err)
			}
		}
		exit, stdout, stderr := run("--key-file", keyFile, header)
		if exit != 0 || !strings.Contains(stdout, `"user"`) || !strings.Contains(stderr, ", verified") {
			t.Errorf("exit %d\nstdout %s\nstderr %s", exit, stdout, stderr)
		}
		check(0, text, "--raw", "--key-file", "new="+wrongFile, "--key-file", "old="+keyFile, header)

		check(1, "", "--key-file", wrongFile, header)
		check(1, "", "--raw", "--key-file", wrongFile, header)
		check(1, "", "--raw", "--key-file", "new="+wrongFile, "--key-file", "old="+writeKey(t, p, newSecret(t)), header)
		if !p.untimed {
			later := strconv.FormatInt(time.Now().Add(codec.DefaultMaxAge+time.Hour).Unix(), 10)
			check(3, text, "--raw", "--key-file", keyFile, "--now", later, header)
			check(1, "", "--raw", "--key-file", wrongFile, "--now", later, header)
		}
	}
	check(4, "", "--key-file", keyFile, "session=garbage")
	check(4, "", "--key-file", keyFile, "session=!!!.???")
	check(4, "", "garbage")
}

func writeKey(t *testing.T, p peer, s secret) (path string) {
	t.Helper()
	text := string(s) + "\n"
	if p.format == codec.FormatLitestar {
		text = "hex:" + text
	}
	path = filepath.Join(t.TempDir(), "app.key")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
