package itsdangerous

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// Serializer signs payloads: Python's Serializer. It is immutable and safe for
// concurrent use.
//
// Dumps and Loads take and give the payload's bytes as they are signed, so they
// reproduce any Python value byte for byte. DumpsJSON and LoadsJSON use
// encoding/json, whose spelling is not that of Python's json.dumps (spaces
// after separators, ASCII only, 1e+16): Python reads it, but the bytes differ.
// And encoding/json reads a lone surrogate, which Python can write, as U+FFFD.
type Serializer struct{ core serializer }

// NewSerializer checks c, the fallbacks included.
func NewSerializer(c Config) (*Serializer, error) {
	core, err := newSerializer(c, rawPayload{})
	if err != nil {
		return nil, err
	}
	return &Serializer{core}, nil
}

// Dumps returns the signed payload.
func (s *Serializer) Dumps(payload []byte) ([]byte, error) {
	text, err := s.core.payload.encode(payload)
	if err != nil {
		return nil, err
	}
	return s.core.signers[0].Sign(text), nil
}

// Loads returns the payload if the signature is right. The payload may be a
// part of signed. The error is an [*Error].
func (s *Serializer) Loads(signed []byte) (payload []byte, info Info, err error) {
	return s.core.loads(s.core.unsign(signed))
}

// DumpsJSON is Dumps of the JSON text of v, as encoding/json writes it without
// HTML escaping.
func (s *Serializer) DumpsJSON(v any) (string, error) {
	payload, err := marshalJSON(v)
	if err != nil {
		return "", err
	}
	signed, err := s.Dumps(payload)
	return string(signed), err
}

// LoadsJSON is Loads, and [json.Unmarshal] into v. What is not JSON, or does
// not fit v, is [ErrBadPayload]. Python's NaN and Infinity are not JSON.
func (s *Serializer) LoadsJSON(signed string, v any) (Info, error) {
	payload, info, err := s.Loads([]byte(signed))
	if err != nil {
		return Info{}, err
	}
	return info, unmarshalJSON(payload, v)
}

// LoadsUnverified is Loads, but returns the payload whenever one can be
// decoded, though err says that it is not authentic: Python's loads_unsafe.
// Anyone may have written it. It is for debugging only.
func (s *Serializer) LoadsUnverified(signed []byte) (payload []byte, err error) {
	payload, _, err = s.Loads(signed)
	return s.core.unverified(payload, err)
}

// TimedSerializer is a [Serializer] whose values carry the time of signing, in
// seconds: Python's TimedSerializer.
type TimedSerializer struct {
	core serializer
	now  func() time.Time
}

// NewTimedSerializer checks c, the fallbacks included.
func NewTimedSerializer(c Config) (*TimedSerializer, error) {
	core, err := newSerializer(c, rawPayload{})
	if err != nil {
		return nil, err
	}
	return &TimedSerializer{core, c.now()}, nil
}

// Dumps returns the signed payload, with the current time. It is an error when
// the clock is before 1970 or after 9999.
func (s *TimedSerializer) Dumps(payload []byte) ([]byte, error) {
	text, err := s.core.payload.encode(payload)
	if err != nil {
		return nil, err
	}
	return (&TimestampSigner{s.core.signers[0], s.now}).Sign(text)
}

// Loads returns the payload if the signature is right and not older than maxAge
// nor from the future, as [TimestampSigner.Unsign] checks it. The payload may
// be a part of signed. The error is an [*Error].
func (s *TimedSerializer) Loads(signed []byte, maxAge time.Duration) (payload []byte, info Info, err error) {
	return s.core.loads(s.core.unsignTimed(signed, maxAge, s.now))
}

// DumpsJSON is Dumps of the JSON text of v, as encoding/json writes it without
// HTML escaping.
func (s *TimedSerializer) DumpsJSON(v any) (string, error) {
	payload, err := marshalJSON(v)
	if err != nil {
		return "", err
	}
	signed, err := s.Dumps(payload)
	return string(signed), err
}

// LoadsJSON is Loads, and [json.Unmarshal] into v. What is not JSON, or does
// not fit v, is [ErrBadPayload]. Python's NaN and Infinity are not JSON.
func (s *TimedSerializer) LoadsJSON(signed string, v any, maxAge time.Duration) (Info, error) {
	payload, info, err := s.Loads([]byte(signed), maxAge)
	if err != nil {
		return Info{}, err
	}
	return info, unmarshalJSON(payload, v)
}

