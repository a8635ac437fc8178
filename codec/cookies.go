package codec

import (
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"time"
)

// Limits on cookies. Their sources are outside.
const (
	// MaxCookieSize is what Chromium 156 and Firefox ESR keep of one cookie:
	// name and value, quotes counted, attributes not.
	MaxCookieSize = 4096
	// maxPartitioned is what Chromium 156 keeps of the partitioned cookies of a
	// site, names and values together: of more it drops the oldest.
	maxPartitioned = 10 << 10
	// MaxValueSize bounds one value that is read, its chunks joined. Few servers
	// take a header as long by default: nginx 8 kB a line, gunicorn 8190 bytes,
	// Node and uvicorn with h11 16 KiB.
	MaxValueSize = 64 << 10
	// maxCookies bounds the cookies of one request, as net/http's
	// httpcookiemaxnum does by default.
	maxCookies = 3000
	// maxName bounds the name of a cookie, as Litestar does.
	maxName = 256
)

// Attributes are those of the cookies that are set. The zero value is
// session; Path=/; HttpOnly; Secure; SameSite=Lax.
type Attributes struct {
	Name        string        // "": session
	Path        string        // "": /
	Domain      string        // "": none, the cookie stays with this host
	Insecure    bool          // leave out Secure: Python's default (https_only False)
	SameSite    http.SameSite // 0: Lax; http.SameSiteDefaultMode: no such attribute
	Partitioned bool          // needs Secure
}

// withDefaults fills in the zero values and refuses what browsers would drop.
func (a Attributes) withDefaults() (Attributes, error) {
	if a.Name == "" {
		a.Name = "session"
	}
	if a.Path == "" {
		a.Path = "/"
	}
	if a.SameSite == 0 {
		a.SameSite = http.SameSiteLaxMode
	}
	// As browsers compare it; http.Cookie leaves out a leading dot, too.
	domain := a.Domain
	a.Domain = strings.ToLower(strings.TrimPrefix(a.Domain, "."))
	if err := a.cookie(a.Name, "").Valid(); err != nil {
		return a, fmt.Errorf("codec: cookie attributes: %w", err)
	}
	name := strings.ToLower(a.Name)
	switch {
	case len(name) > maxName:
		return a, fmt.Errorf("codec: cookie attributes: a name of %d bytes, at most %d", len(name), maxName)
	case a.Path[0] != '/':
		return a, errors.New("codec: cookie attributes: a Path that does not begin with /, which browsers ignore")
	case a.SameSite < http.SameSiteDefaultMode || a.SameSite > http.SameSiteNoneMode:
		return a, errors.New("codec: cookie attributes: no such SameSite")
	case a.Insecure && a.SameSite == http.SameSiteNoneMode:
		return a, errors.New("codec: cookie attributes: SameSite=None needs Secure")
	case domain != "" && a.Domain == "":
		return a, errors.New("codec: cookie attributes: a Domain without a name")
	case a.Insecure && (strings.HasPrefix(name, "__secure-") || strings.HasPrefix(name, "__host-") || strings.HasPrefix(name, "__http-")):
		return a, errors.New("codec: cookie attributes: the name's prefix needs Secure")
	case strings.HasPrefix(name, "__host-") && (a.Domain != "" || a.Path != "/"):
		return a, errors.New("codec: cookie attributes: __Host- allows no Domain and no Path but /")
	}
	return a, nil
}

// Validate fills in the zero values, and refuses what browsers would drop.
func (a Attributes) Validate() (Attributes, error) { return a.withDefaults() }

// Cookie returns a cookie with these attributes, which Validate has to have
// returned. A maxAge below a second leaves Max-Age out.
func (a Attributes) Cookie(value string, maxAge time.Duration) *http.Cookie {
	c := a.cookie(a.Name, value)
	c.MaxAge = int(maxAge / time.Second)
	return c
}

// Clearing returns the cookie that clears one with these attributes, as Python
// does, with the value null.
func (a Attributes) Clearing() *http.Cookie { return a.clear(a.Name) }

func (a Attributes) cookie(name, value string) *http.Cookie {
	return &http.Cookie{
		Name: name, Value: value, Path: a.Path, Domain: a.Domain,
		HttpOnly: true, Secure: !a.Insecure, SameSite: a.SameSite, Partitioned: a.Partitioned,
	}
}

// cleared is the value that Python gives a cookie to clear it, and that it
// reads as no session should a client keep it.
const cleared = "null"

func (a Attributes) clear(name string) *http.Cookie {
	c := a.cookie(name, cleared)
	c.Expires = time.Unix(0, 0) // an expiry of now, as Litestar's, needs a client whose clock is right
	return c
}

// Cookies returns the cookies of a request's Cookie headers as Starlette and
// Litestar read them: nothing is dropped for the characters it holds, outer
// double quotes and the escapes within them are undone, several headers are one.
// As with net/http, more than 3000 cookies are none.
func Cookies(h http.Header) []*http.Cookie {
	cookies, _ := readCookies(h, func(string) bool { return true })
	return cookies
}

func readCookies(h http.Header, want func(name string) bool) ([]*http.Cookie, error) {
	var cookies []*http.Cookie
	lines := h["Cookie"]
	n := len(lines)
	for _, line := range lines {
		n += strings.Count(line, ";")
	}
	if n > maxCookies {
		return nil, ErrTooLarge
	}
	for _, line := range lines {
		for pair := range strings.SplitSeq(line, ";") {
			name, value, ok := strings.Cut(pair, "=")
			if !ok {
				name, value = "", name
			}
			name, value = textproto.TrimString(name), textproto.TrimString(value)
			if (name != "" || value != "") && want(name) {
				value, quoted := Unquote(value)
				cookies = append(cookies, &http.Cookie{Name: name, Value: value, Quoted: quoted})
			}
		}
	}
	return cookies, nil
}

// Unquote undoes what Python's http.cookies does to a value that holds more
// than letters and digits: double quotes around it, and in them \" \\ and \ooo.
// [Cookies] has done so; it is for values that come by another way.
func Unquote(s string) (value string, quoted bool) {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s, false
	}
	s = s[1 : len(s)-1]
	if !strings.Contains(s, `\`) {
		return s, true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '\\' || i+1 == len(s):
			b.WriteByte(s[i])
		case i+3 < len(s) && '0' <= s[i+1] && s[i+1] <= '3' && octal(s[i+2]) && octal(s[i+3]):
			b.WriteRune(rune(s[i+1]-'0')<<6 | rune(s[i+2]-'0')<<3 | rune(s[i+3]-'0'))
			i += 3
		default:
			b.WriteByte(s[i+1])
			i++
		}
	}
	return b.String(), true
}

func octal(c byte) bool { return '0' <= c && c <= '7' }

// percentDecode undoes %xx. What holds a % that is no escape is left as it is:
// Python decodes the rest of it, but a value with a % opens under no key.
func percentDecode(s string) string {
	if decoded, err := url.PathUnescape(s); err == nil {
		return decoded
	}
	return s
}
