package main

import (
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sessctl/sessctl/internal/termtext"
)

// setUpCompletion registers what flags can be, and refuses shells that cobra's
// completion command does not know, which would show its help as a success.
func setUpCompletion(a app, root *cobra.Command) {
	completeFlags(root)
	root.InitDefaultCompletionCmd()
	completion, _, err := root.Find([]string{"completion"})
	if err != nil {
		panic(err)
	}
	completion.Short = "print what a shell needs to complete sessctl's command lines"
	completion.Long = `Completion prints a script that has a shell complete commands, flags, what flags
can be, and @FILE. bash needs the package bash-completion.`
	completion.Example = `  source <(sessctl completion bash)
  sessctl completion zsh >_sessctl
  sessctl completion fish >sessctl.fish
  sessctl completion powershell >sessctl.ps1`
	completion.Args = cobra.ArbitraryArgs
	for _, shell := range completion.Commands() {
		shell.Args = func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError("completion takes no more arguments")
			}
			return nil
		}
	}
	completion.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usageError("no such shell", "completion is for bash, zsh, fish or powershell")
		}
		cmd.SetOut(a.env.stderr)
		_ = cmd.Help()
		return told(exitUsage)
	}
}

// shellCharacters mean something to a shell.
const shellCharacters = " $`'\"\\;&|<>(){}[]*?!#~^"

// completeInput completes the path in @PATH.
func completeInput(_ *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
	path, ok := strings.CutPrefix(word, "@")
	if !ok {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	directive := cobra.ShellCompDirectiveNoFileComp
	var words []string
	dir, prefix := filepath.Split(path)
	entries, _ := os.ReadDir(cmp.Or(dir, "."))
	for _, entry := range entries {
		name := entry.Name()
		// What does not print would upset the terminal, and bash completes what
		// several names begin with as it stands, for itself to run.
		if !strings.HasPrefix(name, prefix) || termtext.Escape(name) != name || strings.ContainsAny(name, shellCharacters) {
			continue
		}
		if info, err := os.Stat(dir + name); err == nil && info.IsDir() {
			name += string(filepath.Separator)
			directive |= cobra.ShellCompDirectiveNoSpace
		}
		words = append(words, "@"+dir+name)
	}
	return words, directive
}

// completeCommands completes the name of a command or topic.
func completeCommands(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	var words []string
	above, rest, err := cmd.Parent().Find(args)
	for _, c := range above.Commands() {
		if err == nil && len(rest) == 0 && !c.Hidden && strings.HasPrefix(c.Name(), word) {
			words = append(words, c.Name()+"\t"+c.Short)
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

// completeFlags registers what can be said for the flags that take one of
// several words, wherever a command below cmd has them.
func completeFlags(cmd *cobra.Command) {
	for name, choices := range map[string][]string{
		"color": colorChoices, "from": fromChoices, "format": formatChoices, "to": targetChoices, "as": asChoices,
	} {
		if cmd.Flags().Lookup(name) != nil {
			_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(choices, cobra.ShellCompDirectiveNoFileComp))
		}
	}
	for _, name := range []string{"name", "max-age", "now", "key-env", "to-name", "to-max-age", "to-key-env", "timeout", "key"} {
		if cmd.Flags().Lookup(name) != nil {
			_ = cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
		}
	}
	for _, name := range []string{"attr", "clear-attr"} {
		if cmd.Flags().Lookup(name) != nil {
			_ = cmd.RegisterFlagCompletionFunc(name, completeAttributes)
		}
	}
	if cmd.Flags().Lookup("store") != nil {
		_ = cmd.RegisterFlagCompletionFunc("store", completeDSN)
	}
	for _, sub := range cmd.Commands() {
		completeFlags(sub)
	}
}

// completeAttributes completes the last of several attributes.
func completeAttributes(_ *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
	before := word[:strings.LastIndexByte(word, ';')+1]
	if before != "" {
		before += " "
	}
	var words []string
	for _, attribute := range attributeWords() {
		if name, _, _ := strings.Cut(attribute, "="); !strings.Contains(before, name) {
			words = append(words, before+attribute)
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// completeDSN completes what a DSN begins with.
func completeDSN(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var words []string
	for _, scheme := range slices.Sorted(maps.Keys(schemes)) {
		words = append(words, scheme+":")
	}
	return words, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}
