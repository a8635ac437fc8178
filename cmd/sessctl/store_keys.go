package main

import (
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sessctl/sessctl/session"
)

// checkKey refuses a key that can be none of the store's.
func (s *openStore) checkKey(key string) error {
	if key == "" {
		return nil
	}
	if _, ok := s.whole.(session.Keyed); !ok {
		return usageError(s.kind + " has no keys but those of ids")
	}
	ok := true
	switch {
	case s.isHashed():
		ok = len(key) == 64 && session.ValidID(key)
	case s.kind == "memcached":
		ok = len(s.namespace)+len(":")+len(key) <= 250 && utf8.ValidString(key) && !strings.ContainsFunc(key, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
	case s.kind == "file":
		ok = filepath.IsLocal(key) && filepath.Base(key) == key && !strings.ContainsRune(key, 0)
	}
	if ok {
		return nil
	}
	return &failure{code: exitNotSession, text: "this is not a key of the store", hints: []string{"sessctl store list --full-ids prints them"}}
}
