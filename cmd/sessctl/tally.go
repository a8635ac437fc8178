package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sessctl/sessctl/internal/cookieinput"
)

// tally counts what the lines of a batch were.
type tally struct {
	lines, bad, blank int64
	outcomes          map[string]int64 // of the results
	keys              map[string]int64 // those that verified them
	notText           bool             // at least one line

	last tallied // not in outcomes and keys yet
}

// tallied are results that are alike, as most are.
type tallied struct {
	outcome outcome
	key     string
	n       int64
}

func (t *tally) count(o outcome, key string) {
	if o != t.last.outcome || key != t.last.key {
		t.flush()
		t.last = tallied{o, key, 0}
	}
	t.last.n++
}

func (t *tally) flush() {
	if t.outcomes == nil {
		t.outcomes, t.keys = map[string]int64{}, map[string]int64{}
	}
	if t.last.n > 0 {
		t.outcomes[string(t.last.outcome)] += t.last.n
	}
	if t.last.n > 0 && t.last.key != "" {
		t.keys[t.last.key] += t.last.n
	}
	t.last.n = 0
}

func (t *tally) add(other *tally) {
	other.flush()
	t.lines += other.lines
	t.bad += other.bad
	t.blank += other.blank
	t.notText = t.notText || other.notText
	addCounts(&t.outcomes, other.outcomes)
	addCounts(&t.keys, other.keys)
}

func addCounts(to *map[string]int64, from map[string]int64) {
	if *to == nil {
		*to = map[string]int64{}
	}
	for name, n := range from {
		(*to)[name] += n
	}
}

// summarize tells stderr what the lines were, and what concerns many of them:
// of each line the records say it.
func (r *reader) summarize(t *tally, interrupted bool) {
	lines := "lines"
	if t.lines == 1 {
		lines = "line"
	}
	text := fmt.Sprintf("%d %s: %d good, %d bad", t.lines, lines, t.lines-t.bad-t.blank, t.bad)
	if t.blank > 0 {
		text += fmt.Sprintf(", %d blank", t.blank)
	}
	if interrupted {
		text = "interrupted after " + text
	}
	r.say.say(text)
	if len(t.outcomes) > 0 {
		r.say.say("outcomes: " + list(t.outcomes))
	}
	if len(t.keys) > 0 {
		r.say.say("keys: " + list(t.keys))
	}
	if t.outcomes[string(outcomeUnverified)] > 0 {
		r.say.warn("NOT VERIFIED: anyone can have written the cookies that are unverified")
	}
	if t.outcomes[string(outcomeNoKey)] > 0 {
		if len(r.query.keys) == 0 {
			r.say.hints([]string{newFinding("no-key", "", "").Hint})
		}
		for _, k := range r.query.keys {
			f := k.lengthFinding()
			r.say.warn(f.Message, f.Hint)
		}
	}
	if t.outcomes[string(outcomeNotAuthentic)] > 0 {
		r.say.hints([]string{"sessctl verify tells why a cookie is not authentic: give it one of these lines"})
	}
	var f *failure
	if t.notText && errors.As(inputFailed(cookieinput.ErrNotText), &f) {
		r.say.hints(f.hints)
	}
}

// list lists counts, the largest first.
func list(counts map[string]int64) string {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%s %d", name, counts[name])
	}
	return strings.Join(names, ", ")
}
