package filestore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
)

// batch is how many names are read of a directory at a time.
const batch = 256

// names goes through the regular files of a directory, in no order.
func (s *Store) names(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		dir, err := os.Open(s.dir)
		if errors.Is(err, fs.ErrNotExist) {
			err = errNoDir
		}
		if err != nil {
			yield("", withoutPath(err))
			return
		}
		defer dir.Close()
		for {
			if err := ctx.Err(); err != nil {
				yield("", err)
				return
			}
			entries, err := dir.ReadDir(batch)
			for _, e := range entries {
				if e.Type().IsRegular() && !yield(e.Name(), nil) {
					return
				}
			}
			if err == io.EOF {
				return
			}
			if err != nil {
				yield("", withoutPath(err))
				return
			}
		}
	}
}

// List is [session.Lister], in no order. What has expired is not listed. Where files
// are named by a hash, entries have no ID. Files of other names are odd, and are not
// read.
func (s *Store) List(ctx context.Context) iter.Seq2[session.Entry, error] {
	return func(yield func(session.Entry, error) bool) {
		for name, err := range s.names(ctx) {
			if err != nil {
				yield(session.Entry{}, err)
				return
			}
			if s.isLeftover(name) {
				continue
			}
			if !s.isName(name) {
				if !yield(session.Entry{Key: name, Odd: true}, nil) {
					return
				}
				continue
			}
			f, err := s.read(ctx, name)
			if err == nil && !f.live(s.now()) {
				continue
			}
			e := session.Entry{Key: name, Size: len(f.data), Expires: f.expires}
			if !s.hashed {
				e.ID = name
			}
			if !yield(e, err) {
				return
			}
			if err := ctx.Err(); err != nil {
				yield(session.Entry{}, err)
				return
			}
		}
	}
}

// Clear is [session.Clearer]. Files that hold no session of the layout, or that the
// system refuses, stay, and are an error once all others are deleted: the first that the
// system refuses, else the first.
func (s *Store) Clear(ctx context.Context) (deleted int, err error) {
	return s.sweep(ctx, file.exists)
}

// leftoverAge is how old a draft must be to be nobody's: its writer takes seconds.
const leftoverAge = time.Hour

// Prune is [session.Pruner]. It also removes, and does not count, what Go processes
// that were killed have left of their writing, an hour after. Errors are as with
// Clear.
func (s *Store) Prune(ctx context.Context) (deleted int, err error) {
	now := s.now()
	deleted, err = s.sweep(ctx, func(f file) bool { return f.exists() && !f.live(now) })
	return deleted, errors.Join(err, s.removeLeftovers(ctx))
}

// sweep deletes the sessions that are chosen.
func (s *Store) sweep(ctx context.Context, chosen func(file) bool) (deleted int, err error) {
	left := 0
	var first error // of the system's, if there is one: then sessions were left
	for name, err := range s.names(ctx) {
		if err != nil {
			return deleted, err
		}
		if !s.isName(name) {
			continue
		}
		f, err := s.read(ctx, name)
		if err == nil && !chosen(f) {
			continue
		}
		removed := false
		if err == nil {
			removed, err = s.remove(ctx, name, func() error {
				// It may be another by now.
				if f, err := s.readOnce(name); err != nil || !chosen(f) {
					return errKeep
				}
				return nil
			})
		}
		switch {
		case ctx.Err() != nil:
			return deleted, ctx.Err()
		case err != nil:
			left++
			if first == nil || isNoSession(first) && !isNoSession(err) {
				first = err
			}
		case removed:
			deleted++
		}
	}
	if deleted > 0 {
		err = s.syncDir()
	}
	if first != nil {
		what := "files were"
		if left == 1 {
			what = "file was"
		}
		err = errors.Join(err, fmt.Errorf("filestore: %d %s left; the first: %w", left, what, first))
	}
	return deleted, err
}

// isNoSession reports whether an error is about what a file holds.
func isNoSession(err error) bool {
	return errors.Is(err, session.ErrDamaged) || errors.Is(err, codec.ErrTooLarge)
}

func (s *Store) removeLeftovers(ctx context.Context) error {
	for name, err := range s.names(ctx) {
		if err != nil {
			return err
		}
		if !s.isLeftover(name) {
			continue
		}
		_, err := s.remove(ctx, name, func() error {
			info, err := os.Lstat(s.path(name))
			if err == nil && (!info.Mode().IsRegular() || time.Since(info.ModTime()) < leftoverAge) {
				return errKeep
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