// LoadsUnverified is Loads, but returns the payload whenever one can be
// decoded, though err says that it is not authentic or not of its time:
// Python's loads_unsafe. Anyone may have written it. It is for debugging only.
func (s *TimedSerializer) LoadsUnverified(signed []byte, maxAge time.Duration) (payload []byte, err error) {
	payload, _, err = s.Loads(signed, maxAge)
	return s.core.unverified(payload, err)
}

// serializer is what the four serializers share.
type serializer struct {
	payload payloadEncoding
	signers []*Signer // the configuration's own, then its fallbacks
}

// payloadEncoding is how a payload becomes the text that is signed.
type payloadEncoding interface {
	encode(payload []byte) ([]byte, error)
	decode(text []byte) ([]byte, error) // its errors are *Error
}

// rawPayload is signed as it is.
type rawPayload struct{}

func (rawPayload) encode(payload []byte) ([]byte, error) { return payload, nil }
func (rawPayload) decode(text []byte) ([]byte, error)    { return text, nil }

func newSerializer(c Config, payload payloadEncoding) (serializer, error) {
	own, err := newSigner(&c, defaultSerializerSalt)
	if err != nil {
		return serializer{}, err
	}
	s := serializer{payload, []*Signer{own}}
	for i, f := range c.Fallbacks {
		if f.Now != nil || len(f.Fallbacks) > 0 {
			return serializer{}, fmt.Errorf("itsdangerous: fallback %d has a clock or fallbacks of its own", i)
		}
		if f.Keys == nil {
			f.Keys = c.Keys
		}
		if f.Salt == nil {
			f.Salt = c.Salt
		}
		signer, err := newSigner(&f, defaultSerializerSalt)
		if err != nil {
			return serializer{}, fmt.Errorf("fallback %d: %w", i, err)
		}
		s.signers = append(s.signers, signer)
	}
	return s, nil
}

func (s *serializer) unsign(signed []byte) ([]byte, Info, error) {
	return s.first(func(signer *Signer) ([]byte, Info, error) { return signer.Unsign(signed) })
}

func (s *serializer) unsignTimed(signed []byte, maxAge time.Duration, now func() time.Time) ([]byte, Info, error) {
	return s.first(func(signer *Signer) ([]byte, Info, error) { return unsignTimed(signer, signed, maxAge, now) })
}

// first returns what the first signer says whose signature it is. If it is
// nobody's, the error is the own signer's: Python raises the last fallback's,
// which says less about the value.
func (s *serializer) first(unsign func(*Signer) ([]byte, Info, error)) ([]byte, Info, error) {
	var firstErr error
	for i, signer := range s.signers {
		value, info, err := unsign(signer)
		if err == nil || errors.Is(err, ErrBadTimeSignature) {
			info.Signer = i
			return value, info, err
		}
		if i == 0 {
			firstErr = err
		}
	}
	return nil, Info{}, firstErr
}

func (s *serializer) loads(text []byte, info Info, err error) ([]byte, Info, error) {
	if err != nil {
		return nil, Info{}, err
	}
	payload, err := s.payload.decode(text)
	if err != nil {
		return nil, Info{}, err
	}
	return payload, info, nil
}

// unverified adds the payload to the result of a failed Loads.
func (s *serializer) unverified(payload []byte, err error) ([]byte, error) {
	var e *Error
	if !errors.As(err, &e) || e.payload == nil {
		return payload, err
	}
	payload, decodeErr := s.payload.decode(e.payload)
	if decodeErr != nil {
		return nil, err
	}
	return payload, err
}

var errNotUTF8 = errors.New("itsdangerous: payload is not UTF-8")

func marshalJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("itsdangerous: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func unmarshalJSON(payload []byte, v any) error {
	if !utf8.Valid(payload) { // else encoding/json replaces what is not
		return &Error{err: ErrBadPayload, cause: errNotUTF8}
	}
	err := json.Unmarshal(payload, v)
	var invalid *json.InvalidUnmarshalError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &invalid): // the caller's mistake, not the payload's
		return fmt.Errorf("itsdangerous: %w", err)
	}
	return &Error{err: ErrBadPayload, cause: err}
}
