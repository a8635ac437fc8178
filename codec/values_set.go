package codec

import (
	"encoding"
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sessctl/sessctl/codec/internal/pyjson"
)

// Set sets a key, at its place if it is there, else at the end. The value is
// spelled as Python would spell it: float64(1) is 1.0, of which 1 is an int.
//
// It takes what encoding/json takes, with the same tags; maps are sorted by key.
// But nothing is escaped for HTML, invalid UTF-8 is an error, NaN and infinities
// are kept (Starlette reads them; writing for Litestar refuses them), and
// integers in a json.Number or a json.RawMessage keep all their digits. A
// float32 is the float64 that it equals. Types that have no JSON are [ErrType];
// what no peer could read, such as a value that contains itself, is
// [ErrUnsupported]; more than 10,000 keys are [ErrTooLarge].
//
// An error is a [*ValueError], leaves the values as they were, and sticks until
// the key is set or deleted, or [Values.Reset]: writing reports it, so that a
// caller who ignores it cannot lose a change in silence.
func (v *Values) Set(key string, value any) error {
	if v.frozen != nil {
		return v.frozen
	}
	spelling := v.format
	if spelling == 0 {
		spelling = FormatStarlette
	}
	e := encoder{dialect: spelling.dialect()}
	if err := e.value(reflect.ValueOf(value), maxDepth-1); err != nil {
		return v.fail(key, err)
	}
	return v.put(key, string(e.out), spelling)
}

// SetJSON is [Values.Set] for the text of any one JSON value, which
// [Values.JSON] then returns as it is; writing respells it. Text that is not
// JSON is [ErrMalformed].
func (v *Values) SetJSON(key, json string) error {
	if v.frozen != nil {
		return v.frozen
	}
	return v.put(key, json, 0)
}

// put stores the text of a value.
func (v *Values) put(key, text string, spelling Format) error {
	if !utf8.ValidString(key) {
		return v.fail(key, errKeyUTF8)
	}
	value, flags, err := pyjson.Scan(text, maxDepth-1)
	switch {
	case errors.Is(err, pyjson.ErrDepth):
		return v.fail(key, errDeep)
	case err != nil:
		return v.fail(key, setError{ErrMalformed, "not one JSON value"})
	}
	d := spelling.dialect()
	m := member{value: value, flags: flags, spelling: spelling}
	i := v.find(key)
	switch {
	case i >= 0 && v.all[i].spelling == spelling:
		m.name, m.escaped = v.all[i].name, v.all[i].escaped
	case i < 0 && len(v.all) == maxKeys:
		return v.fail(key, setError{ErrTooLarge, "more than " + strconv.Itoa(maxKeys) + " keys"})
	default:
		m.name = string(pyjson.AppendString(nil, key, d))
		m.escaped = strings.IndexByte(m.name, '\\') >= 0
	}
	if i >= 0 {
		v.all[i] = m
	} else {
		v.add(m, 64) // a few more may follow
	}
	v.forget(key)
	v.changed, v.modified = true, true
	return nil
}

// forget drops the error of an earlier Set of key.
func (v *Values) forget(key string) {
	v.failed = slices.DeleteFunc(v.failed, func(e *ValueError) bool { return e.Key == key })
}

// fail makes the error of a Set and lets it stick.
func (v *Values) fail(key string, err error) error {
	e := &ValueError{Key: key, Err: ErrType}
	var why setError
	if errors.As(err, &why) {
		e.Err, e.Reason = why.err, why.reason
	}
	v.modified = true
	v.forget(key)
	v.failed = append(v.failed, e)
	return e
}

// setError is why a value cannot be set.
type setError struct {
	err    error
	reason string
}

func (e setError) Error() string { return e.err.Error() + ": " + e.reason }

