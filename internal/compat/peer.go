// Package compat helps tests to hold package codec against real Python.
//
// A [Peer] is a Python web app that shares sessions with Go, and a [Browser]
// visits both with one cookie jar; [Chromium] is a real one. The functions for
// vectors do the same with sessions that were recorded: see package vectors.
package compat

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/pylive"
)

// Peer is a Python app of testdata/live, and how Go shares its sessions.
type Peer struct {
	Format      codec.Format
	Cookie      string // its name; "": session
	Numbered    bool   // writes session-0 for a single chunk
	Untimed     bool   // signs no time
	Modified    bool   // writes a session only when it was modified, not on every response
	LeavesStale bool   // leaves cookies behind when a session grows over one or shrinks to it (litestar#3441)

	// How it is configured. The zero values are Python's defaults.
	Python     string            // further arguments of the session middleware, as a JSON object
	Attributes *codec.Attributes // what they mean for the cookie, all but its name
	MaxAge     time.Duration     // what they mean for its life

	name   string // of its requirements
	module string
}

// The newest releases, and one that writes on every response.
var (
	Starlette      = Peer{name: "starlette", module: "starlette_app", Format: codec.FormatStarlette, Modified: true}
	Litestar       = Peer{name: "litestar", module: "litestar_app", Format: codec.FormatLitestar}
	OlderStarlette = Peer{name: "starlette-0.48.0", module: "starlette_app", Format: codec.FormatStarlette}
)

// One peer for each behavior that codec knows.
var peers = []Peer{
	Starlette,
	{name: "starlette-0.7.4", module: "starlette_untimed_app", Format: codec.FormatStarlette, Untimed: true},
	Litestar,
	{name: "litestar-2.8.2", module: "litestar_app", Format: codec.FormatLitestar, LeavesStale: true},
	{name: "starlite", module: "starlite_app", Format: codec.FormatLitestar, Numbered: true},
}

// EachPeer runs a test with every peer that matches, in parallel, where live
// tests were asked for.
func EachPeer(t *testing.T, match func(Peer) bool, test func(t *testing.T, p Peer)) {
	t.Helper()
	pylive.Require(t)
	for _, p := range peers {
		if match(p) {
			t.Run(p.name, func(t *testing.T) {
				t.Parallel()
				test(t, p)
			})
		}
	}
}

// Any matches every peer.
func (Peer) Any() bool { return true }

// Timed reports whether p's sessions expire.
func (p Peer) Timed() bool { return !p.Untimed }

// Splits reports whether p cuts a session that one cookie cannot hold.
func (p Peer) Splits() bool { return p.Format == codec.FormatLitestar }

// String returns the name of the peer's requirements: its release, but of the
// newest.
func (p Peer) String() string { return p.name }

// Serve starts the Python app with a secret, to be visited with b. It ends with
// b's test.
func (p Peer) Serve(b *Browser, s Secret) App {
	b.t.Helper()
	return App{b, p.Start(b.t, s)}
}

// Start starts the Python app with a secret and returns its URL. It ends with
// the test.
func (p Peer) Start(t testing.TB, s Secret) (url string) {
	t.Helper()
	dir := pylive.File(t, "")
	python := pylive.Venv(t, filepath.Join(dir, "requirements-"+p.name+".txt"))
	return pylive.Serve(t, python, dir, p.module+":app", "SESSION_SECRET="+s.String(),
		"SESSION_COOKIE="+cmp.Or(p.Cookie, "session"), "SESSION_OPTIONS="+cmp.Or(p.Python, "{}"))
}

// Codec returns the codec that shares p's cookies. The keys are labeled key-0,
// which is the current one, key-1 and so on.
func (p Peer) Codec(t testing.TB, current Secret, previous ...Secret) *codec.Codec {
	t.Helper()
	return p.CodecAt(t, nil, current, previous...)
}

// CodecAt is [Peer.Codec] with another clock.
func (p Peer) CodecAt(t testing.TB, now func() time.Time, current Secret, previous ...Secret) *codec.Codec {
	t.Helper()
	keys := codec.Keys{Current: codec.NewKey("key-0", p.key(current))}
	for i, s := range previous {
		keys.Previous = append(keys.Previous, codec.NewKey("key-"+strconv.Itoa(i+1), p.key(s)))
	}
	cookie := codec.Attributes{Insecure: true}
	if p.Attributes != nil {
		cookie = *p.Attributes
	}
	cookie.Name = p.Cookie
	var c *codec.Codec
	var err error
	if p.Format == codec.FormatStarlette {
		c, err = codec.NewStarlette(codec.StarletteConfig{Keys: keys, Cookie: cookie, MaxAge: p.MaxAge, Untimed: p.Untimed, Now: now})
	} else {
		c, err = codec.NewLitestar(codec.LitestarConfig{Keys: keys, Cookie: cookie, MaxAge: p.MaxAge, Numbered: p.Numbered, Now: now})
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Secret is what a Python app and its Go peers share.
type Secret [16]byte

// NewSecret returns a random secret.
func NewSecret() (s Secret) {
	rand.Read(s[:])
	return s
}

// String returns the hexadecimal digits that a Python app is given.
func (s Secret) String() string { return hex.EncodeToString(s[:]) }

// key is what the app makes of a secret: Starlette takes the digits themselves.
func (p Peer) key(s Secret) []byte {
	if p.Format == codec.FormatStarlette {
		return []byte(s.String())
	}
	return s[:]
}
