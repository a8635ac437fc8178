package itsdangerous

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"errors"
	"io"
	"sync"
)

// MaxPayload is the longest payload, in bytes, that the URL-safe serializers
// write and, inflated, read: a limit of this package, not of Python's. A few
// kilobytes of zlib can inflate to many megabytes, and without a key too, in
// LoadsUnverified.
const MaxPayload = 1 << 20

// URLSafeSerializer is a [Serializer] whose payload is in base64 and, where
// that is shorter, compressed before: Python's URLSafeSerializer.
//
// Python and Go compress to different bytes, which each reads. Without
// compression, DumpsJSON is what Python writes for strings, integers, booleans,
// null and lists of them (but see [Serializer] on other spellings).
type URLSafeSerializer struct{ Serializer }

// NewURLSafeSerializer checks c, the fallbacks included.
func NewURLSafeSerializer(c Config) (*URLSafeSerializer, error) {
	core, err := newSerializer(c, urlSafePayload{})
	if err != nil {
		return nil, err
	}
	return &URLSafeSerializer{Serializer{core}}, nil
}

// URLSafeTimedSerializer is a [TimedSerializer] whose payload is written as in
// [URLSafeSerializer]: Python's URLSafeTimedSerializer.
type URLSafeTimedSerializer struct{ TimedSerializer }

// NewURLSafeTimedSerializer checks c, the fallbacks included.
func NewURLSafeTimedSerializer(c Config) (*URLSafeTimedSerializer, error) {
	core, err := newSerializer(c, urlSafePayload{})
	if err != nil {
		return nil, err
	}
	return &URLSafeTimedSerializer{TimedSerializer{core, c.now()}}, nil
}

// urlSafePayload is base64url without padding of the payload or, after a dot,
// of its zlib stream.
type urlSafePayload struct{}

// compressedPrefix marks a compressed payload.
const compressedPrefix = '.'

var strictBase64 = base64.RawURLEncoding.Strict()

var (
	errNotCanonical = errors.New("itsdangerous: base64 is not canonical")
	errTrailing     = errors.New("itsdangerous: data after the zlib stream")
)

// zlibWriters are kept because a new one takes about a megabyte.
var zlibWriters = sync.Pool{New: func() any { return zlib.NewWriter(io.Discard) }}

func (urlSafePayload) encode(payload []byte) ([]byte, error) {
	if len(payload) > MaxPayload {
		return nil, ErrTooLarge
	}
	var z bytes.Buffer
	w := zlibWriters.Get().(*zlib.Writer)
	w.Reset(&z)
	w.Write(payload) // a bytes.Buffer does not fail
	w.Close()
	w.Reset(io.Discard) // keeps nothing of the payload reachable
	zlibWriters.Put(w)
	if z.Len() < len(payload)-1 { // Python's rule: the dot must pay for itself
		return base64.RawURLEncoding.AppendEncode([]byte{compressedPrefix}, z.Bytes()), nil
	}
	return base64.RawURLEncoding.AppendEncode(nil, payload), nil
}

func (urlSafePayload) decode(text []byte) ([]byte, error) {
	text, compressed := bytes.CutPrefix(text, []byte{compressedPrefix})
	if base64.RawURLEncoding.DecodedLen(len(text)) > MaxPayload {
		return nil, &Error{err: ErrTooLarge}
	}
	payload, err := strictBase64.AppendDecode(nil, text)
	if err != nil {
		return nil, &Error{err: ErrBadPayload, cause: err}
	}
	if bytes.ContainsAny(text, "\r\n") { // which Strict skips
		return nil, &Error{err: ErrBadPayload, cause: errNotCanonical}
	}
	if !compressed {
		return payload, nil
	}
	return inflate(payload)
}

// inflate reads a zlib stream that ends where z ends.
func inflate(z []byte) ([]byte, error) {
	rest := bytes.NewReader(z) // an io.ByteReader, of which zlib reads no byte too many
	r, err := zlib.NewReader(rest)
	if err != nil {
		return nil, &Error{err: ErrBadPayload, cause: err}
	}
	payload, err := io.ReadAll(io.LimitReader(r, MaxPayload+1))
	switch {
	case err != nil:
		return nil, &Error{err: ErrBadPayload, cause: err}
	case len(payload) > MaxPayload:
		return nil, &Error{err: ErrTooLarge}
	case rest.Len() > 0:
		return nil, &Error{err: ErrBadPayload, cause: errTrailing}
	}
	return payload, nil
}
