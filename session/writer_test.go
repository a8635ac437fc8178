package session_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/http/httputil"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/sessiontest"
)

func starlette(t testing.TB) *codec.Codec {
	t.Helper()
	c, err := codec.NewStarlette(codec.StarletteConfig{
		Keys:   codec.Keys{Current: codec.NewKey("k", []byte("secret"))},
		Cookie: codec.Attributes{Insecure: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func starletteNamed(t testing.TB, name string) *codec.Codec {
	t.Helper()
	c, err := codec.NewStarlette(codec.StarletteConfig{Keys: keys("k"), Cookie: codec.Attributes{Name: name, Insecure: true}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func manager(t testing.TB, c session.Codec, o session.Options) *session.Manager {
	t.Helper()
	m, err := session.NewClientSide(c, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// cookie is the Cookie header of a client that has a session.
func cookie(t testing.TB, c session.Codec, json string) string {
	t.Helper()
	return sessiontest.Request(t, c, "GET", "/", json).Header.Get("Cookie")
}

// load is Load where the middleware is known to be there.
func load(t testing.TB, r *http.Request) *session.Session {
	s, err := session.Load(r)
	if err != nil {
		t.Error(err)
	}
	return s
}

// serve starts a server and returns the response to a GET.
func serve(t *testing.T, h http.Handler) *http.Response {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return get(t, server, "")
}

func get(t *testing.T, server *httptest.Server, cookie string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	response, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return response
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Whoever writes the first byte: the cookie is in front of it.
func TestCommitBeforeTheFirstByte(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file.txt")
	if err := os.WriteFile(file, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, write := range map[string]func(w http.ResponseWriter, r *http.Request){
		"Write":                    func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("x")) },
		"WriteString":              func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "x") },
		"WriteHeader":              func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTeapot) },
		"return":                   func(w http.ResponseWriter, r *http.Request) {},
		"Flush":                    func(w http.ResponseWriter, r *http.Request) { w.(http.Flusher).Flush() }, // scs: lost
		"FlushError":               func(w http.ResponseWriter, r *http.Request) { http.NewResponseController(w).Flush() },
		"ReadFrom":                 func(w http.ResponseWriter, r *http.Request) { io.Copy(w, strings.NewReader("x")) },
		"ServeContent":             func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) },
		"Redirect":                 func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusFound) },
		"Error":                    func(w http.ResponseWriter, r *http.Request) { http.Error(w, "x", http.StatusBadRequest) },
		"another wrapper, flushed": func(w http.ResponseWriter, r *http.Request) { http.NewResponseController(wrapped{w}).Flush() },
	} {
		t.Run(name, func(t *testing.T) {
			c := starlette(t)
			handler := manager(t, c, session.Options{}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if err := load(t, r).Set("user_id", 42); err != nil {
					t.Error(err)
				}
				write(w, r)
			}))
			server := httptest.NewServer(handler)
			defer server.Close()
			server.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			response := get(t, server, "")
			if got := sessiontest.Written(t, c, response).Text(); got != `{"user_id": 42}` {
				t.Errorf("session %s", got)
			}
			if len(response.Header["Set-Cookie"]) != 1 {
				t.Errorf("Set-Cookie: %q", response.Header["Set-Cookie"])
			}
		})
	}
}

// wrapped is a writer of other middleware.
type wrapped struct{ http.ResponseWriter }

func (w wrapped) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// A 1xx response does not consume the commit (scs: it does); 101 is the response.
func TestInformational(t *testing.T) {
	c := starlette(t)
	server := httptest.NewServer(manager(t, c, session.Options{}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		load(t, r).Set("user_id", 42)
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusCreated)
	})))
	defer server.Close()
	hints := 0
	trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
		hints++
		if header.Get("Set-Cookie") != "" {
			t.Errorf("%d sets a cookie", code)
		}
		return nil
	}}
	r, _ := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), "GET", server.URL, nil)
	response, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if hints != 2 || response.StatusCode != http.StatusCreated || sessiontest.Written(t, c, response).Text() != `{"user_id": 42}` {
		t.Errorf("%d hints, status %d", hints, response.StatusCode)
	}
}

