package pyjson

import (
	"math"
	"strconv"
)

// AppendFloat appends x as d spells it: the fewest digits that read back as x,
// and always a point or an exponent, so that it stays a float. NaN and the
// infinities are spelled as json.dumps does, though msgspec writes null: see
// [Dialect.Refused].
func AppendFloat(dst []byte, x float64, d Dialect) []byte {
	switch {
	case math.IsNaN(x):
		return append(dst, "NaN"...)
	case math.IsInf(x, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(x, -1):
		return append(dst, "-Infinity"...)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, x, 'e', -1, 64) // d.ddde±dd
	e := len(dst) - 3
	for dst[e] != 'e' {
		e--
	}
	// repr has no exponent from 1e-04 to 1e+15, msgspec from 1e-5 to 1e15.
	exp, err := strconv.Atoi(string(dst[e+1:]))
	least := -4
	if d == Msgspec {
		least = -5
	}
	if err == nil && least <= exp && exp < 16 {
		dst = strconv.AppendFloat(dst[:start], x, 'f', -1, 64)
		for _, c := range dst[start:] {
			if c == '.' {
				return dst
			}
		}
		return append(dst, ".0"...)
	}
	if d == Msgspec {
		return strconv.AppendInt(dst[:e+1], int64(exp), 10)
	}
	return dst // Go and repr write the same: a sign, and at least two digits
}

// IsInt tells an integer from a float, of the text of a number.
func IsInt(number string) bool {
	for i := range len(number) {
		switch number[i] {
		case '.', 'e', 'E', 'N', 'I':
			return false
		}
	}
	return true
}

// ParseFloat returns the float64 that Python has after reading the text of a
// number that is no integer.
func ParseFloat(number string) float64 {
	x, _ := strconv.ParseFloat(number, 64) // out of range gives an infinity, as in Python
	return x
}

// appendNumber respells the text of a number.
func appendNumber(dst []byte, number string, d Dialect) []byte {
	switch {
	case number == "-0":
		return append(dst, '0')
	case IsInt(number):
		return append(dst, number...)
	default:
		return AppendFloat(dst, ParseFloat(number), d)
	}
}
