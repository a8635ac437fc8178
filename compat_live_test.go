package sessctl_test

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/pylive"
)

// peer is a Python app of testdata/live, and how Go shares its sessions.
type peer struct {
	name     string // of its requirements
	module   string
	format   codec.Format
	numbered bool // writes session-0 for a single chunk
	untimed  bool
	stale    bool // leaves stale cookies when a session grows over one or shrinks to it (litestar#3441)
}

var (
	starlette = peer{name: "starlette", module: "starlette_app", format: codec.FormatStarlette}
	litestar  = peer{name: "litestar", module: "litestar_app", format: codec.FormatLitestar}
)

var peers = []peer{
	starlette,
	{name: "starlette-0.7.4", module: "starlette_untimed_app", format: codec.FormatStarlette, untimed: true},
	litestar,
	{name: "litestar-2.8.2", module: "litestar_app", format: codec.FormatLitestar, stale: true},
	{name: "starlite", module: "starlite_app", format: codec.FormatLitestar, numbered: true},
}

// each runs a test with every peer that matches.
func each(t *testing.T, match func(peer) bool, test func(t *testing.T, p peer)) {
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

func anyPeer(peer) bool         { return true }
func timedPeer(p peer) bool     { return !p.untimed }
func splittingPeer(p peer) bool { return p.format == codec.FormatLitestar }

// serve starts the Python app with a secret and a cookie name.
func (p peer) serve(t *testing.T, s secret, cookie string) (baseURL string) {
	t.Helper()
	python := pylive.Venv(t, filepath.Join("testdata", "live", "requirements-"+p.name+".txt"))
	return pylive.Serve(t, python, filepath.Join("testdata", "live"), p.module+":app",
		"SESSION_SECRET="+string(s), "SESSION_COOKIE="+cookie)
}

// secret is the 32 hexadecimal digits that a Python app is given.
type secret string

func newSecret(t *testing.T) secret {
	b := make([]byte, 16)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return secret(hex.EncodeToString(b))
}

// key is what the apps make of the secret: Starlette's is the text itself.
func (s secret) key(t *testing.T, format codec.Format, label string) codec.Key {
	t.Helper()
	if format == codec.FormatStarlette {
		return codec.NewKey(label, []byte(s))
	}
	b, err := hex.DecodeString(string(s))
	if err != nil {
		t.Fatal(err)
	}
	return codec.NewKey(label, b)
}

// codec returns the codec that shares p's cookies. The first secret is current.
func (p peer) codec(t *testing.T, cookie string, now func() time.Time, secrets ...secret) *codec.Codec {
	t.Helper()
	var keys codec.Keys
	for i, s := range secrets {
		key := s.key(t, p.format, "key-"+strconv.Itoa(i))
		if i == 0 {
			keys.Current = key
		} else {
			keys.Previous = append(keys.Previous, key)
		}
	}
	attributes := codec.Attributes{Name: cookie, Insecure: true}
	var c *codec.Codec
	var err error
	if p.format == codec.FormatStarlette {
		c, err = codec.NewStarlette(codec.StarletteConfig{Keys: keys, Cookie: attributes, Untimed: p.untimed, Now: now})
	} else {
		c, err = codec.NewLitestar(codec.LitestarConfig{Keys: keys, Cookie: attributes, Numbered: p.numbered, Now: now})
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// browser holds one cookie jar for the Python apps and the Go server: cookies
// do not know ports. The jar of net/http keeps quotes as they came and sends
// them back, as browsers do.
type browser struct {
	t       *testing.T
	client  *http.Client
	jar     http.CookieJar
	goURL   string
	handler atomic.Pointer[http.HandlerFunc] // what the Go server does next
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	b := &browser{t: t}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		(*b.handler.Load())(w, r)
	}))
	t.Cleanup(server.Close)
	b.goURL = server.URL
	b.forget()
	return b
}

// forget empties the jar.
func (b *browser) forget() {
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.t.Fatal(err)
	}
	b.jar, b.client = jar, &http.Client{Jar: jar, Timeout: time.Minute}
}

// do sends a request and returns the body and the cookies that were set.
func (b *browser) do(method, url, body string) (string, []*http.Cookie) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	resp, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		b.t.Fatalf("%s %s: %s", method, url, resp.Status)
	}
	set := resp.Cookies()
	if len(set) != len(resp.Header["Set-Cookie"]) {
		b.t.Fatalf("%s %s: Set-Cookie lines that cannot be read", method, url)
	}
	for _, c := range set {
		value, _, _ := strings.Cut(c.Raw, ";")
		if size := len(value) - len("="); size > codec.MaxCookieSize {
			b.t.Fatalf("%s %s: a browser drops cookie %s of %d bytes", method, url, c.Name, size)
		}
	}
	return string(answer), set
}

