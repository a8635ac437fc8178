package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/cookieinput"
)

// migrate writes a session of one format, or key, in another.
type migrate struct {
	reader
	targetFlags
	toKeys       keyFlags
	clearAttr    string
	renew        bool
	allowExpired bool
	dryRun       bool

	to    *target
	clear codec.Attributes // of the old cookies
}

func newMigrate(a app) *cobra.Command {
	m := migrate{reader: reader{app: a}, toKeys: keyFlags{single: true}}
	cmd := a.command(&cobra.Command{
		Use:   "migrate [INPUT...]",
		Short: "write a session in another format, or with another key",
		Long: `Migrate verifies a session cookie and writes its session in another format, or
with another key: order and numbers stay as they are. What is left of its
lifetime is kept. The new cookies are opened again before they are printed.

It prints Set-Cookie lines: those of the new cookies, and those that clear the
old ones. --as prints another form, as sessctl encode does.

INPUT is what sessctl decode takes; its flags and keys are those of the source.
A secret that serves both sides is refused: a weakness of one format must not
reach the other.`,
		Example: `  pbpaste | sessctl migrate --key-file secret.txt --to litestar --to-key-file new.key
  sessctl migrate --key-file secret.txt --to litestar --to-key-file new.key --dry-run @cookies.txt
  sessctl migrate --key-file secret.txt --to starlite --to-key-file new.key --to-name app --json @cookies.txt
  sessctl migrate --key-file secret.txt --to litestar --to-key-file new.key --each-line <cookies.txt >moved.jsonl`,
	}, &m.outputFlags, m.run)
	flags := cmd.Flags()
	m.targetFlags.register(flags, "to-", "to", " (default that of the source)", " (default set-cookie)")
	m.toKeys.register(flags, "to-")
	flags.StringVar(&m.clearAttr, "clear-attr", "", "Path and Domain that the old cookies have, in Set-Cookie's words, as `ATTRIBUTES` (default \"Path=/\")")
	flags.BoolVar(&m.renew, "renew", false, "give the session a whole new lifetime")
	flags.BoolVar(&m.allowExpired, "allow-expired", false, "take an expired session too; implies --renew")
	flags.BoolVar(&m.dryRun, "dry-run", false, "do it all, but print no cookie, only what would be set and cleared")
	m.reader.register(cmd, "the same as --as json")
	return cmd
}

func (m *migrate) run(ctx context.Context, args []string) error {
	if err := m.prepareBoth(args); err != nil {
		return err
	}
	if m.eachLine {
		return m.runLines(ctx, args, m.lines())
	}
	if err := m.loadBoth(ctx, args); err != nil {
		return err
	}
	cookies, err := m.cookies(ctx, args)
	if err != nil {
		return err
	}
	results, err := m.query.results(cookies)
	if err != nil {
		return err
	}
	if m.to.as != "json" && m.to.as != "value" {
		if err := onlyOne(results, "--as "+m.to.as); err != nil {
			return err
		}
	}
	return m.showMoved(results, cookies)
}

// lines moves the session of each line.
func (m *migrate) lines() lineCommand {
	return lineCommand{
		load: m.loadBoth,
		recorder: func(q *query) lineRecorder {
			mover := m.newMover(q)
			return func(r *result, cookies []cookieinput.Cookie, line int64) (any, outcome, error) {
				v, err := mover.move(r, cookies)
				if err != nil {
					return nil, "", err
				}
				rec := m.record(v)
				rec.Line = line
				return rec, v.outcome, nil
			}
		},
		exitCode: outcome.exitCode,
		quick:    notQuick,
	}
}

// prepareBoth checks the flags of both sides before anything is read.
func (m *migrate) prepareBoth(args []string) (err error) {
	if err := m.toKeys.check(); err != nil {
		return err
	}
	if err := m.asJSON(&m.outputFlags); err != nil {
		return err
	}
	if err := m.prepare(); err != nil {
		return err
	}
	if len(args) == 0 && m.env.stdinTTY {
		return errShowHelp
	}
	if m.targetFlags.format == "" {
		return usageError("migrate needs --to: starlette (FastAPI too), litestar or starlite")
	}
	if err := oneOf("to", m.targetFlags.format, targetChoices); err != nil {
		return err
	}
	if m.to, err = m.target(m.query.now); err != nil {
		return err
	}
	if m.eachLine {
		if m.json = true; m.to.as != "" && m.to.as != "json" {
			return usageError("--each-line prints JSON Lines, and here is another --as")
		}
		m.to.as = "json"
	}
	m.to.as = cmp.Or(m.to.as, "set-cookie")
	m.clear = codec.Attributes{Insecure: m.to.cookie.Insecure, SameSite: m.to.cookie.SameSite}
	if m.targetFlags.flags.Changed("clear-attr") {
		m.clear, err = parseAttributes("clear-attr", "to-max-age", m.clearAttr)
	}
	m.renew = m.renew || m.allowExpired
	return err
}

