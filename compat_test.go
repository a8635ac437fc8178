// Package sessctl_test holds the public API of package codec against Python:
// against every vector of testdata/vectors, which real releases made, and, with
// CI=true or SESSCTL_LIVE=1, against running apps.
package sessctl_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/compat"
	"github.com/sessctl/sessctl/internal/pylive"
	"github.com/sessctl/sessctl/internal/vectors"
)

// fewestVectors makes a lost directory fail. Raise it when vectors are added.
const fewestVectors = 500

var outcomes = map[string]error{
	"ok":          nil,
	"expired":     codec.ErrExpired,
	"future":      codec.ErrFuture,
	"malformed":   codec.ErrMalformed,
	"unauthentic": codec.ErrUnauthentic,
	"no-cookie":   codec.ErrNoCookie,
	"incomplete":  codec.ErrIncomplete,
	"too-large":   codec.ErrTooLarge,
	"not-object":  codec.ErrNotObject,
}

// authentic outcomes are those that come with a session.
var authentic = []string{"ok", "expired", "future"}

func TestVectorCount(t *testing.T) {
	count := map[string]int{}
	for _, v := range vectors.All(t) {
		count[v.Format]++
		if _, ok := outcomes[v.Expect]; !ok {
			t.Errorf("%s: unknown outcome %q", v.Name, v.Expect)
		}
	}
	if n := count["starlette"] + count["litestar"]; n < fewestVectors {
		t.Errorf("%d vectors, want at least %d", n, fewestVectors)
	}
	t.Logf("vectors: %v", count)
}

// checkSession holds what was read against a vector.
func checkSession(t *testing.T, v vectors.Vector, s *codec.Session, err error) {
	t.Helper()
	want := outcomes[v.Expect]
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
		return
	}
	if s == nil {
		t.Fatal("nil Session")
	}
	if err != nil && (s.Len() != 0 || s.Text() != "{}") {
		t.Errorf("session of %d values beside error %v", s.Len(), err)
	}
	var outside *codec.TimeError
	if isTime := v.Expect == "expired" || v.Expect == "future"; errors.As(err, &outside) != isTime {
		t.Errorf("error is %T", err)
	} else if isTime {
		s = outside.Session
	}
	if !slices.Contains(authentic, v.Expect) {
		return
	}
	if s.Text() != v.JSON {
		t.Errorf("session:\n got %s\nwant %s", s.Text(), v.JSON)
	}
	if s.Format.String() != v.Format {
		t.Errorf("format %v, want %v", s.Format, v.Format)
	}
	label := "current"
	if v.KeyIndex > 0 {
		label = "previous"
	}
	if s.KeyIndex != v.KeyIndex || s.KeyLabel != label || s.Stale != (v.KeyIndex > 0) {
		t.Errorf("key %d %q, stale %v; want %d %q", s.KeyIndex, s.KeyLabel, s.Stale, v.KeyIndex, label)
	}
	checkTime(t, "signed", s.SignedAt, v.SignedAt)
	expires := v.ExpiresAt
	if expires == nil && v.SignedAt != nil && v.Config.MaxAge != nil {
		// Beyond the year 9999, where RFC 3339 ends: Go shows its last second.
		expires = new(int64(253402300799))
	}
	checkTime(t, "expires", s.ExpiresAt, expires)
}

func checkTime(t *testing.T, what string, got time.Time, want *int64) {
	t.Helper()
	if want == nil {
		if !got.IsZero() {
			t.Errorf("%s %v, want the zero time", what, got)
		}
		return
	}
	if !got.Equal(time.Unix(*want, 0)) {
		t.Errorf("%s %v, want %v", what, got, time.Unix(*want, 0).UTC())
	}
}

func anyVector(vectors.Vector) bool { return true }

func TestVectorsDecodeCookies(t *testing.T) {
	compat.EachVector(t, anyVector, func(t *testing.T, v vectors.Vector) {
		s, err := compat.VectorCodec(t, v, v.Now).DecodeCookies(compat.Received(v))
		checkSession(t, v, s, err)
	})
}

