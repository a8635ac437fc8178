// Package memcachedstore keeps server-side sessions in memcached, as Starlite v1
// (MemcachedBackend) does, so that a Go service and the Python app beside it have
// the same sessions. Litestar v2 has no such store.
//
// # Layout
//
// The key is a namespace, a colon and the session's id:
//
//	STARLITE_SESSION:6bdcaba8…
//
// The value is the session's JSON, with flags of 0 (a value with others is read none
// the less), and memcached forgets it by itself when its time is over.
//
// It takes a time to live of more than 30 days for a date, which is long past. So
// then the date is written, by the clock of [Config].Now; Starlite does not, and with such a
// max_age stores nothing. Dates end in January 2038, and so does every session of more
// than 30 days.
//
// # What it promises
//
// Each change is one step of memcached's: what depends on what is there is decided by
// the server (add, replace, touch, delete). [Store.Swap] compares what it reads, and
// writes if nobody has written since (cas); a server without CAS (-C) cannot do that. When a
// change fails because the data is too large for the server ([codec.ErrTooLarge]), or
// its memory is full ([session.ErrFull]), what was there stays.
//
// When an answer is lost, nobody knows whether the change was made, and it is an error,
// never [session.ErrNotFound] or [session.ErrExists] because of what the same call has
// done before. An idle connection that the server has closed is noticed before it is
// used; on Windows only by the request, and then Load and Touch are tried again, once,
// while the others fail.
//
// Every call ends with its context, at once, whatever it waits for.
//
// # What it does not promise
//
// memcached is a cache. When its memory is full it drops what was not used for the
// longest time, and with a restart everything: sessions are gone as if they had expired,
// and their users are logged out. Give it memory enough and watch its evictions; with
// -M it drops nothing and refuses what is new.
//
// It cannot tell what it holds, so this store is no [session.Lister] and no
// [session.Clearer].
//
// Its clock ticks once a second: a session of n seconds lives for n-1 to n. A ttl is
// rounded up to whole seconds, and is 2 at least, so that it lives for one.
//
// Whoever reaches the server can read, make and end sessions. This package knows no
// passwords: keep the server in a network of its own, or dial it with TLS, by
// [Config].Dial.
//
// # Beside Python
//
// Each of Python's responses writes the whole session, whatever was written since its
// request began, so of changes at the same time the last is kept; and it writes what
// was deleted while it worked. Nothing here can prevent that. What Python writes while
// Swap is at work, Swap sees.
//
// # What it costs
//
// One round trip each; Swap two, and two more each time that somebody was faster. On one
// machine a Load takes about as long as the least that can be asked (mn), 20 µs, with 9
// allocations. Connections are opened when they are needed, and of idle ones at most
// [Config].MaxIdle are kept, with 8 kB each.
//
// The server must be memcached 1.6 or newer: only its command mg tells when a session
// expires. All others are the old commands, since the new ms deletes what it was to replace
// when the new value is too large or memory is full.
//
// A session of 169 bytes is an item of 309, in a chunk of 384 by default.
//
// The client is this package's own. Those that there are know no contexts, so that a
// silent server would hold up requests that nobody waits for any more, and no mg.
package memcachedstore
