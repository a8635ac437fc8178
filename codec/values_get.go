package codec

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"

	"github.com/sessctl/sessctl/codec/internal/pyjson"
)

// Get returns the value of a key as a T, if T can hold it without loss.
//
//   - An absent key, and null, is [ErrNoValue]: Python's user_id = None is not
//     user 0. Null further down fits only what can be nil, and a
//     json.Unmarshaler.
//   - Integers come from the text of integers only, not from 1.0. A float64 is
//     the one that Python had; an integer fits if it is exact.
//   - A string with a lone surrogate fits no string.
//   - An any becomes a map[string]any, []any, [json.Number], string, bool or
//     nil. A json.Number may be NaN, Infinity or -Infinity.
//   - A struct takes its fields as encoding/json does, but names match
//     exactly; keys without a field are ignored. An array takes a list of its
//     length. A []byte takes base64.
//   - [json.RawMessage] takes the exact text; other json.Unmarshalers and
//     encoding.TextUnmarshalers do as they like.
//
// Errors are a [*ValueError], with [ErrNoValue] or [ErrType].
func Get[T any](v *Values, key string) (T, error) {
	var out T
	text, ok := v.JSON(key)
	if !ok || text == "null" {
		return out, &ValueError{Key: key, Err: ErrNoValue}
	}
	// The common types need no reflection, and out does not escape.
	switch p := any(&out).(type) {
	case *string:
		if *p, ok = parseString(text); ok {
			return out, nil
		}
	case *bool:
		*p = text == "true"
		if *p || text == "false" {
			return out, nil
		}
	case *int:
		if i, ok := parseInt(text, strconv.IntSize); ok {
			*p = int(i)
			return out, nil
		}
	case *int64:
		if *p, ok = parseInt(text, 64); ok {
			return out, nil
		}
	case *uint64:
		if *p, ok = parseUint(text, 64); ok {
			return out, nil
		}
	case *float64:
		if *p, ok = parseFloat(text); ok {
			return out, nil
		}
	}
	slow := new(T)
	if reason := decode(text, reflect.ValueOf(slow).Elem()); reason != "" {
		var zero T
		return zero, &ValueError{Key: key, Reason: reason, Err: ErrType}
	}
	return *slow, nil
}

// Unmarshal reads the whole object into a struct, a map or an any that dst
// points to, by the rules of [Get]. Keys that are absent leave their fields as
// they are. On error, part of dst may be set.
func (v *Values) Unmarshal(dst any) error {
	p := reflect.ValueOf(dst)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return fmt.Errorf("%w: Unmarshal needs a pointer, not a %T", ErrType, dst)
	}
	if u, ok := dst.(json.Unmarshaler); ok {
		if err := u.UnmarshalJSON([]byte(v.Text())); err != nil {
			return fmt.Errorf("%w: UnmarshalJSON of %T failed", ErrType, dst)
		}
		return nil
	}
	to := p.Elem()
	for to.Kind() == reflect.Pointer {
		if to.IsNil() {
			to.Set(reflect.New(to.Type().Elem()))
		}
		to = to.Elem()
	}
	if to.Kind() == reflect.Interface && to.NumMethod() == 0 {
		m := make(map[string]any, v.Len())
		to.Set(reflect.ValueOf(m))
		to = reflect.ValueOf(m)
	}
	if to.Kind() != reflect.Struct && to.Kind() != reflect.Map {
		return fmt.Errorf("%w: Unmarshal needs a struct or a map, not a %s", ErrType, to.Type())
	}
	if to.Kind() == reflect.Map && to.IsNil() {
		to.Set(reflect.MakeMapWithSize(to.Type(), v.Len()))
	}
	if v == nil {
		return nil
	}
	for i := range v.all {
		m := &v.all[i]
		d := decoder{Scanner: pyjson.Scanner{Text: m.value}}
		reason := d.member(to, m.name)
		if reason == "" {
			continue
		}
		err := ErrType
		if m.value == "null" {
			err, reason = ErrNoValue, ""
		}
		return &ValueError{Key: m.key(), Reason: reason, Err: err}
	}
	return nil
}

// parseString is Unquote for any value; not ok if it is no string, or one that
// Go cannot hold.
func parseString(text string) (s string, ok bool) {
	if text[0] != '"' {
		return "", false
	}
	return pyjson.Unquote(text)
}

func parseInt(text string, bits int) (int64, bool) {
	if !isNumber(text) || !pyjson.IsInt(text) {
		return 0, false
	}
	i, err := strconv.ParseInt(text, 10, bits)
	return i, err == nil
}

func parseUint(text string, bits int) (uint64, bool) {
	if !isNumber(text) || !pyjson.IsInt(text) {
		return 0, false
	}
	if text == "-0" {
		return 0, true
	}
	i, err := strconv.ParseUint(text, 10, bits)
	return i, err == nil
}

func parseFloat(text string) (float64, bool) {
	if !isNumber(text) {
		return 0, false
	}
	if !pyjson.IsInt(text) {
		return pyjson.ParseFloat(text), true
	}
	if text == "-0" {
		return 0, true // the integer 0 in Python, which has no sign
	}
	f, err := strconv.ParseFloat(text, 64)
	// Up to 15 digits every integer is a float64; others are if they print the same.
	return f, err == nil && (len(text) <= 15 || strconv.FormatFloat(f, 'f', 0, 64) == text)
}

// isNumber tells numbers, NaN and infinities from other values.
func isNumber(text string) bool {
	switch c := text[0]; c {
	case '-', 'N', 'I':
		return true
	default:
		return '0' <= c && c <= '9'
	}
}
