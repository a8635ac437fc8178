// Package filestore keeps server-side sessions in the files of a directory, as
// Starlite v1 (FileBackend) and Litestar v2 (FileStore) do, so that a Go service
// and the Python app beside it have the same sessions.
//
// # Layouts
//
// A session is a file. [Starlite] names it by the session's id, and it holds JSON:
//
//	{"expires":"2026-12-07T02:15:20.514556","data":"{\"n\":1}"}
//
// The time is UTC, though nothing says so. [Litestar] names it by the BLAKE2s-256 of
// the id, in hexadecimal digits, before 2.20 by the id itself ([NamesID]), and it
// holds a msgpack map of expires_at (a timestamp or nil) and data (bytes). Both are
// written byte for byte as Python writes them, and read as Python reads them; what
// is nothing of that kind is [session.ErrDamaged]. Starlite's hold text: data that is
// not UTF-8 is refused.
//
// # What it promises
//
// A change is whole or not at all, whatever is killed, also when the power fails:
// data is written beside the session, synced, put into its place by one step, and
// the directory synced. When the disk is full the change fails, and what was there
// stays.
//
// Among Go processes nothing is lost and nothing comes back: what depends on what is
// there (Create, Replace, Swap, Touch, Delete) is checked and done while an
// advisory lock is held on the directory itself (flock; Python's sweeps would fail on
// a lock file). It is not held while data is written. Where there is no flock (Windows, Solaris,
// AIX) that holds among the goroutines of one process only. flock needs a local
// file system: NFS refuses it on directories, and the change fails.
//
// Files are readable for their owner alone, as Litestar's, so Python and Go must run
// as the same user; root gives what it writes to the directory's owner. Whoever else can write to the directory can make sessions.
//
// Only ids that [session.ValidID] allows reach a path. Symbolic links, FIFOs,
// directories and files of other names are never followed, opened, listed or
// deleted; one that lies where a session should be is [session.ErrDamaged], with
// [ErrKept].
//
// A file that is empty for longer than a moment, as a writer of Starlite's that was
// killed leaves it, is a session that has expired: Python answers 500 until
// [Store.Prune] deletes it. What is damaged otherwise Delete alone removes.
//
// # Beside Python
//
// Python does not lock. Each of its responses writes the whole session, whatever
// was written since its request began, so of changes at the same time the last is
// kept; and it writes what was deleted while it worked. Nothing here can prevent
// that. The other way round, what Python deletes while Go changes it stays deleted
// on Linux, where files can be exchanged in one step; elsewhere it may come back if
// both happen within microseconds. A session that Python writes in the microseconds
// in which Go deletes it, or Prune finds it expired, goes.
//
// Starlite empties a file and then writes it. Who reads it between sees a torn one:
// while it is fresh, and empty or begun as one, it is read again for up to half a second,
// then it is [session.ErrDamaged], with [ErrKept].
//
// Python's own sweeps: Starlite's delete_expired deletes the sessions that live and
// keeps those that have expired, so use [Store.Prune]. Litestar's fails on the first
// file that is no session. On Linux no half-written file has a name, so Go is no
// cause; on others, and on file systems without O_TMPFILE, it can fail as it does
// beside other Litestar processes, whose unfinished files look the same. Litestar's
// delete_all removes the directory and makes it again; changes wait for it.
//
// # What it costs
//
// A Load is one file read, of 5 to 8 µs. Each change writes one file and waits twice for
// the disk, also a Touch: the expiry lies in the file; measured were 0.5 to 2.5 ms, and
// 60 to 100 µs with [Config].NoSync, which leaves out the waiting. A session takes a
// file system's block, mostly 4 kB, and an inode. There is no index: List, Clear and
// Prune read every file.
package filestore
