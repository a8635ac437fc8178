package filestore

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"runtime"
	"time"

	"github.com/sessctl/sessctl/session"
)

// errChanged: a Touch has read what is no more.
var errChanged = errors.New("filestore: changed meanwhile")

// put writes a session's file, and puts it in place if allowed is content with what
// is there then.
func (s *Store) put(ctx context.Context, name string, data []byte, ttl time.Duration, allowed func(file) error) error {
	if err := checkSize(data); err != nil {
		return err
	}
	return retry(ctx, func() error { return s.putOnce(ctx, name, data, ttl, allowed) })
}

func (s *Store) putOnce(ctx context.Context, name string, data []byte, ttl time.Duration, allowed func(file) error) error {
	content, err := s.appendFile(make([]byte, 0, len(data)+len(data)/8+64), data, s.expiry(ttl))
	if err != nil {
		return err
	}
	d, err := newDraft(s.dir, name, content, s.sync)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errNoDir
	case errors.Is(err, fs.ErrPermission): // so says Linux at times of a directory that is just removed
		return passing{withoutPath(err)}
	case err != nil:
		return withoutPath(err)
	}
	defer d.discard()
	if err := s.place(ctx, name, d, allowed); err != nil {
		return err
	}
	return s.syncDir()
}

// expiry returns when a session ends; the zero time is never.
func (s *Store) expiry(ttl time.Duration) time.Time {
	if ttl == session.NoExpiry && s.layout == Litestar {
		return time.Time{}
	}
	return s.now().Truncate(time.Microsecond).Add(max(ttl, time.Second))
}

// place is the step that others see.
func (s *Store) place(ctx context.Context, name string, d *draft, allowed func(file) error) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	f, err := s.readOnce(name)
	if err == nil {
		err = allowed(f)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return err
	}
	err = d.place(s.path(name), f.exists())
	switch {
	case err == nil:
		d.discard() // before the directory is synced, so that this lasts too
		return nil
	// The session was deleted, or made, this moment; or a sweep took the draft.
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrExist):
		return errAgain
	// Somebody reads the file.
	case runtime.GOOS == "windows" && errors.Is(err, fs.ErrPermission):
		return errAgain
	}
	return withoutPath(err)
}

// Touch is [session.Store]. It writes the whole file: the expiry lies in it.
func (s *Store) Touch(ctx context.Context, id string, ttl time.Duration) error {
	name, err := s.name(ctx, id)
	if err != nil {
		return err
	}
	return s.touch(ctx, name, ttl)
}

func (s *Store) touch(ctx context.Context, name string, ttl time.Duration) (err error) {
	for err = errChanged; err == errChanged; { // by others, who have renewed it too
		err = s.touchOnce(ctx, name, ttl)
	}
	return err
}

func (s *Store) touchOnce(ctx context.Context, name string, ttl time.Duration) error {
	read, err := s.read(ctx, name)
	if err == nil {
		err = s.alive(read)
	}
	if err != nil {
		return err
	}
	return s.put(ctx, name, read.data, ttl, func(f file) error {
		if err := s.alive(f); err != nil {
			return err
		}
		if !bytes.Equal(f.raw, read.raw) {
			return errChanged
		}
		return nil
	})
}
