package compat

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/sessiontest"
)

// SwapStore is what the tests of faults need.
type SwapStore interface {
	session.Store
	session.Swapper
}

// processEnv is the job of a process that a test has started.
const processEnv = "SESSCTL_TEST_JOB"

// Jobs are what processes do on a store, with further arguments.
type Jobs map[string]func(s SwapStore, args []string) error

// Main runs the tests of a package; or, in a process that [Process] has started, a job
// on the store that its first arguments name: "write" or "count", or one of others.
func Main(m *testing.M, open func(args []string) (SwapStore, error), others Jobs) {
	name := os.Getenv(processEnv)
	if name == "" {
		os.Exit(m.Run())
	}
	job := Jobs{"write": write, "count": count}[name]
	if other, ok := others[name]; ok {
		job = other
	}
	var args [2][]string
	err := json.Unmarshal([]byte(os.Args[1]), &args)
	var s SwapStore
	if err == nil {
		s, err = open(args[0])
	}
	if err == nil {
		err = job(s, args[1])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// Process returns this program as another process, that does a job.
func Process(t testing.TB, job string, store []string, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal([2][]string{store, args})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, string(text))
	cmd.Env = append(os.Environ(), processEnv+"="+job)
	cmd.Stderr = os.Stderr
	return cmd
}

// Numbered is a session whose parts agree, unless it is torn. The scripts of
// testdata/live write the same.
func Numbered(n int) []byte {
	return fmt.Appendf(nil, `{"n":%d,"x":"%s"}`, n, strings.Repeat(strconv.Itoa(n%10), n%11*800))
}

// NumberOf returns the number of such a session.
func NumberOf(data []byte) (int, error) {
	var v struct{ N int }
	err := json.Unmarshal(data, &v)
	if err == nil && string(data) != string(Numbered(v.N)) {
		err = errors.New("parts of two sessions")
	}
	return v.N, err
}

// write changes args[0] in every way, and creates and deletes args[1], until it is
// killed. It prints what it has done: the number, and whether args[1] is there.
func write(s SwapStore, args []string) error {
	ctx := context.Background()
	data, _, err := s.Load(ctx, args[0])
	if err != nil {
		return err
	}
	n, err := NumberOf(data)
	if err != nil {
		return err
	}
	_, _, err = s.Load(ctx, args[1])
	other := err == nil
	for {
		n++
		if n%2 == 0 {
			err = s.Replace(ctx, args[0], Numbered(n), time.Hour)
		} else {
			err = s.Swap(ctx, args[0], Numbered(n-1), Numbered(n), time.Hour)
		}
		if err == nil {
			err = s.Touch(ctx, args[0], time.Duration(n)*time.Hour)
		}
		fmt.Println(n, other)
		if err == nil && other {
			err = s.Delete(ctx, args[1])
		} else if err == nil {
			err = s.Create(ctx, args[1], Numbered(n), time.Hour)
		}
		if err != nil {
			return err
		}
		other = !other
		fmt.Println(n, other)
	}
}

// count adds one to the session args[0], args[1] times.
func count(s SwapStore, args []string) error {
	times, err := strconv.Atoi(args[1])
	for range times {
		if err != nil {
			return err
		}
		err = AddOne(context.Background(), s, args[0])
	}
	return err
}

// AddOne adds one to a session that is a number, also while others do.
func AddOne(ctx context.Context, s SwapStore, id string) error {
	for {
		data, _, err := s.Load(ctx, id)
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(string(data))
		if err != nil {
			return err
		}
		err = s.Swap(ctx, id, data, strconv.AppendInt(nil, int64(n+1), 10), time.Hour)
		if !errors.Is(err, session.ErrChanged) {
			return err
		}
	}
}

// KillWriters starts processes that write to a store, and kills them at any moment:
// each time every session must be as it was before a change or after, whole, and what
// the writer had said was done must be done.
func KillWriters(t *testing.T, s SwapStore, store []string, kills int) {
	t.Helper()
	id, other := sessiontest.NewID(), sessiontest.NewID()
	if err := s.Create(t.Context(), id, Numbered(0), time.Hour); err != nil {
		t.Fatal(err)
	}
	last, wrote := 0, 0
	for range kills {
		n := killWriter(t, s, Process(t, "write", store, id, other), id, other)
		if n > last {
			wrote++
		}
		last = n
	}
	t.Logf("%d changes over %d kills, %d of which came after a change", last, kills, wrote)
	if wrote < kills/2 {
		t.Error("most writers were killed before they had begun")
	}
}

func killWriter(t *testing.T, s SwapStore, cmd *exec.Cmd, id, other string) (n int) {
	t.Helper()
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(stdout)
	line, err := lines.ReadString('\n')
	if err == nil {
		time.Sleep(time.Duration(rand.Int64N(int64(15 * time.Millisecond))))
	}
	if err := errors.Join(err, cmd.Process.Kill()); err != nil {
		t.Fatal(err)
	}
	rest, _ := io.ReadAll(lines)
	said := strings.Split(line+string(rest), "\n")
	cmd.Wait() // an error, since it was killed
	var saidN int
	var saidThere bool
	// The last whole line: what follows the last line end is none.
	if _, err := fmt.Sscan(said[len(said)-2], &saidN, &saidThere); err != nil {
		t.Fatalf("%q: %v", said, err)
	}
	n, ok := loadNumbered(t, s, id)
	if !ok || n != saidN && n != saidN+1 {
		t.Fatalf("the session is %d, %v, its writer was at %d", n, ok, saidN)
	}
	_, there := loadNumbered(t, s, other)
	if there != saidThere && n != saidN {
		t.Fatalf("the other session: %v, its writer said %v", there, saidThere)
	}
	return n
}

func loadNumbered(t *testing.T, s session.Store, id string) (n int, there bool) {
	t.Helper()
	data, _, err := s.Load(t.Context(), id)
	if errors.Is(err, session.ErrNotFound) {
		return 0, false
	}
	if err == nil {
		n, err = NumberOf(data)
	}
	if err != nil {
		t.Fatalf("after a kill: %d bytes, %v", len(data), err)
	}
	return n, true
}

// CountTogether has three processes and this one count in one session: none may lose a
// change of another.
func CountTogether(t *testing.T, s SwapStore, store []string, times int) {
	t.Helper()
	const processes = 3
	id := sessiontest.NewID()
	if err := s.Create(t.Context(), id, []byte("0"), time.Hour); err != nil {
		t.Fatal(err)
	}
	var cmds []*exec.Cmd
	for range processes {
		cmd := Process(t, "count", store, id, strconv.Itoa(times))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		cmds = append(cmds, cmd)
	}
	for range times {
		if err := AddOne(t.Context(), s, id); err != nil {
			t.Error(err)
		}
	}
	for _, cmd := range cmds {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	WantStored(t, s, id, strconv.Itoa((processes+1)*times))
}

// Methods calls every method of a store on an id.
func Methods(ctx context.Context, s SwapStore, id string) map[string]error {
	_, _, load := s.Load(ctx, id)
	return map[string]error{
		"Load": load, "Create": s.Create(ctx, id, []byte(`{}`), time.Hour), "Replace": s.Replace(ctx, id, []byte(`{}`), time.Hour),
		"Touch": s.Touch(ctx, id, time.Hour), "Swap": s.Swap(ctx, id, []byte(`{}`), []byte(`{}`), time.Hour), "Delete": s.Delete(ctx, id),
	}
}

// IsAnswer reports whether an error, or none, says something of a session.
func IsAnswer(err error) bool {
	return err == nil || errors.Is(err, session.ErrNotFound) || errors.Is(err, session.ErrExists) || errors.Is(err, session.ErrChanged)
}
