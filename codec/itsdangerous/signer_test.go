package itsdangerous

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
)

func newTestSigners(tb testing.TB, now int64) (*Signer, *TimestampSigner) {
	tb.Helper()
	c := Config{Keys: secret, Now: clock(now)}
	s, err := NewSigner(c)
	if err != nil {
		tb.Fatal(err)
	}
	ts, err := NewTimestampSigner(c)
	if err != nil {
		tb.Fatal(err)
	}
	return s, ts
}

// TestStarletteVector is a cookie that Starlette wrote for the secret "secret".
func TestStarletteVector(t *testing.T) {
	const cookie = "eyJ1c2VyIjogInpvXHUwMGViIiwgIm4iOiAxLCAiZiI6IDFlKzE2fQ==.ZVPxAA.oA0FYT1NySPdtKiSPcbQYPugu7w"
	_, s := newTestSigners(t, 1700000000)
	value, info, err := s.Unsign([]byte(cookie), 0)
	if err != nil || info.SignedAt.Unix() != 1700000000 {
		t.Fatalf("Unsign: %v, %v", info, err)
	}
	if got, err := s.Sign(value); err != nil || string(got) != cookie {
		t.Errorf("Sign = %s, %v", got, err)
	}
}

// TestObviousSigner compares with the definition, written down once more.
func TestObviousSigner(t *testing.T) {
	s, _ := newTestSigners(t, 0)
	key := sha1.Sum([]byte("itsdangerous.Signer" + "signer" + "secret"))
	for n := range 200 {
		value := bytes.Repeat([]byte{'v'}, n)
		mac := hmac.New(sha1.New, key[:])
		mac.Write(value)
		want := string(value) + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
		if got := s.Sign(value); string(got) != want {
			t.Fatalf("%d bytes: %s, want %s", n, got, want)
		}
	}
}

func TestAppend(t *testing.T) {
	s, ts := newTestSigners(t, 1700000000)
	want := s.Sign([]byte("value"))
	if got := s.AppendSign([]byte("before "), []byte("value")); string(got) != "before "+string(want) {
		t.Errorf("AppendSign = %s", got)
	}
	buf := append(make([]byte, 0, 100), "before value"...)
	if got := s.AppendSign(buf[:7], buf[7:]); string(got) != "before "+string(want) {
		t.Errorf("AppendSign in place = %s", got)
	}
	stamped, err := ts.Sign([]byte("value"))
	if err != nil {
		t.Fatal(err)
	}
	buf = append(buf[:0], "before value"...)
	if got, err := ts.AppendSign(buf[:7], buf[7:]); err != nil || string(got) != "before "+string(stamped) {
		t.Errorf("AppendSign in place = %s, %v", got, err)
	}

	// What is unsigned must not be appended over the rest of the input.
	signed := bytes.Clone(want)
	value, _, err := s.Unsign(signed)
	if err != nil {
		t.Fatal(err)
	}
	if _ = append(value, "overwritten"...); !bytes.Equal(signed, want) {
		t.Errorf("append to the value changed the input to %s", signed)
	}
}

func TestClockOutOfRange(t *testing.T) {
	for _, sec := range []int64{-1, maxTimestamp + 1, 1 << 62, -1 << 62} {
		_, s := newTestSigners(t, sec)
		if got, err := s.AppendSign([]byte("before"), []byte("value")); !errors.Is(err, ErrBadTimestamp) || string(got) != "before" {
			t.Errorf("at %d: %q, %v", sec, got, err)
		}
		ser, err := NewTimedSerializer(Config{Keys: secret, Now: clock(sec)})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ser.DumpsJSON(1); !errors.Is(err, ErrBadTimestamp) || got != "" {
			t.Errorf("at %d: %q, %v", sec, got, err)
		}
	}
}

func TestMaxAge(t *testing.T) {
	const signedAt = 1700000000
	_, s := newTestSigners(t, signedAt)
	signed, err := s.Sign(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		now    int64
		maxAge time.Duration
		want   error
	}{
		{signedAt + 1, 1500 * time.Millisecond, nil}, // Python takes max_age=1.5 too
		{signedAt + 2, 1500 * time.Millisecond, ErrExpired},
		{signedAt, time.Nanosecond, nil},
		{signedAt, -2, ErrExpired}, // a deadline that has passed is no deadline
		{signedAt, -time.Hour, ErrExpired},
		{signedAt, -1 << 63, ErrExpired},
		{signedAt - 1, -time.Hour, ErrFuture},
		{signedAt - 1, 1<<63 - 1, ErrFuture},
		{signedAt + 1<<33, 1<<63 - 1, nil}, // 272 years
		{maxTimestamp, 1<<63 - 1, ErrExpired},
		{1 << 62, 1<<63 - 1, ErrExpired},
		{-1 << 62, time.Hour, ErrFuture},
		{1 << 62, NoMaxAge, nil},
		{-1 << 62, NoMaxAge, nil},
	} {
		_, s := newTestSigners(t, tt.now)
		if _, _, err := s.Unsign(signed, tt.maxAge); !errors.Is(err, tt.want) {
			t.Errorf("at %d, max age %d: %v, want %v", tt.now, tt.maxAge, err, tt.want)
		}
	}
}

func TestErrorHierarchy(t *testing.T) {
	for _, err := range []error{ErrNoSeparator, ErrMismatch, ErrBadTimeSignature, ErrNoTimestamp, ErrBadTimestamp, ErrExpired, ErrFuture} {
		if !errors.Is(err, ErrBadSignature) {
			t.Errorf("%v is no bad signature", err)
		}
	}
	for _, err := range []error{ErrNoTimestamp, ErrBadTimestamp, ErrExpired, ErrFuture} {
		if !errors.Is(err, ErrBadTimeSignature) {
			t.Errorf("%v is no bad time signature", err)
		}
	}
	if errors.Is(ErrMismatch, ErrBadTimeSignature) || errors.Is(ErrFuture, ErrExpired) || errors.Is(ErrBadPayload, ErrBadSignature) || !errors.Is(ErrTooLarge, ErrBadPayload) {
		t.Error("hierarchy")
	}
}

// TestErrorShowsNothing prints errors, which keep the payload, in every way.
func TestErrorShowsNothing(t *testing.T) {
	ser, err := NewSerializer(Config{Keys: secret})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := ser.Dumps([]byte(`{"n":"hunter2"}`))
	if err != nil {
		t.Fatal(err)
	}
	_, _, mismatch := ser.Loads(append(signed, 'A'))
	var n struct{ N int }
	_, payload := ser.LoadsJSON(string(signed), &n)
	for want, err := range map[error]error{ErrMismatch: mismatch, ErrBadPayload: payload} {
		if !errors.Is(err, want) {
			t.Fatalf("%v, want %v", err, want)
		}
		var log strings.Builder
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "err", err)
		for _, s := range []string{err.Error(), fmt.Sprintf("%v %+v %#v %q %x", err, err, err, err, err), log.String()} {
			for _, cookie := range []string{"hunter2", fmt.Sprintf("%x", "hunter2"), "0x68, 0x75", "104, 117", "104 117"} {
				if strings.Contains(s, cookie) {
					t.Errorf("%s", s)
				}
			}
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	s, err := NewSigner(Config{Keys: [][]byte{[]byte("old"), []byte("new")}})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 200 {
				value := fmt.Appendf(nil, "%d-%d", g, i)
				if got, info, err := s.Unsign(s.Sign(value)); err != nil || info.Key != 1 || !bytes.Equal(got, value) {
					t.Errorf("%q, %+v, %v", got, info, err)
				}
			}
		})
	}
	wg.Wait()
}
