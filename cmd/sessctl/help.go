package main

import "github.com/spf13/cobra"

// helpTopics returns what sessctl help tells besides its commands.
func helpTopics() []*cobra.Command {
	return []*cobra.Command{
		{Use: "json", Short: "the fields that --json prints", Long: helpJSON},
		{Use: "keys", Short: "how keys are given", Long: helpKeys},
		{Use: "exit-codes", Short: "what the exit code says", Long: helpExitCodes},
		{Use: "stores", Short: "how a store of sessions is named", Long: helpStores},
		{Use: "findings", Short: "what can be said of a cookie besides", Long: helpFindings()},
	}
}

const helpJSON = `With --json a command prints one JSON object for each result: one a line, or
indented on a terminal, but with --each-line always one a line. A field is null
where its value is unknown.

  schema        "sessctl/v1"; a change that breaks readers changes it
  line          with --each-line: the number of the line, from 1
  outcome       ok, unverified (signed, and no key was given),
                no-key (encrypted, and no key was given that can be one),
                not-authentic, expired, future (signed in the future),
                malformed, incomplete (a chunk is missing), too-large,
                not-object (JSON, but not an object), deletion (the app ends
                the session), unknown (no session cookie, or not ours),
                refused (of migrate: the target cannot hold the session)
  format        "starlette" (FastAPI too) or "litestar" (Starlite too)
  name          the cookie's name, without a chunk's number; null for a value
                that was given without a name
  verified      true; false if no key matched; null if no key was given
  key           the label of the key that matched
  signed_at     when it was signed; null for litestar, whose cookies do not say
  expires_at    when it expires, for starlette by --max-age; null: never
  expired       whether that has passed
  host          where it came from; left out unless a jar or HAR file says so
  session       the session, as Python wrote it: the order of its keys and the
                spelling of its numbers too. White space outside of strings is
                dropped, and what does not print is written as \uXXXX
  session_text  instead of session, where Python's JSON is not JSON: a string
                that holds it
  session_keys  instead of both, with --redact: key, type and size (bytes of
                its JSON) of each
  findings      what else there is to say: level (info, warn, or cause: why there
                is no session), code (stable), message and hint (for people);
                see sessctl help findings

Of inspect alone:

  certainty     how sure the format is: verified (by a key), by-form, likely
                (by what is left of a damaged one)
  cookies       those that it was read from: name, and size of name and value
  header_size   bytes of the Cookie header: of the whole line if that was given,
                else of one with these cookies alone; left out for bare values
  parts         part, offset, size (bytes) and meaning of each part of the value;
                offsets of litestar count in what its base64 decodes to
  limits        used and max (bytes) of what browsers keep and servers accept

Of encode and migrate, which have outcome, findings and these alone:

  format        of what was made, as are name, key and expires_at
  value         the new cookie's value; that of several chunks joined. null if
                none was made
  cookies       name, value, and size of name and value as they are sent, quotes
                included; none for an empty session
  set_cookie    the values of the Set-Cookie headers that set them; none where
                browsers or Python would not keep them, see findings

Of migrate alone, the findings being those of the source and of what was made:

  cleared       the values of the Set-Cookie headers that clear the old cookies
  from_format   the format of the source
  from_name     its name; null for a value that was given without a name
  from_host     its host; left out unless a jar or HAR file says so
  from_key      the label of the key that matched
  renewed       whether the session was given a whole new lifetime
  dry_run       true with --dry-run: then value is null, and
                set_cookie is empty

Of store list and store show, whose records have session, session_text,
session_keys (of show), findings and these:

  store         file, redis (Valkey too), memcached, sqlite, postgres or mysql
                (MariaDB too)
  layout        starlite or litestar
  id_prefix     the first 8 digits of the id
  id            all of it instead, with --full-ids
  key           instead of id, where the store knows none: how it names the
                session
  key_prefix    the first 8 characters of an odd key, or of what cannot be read,
                without --full-ids
  odd           true there; left out elsewhere
  size          bytes of the stored JSON
  expires_at    null where it has no expiry
  expired       true of what lies there still, as in files and SQL tables

Of store put:

  id            of the new session, or with --full-ids; else id_prefix
  expires_at    as above

Of store delete, clear, prune and copy, which count:

  deleted       what was deleted
  missing       ids of which there was no session
  pruned        the expired sessions that were deleted
  odd           with --odd: sessions under keys of another form that were deleted
  kept          the sessions that are left; null where they cannot be listed
  copied        what was copied
  same          what was there already, the same
  kept          of copy: what is there, with other data
  expired       what has expired, or is not there any more
  unreadable    values that are no session
  failed        sessions that the target did not take

Times are RFC 3339 in UTC. session, session_text and session_keys are left out
where there is no session, or none that a key authenticates; verify has none of
them, inspect has session_keys.
`

