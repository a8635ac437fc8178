//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package filestore

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// readFile returns the content of a regular file. It follows no link, and a FIFO
// does not hold it up.
func readFile(path string, limit int64) ([]byte, error) {
	fd, err := openRetry(path, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	switch err {
	case nil:
	case unix.ELOOP, unix.EMLINK, unix.ENXIO, unix.EOPNOTSUPP: // links, as systems say it, and sockets
		return nil, errKept
	default:
		return nil, fmt.Errorf("filestore: open: %w", err)
	}
	defer unix.Close(fd)
	var info unix.Stat_t
	if err := unix.Fstat(fd, &info); err != nil {
		return nil, fmt.Errorf("filestore: fstat: %w", err)
	}
	switch {
	case info.Mode&unix.S_IFMT != unix.S_IFREG:
		return nil, errKept
	case info.Size > limit:
		return nil, errFileSize
	}
	raw := make([]byte, 0, info.Size+1) // one more, to see the end at once
	for {
		n, err := unix.Read(fd, raw[len(raw):cap(raw)])
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return nil, fmt.Errorf("filestore: read: %w", err)
		case n <= 0:
			return raw, nil
		}
		raw = raw[:len(raw)+n]
		if int64(len(raw)) > limit {
			return nil, errFileSize
		}
		if len(raw) == cap(raw) { // it has grown
			raw = append(raw, 0)[:len(raw)]
		}
	}
}

func openRetry(path string, flags int, mode uint32) (fd int, err error) {
	for {
		fd, err = unix.Open(path, flags, mode)
		if err != unix.EINTR {
			return fd, err
		}
	}
}
