package main

import (
	"bufio"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
)

const (
	benchLines = 1_000_000
	benchTime  = 1_700_000_000
	benchRuns  = 3 // the least of them counts: other processes only add
)

// BenchmarkEachLine runs the command on a million lines with sessions of 180
// bytes that it makes first. It reports of each cookie
//
//	floor-ns   what bare verification takes, in this process, on one core
//	cpu-ns     what the command takes on all cores, the kernel's part included
//	cpu/floor  their ratio
//
// and of the whole run
//
//	1core/wall  how many times as long it takes on one core
//	peak-MB     the most memory that it had; of this process too, if that is more
func BenchmarkEachLine(b *testing.B) {
	for _, format := range []struct {
		name  string
		codec *codec.Codec
		floor func([]byte) error
	}{
		{"signed", benchStarlette(b), floorSigned()},
		{"encrypted", benchLitestar(b), floorSealed()},
	} {
		dir := b.TempDir()
		lines, values := writeBenchLines(b, dir, format.codec, benchLines)
		for _, command := range []string{"decode", "verify"} {
			b.Run(command+"/"+format.name, func(b *testing.B) {
				floor, cpu, wall, alone := time.Hour, time.Hour, time.Hour, time.Hour
				var peak int64
				for b.Loop() {
					for range benchRuns {
						floor = min(floor, timeFloor(b, format.floor, values))
						all := runEachLine(b, dir, lines, command, runtime.NumCPU())
						cpu, wall, peak = min(cpu, all.cpu), min(wall, all.wall), max(peak, all.peak)
						alone = min(alone, runEachLine(b, dir, lines, command, 1).wall)
					}
				}
				perCookie := float64(cpu.Nanoseconds()) / benchLines
				b.ReportMetric(float64(floor.Nanoseconds()), "floor-ns")
				b.ReportMetric(perCookie, "cpu-ns")
				b.ReportMetric(perCookie/float64(floor.Nanoseconds()), "cpu/floor")
				b.ReportMetric(alone.Seconds()/wall.Seconds(), "1core/wall")
				b.ReportMetric(float64(peak)/(1<<20), "peak-MB")
			})
		}
	}
}

type benchRun struct {
	cpu, wall time.Duration
	peak      int64 // bytes
}

func runEachLine(b *testing.B, dir, lines, command string, cores int) benchRun {
	out := filepath.Join(dir, "out")
	if err := os.Remove(out); err != nil && !os.IsNotExist(err) { // to cut it is no work of the command
		b.Fatal(err)
	}
	cmd := exec.Command("sessctl", command, "--each-line", "--key-file", filepath.Join(dir, "key"), "--now", fmt.Sprint(benchTime+100_000),
		"-o", out, "@"+lines)
	cmd.Env = append(os.Environ(), fmt.Sprintf("GOMAXPROCS=%d", cores))
	start := time.Now()
	if stderr, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, stderr)
	}
	wall := time.Since(start)
	state := cmd.ProcessState
	return benchRun{state.UserTime() + state.SystemTime(), wall, state.SysUsage().(*syscall.Rusage).Maxrss << 10}
}

// writeBenchLines writes a file of n lines, of 10,000 different sessions, and
// returns its path and their values.
func writeBenchLines(b *testing.B, dir string, c *codec.Codec, n int) (path string, values [][]byte) {
	b.Helper()
	path = filepath.Join(dir, "lines")
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	w := bufio.NewWriter(file)
	for i := range 10_000 {
		v, err := codec.ParseValues(fmt.Sprintf(`{"user_id": %d, "csrf_token": "%032x", "roles": ["admin", "billing"], "seen": %d.25, "note": "%s"}`,
			10_000+i, i*i, benchTime+i, strings.Repeat("n", 51)))
		if err != nil {
			b.Fatal(err)
		}
		value, err := c.Encode(v)
		if err != nil {
			b.Fatal(err)
		}
		values = append(values, []byte(value))
	}
	for i := range n {
		fmt.Fprintf(w, "session=%s\n", values[i%len(values)])
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "key"), randomKey, 0o600); err != nil {
		b.Fatal(err)
	}
	return path, values
}

func benchClock() time.Time { return time.Unix(benchTime, 0) }

func benchStarlette(b *testing.B) *codec.Codec {
	c, err := codec.NewStarlette(codec.StarletteConfig{Keys: codec.Keys{Current: codec.NewKey("key", randomKey)}, Now: benchClock})
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func benchLitestar(b *testing.B) *codec.Codec {
	c, err := codec.NewLitestar(codec.LitestarConfig{Keys: codec.Keys{Current: codec.NewKey("key", randomKey)}, Now: benchClock})
	if err != nil {
		b.Fatal(err)
	}
	return c
}

// timeFloor returns what floor takes for a value.
func timeFloor(b *testing.B, floor func(value []byte) error, values [][]byte) time.Duration {
	const rounds = 20
	start := time.Now()
	for range rounds {
		for _, value := range values {
			if err := floor(value); err != nil {
				b.Fatal(err)
			}
		}
	}
	return time.Since(start) / time.Duration(rounds*len(values))
}

// floorSigned and floorSealed are those of codec's benchmarks: the bare
// primitives, HMAC-SHA1 with both key blocks precomputed or AES-GCM in place,
// and base64.
func floorSigned() func(value []byte) error {
	derived := sha1.Sum([]byte("itsdangerous.Signer" + "signer" + string(randomKey)))
	mac := hmac.New(sha1.New, derived[:])
	mac.Reset()
	text := make([]byte, codec.MaxCookieSize)
	var sum, want [sha1.Size]byte
	return func(value []byte) error {
		sig := len(value) - 28
		payload := sig - 7
		mac.Reset()
		mac.Write(value[:sig])
		got := mac.Sum(sum[:0])
		if _, err := base64.RawURLEncoding.Decode(want[:], value[sig+1:]); err != nil {
			return err
		}
		if !hmac.Equal(got, want[:]) {
			return fmt.Errorf("not authentic")
		}
		_, err := base64.StdEncoding.Decode(text, value[:payload])
		return err
	}
}

func floorSealed() func(value []byte) error {
	block, err := aes.NewCipher(randomKey)
	if err != nil {
		panic(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	const aad, marker = len(`{"expires_at":1701209600}`), len("additional_authenticated_data=")
	raw := make([]byte, codec.MaxCookieSize)
	return func(value []byte) error {
		n, err := base64.StdEncoding.Decode(raw, value)
		if err != nil {
			return err
		}
		nonce, ciphertext := raw[:12], raw[12:n-aad-marker]
		_, err = gcm.Open(ciphertext[:0], nonce, ciphertext, raw[n-aad:n])
		return err
	}
}
