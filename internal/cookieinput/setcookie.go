package cookieinput

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Attributes are what a server tells a browser about a cookie. A time or an age
// counts only if its Has says so. The texts are as they stood there, and hostile.
type Attributes struct {
	// Known: they stood in a Set-Cookie line, and what is missing here was
	// missing there. Of a jar's cookie Secure, HttpOnly, Path and Expires are
	// set, and no more is known.
	Known bool

	Secure, HttpOnly, Partitioned bool

	SameSite string
	Domain   string // in lower case, without the dot that some put in front
	Path     string // empty unless it begins with a slash

	HasMaxAge, HasExpires bool

	MaxAge  int64 // in seconds; as large as they may be
	Expires int64 // in Unix seconds, up to the year 9999
}

// yieldTo reports whether b says more than a, or else lives longer.
func (a Attributes) yieldTo(b Attributes) bool {
	if a.Known || b.Known {
		return !a.Known
	}
	return a.HasExpires && (!b.HasExpires || b.Expires > a.Expires)
}

// parseSetCookie reads the value of a Set-Cookie header, as RFC 6265, 5.2, has
// it: attributes come in any case, and the last of a name counts.
func parseSetCookie(s string) Cookie {
	pair, attributes, _ := strings.Cut(s, ";")
	c, ok := parsePair(pair)
	if !ok {
		c = newCookie("", pair)
	}
	a := &c.Attributes
	a.Known = true
	for attribute := range strings.SplitSeq(attributes, ";") {
		name, value, _ := strings.Cut(attribute, "=")
		a.set(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	// Not by Expires: who clears so writes an empty value or null too.
	c.Expunge = a.HasMaxAge && a.MaxAge <= 0
	return c
}

// isSetCookie reports whether all that stands behind the first pair of a line
// without a header's name are attributes. Some cookies are called path.
func isSetCookie(s string) bool {
	_, attributes, ok := strings.Cut(s, ";")
	known := false
	for attribute := range strings.SplitSeq(attributes, ";") {
		name, _, _ := strings.Cut(attribute, "=")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "path", "max-age", "expires", "httponly", "samesite", "secure", "domain", "partitioned", "priority":
			known = true
		case "": // Starlette before 0.18 clears with ;;
		default:
			return false
		}
	}
	return ok && known
}

func (a *Attributes) set(name, value string) {
	switch strings.ToLower(name) {
	case "secure":
		a.Secure = true
	case "httponly":
		a.HttpOnly = true
	case "partitioned":
		a.Partitioned = true
	case "samesite":
		a.SameSite = value
	case "domain":
		if value != "" {
			a.Domain = strings.ToLower(strings.TrimPrefix(value, "."))
		}
	case "path":
		a.Path = ""
		if strings.HasPrefix(value, "/") {
			a.Path = value
		}
	case "max-age":
		if seconds, ok := parseSeconds(value); ok {
			a.MaxAge, a.HasMaxAge = seconds, true
		}
	case "expires":
		if t, ok := parseDate(value); ok {
			a.Expires, a.HasExpires = t.Unix(), true
		}
	}
}

// parseSeconds takes digits with or without a minus. A number that is too large
// for us is the largest there is.
func parseSeconds(s string) (seconds int64, ok bool) {
	seconds, err := strconv.ParseInt(s, 10, 64)
	return seconds, (err == nil || errors.Is(err, strconv.ErrRange)) && s[0] != '+'
}

const dateDelimiters = "\t !\"#$%&'()*+,-./;<=>?@[\\]^_`{|}~"

var (
	dateTime  = pattern(`^(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\D|$)`)
	dateDay   = pattern(`^(\d{1,2})(?:\D|$)`)
	dateMonth = pattern(`(?i)^(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)`)
	dateYear  = pattern(`^(\d{2,4})(?:\D|$)`)
)

// parseDate reads a date as browsers do, who take more than RFC 9110 lets
// servers write: RFC 6265, 5.1.1.
func parseDate(s string) (t time.Time, ok bool) {
	var clock, day, year []string
	month := ""
	for token := range strings.FieldsFuncSeq(s, func(r rune) bool { return strings.ContainsRune(dateDelimiters, r) }) {
		switch {
		case clock == nil && dateTime().MatchString(token):
			clock = dateTime().FindStringSubmatch(token)
		case day == nil && dateDay().MatchString(token):
			day = dateDay().FindStringSubmatch(token)
		case month == "" && dateMonth().MatchString(token):
			month = token[:3]
		case year == nil && dateYear().MatchString(token):
			year = dateYear().FindStringSubmatch(token)
		}
	}
	if clock == nil || day == nil || month == "" || year == nil {
		return time.Time{}, false
	}
	y, _ := strconv.Atoi(year[1])
	switch {
	case y < 70:
		y += 2000
	case y < 100:
		y += 1900
	}
	// It refuses what no calendar or clock has.
	t, err := time.Parse("2006 Jan 2 15:4:5", strconv.Itoa(y)+" "+month+" "+day[1]+" "+clock[1]+":"+clock[2]+":"+clock[3])
	return t, err == nil && y >= 1601
}
