package filestore_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/filestore"
)

// vectors are what the real backends wrote and read: testdata/filestore.
type vectors struct {
	ReadAt  int64 `json:"read_at"` // Unix microseconds, as all times
	Written []struct {
		Now, Size  int64
		MaxAge     int64 `json:"max_age"`
		ID         string
		Data       json.RawMessage // a text, or how many times x
		Name, File string
	}
	Read []struct {
		File, Strict, Error string
		Data                *string // nil: expired
		Expires             *int64  // nil: never
	}
}

func readVectors(t testing.TB, layout string) (v vectors) {
	t.Helper()
	text, err := os.ReadFile("../../testdata/filestore/" + layout + ".json")
	if err == nil {
		err = json.Unmarshal(text, &v)
	}
	if err != nil || len(v.Written) < 20 || len(v.Read) < 70 {
		t.Fatalf("%d and %d vectors, %v", len(v.Written), len(v.Read), err)
	}
	return v
}

var vectorLayouts = map[string]filestore.Layout{"starlite": filestore.Starlite, "litestar": filestore.Litestar}

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What is written is, at the same time, byte for byte what Python writes.
func TestVectorsWritten(t *testing.T) {
	for name, layout := range vectorLayouts {
		for _, v := range readVectors(t, name).Written {
			dir := t.TempDir()
			s := open(t, filestore.Config{Dir: dir, Layout: layout, NoSync: true, Now: func() time.Time {
				return time.UnixMicro(v.Now).Add(999) // there is less than a microsecond in Go
			}})
			var data string
			if err := json.Unmarshal(v.Data, &data); err != nil {
				var size int
				if err := json.Unmarshal(v.Data, &size); err != nil {
					t.Fatal(err)
				}
				data = strings.Repeat("x", size)
			}
			if err := s.Create(t.Context(), v.ID, []byte(data), time.Duration(v.MaxAge)*time.Second); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(filepath.Join(dir, v.Name))
			want := unhex(t, v.File)
			if v.Size > 0 && int64(len(got)) == v.Size {
				got = got[:len(want)]
			}
			if err != nil || string(got) != string(want) {
				t.Errorf("%s: %q, %v; want %q", name, got, err, want)
			}
		}
	}
}

// What Python reads is read, and nothing else.
func TestVectorsRead(t *testing.T) {
	for name, layout := range vectorLayouts {
		v := readVectors(t, name)
		var group sync.WaitGroup // since what is torn takes its time
		for _, c := range v.Read {
			dir := t.TempDir()
			s := open(t, filestore.Config{Dir: dir, Layout: layout, NoSync: true, Now: func() time.Time { return time.UnixMicro(v.ReadAt) }})
			raw := unhex(t, c.File)
			must(t, os.WriteFile(filepath.Join(dir, v.Written[0].Name), raw, 0o600))
			group.Go(func() {
				data, expires, err := s.Load(t.Context(), v.Written[0].ID)
				switch {
				case c.Error != "" || c.Strict != "":
					if !errors.Is(err, session.ErrDamaged) {
						t.Errorf("%q: %q, %v, want session.ErrDamaged: Python: %s", raw, data, err, c.Error)
					}
				case c.Data == nil:
					if !errors.Is(err, session.ErrNotFound) {
						t.Errorf("%q: %q, %v, want ErrNotFound", raw, data, err)
					}
				case err != nil || string(data) != *c.Data:
					t.Errorf("%q: %q, %v, want %q", raw, data, err, *c.Data)
				case c.Expires == nil && !expires.IsZero() || c.Expires != nil && !expires.Equal(time.UnixMicro(*c.Expires)):
					t.Errorf("%q: expires %v, want %v", raw, expires, *c.Expires)
				}
			})
		}
		group.Wait()
	}
}
