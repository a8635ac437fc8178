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
	if w.begun && w.failed != errUnknown {
		return w.failed
	}
	if w.begun { // and something panicked, which somebody has recovered
		w.failed = errAborted
	} else {
		w.begun, w.failed = true, errUnknown
		w.failed = w.scope.commit(status)
	}
	if w.failed != nil {
		w.scope.m.fail(w.ResponseWriter, w.scope.r, w.failed)
	}
	return w.failed
}

var (
	errUnknown = errors.New("session: the session is being written")
	errAborted = errors.New("session: a panic ended the writing of the session")
)

// bodyHeaders describe a response that is not sent, or let it be kept.
var bodyHeaders = []string{
	"Accept-Ranges", "Cache-Control", "Cdn-Cache-Control", "Content-Digest", "Content-Disposition", "Content-Encoding",
	"Content-Language", "Content-Length", "Content-Location", "Content-Range", "Content-Type", "Digest", "Etag", "Expires",
	"Last-Modified", "Link", "Location", "Refresh", "Repr-Digest", "Surrogate-Control", "Trailer", "Transfer-Encoding",
}

func (m *Manager) fail(w http.ResponseWriter, r *http.Request, err error) {
	for _, name := range bodyHeaders {
		w.Header().Del(name)
	}
	status := http.StatusInternalServerError
	if errors.As(err, new(*StoreError)) {
		status = http.StatusServiceUnavailable
	}
	answer := answering{ResponseWriter: w}
	if m.o.Fail != nil {
		m.o.Fail(&answer, r, err)
	}
	if !answer.begun {
		http.Error(w, http.StatusText(status), status)
	}
}

// answering notes whether Fail has answered.
type answering struct {
	http.ResponseWriter
	begun bool
}

func (a *answering) WriteHeader(code int) {
	a.begun = a.begun || code >= 200
	a.ResponseWriter.WriteHeader(code)
}

func (a *answering) Write(p []byte) (int, error) {
	a.begun = true
	return a.ResponseWriter.Write(p)
}

func (a *answering) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (w *writer) WriteHeader(code int) {
	// An informational response is not the one that the session goes with.
	if 100 <= code && code < 200 && code != http.StatusSwitchingProtocols {
		if !w.begun || w.failed == nil {
			w.ResponseWriter.WriteHeader(code)
		}
		return
	}
	// net/http panics at a code that is none, before which nothing may be saved.
	if code < 100 || code > 999 || w.commit(code) == nil {
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
	if !reaches[http.Flusher](c.ResponseWriter) && !reaches[interface{ FlushError() error }](c.ResponseWriter) {
		return http.ErrNotSupported
	}
	if err := c.commit(http.StatusOK); err != nil {
		return err
	}
	return http.NewResponseController(c.ResponseWriter).Flush()
}

func (c controlled) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if !reaches[http.Hijacker](c.ResponseWriter) {
		return nil, nil, http.ErrNotSupported
	}
	if err := c.commit(http.StatusOK); err != nil {
		return nil, nil, err
	}
	return http.NewResponseController(c.ResponseWriter).Hijack()
}

// reaches reports whether a ResponseController finds T. What is not supported
// must not begin the response.
func reaches[T any](w http.ResponseWriter) bool {
	for w != nil {
		if _, ok := w.(T); ok {
			return true
		}
		unwrapper, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return false
		}
		w = unwrapper.Unwrap()
	}
	return false
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
