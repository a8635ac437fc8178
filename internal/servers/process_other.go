//go:build !linux

package servers

import "os/exec"

func run(cmd *exec.Cmd, started chan<- error, done chan<- struct{}) {
	defer close(done)
	err := cmd.Start()
	started <- err
	if err == nil {
		cmd.Wait()
	}
}

func (s *Server) asUser(string) {}

// Pause and Resume are for Linux alone.
func (s *Server) Pause()  { s.t.Fatal("a server can be paused on Linux alone") }
func (s *Server) Resume() {}
