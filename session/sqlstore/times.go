package sqlstore

import (
	"errors"
	"strings"
	"time"
)

// timeForm is how times are written. Python compares them as text in SQLite, so all
// digits are always there.
const timeForm = "2006-01-02 15:04:05.000000"

var errTime = errors.New("sqlstore: an expiry that is outside the years 1 to 9999")

// until returns when what lives for ttl from now on expires, in whole seconds. They are
// the nearest: what is copied or moved with the rest of its life, a few milliseconds
// later, keeps its expiry.
//
// Python's columns in MySQL hold no more; MariaDB cuts the rest, MySQL rounds it. And
// what is written twice in a second leaves the expiry as it is, and so its index.
func until(now time.Time, ttl time.Duration) (time.Time, error) {
	t := now.Add(ttl).UTC().Round(time.Second)
	if least := now.Add(time.Second); t.Before(least) {
		t = least.UTC().Add(time.Second - 1).Truncate(time.Second)
	}
	if t.Year() < 1 || t.Year() > 9999 {
		return t, errTime // datetime ends there
	}
	return t, nil
}

// longOver is when a session ended whose row tells an earlier time: a clock before it
// finds all that there is.
var longOver = time.Unix(0, 0).UTC()

// parseTime reads a time as Python does: with a T or a blank, a fraction of any
// length, cut to microseconds, and no zone: Python fails to compare one that has. What
// is before 1970 need be no time: Prune deletes it as well.
func parseTime(text string) (t time.Time, ok bool) {
	const seconds = "2006-01-02 15:04:05"
	if len(text) > 10 && text < "1970" && text[4] == '-' && text[7] == '-' && (text[10] == ' ' || text[10] == 'T') {
		return longOver, true
	}
	if len(text) < len(seconds) || text[10] != ' ' && text[10] != 'T' {
		return t, false
	}
	text = text[:10] + " " + text[11:]
	t, err := time.Parse(seconds, text) // which takes a fraction, and hours of one digit
	if err != nil || t.Year() < 1 || !strings.HasPrefix(text, t.Format(seconds)) {
		return t, false
	}
	return t.Truncate(time.Microsecond), true
}
