package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/termtext"
)

// schema names the records that --json prints; a change that breaks a reader
// changes it.
const schema = "sessctl/v1"

// record is one result as JSON. sessctl help json documents its fields.
type record struct {
	Schema    string  `json:"schema"`
	Line      int64   `json:"line,omitzero"`
	Outcome   outcome `json:"outcome"`
	Format    *string `json:"format"`
	Name      *string `json:"name"`
	Verified  *bool   `json:"verified"`
	Key       *string `json:"key"`
	SignedAt  *string `json:"signed_at"`
	ExpiresAt *string `json:"expires_at"`
	Expired   *bool   `json:"expired"`
	Host      string  `json:"host,omitzero"`
	content
	*anatomyRecord           // of inspect
	Findings       []finding `json:"findings"`
}

// content is what a record shows of a session.
type content struct {
	Session     json.RawMessage `json:"session,omitzero"`
	SessionText *string         `json:"session_text,omitzero"`
	Keys        []redactedKey   `json:"session_keys,omitzero"`
}

// redactedKey is what --redact shows of one key of a session.
type redactedKey struct {
	Key  string `json:"key"`
	Type string `json:"type"`
	Size int    `json:"size"` // bytes of its JSON text
}

func newRecord(r *result) record {
	rec := record{
		Schema: schema, Outcome: r.outcome, Verified: r.verified, Expired: r.expired,
		Name: optional(r.name), Host: r.host, Key: optional(r.key),
		SignedAt: optionalTime(r.signedAt), ExpiresAt: optionalTime(r.expiresAt),
		Findings: append([]finding{}, r.findings...),
	}
	if r.format != 0 {
		rec.Format = new(r.format.String())
	}
	return rec
}

// withSession adds what the cookie holds, or only its keys.
func (rec record) withSession(r *result, redact bool) record {
	if r.values != nil {
		rec.content = contentOf(r.values, redact)
	}
	return rec
}

func contentOf(values *codec.Values, redact bool) (c content) {
	switch {
	case redact:
		c.Keys = redacted(values)
	case isJSON(values.Text()):
		c.Session = json.RawMessage(values.Text())
	default:
		c.SessionText = new(values.Text())
	}
	return c
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func optionalTime(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return new(t.UTC().Format(time.RFC3339))
}

// appendRecord appends the record in one line, or indented, and a line feed.
// Strings are JSON of the same meaning, but hold nothing that does not print.
func appendRecord(dst []byte, rec any, indent bool) ([]byte, error) {
	w := &recordWriter{dst, indent}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false) // it would respell the session
	err := encoder.Encode(rec)
	return w.dst, err
}

// recordWriter takes what an encoder makes of a record, all at once.
type recordWriter struct {
	dst    []byte
	indent bool
}

func (w *recordWriter) Write(line []byte) (int, error) {
	text := bytes.TrimSuffix(line, []byte("\n"))
	if w.indent {
		w.dst = termtext.AppendJSON(w.dst, string(text), termtext.Style{})
	} else {
		w.dst = appendEscaped(w.dst, text)
	}
	w.dst = append(w.dst, '\n')
	return len(line), nil
}

// appendEscaped is termtext.AppendEscaped for bytes of which most are ASCII.
func appendEscaped(dst, text []byte) []byte {
	dst = slices.Grow(dst, len(text)+1)
	for {
		plain := 0
		for plain < len(text) && ' ' <= text[plain] && text[plain] <= '~' {
			plain++
		}
		dst = append(dst, text[:plain]...)
		if text = text[plain:]; len(text) == 0 {
			return dst
		}
		_, size := utf8.DecodeRune(text)
		dst = termtext.AppendEscaped(dst, string(text[:size]))
		text = text[size:]
	}
}

// redacted lists the keys of a session.
func redacted(values *codec.Values) []redactedKey {
	keys := []redactedKey{}
	for name, text := range values.All() {
		keys = append(keys, redactedKey{name, typeName(text), len(text)})
	}
	return keys
}

func typeName(text string) string {
	switch text[0] {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	}
	return "number" // NaN and Infinity too: Python's floats
}

// isJSON reports whether what Python takes for JSON is JSON for everybody.
func isJSON(text string) bool {
	return utf8.ValidString(text) && json.Valid([]byte(text)) && !hasLoneSurrogate(text)
}

// hasLoneSurrogate looks for an escape of half a character in valid JSON.
func hasLoneSurrogate(text string) bool {
	pending := false // a high one was just read
	for i := 0; i < len(text); i++ {
		high, low := false, false
		if text[i] == '\\' {
			i++
			if text[i] == 'u' {
				// d8 to db is the first half, dc to df the second.
				if d := text[i+1] | 0x20; d == 'd' {
					switch c := text[i+2] | 0x20; {
					case c == '8', c == '9', c == 'a', c == 'b':
						high = true
					case 'c' <= c && c <= 'f':
						low = true
					}
				}
				i += 4
			}
		}
		if pending != low {
			return true
		}
		pending = high
	}
	return pending
}