func TestVectorsRead(t *testing.T) {
	compat.EachVector(t, anyVector, func(t *testing.T, v vectors.Vector) {
		s, err := compat.VectorCodec(t, v, v.Now).Read(&http.Request{Header: http.Header{"Cookie": v.Cookies}})
		checkSession(t, v, s, err)
	})
}

func hasValue(v vectors.Vector) bool { return v.Value != "" }

func TestVectorsDecode(t *testing.T) {
	compat.EachVector(t, hasValue, func(t *testing.T, v vectors.Vector) {
		s, err := compat.VectorCodec(t, v, v.Now).Decode(v.Value)
		checkSession(t, v, s, err)
	})
}

// TestVectorsAppendOpen holds AppendOpen, which parses nothing, against Decode.
func TestVectorsAppendOpen(t *testing.T) {
	compat.EachVector(t, hasValue, func(t *testing.T, v vectors.Vector) {
		c := compat.VectorCodec(t, v, v.Now)
		value, prefix := []byte(v.Value), []byte("before")
		got, info, err := c.AppendOpen(prefix, value)
		if string(value) != v.Value {
			t.Error("AppendOpen changed the value")
		}
		text, ok := bytes.CutPrefix(got, prefix)
		if !ok {
			t.Fatalf("AppendOpen returned %d bytes that do not begin with dst", len(got))
		}
		s, decodeErr := c.Decode(v.Value)
		switch {
		case err != nil:
			if !errors.Is(decodeErr, err) {
				t.Errorf("AppendOpen: %v; Decode: %v", err, decodeErr)
			}
			if len(text) != 0 {
				t.Errorf("%d bytes appended beside error %v", len(text), err)
			}
		case decodeErr != nil:
			// Authentic, but no session.
			if !slices.Contains([]string{"malformed", "not-object", "too-large"}, v.Expect) {
				t.Errorf("AppendOpen opened it; Decode: %v", decodeErr)
			}
		default:
			if string(text) != s.Text() || info != s.Info {
				t.Errorf("AppendOpen: %s %+v\nDecode: %s %+v", text, info, s.Text(), s.Info)
			}
		}
	})
}

func TestVectorsParseUnverified(t *testing.T) {
	compat.EachVector(t, hasValue, func(t *testing.T, v vectors.Vector) {
		s, err := codec.ParseUnverified(v.Value)
		if s == nil {
			t.Fatal("nil Session")
		}
		if s.KeyIndex != -1 || s.KeyLabel != "" || s.Stale {
			t.Errorf("unverified, but read as %+v", s.Info)
		}
		if v.Format == "litestar" && s.Format == codec.FormatLitestar && s.Len() != 0 {
			t.Errorf("%d values of an encrypted session", s.Len())
		}
		if !slices.Contains(authentic, v.Expect) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if s.Format.String() != v.Format {
			t.Errorf("format %v, want %v", s.Format, v.Format)
		}
		if v.Format == "starlette" {
			if s.Text() != v.JSON {
				t.Errorf("session:\n got %s\nwant %s", s.Text(), v.JSON)
			}
			checkTime(t, "signed", s.SignedAt, v.SignedAt)
			checkTime(t, "expires", s.ExpiresAt, nil) // the max age is not in the cookie
		} else {
			checkTime(t, "expires", s.ExpiresAt, v.ExpiresAt)
		}
	})
}

func TestVectorsWrongKey(t *testing.T) {
	match := func(v vectors.Vector) bool { return hasValue(v) && slices.Contains(authentic, v.Expect) }
	compat.EachVector(t, match, func(t *testing.T, v vectors.Vector) {
		wrong := bytes.Clone(v.Config.Key)
		wrong[0] ^= 1
		c := compat.VectorCodecWithKeys(t, v, v.Now, codec.Keys{Current: codec.NewKey("wrong", wrong)})
		s, err := c.Decode(v.Value)
		checkNothing(t, s)
		if !errors.Is(err, codec.ErrUnauthentic) {
			t.Errorf("Decode: %v", err)
		}
		s, err = c.DecodeCookies(compat.Received(v))
		checkNothing(t, s)
		if err == nil {
			t.Error("DecodeCookies took it")
		}
		got, _, err := c.AppendOpen(nil, []byte(v.Value))
		if !errors.Is(err, codec.ErrUnauthentic) || len(got) != 0 {
			t.Errorf("AppendOpen: %d bytes, error %v", len(got), err)
		}
	})
}

