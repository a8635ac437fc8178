package main

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/compat"
	"github.com/sessctl/sessctl/internal/vectors"
)

// TestMigrateVectors moves every session that a real package wrote to the other
// format, and what arrives is what that one's framework would have written, for
// as long as it had left.
func TestMigrateVectors(t *testing.T) {
	match := func(v vectors.Vector) bool { return v.Expect == "ok" && v.Value != "" && !v.Config.Untimed }
	compat.EachVector(t, match, func(t *testing.T, v vectors.Vector) {
		const maxAge = 7300 * 24 * time.Hour // more than the vectors' apps have, but one
		to, other := codec.FormatLitestar, codec.FormatStarlette
		if v.Format == "litestar" {
			to, other = other, to
		}
		target := []byte("2b7e151628aed2a6abf7158809cf4f3c")
		keyFile := writeKeyFile(t, v.Config.Key)
		args := []string{
			"migrate", "--format", v.Format, "--key-file", "current=" + keyFile, "--from", "value", "--now", vectors.Time(v.Now).Format(time.RFC3339Nano),
			"--to", to.String(), "--to-key-file", writeKeyFile(t, target), "--to-max-age", "7300d", "--as", "value",
		}
		for i, previous := range v.Config.Previous {
			args = append(args, "--key-file", strconv.Itoa(i)+"="+writeKeyFile(t, previous))
		}
		if v.Config.MaxAge != nil {
			args = append(args, "--max-age", strconv.FormatInt(*v.Config.MaxAge, 10))
		}
		e, stdout, stderr := testEnv(v.Value)
		code := run(args, e)

		session, err := compat.VectorCodec(t, v, v.Now).Decode(v.Value)
		if err != nil {
			t.Fatal(err)
		}
		want, err := session.AppendJSON(nil, to)
		var refused *codec.ValueError
		switch {
		case errors.As(err, &refused):
			if code != exitNotSession || !strings.Contains(stderr.String(), "key "+strconv.QuoteToASCII(refused.Key)) {
				t.Errorf("exit code %d, stderr %s; want a refusal of key %q", code, stderr, refused.Key)
			}
			return
		case err != nil:
			t.Fatal(err)
		case code == exitOutsideTime && session.ExpiresAt.Unix() <= vectors.Time(v.Now).Add(time.Second).Unix():
			return // the last second
		case code != exitOK:
			t.Fatalf("exit code %d: %s", code, stderr)
		}
		keys := codec.Keys{Current: codec.NewKey("", target)}
		now := func() time.Time { return vectors.Time(v.Now) }
		reader, err := codec.NewLitestar(codec.LitestarConfig{Keys: keys, Now: now})
		if to == codec.FormatStarlette {
			reader, err = codec.NewStarlette(codec.StarletteConfig{Keys: keys, MaxAge: maxAge, Now: now})
		}
		if err != nil {
			t.Fatal(err)
		}
		got, err := reader.Decode(strings.TrimSuffix(stdout.String(), "\n"))
		if err != nil {
			t.Fatal(err)
		}
		if got.Text() != string(want) {
			t.Errorf("session:\n got %s\nwant %s", got.Text(), want)
		}
		whole := vectors.Time(v.Now).Add(maxAge)
		if !session.ExpiresAt.IsZero() && !got.ExpiresAt.Equal(session.ExpiresAt) && session.ExpiresAt.Before(whole) {
			t.Errorf("expires at %v, want %v", got.ExpiresAt, session.ExpiresAt)
		}
	})
}

