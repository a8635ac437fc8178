package main

import (
	"slices"
	"strings"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/cookieinput"
)

// family is a cookie and its chunks: NAME, and NAME-0, NAME-1, …
type family struct {
	group  int    // of its cookies
	host   string // where they came from, if known
	name   string // empty: a bare value
	number int    // of a bare value, from 1, where the input has several
	bare   []cookieinput.Cookie
	chunks map[int][]cookieinput.Cookie
	live   []cookieinput.Cookie // of all these, to tell what was sent twice
}

// familyID tells families apart. Going by it keeps a Cookie header of thousands of
// cookies, as anyone can send, from taking the square of their number.
type familyID struct {
	group      int
	host, name string
}

// families sorts cookies into families, session first, else in the order in
// which they stand. What several groups of one host have counts once.
func (q *query) families(cookies []cookieinput.Cookie) []*family {
	var sessions, others []*family
	known := map[familyID][]*family{} // of all groups
	for _, f := range q.gather(cookies) {
		if q.name != "" && f.name != q.name && f.name != "" {
			continue
		}
		f.live = f.living()
		if f.name != "" {
			id := familyID{host: f.host, name: f.name}
			if i := slices.IndexFunc(known[id], f.repeats); i >= 0 {
				known[id][i].add(f.live...)
				continue
			}
			known[id] = append(known[id], f)
		}
		if f.name == "session" {
			sessions = append(sessions, f)
		} else {
			others = append(others, f)
		}
	}
	return append(sessions, others...)
}

// gather puts the cookies of one group and name together.
func (q *query) gather(cookies []cookieinput.Cookie) []*family {
	var families, values []*family
	known := map[familyID]*family{}
	for _, c := range cookies {
		id := familyID{c.Group, c.Host, q.familyOf(c)}
		f := known[id]
		if f == nil || id.name == "" {
			f = &family{group: c.Group, host: c.Host, name: id.name, chunks: map[int][]cookieinput.Cookie{}}
			families = append(families, f)
			known[id] = f
		}
		if id.name == "" {
			values = append(values, f)
		}
		f.add(c)
	}
	if len(values) > 1 {
		for i, f := range values {
			f.number = i + 1
		}
	}
	return families
}

// familyOf returns the name of the family of a cookie. A signed one is never
// split, whatever its name ends in.
func (q *query) familyOf(c cookieinput.Cookie) string {
	name, _, isChunk := cookieinput.CutNumber(c.Name)
	if !isChunk || c.Name == q.name || strings.Contains(c.Value, ".") || q.format == codec.FormatStarlette {
		return c.Name
	}
	return name
}

func (f *family) add(cookies ...cookieinput.Cookie) {
	for _, c := range cookies {
		if c.Name == f.name {
			f.bare = appendLast(f.bare, c)
			continue
		}
		_, number, _ := cookieinput.CutNumber(c.Name)
		f.chunks[number] = appendLast(f.chunks[number], c)
	}
}

// living returns the cookies of a family that hold something.
func (f *family) living() []cookieinput.Cookie {
	cookies := live(f.bare)
	for _, n := range numbers(f.chunks) {
		cookies = append(cookies, live(f.chunks[n])...)
	}
	return cookies
}

// repeats reports whether two families are one that was sent twice. What a
// response clears beside it makes no difference: no request has that.
func (f *family) repeats(other *family) bool {
	return f.name != "" && f.name == other.name && f.host == other.host &&
		slices.EqualFunc(f.live, other.live, cookieinput.Cookie.Same)
}

// appendLast appends c, and takes it out where it stands before: a browser
// sends the same cookie with every request, and of different ones the last
// counts.
func appendLast(cookies []cookieinput.Cookie, c cookieinput.Cookie) []cookieinput.Cookie {
	for i := range cookies {
		if cookies[i].Value == c.Value && c.Same(cookies[i]) {
			c = c.Merge(cookies[i])
			cookies = slices.Delete(cookies, i, i+1)
			break
		}
	}
	return append(cookies, c)
}

// live returns those of one name that hold something, or none if the last one,
// which counts, is a deletion.
func live(cookies []cookieinput.Cookie) []cookieinput.Cookie {
	if len(cookies) == 0 || cookies[len(cookies)-1].Deletion() {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(cookies), cookieinput.Cookie.Deletion)
}

// firstMissing returns the lowest number that is no chunk's.
func firstMissing(chunks map[int][]cookieinput.Cookie) int {
	n := 0
	for chunks[n] != nil {
		n++
	}
	return n
}

func numbers(chunks map[int][]cookieinput.Cookie) []int {
	var all []int
	for n := range chunks {
		all = append(all, n)
	}
	slices.Sort(all)
	return all
}

// join returns the likeliest reading: the numbered chunks, or else the one
// without number.
func join(bare []cookieinput.Cookie, chunks map[int][]cookieinput.Cookie) string {
	var b strings.Builder
	for _, n := range numbers(chunks) {
		b.WriteString(chunks[n][len(chunks[n])-1].Value)
	}
	if len(chunks) == 0 {
		return bare[len(bare)-1].Value
	}
	return b.String()
}

const (
	// maxNames bounds how many names of foreign cookies a hint lists.
	maxNames = 10
	// maxName is the length above which no app names its cookie.
	maxName = 64
)

// listNames lists the names of cookies, but not what only stands where a name
// would: a piece of a session, say, or a URL with a password.
func listNames(cookies []cookieinput.Cookie) string {
	var names []string
	for _, c := range cookies {
		if !isToken(c.Name) || len(c.Name) > maxName || strings.HasPrefix(c.Name, "eyJ") || slices.Contains(names, c.Name) {
			continue
		}
		if len(names) == maxNames {
			names = append(names, "…")
			break
		}
		names = append(names, c.Name)
	}
	return strings.Join(names, ", ")
}

// isToken reports whether a text can be a cookie's name, by RFC 6265.
func isToken(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r)
	})
}

// shortName cuts a name for a message.
func shortName(name string) string {
	if refuseDSN(name) != nil {
		return "…" // it may hold a password
	}
	if len(name) > maxName {
		return strings.ToValidUTF8(name[:maxName], "") + "…"
	}
	return name
}
