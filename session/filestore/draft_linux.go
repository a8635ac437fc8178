package filestore

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// hasFDs reports whether what is open has a path, which gives it a name without
// privileges.
var hasFDs = sync.OnceValue(func() bool {
	_, err := os.Stat("/proc/self/fd")
	return err == nil
})

// newDraft writes a file that has no name: what is killed leaves nothing, and no
// sweep meets half a session.
func newDraft(dir, name string, content []byte, sync bool) (*draft, error) {
	if !hasFDs() {
		return newNamedDraft(dir, name, content, sync)
	}
	fd, err := openRetry(dir, unix.O_TMPFILE|unix.O_WRONLY|unix.O_CLOEXEC, 0o600)
	switch err {
	case nil:
	case unix.EOPNOTSUPP, unix.EISDIR, unix.EINVAL: // an old file system or kernel
		return newNamedDraft(dir, name, content, sync)
	default:
		return nil, &fs.PathError{Op: "create", Path: dir, Err: err}
	}
	d := &draft{open: os.NewFile(uintptr(fd), dir)}
	giveAway(d.open, dir)
	if err := fill(d.open, content, sync); err != nil {
		d.discard()
		return nil, err
	}
	return d, nil
}

// place gives a draft its name. exists says that there is a session of this name; if
// there is not, or if there is one though it should not, the error says so.
func (d *draft) place(target string, exists bool) error {
	if d.open == nil && !exists {
		return d.rename(target)
	}
	if !exists {
		return d.link(target)
	}
	if d.open != nil {
		path := draftPath("", target)[1:]
		if err := d.link(path); err != nil {
			return err
		}
		d.path = path
	}
	// In one step, so that what Python deletes meanwhile does not come back. The
	// draft's name then holds what was there before, and is removed.
	err := unix.Renameat2(unix.AT_FDCWD, d.path, unix.AT_FDCWD, target, unix.RENAME_EXCHANGE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EOPNOTSUPP) {
		return d.rename(target)
	}
	if err != nil {
		return &os.LinkError{Op: "exchange", Old: d.path, New: target, Err: err}
	}
	return nil
}

func (d *draft) link(path string) error {
	open := "/proc/self/fd/" + strconv.Itoa(int(d.open.Fd()))
	if err := unix.Linkat(unix.AT_FDCWD, open, unix.AT_FDCWD, path, unix.AT_SYMLINK_FOLLOW); err != nil {
		return &os.LinkError{Op: "link", Old: open, New: path, Err: err}
	}
	return nil
}
