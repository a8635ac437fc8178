package main

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/sessctl/sessctl/codec"
)

// made is a session in the cookies of a target.
type made struct {
	*writer
	value     string         // of the cookies, joined
	cookies   []*http.Cookie // none for an empty session
	cleared   []*http.Cookie
	expiresAt time.Time // zero: never
	oversized bool      // browsers or Python would drop it
	findings  []finding
}

// find looks for what a person should know of the cookies.
func (m *made) find(values *codec.Values) {
	r := &result{}
	switch {
	case m.oversized && m.format == codec.FormatLitestar:
		r.find("text-sorted-chunks", fmt.Sprintf("%d; the largest keys are %s", len(m.cookies), largestKeys(values)))
	case m.oversized:
		r.find("cookie-too-large", fmt.Sprintf("%d bytes; the largest keys are %s", len(m.name)+len(m.value), largestKeys(values)))
	case len(m.cookies) == 0:
		r.find("empty-session", "")
	}
	if size := len("Cookie: " + m.header()); size >= headerWarning {
		r.find("header-too-large", fmt.Sprintf("%d bytes", size))
	}
	if !isJSON(values.Text()) {
		r.find("not-json", "")
	}
	if isWeak(m.secret()) {
		r.findKey("weak-secret", m.key.label, "")
	}
	if m.format == codec.FormatLitestar {
		r.findInSecret(m.key)
	}
	m.findings = r.findings
}

// check refuses to print nothing.
func (m *made) check() error {
	switch {
	case len(m.cookies) > 0, m.form() == "value", m.form() == "json":
	case m.form() != "cookie" && len(m.cleared) > 0:
	default:
		return &failure{
			code: exitNotSession, text: "an empty session has no cookie: the frameworks set none, and clear the one that is there",
			hints: []string{"--as value makes a value of it none the less"},
		}
	}
	return nil
}

// form returns what --as says, or what fits.
func (m *made) form() string {
	switch {
	case m.as != "":
		return m.as
	case len(m.cookies) > 1:
		return "cookie"
	}
	return "value"
}

// append appends the cookies in the form that was asked for, but json.
func (m *made) append(dst []byte) []byte {
	switch m.form() {
	case "value":
		return append(append(dst, m.value...), '\n')
	case "cookie":
		return append(append(dst, m.header()...), '\n')
	case "set-cookie":
		for _, c := range append(m.cookies, m.cleared...) {
			dst = append(dst, "Set-Cookie: "+c.String()+"\n"...)
		}
	case "jar":
		dst = append(dst, "# Netscape HTTP Cookie File\n"...)
		for _, c := range append(m.cookies, m.cleared...) {
			dst = append(dst, m.jarLine(c)+"\n"...)
		}
	}
	return dst
}

// header returns the cookies as a Cookie header holds them.
func (m *made) header() string {
	var pairs []string
	for _, c := range m.cookies {
		pairs = append(pairs, c.Name+"="+sent(c))
	}
	return strings.Join(pairs, "; ")
}

// sent returns a cookie's value as it is sent: browsers and curl keep quotes.
func sent(c *http.Cookie) string {
	if c.Quoted {
		return `"` + c.Value + `"`
	}
	return c.Value
}

func sentSize(c *http.Cookie) int { return len(c.Name) + len(sent(c)) }

// jarLine returns a cookie as curl keeps it: domain, whether it counts for
// subdomains, path, secure, expiry (0: with the browser), name and value.
func (m *made) jarLine(c *http.Cookie) string {
	domain, subdomains := "."+c.Domain, "TRUE"
	switch {
	case c.Domain == "": // an old cookie of the host alone
		domain, subdomains = strings.ToLower(strings.TrimPrefix(m.cookie.Domain, ".")), "FALSE"
	case net.ParseIP(c.Domain) != nil:
		domain, subdomains = c.Domain, "FALSE"
	}
	var expires int64
	switch {
	case !c.Expires.IsZero():
		expires = 1 // long ago: 0 would be with the browser
	case c.MaxAge > 0:
		expires = m.now().Unix() + int64(c.MaxAge)
	}
	return strings.Join([]string{
		"#HttpOnly_" + domain, subdomains, c.Path, strings.ToUpper(fmt.Sprint(c.Secure)), fmt.Sprint(expires), c.Name, sent(c),
	}, "\t")
}

// describe says in one line what was made.
func (m *made) describe(c clock) string {
	text := fmt.Sprintf("%s cookie", m.format)
	switch n := len(m.cookies); {
	case n == 0 && m.form() != "value":
		return "no cookie, for the session is empty"
	case n > 1:
		text += fmt.Sprintf(" in %d chunks", n)
	}
	how := "signed"
	if m.format == codec.FormatLitestar {
		how = "encrypted"
	}
	text += fmt.Sprintf(", %s with key %q, ", how, m.key.label)
	if m.expiresAt.IsZero() {
		return text + "never expires"
	}
	return text + fmt.Sprintf("expires %s (%s)", c.absolute(m.expiresAt), c.relative(m.expiresAt))
}

// cookieRecord is what encode and migrate print as JSON. sessctl help json
// documents its fields.
type cookieRecord struct {
	Schema    string       `json:"schema"`
	Line      int64        `json:"line,omitzero"`
	Outcome   outcome      `json:"outcome"`
	Format    string       `json:"format"`
	Name      string       `json:"name"`
	Key       string       `json:"key"`
	ExpiresAt *string      `json:"expires_at"`
	Value     *string      `json:"value"`
	Cookies   []madeCookie `json:"cookies"`
	SetCookie []string     `json:"set_cookie"`
	*movement              // of migrate
	Findings  []finding    `json:"findings"`
}

type madeCookie struct {
	Name  string `json:"name"`
	Value string `json:"value,omitzero"`
	Size  int    `json:"size"`
}

func (t *target) newRecord(name string, o outcome) cookieRecord {
	return cookieRecord{
		Schema: schema, Outcome: o, Format: t.format.String(), Name: name, Key: t.key.label,
		Cookies: []madeCookie{}, SetCookie: []string{}, Findings: []finding{},
	}
}

// add adds what was made, and shows the cookies or no more than their sizes.
func (rec *cookieRecord) add(m *made, show bool) {
	rec.ExpiresAt = optionalTime(m.expiresAt)
	rec.Findings = append(rec.Findings, m.findings...)
	for _, c := range m.cookies {
		rec.Cookies = append(rec.Cookies, madeCookie{c.Name, "", sentSize(c)})
	}
	if !show {
		return
	}
	rec.Value = &m.value
	for i, c := range m.cookies {
		rec.Cookies[i].Value = c.Value
		if !m.oversized {
			rec.SetCookie = append(rec.SetCookie, c.String())
		}
	}
}