// A change after the commit is an error that the handler sees (elsewhere: lost).
func TestChangeAfterCommit(t *testing.T) {
	c := starlette(t)
	serve(t, manager(t, c, session.Options{}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := load(t, r)
		s.Set("a", 1)
		w.Write([]byte("x"))
		for name, err := range map[string]error{
			"Set": s.Set("b", 2), "SetJSON": s.SetJSON("b", "2"), "Delete": s.Delete("a"), "Reset": s.Reset(),
			"Destroy": s.Destroy(), "Regenerate": s.Regenerate(), "Save": s.Save(r.Context()),
		} {
			if !errors.Is(err, session.ErrCommitted) {
				t.Errorf("%s: %v, want ErrCommitted", name, err)
			}
		}
	})))
	serve(t, manager(t, c, session.Options{}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte("x"))
		if err := load(t, r).Set("b", 2); !errors.Is(err, session.ErrCommitted) {
			t.Errorf("loaded after the commit: %v", err)
		}
	})))
}

// A session that cannot be written makes an error response instead of the
// handler's, never both (scs: 500 and the body).
func TestCommitFails(t *testing.T) {
	for name, write := range map[string]func(w http.ResponseWriter, r *http.Request) error{
		"Write": func(w http.ResponseWriter, r *http.Request) error {
			_, err := w.Write([]byte("secret page"))
			return err
		},
		"WriteString": func(w http.ResponseWriter, r *http.Request) error {
			_, err := io.WriteString(w, "secret page")
			return err
		},
		"WriteHeader": func(w http.ResponseWriter, r *http.Request) error {
			w.WriteHeader(http.StatusOK)
			_, err := w.Write([]byte("secret page"))
			return err
		},
		"ReadFrom": func(w http.ResponseWriter, r *http.Request) error {
			_, err := w.(io.ReaderFrom).ReadFrom(strings.NewReader("secret page"))
			return err
		},
		"Flush": func(w http.ResponseWriter, r *http.Request) error {
			w.(http.Flusher).Flush()
			_, err := w.Write([]byte("secret page"))
			return err
		},
		"FlushError": func(w http.ResponseWriter, r *http.Request) error { return http.NewResponseController(w).Flush() },
		"Hijack": func(w http.ResponseWriter, r *http.Request) error {
			_, _, err := http.NewResponseController(w).Hijack()
			return err
		},
		"return": nil,
	} {
		t.Run(name, func(t *testing.T) {
			c := starlette(t)
			var told []error
			m := manager(t, c, session.Options{OnError: func(_ *http.Request, err error) { told = append(told, err) }})
			response := serve(t, m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				load(t, r).Set("x", strings.Repeat("y", 5000))
				w.Header().Set("Content-Type", "text/html")
				w.Header().Set("Content-Length", "11")
				w.Header().Set("Etag", `"1"`)
				w.Header().Set("X-Request-Id", "7")
				if write == nil {
					return
				}
				if err := write(w, r); !errors.Is(err, codec.ErrTooLarge) {
					t.Errorf("the handler sees %v", err)
				}
			})))
			if got := body(t, response); response.StatusCode != http.StatusInternalServerError || got != "Internal Server Error\n" {
				t.Errorf("%d %q", response.StatusCode, got)
			}
			if h := response.Header; h.Get("Etag") != "" || h.Get("Set-Cookie") != "" || !strings.HasPrefix(h.Get("Content-Type"), "text/plain") || h.Get("X-Request-Id") != "7" {
				t.Errorf("headers %v", h)
			}
			if len(told) != 1 || !errors.Is(told[0], codec.ErrTooLarge) {
				t.Errorf("OnError: %v", told)
			}
		})
	}
}

