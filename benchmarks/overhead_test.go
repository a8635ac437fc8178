package benchmarks

import (
	"testing"
	"time"
)

// requests is how many a round serves: a few milliseconds, so that what
// disturbs one subject does not spare its peers.
const requests = 2000

// overhead measures what subjects add to the bare handler, in rounds of all of
// them one after another. Of all rounds each subject's fastest counts.
type overhead struct {
	subjects  []subject
	harnesses []*harness
	python    *python // nil: without
	fastest   map[string]time.Duration
}

func newOverhead(t testing.TB) *overhead {
	t.Helper()
	o := &overhead{subjects: subjects(t), python: startPython(t), fastest: map[string]time.Duration{}}
	for _, s := range o.subjects {
		o.harnesses = append(o.harnesses, newHarness(s.cookie))
	}
	return o
}

func (o *overhead) round() {
	for i, s := range o.subjects {
		start := time.Now()
		for range requests {
			o.harnesses[i].serve(s.read)
		}
		o.keep(s.name, time.Since(start))
	}
	for name, took := range o.python.round() {
		o.keep(name, took)
	}
}

func (o *overhead) keep(name string, took time.Duration) {
	if old, ok := o.fastest[name]; !ok || took < old {
		o.fastest[name] = took
	}
}

// adds returns nanoseconds a request.
func (o *overhead) adds(name string) float64 {
	bare := "bare"
	if name == "python-starlette" {
		bare = "python-bare"
	}
	return float64((o.fastest[name] - o.fastest[bare]).Nanoseconds()) / requests
}

func (o *overhead) ratio(name, to string) float64 { return o.adds(name) / o.adds(to) }

// BenchmarkOverhead reports what reading one value adds to a request, in
// nanoseconds, and ratios of that. Ours should be at most half of scs, and at
// most a tenth of Starlette in Python.
func BenchmarkOverhead(b *testing.B) {
	o := newOverhead(b)
	for b.Loop() {
		o.round()
	}
	b.ReportMetric(0, "ns/op") // a round's time says nothing
	for _, s := range o.subjects[1:] {
		b.ReportMetric(o.adds(s.name), s.name+"-ns")
	}
	for i, s := range o.subjects {
		b.ReportMetric(testing.AllocsPerRun(100, func() { o.harnesses[i].serve(s.read) }), s.name+"-allocs")
	}
	for _, ours := range []string{"ours-starlette", "ours-litestar"} {
		b.ReportMetric(o.ratio(ours, "scs"), ours+"/scs")
		b.ReportMetric(o.ratio(ours, "scs-one-value"), ours+"/scs-one-value")
	}
	if o.python != nil {
		b.ReportMetric(o.adds("python-starlette"), "python-starlette-ns")
		b.ReportMetric(o.ratio("ours-starlette", "python-starlette"), "ours-starlette/python-starlette")
	}
}