func checkNothing(t *testing.T, s *codec.Session) {
	t.Helper()
	if s.Len() != 0 || s.Text() != "{}" || s.Info != (codec.Info{KeyIndex: -1}) {
		t.Errorf("session of %d values, read as %+v", s.Len(), s.Info)
	}
}

// decodeVector returns a vector's session, expired or not.
func decodeVector(t *testing.T, v vectors.Vector) *codec.Values {
	t.Helper()
	s, err := compat.VectorCodec(t, v, v.Now).Decode(v.Value)
	var outside *codec.TimeError
	if errors.As(err, &outside) {
		return outside.Session.Values
	}
	if err != nil {
		t.Fatal(err)
	}
	return s.Values
}

func TestVectorsEncode(t *testing.T) {
	compat.EachVector(t, func(v vectors.Vector) bool { return v.Reencode }, func(t *testing.T, v vectors.Vector) {
		checkEncoded(t, v, decodeVector(t, v))
	})
}

// TestVectorsFromJSON writes JSON in another spelling than the peer's.
func TestVectorsFromJSON(t *testing.T) {
	compat.EachVector(t, func(v vectors.Vector) bool { return v.FromJSON }, func(t *testing.T, v vectors.Vector) {
		checkEncoded(t, v, parse(t, v.Source))
	})
}

// TestVectorsKeepUntouched changes one value: all others keep their bytes, in
// whatever spelling they came.
func TestVectorsKeepUntouched(t *testing.T) {
	compat.EachVector(t, func(v vectors.Vector) bool { return v.Reencode }, func(t *testing.T, v vectors.Vector) {
		values := decodeVector(t, v)
		if err := values.Set("new key", 1); err != nil {
			t.Fatal(err)
		}
		member := map[string]string{"starlette": `"new key": 1}`, "litestar": `"new key":1}`}[v.Format]
		if v.JSON != "{}" {
			member = map[string]string{"starlette": ", ", "litestar": ","}[v.Format] + member
		}
		c := compat.VectorCodec(t, v, *v.WrittenAt)
		value, err := c.Encode(values)
		if err != nil {
			t.Fatal(err)
		}
		s, err := c.Decode(value)
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.TrimSuffix(v.JSON, "}") + member; s.Text() != want {
			t.Errorf("session:\n got %s\nwant %s", s.Text(), want)
		}
		if err := values.Delete("new key"); err != nil {
			t.Fatal(err)
		}
		checkEncoded(t, v, values)
	})
}

// checkEncoded encodes values at the time of the vector, to the same bytes.
func checkEncoded(t *testing.T, v vectors.Vector, values *codec.Values) {
	t.Helper()
	if v.WrittenAt == nil {
		t.Fatal("no time to write it at")
	}
	got, err := compat.VectorCodec(t, v, *v.WrittenAt).Encode(values)
	if err != nil {
		t.Fatal(err)
	}
	if v.Format == "litestar" {
		got = compat.Reseal(t, v, got)
	}
	if got != v.Value {
		t.Errorf("value:\n got %s\nwant %s", got, v.Value)
	}
}

