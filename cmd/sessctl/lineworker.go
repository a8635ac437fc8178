package main

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	"github.com/sessctl/sessctl/internal/cookieinput"
)

// manyCookies are more than a browser sends, and few enough not to take much
// memory.
const manyCookies = 200

// lineWorker makes the records of lines, one block after the other.
type lineWorker struct {
	lineCommand
	env    *env
	kind   cookieinput.Kind
	heavy  *sync.Mutex // of all workers: one line at a time may take much memory
	query  *query      // its own: it is changed by being used
	record lineRecorder
	quick  *quick // nil: no line is quick
	tally  tally
}

func (r *reader) newLineWorker(c lineCommand, heavy *sync.Mutex) (*lineWorker, error) {
	q := *r.query
	q.batch = true
	q.timed, q.untimed, q.sealed = nil, nil, nil // they go by the time of another query
	w := &lineWorker{lineCommand: c, env: r.env, heavy: heavy, kind: inputKinds[r.from], query: &q}
	w.record = c.recorder(w.query)
	if c.quick == notQuick || c.typed {
		return w, nil
	}
	var err error
	w.quick, err = newQuick(w.query, w.kind, c.quick == quickSession)
	return w, err
}

// work fills in the records of a block. A panic becomes its error.
func (w *lineWorker) work(b *block) {
	defer func() {
		if v := recover(); v != nil {
			b.err = internalError()
		}
		b.done <- struct{}{}
	}()
	if w.live {
		w.query.now = w.env.now()
	}
	b.out = b.out[:0]
	number := b.first
	for text := b.text; len(text) > 0 && b.err == nil; number++ {
		var line []byte
		line, text, _ = bytes.Cut(text, lineEnd)
		b.out, b.err = w.append(b.out, bytes.TrimSuffix(line, []byte("\r")), number)
	}
}

// append appends the records of a line.
func (w *lineWorker) append(dst, line []byte, number int64) ([]byte, error) {
	w.tally.lines++
	if w.quick != nil {
		if out, o, key, ok := w.quick.append(dst, number, line); ok {
			w.tally.count(o, key)
			if w.exitCode(o) != exitOK {
				w.tally.bad++
			}
			return out, nil
		}
	}
	return w.appendSlow(dst, line, number)
}

// appendSlow is append for any line.
func (w *lineWorker) appendSlow(dst, line []byte, number int64) ([]byte, error) {
	cookies, none, err := w.parse(line)
	switch {
	case errors.Is(err, cookieinput.ErrEmpty):
		w.tally.blank++
		return dst, nil
	case len(line) > blockSize, len(cookies) > manyCookies:
		w.heavy.Lock()
		defer w.heavy.Unlock()
	}
	results := none
	if len(none) == 0 {
		if results, err = w.query.results(cookies); err != nil {
			return dst, err
		}
	}
	good := true
	for _, r := range results {
		rec, o, err := w.record(r, cookies, number)
		if err != nil {
			return dst, err
		}
		if dst, err = appendRecord(dst, rec, false); err != nil {
			return dst, err
		}
		w.tally.count(o, r.key)
		good = good && w.exitCode(o) == exitOK
	}
	if !good {
		w.tally.bad++
	}
	return dst, nil
}

// parse returns the cookies of a line, or what is to be said if there are none.
// The error is that of a blank line.
func (w *lineWorker) parse(line []byte) (cookies []cookieinput.Cookie, none []*result, err error) {
	r := &result{outcome: outcomeTooLarge, verified: w.query.unmatched()}
	switch {
	case len(line) > cookieinput.MaxLine:
		return nil, []*result{r}, nil
	case w.typed && len(line) >= terminalLine:
		r.outcome = outcomeMalformed
		r.find("cut", fmt.Sprintf("the terminal cuts a pasted line at %d bytes", terminalLine))
		return nil, []*result{r}, nil
	}
	cookies, err = cookieinput.Parse(string(line), w.kind)
	switch {
	case errors.Is(err, cookieinput.ErrEmpty):
		return nil, nil, err
	case errors.Is(err, cookieinput.ErrTooLarge):
		return nil, []*result{r}, nil
	case errors.Is(err, cookieinput.ErrNotText):
		w.tally.notText = true
	}
	if len(cookies) == 0 {
		none = w.query.absent(nil)
	}
	return cookies, none, nil
}
