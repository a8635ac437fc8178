package main

import (
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/sessctl/sessctl/session"
)

func TestParseDSN(t *testing.T) {
	redis := func(change func(*dsn)) dsn {
		d := dsn{kind: "redis", layout: "litestar", addrs: []string{"h:6379"}, database: "0", namespace: "LITESTAR"}
		change(&d)
		return d
	}
	table := func(kind string, change func(*dsn)) dsn {
		d := dsn{kind: kind, table: "session", options: url.Values{}}
		change(&d)
		return d
	}
	for text, want := range map[string]dsn{
		"file:s?layout=starlite":               {kind: "file", layout: "starlite", path: "s"},
		"file:/srv/a b?layout=litestar":        {kind: "file", layout: "litestar", path: "/srv/a b"},
		"file:///srv/s?layout=litestar":        {kind: "file", layout: "litestar", path: "/srv/s"},
		"file:50%25#x?layout=litestar":         {kind: "file", layout: "litestar", path: "50%25#x"},
		`file:C:\s?layout=litestar`:            {kind: "file", layout: "litestar", path: `C:\s`},
		"FILE:s?layout=litestar":               {kind: "file", layout: "litestar", path: "s"},
		"file:s?layout=litestar&names=id":      {kind: "file", layout: "litestar", path: "s", named: "id"},
		"redis://h?layout=litestar":            redis(func(*dsn) {}),
		"redis://h/?layout=litestar":           redis(func(*dsn) {}),
		"valkey://h/0?layout=litestar":         redis(func(*dsn) {}),
		"redis://h:1234/5?layout=litestar":     redis(func(d *dsn) { d.addrs, d.database = []string{"h:1234"}, "5" }),
		"rediss://h?layout=litestar":           redis(func(d *dsn) { d.tls = true }),
		"valkeys://h?layout=litestar":          redis(func(d *dsn) { d.tls = true }),
		"redis://[::1]:1/0?layout=litestar":    redis(func(d *dsn) { d.addrs = []string{"[::1]:1"} }),
		"redis://[::1]/0?layout=litestar":      redis(func(d *dsn) { d.addrs = []string{"[::1]:6379"} }),
		"redis://h?layout=starlite":            redis(func(d *dsn) { d.layout, d.namespace = "starlite", "STARLITE_SESSION" }),
		"redis://h?layout=litestar&namespace=": redis(func(d *dsn) { d.namespace = "" }),
		"redis://h?namespace=a%2Ab&layout=starlite": redis(func(d *dsn) {
			d.layout, d.namespace = "starlite", "a*b"
		}),
		"redis://h?layout=litestar&cluster=0": redis(func(*dsn) {}),
		"redis://a,b:7,c/0?layout=litestar&cluster=1": redis(func(d *dsn) {
			d.addrs, d.cluster = []string{"a:6379", "b:7", "c:6379"}, true
		}),
		"redis://a,b:7/3?layout=litestar&master=m": redis(func(d *dsn) {
			d.addrs, d.database, d.master = []string{"a:26379", "b:7"}, "3", "m"
		}),
		"redis://:p%40%3A%2F@h?layout=litestar": redis(func(d *dsn) { d.password = "p@:/" }),
		"redis://u:a:b@h?layout=litestar":       redis(func(d *dsn) { d.user, d.password = "u", "a:b" }),
		"redis://u:a@b@h?layout=litestar":       redis(func(d *dsn) { d.user, d.password = "u", "a@b" }),
		"redis://u@h?layout=litestar":           redis(func(d *dsn) { d.user = "u" }),
		"memcached://h":                         {kind: "memcached", layout: "starlite", addrs: []string{"h:11211"}, namespace: "STARLITE_SESSION"},
		"memcached://h:1?layout=starlite&namespace=app": {
			kind: "memcached", layout: "starlite", addrs: []string{"h:1"}, namespace: "app",
		},
		"sqlite:a.db": table("sqlite", func(d *dsn) { d.path = "a.db" }),
		"sqlite:/srv/a.db?table=t&layout=litestar": table("sqlite", func(d *dsn) { d.path, d.table, d.layout = "/srv/a.db", "t", "litestar" }),
		"sqlite:a.db?_pragma=a(1)&_pragma=b(2)":    table("sqlite", func(d *dsn) { d.path, d.options = "a.db", url.Values{"_pragma": {"a(1)", "b(2)"}} }),
		"postgres://u:p@h/db?sslmode=disable": table("postgres", func(d *dsn) {
			d.user, d.password, d.addrs, d.database, d.options = "u", "p", []string{"h:5432"}, "db", url.Values{"sslmode": {"disable"}}
		}),
		"postgresql://a,b:1/db?table=s.t": table("postgres", func(d *dsn) {
			d.addrs, d.database, d.table = []string{"a:5432", "b:1"}, "db", "s.t"
		}),
		"postgres:///db?host=/run/postgresql": table("postgres", func(d *dsn) {
			d.database, d.options = "db", url.Values{"host": {"/run/postgresql"}}
		}),
		"mysql://u:p@h/db?tls=true": table("mysql", func(d *dsn) {
			d.user, d.password, d.addrs, d.database, d.options = "u", "p", []string{"h:3306"}, "db", url.Values{"tls": {"true"}}
		}),
		"mariadb://h:1/d%2Db": table("mysql", func(d *dsn) { d.addrs, d.database = []string{"h:1"}, "d-b" }),
	} {
		got, err := parseDSN(text)
		if err != nil || !reflect.DeepEqual(*got, want) {
			t.Errorf("%s: %+v, %v; want %+v", text, got, err, want)
		}
	}
}

