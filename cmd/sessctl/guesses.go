package main

import (
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/sessctl/sessctl/codec"
)

// guess is a secret that a key may have been meant to be, and the finding that
// says so if it fits.
type guess struct {
	code   string
	secret string
}

// guesses returns what a person may have put around a secret, or an app may
// have made of it: the likeliest first, each secret once.
func (k key) guesses() []guess {
	var all []guess
	add := func(code, secret string) {
		known := secret == "" || secret == string(k.signed) && secret == string(k.sealed)
		if !known && !slices.ContainsFunc(all, func(g guess) bool { return g.secret == secret }) {
			all = append(all, guess{code, secret})
		}
	}
	trimmed := strings.TrimSpace(k.text)
	add("key-newline", k.text)
	add("key-crlf", strings.ReplaceAll(k.text, "\r\n", "\n")) // as Python's open reads a text
	add("key-line-end", strings.TrimRight(k.text, "\r\n"))
	add("key-blanks", trimmed)
	add("key-quotes", cutEither(trimmed))
	add("key-bom", strings.TrimSpace(strings.TrimPrefix(k.text, "\ufeff")))
	if inner, ok := parsePythonBytes(trimmed); ok {
		add("key-printed", inner)
	}
	if b, err := hex.DecodeString(withoutSpace(cutEither(trimmed))); err == nil {
		add("key-hex", string(b))
	}
	if b, err := decodeBase64(cutEither(trimmed)); err == nil {
		add("key-base64", string(b))
	}
	if k.text == "" { // it was decoded
		_, rest, _ := strings.Cut(k.given, ":")
		add("key-text", strings.TrimSpace(rest))
		add("key-text", strings.TrimSpace(k.given))
	}
	for _, g := range append([]guess{{"", string(k.signed)}}, all...) {
		add("key-bytes", string(codec.PythonBytes([]byte(g.secret))))
	}
	return all
}

// cutEither takes a pair of quotes of either kind off.
func cutEither(s string) string {
	if n := len(s); n > 2 && s[0] == s[n-1] && (s[0] == '"' || s[0] == '\'') {
		return s[1 : n-1]
	}
	return s
}

// parsePythonBytes reads what Python prints for bytes: b'\xa0\n'.
func parsePythonBytes(s string) (string, bool) {
	if !strings.HasPrefix(s, "b") || len(s) < 4 || cutEither(s[1:]) == s[1:] {
		return "", false
	}
	quote, s := s[1], s[2:len(s)-1]
	var b []byte
	for len(s) > 0 {
		if strings.HasPrefix(s, `\x`) && len(s) >= 4 {
			n, err := strconv.ParseUint(s[2:4], 16, 8)
			if err != nil {
				return "", false
			}
			b, s = append(b, byte(n)), s[4:]
			continue
		}
		if s[0] >= 0x80 {
			return "", false
		}
		r, _, rest, err := strconv.UnquoteChar(s, quote)
		if err != nil || r >= 0x80 {
			return "", false
		}
		b, s = append(b, byte(r)), rest
	}
	return string(b), true
}

// weakSecrets are what documentation, tutorials and templates have where a
// secret belongs, in lower case.
var weakSecrets = []string{
	"secret", "secrets", "secret-key", "secret_key", "secretkey", "mysecret", "my-secret", "my_secret", "my-secret-key",
	"your-secret-key", "your_secret_key", "your-secret", "yoursecretkey", "super-secret", "supersecret", "super-secret-key",
	"supersecretkey", "a-very-secret-key", "some-random-string", "some-secret-key", "session-secret", "changeme", "change-me",
	"change_me", "change-me-in-production", "replace-me", "password", "default", "development", "insecure", "not-secret", "test",
	// Flask's documentation.
	"_5#y2l\"f4q8z\n\xec]/", "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
	// FastAPI's, for JSON Web Tokens.
	"09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
}

const (
	// minSecret is 128 bits of what is random through and through, as bytes.
	minSecret = 16
	// minVariety is how many different bytes a secret should hold: 16 random
	// ones hold fewer with a chance of one in ten millions.
	minVariety = 8
)

// isWeak reports whether others could guess a secret.
func isWeak(secret []byte) bool {
	var seen [256]bool
	variety := 0
	for _, b := range secret {
		if !seen[b] {
			seen[b] = true
			variety++
		}
	}
	return len(secret) < minSecret || variety < minVariety || slices.Contains(weakSecrets, strings.ToLower(string(secret)))
}
