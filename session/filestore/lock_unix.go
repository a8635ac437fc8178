//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package filestore

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// lockDir takes the advisory lock of a directory. It asks again and again instead of
// waiting in the kernel, since a process that was stopped may hold it for ever, and
// ctx must end that.
func lockDir(ctx context.Context, dir string) (release func(), err error) {
	for try := 0; ; try++ {
		fd, err := openRetry(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err == unix.ENOENT {
			return nil, errNoDir
		}
		if err != nil {
			return nil, fmt.Errorf("filestore: open the directory: %w", err)
		}
		err = flock(ctx, fd)
		if err != nil {
			unix.Close(fd)
			return nil, err
		}
		// Litestar's delete_all may have made the directory again meanwhile: then
		// others hold the lock of that one.
		if isOpen(fd, dir) {
			return func() {
				unix.Flock(fd, unix.LOCK_UN) // a child that was just forked has fd too
				unix.Close(fd)
			}, nil
		}
		unix.Close(fd)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
}

const (
	lockPause    = 50 * time.Microsecond // a change takes about so long
	maxLockPause = 5 * time.Millisecond
)

func flock(ctx context.Context, fd int) error {
	for wait := lockPause; ; wait = min(2*wait, maxLockPause) {
		err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
		switch err {
		case nil:
			return nil
		case unix.EINTR:
			continue
		case unix.EWOULDBLOCK:
		default:
			return fmt.Errorf("filestore: lock the directory: %w", err)
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// isOpen reports whether a path names what is open.
func isOpen(fd int, path string) bool {
	var open, named unix.Stat_t
	return unix.Fstat(fd, &open) == nil && unix.Stat(path, &named) == nil &&
		open.Dev == named.Dev && open.Ino == named.Ino
}
