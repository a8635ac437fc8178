// Package redisstore keeps server-side sessions in Redis or Valkey, as Starlite v1
// (RedisBackend) and Litestar v2 (RedisStore, ValkeyStore) do, so that a Go service
// and the Python app beside it have the same sessions. It is tested on Redis 7.0 and
// Valkey 9.1.
//
// # Layout
//
// A session is a string under the key NAMESPACE:id, with the server's own expiry. The
// layouts differ in the namespace alone: [Starlite]'s key_prefix, [Litestar]'s
// namespace. A Litestar app whose stores have a default factory,
// root.with_namespace, has "LITESTAR_sessions".
//
// # Clients
//
// Every client of go-redis does: a single server, Sentinel, Cluster, with TLS or
// without. It must bound what it does by the context (ContextTimeoutEnabled in its
// options), and must not read from replicas: they lag, and a session that was made a
// moment ago would be none. [New] refuses others.
//
// A client repeats what has failed (MaxRetries): Load, Replace and Touch. Create, Swap and
// Delete are sent once: a second answer would be about their own work, if it was the
// first answer that was lost. So that is an error, after which the change may have been
// made.
//
// # What it promises
//
// Each method is one command or one script of one key, so that it is one step to all
// others, and no key has to be on one node with another. Nothing comes back: Replace
// and Touch are SET XX and PEXPIRE; Swap is a script, which compares and replaces on
// the server. What the server forgets, by eviction (maxmemory-policy) or a restart
// without persistence, is gone; what a failover loses (replication is asynchronous)
// is as it was before.
//
// # Beside Python
//
// Each of Python's responses writes the whole session, whatever was written since its
// request began, so of changes at the same time the last is kept; and it writes what
// was deleted while it worked. Nothing here can prevent that.
//
// # What it costs
//
// Every method is one round trip; a Load asks for data and expiry in one. Swap sends
// what was read and what replaces it. No request needs SCAN or more than one key;
// List and Clear go through all keys of the database with SCAN, 500 at a time.
//
// Over loopback a request that reads its session takes 23 µs, one that writes it 55. A
// session of 169 bytes takes 390 bytes of the server's memory (Redis 7.0).
package redisstore
