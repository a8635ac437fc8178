package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/termtext"
	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/filestore"
)

// storeList lists sessions.
type storeList struct {
	oneStore
	odd     bool
	count   bool
	fullIDs bool
	raw     bool
	ids     string

	tally listTally
}

// listTally counts what was listed.
type listTally struct{ sessions, expired, odd, unreadable, damaged, missing int }

func newStoreList(a app) *cobra.Command {
	l := storeList{oneStore: oneStore{storeCommand: storeCommand{app: a}}}
	cmd := a.command(&cobra.Command{
		Use:   "list",
		Short: "list the sessions of a store",
		Long: `List prints one line for each session of a store: the first digits of its id, the
size of its data, and when it expires. How many there are it says on standard
error.

Keys of another form, which a client can have made up, since Python takes any text
for an id, and what else lies beside the sessions is counted and left out; --odd
lists it too. Litestar's files hold no ids, but their hashes: those are listed, cut as
ids are; --full-ids and --json have all of them. Where the DSN leaves out names=id of an
older Litestar, what is taken for hashes are ids.`,
		Example: `  sessctl store list --store 'file:sessions?layout=litestar'
  sessctl store list --store 'file:starlite?layout=starlite' --full-ids --raw >ids.txt
  sessctl store list --store 'file:starlite?layout=starlite' --ids ids.txt --json`,
	}, &l.outputFlags, l.run)
	flags := cmd.Flags()
	l.register(cmd, "print a JSON object for each session (see sessctl help json)")
	flags.BoolVar(&l.fullIDs, "full-ids", false, "print whole ids, with which anyone can be the user, and keys")
	flags.BoolVar(&l.raw, "raw", false, "with --full-ids: print the ids alone, one a line")
	flags.BoolVar(&l.count, "count", false, "print how many there are, and nothing else")
	flags.BoolVar(&l.odd, "odd", false, "list too what has a key of another form")
	flags.StringVar(&l.ids, "ids", "", "list the sessions of the ids in `FILE`, one a line; - is standard input")
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	return cmd
}

func (l *storeList) run(ctx context.Context, args []string) error {
	if err := l.check(args); err != nil {
		return err
	}
	var ids []string
	if l.ids != "" {
		var err error
		if ids, err = l.readIDs(ctx, l.ids); err != nil {
			return err
		}
	}
	if err := l.open(ctx); err != nil {
		return err
	}
	defer l.end()
	if l.raw && l.isHashed() && l.ids == "" {
		return usageError("Litestar's files hold no ids, only their hashes", "without --raw these are listed; --ids FILE gives the ids")
	}
	entries := l.byID(ctx, ids)
	if l.ids == "" {
		if err := l.isLister("--ids FILE gives it the ids to look for"); err != nil {
			return err
		}
		entries = l.list(ctx)
	}
	return l.print(ctx, entries)
}

func (l *storeList) check(args []string) error {
	if err := l.prepare(args, "@"+l.ids); err != nil {
		return err
	}
	if len(args) > 0 {
		return usageError("list takes no argument", "sessctl store show shows one session")
	}
	for _, pair := range []struct {
		a     bool
		nameA string
		b     bool
		nameB string
	}{{l.count, "count", l.raw, "raw"}, {l.count, "count", l.json, "json"}, {l.raw, "raw", l.json, "json"}, {l.raw, "raw", l.odd, "odd"}, {l.ids != "", "ids", l.odd, "odd"}} {
		if err := exclusive(pair.a, pair.nameA, pair.b, pair.nameB); err != nil {
			return err
		}
	}
	if l.raw && !l.fullIDs {
		return usageError("--raw prints ids, so it needs --full-ids", "an id is all that a user has to show")
	}
	return nil
}

// byID looks the sessions of ids up.
func (l *storeList) byID(ctx context.Context, ids []string) iter.Seq2[listed, error] {
	return func(yield func(listed, error) bool) {
		for _, id := range ids {
			found, err := l.load(ctx, id)
			switch {
			case errors.Is(err, session.ErrNotFound):
				l.tally.missing++
				continue
			case err != nil && !isUnreadable(err):
				yield(listed{}, err)
				return
			}
			if !yield(listed{Entry: session.Entry{ID: id, Key: id, Size: len(found.data), Expires: found.expires}, refused: err}, nil) {
				return
			}
		}
	}
}

// listPage is how many lines are aligned together, so that a long list comes while
// it is read.
const listPage = 256

// listLine is a line of the list.
type listLine struct {
	name, rest string
	size       string
}

