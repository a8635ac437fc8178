package main

import (
	"context"

	"github.com/sessctl/sessctl/session/memcachedstore"
)

func openMemcached(_ context.Context, d *dsn, o openOptions) (b backend, err error) {
	s, err := memcachedstore.New(memcachedstore.Config{Addr: d.addrs[0], Namespace: d.namespace, Now: o.now})
	if err != nil {
		return b, usageError("the namespace of the DSN is none that memcached takes", "at most 121 bytes, without white space and control characters")
	}
	return backend{live: s, close: s.Close}, nil
}
