package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/cookieinput"
)

// The limits of codec.ParseValues, to say which of them was passed.
const (
	maxJSON  = 1 << 20
	maxDepth = 900
)

// readSession reads the JSON object that is given as an argument, in a file, or
// on standard input.
func (a app) readSession(ctx context.Context, args []string) (*codec.Values, error) {
	arg := "-"
	if len(args) > 0 {
		arg = args[0]
	}
	text := arg
	var err error
	switch {
	case arg == "-":
		text, err = readText(ctx, "standard input", a.env.readStdin)
		if err == nil && a.env.stdinTTY {
			err = checkTyped(text, "JSON")
		}
	case arg == "@":
		err = usageError("@ needs the path of a file behind it")
	case strings.HasPrefix(arg, "@"):
		text, err = readText(ctx, arg[1:], readFile)
	}
	if err != nil {
		return nil, err
	}
	return parseSession(strings.TrimPrefix(text, "\ufeff")) // Windows editors
}

// parseSession says where the JSON is wrong, but not what stands there.
func parseSession(text string) (*codec.Values, error) {
	if strings.TrimSpace(text) == "" {
		return nil, &failure{code: exitNotSession, text: "no input"}
	}
	values, err := codec.ParseValues(text)
	f := &failure{code: exitNotSession, cause: err}
	switch {
	case err == nil:
		return values, nil
	case errors.Is(err, codec.ErrNotObject), errors.Is(err, codec.ErrTooLarge) && !strings.HasPrefix(strings.TrimSpace(text), "{"):
		f.text = "a session is a JSON object, and this is another value"
		f.hints = []string{"Python would hand it to the app, which takes it for a dict"}
	case errors.Is(err, codec.ErrTooLarge):
		f.text = describeTooLarge(text)
	case strings.HasPrefix(text, "\xff\xfe"), strings.HasPrefix(text, "\xfe\xff"):
		return nil, inputFailed(cookieinput.ErrNotText)
	default:
		f.text, f.hints = describeMalformed(text)
	}
	return nil, f
}

func describeMalformed(text string) (string, []string) {
	offset := malformedAt(text)
	before := text[:offset]
	line := 1 + strings.Count(before, "\n")
	column := 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	if offset == len(text) {
		return fmt.Sprintf("the JSON ends too early, at line %d, column %d", line, column), nil
	}
	message := fmt.Sprintf("the JSON is malformed at line %d, column %d", line, column)
	return message, []string{"names and texts stand in double quotes, which shells take away: put single quotes around it all, or give it as @FILE or on standard input"}
}

// malformedAt returns the offset of the first byte that is wrong in JSON that
// codec.ParseValues has refused, or the length of what ends too early.
func malformedAt(text string) int {
	// With a byte behind it that no JSON has, what ends too early is wrong there.
	var invalid *json.SyntaxError
	offset := len(text)
	if err := json.Unmarshal(append(maskConstants(text), 0), new(json.RawMessage)); errors.As(err, &invalid) {
		offset = int(invalid.Offset) - 1
	}
	// encoding/json takes any bytes in strings.
	for i := 0; i < offset; {
		r, n := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return offset
}

// maskConstants puts arrays in the place of what is JSON to Python alone. They
// are wrong wherever a number would be, and nothing is glued to them.
func maskConstants(text string) []byte {
	masked := []byte(text)
	inString := false
	for i := 0; i < len(masked); i++ {
		switch {
		case masked[i] == '"':
			inString = !inString
			continue
		case inString && masked[i] == '\\':
			i++
			continue
		case inString:
			continue
		}
		for _, constant := range []string{"NaN", "Infinity", "-Infinity"} {
			if bytes.HasPrefix(masked[i:], []byte(constant)) {
				copy(masked[i:], "["+strings.Repeat(" ", len(constant)-2)+"]")
				i += len(constant) - 1
				break
			}
		}
	}
	return masked
}

// describeTooLarge says which of the limits JSON has passed.
func describeTooLarge(text string) string {
	if len(text) > maxJSON {
		return "the JSON is longer than 1 MiB; no session is"
	}
	if key, ok := deepKey(text); ok {
		return fmt.Sprintf("key %q nests deeper than %d levels: Python's RecursionError would answer every request with 500", shortName(key), maxDepth)
	}
	return "the session has more than 10,000 keys"
}

// deepKey returns the top-level key whose value nests too deep.
func deepKey(text string) (key string, ok bool) {
	decoder := json.NewDecoder(bytes.NewReader(maskConstants(text)))
	decoder.UseNumber() // of any size
	depth, isKey := 0, false
	for {
		token, err := decoder.Token()
		if err != nil {
			return "", false
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth > maxDepth {
			return key, true
		}
		if depth != 1 {
			continue
		}
		if name, isString := token.(string); isString && isKey {
			key, isKey = name, false
		} else { // a value, or the brace in front of the first key
			isKey = true
		}
	}
}
