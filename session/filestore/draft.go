package filestore

import (
	"crypto/rand"
	"encoding/hex"
	"os"
)

// draft is a file that is whole and not in its place yet.
type draft struct {
	path string   // empty once there is nothing to remove
	open *os.File // Linux: it has no name
}

const draftRandom = 8 // bytes

// draftPath returns a name in the manner of Litestar's, which begins like the
// session's: no sweep of Python's takes it for something else, and [Store.Prune]
// knows it.
func draftPath(dir, name string) string {
	var random [draftRandom]byte
	rand.Read(random[:]) // it never fails
	return dir + string(os.PathSeparator) + name + leftoverMark + hex.EncodeToString(random[:])
}

// newNamedDraft makes a draft where a file must have a name.
func newNamedDraft(dir, name string, content []byte, sync bool) (*draft, error) {
	path := draftPath(dir, name)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	d := &draft{path: path}
	giveAway(f, dir)
	if err := fill(f, content, sync); err != nil {
		f.Close()
		d.discard()
		return nil, err
	}
	if err := f.Close(); err != nil {
		d.discard()
		return nil, err
	}
	return d, nil
}

func fill(f *os.File, content []byte, sync bool) error {
	if _, err := f.Write(content); err != nil || !sync {
		return err
	}
	return f.Sync()
}

// rename puts a draft that has a name in place, over whatever is there.
func (d *draft) rename(target string) error {
	if err := os.Rename(d.path, target); err != nil {
		return err
	}
	d.path = ""
	return nil
}

// discard removes what has no place, or not any more.
func (d *draft) discard() {
	if d.open != nil {
		d.open.Close()
	}
	if d.path != "" {
		os.Remove(d.path)
	}
	*d = draft{}
}
