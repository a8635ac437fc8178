package servers

import (
	"os"
	"os/exec"
	"os/user"
	"runtime"
	"strconv"
	"syscall"
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
// answered.
func (s *Server) Pause() { s.signal(syscall.SIGSTOP) }

// Resume ends a Pause.
func (s *Server) Resume() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}
