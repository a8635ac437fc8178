package codec

import (
	"iter"
	"log/slog"
)

// Values is a session's data: a JSON object in Python's spelling.
type Values struct{}

func ParseValues(json string) (*Values, error)                       { panic("stub") }
func Get[T any](v *Values, key string) (T, error)                    { panic("stub") }
func (v *Values) Set(key string, value any) error                    { panic("stub") }
func (v *Values) SetJSON(key, json string) error                     { panic("stub") }
func (v *Values) JSON(key string) (string, bool)                     { panic("stub") }
func (v *Values) All() iter.Seq2[string, string]                     { panic("stub") }
func (v *Values) Text() string                                       { panic("stub") }
func (v *Values) AppendJSON(dst []byte, peer Format) ([]byte, error) { panic("stub") }
func (v *Values) Has(key string) bool                                { panic("stub") }
func (v *Values) Delete(key string) error                            { panic("stub") }
func (v *Values) Reset() error                                       { panic("stub") }
func (v *Values) Len() int                                           { panic("stub") }
func (v *Values) Clone() *Values                                     { panic("stub") }
func (v *Values) Modified() bool                                     { panic("stub") }
func (v *Values) Unmarshal(dst any) error                            { panic("stub") }
func (v *Values) Freeze(err error)                                   { panic("stub") }
func (v *Values) String() string                                     { panic("stub") }
func (v *Values) GoString() string                                   { panic("stub") }
func (v *Values) LogValue() slog.Value                               { panic("stub") }

type Field[T any] struct{ key string }

func NewField[T any](key string) Field[T]       { return Field[T]{key} }
func (f Field[T]) Key() string                  { return f.key }
func (f Field[T]) Get(v *Values) (T, error)     { return Get[T](v, f.key) }
func (f Field[T]) Set(v *Values, value T) error { return v.Set(f.key, value) }
