package memcachedstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
)

// Starlite is the namespace of Starlite's sessions, its default key_prefix.
const Starlite = "STARLITE_SESSION"

// Config configures [New].
type Config struct {
	Addr      string // host:port, or the path of a Unix socket
	Namespace string // "": Starlite. It stands before the id and a colon

	// Dial connects to the server, say with TLS. It must end when ctx does. nil: that
	// of a net.Dialer.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	MaxIdle int              // 0: 16. How many connections are kept when they are idle; how many there are at a time is not bounded
	Now     func() time.Time // nil: time.Now
}

const (
	defaultMaxIdle = 16

	// maxKey is memcached's, in bytes.
	maxKey = 250

	// maxID is that of [session.ValidID].
	maxID = 128

	// maxData bounds a session: what [codec] reads of one is no longer. By default
	// memcached takes some 150 bytes less.
	maxData = 1 << 20
)

// Store is a memcached server. It is safe for concurrent use.
type Store struct {
	client client
	prefix string
	now    func() time.Time
}

var (
	_ session.Store   = (*Store)(nil)
	_ session.Swapper = (*Store)(nil)
	_ session.Keyed   = (*Store)(nil)
)

// New returns the store of a server. It connects when it is used.
func New(c Config) (*Store, error) {
	if c.Namespace == "" {
		c.Namespace = Starlite
	}
	if c.MaxIdle == 0 {
		c.MaxIdle = defaultMaxIdle
	}
	if c.Dial == nil {
		c.Dial = new(net.Dialer).DialContext
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	network := "tcp"
	if strings.ContainsAny(c.Addr, `/\`) {
		network = "unix"
	} else if host, port, err := net.SplitHostPort(c.Addr); err != nil || host == "" || port == "" {
		return nil, errors.New("memcachedstore: Addr must be host:port, or the path of a Unix socket")
	}
	s := &Store{prefix: c.Namespace + ":", now: c.Now}
	if len(s.prefix)+maxID > maxKey || !isKey(s.prefix) {
		return nil, fmt.Errorf("memcachedstore: Namespace must be at most %d bytes of UTF-8, without white space and control characters", maxKey-maxID-1)
	}
	if c.MaxIdle < 0 {
		return nil, errors.New("memcachedstore: a negative MaxIdle")
	}
	s.client = client{network: network, addr: c.Addr, dial: c.Dial, maxIdle: c.MaxIdle}
	return s, nil
}

// Close closes the connections; those in use as soon as they are not. The store is of
// no use then.
func (s *Store) Close() error { return s.client.close() }

// Load is [session.Store].
func (s *Store) Load(ctx context.Context, id string) ([]byte, time.Time, error) {
	key, err := s.key(id)
	if err != nil {
		return nil, time.Time{}, err
	}
	return s.load(ctx, key)
}

func (s *Store) load(ctx context.Context, key string) ([]byte, time.Time, error) {
	a, err := s.get(ctx, key)
	if err != nil || a.ttl < 0 {
		return a.data, time.Time{}, err
	}
	return a.data, s.now().Add(time.Duration(a.ttl) * time.Second), nil
}

// Create is [session.Store].
func (s *Store) Create(ctx context.Context, id string, data []byte, ttl time.Duration) error {
	return s.put(ctx, "add", id, data, ttl)
}

// Replace is [session.Store].
func (s *Store) Replace(ctx context.Context, id string, data []byte, ttl time.Duration) error {
	return s.put(ctx, "replace", id, data, ttl)
}

// Touch is [session.Store].
func (s *Store) Touch(ctx context.Context, id string, ttl time.Duration) error {
	key, err := s.key(id)
	if err != nil {
		return err
	}
	_, err = s.client.do(ctx, request{command: "touch", key: key, line: line("touch", key, s.exptime(ttl)), again: true})
	return err
}

// Delete is [session.Store].
func (s *Store) Delete(ctx context.Context, id string) error {
	key, err := s.key(id)
	if err != nil {
		return err
	}
	return s.delete(ctx, key)
}

func (s *Store) delete(ctx context.Context, key string) error {
	_, err := s.client.do(ctx, request{command: "delete", key: key, line: line("delete", key)})
	return err
}

// Swap is [session.Swapper].
func (s *Store) Swap(ctx context.Context, id string, old, data []byte, ttl time.Duration) error {
	key, err := s.key(id)
	if err != nil {
		return err
	}
	for {
		a, err := s.get(ctx, key)
		switch {
		case err != nil:
			return err
		case a.cas == 0:
			return errors.New("memcachedstore: the server runs without CAS (-C): it cannot compare and write in one step")
		case !bytes.Equal(a.data, old):
			return session.ErrChanged
		}
		err = s.put(ctx, "cas", id, data, ttl, a.cas)
		if !errors.Is(err, session.ErrChanged) {
			return err
		}
		// Somebody has written; but it may be the same: Python writes all that it reads.
	}
}

// LoadKey is [session.Keyed]; a key is what follows the namespace and the colon: what
// Python takes for an id.
func (s *Store) LoadKey(ctx context.Context, key string) ([]byte, time.Time, error) {
	if err := s.checkKey(key); err != nil {
		return nil, time.Time{}, err
	}
	return s.load(ctx, s.prefix+key)
}

// DeleteKey is [session.Keyed].
func (s *Store) DeleteKey(ctx context.Context, key string) error {
	if err := s.checkKey(key); err != nil {
		return err
	}
	return s.delete(ctx, s.prefix+key)
}

func (s *Store) get(ctx context.Context, key string) (answer, error) {
	return s.client.do(ctx, request{command: "mg", key: key, line: []byte("mg " + key + " k t c v\r\n"), again: true})
}

func (s *Store) put(ctx context.Context, command, id string, data []byte, ttl time.Duration, cas ...uint64) error {
	key, err := s.key(id)
	if err != nil {
		return err
	}
	if len(data) > maxData {
		return fmt.Errorf("memcachedstore: a session of %d bytes: %w", len(data), codec.ErrTooLarge)
	}
	const flags = 0
	numbers := append([]uint64{flags, s.exptime(ttl), uint64(len(data))}, cas...)
	_, err = s.client.do(ctx, request{command: command, key: key, line: line(command, key, numbers...), data: data, stores: true})
	return err
}

// line is the first line of a request.
func line(command, key string, numbers ...uint64) []byte {
	l := make([]byte, 0, len(command)+len(key)+64)
	l = append(append(append(l, command...), ' '), key...)
	for _, n := range numbers {
		l = strconv.AppendUint(append(l, ' '), n, 10)
	}
	return append(l, '\r', '\n')
}

func (s *Store) key(id string) (string, error) {
	if !session.ValidID(id) {
		return "", errors.New("memcachedstore: what is not a valid id reached the store")
	}
	return s.prefix + id, nil
}

func (s *Store) checkKey(key string) error {
	if len(s.prefix)+len(key) > maxKey || !isKey(key) {
		return errors.New("memcachedstore: a key is what memcached takes for one: short, without white space and control characters")
	}
	return nil
}

// isKey reports whether a text can be part of a key for memcached and for aiomcache.
func isKey(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
}

// maxRelative is the longest time to live, in seconds, that memcached does not
// take for a date.
const maxRelative = 30 * 24 * 60 * 60

// exptime is a ttl as memcached has it: seconds, or, where they are too many, a
// date, which is a 32-bit number with a sign; 0 is never.
func (s *Store) exptime(ttl time.Duration) uint64 {
	if ttl == session.NoExpiry {
		return 0
	}
	seconds := int64((max(ttl, 2*time.Second)-1)/time.Second) + 1
	if seconds <= maxRelative {
		return uint64(seconds)
	}
	now := s.now().Unix()
	if date := min(now+seconds, math.MaxInt32); date-now > maxRelative {
		return uint64(date)
	}
	return maxRelative
}
