// Package vectors loads the session cookie vectors of testdata/vectors, which
// real Starlette, Starlite and Litestar releases made. testdata/README.md
// explains their fields.
package vectors

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Vector is one scenario.
type Vector struct {
	Name   string  `json:"-"` // the file's path below testdata/vectors, without .json
	About  string  `json:"about"`
	MadeBy string  `json:"made_by"`
	Format string  `json:"format"` // starlette or litestar
	Config Config  `json:"config"`
	Now    float64 `json:"now"` // Unix seconds, as are all times here

	Cookies  []string `json:"cookies"` // name=value
	Apart    bool     `json:"apart"`   // in a header each
	Value    string   `json:"value"`
	Expect   string   `json:"expect"`
	KeyIndex int      `json:"key_index"`

	JSON      string   `json:"json"`
	SignedAt  *int64   `json:"signed_at"`  // nil: unknown
	ExpiresAt *int64   `json:"expires_at"` // nil: unknown, or never
	WrittenAt *float64 `json:"written_at"` // nil: not to be encoded again
	Nonce     Hex      `json:"nonce"`
	Reencode  bool     `json:"reencode"`
	FromJSON  bool     `json:"from_json"`
	Source    string   `json:"source"`

	Unsupported string `json:"unsupported"` // a top-level key

	Then      string   `json:"then"` // clear, write or nothing
	SetCookie []string `json:"set_cookie"`
	Cleared   []string `json:"cleared"`

	Python     string `json:"python"`
	PythonRead string `json:"python_read"`
}

// Config is how the app, and so the reader, was configured.
type Config struct {
	Key         Hex    `json:"key"`
	BytesSecret Hex    `json:"bytes_secret"`
	Previous    []Hex  `json:"previous"`
	MaxAge      *int64 `json:"max_age"` // seconds; nil: never expires
	Name        string `json:"name"`
	Path        string `json:"path"`
	Domain      string `json:"domain"`
	Insecure    bool   `json:"insecure"`
	SameSite    string `json:"same_site"`
	Partitioned bool   `json:"partitioned"`
	Untimed     bool   `json:"untimed"`
	Numbered    bool   `json:"numbered"`
}

// Hex is bytes, written as hexadecimal digits.
type Hex []byte

// UnmarshalText decodes hexadecimal digits.
func (h *Hex) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

// Time returns a time field of a vector as a [time.Time].
func Time(unix float64) time.Time {
	whole, fraction := math.Modf(unix)
	return time.Unix(int64(whole), int64(fraction*1e9)).UTC()
}

// All returns the vectors below the named directories of testdata/vectors, or
// of all of it. Finding none in one fails the test.
func All(t testing.TB, dirs ...string) []Vector {
	t.Helper()
	if len(dirs) == 0 {
		dirs = []string{"."}
	}
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	root = filepath.Join(root, "testdata", "vectors")
	var all []Vector
	for _, dir := range dirs {
		before := len(all)
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".json" {
				return err
			}
			v, err := load(root, path)
			all = append(all, v)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(all) == before {
			t.Fatalf("no vectors in testdata/vectors/%s", dir)
		}
	}
	return all
}

func load(root, path string) (Vector, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Vector{}, err
	}
	name := strings.TrimPrefix(filepath.ToSlash(path), filepath.ToSlash(root)+"/")
	v := Vector{Name: strings.TrimSuffix(name, ".json")}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields() // a field that no test sees proves nothing
	if err := decoder.Decode(&v); err != nil {
		return Vector{}, fmt.Errorf("%s: %w", v.Name, err)
	}
	return v, nil
}

// moduleRoot is the nearest directory upwards that holds go.mod: tests run in
// the directory of their package.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("vectors: no go.mod above the working directory")
		}
		dir = parent
	}
}
