// Package chunk names, splits and joins the cookies that one large value is
// spread over: session-0, session-1, … or session alone. It knows neither keys
// nor HTTP.
//
// Source: litestar.middleware.session.client_side, 2.25.0.
package chunk

import (
	"slices"
	"strconv"
	"strings"
)

// Max bounds how many chunks are read. Chromium keeps about 180 cookies a
// site; no server on the way takes the header of 64 full ones by default.
const Max = 64

// Bare is the number of the cookie that has none.
const Bare = -1

// Name returns the name of chunk n of a family.
func Name(family string, n int) string {
	if n == Bare {
		return family
	}
	return family + "-" + strconv.Itoa(n)
}

// Number returns which chunk of the family a cookie is: Bare, or its number as
// Python spells it, without leading zeros. A number of Max or more is returned
// as Max.
func Number(family, name string) (n int, ok bool) {
	rest, ok := strings.CutPrefix(name, family)
	if !ok {
		return 0, false
	}
	if rest == "" {
		return Bare, true
	}
	digits, ok := strings.CutPrefix(rest, "-")
	if !ok || digits == "" || len(digits) > 1 && digits[0] == '0' {
		return 0, false
	}
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return 0, false
		}
		n = min(n*10+int(digits[i]-'0'), Max)
	}
	return n, true
}

// Split cuts value into pieces of at most size bytes.
func Split(value string, size int) []string {
	pieces := make([]string, 0, (len(value)+size-1)/size)
	for len(value) > size {
		pieces = append(pieces, value[:size])
		value = value[size:]
	}
	return append(pieces, value)
}

// Set is what a request carries of one family. Of duplicates the last added
// counts; an empty value is no chunk.
type Set struct {
	bare     string
	numbered [Max]string
	count    int // one more than the highest number
}

// Add takes the value of chunk n, which must be Bare or below Max.
func (s *Set) Add(n int, value string) {
	if n == Bare {
		s.bare = value
		return
	}
	s.numbered[n] = value
	s.count = max(s.count, n+1)
	for s.count > 0 && s.numbered[s.count-1] == "" {
		s.count--
	}
}

// Full reports whether the last chunk that can be read is there.
func (s *Set) Full() bool { return s.count == Max }

// Empty reports whether there is no chunk at all.
func (s *Set) Empty() bool { return s.bare == "" && s.count == 0 }

// Incomplete reports whether the numbers show that a chunk is missing: one
// below the highest is not there.
func (s *Set) Incomplete() bool { return slices.Contains(s.numbered[:s.count], "") }

// Cut reports whether the numbered chunks look as if another had followed: the
// last is as long as the first, and full bytes or more. It says so of a complete
// value too if that fills its last chunk, so ask only when the value does not
// end as it should.
func (s *Set) Cut(full int) bool {
	if s.count == 0 {
		return false
	}
	first, last := s.numbered[0], s.numbered[s.count-1]
	return len(last) >= full && len(last) == len(first)
}

// end returns how many chunks from number 0 on belong together by their look:
// all are there, and only the last is shorter than the first, ends in base64's
// padding, or is followed by a longer one, as no chunk of its own value is.
func (s *Set) end() int {
	for i, piece := range s.numbered[:s.count] {
		if piece == "" {
			return 0
		}
		if len(piece) < len(s.numbered[0]) || strings.HasSuffix(piece, "=") ||
			i+1 < s.count && len(s.numbered[i+1]) > len(piece) {
			return i + 1
		}
	}
	return s.count
}

// Readings returns the values that the chunks may stand for, the likeliest
// first: the numbered ones joined in the order of their numbers, those of them
// that belong together by their look, the bare one, and all joined, as Python
// does.
//
// Stale chunks are common, so only authentication can tell which reading holds:
// Litestar leaves a bare one beside numbered ones (litestar#3441), and of two
// responses at a time the one with fewer chunks cannot know of the other's.
func (s *Set) Readings() []string {
	var readings []string
	joined := ""
	if s.count > 0 && !s.Incomplete() {
		joined = strings.Join(s.numbered[:s.count], "")
		readings = append(readings, joined)
	}
	if end := s.end(); 0 < end && end < s.count {
		readings = append(readings, strings.Join(s.numbered[:end], ""))
	}
	if s.bare != "" {
		readings = append(readings, s.bare)
		if joined != "" {
			readings = append(readings, s.bare+joined)
		}
	}
	return readings
}
