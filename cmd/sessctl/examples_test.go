//go:build !windows

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/sessctl/sessctl/codec"
)

// TestExamples runs every example of every command's help, as a user would type
// it, with files and programs of the names that they use.
func TestExamples(t *testing.T) {
	e, _, _ := testEnv("")
	root := newRoot(e, newVoice(e), nil)
	for _, cmd := range root.Commands() {
		if cmd.IsAdditionalHelpTopicCommand() || cmd.Name() == "help" {
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
		if !strings.Contains(line, "sessctl "+cmd.Name()) {
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
	for name, text := range map[string]string{
		"secret.txt":   exampleSecret + "\n",
		"old.key":      exampleSecret + "\n",
		"new.key":      "hex:a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf\n",
		"session.json": `{"user_id": 42}` + "\n",
		"cookies.txt":  "session=" + cookie + "\n",
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
