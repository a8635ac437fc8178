//go:build !windows

package main

import (
	"bytes"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// openTerminal opens the terminal that controls the process.
func openTerminal() (in, out *os.File, err error) {
	in, err = os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil, nil, err
	}
	out, err = os.OpenFile("/dev/tty", os.O_WRONLY, 0)
	if err != nil {
		in.Close()
	}
	return in, out, err
}

// readLine reads a line without echo. It is term.ReadPassword, but ends at
// Ctrl-D, which that one does not notice, and is silent again when it goes on
// after Ctrl-Z: the shell has given the terminal its echo back by then.
func readLine(in *os.File, again func()) ([]byte, error) {
	fd := int(in.Fd())
	state, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return nil, err
	}
	silent := *state
	silent.Lflag &^= unix.ECHO
	silent.Lflag |= unix.ICANON | unix.ISIG
	silent.Iflag |= unix.ICRNL
	if err := unix.IoctlSetTermios(fd, setTermios, &silent); err != nil {
		return nil, err
	}
	defer func() { _ = unix.IoctlSetTermios(fd, setTermios, state) }()
	resumed := make(chan os.Signal, 1)
	signal.Notify(resumed, syscall.SIGCONT)
	defer close(resumed)
	defer signal.Stop(resumed)
	go func() {
		for range resumed {
			_ = unix.IoctlSetTermios(fd, setTermios, &silent)
			again()
		}
	}()
	var line []byte
	buf := make([]byte, 4096)
	for {
		n, err := in.Read(buf)
		text, ended := bytes.CutSuffix(buf[:n], []byte("\n"))
		if line = append(line, text...); ended || err != nil {
			return line, err
		}
	}
}

// showsText reports whether f is a terminal.
func showsText(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

func isBrokenPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }

// giveAway makes a file of root's the directory's owner's: the app must read it.
func giveAway(f *os.File, dir string) {
	var info unix.Stat_t
	if os.Geteuid() == 0 && unix.Stat(dir, &info) == nil {
		_ = f.Chown(int(info.Uid), int(info.Gid))
	}
}
