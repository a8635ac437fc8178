package cookieinput

import (
	"fmt"
	"strings"
)

// MaxHAR is the limit on a HAR file, which holds the bodies of the responses
// too. Everything else is limited by [MaxInput].
const MaxHAR = 64 << 20

// form is a kind of input that is more than lines of cookies.
type form struct {
	is    func(text string) bool
	parse func(text string) ([]Cookie, error)
	limit int
}

var forms = map[Kind]form{
	Jar:  {isJar, parseJar, MaxInput},
	Curl: {isCurl, parseCurl, MaxInput},
	HAR:  {isHAR, parseHAR, MaxHAR},
}

// formOf returns the form of text, told by its shape if kind is Auto.
func formOf(text string, kind Kind) (f form, ok bool) {
	if kind != Auto {
		f, ok = forms[kind]
		return f, ok
	}
	for _, k := range []Kind{Jar, Curl, HAR} { // a jar of a host named curl is both
		if f := forms[k]; f.is(text) {
			return f, true
		}
	}
	return form{}, false
}

// read returns the cookies of text, each once.
func (f form) read(text string) ([]Cookie, error) {
	if len(text) > f.limit {
		return nil, fmt.Errorf("%w: more than %d MiB", ErrTooLarge, f.limit>>20)
	}
	if strings.TrimSpace(text) == "" {
		return nil, ErrEmpty
	}
	return f.parse(text)
}

// cookieSet holds cookies in the order in which they came, each once: a browser
// sends the same ones with every request.
type cookieSet struct {
	cookies []Cookie
	seen    map[Cookie]bool
}

func (s *cookieSet) add(cookies ...Cookie) error {
	for _, c := range cookies {
		if s.seen[c] {
			continue
		}
		if len(s.cookies) == maxCookies {
			return fmt.Errorf("%w: more than %d cookies", ErrTooLarge, maxCookies)
		}
		if s.seen == nil {
			s.seen = map[Cookie]bool{}
		}
		s.seen[c] = true
		s.cookies = append(s.cookies, c)
	}
	return nil
}
