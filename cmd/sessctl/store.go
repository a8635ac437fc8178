package main

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sessctl/sessctl/codec"
)

// newStore returns the command of server-side sessions, with its own commands.
func newStore(a app) *cobra.Command {
	store := &cobra.Command{
		Use:   "store COMMAND",
		Short: "list, show, write, delete and copy server-side sessions",
		Long: `Store works on sessions where Starlite and Litestar keep them on the server:
files, Redis, Valkey, memcached, SQLite, PostgreSQL, MySQL and MariaDB. Python and
Go go on using them meanwhile.

A store is named by a DSN, see sessctl help stores. It is given by --store, in
the variable SESSCTL_STORE or in the file that --store-file names; where it holds
a password, by one of the last two.

A session's id is all that its user has to show, so it is printed with its first 8
digits alone, unless --full-ids asks for it.`,
		Example: `  sessctl store list --store 'file:sessions?layout=litestar'
  export SESSCTL_STORE='file:sessions?layout=litestar'; sessctl store list --count
  sessctl store show --store 'file:sessions?layout=litestar' @id.txt`,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			cmd.SetOut(a.env.stderr)
			_ = cmd.Help()
			return told(exitUsage)
		},
	}
	store.AddCommand(newStoreList(a), newStoreShow(a), newStorePut(a), newStoreDelete(a), newStoreClear(a), newStorePrune(a), newStoreCopy(a), newStoreHelp())
	return store
}

// newStoreHelp returns what cobra has for the root alone. Flags are no matter: they may
// be those of the command that it is asked about.
func newStoreHelp() *cobra.Command {
	return &cobra.Command{
		Use:                "help [COMMAND]",
		Short:              "help about a command",
		Hidden:             true,
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			isFlag := func(arg string) bool { return strings.HasPrefix(arg, "-") }
			for len(args) > 0 && isFlag(args[0]) {
				args = args[1:]
			}
			if i := slices.IndexFunc(args, isFlag); i > 0 {
				args = args[:i]
			}
			return helpAbout(cmd.Parent(), args)
		},
		ValidArgsFunction: completeCommands,
	}
}

// idDigits is how much of an id is shown.
const idDigits = 8

// dsnFlags name a store.
type dsnFlags struct {
	flag  string // store, from or to
	value string
	file  string
}

func (f *dsnFlags) register(flags *pflag.FlagSet, flag, what, fallback string) {
	f.flag = flag
	flags.StringVar(&f.value, flag, "", "`DSN` of the store"+what+fallback)
	flags.StringVar(&f.file, flag+"-file", "", "read that DSN from the file `PATH`: it may hold a password")
}

// load reads the DSN. The environment stands for --store alone: copy has two.
func (f *dsnFlags) load(ctx context.Context, e *env) (*dsn, error) {
	text, variable := f.value, ""
	if f.flag == "store" {
		variable = e.variable("SESSCTL_STORE")
	}
	switch {
	case f.value != "" && f.file != "":
		return nil, usageError("--" + f.flag + " and --" + f.flag + "-file exclude each other")
	case f.value != "":
		if holdsPassword(f.value) {
			into := "--" + f.flag + "-file"
			if f.flag == "store" {
				into += ", or into the variable SESSCTL_STORE"
			}
			return nil, passwordInArguments(into)
		}
	case f.file != "":
		data, err := readFile(ctx, f.file, maxKeySize)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			return nil, &failure{code: exitUsage, text: "cannot read a DSN: " + err.Error(), cause: err}
		}
		text = strings.TrimSpace(string(data))
	case variable != "":
		text = variable
	case f.flag == "store":
		return nil, usageError("which store?", "give its DSN with --store, --store-file or SESSCTL_STORE: "+schemesHint)
	default:
		return nil, usageError("copy needs --"+f.flag+" or --"+f.flag+"-file", "its DSN is "+schemesHint)
	}
	return parseDSN(text)
}

// passwordInArguments refuses a DSN with a password where others can see it.
func passwordInArguments(into string) error {
	return usageError("a password on the command line can be read by others (process list, shell history)", "put the DSN in a file and give "+into+"; and treat this one as known")
}

// refuseDSN refuses a DSN that stands where an id, INPUT, path or name does, and does
// not repeat it. Quotes are a part of it where the shell is cmd.
func refuseDSN(args ...string) error {
	for _, arg := range args {
		arg = strings.TrimLeft(arg, ` '"`)
		name, _, ok := strings.Cut(arg, ":")
		name, _, _ = strings.Cut(name, "+")
		switch {
		case !ok || schemes[strings.ToLower(name)].kind == "":
		case holdsPassword(arg):
			return passwordInArguments("--store-file (to copy --from-file or --to-file), or into the variable SESSCTL_STORE")
		default:
			return usageError("the store's DSN is given by --store", "--store DSN, --store-file PATH or the variable SESSCTL_STORE; copy has --from and --to")
		}
	}
	return nil
}

