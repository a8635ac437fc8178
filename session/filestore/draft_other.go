//go:build !linux

package filestore

func newDraft(dir, name string, content []byte, sync bool) (*draft, error) {
	return newNamedDraft(dir, name, content, sync)
}

// place gives a draft its name. Under the lock nobody but Python can have changed
// what is there, see the package's doc.
func (d *draft) place(target string, _ bool) error { return d.rename(target) }