// loadBoth reads the keys of both sides, and refuses a secret that serves both.
func (m *migrate) loadBoth(ctx context.Context, args []string) error {
	source := m.keys.withDefault(m.env)
	switch {
	case !source.given():
		return usageError("migrate needs the key of the source", "give the app's secret with --key-file, --key-env or --key-prompt; see sessctl help keys")
	case !m.toKeys.given():
		return usageError("migrate needs the key of the target", "give it with --to-key-file, --to-key-env or --to-key-prompt; sessctl keygen makes one")
	case source.takesStdin() && m.toKeys.takesStdin():
		return usageError("standard input can hold one key only")
	}
	if err := m.toKeys.checkStdin(args, "cookie"); err != nil {
		return err
	}
	if err := m.checkOutput(m.env, nil, m.toKeys); err != nil {
		return err
	}
	if err := m.load(ctx, args); err != nil {
		return err
	}
	if err := m.to.takeKey(ctx, m.env, m.toKeys); err != nil {
		return err
	}
	m.say.detail("key %q of the target", m.to.key.label)
	for _, k := range m.query.keys {
		if k.isSameSecret(m.to.key) {
			return usageError(fmt.Sprintf("key %q of the target is the secret of the source", m.to.key.label),
				"a weakness of one must not reach the other: sessctl keygen makes a fresh one")
		}
	}
	// What the flags say of the cookies is wrong whatever the source is called.
	name := cmp.Or(m.targetFlags.name, defaultName)
	if _, err := m.to.newWriter(name, nil, 0); err != nil {
		return err
	}
	if _, err := newCodec(&target{format: m.to.format, key: m.to.key, cookie: m.clear}, name, 0); err != nil {
		return usageError("--clear-attr: " + err.Error())
	}
	return nil
}

// mover moves sessions, one after the other. It changes its query, so each
// goroutine needs one of its own.
type mover struct {
	*migrate
	query *query
	to    *target // by the clock of the query

	route  route
	writer *writer // of the route
}

// route is what two results have in common that one writer serves.
type route struct {
	name             string // of the target
	format           codec.Format
	fromName, fromBy string // the source's name and key
}

func (m *migrate) newMover(q *query) *mover {
	to := *m.to
	to.now = func() time.Time { return q.now }
	return &mover{migrate: m, query: q, to: &to}
}

// moved is what became of a session.
type moved struct {
	*made   // nil: nothing was made
	source  *result
	name    string   // of the target's cookie
	failure *failure // why the target does not hold the session
	outcome outcome
	code    int
}

// move makes new cookies of a result. received are the cookies of the same
// input: those that the new ones leave behind have to be cleared. It prints
// nothing.
func (m *mover) move(r *result, received []cookieinput.Cookie) (*moved, error) {
	v := &moved{source: r, name: cmp.Or(m.targetFlags.name, r.name, defaultName), outcome: r.outcome, code: r.outcome.exitCode()}
	if r.outcome != outcomeOK && !(r.outcome == outcomeExpired && m.allowExpired) {
		return v, nil
	}
	var err error
	v.made, err = m.write(r, v.name, received)
	switch {
	case err == nil:
		v.outcome, v.code = outcomeOK, exitOK
		if !m.renew && !v.expiresAt.IsZero() && v.expiresAt.Before(r.expiresAt.Add(-time.Second)) {
			v.findings = append(v.findings, newFinding("shortened", "", ""))
		}
	case !errors.As(err, &v.failure), v.failure.code == exitInternal:
		return nil, err
	case v.failure.code == exitOutsideTime:
		v.outcome, v.code = outcomeExpired, v.failure.code
	default:
		v.outcome, v.code = outcomeRefused, v.failure.code
	}
	return v, nil
}

func (m *mover) write(r *result, name string, received []cookieinput.Cookie) (*made, error) {
	w, err := m.writerFor(route{name, r.format, r.name, r.key})
	if err != nil {
		return nil, err
	}
	expires := r.expiresAt
	if m.renew {
		expires = time.Time{}
	}
	made, err := w.write(r.values, expires, m.left(r, received))
	if err == nil {
		err = made.check()
	}
	if err != nil {
		return nil, err
	}
	return made, nil
}

// left returns the cookies that a browser holds beside, or of, a source.
func (m *mover) left(r *result, received []cookieinput.Cookie) []*http.Cookie {
	if r.name == "" {
		return nil
	}
	var cookies []*http.Cookie
	for _, c := range received {
		if c.Group == r.pieces[0].Group && !c.Deletion() {
			cookies = append(cookies, &http.Cookie{Name: c.Name})
		}
	}
	return cookies
}

