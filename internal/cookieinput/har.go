package cookieinput

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

var (
	// ErrHAR: JSON that is no HAR file, or no JSON.
	ErrHAR = errors.New("not a HAR file")
	// ErrNoCookieHAR: a HAR file whose requests and responses have no cookie.
	ErrNoCookieHAR = errors.New("no cookie in the HAR file")
)

// The format is HAR 1.2, http://www.softwareishard.com/blog/har-12-spec/.
type (
	harEntry struct {
		Request  harMessage `json:"request"`
		Response harMessage `json:"response"`
	}
	harMessage struct {
		Headers []harPair `json:"headers"`
		Cookies []harPair `json:"cookies"`
	}
	harPair struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
)

var harStart = regexp.MustCompile(`^\s*\{\s*"log"\s*:`)

func isHAR(text string) bool { return harStart.MatchString(text) }

// parseHAR returns the cookies of a HAR file in the order of its entries, those
// of a request before those of its response. It decodes one entry at a time.
func parseHAR(text string) ([]Cookie, error) {
	dec := json.NewDecoder(strings.NewReader(text))
	for _, key := range []string{"log", "entries"} {
		if !enterKey(dec, key) {
			return nil, fmt.Errorf("%w: it has no log with entries", ErrHAR)
		}
	}
	if token, err := dec.Token(); err != nil || token != json.Delim('[') {
		return nil, fmt.Errorf("%w: its entries are not a list", ErrHAR)
	}
	var found cookieSet
	number := 0
	for dec.More() {
		number++
		var e harEntry
		if err := dec.Decode(&e); err != nil {
			// What the decoder says may quote content.
			return nil, fmt.Errorf("entry %d: %w: cut off, or not as HAR 1.2 has it", number, ErrHAR)
		}
		if err := found.add(e.cookies()...); err != nil {
			return nil, err
		}
	}
	if _, err := dec.Token(); err != nil {
		return nil, fmt.Errorf("entry %d: %w: the file ends behind it", number, ErrHAR)
	}
	if len(found.cookies) == 0 {
		return nil, ErrNoCookieHAR
	}
	return found.cookies, nil
}

// enterKey opens an object and stops before the value of a key.
func enterKey(dec *json.Decoder, key string) bool {
	if token, err := dec.Token(); err != nil || token != json.Delim('{') {
		return false
	}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return false
		}
		if token == key {
			return true
		}
		var skipped json.RawMessage
		if dec.Decode(&skipped) != nil {
			return false
		}
	}
	return false
}

func (e harEntry) cookies() []Cookie {
	request := e.Request.read("Cookie", parsePairs)
	response := e.Response.read("Set-Cookie", func(line string) []Cookie { return []Cookie{parseSetCookie(line)} })
	return append(request, response...)
}

// read prefers a message's headers to its list of cookies, which is made from
// them: some browsers undo quotes there, and leave Max-Age out.
func (m harMessage) read(header string, parse func(string) []Cookie) []Cookie {
	var cookies []Cookie
	for _, h := range m.Headers {
		if !strings.EqualFold(h.Name, header) {
			continue
		}
		for line := range strings.Lines(h.Value) { // several of one name are joined so
			cookies = append(cookies, parse(strings.TrimSpace(line))...)
		}
	}
	if len(cookies) > 0 {
		return cookies
	}
	for _, c := range m.Cookies {
		cookies = append(cookies, newCookie(c.Name, c.Value))
	}
	return cookies
}
