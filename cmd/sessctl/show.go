package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
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
func (r *reader) show(results []*result, p presentation) (err error) {
	out := r.open(r.env)
	defer func() {
		if closeErr := out.close(); err == nil || errors.As(err, new(told)) {
			err = cmp.Or(closeErr, err)
		}
	}()
	code := exitOK
	junk := countJunk(results)
	for _, res := range results {
		code = worse(code, p.exitCode(res.outcome))
		if p.headings && res.values != nil && len(results) > 1 && !r.json {
			r.say.say(heading(res))
		}
		if !r.quiet {
			text, err := r.append(nil, res, p)
			if err != nil {
				return err
			}
			if err := out.write(text); err != nil {
				return err
			}
		}
		if junk <= 1 || !isJunk(res) {
			p.report(res, len(results) > 1)
		}
	}
	if junk > 1 { // a file that holds no cookies at all
		hints := []string{anyForm}
		if i := slices.IndexFunc(results, (*result).isExplained); i >= 0 {
			hints = results[i].verdict(r.query, r.clock).all()
		}
		r.say.error(fmt.Sprintf("%d values, none of them %s", junk, ourCookies), hints...)
	}
	if code != exitOK {
		return told(code)
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
