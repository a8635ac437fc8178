package codec

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// structField is a field that has a JSON name, by the rules of encoding/json.
type structField struct {
	name      string
	path      []int // see [reflect.Value.FieldByIndex]
	tagged    bool  // the name is from a tag
	omitEmpty bool
	omitZero  bool
	quoted    bool // option string: a number, boolean or string as JSON within a string
}

type structFields struct {
	all    []structField // in the order of the struct
	byName map[string]structField
}

var structCache sync.Map // reflect.Type to *structFields

func fieldsOf(t reflect.Type) *structFields {
	if f, ok := structCache.Load(t); ok {
		return f.(*structFields)
	}
	f, _ := structCache.LoadOrStore(t, newStructFields(t))
	return f.(*structFields)
}

// newStructFields walks over t and what it embeds. Of several fields with one
// name the least deep counts, then the only one with a tag; if that does not
// decide, none of them is seen.
func newStructFields(t reflect.Type) *structFields {
	var found []structField
	collectFields(t, nil, nil, &found)
	slices.SortStableFunc(found, func(a, b structField) int {
		tag := func(f structField) int {
			if f.tagged {
				return 0
			}
			return 1
		}
		return cmp.Or(strings.Compare(a.name, b.name), len(a.path)-len(b.path), tag(a)-tag(b))
	})
	out := &structFields{byName: make(map[string]structField)}
	for i := 0; i < len(found); {
		f := found[i]
		rivals := 0
		for i++; i < len(found) && found[i].name == f.name; i++ {
			if len(found[i].path) == len(f.path) && found[i].tagged == f.tagged {
				rivals++
			}
		}
		if rivals == 0 {
			out.byName[f.name] = f
			out.all = append(out.all, f)
		}
	}
	slices.SortFunc(out.all, func(a, b structField) int { return slices.Compare(a.path, b.path) })
	return out
}

// collectFields appends the fields of t, which lies at path within the structs
// above; those are not entered again.
func collectFields(t reflect.Type, path []int, above []reflect.Type, found *[]structField) {
	if slices.Contains(above, t) {
		return
	}
	above = append(slices.Clip(above), t)
	for i := range t.NumField() {
		sf := t.Field(i)
		tag := sf.Tag.Get("json")
		if tag == "-" {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		f := structField{name: name, path: append(slices.Clip(path), i), tagged: name != ""}
		embedded := sf.Type
		if embedded.Kind() == reflect.Pointer {
			embedded = embedded.Elem()
		}
		if sf.Anonymous && !f.tagged && embedded.Kind() == reflect.Struct {
			// Also of an unexported type: its exported fields are promoted.
			collectFields(embedded, f.path, above, found)
			continue
		}
		if !sf.IsExported() {
			continue
		}
		if !f.tagged {
			f.name = sf.Name
		}
		for option := range strings.SplitSeq(options, ",") {
			switch option {
			case "omitempty":
				f.omitEmpty = true
			case "omitzero":
				f.omitZero = true
			case "string":
				f.quoted = isScalar(sf.Type)
			}
		}
		*found = append(*found, f)
	}
}

// isScalar reports whether the option string works on a field of type t.
func isScalar(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	k := t.Kind()
	return reflect.Bool <= k && k <= reflect.Float64 || k == reflect.String
}

// settable returns the field of s, and makes the embedded structs on the way
// that are nil.
func (f structField) settable(s reflect.Value) (field reflect.Value, reason string) {
	for i, n := range f.path {
		if i > 0 && s.Kind() == reflect.Pointer {
			if s.IsNil() {
				if !s.CanSet() {
					return s, "cannot set an embedded pointer to the unexported " + s.Type().Elem().String()
				}
				s.Set(reflect.New(s.Type().Elem()))
			}
			s = s.Elem()
		}
		s = s.Field(n)
	}
	return s, ""
}

// value returns the field of s; false if it is not there, or to be left out.
func (f structField) value(s reflect.Value) (field reflect.Value, ok bool) {
	for i, n := range f.path {
		if i > 0 && s.Kind() == reflect.Pointer {
			if s.IsNil() {
				return s, false
			}
			s = s.Elem()
		}
		s = s.Field(n)
	}
	return s, !(f.omitEmpty && isEmpty(s) || f.omitZero && isZero(s))
}

func isEmpty(x reflect.Value) bool {
	switch x.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return x.Len() == 0
	case reflect.Struct:
		return false
	default:
		return x.IsZero()
	}
}

// isZero asks the type's own IsZero, as time.Time's, first.
func isZero(x reflect.Value) bool {
	if z, ok := x.Interface().(interface{ IsZero() bool }); ok {
		if k := x.Kind(); (k == reflect.Pointer || k == reflect.Interface) && x.IsNil() {
			return true
		}
		return z.IsZero()
	}
	if x.CanAddr() {
		if z, ok := x.Addr().Interface().(interface{ IsZero() bool }); ok {
			return z.IsZero()
		}
	}
	return x.IsZero()
}
