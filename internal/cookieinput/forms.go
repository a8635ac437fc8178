package cookieinput

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
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

// cookieSet holds cookies in the order in which they came, each of a group once:
// a browser sends the same ones with every request.
type cookieSet struct {
	cookies []Cookie
	seen    map[Cookie]int // where each stands, by its group and content
}

func (s *cookieSet) add(c Cookie) error {
	key := c.content()
	key.Group = c.Group
	if i, ok := s.seen[key]; ok {
		s.cookies[i] = c.Merge(s.cookies[i])
		return nil
	}
	if len(s.cookies) == maxCookies {
		return errTooMany
	}
	if s.seen == nil {
		s.seen = map[Cookie]int{}
	}
	s.seen[key] = len(s.cookies)
	s.cookies = append(s.cookies, c)
	return nil
}

// pattern compiles a regular expression when it is first needed: a command
// starts for a single cookie, which mostly needs none.
func pattern(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
