package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/internal/compat"
	"github.com/sessctl/sessctl/internal/pylive"
	"github.com/sessctl/sessctl/internal/servers"
	"github.com/sessctl/sessctl/session/sessiontest"
)

// liveStore is a place for stores of one kind and layout.
type liveStore struct {
	name  string
	dsn   func(t *testing.T, n int) string // of a new one
	lists bool                             // ids
	keeps bool                             // what has expired
	never bool                             // holds what has no expiry
}

const livePassword = "hunter2 @:/?#"

// liveStores starts servers for all of them.
func liveStores(t *testing.T) []liveStore {
	pylive.Require(t)
	dir := t.TempDir()
	redis, memcached, postgres, maria := servers.Redis(t), servers.Memcached(t), servers.Postgres(t), servers.MariaDB(t)
	locked := servers.Redis(t, "--requirepass", livePassword)
	sentinel, _, _ := servers.RedisSentinel(t)
	var nodes []string
	for _, node := range servers.RedisCluster(t) {
		nodes = append(nodes, node.Addr)
	}
	place := func(format string, args ...any) func(*testing.T, int) string {
		return func(_ *testing.T, n int) string { return fmt.Sprintf(format, append(args, n)...) }
	}
	stores := []liveStore{
		{"file starlite", place("file:%s/starlite%d?layout=starlite", dir), true, true, false},
		{"file litestar", place("file:%s/litestar%d?layout=litestar", dir), false, true, true},
		{"file litestar by id", place("file:%s/id%d?layout=litestar&names=id", dir), true, true, true},
		{"redis starlite", place("redis://%s/1?layout=starlite&namespace=n%d", redis.Addr), true, false, true},
		{"redis litestar", place("redis://%s/3?layout=litestar&namespace=n%d", redis.Addr), true, false, true},
		{"valkey", place("valkey://%s/3?layout=litestar&namespace=n%d", servers.Valkey(t).Addr), true, false, true},
		{"redis with a password", place("redis://:hunter2%%20%%40%%3A%%2F%%3F%%23@%s/0?layout=litestar&namespace=n%d", locked.Addr), true, false, true},
		{"cluster", place("redis://%s/?layout=litestar&cluster=1&namespace=n%d", strings.Join(nodes, ",")), true, false, true},
		{"sentinel", place("redis://%s/2?layout=starlite&master=sessions&namespace=n%d", sentinel.Addr), true, false, true},
		{"memcached", place("memcached://%s?namespace=n%d", memcached.Addr), false, false, true},
	}
	for _, layout := range []string{"starlite", "litestar"} {
		for kind, prefix := range map[string]string{
			"sqlite":   "sqlite:" + dir + "/sessions.db?",
			"postgres": "postgres://postgres@" + postgres.Addr + "/postgres?sslmode=disable&",
			"mariadb":  "mariadb://root@" + maria.Addr + "/sessions?",
		} {
			stores = append(stores, liveStore{kind + " " + layout, place(prefix+"layout=%s&table=%s%d", layout, layout), true, true, false})
		}
	}
	return stores
}

// Every command does the same on every kind of store.
func TestLiveStores(t *testing.T) {
	for _, s := range liveStores(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel() // it waits for sessions to expire
			testLiveStore(t, s, s.dsn(t, 0))
		})
	}
}

