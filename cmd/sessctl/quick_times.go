package main

import "time"

// timeText writes times as records have them, in a tenth of the time that
// package time takes: most fall on the day of the one before.
type timeText struct {
	day  int64  // since 1970
	text []byte // of that day: "2006-01-02T
}

// append appends t, which is not before 1970, in RFC 3339 and quotes; the zero
// time is null.
func (c *timeText) append(dst []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(dst, "null"...)
	}
	const daySeconds = 24 * 60 * 60
	unix := t.Unix()
	day, clock := unix/daySeconds, int(unix%daySeconds)
	if day != c.day || c.text == nil {
		c.day, c.text = day, t.UTC().AppendFormat(c.text[:0], `"`+time.DateOnly+"T")
	}
	h, m, s := clock/3600, clock/60%60, clock%60
	dst = append(dst, c.text...)
	return append(dst, digit(h/10), digit(h%10), ':', digit(m/10), digit(m%10), ':', digit(s/10), digit(s%10), 'Z', '"')
}

func digit(n int) byte { return byte('0' + n) }
