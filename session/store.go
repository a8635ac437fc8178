package session

import (
	"context"
	"errors"
	"iter"
	"math"
	"time"
)

var (
	// ErrNotFound: the store has no such session, or it has expired.
	ErrNotFound = errors.New("session: no such session in the store")

	// ErrExists: the store has a session of this id already.
	ErrExists = errors.New("session: the store has a session of this id")

	// ErrDamaged: where a session should be there is something else, a torn file say. It
	// is left as it is, but by Delete.
	ErrDamaged = errors.New("session: the store holds something else where a session should be")

	// ErrChanged: the session is not what it was when it was read.
	ErrChanged = errors.New("session: the session was changed meanwhile")

	// ErrFull: the store holds as many sessions as it may.
	ErrFull = errors.New("session: the store is full")
)

// Store holds server-side sessions: data under an id, until it expires.
//
// The data is JSON in the spelling of Starlite and Litestar, but that is no
// business of a Store: what it is given it gives back byte for byte, or refuses with
// an error. Ids are lower-case hexadecimal digits, 32 to 128 of them, an even number; the callers
// see to that ([ValidID]).
//
// All methods are called from many goroutines, and other processes, Python's
// too, change the same sessions. Each method is one step: nobody sees a part of
// a session, and what a method that failed has done is either nothing or all.
// An error that is not one of this package's means that the store cannot be
// reached or is broken, or ctx is done; then nothing is known of the session.
//
// A ttl is rounded to what the store can hold; less than a second counts as one. It may
// be [NoExpiry].
type Store interface {
	// Load returns the data of a session and when it expires; a zero time is
	// never. It renews nothing. ErrNotFound: there is none, or it has expired.
	Load(ctx context.Context, id string) (data []byte, expires time.Time, err error)

	// Create stores a session under an id that is not in use, else ErrExists.
	Create(ctx context.Context, id string, data []byte, ttl time.Duration) error

	// Replace gives a session other data, and its whole ttl from now. It brings
	// nothing back: what is not there, deleted a moment ago or expired, is
	// ErrNotFound.
	Replace(ctx context.Context, id string, data []byte, ttl time.Duration) error

	// Touch gives a session its whole ttl from now, and leaves its data alone.
	// ErrNotFound as for Replace.
	Touch(ctx context.Context, id string, ttl time.Duration) error

	// Delete ends a session. ErrNotFound: there was none to end, so that of two who
	// delete at the same time one knows that it was not the one.
	Delete(ctx context.Context, id string) error
}

// NoExpiry, as a ttl, has a session live until it is deleted, where the store can
// hold that. In Starlite's files and in SQL tables it ends after these 292 years, in a
// Memory after 100.
const NoExpiry time.Duration = math.MaxInt64

// Swapper is a Store that can compare and replace in one step, so that requests at
// the same time do not undo what others did to other keys.
type Swapper interface {
	// Swap is Replace of a session whose data is old, byte for byte. If it is
	// something else it stays, and the error is ErrChanged.
	Swap(ctx context.Context, id string, old, data []byte, ttl time.Duration) error
}

// Entry is a session in a list.
type Entry struct {
	ID      string    // empty where the store does not know it: Litestar's files
	Key     string    // how the store names it
	Size    int       // of the data, in bytes
	Expires time.Time // zero: never

	// Odd: it lies where sessions do, and its key is none that ours have. Python
	// takes any text from a client for an id; it may also be something else, of
	// which Size and Expires are zero. It has no ID.
	Odd bool
}

// Lister is a Store that can be gone through. That is for operators, not for
// requests: it may take long, and what changes meanwhile may be missing. An entry
// whose session cannot be read comes with an error, and the next ones follow; an
// error with a zero Entry is the end. Where ctx ends before the list it ends with that error.
type Lister interface {
	List(ctx context.Context) iter.Seq2[Entry, error]
}

// Keyed is a Store whose sessions can be reached by an [Entry]'s Key: the odd ones,
// and those whose ids the store does not know.
type Keyed interface {
	LoadKey(ctx context.Context, key string) (data []byte, expires time.Time, err error)
	DeleteKey(ctx context.Context, key string) error
}

// Clearer is a Store that can delete all of its sessions, and nothing else.
type Clearer interface {
	Clear(ctx context.Context) (deleted int, err error)
}

// Pruner is a Store that does not forget by itself what has expired.
type Pruner interface {
	// Prune deletes what has expired by the clock of this host.
	Prune(ctx context.Context) (deleted int, err error)
}

const (
	minIDLength = 32
	maxIDLength = 128
)

// ValidID reports whether a text has the form of an id: 32 to 128 lower-case
// hexadecimal digits, an even number. Nothing else may reach a store: Python
// takes any text from a client, paths too.
func ValidID(id string) bool {
	if len(id) < minIDLength || len(id) > maxIDLength || len(id)%2 != 0 {
		return false
	}
	for i := range len(id) {
		if c := id[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
