package sqlstore_test

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/sqlstore"
)

// The tests start themselves as other processes, which do what this variable says
// with a table of SQLite.
const helperEnv = "SQLSTORE_TEST_HELPER"

var helpers = map[string]func(s *sqlstore.Store, args []string) error{"write": helpWrite, "count": helpCount}

func TestMain(m *testing.M) {
	name := os.Getenv(helperEnv)
	if name == "" {
		os.Exit(m.Run())
	}
	if err := help(helpers[name], os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func help(do func(s *sqlstore.Store, args []string) error, args []string) error {
	db, err := sql.Open("sqlite", args[0])
	if err != nil {
		return err
	}
	layout, err := sqlstore.DetectLayout(context.Background(), db, sqlstore.SQLite, args[1])
	if err != nil {
		return err
	}
	s, err := sqlstore.New(sqlstore.Config{DB: db, Dialect: sqlstore.SQLite, Layout: layout, Table: args[1]})
	if err != nil {
		return err
	}
	return do(s, args[2:])
}

func helper(t testing.TB, name string, d database, c sqlstore.Config, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	must(t, err)
	cmd := exec.Command(exe, append([]string{d.dsn, c.Table}, args...)...)
	cmd.Env = append(os.Environ(), helperEnv+"="+name)
	cmd.Stderr = os.Stderr
	return cmd
}

// numbered is a session whose parts agree, unless it is torn. Python's is the same.
func numbered(n int) []byte {
	return fmt.Appendf(nil, `{"n":%d,"x":"%s"}`, n, strings.Repeat(strconv.Itoa(n%10), n%11*800))
}

func numberOf(data []byte) (int, error) {
	var v struct{ N int }
	err := json.Unmarshal(data, &v)
	if err == nil && string(data) != string(numbered(v.N)) {
		err = errors.New("parts of two sessions")
	}
	return v.N, err
}

// helpWrite changes args[0] in every way, and creates and deletes args[1], until it
// is killed. It prints what it has done: the number, and whether args[1] is there.
func helpWrite(s *sqlstore.Store, args []string) error {
	ctx := context.Background()
	data, _, err := s.Load(ctx, args[0])
	if err != nil {
		return err
	}
	n, err := numberOf(data)
	if err != nil {
		return err
	}
	_, _, err = s.Load(ctx, args[1])
	other := err == nil
	for {
		n++
		if n%2 == 0 {
			err = s.Replace(ctx, args[0], numbered(n), time.Hour)
		} else {
			err = s.Swap(ctx, args[0], numbered(n-1), numbered(n), time.Hour)
		}
		if err == nil {
			err = s.Touch(ctx, args[0], time.Duration(n)*time.Hour)
		}
		fmt.Println(n, other)
		if err == nil && other {
			err = s.Delete(ctx, args[1])
		} else if err == nil {
			err = s.Create(ctx, args[1], numbered(n), time.Hour)
		}
		if err != nil {
			return err
		}
		other = !other
		fmt.Println(n, other)
	}
}

// helpCount adds one to a session, args[1] times.
func helpCount(s *sqlstore.Store, args []string) error {
	times, err := strconv.Atoi(args[1])
	for range times {
		if err != nil {
			return err
		}
		err = addOne(context.Background(), s, args[0])
	}
	return err
}

func addOne(ctx context.Context, s *sqlstore.Store, id string) error {
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

// lastLine reads all lines and returns the last whole one.
func lastLine(r *bufio.Reader) (last string) {
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return last
		}
		last = line
	}
}

func loaded(t testing.TB, s session.Store, id string) (n int, there bool) {
	t.Helper()
	data, _, err := s.Load(t.Context(), id)
	if errors.Is(err, session.ErrNotFound) {
		return 0, false
	}
	if err == nil {
		n, err = numberOf(data)
	}
	if err != nil {
		t.Fatalf("after a kill: %d bytes, %v", len(data), err)
	}
	return n, true
}

// methods calls every method on an id.
func methods(ctx context.Context, s *sqlstore.Store, id string) map[string]error {
	_, _, load := s.Load(ctx, id)
	return map[string]error{
		"Load": load, "Create": s.Create(ctx, id, []byte(`{}`), time.Hour), "Replace": s.Replace(ctx, id, []byte(`{}`), time.Hour),
		"Touch": s.Touch(ctx, id, time.Hour), "Swap": s.Swap(ctx, id, []byte(`{}`), []byte(`{}`), time.Hour), "Delete": s.Delete(ctx, id),
	}
}

// sweeps calls those that go through all sessions.
func sweeps(ctx context.Context, s *sqlstore.Store) map[string]error {
	_, clearErr := s.Clear(ctx)
	_, pruneErr := s.Prune(ctx)
	errs := map[string]error{"Clear": clearErr, "Prune": pruneErr, "CreateTable": s.CreateTable(ctx)}
	for _, err := range s.List(ctx) {
		errs["List"] = err
	}
	return errs
}

// isAnswer reports whether an error says something of a session.
func isAnswer(err error) bool {
	return err == nil || errors.Is(err, session.ErrNotFound) || errors.Is(err, session.ErrExists) || errors.Is(err, session.ErrChanged)
}
