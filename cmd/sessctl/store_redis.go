package main

import (
	"context"
	"crypto/tls"
	"errors"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/sessctl/sessctl/session/redisstore"
)

// noLog keeps what a client says to itself off standard error.
type noLog struct{}

func (noLog) Printf(context.Context, string, ...any) {}

func openRedis(ctx context.Context, d *dsn, o openOptions) (b backend, err error) {
	redis.SetLogger(noLog{})
	number, err := strconv.Atoi(d.database)
	if err != nil {
		return b, err
	}
	options := &redis.UniversalOptions{
		Addrs: d.addrs, Username: d.user, Password: d.password, DB: number, MasterName: d.master, IsClusterMode: d.cluster,
		ContextTimeoutEnabled: true, DialTimeout: o.timeout, ReadTimeout: o.timeout, WriteTimeout: o.timeout, DialerRetries: 1,
		MaxRetries: -1, // a repetition would count its own work as another's
	}
	if d.sameAuth {
		options.SentinelUsername, options.SentinelPassword = d.user, d.password
	}
	if d.tls {
		options.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	client := redis.NewUniversalClient(options)
	if !d.cluster && d.master == "" {
		if err := refuseNode(ctx, client); err != nil {
			client.Close()
			return b, err
		}
	}
	b.close = client.Close
	b.live, err = redisstore.New(redisstore.Config{Client: client, Namespace: d.namespace, NoNamespace: d.namespace == ""})
	return b, err
}

// refuseNode refuses a node of a cluster, which would show its own share of the sessions
// as if it were all. Who may not ask is not refused.
func refuseNode(ctx context.Context, client redis.UniversalClient) error {
	info, err := client.Info(ctx, "cluster").Result()
	switch {
	case err != nil && !errors.As(err, new(redis.Error)):
		return err
	case strings.Contains(info, "cluster_enabled:1"):
		return usageError("this is a node of a Redis Cluster", "add cluster=1 to the DSN")
	}
	return nil
}