func testLiveStore(t *testing.T, s liveStore, dsn string) {
	id, other := sessiontest.NewID(), sessiontest.NewID()
	ids := filepath.Join(t.TempDir(), "ids")
	writeFile(t, ids, id+"\n"+other+"\n")
	runStore(t, dsn, "put", "--create", "--json", id, `{"user": "zo\u00eb", "f": 1.0}`).want(t, "put", 0, `{"schema":"sessctl/v1","id_prefix":"`+id[:8]+`","expires_at":"20`)
	runStore(t, dsn, "show", "--raw", id).want(t, "show", 0, `{"user":"zoë","f":1.0}`)
	runStore(t, dsn, "show", other).want(t, "show of none", 1, "")
	runStore(t, dsn, "put", "--max-age", "45d", id, `{"n": 1}`).want(t, "put", 0, "")
	runStore(t, dsn, "put", id, `{"n": 2}`).want(t, "put again", 0, "")
	if r := runStore(t, dsn, "show", id); !strings.Contains(r.stderr, "(in 45 days)") || !strings.Contains(r.stderr, ", 7 B, ") {
		t.Errorf("show: %s", r.stderr)
	}
	minted := runStore(t, dsn, "put", "--new", "--max-age", "1h", "{}")
	minted.want(t, "put --new", 0, "\n")

	list := []string{"list", "--json"}
	if s.name == "memcached" {
		runStore(t, dsn, "list").want(t, "list", 2, "")
		list = append(list, "--ids", ids)
	}
	shown := `"id_prefix":"` + id[:8] + `","size":7,"expires_at":"20`
	if s.name == "file litestar" {
		shown = `","size":7,"expires_at":"20`
	}
	runStore(t, dsn, list...).want(t, "list", 0, shown)
	runStore(t, dsn, "list", "--count", "--ids", ids).want(t, "list --ids", 0, "1\n")
	if s.lists {
		runStore(t, dsn, "list", "--full-ids", "--raw").want(t, "list --raw", 0, minted.stdout)
		runStore(t, dsn, "list", "--count").want(t, "list --count", 0, "2\n")
	}
	testLiveExpiry(t, s, dsn)
	runStore(t, dsn, "delete", "--json", id, other).want(t, "delete", 0, `"deleted":1,"missing":1}`)
	if s.name == "memcached" {
		runStore(t, dsn, "clear", "--yes").want(t, "clear", 2, "")
		return
	}
	runStore(t, dsn, "clear", "--dry-run", "--json").want(t, "clear --dry-run", 0, `"deleted":1}`)
	runStore(t, dsn, "clear", "--yes", "--json").want(t, "clear", 0, `"deleted":1}`)
	runStore(t, dsn, "list", "--count").want(t, "list", 0, "0\n")
}

// testLiveExpiry lets a session expire, and makes one that does not.
func testLiveExpiry(t *testing.T, s liveStore, dsn string) {
	id := sessiontest.NewID()
	runStore(t, dsn, "put", "--max-age", "1s", id, `{}`).want(t, "put", 0, "")
	time.Sleep(2100 * time.Millisecond) // memcached counts whole seconds
	code, pruned := exitNoSession, `"pruned":0,`
	if s.keeps {
		code, pruned = exitOutsideTime, `"pruned":1,"odd":0,"kept":2}`
	}
	if r := runStore(t, dsn, "show", "--raw", id); r.code != code || s.keeps != (r.stdout == "{}") {
		t.Errorf("show of what has expired: exit code %d, %q; %s", r.code, r.stdout, r.stderr)
	}
	runStore(t, dsn, "prune", "--json").want(t, "prune", 0, pruned)
	runStore(t, dsn, "show", id).want(t, "show", exitNoSession, "")

	if !s.never {
		runStore(t, dsn, "put", "--max-age", "none", id, `{}`).want(t, "put --max-age none", exitUsage, "")
		return
	}
	runStore(t, dsn, "put", "--max-age", "none", "--json", id, `{}`).want(t, "put --max-age none", 0, `"expires_at":null}`)
	runStore(t, dsn, "put", "--json", id, `{"a":1}`).want(t, "put", 0, `"expires_at":null}`)
	runStore(t, dsn, "delete", id).want(t, "delete", 0, "")
}