// What is wrong in a DSN is said without any of it: it may be a password.
func TestParseDSNRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                                               "begins with the kind",
		"hunter2":                                        "begins with the kind",
		"/srv/hunter2":                                   "begins with the kind",
		"hunter2://h/0":                                  "begins with the kind",
		"host=h password=hunter2":                        "begins with the kind",
		"postgresql+asyncpg://h/db":                      "begins with the kind",
		"file:?layout=starlite":                          "names no path",
		"file:s":                                         "layout cannot be told",
		"file://hunter2?layout=starlite":                 "path of the directory",
		"file:s?layout=hunter2":                          "layout is none",
		"file:s?layout=starlite&names=id":                "Litestar's files",
		"file:s?layout=litestar&names=hunter2":           "names is none",
		"file:s?layout=litestar&layout=litestar":         "twice",
		"file:s?layout=litestar&namespace=a":             "unknown parameter, namespace",
		"file:s?layout=litestar&hunter2=a":               "unknown parameter",
		"file:s?layout=litestar&%zz":                     "parameters",
		"sqlite:":                                        "names no path",
		"sqlite:///hunter2":                              "path of the database",
		"sqlite:a?mode=ro":                               "unknown parameter, mode",
		"redis:h/0?layout=litestar":                      "stand // and its host",
		"redis://h/0":                                    "layout cannot be told",
		"redis:///0?layout=litestar":                     "names no host",
		"postgres:///db":                                 "names no host",
		"redis://h:hunter2/0?layout=litestar":            "host or port",
		"redis://h:0/0?layout=litestar":                  "host or port",
		"redis://h:65536/0?layout=litestar":              "host or port",
		"redis://:hunter2/x@h/0?layout=litestar":         "not a database",
		"redis://:hun%zzter2@h/0?layout=litestar":        "user or password",
		"redis://h/hunter2?layout=litestar":              "has a number",
		"redis://h/0/1?layout=litestar":                  "not a database",
		"redis://h/%zz?layout=litestar":                  "not a database",
		"redis://a,b?layout=litestar":                    "Cluster or Sentinels",
		"redis://a/1?layout=litestar&cluster=1":          "database 0 alone",
		"redis://a?layout=litestar&cluster=1&master=m":   "exclude each other",
		"redis://a?layout=litestar&cluster=yes":          "cluster is none",
		"redis://a?layout=litestar&master=":              "master is none",
		"redis://a?layout=litestar&table=t":              "unknown parameter, table",
		"memcached://h?layout=litestar":                  "no sessions in memcached",
		"memcached://h?namespace=":                       "have a namespace",
		"memcached://a,b":                                "is a host",
		"memcached://h/0":                                "is a host",
		"memcached://:hunter2@h":                         "is a host",
		"postgres://h/db?sslmod=disable":                 "unknown parameter, sslmod",
		"postgres://h/db?table=":                         "table is none",
		"postgres://h/db?password=abc&hunter":            "unknown parameter",
		"postgres://h/db?PassWord=&hunter=x":             "unknown parameter",
		"postgres://u:12?abc&hunter@h/db":                "unknown parameter",
		"redis://u:12?hunter=1&more@h/0?layout=litestar": "unknown parameter",
		"redis://h?layout=litestar&hunter":               "unknown parameter",
		"mysql://h":                                      "names no database",
		"mysql://a,b/db":                                 "one host",
		"mysql://h/db?parseTime=true":                    "unknown parameter",
	} {
		got, err := parseDSN(text)
		var f *failure
		if !errors.As(err, &f) || f.code != exitUsage || !strings.Contains(f.text, want) {
			t.Errorf("%s: %+v, %v; want %q", text, got, err, want)
			continue
		}
		if said := f.text + strings.Join(f.hints, ""); strings.Contains(said, "hunter") {
			t.Errorf("%s: %s", text, said)
		}
	}
}

