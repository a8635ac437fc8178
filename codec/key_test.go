package codec_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
)

func TestKeyPrintsItsLabel(t *testing.T) {
	const secret = "do-not-print-me"
	key := codec.NewKey("2026", []byte(secret)).Until(clock)
	keys := codec.Keys{Current: key, Previous: []codec.Key{key}}
	config := codec.StarletteConfig{Keys: keys}
	c, err := codec.NewStarlette(config)
	if err != nil {
		t.Fatal(err)
	}

	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "key", key, "keys", keys)
	asJSON, _ := json.Marshal(keys)
	printed := []string{log.String(), string(asJSON)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{key, &key, keys, config, c} {
			printed = append(printed, fmt.Sprintf(verb, v))
		}
	}
	for _, p := range printed {
		for _, form := range []string{secret, fmt.Sprintf("%x", secret), fmt.Sprint([]byte(secret)), fmt.Sprintf("%#v", []byte(secret))} {
			if strings.Contains(p, form) {
				t.Errorf("the secret shows: %s", p)
			}
		}
	}
	if got := fmt.Sprintf("%v|%+v|%#v|%s", key, key, key, key); got != `2026|2026|codec.Key("2026")|2026` {
		t.Errorf("got %s", got)
	}
	if !strings.Contains(log.String(), `"key":"2026"`) {
		t.Errorf("slog: %s", &log)
	}
}

func TestKeyIsCopied(t *testing.T) {
	secret := []byte("0123456789abcdef")
	key := codec.NewKey("k", secret)
	secret[0] = 'x'
	c := litestar(t, codec.LitestarConfig{Keys: codec.Keys{Current: key}})
	secret[1] = 'x'
	other := litestar(t, codec.LitestarConfig{Keys: codec.Keys{Current: codec.NewKey("k", []byte("0123456789abcdef"))}})
	if _, err := other.Decode(encode(t, c, `{"a":1}`)); err != nil {
		t.Fatal(err)
	}
}

