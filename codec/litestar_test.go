package codec_test

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
)

func TestChunksStayWithinTheLimit(t *testing.T) {
	for _, attributes := range []codec.Attributes{{}, {Name: "s", Insecure: true}, {Name: "__Secure-a-longer-name", Domain: "www.example.com", Path: "/some/where"}} {
		c := litestar(t, codec.LitestarConfig{Cookie: attributes})
		for _, size := range []int{1000, 4200, 12000, 38000} {
			cookies := set(t, c, big(t, size), nil)
			for i, cookie := range cookies {
				n := len(cookie.String())
				if n > 4096 || n < 4090 && i < len(cookies)-1 {
					t.Errorf("%d bytes, cookie %d: %d bytes", size, i, n)
				}
			}
			s, err := c.DecodeCookies(cookies)
			if err != nil || s.Len() != 2 {
				t.Errorf("%d bytes: %v", size, err)
			}
		}
	}
}

func TestChunkNames(t *testing.T) {
	for _, test := range []struct {
		config codec.LitestarConfig
		size   int
		want   string
	}{
		{codec.LitestarConfig{}, 1000, "session"},
		{codec.LitestarConfig{}, 5000, "session-0, session-1"},
		{codec.LitestarConfig{Numbered: true}, 1000, "session-0"},
		{codec.LitestarConfig{Numbered: true, Cookie: codec.Attributes{Name: "a"}}, 5000, "a-0, a-1"},
	} {
		if got := names(set(t, litestar(t, test.config), big(t, test.size), nil)); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}

func TestTooManyChunks(t *testing.T) {
	_, err := litestar(t, codec.LitestarConfig{}).EncodeCookies(big(t, 42000), nil)
	var about *codec.ValueError
	if !errors.Is(err, codec.ErrTooLarge) || !errors.As(err, &about) || about.Key != "big" {
		t.Errorf("11 chunks, which Python cannot read back: %v", err)
	}
	c := litestar(t, codec.LitestarConfig{MaxChunks: 12})
	cookies := set(t, c, big(t, 42000), nil)
	if len(cookies) < 11 {
		t.Fatalf("%d chunks", len(cookies))
	}
	rand.Shuffle(len(cookies), func(i, j int) { cookies[i], cookies[j] = cookies[j], cookies[i] })
	if s, err := c.DecodeCookies(cookies); err != nil || s.Len() != 2 {
		t.Errorf("numeric order: %v", err)
	}
}

// Chromium drops the oldest of a site's partitioned cookies beyond 10,240 bytes,
// and with a chunk the session.
func TestPartitionedLimit(t *testing.T) {
	for _, tt := range []struct {
		partitioned bool
		size        int
		fits        bool
	}{{true, 7000, true}, {true, 8000, false}, {false, 8000, true}} {
		c := litestar(t, codec.LitestarConfig{Cookie: codec.Attributes{Partitioned: tt.partitioned}})
		cookies, err := c.EncodeCookies(values(t, `{"a":"`+strings.Repeat("x", tt.size)+`"}`), nil)
		if tt.fits != (err == nil) || err != nil && !errors.Is(err, codec.ErrTooLarge) {
			t.Errorf("partitioned %v, %d bytes: %d cookies, %v", tt.partitioned, tt.size, len(cookies), err)
		}
	}
}

func TestMissingChunk(t *testing.T) {
	c := litestar(t, codec.LitestarConfig{})
	cookies := set(t, c, big(t, 11000), nil)
	if len(cookies) != 3 {
		t.Fatal(len(cookies))
	}
	for i := range cookies {
		s, err := c.DecodeCookies(slices.Concat(cookies[:i], cookies[i+1:]))
		if !errors.Is(err, codec.ErrIncomplete) || s.Len() != 0 {
			t.Errorf("without chunk %d: %v", i, err)
		}
		// Cleared is as good as gone.
		nulled := slices.Clone(cookies)
		nulled[i] = &http.Cookie{Name: cookies[i].Name, Value: "null"}
		if _, err := c.DecodeCookies(nulled); !errors.Is(err, codec.ErrIncomplete) {
			t.Errorf("chunk %d null: %v", i, err)
		}
	}
	far := []*http.Cookie{{Name: "session-64", Value: "x"}}
	if _, err := c.DecodeCookies(far); err != codec.ErrNoCookie {
		t.Errorf("chunk 64 alone: %v", err)
	}
	if _, err := c.DecodeCookies([]*http.Cookie{{Name: "session-9999999999999999999999", Value: "x"}}); err != codec.ErrNoCookie {
		t.Errorf("a number beyond 64 bits: %v", err)
	}
	if _, err := c.DecodeCookies(append(far, &http.Cookie{Name: "session", Value: "garbage"})); err != codec.ErrMalformed {
		t.Errorf("garbage beside another app's cookie: %v", err)
	}
	large := strings.Repeat("A", codec.MaxValueSize/2+1)
	if _, err := c.DecodeCookies([]*http.Cookie{{Name: "session-0", Value: large}, {Name: "session-1", Value: large}}); err != codec.ErrTooLarge {
		t.Errorf("64 KiB joined: %v", err)
	}
}

// The wrong key for a value that fills its last chunk is a wrong key, no cut.
func TestFullLastChunk(t *testing.T) {
	other := litestar(t, codec.LitestarConfig{Keys: codec.Keys{Current: codec.NewKey("other", []byte("ffffffffffffffff"))}})
	value := encodeValues(t, other, big(t, 8000))
	half := len(value) / 2 // of a multiple of four
	whole := []*http.Cookie{{Name: "session-0", Value: value[:half]}, {Name: "session-1", Value: value[half:]}}
	if _, err := litestar(t, codec.LitestarConfig{}).DecodeCookies(whole); err != codec.ErrUnauthentic {
		t.Errorf("%v", err)
	}
}

// Shorter attributes leave more room for a chunk, longer ones less: a missing
// last chunk is seen in either case.
func TestMissingLastChunkWithLongAttributes(t *testing.T) {
	c := litestar(t, codec.LitestarConfig{Cookie: codec.Attributes{Path: "/" + strings.Repeat("p", 1500)}})
	cookies := set(t, c, big(t, 7000), nil)
	if _, err := c.DecodeCookies(cookies[:len(cookies)-1]); !errors.Is(err, codec.ErrIncomplete) {
		t.Errorf("%d chunks: %v", len(cookies), err)
	}
}

func TestChunksBeyondTenStayWithinTheLimit(t *testing.T) {
	c := litestar(t, codec.LitestarConfig{MaxChunks: 64})
	for _, cookie := range set(t, c, big(t, 60000), nil) {
		if n := len(cookie.String()); n > 4096 {
			t.Errorf("%s: %d bytes", cookie.Name, n)
		}
	}
}

// Another app's session-2024 is left alone.
func TestForeignNumber(t *testing.T) {
	c := litestar(t, codec.LitestarConfig{})
	foreign := &http.Cookie{Name: "session-2024", Value: "x"}
	received := append(set(t, c, values(t, `{"n":1}`), nil), foreign)
	if _, err := c.DecodeCookies(received); err != nil {
		t.Error(err)
	}
	if got := names(set(t, c, nil, received)); got != "session cleared" {
		t.Error(got)
	}
	// So is a large one.
	large := &http.Cookie{Name: "session-63", Value: strings.Repeat("A", codec.MaxValueSize)}
	if _, err := c.DecodeCookies(append(set(t, c, values(t, `{"n":1}`), nil), large)); err != nil {
		t.Error(err)
	}
}

// The expiry counts from the rounded second, in Max-Age too.
func TestExpiresAtRounds(t *testing.T) {
	c := litestar(t, codec.LitestarConfig{Now: at(clock.Add(700 * time.Millisecond))})
	cookies := set(t, c, values(t, `{"n":1}`), nil, codec.ExpiresAt(clock.Add(time.Minute)))
	s, err := c.DecodeCookies(cookies)
	if err != nil || cookies[0].MaxAge != 59 || !s.ExpiresAt.Equal(clock.Add(time.Minute)) {
		t.Errorf("Max-Age %d, expires %v, %v", cookies[0].MaxAge, s.ExpiresAt, err)
	}
}

func TestStaleChunks(t *testing.T) {
	older := litestar(t, codec.LitestarConfig{Now: at(clock.Add(-time.Hour))})
	c := litestar(t, codec.LitestarConfig{})
	other := litestar(t, codec.LitestarConfig{Keys: codec.Keys{Current: codec.NewKey("other", []byte("ffffffffffffffff"))}})

	small := values(t, `{"is":"small"}`)
	for _, test := range []struct {
		name      string
		old, new  []*http.Cookie
		wantSmall bool
	}{
		{"an old session beside new chunks", set(t, older, small, nil), set(t, c, big(t, 9000), nil), false},
		{"old chunks beside a new session", set(t, older, big(t, 9000), nil), set(t, c, small, nil), true},
		{"half of old chunks beside a new session", set(t, older, big(t, 9000), nil)[1:], set(t, c, small, nil), true},
		{"a foreign session beside chunks", set(t, other, small, nil), set(t, c, big(t, 9000), nil), false},
		{"garbage beside chunks", []*http.Cookie{{Name: "session", Value: "garbage"}}, set(t, c, big(t, 9000), nil), false},
	} {
		for _, received := range [][]*http.Cookie{slices.Concat(test.old, test.new), slices.Concat(test.new, test.old)} {
			s, err := c.DecodeCookies(received)
			if err != nil || s.Has("is") != test.wantSmall {
				t.Errorf("%s: %v %v", test.name, s, err)
			}
			// What is written next leaves none of it behind.
			for _, v := range []*codec.Values{small, big(t, 9000), big(t, 20000)} {
				jar := newJar(received)
				jar.set(set(t, c, v, received))
				s, err := c.DecodeCookies(jar.cookies())
				if err != nil || s.Text() != v.Text() {
					t.Errorf("%s, then written: %v", test.name, err)
				}
				if want := set(t, c, v, nil); len(jar.cookies()) != len(want) {
					t.Errorf("%s, then written: left %s, want %s", test.name, names(jar.cookies()), names(want))
				}
			}
		}
	}
}

// Beside Starlite and Litestar before 2.6.1 no bare session cookie may be left:
// they would erase the chunks they write beside it.
func TestNumberedClearsTheBareCookie(t *testing.T) {
	bare := set(t, litestar(t, codec.LitestarConfig{}), values(t, `{"n":1}`), nil)
	got := names(set(t, litestar(t, codec.LitestarConfig{Numbered: true}), values(t, `{"n":1}`), bare))
	if got != "session-0, session cleared" {
		t.Error(got)
	}
}

func TestPercentDecoding(t *testing.T) {
	c := litestar(t, codec.LitestarConfig{})
	value := encode(t, c, `{"nn":1}`) // padded
	encoded := strings.NewReplacer("=", "%3D", "/", "%2f", "+", "%2B").Replace(value)
	if encoded == value {
		t.Fatal("nothing to encode")
	}
	for _, v := range []string{value, `"` + value + `"`, encoded, `"` + encoded + `"`} {
		if _, err := c.DecodeCookies(codec.Cookies(http.Header{"Cookie": {"session=" + v}})); err != nil {
			t.Errorf("%s: %v", v, err)
		}
	}
	// Once each, in this order, as Python.
	for _, v := range []string{`""` + value + `""`, "%22" + value + "%22", strings.ReplaceAll(encoded, "%", "%25")} {
		if _, err := c.DecodeCookies(codec.Cookies(http.Header{"Cookie": {"session=" + v}})); err != codec.ErrMalformed {
			t.Errorf("%s: %v", v, err)
		}
	}
	if _, err := c.Decode(encoded); err != codec.ErrMalformed {
		t.Errorf("Decode takes a value, not a cookie: %v", err)
	}
	if _, err := c.DecodeCookies([]*http.Cookie{{Name: "session", Value: "%" + value}}); err != codec.ErrMalformed {
		t.Errorf("%v", err)
	}
}

func TestQuoting(t *testing.T) {
	for _, cookie := range set(t, litestar(t, codec.LitestarConfig{}), big(t, 9000), nil) {
		if cookie.Quoted != strings.ContainsAny(cookie.Value, "/=") {
			t.Errorf("%s: quoted %v", cookie.Name, cookie.Quoted)
		}
	}
}

// jar keeps cookies by name, as a browser does for one host and path.
type jar struct {
	names []string
	value map[string]string
}

func newJar(cookies []*http.Cookie) *jar {
	j := &jar{value: map[string]string{}}
	j.set(cookies)
	return j
}

func (j *jar) set(cookies []*http.Cookie) {
	for _, c := range cookies {
		if c.MaxAge < 0 || !c.Expires.IsZero() && c.Expires.Before(clock) {
			j.names = slices.DeleteFunc(j.names, func(n string) bool { return n == c.Name })
			continue
		}
		if !slices.Contains(j.names, c.Name) {
			j.names = append(j.names, c.Name)
		}
		j.value[c.Name] = c.Value
	}
}

func (j *jar) cookies() []*http.Cookie {
	var out []*http.Cookie
	for _, n := range j.names {
		out = append(out, &http.Cookie{Name: n, Value: j.value[n]})
	}
	return out
}