// TestLiveMigrate moves what a Starlette app has just set to the other apps, and
// back.
func TestLiveMigrate(t *testing.T) {
	compat.EachPeer(t, compat.Peer.Splits, func(t *testing.T, p compat.Peer) {
		b, key, toKey := compat.NewBrowser(t), compat.NewSecret(), compat.NewSecret()
		starlette, app := compat.Starlette.Serve(b, key), p.Serve(b, toKey)
		keyFile, toKeyFile := writeKey(t, compat.Starlette, key), writeKey(t, p, toKey)
		format := formatOf(p)

		for _, size := range []int{10, 2500} {
			b.Forget()
			want := starlette.Replace(`{"user": "zo\u00eb", "n": 1.0, "big": 1180591620717411303424, "text": "` +
				compat.NewGenerator(t, p.Format).Filler(size) + `", "list": [{}, null, 1e16]}`)
			expiry := starlette.Expiry()

			migrateInBrowser(t, b, "--key-file", keyFile, "--to", format, "--to-key-file", toKeyFile)
			if got, want := b.Names(), []string{"session" + map[bool]string{true: "-0"}[p.Numbered]}; !slices.Equal(got, want) {
				t.Errorf("the browser holds %q, want %q", got, want)
			}
			if got := app.Expiry(); got != expiry { // it writes a new cookie on every response
				t.Errorf("%s: expires at %d, want %d", format, got, expiry)
			}
			if got := app.Session(); !slices.Equal(got, want) {
				t.Errorf("%s: session\n got %s\nwant %s", format, got.JSON(), want.JSON())
			}

			session, err := b.Read(p.Codec(t, toKey))
			if err != nil {
				t.Fatal(err)
			}
			expiry = session.ExpiresAt.Unix()
			migrateInBrowser(t, b, "--key-file", toKeyFile, "--to", "starlette", "--to-key-file", keyFile)
			if got, want := b.Names(), []string{"session"}; !slices.Equal(got, want) {
				t.Errorf("the browser holds %q, want %q", got, want)
			}
			if got := starlette.Session(); !slices.Equal(got, want) {
				t.Errorf("starlette: session\n got %s\nwant %s", got.JSON(), want.JSON())
			}
			// Litestar rounds the time to seconds, Starlette cuts it: of a cookie that
			// has just been written it has up to a second less.
			if got := starlette.Expiry(); got != expiry && got != expiry-1 {
				t.Errorf("starlette: expires at %d, want %d", got, expiry)
			}
		}

		// To a name of its own the old cookie is cleared.
		migrateInBrowser(t, b, "--key-file", keyFile, "--to", format, "--to-name", "moved", "--to-key-file", toKeyFile)
		if names := b.Names(); len(names) != 1 || !strings.HasPrefix(names[0], "moved") {
			t.Errorf("the browser holds %q", names)
		}

		// What only several cookies hold does not go back.
		b.Forget()
		app.Replace(`{"text": "` + compat.NewGenerator(t, p.Format).Filler(9000) + `"}`)
		e, stdout, stderr := liveEnv(cookieHeader(b))
		code := run([]string{"migrate", "--key-file", toKeyFile, "--to", "starlette", "--to-key-file", keyFile}, e)
		if code != exitNotSession || stdout.Len() > 0 || !strings.Contains(stderr.String(), `key "text"`) {
			t.Errorf("exit code %d, stdout %s, stderr %s", code, stdout, stderr)
		}
	})
}

// migrateInBrowser does to the browser's cookies what a response would with the
// lines that sessctl migrate prints.
func migrateInBrowser(t *testing.T, b *compat.Browser, args ...string) {
	t.Helper()
	e, stdout, stderr := liveEnv(cookieHeader(b))
	if code := run(append([]string{"migrate", "--attr", "Path=/; SameSite=Lax"}, args...), e); code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	b.SetCookies(parseSetCookieLines(t, stdout.String()))
}

func cookieHeader(b *compat.Browser) string {
	var pairs []string
	for _, c := range b.Cookies() {
		pairs = append(pairs, c.String())
	}
	return "Cookie: " + strings.Join(pairs, "; ")
}

// formatOf returns what --format and --to call a peer.
func formatOf(p compat.Peer) string {
	if p.Numbered {
		return "starlite"
	}
	return p.Format.String()
}

// TestLiveEncode gives what sessctl encode makes to running apps: they read the
// session that they would have set themselves.
func TestLiveEncode(t *testing.T) {
	compat.EachPeer(t, compat.Peer.Any, func(t *testing.T, p compat.Peer) {
		b, key := compat.NewBrowser(t), compat.NewSecret()
		app, keyFile := p.Serve(b, key), writeKey(t, p, key)
		g := compat.NewGenerator(t, p.Format)
		texts := []string{"{\"user\": \"zoë\", \"n\": 1.50, \"f\": 1E16, \"big\": 1180591620717411303424, \"a/b\": [true, {\"x\": null}],\r\n\t\"user\": \"\\u00e9\"}"}
		for range 20 {
			texts = append(texts, g.Object(1000))
		}
		if p.Splits() {
			texts = append(texts, `{"text": "`+g.Filler(9000)+`"}`)
		}
		for _, text := range texts {
			b.Forget()
			want := app.Replace(text)
			for _, as := range []string{"cookie", "set-cookie"} {
				e, stdout, stderr := liveEnv(text)
				args := []string{"encode", "--format", formatOf(p), "--key-file", keyFile, "--as", as, "--attr", "Path=/", "--untimed=" + strconv.FormatBool(p.Untimed)}
				if code := run(args, e); code != exitOK {
					t.Fatalf("exit code %d: %s\n%s", code, stderr, text)
				}
				var cookies []*http.Cookie
				if as == "cookie" {
					cookies = codec.Cookies(http.Header{"Cookie": {strings.TrimSuffix(stdout.String(), "\n")}})
				} else {
					cookies = parseSetCookieLines(t, stdout.String())
				}
				b.Forget()
				b.SetCookies(cookies)
				if got := app.Session(); !slices.Equal(got, want) {
					t.Errorf("--as %s: session\n got %s\nwant %s", as, got.JSON(), want.JSON())
				}
			}
		}
	})
}