// view is a session as Python sees it: pairs of keys and values, each as
// json.dumps spells it.
type view [][2]string

// json is what json.dumps makes of the whole session.
func (v view) json() string {
	pairs := make([]string, len(v))
	for i, pair := range v {
		pairs[i] = pair[0] + ": " + pair[1]
	}
	return "{" + strings.Join(pairs, ", ") + "}"
}

// python visits a route of a Python app and returns the session after it.
func (b *browser) python(method, url, body string) view {
	b.t.Helper()
	answer, _ := b.do(method, url, body)
	var v view
	if err := json.Unmarshal([]byte(answer), &v); err != nil {
		b.t.Fatalf("%s %s: %v", method, url, err)
	}
	return v
}

// visit runs handler in the Go server, once, and returns the cookies it set.
func (b *browser) visit(handler func(w http.ResponseWriter, r *http.Request)) []*http.Cookie {
	b.t.Helper()
	h := http.HandlerFunc(handler)
	b.handler.Store(&h)
	_, set := b.do(http.MethodGet, b.goURL, "")
	return set
}

// read returns what codec.Read returns in the Go server.
func (b *browser) read(c *codec.Codec) (s *codec.Session, err error) {
	b.t.Helper()
	b.visit(func(_ http.ResponseWriter, r *http.Request) { s, err = c.Read(r) })
	return s, err
}

// change lets the Go server read the session, change it and write it.
func (b *browser) change(c *codec.Codec, change func(s *codec.Session) []codec.EncodeOption) *codec.Session {
	b.t.Helper()
	var session *codec.Session
	var readErr, writeErr error
	b.visit(func(w http.ResponseWriter, r *http.Request) {
		if session, readErr = c.Read(r); readErr == nil {
			writeErr = c.Write(w, r, session.Values, change(session)...)
		}
	})
	if readErr != nil {
		b.t.Fatalf("Go cannot read the session: %v", readErr)
	}
	if writeErr != nil {
		b.t.Fatalf("Go cannot write the session: %v", writeErr)
	}
	return session
}

// replace lets the Go server write values, whatever the session was.
func (b *browser) replace(c *codec.Codec, v *codec.Values, opts ...codec.EncodeOption) []*http.Cookie {
	b.t.Helper()
	var err error
	set := b.visit(func(w http.ResponseWriter, r *http.Request) { err = c.Write(w, r, v, opts...) })
	if err != nil {
		b.t.Fatalf("Go cannot write the session: %v", err)
	}
	return set
}

