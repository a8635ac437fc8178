//go:build !race

package codec_test

// The race detector makes sync.Pool drop at random what it is given, so
// allocations are counted without it.

import (
	"fmt"
	"testing"

	"github.com/sessctl/sessctl/codec"
)

func TestAllocations(t *testing.T) {
	old := codec.NewKey("old", []byte("oldoldoldoldoldo"))
	for _, size := range append(sizes, 20) {
		for name, test := range map[string]struct{ writer, reader *codec.Codec }{
			"starlette": {starlette(t, codec.StarletteConfig{}), starlette(t, codec.StarletteConfig{})},
			"litestar":  {litestar(t, codec.LitestarConfig{}), litestar(t, codec.LitestarConfig{})},
			"starlette, second key": {
				starlette(t, codec.StarletteConfig{Keys: codec.Keys{Current: old}}),
				starlette(t, codec.StarletteConfig{Keys: codec.Keys{Current: codec.NewKey("new", []byte("new")), Previous: []codec.Key{old}}}),
			},
			"litestar, second key": {
				litestar(t, codec.LitestarConfig{Keys: codec.Keys{Current: old}}),
				litestar(t, codec.LitestarConfig{Keys: codec.Keys{Current: codec.NewKey("new", []byte("newnewnewnewnewn")), Previous: []codec.Key{old}}}),
			},
			"migration": {starlette(t, codec.StarletteConfig{}), migration(t)},
		} {
			value := encodeValues(t, test.writer, sessionOf(t, size))
			raw := []byte(value)
			forged := []byte(value)
			forged[3] ^= 1
			buf := make([]byte, 0, len(raw))
			check := func(what string, most float64, f func() error) {
				t.Helper()
				t.Run(fmt.Sprintf("%s/%d/%s", name, size, what), func(t *testing.T) {
					var err error
					if got := testing.AllocsPerRun(100, func() { err = f() }); got > most {
						t.Errorf("%v allocations, at most %v", got, most)
					}
					if err != nil {
						t.Error(err)
					}
				})
			}
			check("AppendOpen", 0, func() error {
				_, _, err := test.reader.AppendOpen(buf, raw)
				return err
			})
			check("AppendOpen of a forged cookie", 0, func() error {
				if _, _, err := test.reader.AppendOpen(buf, forged); err == nil {
					return fmt.Errorf("it opened")
				}
				return nil
			})
			check("Decode", 4, func() error {
				_, err := test.reader.Decode(value)
				return err
			})
			check("Decode and Get", 4, func() error {
				s, err := test.reader.Decode(value)
				if err != nil {
					return err
				}
				_, err = codec.Get[int64](s.Values, "user_id")
				return err
			})
		}
	}
}
