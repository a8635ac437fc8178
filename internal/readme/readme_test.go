package readme

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/internal/pylive"
)

const root = "../.."

// blocks returns the README's fenced blocks of a language.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```").FindAllSubmatch(text, -1) {
		found = append(found, string(m[1]))
	}
	if len(found) == 0 {
		t.Fatalf("the README has no %s block", language)
	}
	return found
}

// build compiles the command, or the README's program with its port replaced.
func build(t *testing.T, args ...string) (binary string) {
	t.Helper()
	binary = filepath.Join(t.TempDir(), "binary.exe")
	cmd := exec.Command("go", append([]string{"build", "-o", binary}, args...)...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return binary
}

// buildGoSnippet compiles the README's Go program as a package of this module
// that exists only in an overlay.
func buildGoSnippet(t *testing.T, address string) (binary string) {
	t.Helper()
	snippet := strings.Replace(blocks(t, "go")[0], "127.0.0.1:8001", address, 1)
	dir := t.TempDir()
	file := filepath.Join(dir, "main.go")
	if err := os.WriteFile(file, []byte(snippet), 0o600); err != nil {
		t.Fatal(err)
	}
	absolute, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]any{
		"Replace": map[string]string{filepath.Join(absolute, "internal", "readme", "snippet", "main.go"): file},
	})
	if err != nil {
		t.Fatal(err)
	}
	overlayFile := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlayFile, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	return build(t, "-overlay", overlayFile, "./internal/readme/snippet")
}

func TestGoSnippetCompiles(t *testing.T) { buildGoSnippet(t, "127.0.0.1:8001") }

// The first command prints the session that the recording at the top shows,
// which is of the same cookie. The recording's clock was that of its signature.
func TestCommand(t *testing.T) {
	command := strings.TrimSpace(blocks(t, "sh")[0])
	arguments, ok := strings.CutPrefix(command, "go run ./cmd/sessctl decode '")
	cookie, ok2 := strings.CutSuffix(arguments, "'")
	if !ok || !ok2 || strings.Contains(command, "\n") {
		t.Fatalf("the first command is %s", command)
	}
	recording := strings.SplitN(blocks(t, "console")[0], "\n", 2)[1]
	session, verdict, ok := strings.Cut(recording, "sessctl: ")
	if !ok {
		t.Fatalf("the recording is %s", recording)
	}

	sessctl := build(t, "./cmd/sessctl")
	run := func(env []string, args ...string) (stdout, stderr string) {
		t.Helper()
		var out, errOut bytes.Buffer
		cmd := exec.Command(sessctl, append([]string{"decode"}, args...)...)
		cmd.Env = append(os.Environ(), append(env, "SESSCTL_KEY_FILE=", "NO_COLOR=1")...)
		cmd.Stdout, cmd.Stderr = &out, &errOut
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v\n%s", err, &errOut)
		}
		return out.String(), errOut.String()
	}
	stdout, stderr := run(nil, cookie)
	if stdout != session || !strings.Contains(stderr, "NOT VERIFIED") {
		t.Errorf("got\n%s%s\nwant\n%s", stdout, stderr, session)
	}
	stdout, stderr = run([]string{"SESSION_SECRET=correct horse battery staple"},
		"--key-env", "SESSION_SECRET", "--now", "2026-11-23T04:51:17Z", cookie)
	if stdout != session || stderr != "sessctl: "+verdict {
		t.Errorf("got\n%s%s\nwant\n%s", stdout, stderr, recording)
	}
}

// The Go program shares the session of the FastAPI app.
func TestSnippetsShareASession(t *testing.T) {
	pylive.Require(t)
	secret := "SESSION_SECRET=only for this test"
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "app.py"), []byte(blocks(t, "python")[0]), 0o600); err != nil {
		t.Fatal(err)
	}
	python := pylive.Venv(t, "testdata/requirements.txt")
	app := pylive.Serve(t, python, dir, "app:app", secret)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	binary := buildGoSnippet(t, address)
	listener.Close()
	ctx, cancel := context.WithCancel(t.Context())
	service := exec.CommandContext(ctx, binary)
	service.Env = append(os.Environ(), secret)
	if err := service.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); service.Wait() })

	cookie := ""
	get := func(url string) (status int, body string) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
			r, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Cookie", cookie)
			response, err := http.DefaultClient.Do(r)
			if err != nil && time.Now().Before(deadline) {
				continue // not listening yet
			}
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(response.Body)
			response.Body.Close()
			if err != nil {
				t.Fatal(err)
			}
			if set := response.Header.Get("Set-Cookie"); set != "" {
				cookie, _, _ = strings.Cut(set, ";")
			}
			return response.StatusCode, string(text)
		}
	}
	if status, _ := get("http://" + address + "/visit"); status != http.StatusUnauthorized {
		t.Errorf("before the login: %d", status)
	}
	if status, body := get(app + "/login"); status != http.StatusOK {
		t.Fatalf("login: %d %s", status, body)
	}
	for _, want := range []string{"user 42, visit 1\n", "user 42, visit 2\n"} {
		if status, body := get("http://" + address + "/visit"); status != http.StatusOK || body != want {
			t.Errorf("got %d %q, want %q", status, body, want)
		}
	}
}
