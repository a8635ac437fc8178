package codec

import (
	"encoding"
	"encoding/base64"
	"encoding/json"
	"reflect"

	"github.com/sessctl/sessctl/codec/internal/pyjson"
)

// decoder reads values that pyjson has accepted before into Go values. Its
// methods return the reason why the Go type cannot hold one, without anything
// of the value; "" is success.
type decoder struct {
	pyjson.Scanner
	nested bool // within the value
}

// decode reads text, one value, into dst, which is addressable.
func decode(text string, dst reflect.Value) (reason string) {
	d := decoder{Scanner: pyjson.Scanner{Text: text}}
	return d.value(dst)
}

// skip passes a value and returns its text.
func (d *decoder) skip() string {
	start := d.Pos
	d.Value(maxDepth)
	return d.Text[start:d.Pos]
}

func (d *decoder) value(dst reflect.Value) (reason string) {
	null := d.Peek() == 'n'
	for {
		if dst.CanAddr() && dst.Addr().CanInterface() {
			switch u := dst.Addr().Interface().(type) {
			case *json.RawMessage:
				*u = json.RawMessage(d.skip())
				return ""
			case *json.Number:
				return d.number(u)
			case json.Unmarshaler:
				return d.unmarshalJSON(u)
			case encoding.TextUnmarshaler:
				if !null {
					return d.unmarshalText(u)
				}
			}
		}
		if dst.Kind() != reflect.Pointer || null {
			break
		}
		if dst.IsNil() {
			dst.Set(reflect.New(dst.Type().Elem()))
		}
		dst = dst.Elem()
	}
	if null {
		d.skip()
		switch dst.Kind() {
		case reflect.Pointer, reflect.Interface, reflect.Map, reflect.Slice:
			dst.SetZero()
			return ""
		}
		return misfit("null", dst)
	}
	if dst.Kind() == reflect.Interface && dst.NumMethod() == 0 {
		x, reason := d.any()
		if reason == "" {
			dst.Set(reflect.ValueOf(x))
		}
		return reason
	}
	switch d.Peek() {
	case '{':
		return d.object(dst)
	case '[':
		return d.array(dst)
	default:
		return scalar(d.skip(), dst)
	}
}

func misfit(what string, dst reflect.Value) string {
	return what + " does not fit " + dst.Type().String()
}

const badString = "a string with a lone surrogate, which no Go string can hold"

func (d *decoder) unmarshalJSON(u json.Unmarshaler) (reason string) {
	d.Flags = 0
	text := d.skip()
	if d.Flags&pyjson.Surrogate != 0 {
		return badString // encoding/json would replace it in silence
	}
	if u.UnmarshalJSON([]byte(text)) != nil {
		return "UnmarshalJSON of " + reflect.TypeOf(u).String() + " failed"
	}
	return ""
}

func (d *decoder) unmarshalText(u encoding.TextUnmarshaler) (reason string) {
	text := d.skip()
	if text[0] != '"' {
		return "no string, but " + reflect.TypeOf(u).String() + " needs one"
	}
	s, ok := parseString(text)
	if !ok {
		return badString
	}
	if u.UnmarshalText([]byte(s)) != nil {
		return "UnmarshalText of " + reflect.TypeOf(u).String() + " failed"
	}
	return ""
}

func (d *decoder) number(n *json.Number) (reason string) {
	text := d.skip()
	if !isNumber(text) {
		return "no number"
	}
	*n = json.Number(text)
	return ""
}

// scalar reads a string, a number or a literal into dst.
func scalar(text string, dst reflect.Value) (reason string) {
	what, ok := "", false
	switch {
	case text[0] == '"':
		what = "a string"
		switch {
		case dst.Kind() == reflect.String:
			var s string
			if s, ok = parseString(text); !ok {
				return badString
			}
			dst.SetString(s)
		case dst.Kind() == reflect.Slice && dst.Type().Elem().Kind() == reflect.Uint8:
			s, _ := parseString(text)
			b, err := base64.StdEncoding.DecodeString(s)
			if err != nil {
				return "no base64"
			}
			dst.SetBytes(b)
			ok = true
		}
	case isNumber(text):
		what = "the number"
		switch {
		case dst.CanInt():
			var i int64
			if i, ok = parseInt(text, dst.Type().Bits()); ok {
				dst.SetInt(i)
			}
		case dst.CanUint():
			var i uint64
			if i, ok = parseUint(text, dst.Type().Bits()); ok {
				dst.SetUint(i)
			}
		case dst.CanFloat():
			var f float64
			f, ok = parseFloat(text)
			if ok && dst.Kind() == reflect.Float32 {
				ok = float64(float32(f)) == f || f != f
			}
			if ok {
				dst.SetFloat(f)
			}
		}
	default:
		what = "a boolean"
		if ok = dst.Kind() == reflect.Bool; ok {
			dst.SetBool(text == "true")
		}
	}
	if !ok {
		return misfit(what, dst)
	}
	return ""
}