func TestFail(t *testing.T) {
	m := manager(t, starlette(t), session.Options{Fail: func(w http.ResponseWriter, r *http.Request, err error) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusInsufficientStorage)
		fmt.Fprintf(w, `{"too_large":%v}`, errors.Is(err, codec.ErrTooLarge))
	}})
	response := serve(t, m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		load(t, r).Set("x", strings.Repeat("y", 5000))
		w.Write([]byte("page"))
	})))
	if got := body(t, response); response.StatusCode != http.StatusInsufficientStorage || got != `{"too_large":true}` {
		t.Errorf("%d %q", response.StatusCode, got)
	}
}

// A Fail that writes nothing is no success.
func TestFailWritesNothing(t *testing.T) {
	m := manager(t, starlette(t), session.Options{Fail: func(w http.ResponseWriter, r *http.Request, err error) {
		w.Header().Set("X-Failed", "yes")
	}})
	response := serve(t, m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		load(t, r).Set("x", strings.Repeat("y", 5000))
		w.Header().Set("Expires", "Thu, 01 Jan 2099 00:00:00 GMT")
		w.Write([]byte("page"))
	})))
	if response.StatusCode != http.StatusInternalServerError || response.Header.Get("X-Failed") != "yes" || response.Header.Get("Expires") != "" {
		t.Errorf("%d %v", response.StatusCode, response.Header)
	}
}

// A hook that panics while the session is written leaves no response that
// passes for one with it.
func TestPanicInHook(t *testing.T) {
	for name, o := range map[string]session.Options{
		"OnError": {OnError: func(*http.Request, error) { panic("no") }},
		"OnWrite": {OnWrite: func(*http.Request, session.Reason) { panic("no") }},
	} {
		t.Run(name, func(t *testing.T) { testPanicInHook(t, o, map[string]int{"OnError": 5000, "OnWrite": 1}[name]) })
	}
}

func testPanicInHook(t *testing.T, o session.Options, size int) {
	m := manager(t, starlette(t), o)
	response := serve(t, m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		load(t, r).Set("x", strings.Repeat("y", size))
		func() {
			defer func() { recover() }()
			io.WriteString(w, "welcome")
		}()
		if _, err := io.WriteString(w, "welcome"); err == nil {
			t.Error("the handler goes on")
		}
	})))
	if got := body(t, response); response.StatusCode != http.StatusInternalServerError || got != "Internal Server Error\n" {
		t.Errorf("%d %q", response.StatusCode, got)
	}
}

// net/http panics at such a code, before which nothing may be saved.
func TestInvalidStatus(t *testing.T) {
	for _, code := range []int{0, 99, 1000} {
		recorder := httptest.NewRecorder()
		w, r, _ := manager(t, starlette(t), session.Options{}).Begin(recorder, httptest.NewRequest("GET", "/", nil))
		load(t, r).Set("n", 1)
		func() {
			defer func() { recover() }()
			w.WriteHeader(code)
			t.Errorf("%d: no panic", code)
		}()
		if recorder.Header().Get("Set-Cookie") != "" {
			t.Errorf("%d: headers %v", code, recorder.Header())
		}
	}
}

// Also in front of an error of ServeContent, which takes Cache-Control away.
func TestCacheControlAfterSave(t *testing.T) {
	response := serve(t, manager(t, starlette(t), session.Options{}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := load(t, r)
		s.Set("n", 1)
		if err := s.Save(r.Context()); err != nil {
			t.Error(err)
		}
		r.Header.Set("Range", "bytes=100-200")
		http.ServeContent(w, r, "a.txt", time.Time{}, strings.NewReader("short"))
	})))
	if h := response.Header; response.StatusCode != http.StatusRequestedRangeNotSatisfiable || h.Get("Set-Cookie") == "" || h.Get("Cache-Control") == "" {
		t.Errorf("%d %v", response.StatusCode, h)
	}
}

