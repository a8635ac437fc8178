//go:build !windows

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session/filestore"
)

// TestExamples runs every example of every command's help, as a user would type
// it, with files and programs of the names that they use.
func TestExamples(t *testing.T) {
	e, _, _ := testEnv("")
	root := newRoot(e, newVoice(e), nil)
	for _, cmd := range pages(root)[1:] {
		if cmd.IsAdditionalHelpTopicCommand() {
			continue
		}
		if cmd.Example == "" {
			t.Errorf("%s has no example", cmd.Name())
		}
		t.Run(cmd.Name(), func(t *testing.T) { runExamples(t, cmd) })
	}
}

func runExamples(t *testing.T, cmd *cobra.Command) {
	dir := exampleDir(t)
	for line := range strings.Lines(cmd.Example) {
		line = strings.TrimSpace(line)
		if !strings.Contains(line, cmd.CommandPath()) {
			t.Errorf("no example of %s: %s", cmd.Name(), line)
		}
		run := exec.CommandContext(t.Context(), shellOf(line), "-c", "set -e; "+line)
		run.Dir = dir
		run.Env = append(os.Environ(), "PATH="+filepath.Join(dir, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"), "SESSION_SECRET="+exampleSecret, "SESSCTL_KEY_FILE=")
		if out, err := run.CombinedOutput(); err != nil {
			t.Errorf("%s\n%v\n%s", line, err, out)
		}
	}
}

// shellOf returns the shell that knows the syntax of an example.
func shellOf(line string) string {
	if strings.Contains(line, "<(") {
		return "bash"
	}
	return "sh"
}

const exampleSecret = "a secret of the examples"

// exampleDir makes what the examples name: keys, cookies that are valid now,
// and stand-ins for the programs that they are piped from and to.
func exampleDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	cookies, err := codec.NewStarlette(codec.StarletteConfig{Keys: codec.Keys{Current: codec.NewKey("", []byte(exampleSecret))}})
	if err != nil {
		t.Fatal(err)
	}
	values, err := codec.ParseValues(`{"user_id": 42}`)
	if err != nil {
		t.Fatal(err)
	}
	cookie, err := cookies.Encode(values)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	makeStores(t, dir)
	for name, text := range map[string]string{
		"secret.txt":   exampleSecret + "\n",
		"old.key":      exampleSecret + "\n",
		"new.key":      "hex:a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf\n",
		"session.json": `{"user_id": 42}` + "\n",
		"cookies.txt":  "session=" + cookie + "\n",
		"ids.txt":      exampleID + "\n",
		"id.txt":       "Cookie: session=" + exampleID + "\n",
		"bin/pbpaste":  "#!/bin/sh\nprintf %s 'session=" + cookie + "'\n",
		"bin/curl":     fmt.Sprintf("#!/bin/sh\nprintf 'HTTP/1.1 200 OK\\r\\nset-cookie: session=%s; path=/\\r\\n\\r\\n'\n", cookie),
		"bin/man":      "#!/bin/sh\ncat >/dev/null\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const exampleID = "5f0c5e1b5f0c5e1b5f0c5e1b5f0c5e1b5f0c5e1b5f0c5e1b5f0c5e1b5f0c5e1b"

// makeStores makes the stores that the examples name, with a session in each. The
// hash in the examples is that of 64 zeros.
func makeStores(t *testing.T, dir string) {
	t.Helper()
	for name, layout := range map[string]filestore.Layout{"starlite": filestore.Starlite, "sessions": filestore.Litestar} {
		s, err := filestore.New(filestore.Config{Dir: filepath.Join(dir, name), Layout: layout, Create: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{exampleID, strings.Repeat("0", 64)} {
			if err := s.Create(t.Context(), id, []byte(`{"user_id":42}`), time.Hour); err != nil {
				t.Fatal(err)
			}
		}
	}
}
