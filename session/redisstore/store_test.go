package redisstore_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/redisstore"
	"github.com/sessctl/sessctl/session/sessiontest"
)

func TestNewRefuses(t *testing.T) {
	bounded := redis.NewClient(&redis.Options{ContextTimeoutEnabled: true})
	for what, c := range map[string]redisstore.Config{
		"no client":         {Namespace: "NS"},
		"no namespace":      {Client: bounded},
		"two namespaces":    {Client: bounded, Namespace: "NS", NoNamespace: true},
		"unbounded client":  {Client: redis.NewClient(&redis.Options{}), Namespace: "NS"},
		"unbounded ring":    {Client: redis.NewRing(&redis.RingOptions{}), Namespace: "NS"},
		"unbounded cluster": {Client: redis.NewClusterClient(&redis.ClusterOptions{}), Namespace: "NS"},
		"replicas":          {Client: redis.NewClusterClient(&redis.ClusterOptions{ContextTimeoutEnabled: true, RouteByLatency: true}), Namespace: "NS"},
	} {
		if s, err := redisstore.New(c); err == nil || s != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := redisstore.New(redisstore.Config{Client: bounded, NoNamespace: true}); err != nil {
		t.Error(err)
	}
}

// What is no id, and what is too large, does not reach a server.
func TestNothingIsSent(t *testing.T) {
	c := redis.NewClient(&redis.Options{ContextTimeoutEnabled: true, Dialer: func(context.Context, string, string) (net.Conn, error) {
		t.Error("the server was asked")
		return nil, errors.New("no")
	}})
	defer c.Close()
	s, err := redisstore.New(redisstore.Config{Client: c, Namespace: "NS"})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	for _, id := range []string{
		"", "null", "../" + strings.Repeat("0", 30), strings.Repeat("0", 31) + "\x00", strings.Repeat("0", 31), strings.Repeat("A", 32),
		strings.Repeat("0", 130), strings.Repeat("*", 32), strings.Repeat("0", 30) + "\r\n", strings.Repeat("'", 32), strings.Repeat("f", 1<<20),
		"{" + strings.Repeat("0", 30) + "}", strings.Repeat("0", 30) + "é",
	} {
		_, _, load := s.Load(ctx, id)
		for what, err := range map[string]error{
			"Load": load, "Create": s.Create(ctx, id, []byte(`{}`), time.Hour), "Replace": s.Replace(ctx, id, []byte(`{}`), time.Hour),
			"Touch": s.Touch(ctx, id, time.Hour), "Delete": s.Delete(ctx, id), "Swap": s.Swap(ctx, id, nil, []byte(`{}`), time.Hour),
		} {
			if err == nil || errors.Is(err, session.ErrNotFound) || len(id) > 4 && strings.Contains(err.Error(), id) {
				t.Errorf("%s of %.40q: %.200v", what, id, err)
			}
		}
	}
	id, large := sessiontest.NewID(), make([]byte, 1<<20+1)
	for what, err := range map[string]error{
		"Create": s.Create(ctx, id, large, time.Hour), "Replace": s.Replace(ctx, id, large, time.Hour), "Swap": s.Swap(ctx, id, nil, large, time.Hour),
	} {
		if !errors.Is(err, codec.ErrTooLarge) {
			t.Errorf("%s: %v, want ErrTooLarge", what, err)
		}
	}
}
