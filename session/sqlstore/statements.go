package sqlstore

import (
	"database/sql"
	"regexp"
	"strconv"
	"sync/atomic"
)

// statements are those of a store. What is in braces differs between databases and
// layouts, see fragments; what follows a colon is a parameter, see params.
type statements struct {
	load, insert, replace, swap, touch, deleteLive, deleteExpired *statement
	first, list, scan, scanExpired                                *statement
}

func newStatements(f map[string]string, d Dialect) statements {
	s := func(text string) *statement { return newStatement(expand(text, f), d) }
	page := func(from string) *statement {
		return s("SELECT session_id, {size}, {expiry} FROM {table} WHERE " + from + "{of text} ORDER BY session_id LIMIT " + strconv.Itoa(pageSize))
	}
	return statements{
		load:          s("SELECT {data}, {size}, {expiry} FROM {table} WHERE {is id}"),
		insert:        s("INSERT INTO {table} ({row}) VALUES ({new row}){unless taken}"),
		replace:       s("UPDATE {table} SET data = :data, {expires} = {until} WHERE {is id} AND {live}"),
		swap:          s("UPDATE {table} SET data = :data, {expires} = {until} WHERE {is id} AND {live} AND data = :old"),
		touch:         s("UPDATE {table} SET {expires} = {until} WHERE {is id} AND {live}"),
		deleteLive:    s("DELETE FROM {table} WHERE {is id} AND {live}"),
		deleteExpired: s("DELETE FROM {table} WHERE {is id} AND NOT ({live})"),
		first:         page("session_id >= :id"), // an id may be empty
		list:          page("session_id > :id"),
		scan:          s("SELECT session_id FROM {table} LIMIT " + strconv.Itoa(scanSize)),
		scanExpired:   s("SELECT session_id FROM {table} WHERE {expired} LIMIT " + strconv.Itoa(scanSize)),
	}
}

// fragments are what stands for the braces. Times go in and come out as text in UTC:
// no time zone, DateStyle or driver has a say in them.
func fragments(d Dialect, l Layout, t tableName) map[string]string {
	f := map[string]string{
		"table":        t.qualified(d, t.name),
		"expires":      l.expiryColumn(),
		"is id":        "session_id = :id",
		"of text":      "",
		"row":          "session_id, data, {expires}",
		"new row":      ":id, :data, {until}",
		"unless taken": " ON CONFLICT (session_id) DO NOTHING",
		"data":         "CASE WHEN {size} <= " + strconv.Itoa(maxData) + " THEN data END",
		"now":          ":now",
		"until":        ":until",
		"uuid":         ":uuid",
		"live":         "{expires} > {now}",
		"expired":      "{expires} <= {now}",
	}
	if l == Litestar { // sa_orm_sentinel stays NULL, as with Python's own upsert
		f["row"] = "id, " + f["row"]
		f["new row"] = "{uuid}, " + f["new row"]
	}
	switch d {
	case SQLite:
		// Columns hold any type there. Times are compared as text, of which Python also
		// reads that with a T; it takes no data that is not a blob.
		f["size"] = "CASE typeof(data) WHEN 'blob' THEN length(data) END"
		f["expiry"] = "CAST({expires} AS TEXT)"
		f["live"] = "replace({expires}, 'T', ' ') > {now}"
		f["expired"] = "{expires} <= {now} AND {expires} GLOB '????-??-??[ T]*'"
		f["of text"] = " AND typeof(session_id) = 'text'"
	case PostgreSQL:
		f["utc"] = ""
		if l == Litestar { // timestamp with time zone
			f["utc"] = " AT TIME ZONE 'UTC'"
		}
		f["size"] = "octet_length(data)"
		// What is before the year 1 is long over; to_char has no text for -infinity, and
		// that of 44 BC is of the year 44.
		f["expiry"] = "to_char(GREATEST({expires}{utc}, TIMESTAMP '0001-01-01'), 'YYYY-MM-DD HH24:MI:SS.US')"
		f["now"] = "CAST(:now AS timestamp){utc}"
		f["until"] = "CAST(:until AS timestamp){utc}"
		f["uuid"] = "CAST(:uuid AS uuid)"
	case MySQL:
		// Texts are compared without case and trailing blanks; the second comparison is of
		// bytes, as they come out of a column in latin1 too, while the first finds the row by
		// its index.
		f["is id"] = "session_id = :id AND CAST(CONVERT(session_id USING utf8mb4) AS BINARY) = CAST(:id AS BINARY)"
		f["unless taken"] = "" // INSERT IGNORE would ignore more
		f["size"] = "LENGTH(data)"
		// 0000-00-00 is long over too; other dates begin with the year 1000.
		f["expiry"] = "CASE WHEN {expires} < '1000-01-01' THEN '0001-01-01 00:00:00' ELSE CAST({expires} AS CHAR) END"
		f["now"] = "CAST(:now AS DATETIME(6))"
		f["until"] = "CAST(:until AS DATETIME(6))"
	}
	return f
}

var brace = regexp.MustCompile(`\{[a-z ]+\}`)

// expand puts in fragments, which may hold others.
func expand(text string, f map[string]string) string {
	for brace.MatchString(text) {
		text = brace.ReplaceAllStringFunc(text, func(name string) string { return f[name[1:len(name)-1]] })
	}
	return text
}

// statement is a text with the database's placeholders, and the parameters that they
// stand for.
type statement struct {
	text     string
	params   []string
	direct   bool // not to be prepared, see Store.prepare
	prepared atomic.Pointer[sql.Stmt]
}

var parameter = regexp.MustCompile(`:[a-z]+`) // the format of to_char has capitals

func newStatement(text string, d Dialect) *statement {
	s := &statement{direct: d == PostgreSQL}
	s.text = parameter.ReplaceAllStringFunc(text, func(name string) string {
		s.params = append(s.params, name[1:])
		return d.placeholder(len(s.params))
	})
	return s
}

func (d Dialect) placeholder(n int) string {
	if d == PostgreSQL {
		return "$" + strconv.Itoa(n)
	}
	return "?"
}

// values are those of the parameters. until is when a session will expire.
type values struct {
	id         string
	data, old  []byte
	now, until string
	uuid       any
	each       []string
}

func (s *statement) args(v *values) []any {
	args := make([]any, len(s.params))
	each := v.each
	for i, name := range s.params {
		switch name {
		case "id":
			args[i] = v.id
		case "data":
			args[i] = v.data
		case "old":
			args[i] = v.old
		case "now":
			args[i] = v.now
		case "until":
			args[i] = v.until
		case "uuid":
			args[i] = v.uuid
		case "each":
			args[i], each = each[0], each[1:]
		}
	}
	return args
}
