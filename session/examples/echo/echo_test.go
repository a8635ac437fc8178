package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/examples/internal/visitor"
	"github.com/sessctl/sessctl/session/sessiontest"
)

func TestEcho(t *testing.T) {
	app, err := newApp([]byte("only for this test"))
	if err != nil {
		t.Fatal(err)
	}
	url := visitor.Serve(t, app)
	v := visitor.New(t)
	v.Want("GET", url+"/me", http.StatusUnauthorized, `{"message":"log in first"}`)
	v.Want("POST", url+"/login/x", http.StatusBadRequest, `{"message":"user must be a number"}`)
	v.Want("POST", url+"/login/42", http.StatusOK, `{"user":42}`)
	v.Want("GET", url+"/me", http.StatusOK, `{"user":42}`)
	v.Want("GET", url+"/nothing", http.StatusNotFound, `{"message":"Not Found"}`)
	v.Want("POST", url+"/logout", http.StatusNoContent, "")
	v.Want("GET", url+"/me", http.StatusUnauthorized, `{"message":"log in first"}`)
	if got := v.Cookies(url); len(got) != 0 {
		t.Errorf("after the logout: cookies %v", got)
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

// serve sends a GET to a handler in echo and returns the response, its
// body, and the status as echo's log has it.
func serve(t *testing.T, c *codec.Codec, handler echo.HandlerFunc, within ...echo.MiddlewareFunc) (response *http.Response, body string, logged int) {
	t.Helper()
	m, err := session.NewClientSide(c, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	e := echo.New()
	e.Logger = slog.New(slog.DiscardHandler)
	e.Use(middleware.RequestLoggerWithConfig(middleware.RequestLoggerConfig{
		LogStatus:     true,
		HandleError:   true,
		LogValuesFunc: func(_ *echo.Context, v middleware.RequestLoggerValues) error { logged = v.Status; return nil },
	}), middleware.Recover(), withSessions(m))
	e.Use(within...)
	e.GET("/", handler)
	server := httptest.NewServer(e)
	defer server.Close()
	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err = client.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	server.Close() // logged is free to read
	return response, string(text), logged
}

func load(t *testing.T, c *echo.Context) *session.Session {
	t.Helper()
	s, err := session.Load(c.Request())
	if err != nil {
		t.Error(err)
	}
	return s
}

// Whatever echo does to answer, the session goes before it; and one that cannot
// be written makes an error response that nothing follows.
func TestResponses(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file.txt"), []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		respond echo.HandlerFunc
		status  int
		body    string
	}{
		"String":   {func(c *echo.Context) error { return c.String(201, "text") }, 201, "text"},
		"JSON":     {func(c *echo.Context) error { return c.JSON(202, []int{1}) }, 202, "[1]\n"},
		"none":     {func(c *echo.Context) error { return c.NoContent(204) }, 204, ""},
		"nothing":  {func(c *echo.Context) error { return nil }, 200, ""},
		"Redirect": {func(c *echo.Context) error { return c.Redirect(303, "/x") }, 303, ""},
		"an error": {func(c *echo.Context) error { return echo.NewHTTPError(409, "no") }, 409, `{"message":"no"}` + "\n"},
		"File":     {func(c *echo.Context) error { return c.FileFS("file.txt", os.DirFS(dir)) }, 200, "content"},
		"Stream":   {func(c *echo.Context) error { return c.Stream(200, "text/plain", strings.NewReader("text")) }, 200, "text"},
		"Flush": {func(c *echo.Context) error {
			c.Response().(http.Flusher).Flush()
			_, err := io.WriteString(c.Response(), "text")
			return err
		}, 200, "text"},
		"FlushError": {func(c *echo.Context) error {
			http.NewResponseController(c.Response()).Flush()
			_, err := io.WriteString(c.Response(), "text")
			return err
		}, 200, "text"},
	} {
		for place, within := range map[string][]echo.MiddlewareFunc{
			"alone":           nil,
			"around gzip":     {middleware.Gzip()},
			"around BodyDump": {middleware.BodyDump(func(*echo.Context, []byte, []byte, error) {})},
		} {
			t.Run(name+"/"+place, func(t *testing.T) {
				cookies := cookies(t)
				response, body, logged := serve(t, cookies, func(c *echo.Context) error {
					load(t, c).Set("user_id", 42)
					return tt.respond(c)
				}, within...)
				if response.StatusCode != tt.status || body != tt.body || logged != tt.status {
					t.Errorf("%d %q, logged %d; want %d %q", response.StatusCode, body, logged, tt.status, tt.body)
				}
				if s := sessiontest.Written(t, cookies, response); s.Text() != `{"user_id": 42}` {
					t.Errorf("session %s", s.Text())
				}

				response, body, logged = serve(t, cookies, func(c *echo.Context) error {
					load(t, c).Set("x", strings.Repeat("x", 5000))
					return tt.respond(c)
				}, within...)
				if response.StatusCode != http.StatusInternalServerError || body != "Internal Server Error\n" || logged != http.StatusInternalServerError {
					t.Errorf("too large: %d %q, logged %d", response.StatusCode, body, logged)
				}
				sessiontest.NotWritten(t, cookies, response)
			})
		}
	}
}

// A panic saves nothing.
func TestRecover(t *testing.T) {
	cookies := cookies(t)
	response, body, logged := serve(t, cookies, func(c *echo.Context) error {
		load(t, c).Set("half", "done")
		panic("no")
	})
	if response.StatusCode != http.StatusInternalServerError || body != `{"message":"Internal Server Error"}`+"\n" || logged != http.StatusInternalServerError {
		t.Errorf("%d %q, logged %d", response.StatusCode, body, logged)
	}
	sessiontest.NotWritten(t, cookies, response)
}

// Why there is a sessions.go: with echo's own adapter a panic saves.
func TestWrapMiddleware(t *testing.T) {
	cookies := cookies(t)
	m, err := session.NewClientSide(cookies, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	e := echo.New()
	e.Logger = slog.New(slog.DiscardHandler)
	e.Use(middleware.Recover(), echo.WrapMiddleware(m.Handler))
	e.GET("/", func(c *echo.Context) error {
		load(t, c).Set("half", "done")
		panic("no")
	})
	response := sessiontest.NewBrowser(t, e).Get("/")
	if response.StatusCode != http.StatusInternalServerError {
		t.Errorf("%d", response.StatusCode)
	}
	sessiontest.Written(t, cookies, response)
}

// A deadline is no response; after the response echo knows that there was one.
func TestCommitted(t *testing.T) {
	cookies := cookies(t)
	response, _, _ := serve(t, cookies, func(c *echo.Context) error {
		s := load(t, c)
		if err := http.NewResponseController(c.Response()).SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Error(err)
		}
		if err := s.Set("n", 1); err != nil {
			t.Error(err)
		}
		c.String(http.StatusTeapot, "text")
		if err := s.Set("n", 2); !errors.Is(err, session.ErrCommitted) {
			t.Error(err)
		}
		r, err := echo.UnwrapResponse(c.Response())
		if err != nil || !r.Committed || r.Status != http.StatusTeapot || r.Size != 4 {
			t.Errorf("%+v, %v", r, err)
		}
		return errors.New("too late")
	})
	if s := sessiontest.Written(t, cookies, response); s.Text() != `{"n": 1}` || response.StatusCode != http.StatusTeapot {
		t.Errorf("%d, session %s", response.StatusCode, s.Text())
	}
}

func TestHijack(t *testing.T) {
	cookies := cookies(t)
	m, err := session.NewClientSide(cookies, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	e := echo.New()
	e.Use(withSessions(m))
	e.GET("/", func(c *echo.Context) error {
		load(t, c).Set("n", 1)
		conn, buf, err := http.NewResponseController(c.Response()).Hijack()
		if err != nil {
			t.Error(err)
			return err
		}
		defer conn.Close()
		buf.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n")
		c.Response().Header().Write(buf)
		buf.WriteString("\r\n")
		return buf.Flush()
	})
	server := httptest.NewServer(e)
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	sessiontest.Written(t, cookies, response)
}