func (m *mover) writerFor(to route) (*writer, error) {
	if m.writer != nil && m.route == to {
		return m.writer, nil
	}
	var from *codec.Codec
	if to.fromName != "" {
		source := &target{format: to.format, cookie: m.clear}
		if name := strings.ToLower(to.fromName); strings.HasPrefix(name, "__host-") || strings.HasPrefix(name, "__secure-") {
			source.cookie.Insecure = false // else the browser had not taken it
		}
		for _, k := range m.query.keys {
			if k.label == to.fromBy {
				source.key = k
			}
		}
		var err error
		if from, err = newCodec(source, to.fromName, 0); err != nil {
			return nil, err
		}
	}
	w, err := m.to.newWriter(to.name, from, 0)
	if err == nil {
		m.route, m.writer = to, w
	}
	return w, err
}

// showMoved moves the results and prints what became of them.
func (m *migrate) showMoved(results []*result, cookies []cookieinput.Cookie) error {
	mover := m.newMover(m.query)
	var last *moved
	return m.showEach(results, func(r *result) (text []byte, code int, err error) {
		if last, err = mover.move(r, cookies); err != nil {
			return nil, 0, err
		}
		text, err = m.append(nil, last)
		return text, last.code, err
	}, func(*result) { m.report(last, len(results) > 1) })
}

func (m *migrate) append(dst []byte, v *moved) ([]byte, error) {
	switch {
	case m.json:
		return appendRecord(dst, m.record(v), m.toTerminal(m.env))
	case v.made == nil:
		return dst, nil
	case m.dryRun:
		return v.appendPlan(dst), nil
	}
	return v.made.append(dst), nil
}

// appendPlan appends what would be done, and no cookie.
func (m *made) appendPlan(dst []byte) []byte {
	for _, c := range m.cookies {
		dst = fmt.Appendf(dst, "would set %s, %d bytes\n", c.Name, sentSize(c))
	}
	for _, c := range m.cleared {
		dst = fmt.Appendf(dst, "would clear %s\n", c.Name)
	}
	return dst
}

// report tells stderr what became of a session.
func (m *migrate) report(v *moved, several bool) {
	verdict := v.source.verdict(m.query, m.clock)
	name := ""
	if several || v.source.number > 0 {
		name = v.source.prefix()
	}
	switch {
	case v.failure != nil:
		m.say.error(name+v.failure.text, v.failure.hints...)
	case v.made == nil:
		if v.outcome == outcomeExpired {
			verdict.hints = append(verdict.hints, "--allow-expired moves it none the less, and gives it a whole new lifetime")
		}
		m.say.report(v.source, verdict, several, m.json)
	case !m.json:
		m.say.reportFindings(name, &result{outcome: outcomeOK, findings: v.findingsOfSource()})
		m.say.say(name + verdict.text)
		m.say.reportFindings(name, &result{outcome: outcomeOK, findings: v.findings})
		now := "now: "
		if m.dryRun {
			now = "would be: "
		}
		m.say.say(name + now + v.describe(m.clock))
	}
}

// findingsOfSource leaves out what is wrong with a key that is on its way out.
func (v *moved) findingsOfSource() []finding {
	return slices.DeleteFunc(slices.Clone(v.source.findings), func(f finding) bool {
		return f.Code == "text-key" || f.Code == "short-key"
	})
}

// movement is what migrate adds to a record.
type movement struct {
	Cleared    []string `json:"cleared"`
	FromFormat *string  `json:"from_format"`
	FromName   *string  `json:"from_name"`
	FromHost   string   `json:"from_host,omitzero"`
	FromKey    *string  `json:"from_key"`
	Renewed    bool     `json:"renewed"`
	DryRun     bool     `json:"dry_run"`
}

func (m *migrate) record(v *moved) cookieRecord {
	rec := m.to.newRecord(v.name, v.outcome)
	rec.movement = &movement{Cleared: []string{}, FromName: optional(v.source.name), FromHost: v.source.host, FromKey: optional(v.source.key), DryRun: m.dryRun}
	if v.source.format != 0 {
		rec.FromFormat = new(v.source.format.String())
	}
	rec.Findings = append(rec.Findings, v.findingsOfSource()...)
	switch {
	case v.failure != nil:
		f := newFinding("target-refuses", "", v.failure.text)
		if len(v.failure.hints) > 0 {
			f.Hint = strings.Join(v.failure.hints, "; ")
		}
		rec.Findings = append(rec.Findings, f)
	case v.made != nil:
		rec.add(v.made, !m.dryRun)
		rec.Renewed = m.renew || v.source.expiresAt.IsZero()
		for _, c := range v.cleared {
			rec.Cleared = append(rec.Cleared, c.String())
		}
	}
	return rec
}
