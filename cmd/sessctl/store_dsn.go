package main

import (
	"cmp"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// dsn says where a store is and how its sessions lie there.
type dsn struct {
	kind   string // file, redis, memcached, sqlite, postgres or mysql
	layout string // starlite or litestar; empty: the columns of the table tell it

	path  string // of a directory or file
	named string // id: Litestar's files are named so, as before 2.20

	addrs          []string // host:port
	user, password string
	tls            bool
	database       string // a name, of Redis a number

	cluster   bool
	master    string // what the Sentinels call it
	sameAuth  bool   // the Sentinels take user and password too
	namespace string // empty: none

	table   string
	options url.Values // of the SQL driver
}

// schemes are what a DSN begins with.
var schemes = map[string]struct {
	kind string
	tls  bool
}{
	"file":  {"file", false},
	"redis": {"redis", false}, "rediss": {"redis", true}, "valkey": {"redis", false}, "valkeys": {"redis", true},
	"memcached": {"memcached", false},
	"sqlite":    {"sqlite", false},
	"postgres":  {"postgres", false}, "postgresql": {"postgres", false},
	"mysql": {"mysql", false}, "mariadb": {"mysql", false},
}

const schemesHint = "file:DIR, redis://HOST/DB, valkey://HOST/DB, memcached://HOST, sqlite:PATH, postgres://HOST/DB or mysql://HOST/DB; see sessctl help stores"

// storeParameters are those of a DSN that are not its driver's.
var storeParameters = map[string][]string{
	"file":      {"layout", "names"},
	"redis":     {"layout", "namespace", "cluster", "master", "sentinelauth"},
	"memcached": {"layout", "namespace"},
	"sqlite":    {"layout", "table"},
	"postgres":  {"layout", "table"},
	"mysql":     {"layout", "table"},
}

// driverParameters are passed on. What else a driver takes, PostgreSQL's for one as a
// setting of the server, would hide a typing error.
var driverParameters = map[string][]string{
	"sqlite": {"_pragma", "_txlock"},
	"postgres": {
		"application_name", "channel_binding", "connect_timeout", "default_query_exec_mode", "host", "krbspn", "krbsrvname", "lock_timeout", "options", "passfile", "password", "port",
		"require_auth", "search_path", "service", "servicefile", "sslcert", "sslkey", "sslmode", "sslnegotiation", "sslpassword",
		"sslrootcert", "sslsni", "statement_timeout", "target_session_attrs",
	},
	"mysql": {
		"allowCleartextPasswords", "allowFallbackToPlaintext", "allowNativePasswords", "allowOldPasswords", "charset", "collation",
		"connectionAttributes", "maxAllowedPacket", "readTimeout", "serverPubKey", "timeout", "tls", "writeTimeout",
	},
}

var defaultPorts = map[string]string{"redis": "6379", "memcached": "11211", "postgres": "5432", "mysql": "3306"}

const sentinelPort = "26379"

// parseDSN reads a DSN. Nothing of it is in the errors: it may hold a password, and
// where it is malformed nobody knows in which part.
func parseDSN(text string) (*dsn, error) {
	name, rest, _ := strings.Cut(text, ":")
	scheme, ok := schemes[strings.ToLower(name)]
	if !ok {
		hint := schemesHint
		switch name, driver, found := strings.Cut(name, "+"); {
		case !found || schemes[name].kind == "":
		case driver == "unix":
			hint = "a Unix socket is taken for PostgreSQL alone: postgres:///DB?host=DIR"
		default:
			hint = "leave out the name of Python's driver: " + name + ":, not " + name + "+…:"
		}
		return nil, usageError("a DSN begins with the kind of a store", hint)
	}
	d := &dsn{kind: scheme.kind, tls: scheme.tls}
	place, query, _ := strings.Cut(rest, "?")
	parameters, err := url.ParseQuery(query)
	if err != nil {
		return nil, usageError("the parameters of the DSN cannot be read", "they are written as ?layout=litestar&namespace=app, with % and two digits for what is special")
	}
	if d.kind == "file" || d.kind == "sqlite" {
		err = d.setPath(place)
	} else {
		err = d.setHosts(place, parameters.Get("master") != "", parameters.Get("host") != "")
	}
	if err == nil {
		err = d.setParameters(parameters, mayBeNamed(query, parameters))
	}
	if err == nil {
		err = d.check()
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// setPath takes a path as it is: only a file's may be a URL's, with no host.
func (d *dsn) setPath(place string) error {
	rest, isURL := strings.CutPrefix(place, "//")
	switch {
	case d.kind == "sqlite" && isURL:
		return usageError("behind sqlite: stands the path of the database", "what SQLAlchemy calls sqlite:///app.db is sqlite:app.db, and sqlite:////srv/app.db is sqlite:/srv/app.db")
	case isURL && !strings.HasPrefix(rest, "/"):
		return usageError("behind file: stands the path of the directory", "file:sessions or file:/srv/sessions")
	case isURL:
		place = rest
	}
	if place == "" {
		return usageError("the DSN names no path", "file:DIR or sqlite:PATH")
	}
	d.path = place
	return nil
}

// setHosts reads //[user[:password]@]host[:port][,host[:port]…][/database].
func (d *dsn) setHosts(place string, sentinel, elsewhere bool) (err error) {
	place, ok := strings.CutPrefix(place, "//")
	if !ok {
		return usageError("behind the kind of the store stand // and its host", schemesHint)
	}
	authority, database, _ := strings.Cut(place, "/")
	if d.database, err = url.PathUnescape(database); err != nil || strings.Contains(d.database, "/") {
		return usageError("what stands behind the DSN's host is not a database")
	}
	hosts := authority
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		user, password, _ := strings.Cut(authority[:at], ":")
		hosts = authority[at+1:]
		var userErr, passwordErr error
		d.user, userErr = url.PathUnescape(user)
		d.password, passwordErr = url.PathUnescape(password)
		if userErr != nil || passwordErr != nil {
			return usageError("the user or password of the DSN cannot be read", "write % as %25, and what else is special as % and two digits")
		}
	}
	switch {
	case hosts == "" && elsewhere:
		return nil
	case hosts == "":
		return usageError("the DSN names no host", schemesHint)
	}
	port := defaultPorts[d.kind]
	if sentinel {
		port = sentinelPort
	}
	for host := range strings.SplitSeq(hosts, ",") {
		addr, ok := withPort(host, port)
		if !ok {
			return usageError("the host or port of the DSN cannot be read", "in a user or password write @ as %40, : as %3A, / as %2F, ? as %3F")
		}
		d.addrs = append(d.addrs, addr)
	}
	return nil
}

// withPort completes host[:port].
func withPort(host, port string) (addr string, ok bool) {
	name, given, err := net.SplitHostPort(host)
	if err != nil { // no port
		name, given, err = net.SplitHostPort(host + ":" + port)
	}
	n, numberErr := strconv.ParseUint(given, 10, 16)
	if err != nil || numberErr != nil || n == 0 || name == "" || strings.ContainsAny(name, "#@ \t\r\n\\") {
		return "", false
	}
	return net.JoinHostPort(name, given), true
}

// mayBeNamed reports whether a message may name a parameter that is unknown: it may be
// the rest of a password in which & or ? was not encoded.
func mayBeNamed(query string, parameters url.Values) bool {
	for name := range parameters {
		if slices.Contains(passwordParameters, strings.ToLower(name)) {
			return false
		}
	}
	return !strings.Contains(query, "@")
}

func (d *dsn) setParameters(parameters url.Values, mayBeNamed bool) error {
	if d.kind == "redis" || d.kind == "memcached" {
		d.namespace = map[string]string{"": "STARLITE_SESSION", "starlite": "STARLITE_SESSION", "litestar": "LITESTAR"}[parameters.Get("layout")]
	}
	if d.isTable() {
		d.table, d.options = "session", url.Values{}
	}
	for name, values := range parameters {
		value := values[0]
		switch {
		case slices.Contains(driverParameters[d.kind], name):
			d.options[name] = values
			continue
		case !slices.Contains(storeParameters[d.kind], name):
			return d.unknownParameter(name, mayBeNamed && value != "")
		case len(values) > 1:
			return usageError("the DSN has the parameter " + name + " twice")
		}
		ok := true
		switch name {
		case "layout":
			d.layout, ok = value, value == "starlite" || value == "litestar"
		case "names":
			d.named, ok = value, value == "id"
		case "cluster":
			d.cluster, ok = value == "1", value == "1" || value == "0"
		case "master":
			d.master, ok = value, value != ""
		case "sentinelauth":
			d.sameAuth, ok = true, value == "same"
		case "table":
			d.table, ok = value, value != ""
		case "namespace":
			d.namespace = value
		}
		if !ok {
			return usageError("the DSN's "+name+" is none", map[string]string{
				"layout": bothLayouts, "names": "names=id is for Litestar before 2.20", "cluster": "cluster=1 is for a Redis Cluster",
				"master": "master=NAME is what the Sentinels call it", "table": "table=session is what Starlite calls it",
				"sentinelauth": "sentinelauth=same gives the Sentinels the same user and password",
			}[name])
		}
	}
	return nil
}

const bothLayouts = "layout=starlite or layout=litestar"

func (d *dsn) unknownParameter(name string, mayBeNamed bool) error {
	text := "the DSN has an unknown parameter"
	if mayBeNamed && isWord(strings.ReplaceAll(name, "_", "-")) {
		text += ", " + name
	}
	hint := d.kind + " takes " + strings.Join(storeParameters[d.kind], ", ")
	if len(driverParameters[d.kind]) > 0 {
		hint += ", and of its driver " + strings.Join(driverParameters[d.kind], ", ")
	}
	return usageError(text, hint)
}

// check refuses what does not go together.
func (d *dsn) check() error {
	switch {
	case d.layout == "" && d.kind == "memcached":
		d.layout = "starlite" // Litestar has none
	case d.layout == "" && (d.kind == "file" || d.kind == "redis"):
		return usageError("the layout cannot be told from the store: Starlite's or Litestar's", "add "+bothLayouts+" to the DSN")
	}
	switch {
	case d.kind == "memcached" && d.layout != "starlite":
		return usageError("Litestar keeps no sessions in memcached", "the layout is starlite")
	case d.kind == "memcached" && d.namespace == "":
		return usageError("sessions in memcached have a namespace", "namespace=STARLITE_SESSION is what Starlite calls it")
	case d.kind == "memcached" && (len(d.addrs) > 1 || d.database != "" || d.user != "" || d.password != ""):
		return usageError("the DSN of memcached is a host", "memcached://HOST:PORT")
	case d.named != "" && d.layout != "litestar":
		return usageError("names=id is for Litestar's files", "Starlite's have no other names")
	case d.sameAuth && d.master == "":
		return usageError("sentinelauth=same is for Sentinels", "master=NAME is what they call it")
	case d.cluster && d.master != "":
		return usageError("cluster=1 and master=NAME exclude each other")
	case d.kind == "redis" && len(d.addrs) > 1 && !d.cluster && d.master == "":
		return usageError("several hosts are a Redis Cluster or Sentinels", "add cluster=1 or master=NAME to the DSN")
	case d.kind == "mysql" && len(d.addrs) > 1:
		return usageError("the DSN of mysql has one host")
	case d.kind == "mysql" && d.database == "":
		return usageError("the DSN names no database", "mysql://HOST/DATABASE")
	}
	if d.kind == "redis" {
		n, err := strconv.ParseUint(cmp.Or(d.database, "0"), 10, 15)
		switch {
		case err != nil:
			return usageError("a database of Redis has a number", "redis://HOST/0")
		case d.cluster && n != 0:
			return usageError("a Redis Cluster has the database 0 alone")
		}
		d.database = strconv.FormatUint(n, 10)
	}
	return nil
}

// passwordParameters are those in which drivers take passwords.
var passwordParameters = []string{"password", "passwd", "pass", "pwd", "sslpassword"}

// holdsPassword reports whether a DSN holds a password, or what may be the rest of
// one: the characters that separate its parts should have been encoded there.
func holdsPassword(text string) bool {
	scheme, rest, _ := strings.Cut(text, ":")
	place, query, _ := strings.Cut(rest, "?")
	for parameter := range strings.FieldsFuncSeq(query, func(r rune) bool { return r == '&' || r == ';' }) {
		name, value, _ := strings.Cut(parameter, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		if value != "" && slices.Contains(passwordParameters, strings.ToLower(name)) {
			return true
		}
	}
	if kind := schemes[strings.ToLower(scheme)].kind; kind == "file" || kind == "sqlite" {
		return false // a path
	}
	place, ok := strings.CutPrefix(place, "//")
	if !ok { // a DSN of another style
		return strings.Contains(text, "@") || strings.Contains(strings.ToLower(text), "password=")
	}
	authority, _, _ := strings.Cut(place, "/")
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		return strings.Contains(authority[:at], ":")
	}
	if !strings.Contains(rest, "@") || authority == "" {
		return false
	}
	for host := range strings.SplitSeq(authority, ",") {
		if _, ok := withPort(host, "1"); !ok {
			return true
		}
	}
	return false
}

// checkNew refuses to make a table whose layout nothing tells.
func (d *dsn) checkNew() error {
	if d.isTable() && d.layout == "" {
		return usageError("the layout of a new table cannot be told: Starlite's or Litestar's", "add "+bothLayouts+" to the DSN")
	}
	return nil
}

// place is what a message calls the store.
func (d *dsn) place() string {
	switch d.kind {
	case "file":
		return "the directory " + d.path
	case "sqlite":
		return "the database " + d.path
	}
	if len(d.addrs) == 0 {
		return d.kind
	}
	return d.kind + " at " + strings.Join(d.addrs, ", ")
}

// full names the database, table or namespace too.
func (d *dsn) full() string {
	text := d.place()
	if d.database != "" && !(d.kind == "redis" && d.database == "0") {
		text += ", database " + d.database
	}
	if d.table != "" {
		text += ", table " + d.table
	}
	if d.namespace != "" {
		text += ", namespace " + d.namespace
	}
	return text
}

// isSame reports whether two DSNs name the same sessions, as far as they tell.
func (d *dsn) isSame(other *dsn) bool {
	if d.kind != other.kind || d.table != other.table || d.namespace != other.namespace || d.database != other.database {
		return false
	}
	if d.path != "" {
		return isSameFile(d.path, other.path)
	}
	for _, name := range []string{"host", "port", "search_path", "options", "service"} {
		if d.options.Get(name) != other.options.Get(name) {
			return false
		}
	}
	return slices.Equal(d.addrs, other.addrs) && d.master == other.master
}

// checkNamespace refuses to delete by what keys look like where the database is shared.
func (d *dsn) checkNamespace() error {
	if d.kind == "redis" && d.namespace == "" {
		return usageError("without a namespace sessions cannot be told from what else is in the database")
	}
	return nil
}

// leavesDamaged reports whether clear and prune delete nothing but sessions, and delete
// what is none in the place of one alone. Others delete whatever lies under a key.
func (d *dsn) leavesDamaged() bool { return d.kind == "file" }

// describe names kind and layout.
func (d *dsn) describe() string {
	if d.layout == "" {
		return d.kind
	}
	return d.kind + ", " + d.layout
}

// otherLayout is a hint for who reads files as the other framework's: nothing but what
// they hold tells it, and the DSN is believed.
func (d *dsn) otherLayout() []string {
	if d.kind != "file" {
		return nil
	}
	framework, layout := "Litestar", "litestar"
	if d.layout == layout {
		framework, layout = "Starlite", "starlite"
	}
	return []string{"the DSN says layout=" + d.layout + ": if " + framework + " has written it, give layout=" + layout}
}

// isHashed reports whether the store knows no ids, only their hashes.
func (d *dsn) isHashed() bool { return d.kind == "file" && d.layout == "litestar" && d.named == "" }

// needsExpiry reports whether the layout has no session without expiry.
func (d *dsn) needsExpiry() bool {
	return d.keepsExpired() && (d.kind != "file" || d.layout == "starlite")
}

// keepsExpired reports whether what has expired lies there until somebody deletes it.
func (d *dsn) keepsExpired() bool { return d.kind != "redis" && d.kind != "memcached" }

// isTable reports whether the sessions are rows.
func (d *dsn) isTable() bool { return driverParameters[d.kind] != nil }

// keys is what a message calls foreign things beside the sessions.
func (d *dsn) keys(n int) string {
	where := ""
	if d.namespace != "" {
		where = " under " + d.namespace
	}
	return plural(n, "other "+d.noun()) + where
}

// noun is what a session lies in.
func (d *dsn) noun() string {
	switch {
	case d.kind == "file":
		return "file"
	case d.isTable():
		return "row"
	}
	return "key"
}

// plural counts in English.
func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strconv.Itoa(n) + " " + noun
}
