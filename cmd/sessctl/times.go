package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/sessctl/sessctl/codec"
)

// maxUnix is the end of the year 9999, the last of RFC 3339 and of the cookies.
const maxUnix = 253402300799

// addAge returns when a session expires, as the codec does.
func addAge(signed time.Time, maxAge time.Duration) time.Time {
	if t := signed.Add(maxAge); t.Unix() < maxUnix {
		return t
	}
	return time.Unix(maxUnix, 0).UTC()
}

// parseMaxAge reads none, seconds, or a number with s, m, h, d or w, of a flag.
func parseMaxAge(flag, s string) (time.Duration, error) {
	if s == "none" {
		return codec.NoMaxAge, nil
	}
	unit := time.Second
	if s != "" {
		units := map[byte]time.Duration{
			's': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour,
		}
		if u, ok := units[s[len(s)-1]]; ok {
			unit, s = u, s[:len(s)-1]
		}
	}
	n, err := strconv.ParseUint(s, 10, 63)
	switch {
	case err != nil && !errors.Is(err, strconv.ErrRange):
		return 0, usageError("--" + flag + " is none, seconds, or a number with s, m, h, d or w")
	case n == 0:
		return 0, usageError("--"+flag+" must be at least one second", "none is for what never expires")
	case err != nil || n > math.MaxInt64/uint64(unit):
		return 0, usageError("--"+flag+" is longer than 292 years", "none is for what never expires")
	}
	return time.Duration(n) * unit, nil
}

// parseNow reads RFC 3339 or Unix seconds.
func parseNow(s string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, s); err == nil && t.Unix() <= maxUnix {
		return t, nil
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && 0 <= n && n <= maxUnix {
		return time.Unix(n, 0), nil
	}
	return time.Time{}, usageError("--now is a time as 2026-08-24T09:12:31Z or in Unix seconds, up to the year 9999")
}

// clock writes times for people.
type clock struct {
	now  time.Time
	zone *time.Location
}

func (c clock) absolute(t time.Time) string {
	local := t.In(c.zone)
	if local.Year() > 9999 { // east of Greenwich
		local = t.UTC()
	}
	return local.Format("2006-01-02 15:04:05Z07:00")
}

// relative returns "in 12 days", "2 days ago" or "now".
func (c clock) relative(t time.Time) string {
	seconds := t.Unix() - c.now.Unix() // Sub ends at 292 years
	switch {
	case seconds == 0:
		return "now"
	case seconds < 0:
		return duration(-seconds) + " ago"
	}
	return "in " + duration(seconds)
}

// duration returns whole seconds in the unit that a person would choose.
func duration(seconds int64) string {
	const day = 24 * 60 * 60
	var n int64
	var unit string
	for _, step := range []struct {
		unit       string
		size, upTo int64
	}{
		{"second", 1, 60},
		{"minute", 60, 60},
		{"hour", 60 * 60, 24},
		{"day", day, 730},
		{"year", 365 * day, math.MaxInt64},
	} {
		unit, n = step.unit, (seconds+step.size/2)/step.size
		if n < step.upTo {
			break
		}
	}
	if n != 1 {
		unit += "s"
	}
	return fmt.Sprintf("%d %s", n, unit)
}