func TestHoldsPassword(t *testing.T) {
	for text, want := range map[string]bool{
		"redis://:pw@h":                            true,
		"redis://u:pw@h/0":                         true,
		"redis://u:p@w@h/0":                        true,
		"redis://u:p/w@h/0":                        true,
		"redis://u:p?w@h/0":                        true,
		"redis://u:p#w@h/0":                        true,
		"redis://u:12/34@h/0":                      false, // a port, for all that can be seen
		"redis://u:99999/34@h/0":                   true,
		"postgres://h/db?password=pw":              true,
		"postgres://h/db?sslmode=x&%70assword=x":   true,
		"postgres://h/db?PASSWORD=x":               true,
		"postgres://h/db?a=b;password=x":           true,
		"postgres://h/db?sslpassword=x":            true,
		"redis://h":                                false,
		"redis://u@h:1/0":                          false,
		"redis://a:1,b:2/0?x=a@b":                  false,
		"postgres://u@h/db?application_name=a:b@c": false,
		"postgres://h/db?password=":                false,
		"file:a:b@c?layout=starlite":               false,
		"file:///a:b@c?layout=starlite":            false,
		"sqlite:a:b@c":                             false,
		"nonsense://u:pw@h":                        true,
		"":                                         false,
	} {
		if got := holdsPassword(text); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

func FuzzDSN(f *testing.F) {
	for _, seed := range []string{"file:s?layout=starlite", "redis://u:p@h:1,[::1]/0?layout=litestar&namespace=", "sqlite:a?_pragma=x", "postgres://h/db?sslmode=disable", "mysql://h/db"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := parseDSN(text)
		if (d == nil) != (err != nil) {
			t.Fatalf("%v, %v", d, err)
		}
		// What was taken with a password is refused in an argument.
		if err == nil && d.password != "" && !holdsPassword(text) {
			t.Fatalf("the password of %q is not seen", text)
		}
	})
}

// A question about all sessions of a store says which those are.
func TestFullPlace(t *testing.T) {
	for text, want := range map[string]string{
		"file:s?layout=starlite":                           "the directory s",
		"redis://h?layout=litestar":                        "redis at h:6379, namespace LITESTAR",
		"redis://h/3?layout=litestar&namespace=app":        "redis at h:6379, database 3, namespace app",
		"memcached://h":                                    "memcached at h:11211, namespace STARLITE_SESSION",
		"sqlite:s.db":                                      "the database s.db, table session",
		"postgres://u:p@h/app?table=user_session":          "postgres at h:5432, database app, table user_session",
		"mysql://h/app":                                    "mysql at h:3306, database app, table session",
		"postgres:///app?host=/run/postgresql&table=other": "postgres, database app, table other",
	} {
		d, err := parseDSN(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.full(); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// What prune --odd leaves is not said to go.
func TestOddHint(t *testing.T) {
	for kind, keys := range map[string]map[string]bool{
		"file":  {"x": true, "a:b": true, testID(1) + ".tmpx": false, "x.tmpx": true},
		"redis": {"x": true, "a:b": false, testID(1) + ".tmpx": true},
	} {
		for key, deletes := range keys {
			c := oneStore{openStore: &openStore{dsn: &dsn{kind: kind, namespace: "n"}}}
			if rec := c.newRecord(session.Entry{Key: key, Odd: true}, false, true, true); rec.Findings[0].Hint != "" {
				t.Errorf("%s, %s: goes, though it is no session", kind, key)
			}
			rec := c.newRecord(session.Entry{Key: key, Odd: true}, false, true, false)
			if got := rec.Findings[0].Hint != ""; got != deletes {
				t.Errorf("%s, %s: %v", kind, key, got)
			}
		}
	}
}
