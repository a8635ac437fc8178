package compat

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
)

// Chromium is a real browser without a window. The test steers it with
// chromedriver, which speaks WebDriver (https://www.w3.org/TR/webdriver2/). Its
// methods fail the test where the browser does not do as it is told.
type Chromium struct {
	t       testing.TB
	client  *http.Client
	session string // URL
}

// driver runs chromedriver until its standard input ends, so it ends with the
// test process, even with a killed one. The browser ends with its driver, since
// they talk over a pipe.
const driver = `exec 3<&0; { cat <&3; kill $$; } >/dev/null 2>&1 & exec chromedriver --port=0 3<&-`

// started is what chromedriver prints before its port.
const started = "started successfully on port "

// browserTimeout is generous, since a slow machine is not a failure: only a hang is.
const browserTimeout = 2 * time.Minute

// NewChromium starts a browser with an empty profile. It ends with the test.
func NewChromium(t testing.TB) *Chromium {
	t.Helper()
	for _, program := range []string{"chromium", "chromedriver"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatal(err)
		}
	}
	profile := t.TempDir() // outlives the browser
	c := &Chromium{t: t, client: &http.Client{Timeout: browserTimeout}, session: startDriver(t)}
	var session struct {
		ID string `json:"sessionId"`
	}
	c.call("POST", "", arguments{"capabilities": arguments{"alwaysMatch": arguments{
		"browserName":         "chrome",
		"acceptInsecureCerts": true,
		"goog:chromeOptions": arguments{"args": []string{
			"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--remote-debugging-pipe",
			"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir=" + profile,
		}},
	}}}, &session)
	c.session += "/" + session.ID
	t.Cleanup(func() { c.call("DELETE", "", nil, nil) })
	return c
}

// startDriver returns the URL at which chromedriver makes sessions.
func startDriver(t testing.TB) string {
	t.Helper()
	cmd := exec.Command("sh", "-c", driver)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	port, done := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(done)
		for lines := bufio.NewScanner(output); lines.Scan(); {
			if _, text, ok := strings.Cut(lines.Text(), started); ok {
				port <- strings.TrimSuffix(text, ".")
				break
			}
		}
		io.Copy(io.Discard, output)
	}()
	t.Cleanup(func() {
		stdin.Close()
		cmd.Process.Kill()
		<-done
		cmd.Wait() // an error, since it was killed
	})
	select {
	case p := <-port:
		return "http://127.0.0.1:" + p + "/session"
	case <-done:
		t.Fatal("chromedriver ended before it listened")
	case <-time.After(browserTimeout):
		t.Fatalf("chromedriver did not listen within %v", browserTimeout)
	}
	return ""
}

// call sends a WebDriver command and decodes its value.
func (c *Chromium) call(method, command string, arguments, value any) {
	c.t.Helper()
	body := ""
	if method == "POST" {
		text, err := json.Marshal(arguments)
		if err != nil {
			c.t.Fatal(err)
		}
		body = string(text)
	}
	// Not the test's context, which has ended when the session is deleted.
	r, err := http.NewRequest(method, c.session+command, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	response, err := c.client.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct{ Value json.RawMessage }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		c.t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		c.t.Fatalf("chromedriver: %s %s: %s", method, command, answer.Value)
	}
	if value != nil {
		if err := json.Unmarshal(answer.Value, value); err != nil {
			c.t.Fatal(err)
		}
	}
}

type arguments = map[string]any

// Open goes to a URL and waits until the page has loaded.
func (c *Chromium) Open(url string) {
	c.t.Helper()
	c.call("POST", "/url", arguments{"url": url}, nil)
}

// Text returns the page as a person reads it.
func (c *Chromium) Text() string {
	c.t.Helper()
	return c.run("return document.body.innerText")
}

// DocumentCookie returns the cookies that scripts of the page can see.
func (c *Chromium) DocumentCookie() string {
	c.t.Helper()
	return c.run("return document.cookie")
}

// Fetch lets a script of the page send a POST request, and returns the answer.
func (c *Chromium) Fetch(url, body string) string {
	c.t.Helper()
	return c.run(`return fetch(arguments[0], {method: "POST", body: arguments[1]}).then(r => r.ok ? r.text() : "status " + r.status)`, url, body)
}

// run returns the text that a script of the page returns or promises.
func (c *Chromium) run(script string, args ...string) (text string) {
	c.t.Helper()
	if args == nil {
		args = []string{}
	}
	c.call("POST", "/execute/sync", arguments{"script": script, "args": args}, &text)
	return text
}

// Type types text into the element that a CSS selector finds.
func (c *Chromium) Type(selector, text string) {
	c.t.Helper()
	c.call("POST", c.element(selector)+"/value", arguments{"text": text}, nil)
}

// Click clicks on the element that a CSS selector finds, and waits until the
// page that this loads has loaded.
func (c *Chromium) Click(selector string) {
	c.t.Helper()
	const page = `return document.readyState == "complete" ? String(performance.timeOrigin) : ""`
	before := c.run(page)
	c.call("POST", c.element(selector)+"/click", arguments{}, nil)
	for deadline := time.Now().Add(browserTimeout); ; time.Sleep(10 * time.Millisecond) {
		if after := c.run(page); after != "" && after != before {
			return
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("%s: no page was loaded within %v", selector, browserTimeout)
		}
	}
}

func (c *Chromium) element(selector string) string {
	c.t.Helper()
	element := map[string]string{}
	c.call("POST", "/element", arguments{"using": "css selector", "value": selector}, &element)
	for _, id := range element { // under a name that WebDriver fixes
		return "/element/" + id
	}
	c.t.Fatalf("no element %s", selector)
	return ""
}

// Cookies returns all that the browser holds, for whatever site and path, sorted
// by name.
func (c *Chromium) Cookies() []*http.Cookie {
	c.t.Helper()
	var jar struct { // WebDriver itself shows only the cookies of the page
		Cookies []struct {
			Name, Value, Domain, Path, SameSite string
			Expires                             float64
			HTTPOnly, Secure, Session           bool
			PartitionKey                        json.RawMessage
		}
	}
	c.call("POST", "/goog/cdp/execute", arguments{"cmd": "Storage.getCookies", "params": arguments{}}, &jar)
	var cookies []*http.Cookie
	for _, held := range jar.Cookies {
		cookie := &http.Cookie{
			Name: held.Name, Domain: held.Domain, Path: held.Path, HttpOnly: held.HTTPOnly, Secure: held.Secure,
			SameSite:    map[string]http.SameSite{"Lax": http.SameSiteLaxMode, "Strict": http.SameSiteStrictMode, "None": http.SameSiteNoneMode}[held.SameSite],
			Partitioned: held.PartitionKey != nil,
		}
		cookie.Value, cookie.Quoted = codec.Unquote(held.Value)
		if !held.Session {
			cookie.Expires = time.Unix(int64(held.Expires), 0)
		}
		cookies = append(cookies, cookie)
	}
	slices.SortFunc(cookies, func(a, b *http.Cookie) int { return strings.Compare(a.Name, b.Name) })
	return cookies
}