// Save tells a handler, which can then do something else.
func TestSave(t *testing.T) {
	c := starlette(t)
	response := serve(t, manager(t, c, session.Options{}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := load(t, r)
		s.Set("x", strings.Repeat("y", 5000))
		if err := s.Save(r.Context()); !errors.Is(err, codec.ErrTooLarge) {
			t.Errorf("Save: %v", err)
		}
		s.Delete("x")
		s.Set("n", 1)
		if err := s.Save(r.Context()); err != nil {
			t.Errorf("Save: %v", err)
		}
		s.Set("n", 2)
		io.WriteString(w, "page")
	})))
	if got := sessiontest.Written(t, c, response).Text(); got != `{"n": 2}` || len(response.Header["Set-Cookie"]) != 1 {
		t.Errorf("%s, %q", got, response.Header["Set-Cookie"])
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	serve(t, manager(t, c, session.Options{}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := load(t, r).Save(canceled); !errors.Is(err, context.Canceled) {
			t.Errorf("Save: %v", err)
		}
	})))
}

// A handler that panics leaves the session as it was.
func TestPanic(t *testing.T) {
	c := starlette(t)
	recovering := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				if recover() != nil {
					http.Error(w, "sorry", http.StatusInternalServerError)
				}
			}()
			next.ServeHTTP(w, r)
		})
	}
	response := serve(t, recovering(manager(t, c, session.Options{}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		load(t, r).Set("half", "done")
		panic("no")
	}))))
	if response.StatusCode != http.StatusInternalServerError || response.Header.Get("Set-Cookie") != "" {
		t.Errorf("%d %v", response.StatusCode, response.Header)
	}
}

func TestHijack(t *testing.T) {
	c := starlette(t)
	server := httptest.NewServer(manager(t, c, session.Options{}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := load(t, r)
		s.Set("n", 1)
		conn, buf, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		if err := s.Set("n", 2); !errors.Is(err, session.ErrCommitted) {
			t.Errorf("after Hijack: %v", err)
		}
		// As WebSocket libraries do: the headers are those of the caller.
		buf.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n")
		w.Header().Write(buf)
		buf.WriteString("\r\nhello\n")
		buf.Flush()
	})))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	reader := bufio.NewReader(conn)
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := sessiontest.Written(t, c, response).Text(); response.StatusCode != http.StatusSwitchingProtocols || got != `{"n": 1}` {
		t.Errorf("%d %s", response.StatusCode, got)
	}
	if line, _ := reader.ReadString('\n'); line != "hello\n" {
		t.Errorf("got %q", line)
	}
}

// The interfaces of the underlying writer, no more and no fewer.
func TestInterfaces(t *testing.T) {
	interfaces := func(w http.ResponseWriter) (all []string) {
		if _, ok := w.(http.Flusher); ok {
			all = append(all, "Flusher")
		}
		if _, ok := w.(http.Hijacker); ok {
			all = append(all, "Hijacker")
		}
		if _, ok := w.(io.ReaderFrom); ok {
			all = append(all, "ReaderFrom")
		}
		if _, ok := w.(http.Pusher); ok {
			all = append(all, "Pusher")
		}
		if _, ok := w.(interface{ CloseNotify() <-chan bool }); ok {
			all = append(all, "CloseNotifier")
		}
		return all
	}
	m := manager(t, starlette(t), session.Options{})
	type w = http.ResponseWriter
	type closing interface {
		http.Flusher
		CloseNotify() <-chan bool
	}
	for _, underlying := range []w{
		struct{ w }{},
		struct {
			w
			http.Flusher
		}{},
		struct {
			w
			closing
		}{},
		struct {
			w
			http.Pusher
		}{},
		struct {
			w
			io.ReaderFrom
		}{},
		struct {
			w
			io.ReaderFrom
			http.Pusher
		}{},
		struct {
			w
			http.Hijacker
		}{},
		struct {
			w
			http.Hijacker
			http.Pusher
		}{},
		struct {
			w
			http.Hijacker
			io.ReaderFrom
		}{},
		struct {
			w
			http.Hijacker
			io.ReaderFrom
			http.Pusher
		}{},
		struct {
			w
			http.Flusher
			http.Pusher
		}{},
		struct {
			w
			http.Flusher
			io.ReaderFrom
		}{},
		struct {
			w
			http.Flusher
			io.ReaderFrom
			http.Pusher
		}{},
		struct {
			w
			http.Flusher
			http.Hijacker
		}{},
		struct {
			w
			http.Flusher
			http.Hijacker
			http.Pusher
		}{},
		struct {
			w
			http.Flusher
			http.Hijacker
			io.ReaderFrom
		}{},
		struct {
			w
			http.Flusher
			http.Hijacker
			io.ReaderFrom
			http.Pusher
		}{},
		struct {
			w
			closing
			http.Pusher
		}{},
		struct {
			w
			closing
			io.ReaderFrom
		}{},
		struct {
			w
			closing
			io.ReaderFrom
			http.Pusher
		}{},
		struct {
			w
			closing
			http.Hijacker
		}{},
		struct {
			w
			closing
			http.Hijacker
			http.Pusher
		}{},
		struct {
			w
			closing
			http.Hijacker
			io.ReaderFrom
		}{},
		struct {
			w
			closing
			http.Hijacker
			io.ReaderFrom
			http.Pusher
		}{},
	} {
		ours, _, _ := m.Begin(underlying, httptest.NewRequest("GET", "/", nil))
		if got, want := interfaces(ours), interfaces(underlying); !slices.Equal(got, want) {
			t.Errorf("of a writer with %v: %v", want, got)
		}
	}
}

