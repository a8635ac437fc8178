package codec

import (
	"net/http"
	"time"
)

// Format is a family of session cookies.
type Format uint8

const (
	// FormatStarlette is Starlette's (and so FastAPI's) cookie: JSON in base64,
	// signed with itsdangerous.
	FormatStarlette Format = iota + 1
	// FormatLitestar is the cookie of Litestar v2 and Starlite v1: JSON
	// encrypted with AES-GCM, split over several cookies.
	FormatLitestar
)

// String returns starlette or litestar.
func (f Format) String() string { panic("stub") }

// NoMaxAge, as a MaxAge, means that a signed cookie never expires
// (max_age=None in Starlette).
const NoMaxAge time.Duration = -1

// DefaultMaxAge is the max age of Starlette, Starlite and Litestar: 14 days.
const DefaultMaxAge = 14 * 24 * time.Hour

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

// StarletteConfig configures [NewStarlette].
type StarletteConfig struct {
	Keys     Keys
	Cookie   Attributes
	MaxAge   time.Duration    // 0: DefaultMaxAge; NoMaxAge: never expires; else whole seconds
	Leeway   time.Duration    // 0: none, as Python; for expiry and for the future
	Backdate time.Duration    // 0: none; signs that much in the past, so that a peer whose clock lags accepts it
	Untimed  bool             // no timestamp: Starlette 0.6.2 to 0.7
	Now      func() time.Time // nil: time.Now
}

// LitestarConfig configures [NewLitestar].
type LitestarConfig struct {
	Keys      Keys
	Cookie    Attributes
	MaxAge    time.Duration    // 0: DefaultMaxAge; else whole seconds
	Leeway    time.Duration    // 0: none, as Python
	Numbered  bool             // session-0 even for one chunk: while Starlite or Litestar ≤ 2.8.2 shares the cookie
	MaxChunks int              // 0: 10, all that Python's text sort can read back
	Now       func() time.Time // nil: time.Now
}

// MigrationConfig configures [NewMigration].
type MigrationConfig struct {
	To   *Codec
	From []*Codec
}

// Codec reads and writes session cookies. It is immutable and safe for
// concurrent use.
type Codec struct{}

// Info says how a session was read.
type Info struct {
	Format    Format
	KeyLabel  string
	KeyIndex  int           // 0: Current, then Previous in order; -1: none (unverified)
	SignedAt  time.Time     // zero: unknown (Litestar, Starlette without timestamp)
	ExpiresAt time.Time     // zero: never, or unknown
	Age       time.Duration // since it was written; Litestar: MaxAge less what is left
	Stale     bool          // opened by a Previous key or a From format: write it back
}

// Session is what a cookie held: the data, and how it was read.
type Session struct {
	*Values
	Info
}

// EncodeOption changes one call of [Codec.Write], [Codec.EncodeCookies] or [Codec.Encode].
type EncodeOption func(*encodeOptions)

type encodeOptions struct{ expires time.Time }

// ExpiresAt keeps what is left of a lifetime, in Max-Age too.
func ExpiresAt(t time.Time) EncodeOption { return func(o *encodeOptions) { o.expires = t } }

func NewStarlette(StarletteConfig) (*Codec, error) { panic("stub") }
func NewLitestar(LitestarConfig) (*Codec, error)   { panic("stub") }
func NewMigration(MigrationConfig) (*Codec, error) { panic("stub") }

// Read returns the session of a request. It never returns a nil Session: on
// error it is empty.
func (c *Codec) Read(r *http.Request) (*Session, error) { panic("stub") }

// Write sets the cookies for v on w; with no values it clears what r carried.
func (c *Codec) Write(w http.ResponseWriter, r *http.Request, v *Values, opts ...EncodeOption) error {
	panic("stub")
}

// DecodeCookies is Read without a request.
func (c *Codec) DecodeCookies(received []*http.Cookie) (*Session, error) { panic("stub") }

// EncodeCookies is Write without a response.
func (c *Codec) EncodeCookies(v *Values, received []*http.Cookie, opts ...EncodeOption) ([]*http.Cookie, error) {
	panic("stub")
}

// Decode reads one cookie value, chunks joined.
func (c *Codec) Decode(value string) (*Session, error) { panic("stub") }

// Encode makes one cookie value, not split. No values make {}.
func (c *Codec) Encode(v *Values, opts ...EncodeOption) (string, error) { panic("stub") }

// AppendOpen authenticates value and appends its JSON text to dst.
func (c *Codec) AppendOpen(dst, value []byte) ([]byte, Info, error) { panic("stub") }

// ParseUnverified returns what can be read of a cookie value without a key:
// of a signed one the session, of an encrypted one its expiry.
func ParseUnverified(value string) (*Session, error) { panic("stub") }

// Cookies returns the cookies of a request's Cookie headers, read as Python
// reads them: nothing is dropped for its characters, outer quotes and
// backslash escapes are undone.
func Cookies(h http.Header) []*http.Cookie { panic("stub") }
