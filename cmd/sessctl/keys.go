package main

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/sessctl/sessctl/codec"
)

const (
	// maxKeySize bounds a key file: many times any secret, far below a file
	// named by mistake.
	maxKeySize = 64 << 10
	// maxKeys is how many one codec takes.
	maxKeys = 1 + codec.MaxPreviousKeys
)

// key is one secret, in what the formats make of it.
type key struct {
	label  string
	signed []byte // Starlette's
	sealed []byte // the AES key, or nil if the length makes none
	length int    // of what was given, in bytes
	advice string // what it would be if sealed is nil; may be empty
	given  string // the whole text, as it was given
	text   string // what of it holds the secret, not decoded and nothing dropped; empty if it was decoded
}

func isAESKey(b []byte) bool { return len(b) == 16 || len(b) == 24 || len(b) == 32 }

// parseKey reads a key's text. Of a file or stdin (isFile) one line end at the
// end is dropped, as editors and echo leave it there; from an AES key only
// where the bytes as they are make none.
func parseKey(text []byte, isFile bool) (k key, err error) {
	defer func() { k.given = string(text) }()
	if prefix, rest, ok := strings.Cut(string(text), ":"); ok {
		var secret []byte
		var err error
		switch prefix {
		case "raw":
			return newKey([]byte(rest), []byte(rest), rest)
		case "hex":
			secret, err = hex.DecodeString(withoutSpace(rest))
		case "base64":
			secret, err = decodeBase64(rest)
		}
		if err != nil {
			return key{}, fmt.Errorf("is not %s behind its prefix", prefix) // err repeats a byte of it
		}
		if secret != nil {
			return newKey(secret, secret, "")
		}
	}
	trimmed := text
	if isFile {
		if cut, ok := strings.CutSuffix(string(text), "\n"); ok {
			trimmed = []byte(strings.TrimSuffix(cut, "\r"))
		}
	}
	sealed := trimmed
	if isAESKey(text) {
		sealed = text
	}
	return newKey(trimmed, sealed, string(text))
}

func newKey(signed, sealed []byte, text string) (key, error) {
	if len(signed) == 0 {
		return key{}, errors.New("is empty")
	}
	k := key{signed: signed, sealed: sealed, length: len(sealed), text: text}
	if !isAESKey(sealed) {
		k.sealed, k.advice = nil, adviceFor(string(sealed))
	}
	return k, nil
}

// adviceFor says what a text that makes no AES key would be when decoded.
func adviceFor(text string) string {
	if b, err := hex.DecodeString(withoutSpace(text)); err == nil && isAESKey(b) {
		return fmt.Sprintf("it decodes as hex to %d bytes; write hex: in front of it", len(b))
	}
	if b, err := decodeBase64(text); err == nil && isAESKey(b) {
		return fmt.Sprintf("it decodes as base64 to %d bytes; write base64: in front of it", len(b))
	}
	return ""
}

// decodeBase64 takes both alphabets, padded or not, in one line or several.
func decodeBase64(s string) ([]byte, error) {
	s = strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(withoutSpace(s), "="))
	return base64.RawURLEncoding.Strict().DecodeString(s)
}

func withoutSpace(s string) string { return strings.Join(strings.Fields(s), "") }

// keyFlags are the flags of one side that takes keys.
type keyFlags struct {
	files  []string // [label=]PATH
	vars   []string
	prompt bool

	prefix    string // of the flags' names: to- for the target of migrate
	single    bool   // it takes one key: what is written has one
	flags     *pflag.FlagSet
	isDefault bool // files is $SESSCTL_KEY_FILE
}

func (f *keyFlags) register(flags *pflag.FlagSet, prefix string) {
	f.prefix, f.flags = prefix, flags
	fallback := " (default $SESSCTL_KEY_FILE)"
	if prefix != "" {
		fallback = ""
	}
	a, repeatable := "a key", "; repeatable"
	if f.single {
		a, repeatable = "the key", ""
	}
	if prefix != "" {
		a += " of the target"
	}
	flags.StringArrayVar(&f.files, prefix+"key-file", nil, "read "+a+" from the file `[label=]PATH`, or standard input if PATH is -"+repeatable+fallback)
	flags.StringArrayVar(&f.vars, prefix+"key-env", nil, "read "+a+" from the environment variable `VAR`"+repeatable)
	flags.BoolVar(&f.prompt, prefix+"key-prompt", false, "ask for "+a+" on the terminal")
	// What people try first, and what shells and process lists would keep.
	for _, name := range secretFlags {
		flags.String(prefix+name, "", "")
		_ = flags.MarkHidden(prefix + name)
	}
}

// secretFlags do not exist, but people try them.
var secretFlags = []string{"key", "secret"}

// isSecretFlag reports whether a flag is one of them, of either side.
func isSecretFlag(name string) bool {
	return slices.Contains(secretFlags, strings.TrimPrefix(name, "to-"))
}

func keyInArguments() error {
	return usageError("a key on the command line can be read by others (process list, shell history)", keyInArgumentsHint)
}

const keyInArgumentsHint = "put it in a file and give --key-file, or use --key-env or --key-prompt; and treat this one as known"

// check refuses what needs no reading.
func (f *keyFlags) check() error {
	for _, name := range secretFlags {
		if f.flags.Changed(f.prefix + name) {
			return keyInArguments()
		}
	}
	stdin := 0
	for _, file := range f.files {
		if _, path := splitLabel(file); isStdin(path) {
			stdin++
		}
	}
	if stdin > 1 {
		return usageError("standard input can hold one key only")
	}
	n := len(f.files) + len(f.vars)
	if f.prompt {
		n++
	}
	if f.single && n > 1 {
		return usageError(fmt.Sprintf("%d keys, but a cookie is written with one", n), "give one of --"+f.prefix+"key-file, --"+f.prefix+"key-env and --"+f.prefix+"key-prompt, once")
	}
	return nil
}

// given reports whether a flag names a key.
func (f keyFlags) given() bool { return len(f.files) > 0 || len(f.vars) > 0 || f.prompt }

// withDefault takes $SESSCTL_KEY_FILE where no flag names a key.
func (f keyFlags) withDefault(e *env) keyFlags {
	if path := e.variable("SESSCTL_KEY_FILE"); path != "" && !f.given() {
		f.files, f.isDefault = []string{path}, true
	}
	return f
}

// takesStdin reports whether a key is read from standard input.
func (f keyFlags) takesStdin() bool {
	for _, file := range f.files {
		if _, path := splitLabel(file); isStdin(path) {
			return true
		}
	}
	return false
}

// checkStdin refuses arguments that take standard input, where a key stands
// there. It says what else would.
func (f keyFlags) checkStdin(args []string, what string) error {
	if !f.takesStdin() {
		return nil
	}
	if len(args) == 0 {
		return usageError("standard input holds the key, so the " + what + " has to be an argument or @FILE")
	}
	for _, arg := range args {
		if isStdin(strings.TrimPrefix(arg, "@")) {
			return usageError("standard input cannot hold both a key and a " + what)
		}
	}
	return nil
}

// isStdin knows standard input under all of its names.
func isStdin(path string) bool { return path == "-" || path == "/dev/stdin" || path == "/dev/fd/0" }

// splitLabel cuts the label off [label=]PATH. Without one it is the file's base
// name.
func splitLabel(arg string) (label, path string) {
	if label, path, ok := strings.Cut(arg, "="); ok && isLabel(label) {
		return label, path
	}
	if arg == "-" {
		return "stdin", arg
	}
	return filepath.Base(arg), arg
}

func isLabel(s string) bool {
	for _, r := range s {
		if !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-", r) {
			return false
		}
	}
	return s != ""
}

// load reads all keys, in the order files, variables, prompt.
func (f keyFlags) load(ctx context.Context, e *env) ([]key, error) {
	var keys []key
	add := func(label, source string, text []byte, isFile bool) error {
		k, err := parseKey(text, isFile)
		if err != nil {
			return usageError(fmt.Sprintf("key %q %v", label, err), "it comes from "+source)
		}
		for _, other := range keys {
			if other.label == label {
				return usageError(fmt.Sprintf("two keys are labelled %q", label), "tell them apart: --key-file old=PATH --key-file new=PATH")
			}
		}
		k.label = label
		keys = append(keys, k)
		return nil
	}
	from := ""
	if f.isDefault {
		from = ", which SESSCTL_KEY_FILE names"
	}
	for _, file := range f.files {
		label, path := splitLabel(file)
		text, err := readKeyFile(ctx, e, path, from)
		if err != nil {
			return nil, err
		}
		if err := add(label, "file "+path+from, text, true); err != nil {
			return nil, err
		}
	}
	for _, name := range f.vars {
		value, ok := e.lookupVar(name)
		if !ok {
			if !isVariable(name) { // maybe somebody's secret
				return nil, usageError("the variable that --"+f.prefix+"key-env names is not set", "--"+f.prefix+"key-env takes the name of a variable, not the key itself")
			}
			return nil, usageError(fmt.Sprintf("the variable %s for --%skey-env is not set", name, f.prefix))
		}
		if err := add(name, "variable "+name, []byte(value), false); err != nil {
			return nil, err
		}
	}
	if f.prompt {
		text, err := e.readSecret(ctx, f.promptText())
		switch {
		case errors.Is(err, errNoTerminal):
			return nil, usageError("--"+f.prefix+"key-prompt needs a terminal", "use --key-file or --key-env in scripts")
		case errors.Is(err, context.Canceled):
			return nil, err
		case err != nil && err != io.EOF: // EOF: Ctrl-D, so an empty key
			return nil, &failure{code: exitIO, text: "cannot read the key from the terminal: " + err.Error(), cause: err}
		case len(text) >= terminalLine:
			return nil, usageError(fmt.Sprintf("the terminal cut the key at %d bytes", terminalLine), "put it in a file and give --key-file")
		}
		if err := add("prompt", "the terminal", text, false); err != nil {
			return nil, err
		}
	}
	if len(keys) > maxKeys {
		return nil, usageError(fmt.Sprintf("%d keys, at most %d", len(keys), maxKeys))
	}
	return keys, nil
}

func (f keyFlags) promptText() string {
	if f.prefix != "" {
		return "key of the target (not shown): "
	}
	return "key (not shown): "
}

// isVariable keeps to the names that people give to variables: what else is
// given to --key-env is likely the key itself, and must not be repeated.
func isVariable(s string) bool {
	isSecret := len(s) > 20 && !strings.Contains(s, "_") || len(s) >= 16 && strings.Trim(s, "ABCDEF0123456789") == ""
	return s != "" && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == "" && !isSecret
}

// looksLikePath tells paths, which a message may repeat, from what may be the key
// itself, given where its path belongs.
func looksLikePath(s string) bool {
	for _, prefix := range []string{"raw:", "hex:", "base64:"} {
		if strings.HasPrefix(s, prefix) {
			return false
		}
	}
	extension := strings.TrimPrefix(filepath.Ext(s), ".")
	return 0 < len(extension) && len(extension) <= 4 && strings.Trim(extension, alphanumeric) == "" ||
		strings.ContainsAny(s, `/\`) && (strings.Trim(s, base64Alphabet) != "" || len(s) < 16)
}

// readKeyFile reads at most maxKeySize bytes; from says who named the path.
func readKeyFile(ctx context.Context, e *env, path, from string) ([]byte, error) {
	read := readFile
	if isStdin(path) {
		if e.stdinTTY {
			return nil, usageError("a key cannot be typed into standard input: the terminal would show it", "use --key-prompt")
		}
		read = e.readStdin
	}
	text, err := read(ctx, path, maxKeySize+1)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, fs.ErrNotExist) && !looksLikePath(path):
		return nil, usageError("cannot read a key: no such file"+from, "a key file is named by its path; it is not the key itself")
	case err != nil:
		return nil, &failure{code: exitUsage, text: "cannot read a key: " + err.Error() + from, cause: err}
	case len(text) > maxKeySize:
		return nil, usageError(fmt.Sprintf("key file %s is larger than %d KiB%s", path, maxKeySize>>10, from))
	}
	return text, nil
}