// ResponseController reaches what only it can find, and not past the commit.
func TestResponseController(t *testing.T) {
	c := starlette(t)
	response := serve(t, hide(manager(t, c, session.Options{}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := w.(http.Flusher); ok {
			t.Error("the writer has no Flusher of its own")
		}
		load(t, r).Set("n", 1)
		rc := http.NewResponseController(w)
		for name, err := range map[string]error{
			"SetReadDeadline": rc.SetReadDeadline(time.Now().Add(time.Minute)), "SetWriteDeadline": rc.SetWriteDeadline(time.Now().Add(time.Minute)),
			"EnableFullDuplex": rc.EnableFullDuplex(),
		} {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := load(t, r).Set("n", 2); err != nil {
			t.Errorf("a deadline is no commit: %v", err)
		}
		if err := rc.Flush(); err != nil {
			t.Errorf("Flush: %v", err)
		}
	}))))
	if got := sessiontest.Written(t, c, response).Text(); got != `{"n": 2}` {
		t.Errorf("got %s", got)
	}
	// What cannot be had is no commit.
	w, r, _ := manager(t, c, session.Options{}).Begin(struct{ http.ResponseWriter }{httptest.NewRecorder()}, httptest.NewRequest("GET", "/", nil))
	if _, _, err := http.NewResponseController(w).Hijack(); !errors.Is(err, http.ErrNotSupported) {
		t.Errorf("Hijack: %v", err)
	}
	if err := http.NewResponseController(w).Flush(); !errors.Is(err, http.ErrNotSupported) {
		t.Errorf("Flush: %v", err)
	}
	if err := load(t, r).Set("n", 3); err != nil {
		t.Errorf("Set: %v", err)
	}
}

// hide takes the optional interfaces away from the writer, but for Unwrap.
func hide(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(wrapped{w}, r) })
}

// Server-sent events: the cookie goes with the first flush, later ones pass.
func TestServerSentEvents(t *testing.T) {
	c := starlette(t)
	response := serve(t, manager(t, c, session.Options{}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		load(t, r).Set("n", 1)
		w.Header().Set("Content-Type", "text/event-stream")
		rc := http.NewResponseController(w)
		for i := range 3 {
			fmt.Fprintf(w, "data: %d\n\n", i)
			if err := rc.Flush(); err != nil {
				t.Error(err)
			}
		}
	})))
	if got := sessiontest.Written(t, c, response).Text(); got != `{"n": 1}` {
		t.Errorf("got %s", got)
	}
	if got := body(t, response); got != "data: 0\n\ndata: 1\n\ndata: 2\n\n" {
		t.Errorf("got %q", got)
	}
}