func (d *decoder) array(dst reflect.Value) (reason string) {
	if k := dst.Kind(); k != reflect.Slice && k != reflect.Array {
		d.skip()
		return misfit("a list", dst)
	}
	slice := dst.Kind() == reflect.Slice
	if slice {
		dst.Set(reflect.MakeSlice(dst.Type(), 0, 0)) // may share memory with nothing
	}
	d.Pos++
	for n := 0; ; n++ {
		if more, _ := d.Next(']', n == 0); !more {
			if !slice && n != dst.Len() {
				return misfit("a list of another length", dst)
			}
			return ""
		}
		if slice {
			dst.Grow(1)
			dst.SetLen(n + 1)
		} else if n == dst.Len() {
			return misfit("a list of another length", dst)
		}
		dst.Index(n).SetZero()
		if reason := d.value(dst.Index(n)); reason != "" {
			return reason
		}
	}
}

func (d *decoder) object(dst reflect.Value) (reason string) {
	switch dst.Kind() {
	case reflect.Struct:
	case reflect.Map:
		if dst.IsNil() {
			dst.Set(reflect.MakeMap(dst.Type()))
		}
	default:
		d.skip()
		return misfit("an object", dst)
	}
	d.Pos++
	d.nested = true
	for first := true; ; first = false {
		if more, _ := d.Next('}', first); !more {
			return ""
		}
		quoted, _ := d.Name()
		if reason := d.member(dst, quoted); reason != "" {
			return reason
		}
	}
}

// member reads a value into the field of the struct dst, or under the key of
// the map dst, that its name says.
func (d *decoder) member(dst reflect.Value, quoted string) (reason string) {
	name, ok := pyjson.Unquote(quoted)
	if dst.Kind() == reflect.Struct {
		f, known := fieldsOf(dst.Type()).byName[name]
		if !known {
			d.skip()
			return ""
		}
		to, reason := f.settable(dst)
		if reason != "" {
			return reason
		}
		if d.nested {
			to.SetZero() // the name may come twice: the last value counts, whole
		}
		if f.quoted && d.Peek() == '"' {
			text, _ := parseString(d.skip())
			if value, _, err := pyjson.Scan(text, 0); err != nil || value != text || text == "null" {
				return misfit("a string", to)
			}
			return decode(text, to)
		}
		return d.value(to)
	}
	if !ok {
		return badString
	}
	key := reflect.New(dst.Type().Key()).Elem()
	if reason := mapKey(name, key); reason != "" {
		return reason
	}
	value := reflect.New(dst.Type().Elem()).Elem()
	if reason := d.value(value); reason != "" {
		return reason
	}
	dst.SetMapIndex(key, value)
	return ""
}

func mapKey(name string, key reflect.Value) (reason string) {
	if u, ok := key.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if u.UnmarshalText([]byte(name)) != nil {
			return "UnmarshalText of " + reflect.TypeOf(u).String() + " failed"
		}
		return ""
	}
	switch {
	case key.Kind() == reflect.String:
		key.SetString(name)
		return ""
	case (key.CanInt() || key.CanUint()) && isInteger(name):
		return scalar(name, key)
	}
	return misfit("a key", key)
}

// isInteger reports whether a key is the text of an integer.
func isInteger(key string) bool {
	value, _, err := pyjson.Scan(key, 0)
	return err == nil && value == key && isNumber(key) && pyjson.IsInt(key)
}

// any reads a value for an empty interface.
func (d *decoder) any() (x any, reason string) {
	switch d.Peek() {
	case '{':
		m := map[string]any{}
		reason = d.object(reflect.ValueOf(&m).Elem())
		return m, reason
	case '[':
		s := []any{}
		reason = d.array(reflect.ValueOf(&s).Elem())
		return s, reason
	}
	switch text := d.skip(); text[0] {
	case '"':
		s, ok := parseString(text)
		if !ok {
			return nil, badString
		}
		return s, ""
	case 't', 'f':
		return text == "true", ""
	case 'n':
		return nil, ""
	default:
		return json.Number(text), ""
	}
}