var (
	errDeep = setError{ErrUnsupported, "nests deeper than " + strconv.Itoa(maxDepth) +
		", or contains itself: Python would fail with RecursionError"}
	errUTF8    = setError{ErrUnsupported, "a string is not valid UTF-8, which no JSON can hold"}
	errKeyUTF8 = setError{ErrUnsupported, "the key is not valid UTF-8, which no JSON can hold"}
)

// encoder appends Go values to out.
type encoder struct {
	out     []byte
	dialect pyjson.Dialect
}

// value appends x, which opens at most depth levels of arrays and objects.
func (e *encoder) value(x reflect.Value, depth int) error {
	for hops := 0; ; hops++ {
		if !x.IsValid() {
			return e.literal("null")
		}
		if x.Kind() != reflect.Interface {
			if done, err := e.marshaler(x, depth); done {
				return err
			}
			if x.Kind() != reflect.Pointer {
				break
			}
		}
		if hops > maxDepth { // a pointer to itself
			return errDeep
		}
		x = x.Elem()
	}
	switch x.Kind() {
	case reflect.Bool:
		return e.literal(strconv.FormatBool(x.Bool()))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		e.out = strconv.AppendInt(e.out, x.Int(), 10)
		return nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		e.out = strconv.AppendUint(e.out, x.Uint(), 10)
		return nil
	case reflect.Float32, reflect.Float64:
		// A float32 is the float64 that it equals: Python has no other.
		e.out = pyjson.AppendFloat(e.out, x.Float(), e.dialect)
		return nil
	case reflect.String:
		return e.string(x.String())
	case reflect.Struct:
		return e.structure(x, depth)
	case reflect.Map:
		if x.IsNil() {
			return e.literal("null")
		}
		return e.mapping(x, depth)
	case reflect.Slice:
		if x.IsNil() {
			return e.literal("null")
		}
		if isBytes(x.Type()) {
			return e.string(base64.StdEncoding.EncodeToString(x.Bytes()))
		}
		return e.list(x, depth)
	case reflect.Array:
		return e.list(x, depth)
	default:
		return setError{ErrType, "no JSON for " + x.Type().String()}
	}
}

// isBytes tells a []byte, which JSON holds in base64, from a list of small
// numbers that say themselves what they are in JSON.
func isBytes(slice reflect.Type) bool {
	p := reflect.PointerTo(slice.Elem())
	return slice.Elem().Kind() == reflect.Uint8 &&
		!p.Implements(reflect.TypeFor[json.Marshaler]()) && !p.Implements(reflect.TypeFor[encoding.TextMarshaler]())
}

func (e *encoder) literal(s string) error {
	e.out = append(e.out, s...)
	return nil
}

func (e *encoder) string(s string) error {
	if !utf8.ValidString(s) {
		return errUTF8
	}
	e.out = pyjson.AppendString(e.out, s, e.dialect)
	return nil
}

// marshaler handles the types that say themselves what they are in JSON.
func (e *encoder) marshaler(x reflect.Value, depth int) (done bool, err error) {
	switch {
	case x.Kind() == reflect.Pointer:
		if x.IsNil() {
			return true, e.literal("null")
		}
	case x.CanAddr(): // methods of the pointer count too
		x = x.Addr()
	}
	if !x.CanInterface() {
		return false, nil
	}
	switch m := x.Interface().(type) {
	case json.Number:
		return true, e.number(m)
	case *json.Number:
		return true, e.number(*m)
	case json.Marshaler:
		text, err := m.MarshalJSON()
		if err != nil {
			return true, setError{ErrType, "MarshalJSON of " + x.Type().String() + " failed"}
		}
		return true, e.json(string(text), x.Type(), depth)
	case encoding.TextMarshaler:
		text, err := m.MarshalText()
		if err != nil {
			return true, setError{ErrType, "MarshalText of " + x.Type().String() + " failed"}
		}
		return true, e.string(string(text))
	}
	return false, nil
}

