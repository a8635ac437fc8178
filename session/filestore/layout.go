package filestore

import (
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"golang.org/x/crypto/blake2s"

	"github.com/sessctl/sessctl/session"
)

// Layout is what the files hold, and how they are named.
type Layout uint8

const (
	Litestar Layout = iota + 1 // FileStore of Litestar v2
	Starlite                   // FileBackend of Starlite v1, since 1.34
)

// Names is how files are named.
type Names uint8

const (
	NamesDefault Names = iota // Starlite: by the id; Litestar, since 2.20: by its BLAKE2s-256
	NamesID                   // by the id, as Litestar before 2.20
)

const hashLength = 2 * blake2s.Size

// nameOf returns the name of a session's file. Before 2.20 Litestar changes
// characters that are not alphanumeric; an id has none.
func (s *Store) nameOf(id string) string {
	if !s.hashed {
		return id
	}
	sum := blake2s.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}

// isName reports whether a file of this name is a session's.
func (s *Store) isName(name string) bool {
	if s.hashed && len(name) != hashLength {
		return false
	}
	return session.ValidID(name)
}

// leftoverMark is between a session's name and what makes a draft's name unique.
// Python's own have no hyphen there.
const leftoverMark = ".tmp-"

// isLeftover reports whether a file of this name is a draft, or was one.
func (s *Store) isLeftover(name string) bool {
	name, random, ok := strings.Cut(name, leftoverMark)
	return ok && len(random) == 2*draftRandom && isHex(random) && s.isName(name)
}

func isHex(text string) bool {
	return strings.Trim(text, "0123456789abcdef") == ""
}

// file is a session's file. The zero file is one that is not there.
type file struct {
	raw     []byte
	data    []byte
	expires time.Time // zero: never
}

func (f file) exists() bool { return f.raw != nil }

// live reports whether the session is there at a time: to Python too it ends at
// the moment of its expiry.
func (f file) live(now time.Time) bool {
	return f.exists() && (f.expires.IsZero() || f.expires.After(now))
}

var errTime = errors.New("filestore: an expiry that is outside the years 1 to 9999")

// appendFile appends the content of a file. Both layouts have whole microseconds.
// The zero expires is never, which Litestar's alone has.
func (s *Store) appendFile(dst, data []byte, expires time.Time) ([]byte, error) {
	expires = expires.UTC().Truncate(time.Microsecond)
	if expires.Year() < 1 || expires.Year() > 9999 {
		return nil, errTime // datetime ends there
	}
	if s.layout == Starlite {
		return appendStarlite(dst, data, expires)
	}
	return appendLitestar(dst, data, expires), nil
}

// parseFile reads the content of a file.
func (s *Store) parseFile(raw []byte) (f file, err error) {
	f.raw = raw
	if s.layout == Starlite {
		f.data, f.expires, err = parseStarlite(raw)
	} else {
		var never bool
		f.data, f.expires, never, err = parseLitestar(raw)
		if never {
			return checkParsed(f, err)
		}
	}
	if f.expires.Before(longOver) { // Python's datetime.min is Go's zero time, which is never
		f.expires = longOver
	}
	return checkParsed(f, err)
}

// longOver is when a session ended whose file tells no time or an earlier one: a clock
// before it finds all that there is.
var longOver = time.Unix(0, 0).UTC()

func checkParsed(f file, err error) (file, error) {
	if err == nil {
		err = checkSize(f.data)
	}
	if err != nil {
		return file{}, err
	}
	return f, nil
}

// maxFile bounds a file: Starlite's JSON escapes data, to six bytes of one at most.
func (s *Store) maxFile() int64 {
	if s.layout == Starlite {
		return 6*maxData + 1024
	}
	return maxData + 1024
}
