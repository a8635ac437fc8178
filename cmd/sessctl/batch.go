package main

import (
	"context"
	"os"
	"runtime"
	"strings"
	"sync"

	"github.com/sessctl/sessctl/internal/cookieinput"
)

// lineCommand is what a command makes of the lines of a batch.
type lineCommand struct {
	// load reads the keys, given the arguments; nil: reader.load.
	load func(context.Context, []string) error
	// recorder returns what makes the records, given the query that finds the
	// results. Each of the goroutines that work at a time has both of its own.
	recorder func(*query) lineRecorder
	// exitCode is that of one result: a line is good if all of its results have
	// exitOK.
	exitCode func(outcome) int
	// quick says what the records are where a line needs no results.
	quick quickRecords

	// Of runLines.
	live  bool // the time is the clock's, which goes on: lines may come for days
	typed bool // on a terminal
}

// lineRecorder makes the record of one result of a line. It is given all cookies
// of the line, and the number for the record. The outcome is what is counted. An
// error ends the batch.
type lineRecorder func(r *result, cookies []cookieinput.Cookie, line int64) (record any, o outcome, err error)

// recorderOf returns a recorder of what makes a record of nothing but the result.
func recorderOf(newRecord func(*query, *result) record) func(*query) lineRecorder {
	return func(q *query) lineRecorder {
		return func(r *result, _ []cookieinput.Cookie, line int64) (any, outcome, error) {
			rec := newRecord(q, r)
			rec.Line = line
			return rec, r.outcome, nil
		}
	}
}

// maxWorkers bounds how many goroutines make records, and so the memory. To make
// one takes about ten times as long as to read its line or to write it, and one
// goroutine reads and one writes.
const maxWorkers = 16

// memoryLimit is above what a batch needs: what is quick makes no garbage. It has
// the collector come in time where lines of hostile content make much.
const memoryLimit = 20 << 20

// runLines runs a command with --each-line.
func (r *reader) runLines(ctx context.Context, args []string, c lineCommand) error {
	if err := r.checkLines(args); err != nil {
		return err
	}
	load := c.load
	if load == nil {
		load = r.load
	}
	if err := load(ctx, args); err != nil {
		return err
	}
	input := r.env.stdin
	if len(args) == 1 && args[0] != "-" {
		file, err := interruptible(ctx, func() (*os.File, error) { return os.Open(args[0][1:]) })
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return readFailed(err)
		}
		defer file.Close()
		input = file
	}
	c.live, c.typed = r.now == "", r.env.stdinTTY && input == r.env.stdin

	var workers []*lineWorker
	var heavy sync.Mutex
	for range min(runtime.GOMAXPROCS(0), maxWorkers) {
		w, err := r.newLineWorker(c, &heavy)
		if err != nil {
			return err
		}
		workers = append(workers, w)
	}
	// For each one to work on and one to wait for its turn; one is read, one written.
	lines := newBlocks(input, 2*len(workers)+2)
	r.env.limitMemory(memoryLimit)
	if err := r.writeLines(ctx, lines, workers); err != nil {
		return err
	}
	var all tally
	for _, w := range workers {
		all.add(&w.tally)
	}
	r.summarize(&all, ctx.Err() != nil)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case lines.err != nil:
		return lines.err
	case all.bad > 0:
		return told(exitUnauthentic)
	}
	return nil
}

// checkLines refuses what has no lines.
func (r *reader) checkLines(args []string) error {
	switch {
	case r.from == "jar", r.from == "curl", r.from == "har":
		return usageError("--each-line reads one cookie a line, which --from "+r.from+" is not", "leave out --each-line")
	case len(args) > 1, len(args) == 1 && args[0] != "-" && !strings.HasPrefix(args[0], "@"):
		return usageError("--each-line reads standard input, or one @FILE", "leave it out for cookies that are arguments")
	case len(args) == 1 && args[0] == "@":
		return usageError("@ needs the path of a file behind it")
	}
	return nil
}

// writeLines has the workers make the records, and writes them in the order of
// the input. It ends where the input or ctx does, or with an error.
func (r *reader) writeLines(ctx context.Context, lines *blocks, workers []*lineWorker) (err error) {
	out := r.open(r.env)
	defer func() {
		if closeErr := out.close(); err == nil {
			err = closeErr
		}
	}()
	progress := r.startProgress(lines)
	defer progress.end()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go lines.run(ctx)
	for _, w := range workers {
		go func() {
			for b := range lines.todo {
				w.work(b)
			}
		}()
	}
	for b := range lines.ordered {
		<-b.done
		if b.err != nil {
			return b.err
		}
		if !r.quiet {
			if err := out.write(b.out); err != nil {
				return err
			}
		}
		progress.add(b.lines)
		lines.recycle(b)
	}
	if r.quiet {
		return nil
	}
	return out.create()
}
