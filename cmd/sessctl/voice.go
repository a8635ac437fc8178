package main

import (
	"fmt"
	"io"

	"github.com/fatih/color"

	"github.com/sessctl/sessctl/internal/termtext"
)

// voice is what the command says on stderr. Whatever it is given is escaped.
type voice struct {
	w       io.Writer
	color   bool
	quiet   bool // says nothing
	verbose bool // says details too
	warned  map[string]bool
}

func newVoice(e *env) *voice {
	return &voice{w: e.stderr, color: e.useColor("auto", e.stderrTTY), warned: map[string]bool{}}
}

var (
	errorStyle = style(color.Bold, color.FgRed)
	warnStyle  = style(color.Bold, color.FgYellow)
	hintStyle  = style(color.FgCyan)
)

// style returns a style that always writes its escape sequences: whether there
// are to be any is decided for each stream, by useColor.
func style(attributes ...color.Attribute) *color.Color {
	c := color.New(attributes...)
	c.EnableColor()
	return c
}

func (v *voice) line(label string, style *color.Color, text string) {
	if v.quiet {
		return
	}
	if label != "" && v.color {
		label = style.Sprint(label)
	}
	// An error while telling of errors has nowhere to go.
	_, _ = fmt.Fprintf(v.w, "sessctl: %s%s\n", label, termtext.Escape(text))
}

func (v *voice) error(text string, hints ...string) {
	v.line("error: ", errorStyle, text)
	v.hints(hints)
}

func (v *voice) warn(text string, hints ...string) {
	v.line("warning: ", warnStyle, text)
	v.hints(hints)
}

// warnOnce does not repeat what holds of several results alike.
func (v *voice) warnOnce(text, hint string) {
	if !v.warned[text] {
		v.warned[text] = true
		v.warn(text, hint)
	}
}

func (v *voice) hints(hints []string) {
	for _, hint := range hints {
		v.line("hint: ", hintStyle, hint)
	}
}

func (v *voice) say(text string) { v.line("", nil, text) }

func (v *voice) detail(format string, args ...any) {
	if v.verbose {
		v.say(fmt.Sprintf(format, args...))
	}
}

// useColor decides for one stream: the flag, then the environment, then whether
// it is a terminal.
func (e *env) useColor(flag string, terminal bool) bool {
	switch {
	case flag == "always":
		return true
	case flag == "never", e.variable("NO_COLOR") != "", e.variable("TERM") == "dumb":
		return false
	}
	return terminal
}
