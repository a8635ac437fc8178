package filestore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
)

// Config configures [New].
type Config struct {
	Dir    string           // it must exist, unless Create is set. Litestar with a default factory: its sessions subdirectory
	Layout Layout           // must be given: there is no telling a wrong one from an empty store
	Names  Names            // 0: those of the layout's newest release
	Create bool             // make the directory, and those above it, where it is missing: for this user alone, or, of root's, for the owner of the nearest that is there
	NoSync bool             // do not wait for the disk: what is killed harms nothing, but when the power fails the last changes may be lost, or torn
	Now    func() time.Time // nil: time.Now
}

// maxData bounds a session: what [codec] reads of one is no longer.
const maxData = 1 << 20

// Store is a directory of sessions. It holds nothing open, and is safe for
// concurrent use.
type Store struct {
	dir    string
	layout Layout
	hashed bool
	sync   bool
	now    func() time.Time
	gate   chan struct{}
}

var (
	_ session.Store   = (*Store)(nil)
	_ session.Swapper = (*Store)(nil)
	_ session.Lister  = (*Store)(nil)
	_ session.Clearer = (*Store)(nil)
	_ session.Pruner  = (*Store)(nil)
	_ session.Keyed   = (*Store)(nil)
)

// New returns the store of a directory.
func New(c Config) (*Store, error) {
	switch {
	case c.Layout != Starlite && c.Layout != Litestar:
		return nil, errors.New("filestore: Layout must be Starlite or Litestar")
	case c.Names != NamesDefault && c.Names != NamesID:
		return nil, errors.New("filestore: an unknown value of Names")
	case c.Dir == "":
		return nil, errors.New("filestore: no Dir")
	}
	dir, err := filepath.Abs(c.Dir) // the process may go elsewhere
	if err != nil {
		return nil, fmt.Errorf("filestore: %w", err)
	}
	if c.Create {
		if err := makeDir(dir); err != nil {
			return nil, fmt.Errorf("filestore: %w", err)
		}
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("filestore: the directory does not exist: %w", err)
	case err != nil:
		return nil, fmt.Errorf("filestore: %w", err)
	case !info.IsDir():
		return nil, fmt.Errorf("filestore: %s is not a directory", dir)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Store{
		dir: dir, layout: c.Layout, hashed: c.Layout == Litestar && c.Names == NamesDefault,
		sync: !c.NoSync, now: c.Now, gate: gateOf(dir),
	}, nil
}

// makeDir makes a directory, and those above it. Root gives each away.
func makeDir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := makeDir(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		if _, statErr := os.Stat(dir); statErr == nil { // by now
			return nil
		}
		return err
	}
	// Who has the parent may have put a link to something else there.
	if f, err := os.OpenInRoot(parent, filepath.Base(dir)); err == nil {
		giveAway(f, parent)
		f.Close()
	}
	return nil
}

func (s *Store) path(name string) string { return s.dir + string(filepath.Separator) + name }

// Load is [session.Store]. Unlike Python's get it deletes nothing: see
// [Store.Prune].
func (s *Store) Load(ctx context.Context, id string) ([]byte, time.Time, error) {
	name, err := s.name(ctx, id)
	if err != nil {
		return nil, time.Time{}, err
	}
	return s.load(ctx, name)
}

func (s *Store) load(ctx context.Context, name string) ([]byte, time.Time, error) {
	f, err := s.read(ctx, name)
	switch {
	case err != nil:
		return nil, time.Time{}, err
	case !f.live(s.now()):
		return nil, time.Time{}, session.ErrNotFound
	}
	return f.data, f.expires, nil
}

// Create is [session.Store].
func (s *Store) Create(ctx context.Context, id string, data []byte, ttl time.Duration) error {
	name, err := s.name(ctx, id)
	if err != nil {
		return err
	}
	return s.put(ctx, name, data, ttl, s.absent)
}

func (s *Store) absent(f file) error {
	if f.live(s.now()) {
		return session.ErrExists
	}
	return nil
}

// Replace is [session.Store].
func (s *Store) Replace(ctx context.Context, id string, data []byte, ttl time.Duration) error {
	name, err := s.name(ctx, id)
	if err != nil {
		return err
	}
	return s.put(ctx, name, data, ttl, s.alive)
}