// names returns those of the cookies in the jar, sorted.
func (b *browser) names() []string {
	b.t.Helper()
	var names []string
	for _, c := range b.cookies() {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	return names
}

func (b *browser) cookies() []*http.Cookie {
	b.t.Helper()
	u, err := url.Parse(b.goURL)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.jar.Cookies(u)
}

func parse(t *testing.T, text string) *codec.Values {
	t.Helper()
	v, err := codec.ParseValues(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func set(t *testing.T, v *codec.Values, key string, value any) {
	t.Helper()
	if err := v.Set(key, value); err != nil {
		t.Error(err)
	}
}

// spelled returns the text of v in a peer's spelling.
func spelled(t *testing.T, v *codec.Values, peer codec.Format) string {
	t.Helper()
	text, err := v.AppendJSON(nil, peer)
	if err != nil {
		t.Errorf("%v cannot hold the session: %v", peer, err)
	}
	return string(text)
}

// mustEqual stops the test: in a session that has gone wrong all that follows is wrong too.
func mustEqual(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Fatalf("%s:\n got %s\nwant %s", what, got, want)
	}
}

// TestLiveSharing sets random sessions from either side. What the other side
// reads, down to the spelling of each value, is compared with what json.dumps
// says of it in the app.
func TestLiveSharing(t *testing.T) {
	each(t, anyPeer, func(t *testing.T, p peer) {
		const sessions = 1000
		key := newSecret(t)
		app, c, b := p.serve(t, key, "session"), p.codec(t, "session", nil, key), newBrowser(t)
		g := newGenerator(t, p.format)
		separator := map[codec.Format]string{codec.FormatStarlette: `, "by python": `, codec.FormatLitestar: `,"by python":`}[p.format]
		for i := range sessions {
			text := g.object(1200)
			before := b.python(http.MethodPost, app+"/replace", text)

			// Go reads what Python set, and changes two values.
			var wrote string
			b.change(c, func(s *codec.Session) []codec.EncodeOption {
				if got, want := spelled(t, s.Values, codec.FormatStarlette), before.json(); got != want {
					t.Errorf("session %d: what Go reads:\n got %s\nwant %s", i, got, want)
				}
				if s.KeyIndex != 0 || s.KeyLabel != "key-0" || s.Stale || s.Format != p.format {
					t.Errorf("session %d: read as %+v", i, s.Info)
				}
				set(t, s.Values, "by go", i)
				set(t, s.Values, "nested by go", g.goValue(3))
				wrote = spelled(t, s.Values, p.format)
				return nil
			})
			if t.Failed() {
				return
			}

			// Python finds these, and everything else exactly as it was.
			after := b.python(http.MethodGet, app+"/session", "")
			if len(after) != len(before)+2 {
				t.Fatalf("session %d: Python finds %d values, want %d", i, len(after), len(before)+2)
			}
			mustEqual(t, fmt.Sprintf("session %d: what Go did not touch", i), after[:len(before)].json(), before.json())
			mustEqual(t, fmt.Sprintf("session %d: what Go set", i), after[len(before)][1], strconv.Itoa(i))
			mustEqual(t, fmt.Sprintf("session %d: the whole", i), spelled(t, parse(t, wrote), codec.FormatStarlette), after.json())

			// Python writes it anew: in the same bytes as Go did, but for what it changes.
			b.python(http.MethodPost, app+"/update", `{"by python": true}`)
			s, err := b.read(c)
			if err != nil {
				t.Fatalf("session %d: %v", i, err)
			}
			mustEqual(t, fmt.Sprintf("session %d: written by Python and by Go", i), s.Text(), strings.TrimSuffix(wrote, "}")+separator+"true}")

			// The text that Python was given comes from Go.
			b.replace(c, parse(t, text))
			mustEqual(t, fmt.Sprintf("session %d: set by Go", i), b.python(http.MethodGet, app+"/session", "").json(), before.json())
		}
		t.Logf("%d sessions, %d values", sessions, g.values)
		if g.values < 1000 {
			t.Errorf("only %d random values", g.values)
		}
	})
}

// TestLiveChunks grows and shrinks a session, each time from the other side:
// nothing stale may be read, and nothing stale may stay after Go has written.
func TestLiveChunks(t *testing.T) {
	each(t, func(p peer) bool { return splittingPeer(p) && !p.stale }, func(t *testing.T, p peer) {
		key := newSecret(t)
		app, c, b := p.serve(t, key, "session"), p.codec(t, "session", nil, key), newBrowser(t)
		g := newGenerator(t, p.format)
		sizes := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1, 10, 1, 9, 2, 8, 3, 7, 4, 6, 5}
		for _, byGo := range []bool{false, true} { // who writes the first
			for i, chunks := range sizes {
				if i%2 == 0 {
					byGo = !byGo
				}
				// Base64 makes 4 bytes of 3. A chunk of Python holds 4032, one of Go's some less.
				text := fmt.Sprintf(`{"n": %d, "text": "%s"}`, i, g.filler(chunks*3900*3/4-200))
				if byGo {
					b.replace(c, parse(t, text))
				} else {
					b.python(http.MethodPost, app+"/replace", text)
				}
				want := []string{"session"}
				if chunks > 1 || p.numbered {
					want = want[:0]
					for n := range chunks {
						want = append(want, "session-"+strconv.Itoa(n))
					}
				}
				if got := b.names(); !slices.Equal(got, want) {
					t.Fatalf("step %d (by Go: %v): cookies %v, want %v", i, byGo, got, want)
				}
				s, err := b.read(c)
				if err != nil {
					t.Fatalf("step %d (by Go: %v), %d chunks: %v", i, byGo, chunks, err)
				}
				mustEqual(t, "what Go reads", spelled(t, s.Values, codec.FormatStarlette), text)
				mustEqual(t, "what Python reads", b.python(http.MethodGet, app+"/session", "").json(), text)
			}
		}
	})
}

func TestLiveClear(t *testing.T) {
	each(t, anyPeer, func(t *testing.T, p peer) {
		key := newSecret(t)
		app, c, b := p.serve(t, key, "session"), p.codec(t, "session", nil, key), newBrowser(t)
		large := fmt.Sprintf(`{"text": "%s"}`, newGenerator(t, p.format).filler(9000))
		for _, text := range []string{`{"user": 1}`, large} {
			if text == large && !splittingPeer(p) {
				continue
			}
			b.python(http.MethodPost, app+"/replace", text)
			b.change(c, func(s *codec.Session) []codec.EncodeOption {
				if err := s.Reset(); err != nil {
					t.Error(err)
				}
				return nil
			})
			if names := b.names(); len(names) != 0 {
				t.Errorf("after Go cleared the session: cookies %v", names)
			}
			if v := b.python(http.MethodGet, app+"/session", ""); len(v) != 0 {
				t.Errorf("after Go cleared the session Python finds %d values", len(v))
			}

			b.replace(c, parse(t, text))
			if v := b.python(http.MethodGet, app+"/session", ""); len(v) != 1 {
				t.Errorf("Python finds %d values", len(v))
			}
			b.python(http.MethodPost, app+"/clear", "")
			if s, err := b.read(c); !errors.Is(err, codec.ErrNoCookie) || s.Len() != 0 {
				t.Errorf("after Python cleared the session: %d values, error %v", s.Len(), err)
			}
			if names := b.names(); len(names) != 0 {
				t.Errorf("after Python cleared the session: cookies %v", names)
			}
		}
	})
}

// TestLiveRotation moves a session from an app with the old key to one with the new.
func TestLiveRotation(t *testing.T) {
	each(t, anyPeer, func(t *testing.T, p peer) {
		oldKey, newKey := newSecret(t), newSecret(t)
		oldApp, newApp := p.serve(t, oldKey, "session"), p.serve(t, newKey, "session")
		c, b := p.codec(t, "session", nil, newKey, oldKey), newBrowser(t)
		g := newGenerator(t, p.format)
		for range 20 {
			b.forget()
			before := b.python(http.MethodPost, oldApp+"/replace", g.object(1000))
			s := b.change(c, func(s *codec.Session) []codec.EncodeOption {
				return []codec.EncodeOption{codec.ExpiresAt(s.ExpiresAt)}
			})
			if s.KeyIndex != 1 || s.KeyLabel != "key-1" || !s.Stale {
				t.Errorf("read as %+v", s.Info)
			}
			mustEqual(t, "read under the new key", b.python(http.MethodGet, newApp+"/session", "").json(), before.json())
			if s, err := b.read(c); err != nil || s.KeyIndex != 0 || s.Stale {
				t.Errorf("read again as %+v, error %v", s.Info, err)
			}
		}
	})
}

// TestLiveMigration moves sessions from a Starlette app to a Litestar app.
func TestLiveMigration(t *testing.T) {
	pylive.Require(t)
	from, to := starlette, litestar
	oldKey, newKey := newSecret(t), newSecret(t)
	oldApp, newApp := from.serve(t, oldKey, "session"), to.serve(t, newKey, "sid")
	c, err := codec.NewMigration(codec.MigrationConfig{
		To:   to.codec(t, "sid", nil, newKey),
		From: []*codec.Codec{from.codec(t, "session", nil, oldKey)},
	})
	if err != nil {
		t.Fatal(err)
	}
	b, g := newBrowser(t), newGenerator(t, to.format)
	for range 200 {
		b.forget()
		before := b.python(http.MethodPost, oldApp+"/replace", g.object(1200))
		s := b.change(c, func(s *codec.Session) []codec.EncodeOption {
			return []codec.EncodeOption{codec.ExpiresAt(s.ExpiresAt)}
		})
		if s.Format != codec.FormatStarlette || !s.Stale || s.ExpiresAt.IsZero() {
			t.Errorf("read as %+v", s.Info)
		}
		if names := b.names(); !slices.Equal(names, []string{"sid"}) {
			t.Fatalf("cookies after the migration: %v", names)
		}
		// Before the app's first answer, which renews the cookie.
		expiry, _ := b.do(http.MethodGet, newApp+"/expiry", "")
		mustEqual(t, "expiry", expiry, strconv.FormatInt(s.ExpiresAt.Unix(), 10))
		mustEqual(t, "migrated", b.python(http.MethodGet, newApp+"/session", "").json(), before.json())
		if s, err := b.read(c); err != nil || s.Format != codec.FormatLitestar || s.Stale {
			t.Errorf("read again as %+v, error %v", s.Info, err)
		}
	}

	// What the target cannot hold is refused, and the user stays logged in.
	for _, text := range []string{`{"user": 1, "bad": NaN}`, `{"user": 1, "bad": ["\ud800"]}`} {
		b.forget()
		before := b.python(http.MethodPost, oldApp+"/replace", text)
		var writeErr error
		set := b.visit(func(w http.ResponseWriter, r *http.Request) {
			s, err := c.Read(r)
			if err != nil {
				t.Errorf("%s: %v", text, err)
			}
			writeErr = c.Write(w, r, s.Values)
		})
		var value *codec.ValueError
		if !errors.Is(writeErr, codec.ErrUnsupported) || !errors.As(writeErr, &value) || value.Key != "bad" || len(set) != 0 {
			t.Errorf("%s: error %v, %d cookies set", text, writeErr, len(set))
		}
		mustEqual(t, "not migrated", b.python(http.MethodGet, oldApp+"/session", "").json(), before.json())
	}
}

func TestLiveExpired(t *testing.T) {
	each(t, timedPeer, func(t *testing.T, p peer) {
		key := newSecret(t)
		app, c, b := p.serve(t, key, "session"), p.codec(t, "session", nil, key), newBrowser(t)
		clock := func(d time.Duration) func() time.Time {
			return func() time.Time { return time.Now().Add(d) }
		}
		check := func(s *codec.Session, err error) {
			t.Helper()
			var outside *codec.TimeError
			if !errors.Is(err, codec.ErrExpired) || !errors.As(err, &outside) || s.Len() != 0 {
				t.Errorf("Go reads %d values of an expired session, error %v", s.Len(), err)
			}
		}
		b.python(http.MethodPost, app+"/replace", `{"user": 1}`)
		check(b.read(p.codec(t, "session", clock(codec.DefaultMaxAge+time.Hour), key)))

		b.replace(p.codec(t, "session", clock(-codec.DefaultMaxAge-time.Hour), key), parse(t, `{"user": 1}`))
		check(b.read(c))
		if v := b.python(http.MethodGet, app+"/session", ""); len(v) != 0 {
			t.Errorf("Python finds %d values in an expired session", len(v))
		}
	})
}

func TestLiveTampered(t *testing.T) {
	each(t, timedPeer, func(t *testing.T, p peer) { // 0.7.4 answers 500
		key := newSecret(t)
		app, c, b := p.serve(t, key, "session"), p.codec(t, "session", nil, key), newBrowser(t)
		for _, byGo := range []bool{true, false} {
			b.forget()
			if byGo {
				b.replace(c, parse(t, `{"user": "alice"}`))
			} else {
				b.python(http.MethodPost, app+"/replace", `{"user": "alice"}`)
			}
			cookies := b.cookies()
			for _, cookie := range cookies {
				value := []byte(cookie.Value)
				value[20] ^= 'A' ^ 'B' // of the ciphertext, or of the signed payload
				if !isBase64(value[20]) {
					value[20] = 'A'
				}
				cookie.Value = string(value)
				cookie.Path = "/"
			}
			u, err := url.Parse(b.goURL)
			if err != nil {
				t.Fatal(err)
			}
			b.jar.SetCookies(u, cookies)
			if s, err := b.read(c); !errors.Is(err, codec.ErrUnauthentic) || s.Len() != 0 {
				t.Errorf("Go reads %d values of a tampered session, error %v", s.Len(), err)
			}
			if v := b.python(http.MethodGet, app+"/session", ""); len(v) != 0 {
				t.Errorf("Python finds %d values in a tampered session", len(v))
			}
		}
	})
}

func isBase64(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '+' || c == '/'
}

// TestLiveLifetime looks with Python's eyes at how long Go's cookie lives.
func TestLiveLifetime(t *testing.T) {
	each(t, timedPeer, func(t *testing.T, p peer) {
		key := newSecret(t)
		app, c, b := p.serve(t, key, "session"), p.codec(t, "session", nil, key), newBrowser(t)
		until := time.Now().Add(time.Hour)
		set := b.replace(c, parse(t, `{"user": 1}`), codec.ExpiresAt(until))
		expiry, _ := b.do(http.MethodGet, app+"/expiry", "")
		mustEqual(t, "expiry", expiry, strconv.FormatInt(until.Unix(), 10))
		if len(set) != 1 || set[0].MaxAge <= 0 || set[0].MaxAge > 3600 {
			t.Errorf("set %d cookies, want one with a Max-Age of at most an hour", len(set))
		}
		b.replace(c, parse(t, `{"user": 1}`), codec.ExpiresAt(until)) // Litestar has renewed it
		mustEqual(t, "session", b.python(http.MethodGet, app+"/session", "").json(), `{"user": 1}`)

		b.replace(c, parse(t, `{"user": 1}`))
		full, _ := b.do(http.MethodGet, app+"/expiry", "")
		n, err := strconv.ParseInt(full, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if left := time.Until(time.Unix(n, 0)); left > codec.DefaultMaxAge+time.Second || left < codec.DefaultMaxAge-time.Hour {
			t.Errorf("Python sees %v left, want about %v", left, codec.DefaultMaxAge)
		}
	})
}
