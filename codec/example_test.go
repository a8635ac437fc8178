package codec_test

import (
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/sessctl/sessctl/codec"
)

// A Go handler reads and changes the session of the FastAPI app beside it,
// whose SessionMiddleware has secret_key=os.environ["SESSION_SECRET"].
func Example_fastAPI() {
	os.Setenv("SESSION_SECRET", "correct horse battery staple")
	cookies, err := codec.NewStarlette(codec.StarletteConfig{
		Keys: codec.Keys{Current: codec.NewKey("2026", []byte(os.Getenv("SESSION_SECRET")))},
	})
	if err != nil {
		log.Fatal(err)
	}

	handler := func(w http.ResponseWriter, r *http.Request) {
		s, err := cookies.Read(r)
		if err != nil && !errors.Is(err, codec.ErrNoCookie) {
			log.Print(err) // expired, forged, …: the session is empty
		}
		visits, _ := codec.Get[int](s.Values, "visits")
		s.Set("visits", visits+1)
		if err := cookies.Write(w, r, s.Values); err != nil {
			http.Error(w, "session", http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, "visit %d", visits+1)
	}

	r := httptest.NewRequest("GET", "/", nil)
	for range 2 {
		w := httptest.NewRecorder()
		handler(w, r)
		fmt.Println(w.Body)
		r = httptest.NewRequest("GET", "/", nil)
		r.AddCookie(w.Result().Cookies()[0])
	}
	// Output:
	// visit 1
	// visit 2
}

// A site moves from signed cookies to encrypted ones. Nobody is logged out, and
// after the end of the year the old secret opens nothing.
func ExampleNewMigration() {
	now := func() time.Time { return time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC) }
	old := codec.NewKey("signed", []byte("the old secret"))
	signed, err := codec.NewStarlette(codec.StarletteConfig{
		Keys: codec.Keys{Current: old.Until(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))},
		Now:  now,
	})
	if err != nil {
		log.Fatal(err)
	}
	encrypted, err := codec.NewLitestar(codec.LitestarConfig{
		Keys:   codec.Keys{Current: codec.NewKey("encrypted", []byte("0123456789abcdef0123456789abcdef"))},
		Cookie: codec.Attributes{Name: "lsession"},
		Now:    now,
	})
	if err != nil {
		log.Fatal(err)
	}
	cookies, err := codec.NewMigration(codec.MigrationConfig{To: encrypted, From: []*codec.Codec{signed}})
	if err != nil {
		log.Fatal(err)
	}

	// What the old app set ten days ago.
	value, _ := codec.ParseValues(`{"user_id": 42}`)
	set, _ := signed.EncodeCookies(value, nil, codec.ExpiresAt(now().Add(4*24*time.Hour)))

	s, err := cookies.DecodeCookies(set)
	fmt.Println(s.Text(), s.Format, "stale:", s.Stale, err)
	if s.Stale {
		moved, err := cookies.EncodeCookies(s.Values, set, codec.ExpiresAt(s.ExpiresAt))
		if err != nil {
			log.Fatal(err)
		}
		for _, c := range moved {
			fmt.Println(c.Name, "max age", c.MaxAge, "cleared:", c.Value == "null")
		}
	}
	// Output:
	// {"user_id": 42} starlette stale: true <nil>
	// lsession max age 345600 cleared: false
	// session max age 0 cleared: true
}

// The new key writes and reads, the old one reads until a date.
func ExampleKeys() {
	value, _ := codec.ParseValues(`{"user_id": 42}`)
	before, _ := codec.NewStarlette(codec.StarletteConfig{
		Keys: codec.Keys{Current: codec.NewKey("2025", []byte("old secret"))},
	})
	cookie, _ := before.Encode(value)

	after, err := codec.NewStarlette(codec.StarletteConfig{Keys: codec.Keys{
		Current:  codec.NewKey("2026", []byte("new secret")),
		Previous: []codec.Key{codec.NewKey("2025", []byte("old secret")).Until(time.Now().Add(14 * 24 * time.Hour))},
	}})
	if err != nil {
		log.Fatal(err)
	}
	s, err := after.Decode(cookie)
	fmt.Println(s.KeyLabel, "stale:", s.Stale, err)
	cookie, _ = after.Encode(s.Values, codec.ExpiresAt(s.ExpiresAt))
	s, err = after.Decode(cookie)
	fmt.Println(s.KeyLabel, "stale:", s.Stale, err)
	// Output:
	// 2025 stale: true <nil>
	// 2026 stale: false <nil>
}

// Without requests: a value is read, one key changed, and all else stays as
// Python wrote it.
func ExampleCodec_Decode() {
	c, err := codec.NewStarlette(codec.StarletteConfig{
		Keys: codec.Keys{Current: codec.NewKey("k", []byte("secret"))},
		Now:  func() time.Time { return time.Unix(1700000000, 0) },
	})
	if err != nil {
		log.Fatal(err)
	}
	// Set by Starlette 1.10.0.
	s, err := c.Decode("eyJ1c2VyIjogInpvXHUwMGViIiwgIm4iOiAxLCAiZiI6IDFlKzE2fQ==.ZVPxAA.oA0FYT1NySPdtKiSPcbQYPugu7w")
	if err != nil {
		log.Fatal(err)
	}
	s.Set("n", 2)
	fmt.Println(s.Text())
	value, err := c.Encode(s.Values)
	fmt.Println(value, err)
	// Output:
	// {"user": "zo\u00eb", "n": 2, "f": 1e+16}
	// eyJ1c2VyIjogInpvXHUwMGViIiwgIm4iOiAyLCAiZiI6IDFlKzE2fQ==.ZVPxAA.P-DnTW58HX7MiAP5z7aPkpCPZao <nil>
}

// Many cookies are verified with one buffer and no allocation.
func ExampleCodec_AppendOpen() {
	c, err := codec.NewStarlette(codec.StarletteConfig{
		Keys: codec.Keys{Current: codec.NewKey("k", []byte("secret"))},
		Now:  func() time.Time { return time.Unix(1700000000, 0) },
	})
	if err != nil {
		log.Fatal(err)
	}
	lines := [][]byte{
		[]byte("eyJ1c2VyIjogInpvXHUwMGViIiwgIm4iOiAxLCAiZiI6IDFlKzE2fQ==.ZVPxAA.oA0FYT1NySPdtKiSPcbQYPugu7w"),
		[]byte("eyJ1c2VyIjogInpvXHUwMGViIiwgIm4iOiAxLCAiZiI6IDFlKzE2fQ==.ZVPxAA.AAAAAAAAAAAAAAAAAAAAAAAAAAA"),
	}
	buf := make([]byte, 0, codec.MaxValueSize)
	for _, line := range lines {
		text, info, err := c.AppendOpen(buf[:0], line)
		fmt.Printf("%s %q %v\n", text, info.KeyLabel, err)
	}
	// Output:
	// {"user": "zo\u00eb", "n": 1, "f": 1e+16} "k" <nil>
	//  "" codec: session cookie is not authentic
}
