package filestore_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sessctl/sessctl/session/filestore"
	"github.com/sessctl/sessctl/session/sessiontest"
)

// The benchmarks are beside the least that files cost: os.ReadFile, and a file that
// is written under another name and renamed. "synced" waits for the disk, for the
// data and for the directory.

var benchData = []byte(`{"user_id":42,"roles":["admin","billing"],"cart":[{"sku":"a-1","n":2},{"sku":"b-7","n":1}],"csrf":"` +
	"5f2d1c0b9a8877665544332211000f0e" + `","theme":"dark","seen":1767323045.25}`)

type benchmark struct {
	*filestore.Store
	id, file string
	raw      []byte
	sync     bool
}

func (bench benchmark) run(b *testing.B, step func(b *testing.B, bench benchmark) error) {
	for _, layout := range []string{"starlite", "litestar"} {
		for _, synced := range []string{"", "/synced"} {
			b.Run(layout+synced, func(b *testing.B) {
				c := layouts[layout]
				c.Dir, c.NoSync = b.TempDir(), synced == ""
				bench := benchmark{Store: open(b, c), id: sessiontest.NewID(), sync: synced != ""}
				must(b, bench.Create(b.Context(), bench.id, benchData, time.Hour))
				bench.file = firstSession(b, c.Dir)
				raw, err := os.ReadFile(bench.file)
				must(b, err)
				bench.raw = raw
				b.ReportAllocs()
				for b.Loop() {
					must(b, step(b, bench))
				}
			})
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	benchmark{}.run(b, func(b *testing.B, bench benchmark) error {
		_, _, err := bench.Load(b.Context(), bench.id)
		return err
	})
}

func BenchmarkReplace(b *testing.B) {
	benchmark{}.run(b, func(b *testing.B, bench benchmark) error {
		return bench.Replace(b.Context(), bench.id, benchData, time.Hour)
	})
}

func BenchmarkTouch(b *testing.B) {
	benchmark{}.run(b, func(b *testing.B, bench benchmark) error {
		return bench.Touch(b.Context(), bench.id, time.Hour)
	})
}

func BenchmarkBareRead(b *testing.B) {
	benchmark{}.run(b, func(b *testing.B, bench benchmark) error {
		_, err := os.ReadFile(bench.file)
		return err
	})
}

func BenchmarkBareWrite(b *testing.B) {
	benchmark{}.run(b, func(b *testing.B, bench benchmark) error {
		return writeRename(bench.file, bench.raw, bench.sync)
	})
}

func writeRename(file string, raw []byte, sync bool) error {
	f, err := os.CreateTemp(filepath.Dir(file), "x")
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	if sync {
		err = errors.Join(err, f.Sync())
	}
	err = errors.Join(err, f.Close(), os.Rename(f.Name(), file))
	if err != nil || !sync {
		return err
	}
	dir, err := os.Open(filepath.Dir(file))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
