package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// man prints manual pages, made from the commands' help.
type man struct {
	app
	outputFlags
	dir string
}

func newMan(a app) *cobra.Command {
	m := man{app: a}
	cmd := &cobra.Command{
		Use:   "man [COMMAND or TOPIC]",
		Short: "print a manual page, or write all of them",
		Long: `Man prints the manual page of sessctl, of a command or of a help topic, for man
to show. With --dir it writes all of them as files.`,
		Example: `  sessctl man decode | man -l -
  sessctl man --dir man`,
		ValidArgsFunction: completeCommands,
	}
	a.command(cmd, &m.outputFlags, func(_ context.Context, args []string) error { return m.run(cmd.Root(), args) })
	cmd.Flags().StringVar(&m.dir, "dir", "", "write the pages of all commands and topics to `DIR`, which is made if need be")
	return cmd
}

func (m *man) run(root *cobra.Command, args []string) error {
	if m.dir != "" {
		if len(args) > 0 {
			return usageError("--dir writes all pages, so it takes no command")
		}
		return m.writeAll(root)
	}
	cmd, rest, err := root.Find(args)
	if err != nil || len(rest) > 0 {
		return noSuchTopic(root)
	}
	return writePage(m.env.stdout, cmd)
}

func (m *man) writeAll(root *cobra.Command) error {
	if err := os.MkdirAll(m.dir, 0o777); err != nil {
		return writeFailed(err)
	}
	for _, cmd := range pages(root) {
		file, err := os.Create(filepath.Join(m.dir, pageName(cmd)+"."+section(cmd)))
		if err != nil {
			return writeFailed(err)
		}
		if err := errors.Join(writePage(file, cmd), file.Close()); err != nil {
			return writeFailed(err)
		}
	}
	return nil
}

// pages returns a command that has a page, and those below it.
func pages(cmd *cobra.Command) []*cobra.Command {
	if !isPage(cmd) {
		return nil
	}
	all := []*cobra.Command{cmd}
	for _, sub := range cmd.Commands() {
		all = append(all, pages(sub)...)
	}
	return all
}

// section returns 1 for commands and 7 for topics.
func section(cmd *cobra.Command) string {
	if cmd.IsAdditionalHelpTopicCommand() {
		return "7"
	}
	return "1"
}

func writePage(w io.Writer, cmd *cobra.Command) error {
	cmd.InitDefaultHelpFlag()
	var p page
	p.line(`.TH "%s" "%s" "%s" "%s" "sessctl"`, strings.ToUpper(pageName(cmd)), section(cmd), builtOn(), versionLine())
	p.line(".SH NAME\n%s \\- %s", roff(pageName(cmd)), roff(cmd.Short))
	if section(cmd) == "7" { // it has no flags, and its text is laid out
		p.line(".SH DESCRIPTION")
		p.verbatim(cmd.Long)
		p.line(".SH SEE ALSO\n.BR sessctl (1)")
		_, err := io.WriteString(w, p.String())
		return err
	}
	p.line(".SH SYNOPSIS\n.B %s", roff(cmd.UseLine()))
	p.line(".SH DESCRIPTION")
	for paragraph := range strings.SplitSeq(cmd.Long, "\n\n") {
		p.line(".PP\n%s", roff(paragraph))
	}
	p.line(".SH OPTIONS")
	cmd.Flags().VisitAll(p.flag)
	if cmd.HasExample() {
		p.line(".SH EXAMPLES")
		p.verbatim(cmd.Example)
	}
	p.seeAlso(cmd)
	_, err := io.WriteString(w, p.String())
	return err
}

func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// page is a manual page in roff. That of cobra's generator would look the same,
// but the Markdown that it makes on the way costs every start of the command a
// third more (measured with go-md2man 2.0.6), and would lay tables out anew.
type page struct{ strings.Builder }

func (p *page) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

// verbatim adds lines as they are.
func (p *page) verbatim(text string) { p.line(".nf\n%s\n.fi", roff(strings.TrimRight(text, "\n"))) }

func (p *page) flag(f *pflag.Flag) {
	if f.Hidden {
		return
	}
	name := "--" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", " + name
	}
	value, usage := pflag.UnquoteUsage(f)
	if value != "" {
		name += " " + value
	}
	if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" {
		usage += " (default " + f.DefValue + ")"
	}
	p.line(".TP\n.B %s\n%s", roff(name), roff(usage))
}

func (p *page) seeAlso(cmd *cobra.Command) {
	p.line(".SH SEE ALSO")
	pages := cmd.Commands()
	if cmd.HasParent() {
		pages = append([]*cobra.Command{cmd.Parent()}, pages...)
	}
	var names []string
	for _, other := range pages {
		if isPage(other) {
			names = append(names, fmt.Sprintf("\\fB%s\\fR(%s)", roff(pageName(other)), section(other)))
		}
	}
	p.line("%s", strings.Join(names, ", "))
}

// isPage reports whether a command has a page of its own. Those of completion are
// the shells.
func isPage(cmd *cobra.Command) bool {
	return !cmd.Hidden && cmd.Name() != "help" && (!cmd.HasParent() || cmd.Parent().Name() != "completion")
}

// roff escapes text: backslashes, dashes, which would become hyphens, and what
// would be a request at the beginning of a line.
func roff(text string) string {
	lines := strings.Split(strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}

// builtOn returns the day of the commit, so that a build makes the same pages
// again; it is empty where that is not known.
func builtOn() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range info.Settings {
			if at, err := time.Parse(time.RFC3339, setting.Value); setting.Key == "vcs.time" && err == nil {
				return at.Format(time.DateOnly)
			}
		}
	}
	return ""
}
