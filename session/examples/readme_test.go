package examples

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/internal/pylive"
)

// reader does what README.md says, command by command. Programs are started on
// free ports, which stand for those of the text from then on.
type reader struct {
	t       *testing.T
	client  *http.Client
	ports   map[string]string // of the text: those in use
	python  string
	running map[string]func() // what to stop, by the port of the text
}

// sections returns the README's commands under each heading.
func sections(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for section := range strings.SplitSeq(string(text), "\n## ") {
		title, _, _ := strings.Cut(section, "\n")
		for _, block := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```").FindAllStringSubmatch(section, -1) {
			all[title] = append(all[title], strings.Split(strings.TrimSpace(block[1]), "\n")...)
		}
	}
	return all
}

// TestREADME follows the README: each program starts as it says, and answers
// each curl as it should.
func TestREADME(t *testing.T) {
	want := map[string][]string{ // the answers, and pieces of long ones
		"servemux":  {"welcome, user 42", "", "user 42, visits: 1", "bye"},
		"chi":       {"welcome, user 42", "user 42"},
		"gin":       {`{"user":42}`, `{"user":42}`},
		"echo":      {`{"user":42}`, `{"user":42}`},
		"migration": {"welcome, user 42", "user 42", "user 42", `"format":"starlette","key":"signed-2024","stale":true,"count":1`, "user 42"},
		"sse":       {"welcome, user 42", "data: user 42, event 2\n"},
	}
	commands := sections(t)
	for title, answers := range want {
		t.Run(title, func(t *testing.T) {
			if title == "servemux" {
				pylive.Require(t)
			}
			jar, err := cookiejar.New(nil)
			if err != nil {
				t.Fatal(err)
			}
			r := &reader{t: t, client: &http.Client{Jar: jar, Timeout: time.Minute}, ports: map[string]string{}, running: map[string]func(){}}
			for _, command := range commands[title] {
				if !strings.HasPrefix(command, "curl ") {
					r.start(command)
					continue
				}
				if len(answers) == 0 {
					t.Fatalf("no answer is known of %s", command)
				}
				if got := r.curl(command, answers[0]); !strings.Contains(got, answers[0]) || answers[0] == "" && got != "" {
					t.Errorf("%s: %q, want %q", command, got, answers[0])
				}
				answers = answers[1:]
			}
			if len(answers) != 0 {
				t.Errorf("the README has no command for %q", answers)
			}
		})
	}
	if got := strings.Join(commands["Tests"], "\n"); got != "go test ./..." || len(commands) != len(want)+1 {
		t.Errorf("the README has %d sections, the last with %q", len(commands), got)
	}
}

// start runs a command that is none of curl's.
func (r *reader) start(command string) {
	r.t.Helper()
	words := strings.Fields(command)
	var env []string
	for strings.Contains(words[0], "=") {
		env, words = append(env, words[0]), words[1:]
	}
	switch line := strings.Join(words, " "); {
	case line == "python3 -m venv venv":
	case line == "venv/bin/python -m pip install -r servemux/requirements.txt":
		r.python = pylive.Venv(r.t, "servemux/requirements.txt")
	case strings.HasPrefix(line, "venv/bin/python -m uvicorn ") && strings.HasSuffix(line, " --port 8000"):
		port := r.free("8000")
		args := append(words[1:len(words)-1:len(words)-1], port)
		r.run("8000", exec.Command(r.python, args...), env)
	case strings.HasPrefix(line, "go run "):
		// go run would leave the program behind when it is killed.
		binary := filepath.Join(r.t.TempDir(), "binary.exe")
		if out, err := exec.Command("go", "build", "-o", binary, words[2]).CombinedOutput(); err != nil {
			r.t.Fatalf("go build: %v\n%s", err, out)
		}
		args := append([]string{"-addr", "127.0.0.1:" + r.free("8001")}, words[3:]...)
		r.run("8001", exec.Command(binary, args...), env)
	default:
		r.t.Fatalf("no idea how to run %s", command)
	}
}

// free finds a port for one of the text, and stops what was there.
func (r *reader) free(port string) string {
	r.t.Helper()
	if stop := r.running[port]; stop != nil {
		stop()
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	defer listener.Close()
	r.ports[port] = fmt.Sprint(listener.Addr().(*net.TCPAddr).Port)
	return r.ports[port]
}

// run starts a server and waits until it listens.
func (r *reader) run(port string, cmd *exec.Cmd, env []string) {
	r.t.Helper()
	var output strings.Builder
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	ctx, ended := context.WithCancel(context.Background())
	go func() {
		cmd.Wait()
		ended()
	}()
	stop := func() {
		cmd.Process.Kill()
		<-ctx.Done()
	}
	r.running[port] = stop
	r.t.Cleanup(stop)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("tcp", "127.0.0.1:"+r.ports[port])
		if err == nil {
			conn.Close()
			return
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			stop()
			r.t.Fatalf("%s does not listen: %v\n%s", cmd, err, &output)
		}
	}
}

// curl does what curl would, and returns the body, of a stream as much as has
// the wanted piece.
func (r *reader) curl(command, want string) string {
	r.t.Helper()
	method, target := http.MethodGet, ""
	words := strings.Fields(command)
	for i := 1; i < len(words); i++ {
		switch word := strings.Trim(words[i], "'"); word {
		case "-c", "-b":
			i++
			if words[i] != "jar" {
				r.t.Fatalf("%s: cookies in %s", command, words[i])
			}
		case "-X":
			i++
			method = words[i]
		case "--max-time":
			i++
		case "-s", "-N":
		default:
			target = word
		}
	}
	for port, used := range r.ports {
		target = strings.Replace(target, "127.0.0.1:"+port, "127.0.0.1:"+used, 1)
	}
	request, err := http.NewRequestWithContext(r.t.Context(), method, target, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	response, err := r.client.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	var body strings.Builder
	stream := strings.HasPrefix(response.Header.Get("Content-Type"), "text/event-stream")
	for buf := make([]byte, 512); !stream || !strings.Contains(body.String(), want); {
		n, err := response.Body.Read(buf)
		body.Write(buf[:n])
		if err == io.EOF {
			break
		}
		if err != nil {
			r.t.Fatal(err)
		}
	}
	return body.String()
}
