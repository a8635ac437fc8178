package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/compat"
	"github.com/sessctl/sessctl/internal/pylive"
)

// TestLiveDecodeCommand runs sessctl decode on cookies that apps have just set.
func TestLiveDecodeCommand(t *testing.T) {
	pylive.Require(t)
	binary := filepath.Join(t.TempDir(), "sessctl.exe")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	compat.EachPeer(t, compat.Peer.Any, func(t *testing.T, p compat.Peer) {
		testDecodeCommand(t, binary, p)
	})
}

func testDecodeCommand(t *testing.T, binary string, p compat.Peer) {
	key, b := compat.NewSecret(), compat.NewBrowser(t)
	app := p.Serve(b, key)
	keyFile, wrongFile, otherFile := writeKey(t, p, key), writeKey(t, p, compat.NewSecret()), writeKey(t, p, compat.NewSecret())

	decode := func(args ...string) (exit int, stdout, stderr string) {
		t.Helper()
		var out, errOut bytes.Buffer
		cmd := exec.CommandContext(t.Context(), binary, append([]string{"decode"}, args...)...)
		cmd.Env = append(os.Environ(), "SESSCTL_KEY_FILE=")
		cmd.Stdout, cmd.Stderr = &out, &errOut
		var exited *exec.ExitError
		if err := cmd.Run(); err != nil && !errors.As(err, &exited) {
			t.Fatal(err)
		}
		if strings.Contains(out.String()+errOut.String(), key.String()) {
			t.Error("the secret is in the output")
		}
		return cmd.ProcessState.ExitCode(), out.String(), errOut.String()
	}
	check := func(wantExit int, wantStdout string, args ...string) {
		t.Helper()
		exit, stdout, stderr := decode(args...)
		if exit != wantExit || stdout != wantStdout {
			t.Errorf("exit %d, want %d\nstdout %s\n  want %s\nstderr %s", exit, wantExit, stdout, wantStdout, stderr)
		}
	}

	sessions := map[codec.Format]string{
		codec.FormatStarlette: `{"user": "zo\u00eb", "n": 1.0, "big": 1180591620717411303424, "text": "%s"}`,
		codec.FormatLitestar:  `{"user":"zoë","n":1.0,"big":1180591620717411303424,"text":"%s"}`,
	}
	for _, size := range []int{10, 9000} {
		if size > codec.MaxCookieSize && !p.Splits() {
			continue
		}
		text := fmt.Sprintf(sessions[p.Format], compat.NewGenerator(t, p.Format).Filler(size))
		app.Replace(text)
		var pairs []string
		for _, c := range b.Cookies() {
			pairs = append(pairs, c.String())
		}
		header := "Cookie: " + strings.Join(pairs, "; ")

		check(0, text, "--raw", "--key-file", keyFile, header)
		check(0, text, "--raw", "--key-file", "new="+wrongFile, "--key-file", "old="+keyFile, header)
		exit, stdout, stderr := decode("--key-file", keyFile, header)
		if exit != 0 || !strings.Contains(stdout, `"user"`) || !strings.Contains(stderr, ", verified") {
			t.Errorf("exit %d\nstdout %s\nstderr %s", exit, stdout, stderr)
		}
		exit, stdout, _ = decode("--json", "--key-file", keyFile, header)
		if exit != 0 {
			t.Errorf("--json: exit %d", exit)
		}
		checkResult(t, p, stdout, text)

		check(1, "", "--key-file", wrongFile, header)
		check(1, "", "--raw", "--key-file", wrongFile, header)
		check(1, "", "--raw", "--key-file", "new="+wrongFile, "--key-file", "old="+otherFile, header)
		if p.Timed() {
			later := strconv.FormatInt(time.Now().Add(codec.DefaultMaxAge+time.Hour).Unix(), 10)
			check(3, text, "--raw", "--key-file", keyFile, "--now", later, header)
			check(1, "", "--raw", "--key-file", wrongFile, "--now", later, header)
		}
	}
	check(4, "", "--key-file", keyFile, "session=garbage")
	check(4, "", "--key-file", keyFile, "session=!!!.???")
	check(4, "", "garbage")
}

// checkResult holds what --json printed against the session's text.
func checkResult(t *testing.T, p compat.Peer, stdout, text string) {
	t.Helper()
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
	if result.Outcome != "ok" || result.Format != p.Format.String() || result.Verified == nil || !*result.Verified || result.Expired {
		t.Errorf("--json: %s", stdout)
	}
	var got, want bytes.Buffer
	if err := errors.Join(json.Compact(&got, result.Session), json.Compact(&want, []byte(text))); err != nil || got.String() != want.String() {
		t.Errorf("--json: session %s, want %s (%v)", &got, &want, err)
	}
}

// writeKey returns the path of a key file as an app's operator would write it.
func writeKey(t *testing.T, p compat.Peer, s compat.Secret) string {
	t.Helper()
	text := s.String() + "\n"
	if p.Format == codec.FormatLitestar {
		text = "hex:" + text
	}
	path := filepath.Join(t.TempDir(), "app.key")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