func TestVectorsUnsupported(t *testing.T) {
	compat.EachVector(t, func(v vectors.Vector) bool { return v.Unsupported != "" }, func(t *testing.T, v vectors.Vector) {
		c := compat.VectorCodec(t, v, v.Now)
		for _, values := range []*codec.Values{parse(t, v.Source), decodeVector(t, v)} {
			_, encodeErr := c.Encode(values)
			cookies, cookiesErr := c.EncodeCookies(values, nil)
			for _, err := range []error{encodeErr, cookiesErr} {
				var refused *codec.ValueError
				if !errors.Is(err, codec.ErrUnsupported) || !errors.As(err, &refused) || refused.Key != v.Unsupported {
					t.Errorf("error %v, want a refusal of key %q", err, v.Unsupported)
				}
			}
			if len(cookies) != 0 {
				t.Errorf("%d cookies beside error %v", len(cookies), cookiesErr)
			}
		}
	})
}

func TestVectorsPythonBytes(t *testing.T) {
	compat.EachVector(t, func(v vectors.Vector) bool { return len(v.Config.BytesSecret) > 0 }, func(t *testing.T, v vectors.Vector) {
		if got := codec.PythonBytes(v.Config.BytesSecret); !bytes.Equal(got, v.Config.Key) {
			t.Errorf("PythonBytes: %s, want %s", got, v.Config.Key)
		}
	})
}

