package main

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// progress shows on a terminal how far a batch is. A nil one shows nothing.
type progress struct {
	container *mpb.Progress
	bar       *mpb.Bar
	done      atomic.Int64 // lines
	read      *atomic.Int64
}

// startProgress returns nil where nobody would see the progress, or the records
// go by on the same terminal.
func (r *reader) startProgress(lines *blocks) *progress {
	if r.quiet || !r.env.stderrTTY || r.env.variable("TERM") == "dumb" || r.toTerminal(r.env) {
		return nil
	}
	p := &progress{container: mpb.New(mpb.WithOutput(r.env.stderr)), read: &lines.read}
	start := time.Now()
	count := decor.Any(func(decor.Statistics) string {
		n := p.done.Load()
		return fmt.Sprintf("%d lines, %.0f/s", n, float64(n)/max(time.Since(start).Seconds(), 0.001))
	})
	options := []mpb.BarOption{mpb.PrependDecorators(count), mpb.BarRemoveOnComplete()}
	style := mpb.BarFillerBuilder(mpb.NopStyle())
	size := sizeOf(lines.input)
	if size > 0 {
		style = mpb.BarStyle()
		options = append(options, mpb.AppendDecorators(decor.Name(" "), decor.Percentage(), decor.Name(", "), decor.AverageETA(decor.ET_STYLE_GO), decor.Name(" left")))
	}
	p.bar = p.container.New(size, style, options...)
	return p
}

// sizeOf returns how many bytes can be read from a file, or 0 where nothing
// tells.
func sizeOf(input io.Reader) int64 {
	file, ok := input.(*os.File)
	if !ok {
		return 0
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return 0
	}
	at, err := file.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0
	}
	return info.Size() - at
}

// add counts lines that are done.
func (p *progress) add(lines int) {
	if p == nil {
		return
	}
	p.done.Add(int64(lines))
	p.bar.SetCurrent(p.read.Load())
}

// end clears the terminal of it.
func (p *progress) end() {
	if p == nil {
		return
	}
	p.bar.Abort(true)
	p.container.Wait()
}
