package codec_test

import (
	"errors"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
)

func migration(t testing.TB) *codec.Codec {
	t.Helper()
	m, err := codec.NewMigration(codec.MigrationConfig{
		To:   litestar(t, codec.LitestarConfig{Cookie: codec.Attributes{Name: "lsession"}}),
		From: []*codec.Codec{starlette(t, codec.StarletteConfig{})},
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMigration(t *testing.T) {
	m := migration(t)
	old := set(t, starlette(t, codec.StarletteConfig{Now: at(clock.Add(-10 * time.Hour))}), values(t, `{"user": "zo\u00eb", "f": 1e16, "n": 1}`), nil)
	s, err := m.DecodeCookies(old)
	if err != nil || !s.Stale || s.Format != codec.FormatStarlette || s.KeyLabel != "signing" {
		t.Fatalf("%+v %v", s.Info, err)
	}

	moved := set(t, m, s.Values, old, codec.ExpiresAt(s.ExpiresAt))
	if got := names(moved); got != "lsession, session cleared" {
		t.Fatal(got)
	}
	after, err := m.DecodeCookies(moved)
	if err != nil || after.Stale || after.Format != codec.FormatLitestar {
		t.Fatalf("%+v %v", after.Info, err)
	}
	if after.Text() != `{"user":"zoë","f":1e16,"n":1}` {
		t.Errorf("moved to %s", after.Text())
	}
	if want := clock.Add(-10*time.Hour + codec.DefaultMaxAge); !after.ExpiresAt.Equal(want) || moved[0].MaxAge != int(want.Sub(clock)/time.Second) {
		t.Errorf("expires %v, Max-Age %d", after.ExpiresAt, moved[0].MaxAge)
	}

	// To is read first, whatever the order of the cookies.
	both := append(old, moved[0])
	if s, err := m.DecodeCookies(both); err != nil || s.Format != codec.FormatLitestar {
		t.Errorf("%+v %v", s.Info, err)
	}
	if got := names(set(t, m, nil, both)); got != "lsession cleared, session cleared" {
		t.Errorf("logout: %s", got)
	}

	// Value level and hot path read both too.
	for _, cookie := range both {
		s, err := m.Decode(cookie.Value)
		if err != nil || s.Stale != (cookie.Name == "session") {
			t.Errorf("Decode: %+v %v", s.Info, err)
		}
		if _, info, err := m.AppendOpen(nil, []byte(cookie.Value)); err != nil || info != s.Info {
			t.Errorf("AppendOpen: %+v %v", info, err)
		}
	}
}

func TestMigrationErrors(t *testing.T) {
	m := migration(t)
	good := set(t, starlette(t, codec.StarletteConfig{}), values(t, `{"n": 1}`), nil)[0]
	expired := set(t, starlette(t, codec.StarletteConfig{Now: at(clock.AddDate(-1, 0, 0))}), values(t, `{"n": 1}`), nil)[0]
	forged := set(t, starlette(t, codec.StarletteConfig{Keys: codec.Keys{Current: codec.NewKey("x", []byte("x"))}}), values(t, `{"n": 1}`), nil)[0]
	for _, test := range []struct {
		header string
		want   error
	}{
		{"", codec.ErrNoCookie},
		{"session=" + forged.Value, codec.ErrUnauthentic},
		{"lsession=garbage; session=" + forged.Value, codec.ErrMalformed}, // of the first whose cookie is there
		{"lsession=null; session=" + forged.Value, codec.ErrUnauthentic},
		{"lsession=garbage; session=" + expired.Value, codec.ErrExpired}, // authentic says more
		{"lsession=garbage; session=" + good.Value, nil},
	} {
		cookies := codec.Cookies(map[string][]string{"Cookie": {test.header}})
		s, err := m.DecodeCookies(cookies)
		if !errors.Is(err, test.want) || err != nil && s.Len() != 0 {
			t.Errorf("%s: got %v, want %v", test.header, err, test.want)
		}
	}
}

func TestMigrationEnds(t *testing.T) {
	end := clock.Add(time.Hour)
	from := func(now time.Time) *codec.Codec {
		return starlette(t, codec.StarletteConfig{
			Keys: codec.Keys{Current: codec.NewKey("old", []byte("secret")).Until(end)}, Now: at(now),
		})
	}
	// Who holds the old secret signs any timestamp; after the end it is worth nothing.
	forged := set(t, starlette(t, codec.StarletteConfig{Now: at(end)}), values(t, `{"admin": true}`), nil)
	for _, test := range []struct {
		now  time.Time
		want error
	}{{end.Add(-time.Second), codec.ErrFuture}, {end, codec.ErrUnauthentic}, {end.Add(time.Hour), codec.ErrUnauthentic}} {
		m, err := codec.NewMigration(codec.MigrationConfig{To: litestar(t, codec.LitestarConfig{Cookie: codec.Attributes{Name: "lsession"}}), From: []*codec.Codec{from(test.now)}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.DecodeCookies(forged); !errors.Is(err, test.want) {
			t.Errorf("at %v: %v", test.now, err)
		}
	}
}

func TestMigrationRefused(t *testing.T) {
	secret := codec.NewKey("one", []byte("0123456789abcdef"))
	fresh := codec.NewKey("two", []byte("fedcba9876543210"))
	signed := starlette(t, codec.StarletteConfig{Keys: codec.Keys{Current: secret}})
	untimed := starlette(t, codec.StarletteConfig{Keys: codec.Keys{Current: secret}, Untimed: true})
	encrypted := litestar(t, codec.LitestarConfig{Keys: codec.Keys{Current: secret}})
	previous := litestar(t, codec.LitestarConfig{Keys: codec.Keys{Current: fresh, Previous: []codec.Key{secret}}})
	for name, c := range map[string]codec.MigrationConfig{
		"empty":                      {},
		"no From":                    {To: signed},
		"no To":                      {From: []*codec.Codec{signed}},
		"nil From":                   {To: encrypted, From: []*codec.Codec{nil}},
		"one secret for two formats": {To: encrypted, From: []*codec.Codec{signed}},
		"a previous one":             {To: previous, From: []*codec.Codec{signed}},
		"the other's previous one":   {To: encrypted, From: []*codec.Codec{starlette(t, codec.StarletteConfig{Keys: codec.Keys{Current: fresh, Previous: []codec.Key{secret}}})}},
		"its printed form":           {To: encrypted, From: []*codec.Codec{starlette(t, codec.StarletteConfig{Keys: codec.Keys{Current: codec.NewKey("printed", []byte("b'0123456789abcdef'"))}})}},
		"its printed form, swapped":  {To: starlette(t, codec.StarletteConfig{Keys: codec.Keys{Current: codec.NewKey("printed", []byte("b'0123456789abcdef'"))}}), From: []*codec.Codec{encrypted}},
		"a zero To":                  {To: new(codec.Codec), From: []*codec.Codec{signed}},
		"a zero From":                {To: encrypted, From: []*codec.Codec{new(codec.Codec)}},
	} {
		if _, err := codec.NewMigration(c); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	// Starlette 0.7 and 0.8 are one format with and without a timestamp: neither
	// reads the other's cookies, so one secret may serve both.
	m, err := codec.NewMigration(codec.MigrationConfig{To: signed, From: []*codec.Codec{untimed}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := m.Decode(encode(t, untimed, `{"n": 1}`))
	if err != nil || !s.Stale {
		t.Error(s, err)
	}
	if _, err := untimed.Decode(encode(t, signed, `{"n": 1}`)); err != codec.ErrMalformed {
		t.Errorf("untimed reads timed: %v", err)
	}
	if _, err := signed.Decode(encode(t, untimed, `{"n": 1}`)); err != codec.ErrMalformed {
		t.Errorf("timed reads untimed: %v", err)
	}
}

// A value says of a migration's forms the most telling error.
func TestMigrationValueErrors(t *testing.T) {
	m := migration(t)
	old := starlette(t, codec.StarletteConfig{Now: at(clock.AddDate(-1, 0, 0))})
	foreign := starlette(t, codec.StarletteConfig{Keys: codec.Keys{Current: codec.NewKey("x", []byte("x"))}})
	for value, want := range map[string]error{
		"":                                      codec.ErrNoCookie,
		"garbage":                               codec.ErrMalformed,
		encode(t, foreign, `{"n": 1}`):          codec.ErrUnauthentic, // To says malformed
		encode(t, old, `{"n": 1}`):              codec.ErrExpired,
		encode(t, migration(t), `{"n": 1}`):     nil,
		encode(t, migration(t), `{"n": 1}`)[4:]: codec.ErrUnauthentic,
	} {
		if _, err := m.Decode(value); !errors.Is(err, want) {
			t.Errorf("%s: Decode: %v, want %v", value, err, want)
		}
		_, info, err := m.AppendOpen(nil, []byte(value))
		if err != want {
			t.Errorf("%s: AppendOpen: %v, want %v", value, err, want)
		}
		if err != nil && info.KeyIndex != -1 {
			t.Errorf("%s: key %d", value, info.KeyIndex)
		}
	}
}

func TestMigrationOfMigrations(t *testing.T) {
	untimed := starlette(t, codec.StarletteConfig{Untimed: true, Cookie: codec.Attributes{Name: "oldest"}})
	first, err := codec.NewMigration(codec.MigrationConfig{To: starlette(t, codec.StarletteConfig{}), From: []*codec.Codec{untimed}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := codec.NewMigration(codec.MigrationConfig{To: litestar(t, codec.LitestarConfig{Cookie: codec.Attributes{Name: "lsession"}}), From: []*codec.Codec{first}})
	if err != nil {
		t.Fatal(err)
	}
	received := set(t, untimed, values(t, `{"n": 1}`), nil)
	s, err := m.DecodeCookies(received)
	if err != nil || !s.Stale {
		t.Fatal(s, err)
	}
	if got := names(set(t, m, s.Values, received)); got != "lsession, oldest cleared" {
		t.Error(got)
	}
}

// A browser tells cookies of one name apart by Domain, Path and Partitioned, so
// what differs in one of them is cleared, and what differs in none is not.
func TestMigrationClearsByIdentity(t *testing.T) {
	for _, test := range []struct {
		to, from codec.Attributes
		want     string
	}{
		{codec.Attributes{}, codec.Attributes{}, "session"},
		{codec.Attributes{Domain: "example.com"}, codec.Attributes{}, "session, session cleared"},
		{codec.Attributes{Path: "/app"}, codec.Attributes{}, "session, session cleared"},
		{codec.Attributes{Partitioned: true}, codec.Attributes{}, "session, session cleared"},
		{codec.Attributes{Domain: ".example.com"}, codec.Attributes{Domain: "Example.com"}, "session"},
	} {
		m, err := codec.NewMigration(codec.MigrationConfig{
			To:   litestar(t, codec.LitestarConfig{Cookie: test.to}),
			From: []*codec.Codec{starlette(t, codec.StarletteConfig{Cookie: test.from})},
		})
		if err != nil {
			t.Fatal(err)
		}
		received := set(t, starlette(t, codec.StarletteConfig{Cookie: test.from}), values(t, `{"n": 1}`), nil)
		received = append(received, received[0], nil) // sent twice: cleared once
		cookies := set(t, m, values(t, `{"n": 1}`), received)
		if got := names(cookies); got != test.want {
			t.Errorf("to %+v from %+v: %s", test.to, test.from, got)
		}
		if len(cookies) == 2 && (cookies[1].Domain != test.from.Domain || cookies[1].Partitioned != test.from.Partitioned) {
			t.Errorf("to %+v from %+v: cleared %v", test.to, test.from, cookies[1])
		}
	}
}
