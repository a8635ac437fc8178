package main

import (
	"slices"
	"strconv"
	"strings"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/cookieinput"
)

// family is a cookie and its chunks: NAME, and NAME-0, NAME-1, …
type family struct {
	name   string // empty: a bare value
	number int    // of a bare value, from 1, where the input has several
	bare   []cookieinput.Cookie
	chunks map[int][]cookieinput.Cookie
}

// families sorts cookies into families, session first, else in the order in
// which they stand.
func (q *query) families(cookies []cookieinput.Cookie) []*family {
	values := 0
	for _, c := range cookies {
		if c.Name == "" {
			values++
		}
	}
	number := 0
	var families []*family
	of := func(name string) *family {
		for _, f := range families {
			if f.name == name && name != "" {
				return f
			}
		}
		f := &family{name: name, chunks: map[int][]cookieinput.Cookie{}}
		if name == "session" {
			families = slices.Insert(families, 0, f)
		} else {
			families = append(families, f)
		}
		return f
	}
	for _, c := range cookies {
		if c.Name == "" {
			f := of("")
			f.bare = []cookieinput.Cookie{c}
			if number++; values > 1 {
				f.number = number
			}
			continue
		}
		name, number, isChunk := cutNumber(c.Name)
		// A signed cookie is never split, whatever its name ends in.
		if !isChunk || c.Name == q.name || strings.Contains(c.Value, ".") || q.format == codec.FormatStarlette {
			f := of(c.Name)
			f.bare = appendLast(f.bare, c)
			continue
		}
		f := of(name)
		f.chunks[number] = appendLast(f.chunks[number], c)
	}
	if q.name != "" {
		families = slices.DeleteFunc(families, func(f *family) bool { return f.name != q.name && f.name != "" })
	}
	return families
}

// appendLast appends c, and takes it out where it stands before: a browser
// sends the same cookie with every request, and of different ones the last
// counts.
func appendLast(cookies []cookieinput.Cookie, c cookieinput.Cookie) []cookieinput.Cookie {
	cookies = slices.DeleteFunc(cookies, func(other cookieinput.Cookie) bool { return other == c })
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

// cutNumber cuts session-12 into session and 12. The number is spelled as
// Python spells it.
func cutNumber(name string) (base string, number int, ok bool) {
	i := strings.LastIndexByte(name, '-')
	if i <= 0 {
		return name, 0, false
	}
	number, err := strconv.Atoi(name[i+1:])
	if err != nil || number < 0 || strconv.Itoa(number) != name[i+1:] {
		return name, 0, false
	}
	return name[:i], number, true
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
// would: a piece of a session, say.
func listNames(cookies []cookieinput.Cookie) string {
	var names []string
	for _, c := range cookies {
		if c.Name == "" || len(c.Name) > maxName || strings.HasPrefix(c.Name, "eyJ") || slices.Contains(names, c.Name) {
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

// shortName cuts a name for a message.
func shortName(name string) string {
	if len(name) > maxName {
		return strings.ToValidUTF8(name[:maxName], "") + "…"
	}
	return name
}