// isSameFile reports whether two paths name one file or directory, also one that is
// yet to be made.
func isSameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	if errA == nil && errB == nil {
		return os.SameFile(infoA, infoB)
	}
	absA, errA := filepath.Abs(a)
	absB, errB := filepath.Abs(b)
	return errA == nil && errB == nil && absA == absB
}

// storeCommand is what the commands on stores have in common.
type storeCommand struct {
	app
	outputFlags
	timeoutFlag string

	timeout time.Duration
	clock   clock
}

func (c *storeCommand) register(cmd *cobra.Command, jsonUsage string) {
	cmd.Flags().StringVar(&c.timeoutFlag, "timeout", "10s", "wait for the store no longer than this `TIME`: seconds, or a number with s m h")
	c.outputFlags.register(cmd.Flags(), jsonUsage)
}

// prepare checks arguments and flags. The output may be none of the inputs, which are
// written as arguments are: @FILE.
func (c *storeCommand) prepare(args []string, inputs ...string) (err error) {
	if err := cmp.Or(refuseDSN(args...), c.outputFlags.check()); err != nil {
		return err
	}
	if err := c.checkOutput(c.env, inputs); err != nil {
		return err
	}
	if c.timeout, err = parseMaxAge("timeout", c.timeoutFlag); err != nil || c.timeout == codec.NoMaxAge {
		return usageError("--timeout is at least one second: seconds, or a number with s, m, h, d or w")
	}
	c.clock = c.newClock(c.env, c.env.now())
	return nil
}

// loadDSN reads the DSN that flags name. The output may be neither its file nor the
// store's.
func (c *storeCommand) loadDSN(ctx context.Context, flags *dsnFlags) (*dsn, error) {
	if err := c.checkOutput(c.env, []string{"@" + flags.file}); err != nil {
		return nil, err
	}
	d, err := flags.load(ctx, c.env)
	if err == nil && !isStdout(c.path) && d.path != "" && (isSameFile(c.path, d.path) || isSameFile(filepath.Dir(c.path), d.path)) {
		return nil, usageError("--output names the store, or a file in it")
	}
	return d, err
}

func (c *storeCommand) openDSN(ctx context.Context, d *dsn, create bool) (*openStore, error) {
	s, err := openStoreOf(ctx, d, openOptions{create, c.timeout, c.env.now})
	if err == nil {
		c.say.detail("%s, the layout of %s", d.full(), d.layout)
	}
	return s, err
}

// oneStore is a command on one store.
type oneStore struct {
	storeCommand
	source dsnFlags
	*openStore
}

func (c *oneStore) register(cmd *cobra.Command, jsonUsage string) {
	c.source.register(cmd.Flags(), "store", "", " (default $SESSCTL_STORE)")
	c.storeCommand.register(cmd, jsonUsage)
}

// open opens the store, unless a check refuses its DSN.
func (c *oneStore) open(ctx context.Context, checks ...func(*dsn) error) error {
	d, err := c.loadDSN(ctx, &c.source)
	for _, check := range checks {
		if err == nil {
			err = check(d)
		}
	}
	if err == nil {
		c.openStore, err = c.openDSN(ctx, d, false)
	}
	return err
}

// addDryRun registers --dry-run.
func addDryRun(flags *pflag.FlagSet, dryRun *bool) {
	flags.BoolVar(dryRun, "dry-run", false, "change nothing, but tell what would be done")
}

// report prints what was counted: as JSON, or in words on stderr.
func (c *storeCommand) report(record any, words string) error {
	if !c.json {
		c.say.say(words)
		return nil
	}
	text, err := appendRecord(nil, record, c.toTerminal(c.env))
	if err != nil {
		return err
	}
	return c.writeText(c.env, text)
}

// expiry says when a session ends, for people.
func (c *storeCommand) expiry(t time.Time) string {
	switch {
	case t.IsZero():
		return "no expiry"
	case c.isExpired(t):
		return "expired " + c.clock.relative(t)
	}
	return c.clock.relative(t)
}

// isExpired reports whether a session has ended: to Python too it has at the moment
// itself.
func (c *storeCommand) isExpired(t time.Time) bool { return !t.IsZero() && !t.After(c.clock.now) }
