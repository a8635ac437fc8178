package main

import (
	"bytes"
	"context"
	"io"
	"sync"
	"sync/atomic"

	"github.com/sessctl/sessctl/internal/cookieinput"
)

const (
	// blockSize is how much is read at once: 200 lines with small sessions. An
	// eighth of it costs 7 % more time, and four times as much gains none.
	blockSize = 64 << 10
	// maxBlockLines bounds the output of a block: the shortest lines have records
	// a hundred times as long.
	maxBlockLines = 512
	// longLine is as long as a line can be that is read whole, its end included.
	longLine = cookieinput.MaxLine + len("\r\n")
	// longLines is how many lines that are longer than a block are in memory at a
	// time: one of a megabyte can become twenty on its way to a record.
	longLines = 1
)

// block is some lines of the input, and what they become.
type block struct {
	first int64  // the number of its first line
	lines int    // how many it has
	text  []byte // with their ends; only the last of the input may have none
	out   []byte
	err   error // ends the batch
	done  chan struct{}

	buf  []byte // holds text,
	long []byte // or this one
}

// blocks cuts the input into blocks. However long it is, there are never more
// of them than it was made with.
type blocks struct {
	input   io.Reader
	read    atomic.Int64 // bytes
	err     error        // of reading; to be looked at once ordered is closed
	todo    chan *block  // for whoever works on them
	ordered chan *block  // the same ones, for whoever waits until they are done

	free chan *block
	long chan []byte

	mu      sync.Mutex // of what follows, and of sending on todo and ordered
	stopped bool

	// Of the reading goroutine.
	readErr  error
	rest     []byte // read, but in no block yet
	line     int64  // the number of the next line
	skipping bool   // a line that is too long
}

func newBlocks(input io.Reader, n int) *blocks {
	s := &blocks{
		input: input, line: 1,
		// With room for all, so that stop finds nobody sending.
		todo: make(chan *block, n), ordered: make(chan *block, n),
		free: make(chan *block, n), long: make(chan []byte, longLines),
	}
	for range n {
		s.free <- &block{done: make(chan struct{}, 1)}
	}
	for range longLines {
		s.long <- nil
	}
	return s
}

// run reads until the input or ctx ends. What it has given out by then stays
// given out; that it hangs in a read keeps nobody else waiting.
func (s *blocks) run(ctx context.Context) {
	defer context.AfterFunc(ctx, func() { s.stop(nil) })()
	err := s.giveAll(ctx)
	if ctx.Err() != nil || err == io.EOF {
		err = nil
	}
	s.stop(err)
}

// giveAll ends with an error, io.EOF at the best, or with ctx.
func (s *blocks) giveAll(ctx context.Context) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = internalError()
		}
	}()
	for {
		select {
		case b := <-s.free:
			if err := s.fill(ctx, b); err != nil {
				return err
			}
			s.give(b)
		case <-ctx.Done():
			return nil
		}
	}
}

// give hands a block over, unless nobody wants it any more.
func (s *blocks) give(b *block) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopped {
		s.todo <- b
		s.ordered <- b
	}
}

// stop ends the reading.
func (s *blocks) stop(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopped {
		s.stopped, s.err = true, err
		close(s.todo)
		close(s.ordered)
	}
}

// recycle takes a block back.
func (s *blocks) recycle(b *block) {
	if b.long != nil {
		s.long <- b.long
		b.long = nil
	}
	if cap(b.out) > 8*blockSize {
		b.out = nil
	}
	s.free <- b
}

// fill reads until there are whole lines, and takes those that are there then, so
// that what comes slowly is not held back. With an error, io.EOF too, there are none.
func (s *blocks) fill(ctx context.Context, b *block) error {
	if b.buf == nil {
		b.buf = make([]byte, 0, blockSize)
	}
	text := append(b.buf[:0], s.rest...)
	s.rest = s.rest[:0]
	seen := 0 // no line ends there
	for {
		if s.skipping {
			_, behind, ended := bytes.Cut(text, lineEnd)
			text, s.skipping = text[:copy(text, behind)], !ended
			seen = 0
		}
		end, lines := wholeLines(text[seen:])
		end, seen = seen+end, len(text)
		switch {
		case lines > 0:
			s.take(b, text[:end], lines)
			s.rest = append(s.rest, text[end:]...) // less than a block
			return nil
		case s.readErr == io.EOF && len(text) > 0:
			s.take(b, text, 1)
			return nil
		case s.readErr == io.EOF:
			return io.EOF
		case s.readErr != nil:
			return readFailed(s.readErr)
		case len(text) == cap(text) && b.long != nil:
			s.take(b, text, 1)
			s.skipping = true
			return nil
		case len(text) == cap(text):
			select {
			case b.long = <-s.long:
			case <-ctx.Done():
				return ctx.Err()
			}
			if b.long == nil {
				b.long = make([]byte, 0, longLine)
			}
			text = append(b.long[:0], text...)
		}
		var n int
		n, s.readErr = s.input.Read(text[len(text):min(cap(text), len(text)+blockSize)])
		s.read.Add(int64(n))
		text = text[:len(text)+n]
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

func (s *blocks) take(b *block, text []byte, lines int) {
	b.text, b.first, b.lines = text, s.line, lines
	s.line += int64(lines)
}

var lineEnd = []byte("\n")

// wholeLines returns where they end, and how many they are.
func wholeLines(text []byte) (end, lines int) {
	lines = bytes.Count(text, lineEnd)
	if lines <= maxBlockLines {
		return bytes.LastIndexByte(text, '\n') + 1, lines
	}
	for range maxBlockLines {
		end += bytes.IndexByte(text[end:], '\n') + 1
	}
	return end, maxBlockLines
}
