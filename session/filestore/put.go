package filestore

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"runtime"
	"slices"
	"time"
)

// errChanged: an Update has read what is no more.
var errChanged = errors.New("filestore: changed meanwhile")

// maxOvertaken is how often an Update lets others pass before it holds the lock while
// it writes.
const maxOvertaken = 3

// put writes a session's file, and puts it in place if allowed is content with what
// is there then. locked says that the caller holds the lock.
func (s *Store) put(ctx context.Context, name string, data []byte, ttl time.Duration, locked bool, allowed func(file) error) error {
	if err := checkSize(data); err != nil {
		return err
	}
	return retry(ctx, func() error { return s.putOnce(ctx, name, data, ttl, locked, allowed) })
}

func (s *Store) putOnce(ctx context.Context, name string, data []byte, ttl time.Duration, locked bool, allowed func(file) error) error {
	content, err := s.appendFile(make([]byte, 0, len(data)+len(data)/8+64), data, s.now().Truncate(time.Microsecond).Add(ttl))
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
	if err := s.place(ctx, name, d, locked, allowed); err != nil {
		return err
	}
	return s.syncDir()
}

// place is the step that others see.
func (s *Store) place(ctx context.Context, name string, d *draft, locked bool, allowed func(file) error) error {
	if !locked {
		unlock, err := s.lock(ctx)
		if err != nil {
			return err
		}
		defer unlock()
	}
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

// Update is [session.Updater]. change is called again when others have changed the
// session meanwhile; after the third time all others wait for it. So it must not use
// the store itself.
func (s *Store) Update(ctx context.Context, id string, ttl time.Duration, change func([]byte) ([]byte, error)) error {
	name, err := s.name(ctx, id)
	if err != nil {
		return err
	}
	for overtaken := 0; overtaken < maxOvertaken; overtaken++ {
		err = s.updateOnce(ctx, name, ttl, change, false)
		if err != errChanged {
			return err
		}
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	for err = errChanged; err == errChanged; { // by Python, from now on
		err = s.updateOnce(ctx, name, ttl, change, true)
	}
	return err
}

func (s *Store) updateOnce(ctx context.Context, name string, ttl time.Duration, change func([]byte) ([]byte, error), locked bool) error {
	read, err := s.read(ctx, name)
	if err == nil {
		err = s.alive(read)
	}
	if err != nil {
		return err
	}
	data, err := change(slices.Clone(read.data))
	if err != nil {
		return err
	}
	return s.put(ctx, name, data, ttl, locked, func(f file) error {
		if err := s.alive(f); err != nil {
			return err
		}
		if !bytes.Equal(f.raw, read.raw) {
			return errChanged
		}
		return nil
	})
}
