package filestore

import "time"

// parseDateTime reads 2026-12-07T02:15:20[.514556], a fraction of any length, and
// returns what follows. To microseconds fractions are cut, as datetime.fromisoformat
// does, or rounded, as msgspec does.
//
// fromisoformat reads more since Python 3.11: a day alone, weeks, no seconds. No
// release of Starlite writes that.
func parseDateTime(text []byte, cut, lower bool) (t time.Time, rest []byte, ok bool) {
	const form = "0000-00-00T00:00:00"
	if len(text) < len(form) {
		return t, nil, false
	}
	for i := range len(form) {
		switch c := text[i]; {
		case form[i] == '0' && c >= '0' && c <= '9', form[i] == c:
		case form[i] == 'T' && (c == ' ' || lower && c == 't'):
		default:
			return t, nil, false
		}
	}
	number := func(from, to int) (n int) {
		for _, c := range text[from:to] {
			n = n*10 + int(c-'0')
		}
		return n
	}
	year, month, day := number(0, 4), number(5, 7), number(8, 10)
	hour, minute, second := number(11, 13), number(14, 16), number(17, 19)
	if year == 0 || hour > 23 || minute > 59 || second > 59 {
		return t, nil, false
	}
	rest = text[len(form):]
	microseconds := 0
	if len(rest) > 0 && rest[0] == '.' {
		digits := 0
		for digits+1 < len(rest) && isDigit(rest[digits+1]) {
			digits++
		}
		if digits == 0 {
			return t, nil, false
		}
		for i := 1; i <= 6; i++ {
			microseconds *= 10
			if i <= digits {
				microseconds += int(rest[i] - '0')
			}
		}
		if !cut && digits > 6 && rest[7] >= '5' {
			microseconds++
		}
		rest = rest[1+digits:]
	}
	t = time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	if t.Month() != time.Month(month) || t.Day() != day {
		return t, nil, false // there is no such day
	}
	t = t.Add(time.Duration(microseconds) * time.Microsecond)
	return t, rest, t.Year() <= 9999
}

// parseRFC3339 reads a time with its zone. msgspec takes one without, but Litestar
// then fails to compare it.
func parseRFC3339(text []byte) (t time.Time, ok bool) {
	t, zone, ok := parseDateTime(text, false, true)
	switch {
	case !ok || len(zone) == 0:
		return t, false
	case len(zone) == 1:
		return t, zone[0] == 'Z' || zone[0] == 'z'
	}
	sign := time.Duration(1)
	switch zone[0] {
	case '+':
	case '-':
		sign = -1
	default:
		return t, false
	}
	zone = zone[1:]
	if len(zone) == 5 && zone[2] == ':' {
		zone = []byte{zone[0], zone[1], zone[3], zone[4]}
	}
	if len(zone) != 4 {
		return t, false
	}
	for _, c := range zone {
		if !isDigit(c) {
			return t, false
		}
	}
	hours, minutes := int(zone[0]-'0')*10+int(zone[1]-'0'), int(zone[2]-'0')*10+int(zone[3]-'0')
	if hours > 23 || minutes > 59 {
		return t, false
	}
	return t.Add(-sign * (time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute)), true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
