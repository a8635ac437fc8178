package session

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
)

// writer commits the session before the first byte of the response. Where that
// fails the error response is all that the client gets.
type writer struct {
	http.ResponseWriter
	scope  *scope
	begun  bool // the commit was tried
	failed error
}

// commit writes the session before a response of this status, or else the error
// response; then all that the handler writes goes nowhere.
func (w *writer) commit(status int) error {
	if w.begun {
		return w.failed
	}
	w.begun = true
	if w.failed = w.scope.commit(status); w.failed != nil {
		w.scope.m.fail(w.ResponseWriter, w.scope.r, w.failed)
	}
	return w.failed
}

// bodyHeaders describe a response that is not sent.
var bodyHeaders = []string{
	"Accept-Ranges", "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Length",
	"Content-Range", "Content-Type", "Etag", "Last-Modified", "Location", "Trailer", "Transfer-Encoding",
}

func (m *Manager) fail(w http.ResponseWriter, r *http.Request, err error) {
	for _, name := range bodyHeaders {
		w.Header().Del(name)
	}
	if m.o.Fail != nil {
		m.o.Fail(w, r, err)
		return
	}
	status := http.StatusInternalServerError
	if errors.As(err, new(*StoreError)) {
		status = http.StatusServiceUnavailable
	}
	http.Error(w, http.StatusText(status), status)
}

func (w *writer) WriteHeader(code int) {
	// An informational response is not the one that the session goes with.
	if 100 <= code && code < 200 && code != http.StatusSwitchingProtocols {
		if !w.begun || w.failed == nil {
			w.ResponseWriter.WriteHeader(code)
		}
		return
	}
	if w.commit(code) == nil {
		w.ResponseWriter.WriteHeader(code)
	}
}

func (w *writer) Write(p []byte) (int, error) {
	if err := w.commit(http.StatusOK); err != nil {
		return 0, err
	}
	return w.ResponseWriter.Write(p)
}

func (w *writer) WriteString(s string) (int, error) {
	if err := w.commit(http.StatusOK); err != nil {
		return 0, err
	}
	return io.WriteString(w.ResponseWriter, s)
}

// Unwrap is for [http.ResponseController], which must not get past the commit.
func (w *writer) Unwrap() http.ResponseWriter { return controlled{w} }

// controlled is what a ResponseController finds: all that it can do with the
// underlying writer, behind the commit.
type controlled struct{ *writer }

func (c controlled) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (c controlled) FlushError() error {
	if err := c.commit(http.StatusOK); err != nil {
		return err
	}
	return http.NewResponseController(c.ResponseWriter).Flush()
}

func (c controlled) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if err := c.commit(http.StatusOK); err != nil {
		return nil, nil, err
	}
	return http.NewResponseController(c.ResponseWriter).Hijack()
}

// flusher, hijacker and readerFrom are the optional interfaces of a writer that
// begin the response. A type that embeds some of them has just those.
type (
	flusher    struct{ w *writer }
	hijacker   struct{ w *writer }
	readerFrom struct{ w *writer }
)

func (f flusher) Flush() { _ = f.FlushError() }

func (f flusher) FlushError() error { return controlled{f.w}.FlushError() }

func (h hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) { return controlled{h.w}.Hijack() }

// notifier is a flusher of a writer that can tell when the client has gone.
type notifier struct {
	flusher
	closing interface{ CloseNotify() <-chan bool }
}

func (n notifier) CloseNotify() <-chan bool { return n.closing.CloseNotify() }

// ReadFrom keeps sendfile.
func (r readerFrom) ReadFrom(src io.Reader) (int64, error) {
	if err := r.w.commit(http.StatusOK); err != nil {
		return 0, err
	}
	return r.w.ResponseWriter.(io.ReaderFrom).ReadFrom(src)
}
