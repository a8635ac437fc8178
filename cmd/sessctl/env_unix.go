//go:build !windows

package main

import (
	"errors"
	"os"
	"syscall"

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

// showsText reports whether f is a terminal.
func showsText(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

func isBrokenPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }
