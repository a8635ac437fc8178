package main

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// The exit codes, as sessctl help exit-codes tells them to users.
const (
	exitOK          = 0
	exitUnauthentic = 1
	exitNoSession   = 1 // of store
	exitUsage       = 2
	exitOutsideTime = 3
	exitNotSession  = 4
	exitIO          = 5
	exitInternal    = 70
	exitInterrupted = 130
)

// worse returns the exit code of two results together.
func worse(a, b int) int {
	for _, code := range []int{exitInternal, exitIO, exitUsage, exitUnauthentic, exitNotSession, exitOutsideTime} {
		if a == code || b == code {
			return code
		}
	}
	return exitOK
}

// failure is an error that ends the command: one line, hints what to do next,
// and an exit code. It holds no secret and no cookie content.
type failure struct {
	code  int
	text  string
	hints []string
	cause error
}

func (f *failure) Error() string { return f.text }
func (f *failure) Unwrap() error { return f.cause }

func usageError(text string, hints ...string) error {
	return &failure{code: exitUsage, text: text, hints: hints}
}

func writeFailed(cause error) error {
	return &failure{code: exitIO, text: "cannot write the output: " + cause.Error(), cause: cause}
}

func readFailed(cause error) error {
	return &failure{code: exitIO, text: "cannot read the input: " + cause.Error(), cause: cause}
}

// told is an exit code of which stderr has been told already.
type told int

func (t told) Error() string { return "exit code " + strconv.Itoa(int(t)) }

// exitCode is the one place where an error becomes a message and an exit code.
func (v *voice) exitCode(err error) int {
	var f *failure
	var t told
	if path := (*fs.PathError)(nil); errors.As(err, &path) { // its text holds the path
		err = cmp.Or(refuseDSN(path.Path), err)
	}
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &t):
		return int(t)
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case isBrokenPipe(err):
		return exitIO // who reads has enough; but what was to be delivered was not
	case errors.As(err, &f):
		v.error(f.text, f.hints...)
		return f.code
	}
	v.error(err.Error()) // cobra's
	return exitUsage
}

// isUnknownFlag reports whether there is no such flag, and it is none of a secret.
func isUnknownFlag(err error) bool {
	var unknown *pflag.NotExistError
	return errors.As(err, &unknown) && !isSecretFlag(unknown.GetSpecifiedName())
}

// flagError spells what cobra says of flags without what was typed behind
// their names: that may be a secret.
func flagError(err error) error {
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return usageError("unknown flag -" + unknown.GetSpecifiedName())
	case errors.As(err, &unknown) && isSecretFlag(unknown.GetSpecifiedName()),
		errors.As(err, &missing) && isSecretFlag(missing.GetFlag().Name):
		return keyInArguments()
	case errors.As(err, &unknown) && !isWord(unknown.GetSpecifiedName()):
		return usageError("unknown flag")
	case errors.As(err, &unknown):
		return usageError("unknown flag --" + unknown.GetSpecifiedName())
	case errors.As(err, &missing):
		return usageError("flag --" + missing.GetFlag().Name + " needs a value")
	case errors.As(err, &invalid): // a switch: a text takes any value
		name := invalid.GetFlag().Name
		var hints []string
		if strings.HasPrefix(strings.TrimPrefix(name, "to-"), "key-") {
			hints = append(hints, keyInArgumentsHint)
		}
		return usageError("flag --"+name+" takes no value", hints...)
	}
	return usageError("flags cannot be read: a dash too many, or a name missing")
}
