package filestore

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"
	"time"
)

// What a file holds, written again, is read as the same; nothing panics. Bytes that
// Python has written come out as they were.
func FuzzFile(f *testing.F) {
	for _, layout := range []string{"starlite", "litestar"} {
		text, err := os.ReadFile("../../testdata/filestore/" + layout + ".json")
		var v struct{ Read, Written []struct{ File string } }
		if err == nil {
			err = json.Unmarshal(text, &v)
		}
		if err != nil || len(v.Read) < 70 || len(v.Written) < 20 {
			f.Fatalf("seeds: %v", err)
		}
		for _, c := range append(v.Read, v.Written...) {
			raw, err := hex.DecodeString(c.File)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(raw)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, layout := range []Layout{Starlite, Litestar} {
			s := Store{layout: layout}
			kept := bytes.Clone(raw)
			read, err := s.parseFile(raw)
			if !bytes.Equal(raw, kept) {
				t.Fatal("reading changes the file")
			}
			if err != nil {
				continue
			}
			written, err := s.appendFile(nil, read.data, read.expires)
			if err != nil {
				if read.expires.UTC().Year() > 9999 || read.expires.UTC().Year() < 1 {
					continue // by its zone
				}
				t.Fatal(err)
			}
			again, err := s.parseFile(written)
			if err != nil || !bytes.Equal(again.data, read.data) || !again.expires.Equal(read.expires.Truncate(time.Microsecond)) {
				t.Fatalf("%q is read as %q until %v, and written as %q: %v", raw, read.data, read.expires, written, err)
			}
		}
	})
}
