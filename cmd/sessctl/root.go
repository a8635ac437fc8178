package main

import (
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// commands are those that read or write sessions.
var commands = []struct {
	name string
	make func(app) *cobra.Command
}{
	{"decode", newDecode}, {"inspect", newInspect}, {"verify", newVerify},
	{"encode", newEncode}, {"migrate", newMigrate}, {"keygen", newKeygen},
	{"store", newStore},
}

// newRoot returns the command line for these arguments. Where they name one of
// the commands it has that one alone: making the others takes a tenth of the
// time that the whole process lives.
func newRoot(e *env, say *voice, args []string) *cobra.Command {
	a := app{e, say}
	root := &cobra.Command{
		Use:   "sessctl",
		Short: "read the session cookies of Python web frameworks",
		Long: `Sessctl reads the session cookies of Python web frameworks: those of Starlette
and FastAPI, which are signed, and of Litestar and Starlite, which are encrypted.
Sessions that lie on the server are the business of sessctl store.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if version, _ := cmd.Flags().GetBool("version"); version {
				_, err := fmt.Fprintln(e.stdout, versionLine())
				return err
			}
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			cmd.SetOut(e.stderr)
			_ = cmd.Help()
			return told(exitUsage)
		},
	}
	root.SetIn(e.stdin)
	root.SetOut(e.stdout)
	root.SetErr(e.stderr)
	root.Flags().Bool("version", false, "print the version and the commit it was built from")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		say.quiet, _ = cmd.Flags().GetBool("quiet")
		// Where a command is meant, the flag is that one's.
		at := strings.Count(cmd.CommandPath(), " ")
		if word, ok := commandWord(cmd, args[min(at, len(args)):]); ok && isUnknownFlag(err) {
			return unknownCommand(cmd, word)
		}
		return flagError(err)
	})
	for _, c := range commands {
		if len(args) > 0 && args[0] == c.name {
			root.AddCommand(c.make(a))
			root.CompletionOptions.DisableDefaultCmd = true
			return root
		}
	}
	for _, c := range commands {
		root.AddCommand(c.make(a))
	}
	root.AddCommand(newMan(a), newVersion(a))
	root.AddCommand(helpTopics()...)
	setUpCompletion(a, root)
	root.SetHelpCommand(&cobra.Command{
		Use:               "help [COMMAND or TOPIC]",
		Short:             "help about a command or topic",
		RunE:              func(cmd *cobra.Command, args []string) error { return helpAbout(cmd.Root(), args) },
		ValidArgsFunction: completeCommands,
	})
	return root
}

// commandWord returns the unknown word that stands where one of the commands of cmd
// should, behind flags of theirs too.
func commandWord(cmd *cobra.Command, args []string) (word string, ok bool) {
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.Usage = func() {}
	known := map[string]bool{}
	for _, sub := range cmd.Commands() {
		known[sub.Name()] = true
		sub.Flags().VisitAll(func(f *pflag.Flag) {
			if flags.Lookup(f.Name) == nil && (f.Shorthand == "" || flags.ShorthandLookup(f.Shorthand) == nil) {
				flags.AddFlag(f)
			}
		})
	}
	flags.SetInterspersed(false)
	if len(known) == 0 || flags.Parse(args) != nil || flags.NArg() == 0 || known[flags.Arg(0)] {
		return "", false
	}
	return flags.Arg(0), true
}

// helpAbout shows the help of a command of another one.
func helpAbout(of *cobra.Command, args []string) error {
	about, rest, err := of.Find(args)
	if err != nil || len(rest) > 0 {
		return noSuchTopic(of)
	}
	about.InitDefaultHelpFlag()
	return about.Help()
}

func noSuchTopic(of *cobra.Command) error {
	if of.HasParent() {
		return usageError("no such command", of.CommandPath()+" --help lists them")
	}
	return usageError("no such command or topic", "sessctl help lists them")
}

// newVersion is --version for those who type it as a command.
func newVersion(a app) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "print the version and the commit it was built from",
		Example: "  sessctl version",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError("version takes no argument")
			}
			_, err := fmt.Fprintln(a.env.stdout, versionLine())
			return err
		},
	}
}

// unknownCommand repeats the word only if it can be no cookie and no secret.
func unknownCommand(cmd *cobra.Command, word string) error {
	missing, hint := "to read a cookie: sessctl decode COOKIE", "sessctl help lists the commands"
	if cmd.HasParent() {
		hint = cmd.CommandPath() + " --help lists the commands"
		missing = hint
	}
	if !isWord(word) {
		return usageError("a command is missing", missing)
	}
	cmd.SuggestionsMinimumDistance = 1 // letter
	if like := cmd.SuggestionsFor(word); len(like) > 0 {
		hint = "did you mean " + strings.Join(like, " or ") + "?"
	}
	return usageError("unknown command "+word, hint)
}

// isWord reports whether what was typed can be the name of a command or flag, and
// so no cookie and no secret.
func isWord(s string) bool {
	return s != "" && len(s) <= 12 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz-") == ""
}

// versionLine returns name, version and, where it is known, commit.
func versionLine() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "sessctl (unknown version)"
	}
	return describe(info)
}

func describe(info *debug.BuildInfo) string {
	version := info.Main.Version
	if version == "" {
		version = "(devel)" // as the go command writes it where there is none
	}
	commit, modified := "", ""
	for _, setting := range info.Settings {
		switch {
		case setting.Key == "vcs.revision":
			commit = setting.Value
		case setting.Key == "vcs.modified" && setting.Value == "true":
			modified = ", modified"
		}
	}
	if commit == "" {
		return "sessctl " + version
	}
	return fmt.Sprintf("sessctl %s (commit %s%s)", version, commit, modified)
}