// A file is sent by the operating system, which needs io.ReaderFrom down to the
// connection (scs: lost).
func TestReadFromReachesTheConnection(t *testing.T) {
	recorder := &readingFrom{ResponseRecorder: httptest.NewRecorder()}
	w, r, finish := manager(t, starlette(t), session.Options{}).Begin(recorder, httptest.NewRequest("GET", "/", nil))
	file := filepath.Join(t.TempDir(), "file.txt")
	if err := os.WriteFile(file, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	load(t, r).Set("n", 1)
	http.ServeFile(w, r, file)
	if err := finish(); err != nil {
		t.Fatal(err)
	}
	if !recorder.called || recorder.Body.String() != "content" || recorder.Header().Get("Set-Cookie") == "" {
		t.Errorf("called %v, body %q, headers %v", recorder.called, recorder.Body, recorder.Header())
	}
}

type readingFrom struct {
	*httptest.ResponseRecorder
	called bool
}

func (r *readingFrom) ReadFrom(src io.Reader) (int64, error) {
	r.called = true
	return io.Copy(struct{ io.Writer }{r.ResponseRecorder}, src)
}

func TestReverseProxy(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Set-Cookie", "theirs=1")
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			fmt.Fprintf(w, "data: %d\n\n", i)
			w.(http.Flusher).Flush()
		}
	}))
	defer upstream.Close()
	target, err := url.Parse(upstream.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }, FlushInterval: time.Millisecond}
	c := starlette(t)
	response := serve(t, manager(t, c, session.Options{}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		load(t, r).Set("n", 1)
		proxy.ServeHTTP(w, r)
	})))
	if got := body(t, response); got != "data: 0\n\ndata: 1\n\ndata: 2\n\n" {
		t.Errorf("got %q", got)
	}
	lines := response.Header["Set-Cookie"]
	if len(lines) != 2 || !slices.Contains(lines, "theirs=1") {
		t.Errorf("Set-Cookie: %q", lines)
	}
}

// Around the middleware, a timeout ends the request as it should.
func TestTimeoutAround(t *testing.T) {
	c := starlette(t)
	handler := func(wait, timeout time.Duration) http.Handler {
		return http.TimeoutHandler(manager(t, c, session.Options{}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			load(t, r).Set("n", 1)
			select {
			case <-time.After(wait):
			case <-r.Context().Done():
			}
			load(t, r).Set("n", 2)
			io.WriteString(w, "page")
		})), timeout, "too slow")
	}
	response := serve(t, handler(0, time.Minute))
	if got := sessiontest.Written(t, c, response).Text(); got != `{"n": 2}` || body(t, response) != "page" {
		t.Errorf("got %s", got)
	}
	response = serve(t, handler(time.Minute, 50*time.Millisecond))
	if got := body(t, response); response.StatusCode != http.StatusServiceUnavailable || got != "too slow" || response.Header.Get("Set-Cookie") != "" {
		t.Errorf("%d %q %v", response.StatusCode, got, response.Header)
	}
}

// Within it, the handler may still run: nothing of it is saved, or read.
func TestTimeoutWithin(t *testing.T) {
	c := starlette(t)
	var told []error
	ran := make(chan bool)
	m := manager(t, c, session.Options{OnError: func(_ *http.Request, err error) { told = append(told, err) }})
	response := serve(t, m.Handler(http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := load(t, r)
		<-r.Context().Done()
		for i := range 1000 { // the race detector looks on
			s.Set("n", i)
		}
		close(ran)
	}), 50*time.Millisecond, "too slow")))
	<-ran
	if got := body(t, response); response.StatusCode != http.StatusServiceUnavailable || got != "too slow" || response.Header.Get("Set-Cookie") != "" {
		t.Errorf("%d %q %v", response.StatusCode, got, response.Header)
	}
	if len(told) != 1 || !errors.Is(told[0], session.ErrTimedOut) {
		t.Errorf("OnError: %v", told)
	}
	// In time, all is as without.
	response = serve(t, m.Handler(http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		load(t, r).Set("n", 1)
		io.WriteString(w, "page")
	}), time.Minute, "too slow")))
	if got := sessiontest.Written(t, c, response).Text(); got != `{"n": 1}` || body(t, response) != "page" {
		t.Errorf("got %s", got)
	}
}