// From every kind to every kind: the ids, data and expiry are the same there.
func TestLiveCopy(t *testing.T) {
	stores := liveStores(t)
	ids := []string{sessiontest.NewID(), sessiontest.NewID(), sessiontest.NewID()[:32]}
	list := filepath.Join(t.TempDir(), "ids")
	writeFile(t, list, strings.Join(ids, "\n"))
	for i, from := range stores {
		source := from.dsn(t, 100)
		for n, id := range ids {
			runStore(t, source, "put", "--create", "--max-age", fmt.Sprint(30+20*n, "d"), id, fmt.Sprintf(`{"n":%d,"user":"zoë"}`, n)).want(t, from.name, 0, "")
		}
		for j, to := range stores {
			t.Run(from.name+" to "+to.name, func(t *testing.T) {
				target := to.dsn(t, 1000+100*i+j)
				args := []string{"copy", "--from-file", filepath.Join(t.TempDir(), "from"), "--to-file", filepath.Join(t.TempDir(), "to"), "--create", "--json"}
				writeFile(t, args[2], source+"\n")
				writeFile(t, args[4], target+"\n")
				if !from.lists && !(from.name == "file litestar" && to.name == "file litestar") {
					runStore(t, "", args...).want(t, "copy without ids", exitUsage, "")
					args = append(args, "--ids", list)
				}
				runStore(t, "", args...).want(t, "copy", 0, `"copied":3,"same":0,"kept":0,"expired":0,"unreadable":0,"failed":0}`)
				runStore(t, "", args...).want(t, "copy again", 0, `"copied":0,"same":3,"kept":0,"expired":0,"unreadable":0,"failed":0}`)
				for n, id := range ids {
					r := runStore(t, target, "show", "--json", id)
					r.want(t, "show", 0, fmt.Sprintf(`"session":{"n":%d,"user":"zoë"}`, n))
					var rec struct {
						ExpiresAt time.Time `json:"expires_at"`
					}
					if err := json.Unmarshal([]byte(r.stdout), &rec); err != nil || (time.Until(rec.ExpiresAt)-time.Duration(30+20*n)*24*time.Hour).Abs() > 2*time.Minute {
						t.Errorf("expires at %v (%v), want %d days", rec.ExpiresAt, err, 30+20*n)
					}
				}
			})
		}
	}
}

// What Starlite has stored, Litestar's app reads after a copy.
func TestLiveCopyForPython(t *testing.T) {
	pylive.Require(t)
	redis, id := servers.Redis(t), sessiontest.NewID()
	url := "redis://" + redis.Addr + "/0"
	starlite := compat.StartBackend(t, pylive.File(t, "requirements-starlite-stores.txt"), pylive.File(t, "redisstore.py"), url, "starlite")
	starlite.Set(id, `{"user":"zoë","f":1.0}`, 3600)
	redis.Command("SET", "STARLITE_SESSION:../x", "{}")
	redis.Command("SET", "STARLITE_SESSIONS:"+id, "{}")
	redis.Command("SET", "STARLITE_SESSION:sub:"+id, "{}")
	redis.Command("SET", "STARLITE_SESSION:limit", `{"history":[1],"reset":2}`)

	from, to := url+"?layout=starlite", url+"?layout=litestar"
	if r := runStore(t, from, "list"); !strings.Contains(r.stdout, "  in 60 minutes\n") && !strings.Contains(r.stdout, "  in 1 hour\n") ||
		r.stderr != "sessctl: 1 session; 3 other keys under STARLITE_SESSION: left out\n" {
		t.Errorf("list: %s%s", r.stdout, r.stderr)
	}
	runStore(t, from, "list", "--odd").want(t, "list --odd", 0, "../x  ")
	runStore(t, "", "copy", "--from", from, "--to", to, "--json").want(t, "copy", 0, `"copied":1,`)

	python := pylive.Serve(t, pylive.Venv(t, pylive.File(t, "requirements-litestar-stores.txt")), pylive.File(t, ""), "litestar_app:app",
		"SESSION_SECRET="+compat.NewSecret().String(), "SESSION_REDIS="+url)
	if got := getSession(t, python, id); got != `{"user": "zo\u00eb", "f": 1.0}` {
		t.Errorf("the app reads %s", got)
	}
	runStore(t, from, "prune", "--odd", "--json").want(t, "prune --odd", 0, `"pruned":0,"odd":1,"kept":1}`)
	runStore(t, from, "clear", "--yes", "--json").want(t, "clear", 0, `"deleted":1}`)
	starlite.WantNone(id)
	if n := strings.TrimSpace(redis.Command("DBSIZE")); n != "4" { // the copy, and what only looks like a session
		t.Errorf("%s keys are left", n)
	}
	// And the other way: what the command has written, Starlite reads.
	runStore(t, from, "put", id, `{"n": 1, "user": "zo\u00eb"}`).want(t, "put", 0, "")
	starlite.Want(id, `{"n":1,"user":"zoë"}`)
}

