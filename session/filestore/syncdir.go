package filestore

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
)

// syncDir makes the names of a directory last: of what is renamed, and of what is
// deleted, which would be there again after the power has failed. Windows has no such
// call.
func (s *Store) syncDir() error {
	if !s.sync || runtime.GOOS == "windows" {
		return nil
	}
	dir, err := os.Open(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // Litestar's delete_all came after, and all are gone
	}
	if err != nil {
		return withoutPath(err)
	}
	defer dir.Close()
	return withoutPath(dir.Sync())
}
