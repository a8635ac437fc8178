package main

import (
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sessctl/sessctl/session"
)

// checkKey refuses a key that can be none of the store's.
func (d *dsn) checkKey(key string) error {
	ok := key != ""
	switch {
	case d.isHashed():
		ok = len(key) == 64 && session.ValidID(key)
	case d.kind == "memcached":
		ok = ok && len(d.namespace)+len(":")+len(key) <= 250 && utf8.ValidString(key) && !strings.ContainsFunc(key, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
	case d.kind == "file":
		ok = key != "." && filepath.IsLocal(key) && filepath.Base(key) == key && !strings.ContainsRune(key, 0)
	}
	if ok {
		return nil
	}
	return &failure{code: exitNotSession, text: "this is not a key of the store", hints: []string{"sessctl store list --full-ids prints them"}}
}
