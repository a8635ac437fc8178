package codec

// Field is a session key with its type, to be declared once:
//
//	var userID = codec.NewField[int64]("user_id")
type Field[T any] struct{ key string }

// NewField returns the field of a key.
func NewField[T any](key string) Field[T] { return Field[T]{key} }

// Key returns the key.
func (f Field[T]) Key() string { return f.key }

// Get is [Get].
func (f Field[T]) Get(v *Values) (T, error) { return Get[T](v, f.key) }

// Set is [Values.Set].
func (f Field[T]) Set(v *Values, value T) error { return v.Set(f.key, value) }
