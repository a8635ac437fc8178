package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/internal/pylive"
)

// liveEnv is a world with the clock of the apps that run beside the test.
func liveEnv(stdin string) (e *env, stdout, stderr *bytes.Buffer) {
	e, stdout, stderr = testEnv(stdin)
	e.now = time.Now
	return e, stdout, stderr
}

// newKeyFile runs sessctl keygen, and returns what it says for one reader.
func newKeyFile(t *testing.T, format, reader string) (path, how string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "a key.txt")
	e, stdout, stderr := testEnv("")
	if code := run([]string{"keygen", "--format", format, "-o", path}, e); code != exitOK || stdout.Len() > 0 {
		t.Fatalf("exit code %d, stdout %s: %s", code, stdout, stderr)
	}
	for line := range strings.Lines(stderr.String()) {
		if how, ok := strings.CutPrefix(line, "sessctl: "+reader+": "); ok {
			return path, strings.TrimSuffix(how, "\n")
		}
	}
	t.Fatalf("nothing is said of %s: %s", reader, stderr)
	return "", ""
}

// encodeWith runs sessctl encode with a key file.
func encodeWith(t *testing.T, format, as, keyFile, text string) string {
	t.Helper()
	e, stdout, stderr := liveEnv(text)
	if code := run([]string{"encode", "--format", format, "--as", as, "--key-file", keyFile}, e); code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	return strings.TrimSuffix(stdout.String(), "\n")
}

// TestKeygenGo compiles what keygen says of Go.
func TestKeygenGo(t *testing.T) {
	for format, config := range map[string]string{"starlette": "Starlette", "litestar": "Litestar"} {
		path, how := newKeyFile(t, format, "Go")
		program := filepath.Join(t.TempDir(), "main.go")
		source := fmt.Sprintf(goReader, how, config)
		if err := os.WriteFile(program, []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("go", "run", program, encodeWith(t, format, "value", path, `{"a":1}`)).CombinedOutput()
		if err != nil || strings.ReplaceAll(string(out), " ", "") != `{"a":1}` {
			t.Errorf("%s\n%s: %v", how, out, err)
		}
	}
}

const goReader = `package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"strings"

	"github.com/sessctl/sessctl/codec"
)

var _, _, _ = bytes.TrimSpace, hex.DecodeString, strings.TrimSpace

func main() {
	%[1]s
	c, err := codec.New%[2]s(codec.%[2]sConfig{Keys: codec.Keys{Current: key}})
	if err != nil {
		panic(err)
	}
	session, err := c.Decode(os.Args[1])
	if err != nil {
		panic(err)
	}
	fmt.Print(session.Text())
}
`

// TestLiveKeygen lets Python read the key as keygen says, in the framework's own
// words, and gives it to a running app.
func TestLiveKeygen(t *testing.T) {
	pylive.Require(t)
	live := filepath.Join("..", "..", "testdata", "live")
	for _, tt := range []struct{ format, accept string }{
		{"starlette", "from starlette.middleware.sessions import SessionMiddleware\nSessionMiddleware(None, %s)"},
		{"litestar", "from litestar.middleware.session.client_side import CookieBackendConfig\nCookieBackendConfig(%s)"},
		{"starlite", "from starlite.middleware.session.cookie_backend import CookieBackendConfig\nCookieBackendConfig(%s)"},
	} {
		t.Run(tt.format, func(t *testing.T) {
			t.Parallel()
			path, how := newKeyFile(t, tt.format, "Python")
			_, expression, _ := strings.Cut(how, "=")
			python := pylive.Venv(t, filepath.Join(live, "requirements-"+tt.format+".txt"))
			script := "from pathlib import Path\n" + fmt.Sprintf(tt.accept, how) + "\nkey = " + expression +
				"\nprint(key if isinstance(key, str) else key.hex(), end='')"
			secret, err := exec.Command(python, "-I", "-c", script).Output()
			if err != nil {
				t.Fatalf("%s: %v", script, err)
			}
			url := pylive.Serve(t, python, live, tt.format+"_app:app", "SESSION_SECRET="+string(secret))

			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/session", nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Cookie", encodeWith(t, tt.format, "cookie", path, `{"user_id": 42}`))
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			var session [][2]string
			if err := json.NewDecoder(response.Body).Decode(&session); err != nil || fmt.Sprint(session) != `[["user_id" 42]]` {
				t.Errorf("the app read %v (%v)", session, err)
			}
		})
	}
}

// TestLiveJar lets Python's http.cookiejar read what --as jar prints.
func TestLiveJar(t *testing.T) {
	pylive.Require(t)
	path, _ := newKeyFile(t, "starlite", "Python")
	e, stdout, stderr := liveEnv(`{"a":1}`)
	if code := run([]string{"encode", "--format", "starlite", "--key-file", path, "--as", "jar", "--attr", "Domain=app.example; Secure; Path=/app"}, e); code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	jar := filepath.Join(t.TempDir(), "jar.txt")
	if err := os.WriteFile(jar, stdout.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	python := pylive.Venv(t, filepath.Join("..", "..", "testdata", "live", "requirements-starlette.txt"))
	out, err := exec.Command(python, "-I", "-c", `
import http.cookiejar, sys, time
jar = http.cookiejar.MozillaCookieJar(sys.argv[1])
jar.load()
for c in jar:
    print(c.domain, c.path, c.secure, c.name, 1209590 < c.expires - time.time() <= 1209600)`, jar).Output()
	if want := ".app.example /app True session-0 True\n"; err != nil || strings.ReplaceAll(string(out), "\r", "") != want {
		t.Errorf("Python read %s (%v), want %s", out, err, want)
	}
}

// A file that cannot be written whole is not left behind.
func TestWriteNew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	failed := errors.New("the disk is full")
	err := writeNew(path, func(w io.Writer) error {
		if _, err := io.WriteString(w, "half"); err != nil {
			t.Fatal(err)
		}
		return failed
	})
	if !errors.Is(err, failed) {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is there: %v", err)
	}
}

func TestKeygenIsRandom(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		e, stdout, _ := testEnv("")
		if code := run([]string{"keygen", "-q", "--format", "litestar"}, e); code != exitOK {
			t.Fatalf("exit code %d", code)
		}
		if seen[stdout.String()] {
			t.Fatal("the same key twice")
		}
		seen[stdout.String()] = true
	}
}
