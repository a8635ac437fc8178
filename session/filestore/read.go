package filestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
)

// patience is how often something is tried again that will be over in a moment: a
// file that Starlite writes, a directory that Litestar makes again. The pauses
// double from 1 ms, and are half a second together: on a busy disk a file was seen
// empty for longer than 60 ms.
const patience = 9

// tornFor is how long after its last change a torn file may still become whole.
const tornFor = 10 * time.Second

// pause waits before a further try, unless ctx is done first.
func pause(ctx context.Context, try int) error {
	timer := time.NewTimer(time.Millisecond << try)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// passing is an error that may be gone in a moment.
type passing struct{ error }

func (p passing) Unwrap() error { return p.error }

func passes(err error) bool {
	return err != nil && errors.As(err, new(passing))
}

// ErrKept comes with [session.ErrDamaged] where Delete too keeps what lies there.
var ErrKept = errors.New("filestore: it is no regular file, or is being written")

var (
	// errNoDir: the directory was there when the store was made. It must not look as
	// if there were no sessions.
	errNoDir = passing{errors.New("filestore: the directory is gone")}

	errKept = fmt.Errorf("%w: %w", session.ErrDamaged, ErrKept)

	// errTorn is errKept where Starlite may be writing.
	errTorn = passing{errKept}

	// errAgain: what Python did in the midst of a change made it impossible.
	errAgain = passing{errors.New("filestore: the directory changes all the time")}
)

// retry tries again what fails for a moment.
func retry(ctx context.Context, step func() error) error {
	for try := 0; ; try++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := step()
		if err == nil || !passes(err) || try == patience {
			return err
		}
		if err := pause(ctx, try); err != nil {
			return err
		}
	}
}

// read reads the file of a name. The zero file: there is none.
func (s *Store) read(ctx context.Context, name string) (f file, err error) {
	err = retry(ctx, func() error {
		f, err = s.readOnce(name)
		return err
	})
	return f, err
}

func (s *Store) readOnce(name string) (file, error) {
	raw, err := readFile(s.path(name), s.maxFile())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Stat(s.dir); err != nil {
			return file{}, errNoDir
		}
		return file{}, nil
	case err != nil:
		return file{}, withoutPath(err)
	}
	f, err := s.parseFile(raw)
	if !errors.Is(err, session.ErrDamaged) {
		return f, err
	}
	info, statErr := os.Lstat(s.path(name))
	fresh := statErr != nil || time.Since(info.ModTime()) < tornFor
	switch {
	case len(raw) == 0 && !fresh: // its writer was killed, or the power failed
		return file{raw: raw, expires: longOver}, nil
	case s.layout == Starlite && fresh && (len(raw) == 0 || raw[0] == '{'): // as Starlite begins
		return file{}, errTorn
	}
	return file{}, err
}

var errFileSize = fmt.Errorf("filestore: a session's file: %w", codec.ErrTooLarge)

// withoutPath leaves the path out of an error: an id is a credential.
func withoutPath(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return fmt.Errorf("filestore: %s: %w", path.Op, path.Err)
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return fmt.Errorf("filestore: %s: %w", link.Op, link.Err)
	}
	return err
}

// errKeep is the answer of those who do not want a file removed.
var errKeep = errors.New("filestore: keep it")

// remove deletes a file under the lock, if check allows it then. That there is none
// is no error.
func (s *Store) remove(ctx context.Context, name string, check func() error) (removed bool, err error) {
	err = retry(ctx, func() error {
		unlock, err := s.lock(ctx)
		if err != nil {
			return err
		}
		defer unlock()
		if err := check(); err != nil {
			return err
		}
		return os.Remove(s.path(name))
	})
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errKeep) {
		return false, nil
	}
	return err == nil, withoutPath(err)
}