// getSession asks an app of testdata/live for the session of an id.
func getSession(t *testing.T, url, id string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/session", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: "session", Value: id})
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var view compat.View
	if err := json.Unmarshal(bytes.TrimSpace(body), &view); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return view.JSON()
}

// A wrong password, and a right one that is not given, are in no message.
func TestLiveRefused(t *testing.T) {
	pylive.Require(t)
	redis := servers.Redis(t, "--requirepass", livePassword)
	maria, postgres := servers.MariaDB(t), servers.Postgres(t)
	for dsn, want := range map[string]string{
		"redis://:hunter2@" + redis.Addr + "/0?layout=litestar": "WRONGPASS",
		"redis://" + redis.Addr + "/0?layout=litestar":          "NOAUTH",
		"mysql://root:hunter2@" + maria.Addr + "/sessions":      "Access denied",
		"mysql://nobody:hunter2@" + maria.Addr + "/sessions":    "Access denied",
		// Of several hosts the one that answers counts.
		"postgres://postgres@127.0.0.1:1," + postgres.Addr + "/nowhere?sslmode=disable": "does not exist",
	} {
		r := runStore(t, dsn, "list")
		if r.code != exitIO || !strings.Contains(r.stderr, want) {
			t.Errorf("exit code %d, %s; want %s", r.code, r.stderr, want)
		}
	}
}

// What Starlite has stored in files, Litestar's app reads from a table of its own
// making, and its backend what the command writes there.
func TestLiveCopyToTable(t *testing.T) {
	pylive.Require(t)
	dir, id := t.TempDir(), sessiontest.NewID()
	starlite := compat.StartBackend(t, pylive.File(t, "requirements-starlite.txt"), pylive.File(t, "filestore.py"), dir)
	starlite.Set(id, `{"user":"zoë","f":1.0}`, 3600)

	server := servers.Postgres(t)
	url, requirements := "postgresql+psycopg://postgres@"+server.Addr+"/postgres", pylive.File(t, "requirements-litestar-stores.txt")
	litestar := compat.StartBackend(t, requirements, pylive.File(t, "sqlstore.py"), url, "user_session")
	to := "postgres://postgres@" + server.Addr + "/postgres?sslmode=disable&table=user_session"
	runStore(t, to, "list").want(t, "list", exitIO, "") // there is no table yet
	litestar.Must("create_all")
	runStore(t, "", "copy", "--from", "file:"+dir+"?layout=starlite", "--to", to, "--json").want(t, "copy", 0, `"copied":1,`)
	runStore(t, to, "list", "--json").want(t, "list", 0, `"store":"postgres","layout":"litestar","id_prefix":"`+id[:8]+`","size":23,`)

	python := pylive.Serve(t, pylive.Venv(t, requirements), pylive.File(t, ""), "litestar_app:app",
		"SESSION_SECRET="+compat.NewSecret().String(), "SESSION_SQL="+url, "SESSION_TABLE=user_session")
	if got := getSession(t, python, id); got != `{"user": "zo\u00eb", "f": 1.0}` {
		t.Errorf("the app reads %s", got)
	}
	runStore(t, to, "put", id, `{"n": 1}`).want(t, "put", 0, "")
	litestar.Want(id, `{"n":1}`)
	runStore(t, to, "delete", "--json", id).want(t, "delete", 0, `"deleted":1,`)
	litestar.WantNone(id)
}