func (s *Store) alive(f file) error {
	if !f.live(s.now()) {
		return session.ErrNotFound
	}
	return nil
}

// Swap is [session.Swapper].
func (s *Store) Swap(ctx context.Context, id string, old, data []byte, ttl time.Duration) error {
	name, err := s.name(ctx, id)
	if err != nil {
		return err
	}
	return s.put(ctx, name, data, ttl, func(f file) error {
		if err := s.alive(f); err != nil {
			return err
		}
		if !bytes.Equal(f.data, old) {
			return session.ErrChanged
		}
		return nil
	})
}

// Delete is [session.Store]. A file that can be read as no session goes too.
func (s *Store) Delete(ctx context.Context, id string) error {
	name, err := s.name(ctx, id)
	if err != nil {
		return err
	}
	return s.delete(ctx, name)
}

func (s *Store) delete(ctx context.Context, name string) error {
	var found error
	removed, err := s.remove(ctx, name, func() error {
		f, err := s.readOnce(name)
		switch {
		case err != nil && s.isUseless(name, err):
			found = nil
			return nil
		case err != nil:
			return err
		case !f.exists():
			return errKeep
		}
		found = s.alive(f)
		return nil
	})
	switch {
	case err != nil:
		return err
	case removed:
		return errors.Join(s.syncDir(), found)
	}
	return session.ErrNotFound
}

// isUseless reports whether what cannot be read is a file in a session's place, which
// nobody is writing.
func (s *Store) isUseless(name string, err error) bool {
	if passes(err) || !s.isName(name) || !isNoSession(err) {
		return false
	}
	info, err := os.Lstat(s.path(name))
	return err == nil && info.Mode().IsRegular()
}

// LoadKey is [session.Keyed]; a key is a file's name.
func (s *Store) LoadKey(ctx context.Context, key string) ([]byte, time.Time, error) {
	if err := checkKey(ctx, key); err != nil {
		return nil, time.Time{}, err
	}
	return s.load(ctx, key)
}

// CreateKey is Create of a session whose id is not known, in a file of Litestar's
// hash of it: for who copies such files.
func (s *Store) CreateKey(ctx context.Context, key string, data []byte, ttl time.Duration) error {
	if err := s.checkHash(ctx, key); err != nil {
		return err
	}
	return s.put(ctx, key, data, ttl, s.absent)
}

// ReplaceKey is Replace, as CreateKey is Create.
func (s *Store) ReplaceKey(ctx context.Context, key string, data []byte, ttl time.Duration) error {
	if err := s.checkHash(ctx, key); err != nil {
		return err
	}
	return s.put(ctx, key, data, ttl, s.alive)
}

// TouchKey is Touch, as CreateKey is Create.
func (s *Store) TouchKey(ctx context.Context, key string, ttl time.Duration) error {
	if err := s.checkHash(ctx, key); err != nil {
		return err
	}
	return s.touch(ctx, key, ttl)
}

// checkHash keeps to names that can be a session's where they are hashes.
func (s *Store) checkHash(ctx context.Context, key string) error {
	if !s.hashed || !s.isName(key) {
		return errors.New("filestore: a key to write is the hash of an id, where files are named so")
	}
	return ctx.Err()
}

// DeleteKey is [session.Keyed]. What holds no session it leaves, but in the place of
// one.
func (s *Store) DeleteKey(ctx context.Context, key string) error {
	if err := checkKey(ctx, key); err != nil {
		return err
	}
	return s.delete(ctx, key)
}

// checkKey keeps to the files of the directory.
func checkKey(ctx context.Context, key string) error {
	if key == "." || !filepath.IsLocal(key) || filepath.Base(key) != key {
		return errors.New("filestore: a key is the name of a file in the directory")
	}
	return ctx.Err()
}

// name returns the file name of an id.
func (s *Store) name(ctx context.Context, id string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if !session.ValidID(id) {
		return "", errors.New("filestore: what is not a valid id reached the store")
	}
	return s.nameOf(id), nil
}

func checkSize(data []byte) error {
	if len(data) > maxData {
		return fmt.Errorf("filestore: a session of %d bytes: %w", len(data), codec.ErrTooLarge)
	}
	return nil
}
