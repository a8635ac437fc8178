package main

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/sessiontest"
)

// What chi's own middleware does to ours, around it and within.

type mw = func(http.Handler) http.Handler

// logger is chi's, which wraps the writer, without its output.
var logger = middleware.RequestLogger(&middleware.DefaultLogFormatter{Logger: log.New(io.Discard, "", 0), NoColor: true})

// places returns a chain for each place that others can have.
func places(sessions mw, other ...mw) map[string][]mw {
	return map[string][]mw{
		"around": append(slices.Clone(other), sessions),
		"within": append([]mw{sessions}, other...),
		"both":   append(append(slices.Clone(other), sessions), other...),
	}
}

func cookies(t *testing.T) *codec.Codec {
	t.Helper()
	c, err := codec.NewStarlette(codec.StarletteConfig{Keys: codec.Keys{Current: codec.NewKey("k", []byte("secret"))}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// serve sends a GET that accepts gzip through the chain and returns the
// response, its body decompressed.
func serve(t *testing.T, chain []mw, handler http.HandlerFunc) (*http.Response, string) {
	t.Helper()
	r := chi.NewRouter()
	for _, m := range chain {
		r.Use(m)
	}
	r.Get("/", handler)
	server := httptest.NewServer(r)
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), "GET", server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept-Encoding", "gzip")
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body := io.Reader(response.Body)
	if response.Header.Get("Content-Encoding") == "gzip" {
		if body, err = gzip.NewReader(body); err != nil {
			t.Fatal(err)
		}
	}
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(text)
}

func TestOtherMiddleware(t *testing.T) {
	c := cookies(t)
	sessions, err := session.NewClientSide(c, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	page := strings.Repeat("page ", 1000)
	for place, chain := range places(sessions.Handler, logger, middleware.Compress(5), middleware.Timeout(time.Minute), middleware.GetHead, middleware.Recoverer) {
		t.Run(place, func(t *testing.T) {
			for name, write := range map[string]func(w http.ResponseWriter) error{
				"Write": func(w http.ResponseWriter) error { _, err := io.WriteString(w, page); return err },
				"Copy":  func(w http.ResponseWriter) error { _, err := io.Copy(w, strings.NewReader(page)); return err },
				"Flush": func(w http.ResponseWriter) error {
					// Without it, with sessions or not, chi's Compress sends gzip
					// that no Content-Encoding tells of.
					w.WriteHeader(http.StatusOK)
					w.(http.Flusher).Flush()
					_, err := io.WriteString(w, page)
					return err
				},
				"FlushError": func(w http.ResponseWriter) error {
					io.WriteString(w, page[:5])
					err := http.NewResponseController(w).Flush()
					io.WriteString(w, page[5:])
					return err
				},
			} {
				response, body := serve(t, chain, func(w http.ResponseWriter, r *http.Request) {
					s, err := session.Load(r)
					if err != nil {
						t.Error(err)
					}
					s.Set("user_id", 42)
					w.Header().Set("Content-Type", "text/html")
					if err := write(w); err != nil {
						t.Errorf("%s: %v", name, err)
					}
					if err := s.Set("user_id", 43); !errors.Is(err, session.ErrCommitted) {
						t.Errorf("%s: a later change: %v", name, err)
					}
				})
				if body != page {
					t.Errorf("%s: %d bytes", name, len(body))
				}
				if s := sessiontest.Written(t, c, response); s.Text() != `{"user_id": 42}` {
					t.Errorf("%s: session %s", name, s.Text())
				}
				if vary := strings.Join(response.Header["Vary"], ", "); !strings.Contains(vary, "Cookie") {
					t.Errorf("%s: Vary: %s", name, vary)
				}

				// And one that cannot be written: its error response alone.
				response, body = serve(t, chain, func(w http.ResponseWriter, r *http.Request) {
					s, _ := session.Load(r)
					s.Set("x", strings.Repeat("x", 5000))
					w.Header().Set("Content-Type", "text/html")
					write(w)
				})
				if response.StatusCode != http.StatusInternalServerError || body != "Internal Server Error\n" {
					t.Errorf("%s, too large: %d %q", name, response.StatusCode, body)
				}
				sessiontest.NotWritten(t, c, response)
			}
		})
	}
}

// A panic saves nothing if Recoverer is around the sessions. Within, the
// response to the panic is one like others.
func TestRecoverer(t *testing.T) {
	c := cookies(t)
	sessions, err := session.NewClientSide(c, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	quiet := func(next http.Handler) http.Handler { // no stack in the test's output
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, middleware.WithLogEntry(r, noEntry{}))
		})
	}
	for place, chain := range places(sessions.Handler, quiet, middleware.Recoverer) {
		response, _ := serve(t, chain, func(w http.ResponseWriter, r *http.Request) {
			s, _ := session.Load(r)
			s.Set("half", "done")
			panic("no")
		})
		if response.StatusCode != http.StatusInternalServerError {
			t.Errorf("%s: %d", place, response.StatusCode)
		}
		if place == "around" {
			sessiontest.NotWritten(t, c, response)
		} else {
			sessiontest.Written(t, c, response)
		}
	}
}

type noEntry struct{}

func (noEntry) Write(status, bytes int, header http.Header, elapsed time.Duration, extra any) {}
func (noEntry) Panic(v any, stack []byte)                                                     {}

// chi's Timeout asks a handler to give up, and answers 504 if it does. Around
// the sessions, it does not touch what the handler saved. Within, it is what
// begins the response: nothing is saved, and OnError is told.
func TestTimeout(t *testing.T) {
	c := cookies(t)
	var told []error
	sessions, err := session.NewClientSide(c, session.Options{OnError: func(_ *http.Request, err error) { told = append(told, err) }})
	if err != nil {
		t.Fatal(err)
	}
	for place, chain := range places(sessions.Handler, middleware.Timeout(20*time.Millisecond)) {
		told = nil
		response, body := serve(t, chain, func(w http.ResponseWriter, r *http.Request) {
			s, _ := session.Load(r)
			s.Set("n", 1)
			<-r.Context().Done()
		})
		if response.StatusCode != http.StatusGatewayTimeout || body != "" {
			t.Errorf("%s: %d %q", place, response.StatusCode, body)
		}
		if place != "around" {
			sessiontest.NotWritten(t, c, response)
			if len(told) != 1 || !errors.Is(told[0], session.ErrTimedOut) {
				t.Errorf("%s: OnError: %v", place, told)
			}
			continue
		}
		if sessiontest.Written(t, c, response); told != nil {
			t.Errorf("%s: OnError: %v", place, told)
		}
	}
}

// The connection can be had through all of them, and carries the session.
func TestHijack(t *testing.T) {
	c := cookies(t)
	sessions, err := session.NewClientSide(c, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for place, chain := range places(sessions.Handler, logger, middleware.Compress(5)) {
		r := chi.NewRouter()
		for _, m := range chain {
			r.Use(m)
		}
		r.Get("/", func(w http.ResponseWriter, r *http.Request) {
			s, _ := session.Load(r)
			s.Set("n", 1)
			conn, buf, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Errorf("%s: %v", place, err)
				return
			}
			defer conn.Close()
			buf.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n")
			w.Header().Write(buf)
			buf.WriteString("\r\n")
			buf.Flush()
		})
		server := httptest.NewServer(r)
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		sessiontest.Written(t, c, response)
		conn.Close()
		server.Close()
	}
}

// Others see what net/http's writer can do, and no more.
func TestInterfaces(t *testing.T) {
	sessions, err := session.NewClientSide(cookies(t), session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	serve(t, []mw{sessions.Handler}, func(w http.ResponseWriter, r *http.Request) {
		_, flusher := w.(http.Flusher)
		_, hijacker := w.(http.Hijacker)
		_, readerFrom := w.(io.ReaderFrom)
		_, pusher := w.(http.Pusher)
		if !flusher || !hijacker || !readerFrom || pusher {
			t.Errorf("Flusher %v, Hijacker %v, ReaderFrom %v, Pusher %v", flusher, hijacker, readerFrom, pusher)
		}
		// So chi's wrapper keeps sendfile.
		if _, ok := middleware.NewWrapResponseWriter(w, r.ProtoMajor).(io.ReaderFrom); !ok {
			t.Error("chi's wrapper has no ReaderFrom")
		}
	})
}
