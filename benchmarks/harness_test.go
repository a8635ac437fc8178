package benchmarks

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"testing"
)

// heap is as large as that of a small service. A process that has next to none
// collects its garbage after every 4 MiB, which no service does.
var heap = make([]byte, 64<<20)

func TestMain(m *testing.M) {
	code := m.Run()
	runtime.KeepAlive(heap)
	os.Exit(code)
}

// harness serves one request again and again. Of a server it does only what
// middleware sees: a request that is its own, and a writer with the interfaces
// of net/http's for HTTP/1.1 that writes nowhere.
type harness struct {
	original, request http.Request
	w                 discard
}

func newHarness(cookie string) *harness {
	r := httptest.NewRequest("GET", "/", nil)
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	return &harness{original: *r, w: discard{header: http.Header{}}}
}

// serve serves the request once. gorilla changes the request that it is given,
// so each gets a copy.
func (h *harness) serve(handler http.Handler) {
	h.request = h.original
	clear(h.w.header)
	handler.ServeHTTP(&h.w, &h.request)
}

type discard struct {
	header http.Header
	n      int
}

func (d *discard) Header() http.Header               { return d.header }
func (d *discard) Write(p []byte) (int, error)       { d.n += len(p); return len(p), nil }
func (d *discard) WriteString(s string) (int, error) { d.n += len(s); return len(s), nil }
func (d *discard) WriteHeader(int)                   {}
func (d *discard) Flush()                            {}
func (d *discard) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return nil, nil, errors.New("no connection")
}
func (d *discard) ReadFrom(src io.Reader) (int64, error) { return io.Copy(io.Discard, src) }
