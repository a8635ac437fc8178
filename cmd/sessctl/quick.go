package main

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/cookieinput"
)

// quick writes the records of lines as nearly all lines of a batch are: one
// cookie, of whose form there is nothing to say, that a key verifies, or that
// is well made and no key verifies. It is there for the time that it takes: with
// a signed session of 180 bytes the bare verification takes 0.6 µs, a line 1.3
// by quick and 12 otherwise, since query.results and encoding/json are made for
// any cookie in any input. The budget is three times the bare verification.
//
// It leaves to them what is different in any way. Where it answers, it answers
// the same, byte for byte: FuzzQuick holds it to that.
type quick struct {
	*query
	kind        cookieinput.Kind
	withSession bool // as decode prints it; else as verify does

	signedCookies, sealedCookies quickFormat

	// Of the line before, as the next one is mostly like it.
	name     quickName
	head     quickHead
	headText []byte

	text  []byte // scratch: what a cookie holds
	found result // scratch: as much of a result as its findings go by
	times [2]timeText
}

// quickFormat is what the cookies of one format are read with.
type quickFormat struct {
	codec.Format
	codec   *codec.Codec // nil: no key fits the format
	ageless *codec.Codec // reads what is expired too: AppendOpen returns none of that
	keys    []quickKey   // by codec.Info.KeyIndex
}

// quickKey is what the records of cookies that a key verifies have in common.
type quickKey struct {
	label    string
	text     string // label as JSON
	findings []byte // about the key, as JSON, a comma behind each
}

// quickName is the name of a cookie.
type quickName struct {
	name string
	text string // as JSON
	fits bool   // it is no chunk's, and it is the one asked for, or none is
}

// quickRecords are the records that quick can write.
type quickRecords int

const (
	notQuick     quickRecords = iota // others
	quickVerdict                     // as verify prints them
	quickSession                     // as decode prints them
)

// newQuick returns nil where no line is quick. The time of q may change later,
// and nothing else of it.
func newQuick(q *query, kind cookieinput.Kind, withSession bool) (*quick, error) {
	if len(q.keys) == 0 || kind == cookieinput.SetHeader {
		return nil, nil
	}
	k := &quick{query: q, kind: kind, withSession: withSession, text: make([]byte, 0, codec.MaxCookieSize)}
	k.found.expired = new(bool)
	ageless := &query{keys: q.keys, maxAge: codec.NoMaxAge, now: time.Unix(0, 0)}
	var err error
	signed := quickFormat{Format: codec.FormatStarlette}
	if signed.codec, err = q.starlette(false); err != nil {
		return nil, err
	}
	if signed.ageless, err = ageless.starlette(false); err != nil {
		return nil, err
	}
	sealed := quickFormat{Format: codec.FormatLitestar}
	tried := 0
	if sealed.codec, tried, err = q.litestar(); err != nil {
		return nil, err
	}
	if sealed.ageless, _, err = ageless.litestar(); err != nil {
		return nil, err
	}
	if tried == 0 {
		sealed.codec = nil
	}
	for _, key := range q.keys {
		signed.keys = append(signed.keys, q.newQuickKey(key.label, signed.Format))
		if key.sealed != nil {
			sealed.keys = append(sealed.keys, q.newQuickKey(key.label, sealed.Format))
		}
	}
	k.signedCookies, k.sealedCookies = signed, sealed
	return k, nil
}

func (q *query) newQuickKey(label string, format codec.Format) quickKey {
	r := &result{format: format, verified: new(true), key: label}
	q.findInKey(r)
	return quickKey{label, string(appendJSON(nil, label)), appendFindings(nil, r.findings)}
}

func appendJSON(dst []byte, v any) []byte {
	dst, _ = appendRecord(dst, v, false) // no error: v is a string, or a struct of strings
	return bytes.TrimSuffix(dst, []byte("\n"))
}

// appendFindings appends the findings, a comma behind each.
func appendFindings(dst []byte, findings []finding) []byte {
	for _, f := range findings {
		dst = append(appendJSON(dst, f), ',')
	}
	return dst
}

