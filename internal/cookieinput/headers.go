package cookieinput

import "strings"

// cutBody cuts off what follows the headers of an HTTP message, as curl -i
// prints it: a body may hold anything, set-cookie: lines too. Of several heads
// in a row (curl -sIL, 100 Continue) all are kept. It reports whether text is
// such a message, with or without its first line.
func cutBody(text string) (head string, isMessage bool) {
	text = strings.TrimLeft(text, " \t\r\n")
	first, _, _ := strings.Cut(text, "\n")
	first = strings.TrimSpace(first)
	// Cookie lines alone are no message: blank lines may stand between them.
	if kind, _ := cutHeader(first); kind != Auto || !isStartLine(first) && !isHeader(first) {
		return text, false
	}
	end := 0
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) == "" && !strings.HasPrefix(strings.TrimLeft(text[end:], "\r\n"), "HTTP/") {
			return text[:end], true
		}
		end += len(line)
	}
	return text, true
}

// isStartLine knows HTTP/1.1 200 OK and GET / HTTP/1.1.
func isStartLine(line string) bool {
	fields := strings.Fields(line)
	return strings.HasPrefix(line, "HTTP/") || len(fields) == 3 &&
		strings.Trim(fields[0], "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" && strings.HasPrefix(fields[2], "HTTP/")
}

// isHeader reports whether a line has the form Name: value; browsers show
// HTTP/2's :path: too.
func isHeader(line string) bool {
	name, rest, ok := strings.Cut(strings.TrimPrefix(line, ":"), ":")
	return ok && name != "" && (rest == "" || rest[0] == ' ' || rest[0] == '\t') &&
		strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}

// isTrace knows the lines of curl -v, which marks all but the body.
func isTrace(line string) bool {
	return strings.HasPrefix(line, "< ") || strings.HasPrefix(line, "> ") || strings.HasPrefix(line, "* ")
}

func hasHeader(text string) bool {
	for line := range strings.Lines(text) {
		if kind, _ := cutHeader(strings.TrimSpace(line)); kind != Auto {
			return true
		}
	}
	return false
}

// cutHeader cuts a header's name off, and what curl -v writes before it. The
// kind is Auto when there is none.
func cutHeader(line string) (Kind, string) {
	bare := line
	if strings.HasPrefix(line, "< ") || strings.HasPrefix(line, "> ") {
		bare = strings.TrimSpace(line[2:])
	}
	name, rest, ok := strings.Cut(bare, ":")
	if !ok {
		return Auto, line
	}
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "cookie":
		return Header, strings.TrimSpace(rest)
	case "set-cookie":
		return SetHeader, strings.TrimSpace(rest)
	}
	return Auto, line
}
