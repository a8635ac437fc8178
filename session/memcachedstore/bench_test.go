package memcachedstore_test

import (
	"bufio"
	"io"
	"net"
	"testing"
	"time"

	"github.com/sessctl/sessctl/internal/servers"
	"github.com/sessctl/sessctl/session/memcachedstore"
	"github.com/sessctl/sessctl/session/sessiontest"
)

// The benchmarks need a real memcached, SESSCTL_LIVE=1. They are beside the least that
// a round trip costs: an mn on a bare connection.

var benchData = []byte(`{"user_id":42,"roles":["admin","billing"],"cart":[{"sku":"a-1","n":2},{"sku":"b-7","n":1}],"csrf":"` +
	"5f2d1c0b9a8877665544332211000f0e" + `","theme":"dark","seen":1767323045.25}`)

func bench(b *testing.B, step func(s *memcachedstore.Store, id string) error) {
	s, id := open(b, memcachedstore.Config{Addr: servers.Memcached(b).Addr}), sessiontest.NewID()
	must(b, s.Create(b.Context(), id, benchData, time.Hour))
	b.ReportAllocs()
	for b.Loop() {
		must(b, step(s, id))
	}
}

func BenchmarkLoad(b *testing.B) {
	bench(b, func(s *memcachedstore.Store, id string) error {
		_, _, err := s.Load(b.Context(), id)
		return err
	})
}

func BenchmarkReplace(b *testing.B) {
	bench(b, func(s *memcachedstore.Store, id string) error {
		return s.Replace(b.Context(), id, benchData, time.Hour)
	})
}

func BenchmarkSwap(b *testing.B) {
	bench(b, func(s *memcachedstore.Store, id string) error {
		return s.Swap(b.Context(), id, benchData, benchData, time.Hour)
	})
}

func BenchmarkBareRoundTrip(b *testing.B) {
	c, err := net.Dial("tcp", servers.Memcached(b).Addr)
	must(b, err)
	defer c.Close()
	r := bufio.NewReader(c)
	for b.Loop() {
		if _, err := io.WriteString(c, "mn\r\n"); err != nil {
			b.Fatal(err)
		}
		if line, err := r.ReadSlice('\n'); err != nil || string(line) != "MN\r\n" {
			b.Fatalf("%q, %v", line, err)
		}
	}
}
