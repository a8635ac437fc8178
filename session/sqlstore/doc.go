// Package sqlstore keeps server-side sessions in a table of SQLite, PostgreSQL, MySQL
// or MariaDB, as Starlite v1 (SQLAlchemyBackend) and Litestar v2 with advanced-alchemy
// (SQLAlchemyAsyncSessionBackend, SQLAlchemySyncSessionBackend) do, so that a Go service
// and the Python app beside it have the same sessions.
//
// It takes a [database/sql.DB] and imports no driver. It is tested with
// modernc.org/sqlite, github.com/jackc/pgx/v5/stdlib and github.com/go-sql-driver/mysql,
// on PostgreSQL 15 and MariaDB 10.11; on MySQL 9.7 by hand, since few distributions have it.
//
// # Layouts
//
// [Starlite]'s table has id (an integer that the database makes), session_id, data and
// expires; it is called session. [Litestar]'s has id (a UUID that the client makes),
// session_id, data, expires_at and sa_orm_sentinel, and no name of its own: that of the
// class, or __tablename__. [DetectLayout] tells them apart, [Store.CreateTable] makes
// them. session_id must be unique, as both frameworks make it.
//
// Times are UTC whatever the zone of the server, of the connection or of the driver. A
// session lives by the clock of this host, never by the database's. Expiries are written
// in whole seconds, rounded, and read as they are. What cannot be read
// as Python does is [session.ErrDamaged]: in SQLite, where a column holds anything, data
// that is no blob, or a time with a zone, which Starlite cannot compare either. Of
// the times that Python's fromisoformat takes since 3.11, days alone and weeks are not
// read; nobody writes them. What ended before 1970 is read as ended then. Where that was
// before the year 1 (PostgreSQL's -infinity and years BC, MySQL's 0000-00-00) Python fails
// on it until Prune deletes it.
//
// # What it promises
//
// A change is one statement, which the database does whole or not at all. Create,
// Replace, Swap, Touch and Delete look at what is there in that same statement, so
// nothing is lost and nothing comes back, whoever else writes to the table. In MySQL
// ids are compared as bytes too: by itself it takes ABC for abc.
//
// A statement that the database has undone for the sake of another (a deadlock, a
// conflict under an isolation level above the default) is tried again, for a
// quarter of a second at most.
//
// The text of an error holds no id and no data. That of the driver's error, to which
// it unwraps, may.
//
// # Beside Python
//
// Each of Python's responses writes the whole session, whatever was written since
// its request began, so of changes at the same time the last is kept; and it writes
// what was deleted while it worked. Nothing here can prevent that. A read renews in
// Python; here it does not.
//
// delete_expired of advanced-alchemy compares with the database's now(). That is local
// time in MySQL, and the column is UTC: east of Greenwich it deletes what lives, west
// of it it keeps what does not. Use [Store.Prune].
//
// # Databases
//
// SQLite: let a writer wait for others, and readers not wait at all, say with
//
//	file:sessions.db?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)
//
// Without busy_timeout a change beside another fails at once. Python's engine waits
// five seconds by itself.
//
// PostgreSQL: pgx keeps prepared statements. Behind a PgBouncer that cannot, set
// default_query_exec_mode=exec. pgx asks whether a connection lives before it uses it
// again after more than a second; that is one more round trip.
//
// MySQL: Python's column data is a blob, which ends at 65,535 bytes. What is longer is
// refused with [codec.ErrTooLarge]: a server whose sql_mode is not strict would cut it
// and not say so. Set
// clientFoundRows=true: else a change that changes nothing, as a second Touch within
// a second, takes a second round trip to be told from one that found nothing.
//
// # What it costs
//
// One round trip for each method, counted in the tests; one more to see why a change
// found nothing to change, or for a Delete of what is not there. Statements are prepared
// once a connection: a Load is 12 µs in SQLite, 80 µs in PostgreSQL and 130 µs in MariaDB
// over loopback, a Replace 25, 130 and 165 µs where nobody waits for the disk.
//
// A session of 169 bytes takes 360 to 480 bytes with its indexes, in MariaDB with
// Litestar's layout 760.
//
// List reads pages of 1,000 without the data. Prune and Clear look for ids, 20,000 at
// a time, and delete 1,000 a statement; Starlite's table has no index on expires, so
// there Prune reads the whole table.
package sqlstore
