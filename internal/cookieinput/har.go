package cookieinput

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

var (
	// ErrHAR: JSON that is no HAR file, or no JSON.
	ErrHAR = errors.New("not a HAR file")
	// ErrNoCookieHAR: a HAR file whose requests and responses have no cookie.
	ErrNoCookieHAR = errors.New("no cookie in the HAR file")
)

var harStart = pattern(`^\s*\{\s*"log"\s*:`)

func isHAR(text string) bool { return harStart().MatchString(text) }

// parseHAR returns the cookies of a HAR file in the order of its entries, those
// of a request before those of its response. It decodes one value at a time.
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
	found := harCookies{groups: map[[sha256.Size]byte]int{}}
	number := 0
	for dec.More() {
		number++
		err := found.addEntry(dec, number)
		switch {
		case errors.Is(err, ErrTooLarge):
			return nil, err
		case err != nil: // What the decoder says may quote content.
			return nil, fmt.Errorf("entry %d: %w: cut off, or not as HAR 1.2 has it", number, ErrHAR)
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

// harCookies holds the cookies of a HAR file, each family of a host and a
// content once.
type harCookies struct {
	cookieSet
	groups map[[sha256.Size]byte]int // the first with each family
}

func (h *harCookies) addEntry(dec *json.Decoder, number int) error {
	e, err := readEntry(dec)
	if err != nil {
		return err
	}
	host := ""
	if u, err := url.Parse(e.url); err == nil {
		host = strings.ToLower(u.Hostname()) // cookies know no ports: RFC 6265, 8.5
	}
	if err := h.addMessage(e.request.cookies(), host, 2*number-1); err != nil {
		return err
	}
	return h.addMessage(e.response.cookies(), host, 2*number)
}

func (h *harCookies) addMessage(cookies []Cookie, host string, group int) error {
	families := map[string][]*Cookie{}
	for i := range cookies {
		name, _, _ := CutNumber(cookies[i].Name)
		families[name] = append(families[name], &cookies[i])
	}
	for _, family := range families {
		key := digest(host, family)
		if h.groups[key] == 0 {
			h.groups[key] = group
		}
		for _, c := range family {
			c.Host, c.Group = host, h.groups[key]
		}
	}
	for _, c := range cookies {
		if err := h.add(c); err != nil {
			return err
		}
	}
	return nil
}

// digest is the same for families with the same cookies. Their order counts
// among those of one name, where it matters which is the last.
func digest(host string, family []*Cookie) [sha256.Size]byte {
	slices.SortStableFunc(family, func(a, b *Cookie) int { return strings.Compare(a.Name, b.Name) })
	hash := sha256.New()
	fmt.Fprintf(hash, "%q", host)
	for _, c := range family {
		fmt.Fprintf(hash, "%q%q%t%d%t", c.Name, c.Value, c.Quoted, c.Size, c.Expunge)
	}
	return [sha256.Size]byte(hash.Sum(nil))
}
