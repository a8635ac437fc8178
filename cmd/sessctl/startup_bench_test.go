package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkStartUp runs sessctl decode of one cookie and a bare cobra program in
// turn, as whole processes, and reports how much longer sessctl takes: the ratio
// of the fastest of each.
//
//	go test -run '^$' -bench StartUp -benchtime 500x ./cmd/sessctl
func BenchmarkStartUp(b *testing.B) {
	dir := b.TempDir()
	sessctl, bare := filepath.Join(dir, "sessctl.exe"), filepath.Join(dir, "bare.exe")
	for binary, pkg := range map[string]string{sessctl: ".", bare: "./testdata/bare"} {
		if out, err := exec.Command("go", "build", "-o", binary, pkg).CombinedOutput(); err != nil {
			b.Fatalf("go build: %v\n%s", err, out)
		}
	}
	key := filepath.Join(dir, "key")
	if err := os.WriteFile(key, []byte("secret"), 0o600); err != nil {
		b.Fatal(err)
	}
	fastest := func(old time.Duration, name string, args ...string) time.Duration {
		start := time.Now()
		if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
			b.Fatalf("%s: %v\n%s", name, err, out)
		}
		if took := time.Since(start); old == 0 || took < old {
			return took
		}
		return old
	}
	var ours, theirs time.Duration
	for b.Loop() {
		ours = fastest(ours, sessctl, "decode", "--key-file", key, "--now", "1700000100", signedSession)
		theirs = fastest(theirs, bare)
	}
	b.ReportMetric(0, "ns/op") // of both together it says nothing
	b.ReportMetric(float64(ours.Microseconds()), "sessctl-µs")
	b.ReportMetric(float64(theirs.Microseconds()), "bare-µs")
	b.ReportMetric(float64(ours)/float64(theirs), "ratio")
}
