package main

import (
	"cmp"
	"io"
	"os"
)

// output is where data goes: w, or the file at path unless that is empty or -.
// A file is opened when there is something to write: after a failure it stays as it was.
type output struct {
	path string
	w    io.Writer
	file *os.File
}

func (o *output) write(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	if err := o.create(); err != nil {
		return err
	}
	if _, err := o.w.Write(p); err != nil {
		return writeFailed(err)
	}
	return nil
}

// create opens the file, if there is one. A list of nothing is an empty file, not the
// one before.
func (o *output) create() error {
	if o.file != nil || o.path == "" || o.path == "-" {
		return nil
	}
	// It may hold personal data: for the user's eyes only.
	file, err := os.OpenFile(o.path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return writeFailed(err)
	}
	o.file, o.w = file, file
	return nil
}

func (o *output) close() error {
	if o.file == nil {
		return nil
	}
	if err := o.file.Close(); err != nil {
		return writeFailed(err)
	}
	return nil
}

// writeText writes all that there is, unless nothing is to be printed.
func (o *outputFlags) writeText(e *env, text []byte) error {
	if o.quiet {
		return nil
	}
	out := o.open(e)
	return cmp.Or(out.write(text), out.close())
}