func TestConstructorsRefuseKeys(t *testing.T) {
	good := codec.NewKey("good", []byte("0123456789abcdef"))
	for name, keys := range map[string]codec.Keys{
		"zero":           {},
		"empty":          {Current: codec.NewKey("empty", nil)},
		"empty previous": {Current: good, Previous: []codec.Key{codec.NewKey("empty", []byte{})}},
		"zero previous":  {Current: good, Previous: []codec.Key{{}}},
		"too many":       {Current: good, Previous: slicesRepeat(good, codec.MaxPreviousKeys+1)},
	} {
		if _, err := codec.NewStarlette(codec.StarletteConfig{Keys: keys}); err == nil {
			t.Errorf("%s: NewStarlette took it", name)
		}
		if _, err := codec.NewLitestar(codec.LitestarConfig{Keys: keys}); err == nil {
			t.Errorf("%s: NewLitestar took it", name)
		}
	}
	if _, err := codec.NewStarlette(codec.StarletteConfig{Keys: codec.Keys{Current: good, Previous: slicesRepeat(good, codec.MaxPreviousKeys)}}); err != nil {
		t.Error(err)
	}
	for _, size := range []int{1, 15, 17, 31, 33, 64} {
		_, err := codec.NewLitestar(codec.LitestarConfig{Keys: codec.Keys{Current: codec.NewKey("odd", bytes.Repeat([]byte("s"), size))}})
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf(`key "odd" is %d bytes`, size)) || strings.Contains(err.Error(), "ss") {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

func slicesRepeat(k codec.Key, n int) []codec.Key {
	keys := make([]codec.Key, n)
	for i := range keys {
		keys[i] = k
	}
	return keys
}

// both runs a test for a signed and an encrypted codec made of keys.
func both(t *testing.T, run func(t *testing.T, make func(codec.Keys) *codec.Codec)) {
	t.Run("starlette", func(t *testing.T) {
		run(t, func(k codec.Keys) *codec.Codec { return starlette(t, codec.StarletteConfig{Keys: k}) })
	})
	t.Run("litestar", func(t *testing.T) {
		run(t, func(k codec.Keys) *codec.Codec { return litestar(t, codec.LitestarConfig{Keys: k}) })
	})
}

func TestRotation(t *testing.T) {
	a, b, c := codec.NewKey("a", []byte("aaaaaaaaaaaaaaaa")), codec.NewKey("b", []byte("bbbbbbbbbbbbbbbb")), codec.NewKey("c", []byte("cccccccccccccccc"))
	both(t, func(t *testing.T, make func(codec.Keys) *codec.Codec) {
		rotated := make(codec.Keys{Current: a, Previous: []codec.Key{b, c}})
		for i, key := range []codec.Key{a, b, c} {
			value := encode(t, make(codec.Keys{Current: key}), `{"n":1}`)
			s, err := rotated.Decode(value)
			if err != nil {
				t.Fatal(err)
			}
			if s.KeyIndex != i || s.KeyLabel != key.Label() || s.Stale != (i > 0) {
				t.Errorf("key %v: index %d, label %q, stale %v", key, s.KeyIndex, s.KeyLabel, s.Stale)
			}
			_, info, err := rotated.AppendOpen(nil, []byte(value))
			if err != nil || info != s.Info {
				t.Errorf("AppendOpen: %+v %v, Decode: %+v", info, err, s.Info)
			}
		}
		s, err := make(codec.Keys{Current: a}).Decode(encode(t, rotated, `{"n":1}`))
		if err != nil || s.KeyIndex != 0 {
			t.Errorf("the current key did not write: %v", err)
		}
		if _, err := make(codec.Keys{Current: b, Previous: []codec.Key{c}}).Decode(encode(t, rotated, `{"n":1}`)); err != codec.ErrUnauthentic {
			t.Errorf("a foreign key opened it: %v", err)
		}
	})
}

func TestUntil(t *testing.T) {
	key := func(until time.Duration) codec.Key {
		return codec.NewKey("k", []byte("kkkkkkkkkkkkkkkk")).Until(clock.Add(until))
	}
	current := codec.NewKey("current", []byte("cccccccccccccccc"))
	both(t, func(t *testing.T, make func(codec.Keys) *codec.Codec) {
		value := encode(t, make(codec.Keys{Current: key(time.Second)}), `{"n":1}`)
		for _, test := range []struct {
			keys codec.Keys
			want error
		}{
			{codec.Keys{Current: key(time.Second)}, nil},
			{codec.Keys{Current: key(0)}, codec.ErrUnauthentic},
			{codec.Keys{Current: current, Previous: []codec.Key{key(time.Second)}}, nil},
			{codec.Keys{Current: current, Previous: []codec.Key{key(0)}}, codec.ErrUnauthentic},
			{codec.Keys{Current: current, Previous: []codec.Key{key(-time.Hour)}}, codec.ErrUnauthentic},
			{codec.Keys{Current: current, Previous: []codec.Key{key(-time.Hour), key(time.Second)}}, nil},
		} {
			if _, err := make(test.keys).Decode(value); err != test.want {
				t.Errorf("%+v: got %v, want %v", test.keys, err, test.want)
			}
		}
		// A date that was forgotten, and one from time.Now: without its monotonic clock.
		forgotten := codec.NewKey("k", []byte("kkkkkkkkkkkkkkkk")).Until(time.Time{})
		if _, err := make(codec.Keys{Current: forgotten}).Decode(value); err != codec.ErrUnauthentic {
			t.Errorf("the zero time: %v", err)
		}
		now := time.Now()
		if current.Until(now) != current.Until(now.Round(0)) {
			t.Error("the cut-off keeps the monotonic clock")
		}
		// Garbage stays malformed when no key may look at it.
		if _, err := make(codec.Keys{Current: key(0)}).Decode("garbage"); err != codec.ErrMalformed {
			t.Errorf("garbage: %v", err)
		}
		values, _ := codec.ParseValues(`{"n":1}`)
		if _, err := make(codec.Keys{Current: key(0), Previous: []codec.Key{current}}).Encode(values); !errors.Is(err, codec.ErrCutOff) {
			t.Errorf("a key past its cut-off wrote: %v", err)
		}
	})
}
