package codec

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// benchObjects are sessions of the two sizes that the codec's benchmarks use,
// as Starlette spells them.
func benchObjects() map[string]string {
	small := `{"user_id": 1234567, "name": "Zo\u00eb Example", "roles": ["admin", "editor"], "csrf": "0123456789abcdef0123456789abcdef", "last_seen": 1700000000.25, "theme": null, "consent": true}`
	var large strings.Builder
	large.WriteString(small[:len(small)-1])
	for i := 0; large.Len() < 2840; i++ {
		fmt.Fprintf(&large, `, "item_%02d": {"sku": "A-%05d", "qty": %d, "price": %d.5}`, i, i*37, i, i)
	}
	return map[string]string{"180B": small, "2.9kB": large.String() + "}"}
}

func BenchmarkValuesParse(b *testing.B) {
	for size, text := range benchObjects() {
		b.Run(size, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			vs := make([]Values, 1)
			for b.Loop() {
				clear(vs)
				if err := vs[0].parse(text, FormatStarlette); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(size+"/floor=json.Valid", func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			data := []byte(text)
			for b.Loop() {
				if !json.Valid(data) {
					b.Fatal("not valid")
				}
			}
		})
	}
}

func BenchmarkValuesGet(b *testing.B) {
	v, err := ParseValues(benchObjects()["2.9kB"])
	if err != nil {
		b.Fatal(err)
	}
	b.Run("int64", func(b *testing.B) { benchGet[int64](b, v, "user_id") })
	b.Run("string", func(b *testing.B) { benchGet[string](b, v, "csrf") })
	b.Run("string,escaped", func(b *testing.B) { benchGet[string](b, v, "name") })
	b.Run("struct", func(b *testing.B) {
		type item struct {
			SKU   string  `json:"sku"`
			Price float64 `json:"price"`
		}
		benchGet[item](b, v, "item_30")
	})
}

func benchGet[T any](b *testing.B, v *Values, key string) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Get[T](v, key); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkValuesAppendJSON(b *testing.B) {
	for size, text := range benchObjects() {
		for _, peer := range []Format{FormatStarlette, FormatLitestar} {
			b.Run(size+"/set_one,to="+peer.String(), func(b *testing.B) {
				var v Values
				if err := v.parse(text, FormatStarlette); err != nil {
					b.Fatal(err)
				}
				if err := v.Set("user_id", 42); err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				b.SetBytes(int64(len(text)))
				dst := make([]byte, 0, 2*len(text))
				for b.Loop() {
					if _, err := v.AppendJSON(dst, peer); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkValuesSet(b *testing.B) {
	b.ReportAllocs()
	var v Values
	for b.Loop() {
		if err := v.Set("user_id", 42); err != nil {
			b.Fatal(err)
		}
	}
}
