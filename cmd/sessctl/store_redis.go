package main

import (
	"context"
	"crypto/tls"
	"strconv"

	"github.com/redis/go-redis/v9"

	"github.com/sessctl/sessctl/session/redisstore"
)

// noLog keeps what a client says to itself off standard error.
type noLog struct{}

func (noLog) Printf(context.Context, string, ...any) {}

func openRedis(_ context.Context, d *dsn, o openOptions) (b backend, err error) {
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
	b.close = client.Close
	b.live, err = redisstore.New(redisstore.Config{Client: client, Namespace: d.namespace, NoNamespace: d.namespace == ""})
	return b, err
}