// A hook that asks for the session hides no timeout.
func TestTimeoutBesideHook(t *testing.T) {
	c := starlette(t)
	m := manager(t, c, session.Options{OnRead: func(r *http.Request, _ codec.Info) { session.Load(r) }})
	ran := make(chan bool)
	timeout := http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := load(t, r)
		s.Set("half", 1)
		<-r.Context().Done()
		for i := range 1000 { // the race detector looks on
			s.Set("n", i)
		}
		close(ran)
	}), 50*time.Millisecond, "too slow")
	response := do(m, cookie(t, c, `{"a": 1}`), timeout.ServeHTTP)
	<-ran
	if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Set-Cookie") != "" {
		t.Errorf("%d %v", response.StatusCode, response.Header)
	}
}

// A handler that is late and answers all the same has its session saved, within
// a timeout that only cancels the context.
func TestLateHandler(t *testing.T) {
	c := starlette(t)
	deadline := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), time.Millisecond)
			defer cancel()
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
	for name, write := range map[string]func(w http.ResponseWriter){
		"Write":  func(w http.ResponseWriter) { io.WriteString(w, "page") },
		"return": func(w http.ResponseWriter) {},
	} {
		response := serve(t, manager(t, c, session.Options{}).Handler(deadline(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			load(t, r).Set("n", 1)
			<-r.Context().Done()
			write(w)
		}))))
		if got := sessiontest.Written(t, c, response).Text(); got != `{"n": 1}` {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// After a Save that failed, a handler can answer as it likes.
func TestDiscard(t *testing.T) {
	c := starlette(t)
	response := serve(t, manager(t, c, session.Options{RenewAfter: time.Nanosecond}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := load(t, r)
		s.Set("x", strings.Repeat("y", 5000))
		if err := s.Save(r.Context()); !errors.Is(err, codec.ErrTooLarge) {
			t.Errorf("Save: %v", err)
		}
		if err := s.Discard(); err != nil {
			t.Errorf("Discard: %v", err)
		}
		for name, err := range map[string]error{"Set": s.Set("a", 1), "Discard": s.Discard(), "Save": s.Save(r.Context())} {
			if !errors.Is(err, session.ErrCommitted) {
				t.Errorf("%s: %v, want ErrCommitted", name, err)
			}
		}
		http.Error(w, "your basket is full", http.StatusConflict)
	})))
	if got := body(t, response); response.StatusCode != http.StatusConflict || got != "your basket is full\n" || response.Header.Get("Set-Cookie") != "" {
		t.Errorf("%d %q %v", response.StatusCode, got, response.Header)
	}
}

func TestHTTP2(t *testing.T) {
	c := starlette(t)
	server := httptest.NewUnstartedServer(manager(t, c, session.Options{}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := load(t, r)
		n, _ := codec.Get[int](s.Values, "n")
		s.Set("n", n+1)
		w.(http.Flusher).Flush()
		fmt.Fprintf(w, "%s %d", r.Proto, n+1)
	})))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	sent := ""
	for i := 1; i <= 3; i++ {
		response := get(t, server, sent)
		if got, want := body(t, response), fmt.Sprintf("HTTP/2.0 %d", i); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		sent, _, _ = strings.Cut(response.Header.Get("Set-Cookie"), ";")
	}
}

// The writer is usable by itself, without a server.
func TestRecorder(t *testing.T) {
	var buf bytes.Buffer
	recorder := httptest.NewRecorder()
	recorder.Body = &buf
	w, r, finish := manager(t, starlette(t), session.Options{}).Begin(recorder, httptest.NewRequest("GET", "/", nil))
	load(t, r).Set("x", strings.Repeat("y", 5000))
	io.WriteString(w, "page")
	if err := finish(); !errors.Is(err, codec.ErrTooLarge) || buf.String() != "Internal Server Error\n" {
		t.Errorf("finish: %v, body %q", err, &buf)
	}
}
