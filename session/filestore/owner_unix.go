//go:build unix

package filestore

import (
	"os"
	"syscall"
)

// giveAway makes a file of root's, or a directory, that of the owner of the directory it
// is in: it is readable for its owner alone, and the app that has the directory must read
// it. Where root may not do that, as in some containers, it stays root's.
func giveAway(f *os.File, dir string) {
	if os.Geteuid() != 0 {
		return
	}
	info, err := os.Stat(dir)
	if err != nil {
		return
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Uid != 0 {
		_ = f.Chown(int(stat.Uid), int(stat.Gid))
	}
}