// TestVectorsSetCookie compares the cookies that Go sets with the lines that
// the app set in its place.
func TestVectorsSetCookie(t *testing.T) {
	compat.EachVector(t, func(v vectors.Vector) bool { return len(v.SetCookie) > 0 || v.Then != "" }, func(t *testing.T, v vectors.Vector) {
		var values *codec.Values // none: the session is cleared
		sent, now := compat.Received(v), v.Now
		switch {
		case v.Then == "clear":
		case v.Then == "write" && v.Source != "":
			values = parse(t, v.Source)
		case v.Then == "write":
			values = decodeVector(t, v)
		default: // the lines with which the session was written, to a new visitor
			values, sent, now = decodeVector(t, v), nil, *v.WrittenAt
		}

		pythonSet, pythonCleared := compat.ParseSetCookies(t, v.SetCookie)
		cookies, err := compat.VectorCodec(t, v, now).EncodeCookies(values, sent)
		if compat.Unusable(pythonSet) {
			if !errors.Is(err, codec.ErrTooLarge) || len(cookies) != 0 {
				t.Errorf("%d cookies, error %v; browsers or Python could not bring them back", len(cookies), err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, c := range cookies {
			lines = append(lines, c.String())
		}
		set, cleared := compat.ParseSetCookies(t, lines)
		compat.CheckCleared(t, v, now, cleared, pythonCleared)

		if v.Then == "clear" {
			if len(set) != 0 {
				t.Errorf("%d cookies set where the session is cleared", len(set))
			}
			return
		}
		s, err := compat.VectorCodec(t, v, now).DecodeCookies(set)
		if err != nil || s.Len() != values.Len() {
			t.Errorf("the cookies that were set hold %d values, error %v; want %d", s.Len(), err, values.Len())
		}
		if len(pythonSet) > 0 {
			compat.CheckSet(t, v, set, pythonSet)
		} else if !strings.HasPrefix(v.Python, "error") {
			t.Error("Python set no cookie")
		}
	})
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

// mustEqual stops the test where it fails: what follows would be wrong too.
func mustEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s:\n got %v\nwant %v", what, got, want)
	}
}

// TestLiveSharing sets random sessions from either side. What the other side
// reads, down to the spelling of each value, is compared with what json.dumps
// says of it in the app.
func TestLiveSharing(t *testing.T) {
	compat.EachPeer(t, compat.Peer.Any, func(t *testing.T, p compat.Peer) {
		const sessions = 1000
		key, b := compat.NewSecret(), compat.NewBrowser(t)
		app, c := p.Serve(b, key), p.Codec(t, key)
		g := compat.NewGenerator(t, p.Format)
		separator := map[codec.Format]string{codec.FormatStarlette: `, "by python": `, codec.FormatLitestar: `,"by python":`}[p.Format]
		for i := range sessions {
			check := func(what, got, want string) {
				t.Helper()
				mustEqual(t, fmt.Sprintf("session %d: %s", i, what), got, want)
			}
			text := g.Object(1200)
			before := app.Replace(text)

			// Go reads what Python set, and changes two values.
			var wrote string
			b.Change(c, func(s *codec.Session) {
				if got, want := spelled(t, s.Values, codec.FormatStarlette), before.JSON(); got != want {
					t.Errorf("session %d: what Go reads:\n got %s\nwant %s", i, got, want)
				}
				if s.KeyIndex != 0 || s.KeyLabel != "key-0" || s.Stale || s.Format != p.Format {
					t.Errorf("session %d: read as %+v", i, s.Info)
				}
				set(t, s.Values, "by go", i)
				set(t, s.Values, "nested by go", g.GoValue(3))
				wrote = spelled(t, s.Values, p.Format)
			})
			if t.Failed() {
				return
			}

			// Python finds these, and everything else exactly as it was.
			after := app.Session()
			if len(after) != len(before)+2 {
				t.Fatalf("session %d: Python finds %d values, want %d", i, len(after), len(before)+2)
			}
			check("what Go did not touch", after[:len(before)].JSON(), before.JSON())
			check("what Go set", after[len(before)][1], strconv.Itoa(i))
			check("the whole", spelled(t, parse(t, wrote), codec.FormatStarlette), after.JSON())

			// Python writes it anew: in the same bytes as Go did, but for what it changes.
			app.Update(`{"by python": true}`)
			s, err := b.Read(c)
			if err != nil {
				t.Fatalf("session %d: %v", i, err)
			}
			check("written by Python and by Go", s.Text(), strings.TrimSuffix(wrote, "}")+separator+"true}")

			// The text that Python was given comes from Go.
			b.Write(c, parse(t, text))
			check("set by Go", app.Session().JSON(), before.JSON())
		}
		t.Logf("%d sessions, %d values", sessions, g.Values)
		if g.Values < 1000 {
			t.Errorf("only %d random values", g.Values)
		}
	})
}

// TestLiveChunks grows and shrinks a session, each time from the other side:
// nothing stale may be read, and nothing stale may stay after Go has written.
func TestLiveChunks(t *testing.T) {
	compat.EachPeer(t, func(p compat.Peer) bool { return p.Splits() && !p.LeavesStale }, func(t *testing.T, p compat.Peer) {
		key, b := compat.NewSecret(), compat.NewBrowser(t)
		app, c := p.Serve(b, key), p.Codec(t, key)
		g := compat.NewGenerator(t, p.Format)
		sizes := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1, 10, 1, 9, 2, 8, 3, 7, 4, 6, 5}
		for _, byGo := range []bool{false, true} { // who writes the first
			for i, chunks := range sizes {
				if i%2 == 0 {
					byGo = !byGo
				}
				// Base64 makes 4 bytes of 3. A chunk of Python holds 4032, one of Go's some less.
				text := fmt.Sprintf(`{"n": %d, "text": "%s"}`, i, g.Filler(chunks*3900*3/4-200))
				if byGo {
					b.Write(c, parse(t, text))
				} else {
					app.Replace(text)
				}
				want := []string{"session"}
				if chunks > 1 || p.Numbered {
					want = want[:0]
					for n := range chunks {
						want = append(want, "session-"+strconv.Itoa(n))
					}
				}
				if got := b.Names(); !slices.Equal(got, want) {
					t.Fatalf("step %d (by Go: %v): cookies %v, want %v", i, byGo, got, want)
				}
				s, err := b.Read(c)
				if err != nil {
					t.Fatalf("step %d (by Go: %v), %d chunks: %v", i, byGo, chunks, err)
				}
				mustEqual(t, "what Go reads", spelled(t, s.Values, codec.FormatStarlette), text)
				mustEqual(t, "what Python reads", app.Session().JSON(), text)
			}
		}
	})
}

func TestLiveClear(t *testing.T) {
	compat.EachPeer(t, compat.Peer.Any, func(t *testing.T, p compat.Peer) {
		key, b := compat.NewSecret(), compat.NewBrowser(t)
		app, c := p.Serve(b, key), p.Codec(t, key)
		large := fmt.Sprintf(`{"text": "%s"}`, compat.NewGenerator(t, p.Format).Filler(9000))
		for _, text := range []string{`{"user": 1}`, large} {
			if text == large && !p.Splits() {
				continue
			}
			app.Replace(text)
			b.Change(c, func(s *codec.Session) {
				if err := s.Reset(); err != nil {
					t.Error(err)
				}
			})
			if names := b.Names(); len(names) != 0 {
				t.Errorf("after Go cleared the session: cookies %v", names)
			}
			if v := app.Session(); len(v) != 0 {
				t.Errorf("after Go cleared the session Python finds %d values", len(v))
			}

			b.Write(c, parse(t, text))
			if v := app.Session(); len(v) != 1 {
				t.Errorf("Python finds %d values", len(v))
			}
			app.Clear()
			if s, err := b.Read(c); !errors.Is(err, codec.ErrNoCookie) || s.Len() != 0 {
				t.Errorf("after Python cleared the session: %d values, error %v", s.Len(), err)
			}
			if names := b.Names(); len(names) != 0 {
				t.Errorf("after Python cleared the session: cookies %v", names)
			}
		}
	})
}

// TestLiveRotation moves a session from an app with the old key to one with the new.
func TestLiveRotation(t *testing.T) {
	compat.EachPeer(t, compat.Peer.Any, func(t *testing.T, p compat.Peer) {
		oldKey, newKey, b := compat.NewSecret(), compat.NewSecret(), compat.NewBrowser(t)
		oldApp, newApp, c := p.Serve(b, oldKey), p.Serve(b, newKey), p.Codec(t, newKey, oldKey)
		g := compat.NewGenerator(t, p.Format)
		for range 20 {
			b.Forget()
			before := oldApp.Replace(g.Object(1000))
			s := b.Reissue(c)
			if s.KeyIndex != 1 || s.KeyLabel != "key-1" || !s.Stale {
				t.Errorf("read as %+v", s.Info)
			}
			mustEqual(t, "read under the new key", newApp.Session().JSON(), before.JSON())
			if s, err := b.Read(c); err != nil || s.KeyIndex != 0 || s.Stale {
				t.Errorf("read again as %+v, error %v", s.Info, err)
			}
		}
	})
}

// TestLiveMigration moves sessions from a Starlette app to a Litestar app.
func TestLiveMigration(t *testing.T) {
	pylive.Require(t)
	from, to := compat.Starlette, compat.Litestar
	to.Cookie = "sid"
	oldKey, newKey, b := compat.NewSecret(), compat.NewSecret(), compat.NewBrowser(t)
	oldApp, newApp := from.Serve(b, oldKey), to.Serve(b, newKey)
	c, err := codec.NewMigration(codec.MigrationConfig{
		To:   to.Codec(t, newKey),
		From: []*codec.Codec{from.Codec(t, oldKey)},
	})
	if err != nil {
		t.Fatal(err)
	}
	g := compat.NewGenerator(t, to.Format)
	for range 200 {
		b.Forget()
		before := oldApp.Replace(g.Object(1200))
		s := b.Reissue(c)
		if s.Format != codec.FormatStarlette || !s.Stale || s.ExpiresAt.IsZero() {
			t.Errorf("read as %+v", s.Info)
		}
		if names := b.Names(); !slices.Equal(names, []string{"sid"}) {
			t.Fatalf("cookies after the migration: %v", names)
		}
		// Before the app's first answer, which renews the cookie.
		mustEqual(t, "expiry", newApp.Expiry(), s.ExpiresAt.Unix())
		mustEqual(t, "migrated", newApp.Session().JSON(), before.JSON())
		if s, err := b.Read(c); err != nil || s.Format != codec.FormatLitestar || s.Stale {
			t.Errorf("read again as %+v, error %v", s.Info, err)
		}
	}

	// What the target cannot hold is refused, and the user stays logged in.
	for _, text := range []string{`{"user": 1, "bad": NaN}`, `{"user": 1, "bad": ["\ud800"]}`} {
		b.Forget()
		before := oldApp.Replace(text)
		var writeErr error
		set := b.Visit(func(w http.ResponseWriter, r *http.Request) {
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
		mustEqual(t, "not migrated", oldApp.Session().JSON(), before.JSON())
	}
}

func TestLiveExpired(t *testing.T) {
	compat.EachPeer(t, compat.Peer.Timed, func(t *testing.T, p compat.Peer) {
		key, b := compat.NewSecret(), compat.NewBrowser(t)
		app, c := p.Serve(b, key), p.Codec(t, key)
		earlier := func() time.Time { return time.Now().Add(-codec.DefaultMaxAge - time.Hour) }
		later := func() time.Time { return time.Now().Add(codec.DefaultMaxAge + time.Hour) }
		check := func(s *codec.Session, err error) {
			t.Helper()
			var outside *codec.TimeError
			if !errors.Is(err, codec.ErrExpired) || !errors.As(err, &outside) || s.Len() != 0 {
				t.Errorf("Go reads %d values of an expired session, error %v", s.Len(), err)
			}
		}
		app.Replace(`{"user": 1}`)
		check(b.Read(p.CodecAt(t, later, key)))

		b.Write(p.CodecAt(t, earlier, key), parse(t, `{"user": 1}`))
		check(b.Read(c))
		if v := app.Session(); len(v) != 0 {
			t.Errorf("Python finds %d values in an expired session", len(v))
		}
	})
}

func TestLiveTampered(t *testing.T) {
	compat.EachPeer(t, compat.Peer.Timed, func(t *testing.T, p compat.Peer) { // 0.7.4 answers 500
		key, b := compat.NewSecret(), compat.NewBrowser(t)
		app, c := p.Serve(b, key), p.Codec(t, key)
		for _, byGo := range []bool{true, false} {
			b.Forget()
			if byGo {
				b.Write(c, parse(t, `{"user": "alice"}`))
			} else {
				app.Replace(`{"user": "alice"}`)
			}
			cookies := b.Cookies()
			for _, cookie := range cookies {
				value := []byte(cookie.Value)
				if value[20] == 'A' { // of the ciphertext, or of the signed payload
					value[20] = 'B'
				} else {
					value[20] = 'A'
				}
				cookie.Value = string(value)
			}
			b.SetCookies(cookies)
			if s, err := b.Read(c); !errors.Is(err, codec.ErrUnauthentic) || s.Len() != 0 {
				t.Errorf("Go reads %d values of a tampered session, error %v", s.Len(), err)
			}
			if v := app.Session(); len(v) != 0 {
				t.Errorf("Python finds %d values in a tampered session", len(v))
			}
		}
	})
}

// TestLiveLifetime looks with Python's eyes at how long Go's cookie lives.
func TestLiveLifetime(t *testing.T) {
	compat.EachPeer(t, compat.Peer.Timed, func(t *testing.T, p compat.Peer) {
		key, b := compat.NewSecret(), compat.NewBrowser(t)
		app, c := p.Serve(b, key), p.Codec(t, key)
		until := time.Now().Add(time.Hour)
		set := b.Write(c, parse(t, `{"user": 1}`), codec.ExpiresAt(until))
		mustEqual(t, "expiry", app.Expiry(), until.Unix())
		if len(set) != 1 || set[0].MaxAge <= 0 || set[0].MaxAge > 3600 {
			t.Errorf("set %d cookies, want one with a Max-Age of at most an hour", len(set))
		}
		b.Write(c, parse(t, `{"user": 1}`), codec.ExpiresAt(until)) // Litestar has renewed it
		mustEqual(t, "session", app.Session().JSON(), `{"user": 1}`)

		b.Write(c, parse(t, `{"user": 1}`))
		if left := time.Until(time.Unix(app.Expiry(), 0)); left > codec.DefaultMaxAge+time.Second || left < codec.DefaultMaxAge-time.Hour {
			t.Errorf("Python sees %v left, want about %v", left, codec.DefaultMaxAge)
		}
	})
}
