package servers

import (
	"net"
	"testing"
	"time"
)

// What is killed is gone, and comes back where it was.
func TestServers(t *testing.T) {
	for name, start := range map[string]func(t testing.TB) *Server{
		"redis":     func(t testing.TB) *Server { return Redis(t) },
		"valkey":    Valkey,
		"memcached": func(t testing.TB) *Server { return Memcached(t) },
		"postgres":  Postgres,
		"mariadb":   MariaDB,
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			s.Kill()
			if conn, err := net.DialTimeout("tcp", s.Addr, time.Second); err == nil {
				conn.Close()
				t.Error("it accepts after its end")
			}
			s.Start()
		})
	}
	t.Run("cluster", func(t *testing.T) {
		for _, node := range RedisCluster(t) {
			node.waitFor("cluster_slots_ok:16384", "cluster", "info")
		}
	})
	t.Run("sentinel", func(t *testing.T) {
		s, master, _ := RedisSentinel(t)
		s.waitFor(master.Port(), "sentinel", "get-master-addr-by-name", "sessions")
	})
}
