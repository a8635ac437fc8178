package cookieinput

import "strings"

// message gathers the cookies of one request or response.
type message struct {
	cookies []Cookie
	header  int // the size of the Cookie header
}

func (m *message) add(c Cookie) error {
	if len(m.cookies) == maxCookies {
		return errTooMany
	}
	m.cookies = append(m.cookies, c)
	return nil
}

// addPairs adds the value of a Cookie header. HTTP/2 splits one into several,
// which servers join: RFC 9113, 8.2.3.
func (m *message) addPairs(line string) error {
	if m.header == 0 {
		m.header = len("Cookie: ") + len(line)
	} else {
		m.header += len("; ") + len(line)
	}
	for pair := range strings.SplitSeq(line, ";") {
		if c, ok := parsePair(pair); ok {
			if err := m.add(c); err != nil {
				return err
			}
		}
	}
	return nil
}

// end returns the cookies, each with the size of their header.
func (m *message) end() []Cookie {
	for i := range m.cookies {
		m.cookies[i].Header = m.header
	}
	return m.cookies
}

// parsePairs reads the value of a Cookie header that comes in one line.
func parsePairs(line string) ([]Cookie, error) {
	var m message
	if err := m.addPairs(line); err != nil {
		return nil, err
	}
	return m.end(), nil
}