const helpKeys = `Keys are never given on the command line, where others could read them.

  --key-file [label=]PATH  reads a key from a file, - is standard input
  --key-env VAR            reads a key from an environment variable
  --key-prompt             asks on the terminal, without showing what is typed
  SESSCTL_KEY_FILE         is the default for --key-file where no key is given

The first two can be repeated: every key is tried. One key a file; encode takes
one key alone. migrate takes one for the target too, in the same ways, but with
no default: --to-key-file, --to-key-env, --to-key-prompt. A label is of
letters, digits, dot, dash and underscore; without one it is the file's base
name, the variable's name, stdin or prompt.

A key is taken byte for byte, or decoded after hex: or base64:. Of a file or
standard input one line end at its end is dropped; from an AES key only if the
bytes as they are make none. After raw: nothing is dropped.

Starlette and FastAPI: the text given to SessionMiddleware as secret_key.
Litestar and Starlite: the secret of the cookie backend, 16, 24 or 32 bytes.
`

const helpExitCodes = `   0  ok; also a signed cookie without a key, which stderr then says
   1  not authentic under any key given
   2  usage, or a key is missing or cannot be used
   3  authentic, but expired, or signed in the future
   4  not a session cookie, malformed, a chunk missing, too large, or a deletion;
      of encode and migrate also what the target cannot hold
   5  input or output failed; without a word where only a reader has gone, which
      changes no verdict on a single cookie
  70  internal error
 130  interrupted

Of store, whose other codes are the same:

   1  no such session
   3  expired; what lies there still, in files and SQL tables, is printed
   4  a refused id, or a stored value that is not a session; of copy: any such; of
      clear and prune: any that they leave
   5  the store is not there, cannot be reached, refuses, or does not answer
      within --timeout

Of several results the worst counts, in the order 70, 5, 2, 1, 4, 3, 0.

With --each-line it is 0 if every line is good, and 1 if any is not: good are ok
and unverified; of inspect, whatever could be parsed. 2, 5, 70 and 130 are as
above.
`

const helpStores = `A store is named by a DSN: --store DSN, the variable SESSCTL_STORE, or a file that
--store-file names. copy has --from and --to, --from-file and --to-file. A DSN with
a password is not taken from the command line, where others could read it.

  file:DIR?layout=starlite|litestar
      a directory. names=id: of Litestar before 2.20, which names files by ids.
      Litestar with a default factory keeps sessions in DIR/sessions. Run sessctl
      as the app's user; what root writes or makes, sqlite's database too, is given
      to the owner of the directory that it lies in
  redis://[USER[:PASSWORD]@]HOST[:PORT][,HOST[:PORT]...][/DB]?layout=starlite|litestar
      also valkey; rediss and valkeys with TLS, SSL_CERT_FILE naming other
      certificates than the system's. cluster=1: a cluster, whose nodes are refused
      without it; master=NAME: the hosts are Sentinels, which take the same
      password with sentinelauth=same.
      namespace=NS: STARLITE_SESSION or LITESTAR without; LITESTAR_sessions with
      Litestar's root.with_namespace; empty: none
  memcached://HOST[:PORT]
      Starlite's. namespace=NS: STARLITE_SESSION without. It cannot be listed, and
      drives out old sessions where new ones need the room: see that it is large
      enough before copying into it
  sqlite:PATH
  postgres://[USER[:PASSWORD]@]HOST[:PORT]/DATABASE
  mysql://[USER[:PASSWORD]@]HOST[:PORT]/DATABASE
      also postgresql, mariadb. table=NAME: session without. Starlite's columns
      (expires) and those of advanced-alchemy for Litestar (expires_at) are told
      apart; to make a table, layout=starlite|litestar is needed. The driver's own
      parameters pass: sslmode of postgres, tls of mysql, _pragma of sqlite. A Unix
      socket of postgres: postgres:///DATABASE?host=DIR&port=PORT

In a user or password write @ as %40, : as %3A, / as %2F, ? as %3F, % as %25.
PATH and DIR are taken as they are, up to a ?.
`
