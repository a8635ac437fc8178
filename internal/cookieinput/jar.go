package cookieinput

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrJar: a line of a cookie jar that is none.
	ErrJar = errors.New("not a line of a cookie jar")
	// ErrEmptyJar: a cookie jar without cookies.
	ErrEmptyJar = errors.New("the cookie jar holds no cookie")
)

// httpOnly is what curl writes before a cookie that scripts cannot see. To
// others, such a line is a comment.
const httpOnly = "#HttpOnly_"

// jarColumns are the columns of a jar, separated by tabs: domain, whether its
// subdomains count, path, whether only TLS will do, expiry, name, value.
const jarColumns = 7

// isJar reports whether text is a Netscape cookie jar: by its first line, or
// by the columns of the first cookie.
func isJar(text string) bool {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "# Netscape HTTP Cookie File", line == "# HTTP Cookie File":
			return true
		case line == "", strings.HasPrefix(line, "#") && !strings.HasPrefix(line, httpOnly):
			continue
		}
		columns := strings.SplitN(line, "\t", jarColumns+1)
		return len(columns) >= jarColumns-1 && isJarFlag(columns[1]) && isJarFlag(columns[3])
	}
	return false
}

func isJarFlag(s string) bool { return s == "TRUE" || s == "FALSE" }

// parseJar reads a Netscape cookie jar. All of its cookies count, whatever
// their domain and path, the expired ones too: the file has them, and whoever
// asks wants to know what they hold.
func parseJar(text string) ([]Cookie, error) {
	var found cookieSet
	groups := map[string]int{} // of each host
	number := 0
	for line := range strings.Lines(text) {
		number++
		// An empty value leaves a tab at the end, so only the line's end goes.
		line = strings.TrimRight(line, "\r\n")
		line, hidden := strings.CutPrefix(line, httpOnly)
		if strings.TrimSpace(line) == "" || !hidden && strings.HasPrefix(line, "#") {
			continue
		}
		columns := strings.SplitN(line, "\t", jarColumns+1)
		if len(columns) == jarColumns-1 { // curl takes it for an empty value
			columns = append(columns, "")
		}
		if len(columns) != jarColumns || !isJarFlag(columns[1]) || !isJarFlag(columns[3]) {
			return nil, fmt.Errorf("line %d: %w: it needs %d columns with tabs between them", number, ErrJar, jarColumns)
		}
		c := newCookie(columns[5], columns[6])
		c.Host = strings.ToLower(strings.TrimPrefix(columns[0], "."))
		if groups[c.Host] == 0 {
			groups[c.Host] = len(groups) + 1
		}
		c.Group = groups[c.Host]
		c.Attributes = Attributes{Secure: columns[3] == "TRUE", HttpOnly: hidden, Path: columns[2]}
		c.Attributes.Expires, c.Attributes.HasExpires = parseJarExpiry(columns[4])
		if err := found.add(c); err != nil {
			return nil, err
		}
	}
	if len(found.cookies) == 0 {
		return nil, ErrEmptyJar
	}
	return found.cookies, nil
}

// latest is the last second of the year 9999: no text has a time after it.
const latest = 253402300799

// parseJarExpiry reads the column of a jar that says when a cookie expires. It
// is 0 if with the browser's session; some programs write -1 then, or fractions
// of a second.
func parseJarExpiry(s string) (seconds int64, ok bool) {
	s, _, _ = strings.Cut(s, ".")
	if seconds, ok = parseSeconds(s); !ok || seconds <= 0 {
		return 0, false
	}
	return min(seconds, latest), true
}
