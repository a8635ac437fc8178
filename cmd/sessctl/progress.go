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

// progress shows on a terminal how far a long work is. A nil one shows nothing.
type progress struct {
	container *mpb.Progress
	bar       *mpb.Bar
	start     time.Time
	unit      string       // what is counted
	done      atomic.Int64 // of these
	at        func() int64 // how far it is, in the measure of the total
}

// showsProgress reports whether there is a terminal to show it on.
func (o *outputFlags) showsProgress(e *env) bool {
	return !o.quiet && e.stderrTTY && e.variable("TERM") != "dumb"
}

// newProgress starts showing. A total of 0 is unknown: setTotal may tell it later;
// drawn says whether one is expected, and so a bar.
func (e *env) newProgress(unit string, total int64, drawn bool) *progress {
	p := &progress{container: mpb.New(mpb.WithOutput(e.stderr)), start: time.Now(), unit: unit}
	p.at = p.done.Load
	style := mpb.BarFillerBuilder(mpb.NopStyle())
	if drawn {
		style = mpb.BarStyle()
	}
	p.bar = p.container.New(total, style, mpb.BarRemoveOnComplete(), mpb.PrependDecorators(decor.Any(p.rate)), mpb.AppendDecorators(decor.Any(p.left)))
	return p
}

func (p *progress) seconds() float64 { return max(time.Since(p.start).Seconds(), 0.001) }

func (p *progress) rate(decor.Statistics) string {
	n := p.done.Load()
	return fmt.Sprintf("%d %s, %.0f/s", n, p.unit, float64(n)/p.seconds())
}

// left says how much is done, and how long the rest takes at the same rate.
func (p *progress) left(s decor.Statistics) string {
	if s.Total <= 0 || s.Current <= 0 {
		return ""
	}
	rest := float64(s.Total-s.Current) / float64(s.Current) * p.seconds()
	return fmt.Sprintf(" %d %%, %v left", 100*s.Current/s.Total, time.Duration(rest*float64(time.Second)).Round(time.Second))
}

// startProgress returns nil where nobody would see the progress, or the records
// go by on the same terminal.
func (r *reader) startProgress(lines *blocks) *progress {
	if !r.showsProgress(r.env) || r.toTerminal(r.env) {
		return nil
	}
	size := sizeOf(lines.input)
	p := r.env.newProgress("lines", size, size > 0)
	p.at = lines.read.Load
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

// add counts what is done.
func (p *progress) add(n int) {
	if p == nil {
		return
	}
	p.done.Add(int64(n))
	p.bar.SetCurrent(p.at())
}

// setTotal says how much there is to do.
func (p *progress) setTotal(n int64) {
	if p != nil {
		p.bar.SetTotal(n, false)
	}
}

// end clears the terminal of it.
func (p *progress) end() {
	if p == nil {
		return
	}
	p.bar.Abort(true)
	p.container.Wait()
}
