package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/examples/internal/visitor"
	"github.com/sessctl/sessctl/session/sessiontest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	gin.DefaultWriter, gin.DefaultErrorWriter = io.Discard, io.Discard
	os.Exit(m.Run())
}

func TestGin(t *testing.T) {
	app, err := newApp([]byte("only for this test"))
	if err != nil {
		t.Fatal(err)
	}
	url := visitor.Serve(t, app)
	v := visitor.New(t)
	v.Want("GET", url+"/me", http.StatusUnauthorized, `{"error":"log in first"}`)
	v.Want("POST", url+"/login/x", http.StatusBadRequest, "user must be a number")
	v.Want("POST", url+"/login/42", http.StatusOK, `{"user":42}`)
	v.Want("GET", url+"/me", http.StatusOK, `{"user":42}`)
	v.Want("GET", url+"/nothing", http.StatusNotFound, "404 page not found")
	v.Want("POST", url+"/logout", http.StatusNoContent, "")
	v.Want("GET", url+"/me", http.StatusUnauthorized, `{"error":"log in first"}`)
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

// serve sends a GET to a handler in gin and returns the response, its body, and
// the status as gin's log has it.
func serve(t *testing.T, c *codec.Codec, handler gin.HandlerFunc) (response *http.Response, body string, logged int) {
	t.Helper()
	m, err := session.NewClientSide(c, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	engine := gin.New()
	engine.Use(gin.LoggerWithFormatter(func(p gin.LogFormatterParams) string {
		logged = p.StatusCode
		return ""
	}), gin.Recovery(), withSessions(m))
	engine.GET("/", handler)
	server := httptest.NewServer(engine)
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

func load(t *testing.T, c *gin.Context) *session.Session {
	t.Helper()
	s, err := session.Load(c.Request)
	if err != nil {
		t.Error(err)
	}
	return s
}

// Whatever gin does to answer, the session goes before it; and one that cannot
// be written makes an error response that nothing follows.
func TestResponses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file.txt")
	if err := os.WriteFile(file, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		respond func(c *gin.Context)
		status  int
		body    string
	}{
		"String":   {func(c *gin.Context) { c.String(201, "text") }, 201, "text"},
		"JSON":     {func(c *gin.Context) { c.JSON(202, []int{1}) }, 202, "[1]"},
		"Status":   {func(c *gin.Context) { c.Status(204) }, 204, ""},
		"nothing":  {func(c *gin.Context) {}, 200, ""},
		"Redirect": {func(c *gin.Context) { c.Redirect(303, "/x") }, 303, "<a href=\"/x\">See Other</a>.\n\n"},
		"Abort":    {func(c *gin.Context) { c.AbortWithStatus(403) }, 403, ""},
		"File":     {func(c *gin.Context) { c.File(file) }, 200, "content"},
		"Data":     {func(c *gin.Context) { c.Data(200, "text/plain", []byte("data")) }, 200, "data"},
		"Flush":    {func(c *gin.Context) { c.Status(206); c.Writer.Flush(); c.Writer.WriteString("text") }, 206, "text"},
		"FlushError": {func(c *gin.Context) {
			http.NewResponseController(c.Writer).Flush()
			io.WriteString(c.Writer, "text")
		}, 200, "text"},
		"Stream": {func(c *gin.Context) {
			n := 0
			c.Stream(func(w io.Writer) bool {
				n++
				fmt.Fprint(w, n)
				return n < 3
			})
		}, 200, "123"},
		"SSEvent": {func(c *gin.Context) { c.SSEvent("tick", 1) }, 200, "event:tick\ndata:1\n\n"},
	} {
		t.Run(name, func(t *testing.T) {
			cookies := cookies(t)
			response, body, logged := serve(t, cookies, func(c *gin.Context) {
				load(t, c).Set("user_id", 42)
				tt.respond(c)
			})
			if response.StatusCode != tt.status || body != tt.body || logged != tt.status {
				t.Errorf("%d %q, logged %d; want %d %q", response.StatusCode, body, logged, tt.status, tt.body)
			}
			if s := sessiontest.Written(t, cookies, response); s.Text() != `{"user_id": 42}` {
				t.Errorf("session %s", s.Text())
			}

			response, body, logged = serve(t, cookies, func(c *gin.Context) {
				load(t, c).Set("x", strings.Repeat("x", 5000))
				tt.respond(c)
			})
			if response.StatusCode != http.StatusInternalServerError || body != "Internal Server Error\n" || logged != http.StatusInternalServerError {
				t.Errorf("too large: %d %q, logged %d", response.StatusCode, body, logged)
			}
			sessiontest.NotWritten(t, cookies, response)
		})
	}
}

// A panic saves nothing.
func TestRecovery(t *testing.T) {
	cookies := cookies(t)
	response, body, logged := serve(t, cookies, func(c *gin.Context) {
		load(t, c).Set("half", "done")
		panic("no")
	})
	if response.StatusCode != http.StatusInternalServerError || body != "" || logged != http.StatusInternalServerError {
		t.Errorf("%d %q, logged %d", response.StatusCode, body, logged)
	}
	sessiontest.NotWritten(t, cookies, response)
}

// Setting the status, or a deadline, is no response yet.
func TestStatusIsNoCommit(t *testing.T) {
	cookies := cookies(t)
	response, _, _ := serve(t, cookies, func(c *gin.Context) {
		s := load(t, c)
		c.Status(http.StatusTeapot)
		if err := http.NewResponseController(c.Writer).SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Error(err)
		}
		if err := s.Set("n", 1); err != nil {
			t.Error(err)
		}
		c.Writer.WriteHeaderNow()
		if err := s.Set("n", 2); !errors.Is(err, session.ErrCommitted) || c.Writer.Status() != http.StatusTeapot || !c.Writer.Written() {
			t.Errorf("%v, status %d, written %v", err, c.Writer.Status(), c.Writer.Written())
		}
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
	engine := gin.New()
	engine.Use(withSessions(m))
	engine.GET("/", func(c *gin.Context) {
		load(t, c).Set("n", 1)
		conn, buf, err := c.Writer.Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		buf.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n")
		c.Writer.Header().Write(buf)
		buf.WriteString("\r\n")
		buf.Flush()
	})
	server := httptest.NewServer(engine)
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

// Around all of gin, Handler does too, but gin's log says 200 of an error
// response, and Recovery within it saves what a panic left.
func TestHandlerAroundGin(t *testing.T) {
	cookies := cookies(t)
	m, err := session.NewClientSide(cookies, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	engine := gin.New()
	engine.GET("/small", func(c *gin.Context) { load(t, c).Set("n", 1); c.String(200, "page") })
	engine.GET("/large", func(c *gin.Context) { load(t, c).Set("x", strings.Repeat("x", 5000)); c.String(200, "page") })
	b := sessiontest.NewBrowser(t, m.Handler(engine))
	response := b.Get("/small")
	if s := sessiontest.Written(t, cookies, response); s.Text() != `{"n": 1}` {
		t.Errorf("session %s", s.Text())
	}
	response = b.Get("/large")
	if text, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusInternalServerError || string(text) != "Internal Server Error\n" {
		t.Errorf("%d %q", response.StatusCode, text)
	}
}
