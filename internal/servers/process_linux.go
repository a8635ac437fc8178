package servers

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// run starts a server and waits for its end. The server is killed when the thread
// that started it ends, which is why that is kept: so it ends with the test process.
func run(cmd *exec.Cmd, started chan<- error, done chan<- struct{}) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(done)
	attributes := syscall.SysProcAttr{}
	if cmd.SysProcAttr != nil {
		attributes = *cmd.SysProcAttr
	}
	attributes.Pdeathsig = syscall.SIGKILL
	cmd.SysProcAttr = &attributes
	err := cmd.Start()
	started <- err
	if err == nil {
		cmd.Wait() // an error, since it is killed
	}
}

// asUser lets a server run as another user, where the tests run as root.
func (s *Server) asUser(name string) {
	s.t.Helper()
	if os.Getuid() != 0 {
		return
	}
	u, err := user.Lookup(name)
	if err != nil {
		s.t.Fatal(err)
	}
	uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
	gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
	if errUID != nil || errGID != nil {
		s.t.Fatalf("user %s: %v, %v", name, errUID, errGID)
	}
	s.user = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	if err := os.Chown(s.Dir, int(uid), int(gid)); err != nil {
		s.t.Fatal(err)
	}
}

// Pause stops the server's clock, so to say: connections are accepted, and nothing is
// answered. It waits until all threads stand still: the signal only asks for it.
func (s *Server) Pause() {
	s.t.Helper()
	s.signal(syscall.SIGSTOP)
	for deadline := time.Now().Add(startTimeout); !s.stopped(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("%s cannot be paused", s.name)
		}
	}
}

func (s *Server) stopped() bool {
	s.t.Helper()
	for _, pid := range s.pids() {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
		if err != nil {
			s.t.Fatal(err)
		}
		for _, thread := range threads {
			// The name, in parentheses, then the state: proc_pid_stat(5). A zombie is no more.
			text, err := os.ReadFile(thread)
			if err == nil && !bytes.Contains(text, []byte(") T ")) && !bytes.Contains(text, []byte(") Z ")) {
				return false
			}
		}
	}
	return true
}

// pids are the server's and its children's: PostgreSQL has a process for each
// connection.
func (s *Server) pids() []int {
	s.t.Helper()
	pids := []int{s.cmd.Process.Pid}
	children, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pids[0]))
	if err != nil || len(children) == 0 {
		s.t.Fatalf("%s has no threads: %v", s.name, err)
	}
	for _, file := range children {
		text, _ := os.ReadFile(file) // none of a thread that has ended
		for field := range strings.FieldsSeq(string(text)) {
			if pid, err := strconv.Atoi(field); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// Resume ends a Pause.
func (s *Server) Resume() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
	for _, pid := range s.pids()[1:] {
		syscall.Kill(pid, sig) // an error of one that has ended
	}
}
