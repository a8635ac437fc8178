package main

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
	"golang.org/x/term"
)

// openTerminal opens the console of the process.
func openTerminal() (in, out *os.File, err error) {
	in, err = os.OpenFile("CONIN$", os.O_RDWR, 0)
	if err != nil {
		return nil, nil, err
	}
	out, err = os.OpenFile("CONOUT$", os.O_WRONLY, 0)
	if err != nil {
		in.Close()
	}
	return in, out, err
}

// readLine reads a line without echo.
func readLine(in *os.File, _ func()) ([]byte, error) { return term.ReadPassword(int(in.Fd())) }

// showsText reports whether f is a console, and has it understand colours.
func showsText(f *os.File) bool {
	if !term.IsTerminal(int(f.Fd())) {
		return false
	}
	handle := windows.Handle(f.Fd())
	var mode uint32
	if windows.GetConsoleMode(handle, &mode) == nil {
		_ = windows.SetConsoleMode(handle, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING)
	}
	return true
}

func isBrokenPipe(err error) bool {
	return errors.Is(err, windows.ERROR_BROKEN_PIPE) || errors.Is(err, windows.ERROR_NO_DATA)
}

// giveAway does nothing: there is no root.
func giveAway(*os.File, string) {}
