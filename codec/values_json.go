package codec

import (
	"errors"
	"fmt"

	"github.com/sessctl/sessctl/codec/internal/pyjson"
)

// dialect is how peers of format f spell JSON; a format that is not known is
// taken for Starlette's.
func (f Format) dialect() pyjson.Dialect {
	if f == FormatLitestar {
		return pyjson.Msgspec
	}
	return pyjson.Dumps
}

// Text returns the object's text as it is held: as the cookie had it while
// nothing has changed, else put together in the style of its own format. It
// shows what there is and checks nothing; [Values.AppendJSON] is for writing.
func (v *Values) Text() string {
	switch {
	case v == nil, !v.changed && v.text == "":
		return "{}"
	case !v.changed:
		return v.text
	}
	d := v.format.dialect()
	dst := append([]byte(nil), '{')
	for i, m := range v.all {
		if i > 0 {
			dst = append(dst, d.Comma()...)
		}
		dst = append(append(append(dst, m.name...), d.Colon()...), m.value...)
	}
	return string(append(dst, '}'))
}

// AppendJSON appends the object as the Python of a peer would write it, or
// refuses it. Codecs write it into cookies, stores hold it.
//
// While nothing has changed and the peer is of the format that the text came
// from, these are the very bytes that were read. Otherwise each member that
// nobody touched keeps its bytes, if they are in the peer's spelling, and all
// else is spelled as the peer would spell it after reading it.
//
// What the peer could not read is a [*ValueError] with [ErrUnsupported]: that
// peer would answer every later request with 500. For both that is an integer
// of more than 4300 digits; for Litestar also NaN, infinities and lone
// surrogates. A Set that failed is reported here too. Above 1 MiB it is
// [ErrTooLarge]. On error dst is returned as it was.
func (v *Values) AppendJSON(dst []byte, peer Format) ([]byte, error) {
	if peer != FormatStarlette && peer != FormatLitestar {
		return dst, fmt.Errorf("%w: no format of a peer", ErrUnsupported)
	}
	if v == nil {
		return append(dst, "{}"...), nil
	}
	if len(v.failed) > 0 {
		return dst, v.failed[0]
	}
	d := peer.dialect()
	for i := range v.all {
		m := &v.all[i]
		refused := d.Refused(m.flags)
		if m.spelling != peer {
			refused |= m.flags & pyjson.Overflow
		}
		if refused != 0 {
			return dst, &ValueError{Key: m.key(), Reason: refusal(refused, peer), Err: ErrUnsupported}
		}
	}
	if !v.changed && v.format == peer {
		return append(dst, v.text...), nil
	}
	out := append(dst, '{')
	for i := range v.all {
		if i > 0 {
			out = append(out, d.Comma()...)
		}
		m := &v.all[i]
		if m.spelling == peer {
			out = append(append(append(out, m.name...), d.Colon()...), m.value...)
			continue
		}
		out = append(pyjson.AppendString(out, m.key(), d), d.Colon()...)
		// No error: what it could be was checked when the member came in.
		out, _, _ = pyjson.AppendValue(out, m.value, d, maxDepth-1)
	}
	out = append(out, '}')
	if len(out)-len(dst) > maxText {
		return dst, ErrTooLarge
	}
	return out, nil
}

// MarshalJSON returns the object as JSON for other programs: compact, in UTF-8.
// What JSON cannot hold (NaN, lone surrogates) is an error as of
// [Values.AppendJSON].
func (v *Values) MarshalJSON() ([]byte, error) { return v.AppendJSON(nil, FormatLitestar) }

// UnmarshalJSON replaces all that v holds by the object in text, by the rules
// and with the errors of [ParseValues], or leaves it as it is. As in
// encoding/json, null changes nothing.
func (v *Values) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return nil
	}
	if v == nil {
		return errors.New("codec: UnmarshalJSON into a nil Values")
	}
	parsed, err := ParseValues(string(text))
	if err != nil {
		return err
	}
	if err := v.Reset(); err != nil {
		return err
	}
	v.list = parsed.list
	return nil
}

// refusal says what peer's Python would do with a value that has these flags.
func refusal(f pyjson.Flags, peer Format) string {
	what := ""
	switch {
	case f&(pyjson.LongInt|pyjson.LongNegative) != 0:
		return "an integer above the 4300 digits (for msgspec minus included) that Python reads: every request would be answered 500"
	case f&pyjson.NonFinite != 0:
		what = "NaN or Infinity"
	case f&pyjson.Surrogate != 0:
		what = "a lone surrogate in a string"
	default:
		what = "a number beyond float64"
		if peer != FormatLitestar {
			return what + ", which Python's json would turn into Infinity"
		}
	}
	return what + ", which msgspec refuses to read: every request would be answered 500"
}