// print prints the entries, and tells stderr how many there were.
func (l *storeList) print(ctx context.Context, entries iter.Seq2[listed, error]) (err error) {
	out := l.outputFlags.open(l.env)
	defer func() {
		if closeErr := out.close(); err == nil || errors.As(err, new(told)) {
			err = cmp.Or(closeErr, err)
		}
	}()
	var page []listLine
	flush := func() error {
		text := appendLines(nil, page)
		page = page[:0]
		return out.write(text)
	}
	for e, listErr := range entries {
		if listErr != nil {
			return cmp.Or(flush(), listErr)
		}
		if !l.take(e) || l.quiet {
			continue
		}
		if e.Odd && l.kind == "file" {
			if e, listErr = l.readOdd(ctx, e); listErr != nil {
				return cmp.Or(flush(), listErr)
			}
		}
		switch {
		case l.raw:
			err = out.write([]byte(e.ID + "\n"))
		case l.json:
			var text []byte
			if text, err = appendRecord(nil, l.record(e), l.toTerminal(l.env)); err == nil {
				err = out.write(text)
			}
		default:
			if page = append(page, l.line(e)); len(page) == listPage {
				err = flush()
			}
		}
		if err != nil {
			return err
		}
	}
	if err := flush(); err != nil {
		return err
	}
	if !l.quiet {
		if err := out.create(); err != nil {
			return err
		}
	}
	if l.count && !l.quiet {
		if err := out.write([]byte(strconv.Itoa(l.tally.sessions) + "\n")); err != nil {
			return err
		}
	}
	if !l.count || l.tally.unreadable > 0 {
		l.say.say(l.summary())
	}
	if l.tally.unreadable > 0 {
		if l.tally.sessions == 0 && l.tally.damaged > 0 {
			l.say.hints(l.otherLayout())
		}
		return told(exitNotSession)
	}
	return nil
}

// readOdd reads a file of another name, to show what prune --odd would find there.
func (l *storeList) readOdd(ctx context.Context, e listed) (listed, error) {
	found, err := l.loadKey(ctx, e.Key)
	if err == nil {
		var values *codec.Values
		e.Size, e.Expires = len(found.data), found.expires
		values, e.refused = storedSession(found.data)
		e.stays = e.refused != nil || isRateLimit(values)
		return e, nil
	}
	if !isUnreadable(err) && !errors.Is(err, session.ErrNotFound) {
		return e, err
	}
	e.refused, e.stays = err, true
	return e, nil
}

// take counts an entry, and reports whether it is printed.
func (l *storeList) take(e listed) bool {
	switch {
	case e.Odd:
		l.tally.odd++
		return l.odd && !l.count
	case e.refused != nil:
		l.tally.unreadable++
		if errors.Is(e.refused, session.ErrDamaged) && !errors.Is(e.refused, filestore.ErrKept) {
			l.tally.damaged++
		}
	default:
		l.tally.sessions++
		if l.isExpired(e.Expires) {
			l.tally.expired++
		}
	}
	return !l.count
}

func (l *storeList) summary() string {
	t := l.tally
	text := plural(t.sessions, "session")
	if t.expired > 0 {
		text += fmt.Sprintf(", %d of them expired", t.expired)
	}
	if t.unreadable > 0 {
		text += fmt.Sprintf(", %d not readable", t.unreadable)
	}
	if t.missing > 0 {
		text += fmt.Sprintf("; %s not there", plural(t.missing, "id"))
	}
	if t.odd > 0 {
		text += "; " + l.keys(t.odd)
		if !l.odd {
			text += ": left out"
		}
	}
	return text
}

// name is what a list shows of an id or key.
func (l *storeList) name(e listed) string {
	if name := shortKey(e.Key); name != e.Key && !l.fullIDs {
		return name + "…"
	}
	return e.Key
}

// shortKey cuts a key as an id is cut. To Python one of another form is an id, and so
// is the name of a file where the DSN says wrongly that names are hashes.
func shortKey(key string) string {
	n := 0
	for i := range key {
		if n == idDigits {
			return key[:i]
		}
		n++
	}
	return key
}

func (l *storeList) line(e listed) listLine {
	line := listLine{name: termtext.Escape(l.name(e)), size: strconv.Itoa(e.Size) + " B", rest: l.expiry(e.Expires)}
	if e.Size == 0 && (e.refused != nil || e.Odd && e.Expires.IsZero()) {
		line.size = "?"
	}
	switch {
	case e.refused != nil && refusedFinding(e.refused).Code == "not-readable":
		line.rest = "not readable"
	case e.refused != nil:
		line.rest = "not a session"
	case l.isEmptied(e.Entry):
		line.rest = "expired, empty"
	case line.size == "?":
		line.rest = "another key"
		return line
	}
	if e.Odd {
		line.rest += ", another key"
	}
	return line
}

// appendLines appends lines in columns.
func appendLines(dst []byte, lines []listLine) []byte {
	const widest = 128 // an id
	name, size := 0, 0
	for _, line := range lines {
		if n := utf8.RuneCountInString(line.name); n <= widest {
			name = max(name, n)
		}
		size = max(size, len(line.size))
	}
	for _, line := range lines {
		dst = fmt.Appendf(dst, "%-*s  %*s  %s\n", name, line.name, size, line.size, line.rest)
	}
	return dst
}

func (l *storeList) record(e listed) storeRecord {
	rec := l.newRecord(e.Entry, l.fullIDs, e.refused == nil, e.stays)
	if e.refused != nil {
		rec.Findings = append(rec.Findings, refusedFinding(e.refused))
	}
	return rec
}
