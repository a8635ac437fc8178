// Package pyjson reads JSON as Python reads it and writes it as Python writes
// it, byte for byte.
//
// There are two [Dialect]s: that of json.dumps, which Starlette uses, and that
// of msgspec, which Litestar and Starlite ≥ 1.45 use. [Scan] accepts what
// either of them may hold (json.loads also takes NaN and lone surrogates) and
// reports as [Flags] what one of them could not read back. [AppendValue] spells
// a value anew. The proof is in testdata/pyjson, made by the real packages.
//
// Strings with lone surrogates are held in Go as WTF-8: the three bytes that
// UTF-8 would use if it allowed surrogates. So two such strings differ iff
// they differ in Python.
package pyjson

import "errors"

// Dialect is a way to spell JSON.
type Dialect uint8

const (
	// Dumps is json.dumps with its defaults: ", " and ": ", everything but
	// printable ASCII escaped, floats as repr writes them.
	Dumps Dialect = iota
	// Msgspec is msgspec.json.encode: compact, UTF-8 as it is.
	Msgspec
)

// Flags say what a value holds, at any depth, that not every Python can read.
type Flags uint8

const (
	NonFinite    Flags = 1 << iota // NaN, Infinity, -Infinity
	Overflow                       // a float beyond float64, such as 1e400
	Surrogate                      // a surrogate without its other half
	LongInt                        // an integer of more than MaxIntDigits digits
	LongNegative                   // one of MaxIntDigits with a minus, which msgspec counts as a digit
	Escape                         // a backslash in a string
)

// Refused returns those of f that a reader of dialect d fails on.
func (d Dialect) Refused(f Flags) Flags {
	if d == Msgspec {
		return f & (NonFinite | Overflow | Surrogate | LongInt | LongNegative)
	}
	return f & LongInt
}

// MaxIntDigits is Python's limit for reading an integer: above it int() raises
// ValueError (sys.int_info.default_max_str_digits), and so does json.loads.
// msgspec has the same limit.
const MaxIntDigits = 4300

var (
	// ErrSyntax: Python's readers fail on it too.
	ErrSyntax = errors.New("pyjson: not JSON")
	// ErrDepth: nested deeper than the caller allows.
	ErrDepth = errors.New("pyjson: nested too deep")
)
