package filestore_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/filestore"
	"github.com/sessctl/sessctl/session/sessiontest"
)

// What was copied by the name of its file is there under its id.
func TestWriteKey(t *testing.T) {
	c := layouts["litestar"]
	c.Dir = t.TempDir()
	from := open(t, c)
	id := sessiontest.NewID()
	must(t, from.Create(t.Context(), id, []byte(`{"n":1}`), time.Hour))
	key := filepath.Base(firstSession(t, c.Dir))

	c.Dir = t.TempDir()
	to := open(t, c)
	if err := to.ReplaceKey(t.Context(), key, []byte(`{"n":1}`), time.Hour); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("ReplaceKey: %v, want ErrNotFound", err)
	}
	if err := to.TouchKey(t.Context(), key, time.Hour); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("TouchKey: %v, want ErrNotFound", err)
	}
	must(t, to.CreateKey(t.Context(), key, []byte(`{"n":1}`), time.Hour))
	if left := time.Until(want(t, to, id, `{"n":1}`)); left < time.Hour-time.Minute || left > time.Hour {
		t.Errorf("%v are left", left)
	}
	if err := to.CreateKey(t.Context(), key, []byte(`{}`), time.Hour); !errors.Is(err, session.ErrExists) {
		t.Errorf("CreateKey: %v, want ErrExists", err)
	}
	must(t, to.ReplaceKey(t.Context(), key, []byte(`{"n":2}`), time.Hour))
	must(t, to.TouchKey(t.Context(), key, 3*time.Hour))
	if left := time.Until(want(t, to, id, `{"n":2}`)); left < 2*time.Hour {
		t.Errorf("%v are left", left)
	}
}

func TestWriteKeyRefuses(t *testing.T) {
	for name, c := range layouts {
		c.Dir = t.TempDir()
		s := open(t, c)
		for _, key := range []string{"", "hello", "../" + strings.Repeat("0", 64), strings.Repeat("0", 32), strings.Repeat("0", 64)} {
			if name == "litestar" && len(key) == 64 {
				continue
			}
			if err := s.CreateKey(t.Context(), key, []byte(`{}`), time.Hour); err == nil {
				t.Errorf("%s: CreateKey of %q", name, key)
			}
			if err := s.ReplaceKey(t.Context(), key, []byte(`{}`), time.Hour); err == nil || errors.Is(err, session.ErrNotFound) {
				t.Errorf("%s: ReplaceKey of %q: %v", name, key, err)
			}
			if err := s.TouchKey(t.Context(), key, time.Hour); err == nil || errors.Is(err, session.ErrNotFound) {
				t.Errorf("%s: TouchKey of %q: %v", name, key, err)
			}
		}
		if left := leftoversOf(t, c.Dir); len(left) > 0 {
			t.Errorf("%s: %q", name, left)
		}
	}
}

// Only Litestar's files can hold that there is no expiry.
func TestNoExpiry(t *testing.T) {
	for name, c := range layouts {
		c.Dir = t.TempDir()
		s := open(t, c)
		id := sessiontest.NewID()
		must(t, s.Create(t.Context(), id, []byte(`{}`), session.NoExpiry))
		expires := want(t, s, id, `{}`)
		if never := c.Layout == filestore.Litestar; never != expires.IsZero() || !never && time.Until(expires) < 200*365*24*time.Hour {
			t.Errorf("%s: expires %v", name, expires)
		}
		must(t, s.Touch(t.Context(), id, time.Hour))
		if want(t, s, id, `{}`).IsZero() {
			t.Errorf("%s: Touch left no expiry", name)
		}
		must(t, s.Replace(t.Context(), id, []byte(`{}`), session.NoExpiry))
		if want(t, s, id, `{}`).IsZero() != expires.IsZero() {
			t.Errorf("%s: Replace", name)
		}
	}
}