// number keeps the text of a json.Number. The empty one is 0, as in encoding/json.
func (e *encoder) number(n json.Number) error {
	if n == "" {
		n = "0"
	}
	value, _, err := pyjson.Scan(string(n), 0)
	if err != nil || value != string(n) || !isNumber(value) {
		return setError{ErrType, "a json.Number that is no number"}
	}
	return e.json(value, reflect.TypeFor[json.Number](), 0)
}

// json appends JSON text from elsewhere, respelled.
func (e *encoder) json(text string, from reflect.Type, depth int) (err error) {
	var flags pyjson.Flags
	e.out, flags, err = pyjson.AppendValue(e.out, text, e.dialect, depth)
	switch {
	case errors.Is(err, pyjson.ErrDepth):
		return errDeep
	case err != nil:
		return setError{ErrType, from.String() + " made no JSON"}
	case flags&pyjson.Overflow != 0:
		return setError{ErrUnsupported, "a number beyond float64, which would become an infinity"}
	}
	return nil
}

func (e *encoder) list(x reflect.Value, depth int) error {
	if depth <= 0 {
		return errDeep
	}
	e.out = append(e.out, '[')
	for i := range x.Len() {
		if i > 0 {
			e.out = append(e.out, e.dialect.Comma()...)
		}
		if err := e.value(x.Index(i), depth-1); err != nil {
			return err
		}
	}
	e.out = append(e.out, ']')
	return nil
}

// name appends what stands before a member's value.
func (e *encoder) name(name string, first bool) error {
	if !first {
		e.out = append(e.out, e.dialect.Comma()...)
	}
	err := e.string(name)
	e.out = append(e.out, e.dialect.Colon()...)
	return err
}

func (e *encoder) structure(x reflect.Value, depth int) error {
	if depth <= 0 {
		return errDeep
	}
	e.out = append(e.out, '{')
	first := true
	for _, f := range fieldsOf(x.Type()).all {
		field, ok := f.value(x)
		if !ok {
			continue
		}
		if err := e.name(f.name, first); err != nil {
			return err
		}
		first = false
		start := len(e.out)
		if err := e.value(field, depth-1); err != nil {
			return err
		}
		if text := string(e.out[start:]); f.quoted && text != "null" {
			e.out = pyjson.AppendString(e.out[:start], text, e.dialect)
		}
	}
	e.out = append(e.out, '}')
	return nil
}

// mapping sorts by key: Go's order of a map is random.
func (e *encoder) mapping(x reflect.Value, depth int) error {
	if depth <= 0 {
		return errDeep
	}
	type entry struct {
		key   string
		value reflect.Value
	}
	entries := make([]entry, 0, x.Len())
	for it := x.MapRange(); it.Next(); {
		key, err := keyText(it.Key())
		if err != nil {
			return err
		}
		entries = append(entries, entry{key, it.Value()})
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.key, b.key) })
	e.out = append(e.out, '{')
	for i, entry := range entries {
		if i > 0 && entry.key == entries[i-1].key {
			return setError{ErrType, "two keys of a map have the same text"}
		}
		if err := e.name(entry.key, i == 0); err != nil {
			return err
		}
		if err := e.value(entry.value, depth-1); err != nil {
			return err
		}
	}
	e.out = append(e.out, '}')
	return nil
}

func keyText(key reflect.Value) (string, error) {
	if key.Kind() == reflect.String {
		return key.String(), nil
	}
	if m, ok := key.Interface().(encoding.TextMarshaler); ok {
		if key.Kind() == reflect.Pointer && key.IsNil() {
			return "", nil
		}
		text, err := m.MarshalText()
		if err != nil {
			return "", setError{ErrType, "MarshalText of " + key.Type().String() + " failed"}
		}
		return string(text), nil
	}
	switch {
	case key.CanInt():
		return strconv.FormatInt(key.Int(), 10), nil
	case key.CanUint():
		return strconv.FormatUint(key.Uint(), 10), nil
	}
	return "", setError{ErrType, "no JSON for a map with keys of " + key.Type().String()}
}
