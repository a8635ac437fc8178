package readme

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
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
	"github.com/sessctl/sessctl/internal/servers"
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

// program returns the README's Go program. With a store it has the sessions of the
// second snippet, on a Redis server.
func program(t *testing.T, address, redis string) string {
	t.Helper()
	text := replace(t, blocks(t, "go")[0], "127.0.0.1:8001", address)
	if redis == "" {
		return text
	}
	from, to := strings.Index(text, "\tcookies, err :="), strings.Index(text, "\thttp.HandleFunc")
	if from < 0 || to < from {
		t.Fatal("the program does not make its sessions where it did")
	}
	text = text[:from] + replace(t, blocks(t, "go")[1], "127.0.0.1:6379", redis) + text[to:]
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	imports := regexp.MustCompile("In place of `os` it imports `(.*)` and\n`(.*)`:").FindSubmatch(readme)
	if imports == nil {
		t.Fatal("the README does not say what the second snippet imports")
	}
	return replace(t, text, "\t\"os\"\n\n", fmt.Sprintf("\n\t%q\n\n\t%q\n", imports[1], imports[2]))
}

func replace(t *testing.T, text, from, to string) string {
	t.Helper()
	if strings.Count(text, from) != 1 {
		t.Fatalf("%q is not there once in\n%s", from, text)
	}
	return strings.Replace(text, from, to, 1)
}

// buildProgram compiles a Go program as a package of this module that exists only in
// an overlay.
func buildProgram(t *testing.T, snippet string) (binary string) {
	t.Helper()
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

func TestGoSnippetsCompile(t *testing.T) {
	buildProgram(t, program(t, "127.0.0.1:8001", ""))
	buildProgram(t, program(t, "127.0.0.1:8001", "127.0.0.1:6379"))
}

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

// The Go program shares the session of the FastAPI app, and with a store that of the
// Litestar app.
func TestSnippetsShareASession(t *testing.T) {
	pylive.Require(t)
	apps := blocks(t, "python")
	t.Run("cookies", func(t *testing.T) {
		shareASession(t, "testdata/requirements.txt", apps[0], func(address string) string { return program(t, address, "") })
	})
	t.Run("store", func(t *testing.T) {
		redis := servers.Redis(t).Addr
		app := replace(t, apps[1], "127.0.0.1:6379", redis)
		shareASession(t, pylive.File(t, "requirements-litestar-stores.txt"), app, func(address string) string { return program(t, address, redis) })
	})
}

func shareASession(t *testing.T, requirements, app string, program func(address string) string) {
	t.Helper()
	secret := "SESSION_SECRET=only for this test"
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "app.py"), []byte(app), 0o600); err != nil {
		t.Fatal(err)
	}
	python := pylive.Serve(t, pylive.Venv(t, requirements), dir, "app:app", secret)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	binary := buildProgram(t, program(address))
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
	if status, body := get(python + "/login"); status != http.StatusOK {
		t.Fatalf("login: %d %s", status, body)
	}
	for _, want := range []string{"user 42, visit 1\n", "user 42, visit 2\n"} {
		if status, body := get("http://" + address + "/visit"); status != http.StatusOK || body != want {
			t.Errorf("got %d %q, want %q", status, body, want)
		}
	}
}
