package readme

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sessctl/sessctl/internal/pylive"
	"github.com/sessctl/sessctl/internal/servers"
)

var update = flag.Bool("update", false, "write into the README what its recordings print now")

// A recording is a console block behind this comment: commands that were run in
// a shell, one after another, beside the README's FastAPI app, its Litestar app and Redis.
var recording = regexp.MustCompile("(?s)<!-- recording -->\n```console\n(.*?)```")

// What stands in the README for the apps' addresses and that of Redis, whose ports differ.
const (
	recordedFastAPI  = "http://127.0.0.1:8000"
	recordedLitestar = "http://127.0.0.1:8002"
	recordedRedis    = "127.0.0.1:6379"
)

// TestRecording runs the recordings again: SESSCTL_LIVE=1 go test
// ./internal/readme -run Recording -update writes them anew.
func TestRecording(t *testing.T) {
	pylive.Require(t)
	dir := t.TempDir()
	// The app's secret ends in a line end, as one does that was read from a file.
	secret := "correct horse battery staple\n"
	redis := servers.Redis(t).Addr
	for name, text := range map[string]string{
		"fastapi_app.py": blocks(t, "python")[0], "litestar_app.py": replace(t, blocks(t, "python")[1], recordedRedis, redis), "secret.txt": secret,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	fastapi := pylive.Serve(t, pylive.Venv(t, "testdata/requirements.txt"), dir, "fastapi_app:app", "SESSION_SECRET="+secret)
	litestar := pylive.Serve(t, pylive.Venv(t, pylive.File(t, "requirements-litestar-stores.txt")), dir, "litestar_app:app")
	real := strings.NewReplacer(recordedFastAPI, fastapi, recordedLitestar, litestar, recordedRedis, redis)
	recorded := strings.NewReplacer(fastapi, recordedFastAPI, litestar, recordedLitestar, redis, recordedRedis)
	sessctl := build(t, "./cmd/sessctl")
	if err := os.Rename(sessctl, filepath.Join(filepath.Dir(sessctl), "sessctl")); err != nil {
		t.Fatal(err)
	}
	shell := func(command string) string {
		cmd := exec.CommandContext(t.Context(), "bash", "-c", real.Replace(command))
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(sessctl)+string(os.PathListSeparator)+os.Getenv("PATH"), "SESSCTL_KEY_FILE=", "NO_COLOR=1", "TZ=UTC")
		out, err := cmd.CombinedOutput()
		if err != nil && cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return recorded.Replace(string(out))
	}

	path := filepath.Join(root, "README.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	replayed := recording.ReplaceAllFunc(text, func(block []byte) []byte {
		found = true
		was := recording.FindSubmatch(block)[1]
		var now bytes.Buffer
		for line := range strings.Lines(string(was)) {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				now.WriteString(line + shell(command))
			}
		}
		if got, want := steady(now.String()), steady(string(was)); got != want && !*update {
			t.Errorf("the recording prints\n%s\nthe README has\n%s", got, want)
		}
		return bytes.Replace(block, was, now.Bytes(), 1)
	})
	if !found {
		t.Fatal("the README has no recording")
	}
	if *update {
		if err := os.WriteFile(path, replayed, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// steady replaces what no two runs have in common: times, and what depends on them.
func steady(s string) string {
	for _, r := range []struct{ pattern, with string }{
		{`\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ`, "TIME"},
		{`\((now|\d+ seconds? ago)\)`, "(AGE)"},
		{`\.[\w-]{6}\.[\w-]{27}`, ".TIME.SIGNATURE"},
		{`[\w+/]{60,}=*`, "VALUE"},
		{`Max-Age=\d+`, "Max-Age=N"},
		{`[0-9a-f]{8}…`, "ID"},
	} {
		s = regexp.MustCompile(r.pattern).ReplaceAllString(s, r.with)
	}
	return s
}