// With TLS a server has to show a certificate that the system knows.
func TestLiveTLS(t *testing.T) {
	pylive.Require(t)
	dir := t.TempDir()
	key, certificate := filepath.Join(dir, "key.pem"), filepath.Join(dir, "certificate.pem")
	makeCertificate(t, key, certificate)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	servers.Redis(t, "--tls-port", port, "--tls-cert-file", certificate, "--tls-key-file", key, "--tls-auth-clients", "no")
	put := func(variables ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), "sessctl", "store", "put", "--json", "--store", "rediss://127.0.0.1:"+port+"/0?layout=litestar", testID(1), "{}")
		cmd.Env = append(os.Environ(), variables...)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := put(); err == nil || !strings.Contains(out, "certificate") {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := put("SSL_CERT_FILE=" + certificate); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// makeCertificate makes one for 127.0.0.1, signed by itself.
func makeCertificate(t *testing.T, keyFile, certificateFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, keyFile, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	writeFile(t, certificateFile, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})))
}

// What has the key of a session and is none: shown, and deleted as a session is.
func TestLiveForeignValue(t *testing.T) {
	pylive.Require(t)
	redis := servers.Redis(t)
	dsn, id := "redis://"+redis.Addr+"/0?layout=litestar", sessiontest.NewID()
	push := func() { redis.Command("RPUSH", "LITESTAR:"+id, "x") }
	push()
	runStore(t, dsn, "list", "--json").want(t, "list", exitNotSession, `"code":"not-a-session"`)
	runStore(t, dsn, "show", "--json", id).want(t, "show", exitNotSession, `"code":"not-a-session"`)
	runStore(t, dsn, "prune", "--json").want(t, "prune", 0, `"pruned":0,"odd":0,"kept":1}`)
	for _, args := range [][]string{{"delete", id}, {"clear", "--yes"}} {
		for _, dry := range []bool{true, false} {
			args := append(args, "--json", fmt.Sprintf("--dry-run=%t", dry))
			runStore(t, dsn, args...).want(t, strings.Join(args, " "), 0, `"deleted":1`)
		}
		if n := strings.TrimSpace(redis.Command("DBSIZE")); n != "0" {
			t.Errorf("%v: %s keys are left", args, n)
		}
		push()
	}
}

// Sentinels that ask for the password of the servers.
func TestLiveSentinelPassword(t *testing.T) {
	pylive.Require(t)
	sentinel, master, _ := servers.RedisSentinel(t)
	sentinel.Command("SENTINEL", "SET", "sessions", "auth-pass", "hunter2")
	for _, s := range []*servers.Server{master, sentinel} {
		s.Command("ACL", "SETUSER", "default", "on", ">hunter2")
	}
	dsn := "redis://:hunter2@" + sentinel.Addr + "/0?layout=litestar&master=sessions"
	runStore(t, dsn, "list", "--count").want(t, "list without a password for Sentinels", exitIO, "")
	runStore(t, dsn+"&sentinelauth=same", "list", "--count").want(t, "list", 0, "0\n")
}

// A node of a cluster shows its own share alone, so it is refused, unless it cannot be
// told.
func TestLiveClusterNode(t *testing.T) {
	pylive.Require(t)
	nodes, single := servers.RedisCluster(t), servers.Redis(t)
	dsn := "redis://" + nodes[0].Addr + "/0?layout=litestar"
	for _, args := range [][]string{{"list"}, {"clear", "--yes"}, {"put", "--new", "{}"}} {
		r := runStore(t, dsn, args...)
		if r.want(t, args[0], exitUsage, ""); r.stderr != "sessctl: error: this is a node of a Redis Cluster\nsessctl: hint: add cluster=1 to the DSN\n" {
			t.Errorf("%s: %s", args[0], r.stderr)
		}
	}
	runStore(t, dsn+"&cluster=1", "list", "--count").want(t, "list", 0, "0\n")
	r := runStore(t, "redis://"+single.Addr+"/?layout=litestar&cluster=1", "list")
	if r.want(t, "list of a single server", exitIO, ""); !strings.Contains(r.stderr, "hint: leave cluster=1 out of the DSN") {
		t.Error(r.stderr)
	}
	single.Command("ACL", "SETUSER", "few", "on", ">hunter2", "~*", "+@all", "-info")
	runStore(t, "redis://few:hunter2@"+single.Addr+"/0?layout=litestar", "list", "--count").want(t, "list without INFO", 0, "0\n")
}
