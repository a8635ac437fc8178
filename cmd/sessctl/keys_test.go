package main

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var keyTests = []struct {
	name           string
	text           string
	isFile         bool
	signed, sealed string // sealed is empty if it makes no AES key
	advice         string
	fails          bool
}{
	{name: "text", text: "secret", signed: "secret"},
	{name: "line end of a file", text: "secret\n", isFile: true, signed: "secret"},
	{name: "line end of Windows", text: "secret\r\n", isFile: true, signed: "secret"},
	{name: "one only", text: "secret\n\n", isFile: true, signed: "secret\n"},
	{name: "CR alone is none", text: "secret\r", isFile: true, signed: "secret\r"},
	{name: "line end of a variable", text: "secret\n", signed: "secret\n"},
	{name: "AES, 16 bytes", text: "0123456789abcdef", isFile: true, signed: "0123456789abcdef", sealed: "0123456789abcdef"},
	{name: "AES, 16 bytes and a line end", text: "0123456789abcdef\n", isFile: true, signed: "0123456789abcdef", sealed: "0123456789abcdef"},
	{name: "AES, the line end is its last byte", text: "0123456789abcde\n", isFile: true, signed: "0123456789abcde", sealed: "0123456789abcde\n"},
	{name: "hex", text: "hex:616263\n", isFile: true, signed: "abc"},
	{name: "hex, in groups and upper case", text: "hex:4A 4b\n4C", signed: "JKL"},
	{name: "base64", text: "base64:/+8=", signed: "\xff\xef"},
	{name: "base64 for URLs, no padding", text: "base64:_-8", signed: "\xff\xef"},
	{name: "raw", text: "raw:hex:00\n", isFile: true, signed: "hex:00\n"},
	{name: "another prefix is none", text: "HEX:616263", signed: "HEX:616263"},
	{name: "hex, bad", text: "hex:6", fails: true},
	{name: "base64, bad", text: "base64:a", fails: true},
	{name: "base64, spare bits", text: "base64:_-9", fails: true},
	{name: "empty", text: "", fails: true},
	{name: "nothing but a line end", text: "\n", isFile: true, fails: true},
	{name: "hex of nothing", text: "hex:", fails: true},
	{name: "base64 of nothing", text: "base64:\n", fails: true},
	{name: "raw nothing", text: "raw:", fails: true},
	{
		name: "advice: hex", text: strings.Repeat("a0", 32), signed: strings.Repeat("a0", 32),
		advice: "it decodes as hex to 32 bytes; write hex: in front of it",
	},
	{
		name: "advice: base64", text: strings.Repeat("A", 43) + "=\n", isFile: true, signed: strings.Repeat("A", 43) + "=",
		advice: "it decodes as base64 to 32 bytes; write base64: in front of it",
	},
}

func TestParseKey(t *testing.T) {
	for _, tt := range keyTests {
		t.Run(tt.name, func(t *testing.T) {
			k, err := parseKey([]byte(tt.text), tt.isFile)
			if (err != nil) != tt.fails {
				t.Fatalf("error %v", err)
			}
			if string(k.signed) != tt.signed || string(k.sealed) != tt.sealed || k.advice != tt.advice {
				t.Errorf("got signed %q, sealed %q, advice %q", k.signed, k.sealed, k.advice)
			}
		})
	}
}

func TestSplitLabel(t *testing.T) {
	for _, tt := range []struct{ arg, label, path string }{
		{"key.txt", "key.txt", "key.txt"},
		{filepath.Join("dir", "key.txt"), "key.txt", filepath.Join("dir", "key.txt")},
		{"new=key.txt", "new", "key.txt"},
		{"new=a=b", "new", "a=b"},
		{"./a=b", "a=b", "./a=b"},
		{"-", "stdin", "-"},
		{"x=-", "x", "-"},
		{"=b", "=b", "=b"},
		{"a b=c", "a b=c", "a b=c"},
	} {
		if label, path := splitLabel(tt.arg); label != tt.label || path != tt.path {
			t.Errorf("splitLabel(%q) = %q, %q", tt.arg, label, path)
		}
	}
}

func TestLoadLimits(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, bytes.Repeat([]byte("a"), maxKeySize+1), 0o600); err != nil {
		t.Fatal(err)
	}
	e, _, _ := testEnv("")
	if _, err := (keyFlags{files: []string{large}}).load(t.Context(), e); err == nil {
		t.Error("a key file of any size is read")
	}
	var many keyFlags
	for i := range maxKeys + 1 {
		path := filepath.Join(dir, "key"+string(rune('a'+i)))
		if err := os.WriteFile(path, []byte("secret"), 0o600); err != nil {
			t.Fatal(err)
		}
		many.files = append(many.files, path)
	}
	if _, err := many.load(t.Context(), e); err == nil {
		t.Error("any number of keys is read")
	}
	many.files = many.files[:maxKeys]
	if keys, err := many.load(t.Context(), e); err != nil || len(keys) != maxKeys {
		t.Errorf("%d keys, %v", len(keys), err)
	}
}

// FuzzKeyText: no error repeats the key, and hex: of a key is the same key.
func FuzzKeyText(f *testing.F) {
	for _, tt := range keyTests {
		f.Add([]byte(tt.text), tt.isFile)
	}
	f.Fuzz(func(t *testing.T, text []byte, isFile bool) {
		k, err := parseKey(text, isFile)
		if err != nil {
			if known := err.Error(); known != "is empty" && known != "is not hex behind its prefix" && known != "is not base64 behind its prefix" {
				t.Fatalf("error %q", known)
			}
			return
		}
		if len(k.signed) == 0 || k.sealed != nil && !isAESKey(k.sealed) {
			t.Fatalf("signed %d bytes, sealed %d", len(k.signed), len(k.sealed))
		}
		again, err := parseKey([]byte("hex:"+hex.EncodeToString(k.signed)), isFile)
		if err != nil || !bytes.Equal(again.signed, k.signed) {
			t.Fatalf("as hex: %v", err)
		}
	})
}
