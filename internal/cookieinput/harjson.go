package cookieinput

import (
	"encoding/json"
	"errors"
	"strings"
)

// The format is HAR 1.2, http://www.softwareishard.com/blog/har-12-spec/.
type (
	harEntry struct {
		url               string
		request, response harMessage
	}
	harMessage struct {
		headers message
		list    message
	}
	harPair struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
)

// cookies prefers a message's headers to its list of cookies, which is made from
// them: some browsers undo quotes there, and leave Max-Age out.
func (m *harMessage) cookies() []Cookie {
	if cookies := m.headers.end(); len(cookies) > 0 {
		return cookies
	}
	return m.list.end()
}

// readEntry keeps nothing but cookies: a file may hold millions of headers.
func readEntry(dec *json.Decoder) (e harEntry, err error) {
	err = readObject(dec, func(key string) error {
		switch key {
		case "request":
			return readObject(dec, func(key string) error {
				if key == "url" {
					return dec.Decode(&e.url)
				}
				return e.request.read(dec, key, "Cookie", e.request.headers.addPairs)
			})
		case "response":
			return readObject(dec, func(key string) error {
				return e.response.read(dec, key, "Set-Cookie", func(line string) error {
					return e.response.headers.add(parseSetCookie(line))
				})
			})
		}
		return skip(dec)
	})
	return e, err
}

// read reads what a message has under a key, and adds each line of a header.
func (m *harMessage) read(dec *json.Decoder, key, header string, add func(line string) error) error {
	switch key {
	case "headers":
		return readPairs(dec, func(p harPair) error {
			if !strings.EqualFold(p.Name, header) {
				return nil
			}
			for line := range strings.Lines(p.Value) { // several of one name are joined so
				if err := add(strings.TrimSpace(line)); err != nil {
					return err
				}
			}
			return nil
		})
	case "cookies":
		return readPairs(dec, func(p harPair) error { return m.list.add(newCookie(p.Name, p.Value)) })
	}
	return skip(dec)
}

// readPairs calls add for each pair of a list.
func readPairs(dec *json.Decoder, add func(harPair) error) error {
	var p harPair
	return readValue(dec, '[', func() error {
		p = harPair{}
		if err := dec.Decode(&p); err != nil {
			return err
		}
		return add(p)
	})
}

// readObject calls read for each key of an object, to read what it has.
func readObject(dec *json.Decoder, read func(key string) error) error {
	return readValue(dec, '{', func() error {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		return read(key.(string)) // the decoder lets nothing else be a key
	})
}

// readValue calls next for each element of a value that begins with open. Null
// has none.
func readValue(dec *json.Decoder, open json.Delim, next func() error) error {
	switch token, err := dec.Token(); {
	case err != nil:
		return err
	case token == nil:
		return nil
	case token != open:
		return errors.New("a value of another kind")
	}
	for dec.More() {
		if err := next(); err != nil {
			return err
		}
	}
	_, err := dec.Token()
	return err
}

// skipped is any value, not kept.
type skipped struct{}

func (*skipped) UnmarshalJSON([]byte) error { return nil }

func skip(dec *json.Decoder) error { return dec.Decode(new(skipped)) }

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
		if skip(dec) != nil {
			return false
		}
	}
	return false
}