// append appends the record of a line, if the line is quick, and returns its
// outcome and the label of the key.
func (k *quick) append(dst []byte, number int64, line []byte) (out []byte, o outcome, label string, ok bool) {
	name, value, ok := k.split(line)
	if !ok {
		return dst, "", "", false
	}
	f := k.formatOf(value)
	text, key, ok := k.open(f, value)
	if !ok {
		return dst, "", "", false
	}
	r := &k.found
	out = append(dst, `{"schema":"`+schema+`","line":`...)
	out = strconv.AppendInt(out, number, 10)
	if is := (quickHead{r.outcome, f.Format, name, key}); is != k.head {
		k.head, k.headText = is, is.append(k.headText[:0])
	}
	out = append(out, k.headText...)
	if key == nil {
		return append(out, `null,"expires_at":null,"expired":null,"findings":[]}`+"\n"...), r.outcome, "", true
	}
	out = k.times[0].append(out, r.signedAt)
	out = append(out, `,"expires_at":`...)
	out = k.times[1].append(out, r.expiresAt)
	out = append(out, `,"expired":`...)
	out = strconv.AppendBool(out, *r.expired)
	end := len(out)
	if out, ok = appendObject(append(out, `,"session":`...), text); !ok {
		return dst, "", "", false
	}
	if !k.withSession {
		out = out[:end]
	}
	out = append(out, `,"findings":[`...)
	r.findings = r.findings[:0]
	k.findInTimes(r)
	out = appendFindings(out, r.findings)
	out = append(out, key.findings...)
	out = append(bytes.TrimSuffix(out, []byte(",")), "]}\n"...)
	return out, r.outcome, key.label, true
}

// quickHead is what a record begins with, behind the number of the line.
type quickHead struct {
	outcome
	codec.Format
	name string    // as JSON
	key  *quickKey // nil: none verifies it
}

// append appends the fields from outcome to key, and the name of the next.
func (h quickHead) append(dst []byte) []byte {
	verified, key := "false", "null"
	if h.key != nil {
		verified, key = "true", h.key.text
	}
	return append(dst, `,"outcome":"`+string(h.outcome)+`","format":"`+h.Format.String()+`","name":`+h.name+
		`,"verified":`+verified+`,"key":`+key+`,"signed_at":`...)
}

// split returns the name, as JSON, and the value of the only cookie of a line.
// It tells what has a name from what has none as cookieinput does, and looks at
// no value: what opens holds no byte that has to be undone.
func (k *quick) split(line []byte) (name string, value []byte, ok bool) {
	if len(line) > codec.MaxCookieSize {
		return "", nil, false
	}
	if k.kind == cookieinput.Value {
		return "null", line, true
	}
	value, isHeader := bytes.CutPrefix(line, []byte("Cookie: "))
	switch i := bytes.IndexByte(value, '='); {
	case i > 0 && i+1 < len(value) && value[i+1] != '=' && value[i+1] != '.':
		if string(value[:i]) != k.name.name {
			k.name = k.newName(string(value[:i]))
		}
		return k.name.text, value[i+1:], k.name.fits
	case isHeader, k.kind != cookieinput.Auto,
		bytes.HasPrefix(value, []byte("HTTP/")), bytes.Contains(value, []byte("=.eJ")):
		return "", nil, false
	}
	return "null", value, true // an = in it is padding
}

func (k *quick) newName(name string) quickName {
	_, _, isChunk := cookieinput.CutNumber(name)
	fits := !isChunk && (k.query.name == "" || k.query.name == name) && strings.Trim(name, alphanumeric+"-_") == ""
	return quickName{name, string(appendJSON(nil, name)), fits}
}

// formatOf goes by the dot, as query.read does.
func (k *quick) formatOf(value []byte) *quickFormat {
	if k.format == codec.FormatStarlette || k.format == 0 && bytes.IndexByte(value, '.') >= 0 {
		return &k.signedCookies
	}
	return &k.sealedCookies
}

// open reads a value as query.read and query.fill do, and notes what the
// findings go by. The key is nil if none verifies it.
func (k *quick) open(f *quickFormat, value []byte) (text []byte, key *quickKey, ok bool) {
	if f.codec == nil {
		return nil, nil, false
	}
	r := &k.found
	text, info, err := f.codec.AppendOpen(k.text[:0], value)
	r.expiresAt = info.ExpiresAt
	switch err {
	case nil:
		r.outcome = outcomeOK
	case codec.ErrUnauthentic:
		r.outcome = outcomeNotAuthentic
		return nil, nil, true
	case codec.ErrExpired, codec.ErrFuture:
		r.outcome = outcomeExpired
		if err == codec.ErrFuture {
			r.outcome = outcomeFuture
		}
		if text, info, err = f.ageless.AppendOpen(k.text[:0], value); err != nil {
			return nil, nil, false
		}
		if r.expiresAt = info.ExpiresAt; f.Format == codec.FormatStarlette {
			r.expiresAt = addAge(info.SignedAt, k.maxAge)
		}
	default:
		return nil, nil, false
	}
	r.signedAt = info.SignedAt
	*r.expired = r.outcome == outcomeExpired
	return text, &f.keys[info.KeyIndex], true
}
