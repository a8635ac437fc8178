package main

import (
	"bufio"
	"io"
	"net"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/sessctl/sessctl/session"
)

// withSessions makes gin middleware of m. Use it after gin.Recovery and
// gin.Logger, so that a panic saves nothing and the log tells the status that
// was sent.
//
// m.Handler(engine), around all of gin, is simpler. But then gin.Recovery is
// within, its response saves what the panic left in the session, and gin.Logger
// does not see the error response of a session that cannot be saved.
func withSessions(m *session.Manager) gin.HandlerFunc {
	return func(c *gin.Context) {
		under := c.Writer
		w, r, finish := m.Begin(under, c.Request)
		c.Writer, c.Request = &writer{under, w}, r
		// After a panic, too: the response to it must not save the session.
		defer func() { c.Writer = under }()
		c.Next()
		if finish() != nil {
			c.Abort() // the error response is written
		}
	}
}

// writer is a gin.ResponseWriter, which keeps the status until the first byte,
// and what begins the response goes through the session's writer.
type writer struct {
	gin.ResponseWriter
	session http.ResponseWriter
}

func (w *writer) Write(p []byte) (int, error) { return w.session.Write(p) }

func (w *writer) WriteString(s string) (int, error) { return io.WriteString(w.session, s) }

func (w *writer) WriteHeaderNow() {
	w.session.WriteHeader(w.Status())
	w.ResponseWriter.WriteHeaderNow() // nothing if the error response was written
}

func (w *writer) Flush() { w.session.(http.Flusher).Flush() }

func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return w.session.(http.Hijacker).Hijack()
}

// Unwrap is for http.ResponseController.
func (w *writer) Unwrap() http.ResponseWriter { return w.session }
