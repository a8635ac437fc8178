// Package benchmarks compares package session with its peers: what each adds to
// a handler that reads one value of a session, or changes one.
//
//	go test -bench . -count 3
//
// BenchmarkOverhead measures all of them in turn, in one run, and reports
// ratios, which a noisy machine disturbs less than times. With SESSCTL_LIVE=1
// it measures Starlette's middleware too, in Python.
package benchmarks
