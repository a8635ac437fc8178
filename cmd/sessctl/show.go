package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"syscall"
)

// presentation is how a command shows its results.
type presentation struct {
	text     func(dst []byte, r *result) []byte // for people
	record   func(r *result) record             // for --json
	exitCode func(outcome) int
	report   func(r *result, several bool) // tells stderr what stdout does not
	headings bool                          // tell several sessions apart on stderr
}

// show prints the results and returns the worst of their exit codes.
func (r *reader) show(results []*result, p presentation) error {
	err := r.showEach(results, func(res *result) (text []byte, code int, err error) {
		if p.headings && res.values != nil && len(results) > 1 && !r.json {
			r.say.say(heading(res))
		}
		text, err = r.append(nil, res, p)
		return text, p.exitCode(res.outcome), err
	}, func(res *result) { p.report(res, len(results) > 1) })
	if isBrokenPipe(err) {
		return nil // the verdict is that all is well
	}
	return err
}

// showEach prints what make returns for each of the results, lets report tell
// stderr the rest, and returns the worst exit code.
func (r *reader) showEach(results []*result, make func(*result) (text []byte, code int, err error), report func(*result)) (err error) {
	out := r.open(r.env)
	defer func() {
		if closeErr := out.close(); err == nil || errors.As(err, new(told)) {
			err = cmp.Or(closeErr, err)
		}
	}()
	worst, gone := exitOK, false
	junk := countJunk(results)
	for _, res := range results {
		text, code, err := make(res)
		if err != nil {
			return err
		}
		worst = worse(worst, code)
		if gone {
			continue // whoever read has enough, but the verdict counts all
		}
		if !r.quiet {
			if err := out.write(text); isBrokenPipe(err) {
				gone = true
				continue
			} else if err != nil {
				return err
			}
		}
		if junk <= 1 || !isJunk(res) {
			report(res)
		}
	}
	if junk > 1 && !gone { // a file that holds no cookies at all
		hints := []string{anyForm}
		if i := slices.IndexFunc(results, (*result).isExplained); i >= 0 {
			hints = results[i].verdict(r.query, r.clock).all()
		}
		r.say.error(fmt.Sprintf("%d values, none of them %s", junk, ourCookies), hints...)
	}
	switch {
	case worst != exitOK:
		return told(worst)
	case gone:
		return writeFailed(syscall.EPIPE)
	}
	return nil
}

func (r *reader) append(dst []byte, res *result, p presentation) ([]byte, error) {
	if r.json {
		return appendRecord(dst, p.record(res), r.toTerminal(r.env))
	}
	return p.text(dst, res), nil
}

// isJunk reports whether a result is a bare value that is nothing known.
func isJunk(r *result) bool { return r.number > 0 && r.outcome == outcomeUnknown }

func countJunk(results []*result) int {
	n := 0
	for _, r := range results {
		if isJunk(r) {
			n++
		}
	}
	return n
}

// onlyOne refuses several sessions for a flag whose output would not tell them
// apart.
func onlyOne(results []*result, flag string) error {
	sessions, sameName := 0, false
	for i, r := range results {
		if r.values != nil {
			sessions++
		}
		sameName = sameName || slices.ContainsFunc(results[:i], func(other *result) bool { return other.name == r.name })
	}
	if sessions <= 1 {
		return nil
	}
	hint := "choose one with --name"
	if sameName {
		hint = "give one of them alone, or --json for all"
	}
	return usageError(fmt.Sprintf("%s prints one session, and here are %d", flag, sessions), hint)
}
