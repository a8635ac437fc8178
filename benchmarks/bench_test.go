package benchmarks

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func subjects(t testing.TB) []subject {
	t.Helper()
	return []subject{bare(), starlette(t), litestar(t), scsMemory(t), scsOneValue(t), gorilla(t)}
}

// BenchmarkRead is a request that reads one value and changes nothing.
func BenchmarkRead(b *testing.B) {
	each(b, func(s subject) http.Handler { return s.read })
}

// BenchmarkWrite is a request that also sets the value anew.
func BenchmarkWrite(b *testing.B) {
	each(b, func(s subject) http.Handler { return s.write })
}

func each(b *testing.B, handler func(subject) http.Handler) {
	for _, s := range subjects(b) {
		b.Run(s.name, func(b *testing.B) {
			h, handler := newHarness(s.cookie), handler(s)
			b.ReportAllocs()
			for b.Loop() {
				h.serve(handler)
			}
		})
	}
}

// All read the same value, from sessions that hold the same, and when reading
// they write nothing.
func TestSubjectsDoTheSame(t *testing.T) {
	if len(text) != 180 {
		t.Errorf("the session has %d bytes, not 180", len(text))
	}
	for _, s := range subjects(t) {
		t.Run(s.name, func(t *testing.T) {
			for kind, handler := range map[string]http.Handler{"read": s.read, "write": s.write} {
				for cookie, want := range map[string]int{s.cookie: http.StatusOK, "": http.StatusUnauthorized} {
					if s.name == "bare" {
						want = http.StatusOK
					}
					r := httptest.NewRequest("GET", "/", nil)
					r.Header.Set("Cookie", cookie)
					w := httptest.NewRecorder()
					handler.ServeHTTP(w, r)
					if w.Code != want || want == http.StatusOK && w.Body.String() != "user 42" {
						t.Errorf("%s with cookie %q: %d %s", kind, cookie, w.Code, w.Body)
					}
					wrote := w.Header().Get("Set-Cookie") != ""
					if want == http.StatusOK && wrote != (kind == "write" && s.name != "bare") {
						t.Errorf("%s: headers %v", kind, w.Header())
					}
				}
			}
			// And again and again, as the benchmarks do.
			h := newHarness(s.cookie)
			for range 3 {
				h.serve(s.read)
				h.serve(s.write)
			}
			if h.w.n != 6*len("user 42") {
				t.Errorf("the harness wrote %d bytes", h.w.n)
			}
		})
	}
}

// The session of the peers that keep Go values is that of the text.
func TestValues(t *testing.T) {
	want := values{42, "9f86d081884c7d659a2feaa0c55ad015", []string{"admin", "billing"}, 1700000000.25, strings.Repeat("n", 49)}
	got := valuesOf(t)
	if got.UserID != want.UserID || got.CSRFToken != want.CSRFToken || len(got.Roles) != 2 || got.Seen != want.Seen || got.Note != want.Note {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
