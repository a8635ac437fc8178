package cookieinput

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func harOf(entries ...string) string {
	return `{"log":{"version":"1.2","creator":{"name":"x","log":{"entries":[]}},"entries":[` + strings.Join(entries, ",") + `],"comment":""}}`
}

func harOfRequest(name, value string) string {
	n, _ := json.Marshal(name)
	v, _ := json.Marshal(value)
	return fmt.Sprintf(`{"request":{"headers":[{"name":%s,"value":%s}],"cookies":[]},"response":{"headers":[],"cookies":[]}}`, n, v)
}

// harOfPair has a pair in one of the lists of one of the messages.
func harOfPair(message, list, name, value string) string {
	entry, _ := json.Marshal(map[string]any{message: map[string]any{list: []any{map[string]string{"name": name, "value": value}}}})
	return string(entry)
}

// harOfURL sends one Cookie header, and gets a Set-Cookie header for each line.
func harOfURL(url, cookie, setCookie string) string {
	header := func(name, value string) map[string]any {
		return map[string]any{"headers": []any{map[string]string{"name": name, "value": value}}}
	}
	request := header("Cookie", cookie)
	request["url"] = url
	entry, _ := json.Marshal(map[string]any{"request": request, "response": header("Set-Cookie", setCookie)})
	return string(entry)
}

var harTests = []formTest{
	{name: "a request", text: harOf(harOfRequest("Cookie", "a=1; session="+signed)), want: "a=1 session=" + signed},
	{name: "of http/2", text: " \n" + harOf(harOfRequest("cookie", "a=1")), want: "a=1"},
	{name: "300 requests", text: harOf(strings.Split(strings.Repeat(harOfRequest("cookie", "b=1; a=1")+"\n", 300), "\n")[:300]...), want: "b=1 a=1"},
	{
		name: "a request before its response, in the order of entries",
		text: harOf(
			`{"response":{"headers":[{"name":"set-cookie","value":"b=2; path=/"},{"name":"Set-Cookie","value":"c=3; Max-Age=0"}]},"request":{"headers":[{"name":"Cookie","value":"a=1"}]}}`,
			harOfRequest("Cookie", "d=4; b=2; a=5")),
		want: "a=1 b=2 -c=3 d=4 a=5",
	},
	{name: "several in one header", text: harOf(`{"response":{"headers":[{"name":"set-cookie","value":"a=1; path=/\nb=2"}]}}`), want: "a=1 b=2"},
	{
		name: "lists without headers",
		text: harOf(`{"request":{"cookies":[{"name":"a","value":"1"}],"headers":[]},"response":{"cookies":[{"name":"b","value":"\"2\"","path":"/"}]}}`),
		want: `a=1 b="2"`,
	},
	{
		name: "headers before lists, which lose the quotes",
		text: harOf(`{"request":{"cookies":[{"name":"a","value":"1"}],"headers":[{"name":"Cookie","value":"a=\"1\""}]}}`),
		want: `a="1"`,
	},
	{name: "a cookie in a body is none", text: harOf(`{"request":{"headers":[]},"response":{"content":{"text":"{\"log\":{\"entries\":[{\"request\":{\"cookies\":[{\"name\":\"a\"}]}}]}}"}}}`), err: ErrNoCookieHAR},
	{name: "keys before the entries", text: `{"log":{"pages":[{"entries":[1]}],"entries":[` + harOfRequest("Cookie", "a=1") + `]}}`, want: "a=1"},
	{name: "without cookies", text: harOf(harOfRequest("Accept", "a=1")), err: ErrNoCookieHAR},
	{name: "without entries", text: harOf(), err: ErrNoCookieHAR},
	{name: "no entries at all", text: `{"log":{"version":"1.2"}}`, err: ErrHAR},
	{name: "entries that are no list", text: `{"log":{"entries":{"a":1}}}`, err: ErrHAR},
	{name: "log that is no object", text: `{"log":["entries"]}`, err: ErrHAR},
	{name: "cut off", text: strings.TrimSuffix(harOf(harOfRequest("Cookie", "a=1"), harOfRequest("Cookie", "b=1")), `}],"cookies":[]},"response":{"headers":[],"cookies":[]}}],"comment":""}}`), err: ErrHAR, line: "entry 2: "},
	{name: "cut off between entries", text: `{"log":{"entries":[` + harOfRequest("Cookie", "a=1"), err: ErrHAR, line: "entry 1: "},
	{name: "an entry of another kind", text: harOf(harOfRequest("Cookie", "a=1"), `"x"`), err: ErrHAR, line: "entry 2: "},
	{name: "null for what is missing", text: harOf(`null`, `{"request":null,"response":{"headers":null,"cookies":null}}`, `{"request":{"url":null,"headers":[null,{"name":null,"value":null}]}}`, harOfRequest("Cookie", "a=1")), want: "a=1"},
	{name: "a message of another kind", text: harOf(`{"request":[]}`), err: ErrHAR, line: "entry 1: "},
	{name: "a header of another kind", text: harOf(`{"request":{"headers":["Cookie"]}}`), err: ErrHAR, line: "entry 1: "},
	{name: "a value of another kind", text: harOf(`{"request":{"headers":[{"name":"Cookie","value":1}]}}`), err: ErrHAR, line: "entry 1: "},
	{name: "an address of another kind", text: harOf(`{"request":{"url":1}}`), err: ErrHAR, line: "entry 1: "},
	{name: "not JSON where nothing is read", text: harOf(`{"response":{"content":{"text":x}}}`), err: ErrHAR, line: "entry 1: "},
	{name: "headers of another kind", text: harOf(`{"request":{"headers":{"Cookie":"a=1"}}}`), err: ErrHAR, line: "entry 1: "},
}

func TestHAR(t *testing.T) { testForms(t, HAR, harTests) }

// places spells cookies as group, host and pair.
func places(cookies []Cookie) []string {
	var out []string
	for i, pair := range pairs(cookies) {
		out = append(out, fmt.Sprintf("%d %s %s", cookies[i].Group, cookies[i].Host, pair))
	}
	return out
}

func TestHARGroups(t *testing.T) {
	for _, tt := range []struct {
		name string
		text string
		want []string
	}{
		{
			"each message", harOf(harOfURL("http://x/", "s-0=a; s-1=b", "s-0=c\ns-1=d"), "{}", harOfURL("http://x/", "s-0=e", "s-0=f")),
			[]string{"1 x s-0=a", "1 x s-1=b", "2 x s-0=c", "2 x s-1=d", "5 x s-0=e", "6 x s-0=f"},
		},
		{
			"a family that comes back", harOf(harOfURL("http://x/", "", "s-0=a\ns-1=b"), harOfURL("http://x/", "s-0=a; s-1=b", "")),
			[]string{"2 x s-0=a", "2 x s-1=b"},
		},
		{
			"in another order", harOf(harOfURL("http://x/", "s-0=a; s-1=b; s=c", ""), harOfURL("http://x/", "s=c; s-1=b; s-0=a", "")),
			[]string{"1 x s-0=a", "1 x s-1=b", "1 x s=c"},
		},
		{
			"another order of one name", harOf(harOfURL("http://x/", "s=a; s=b", ""), harOfURL("http://x/", "s=b; s=a", "")),
			[]string{"1 x s=a", "1 x s=b", "3 x s=b", "3 x s=a"},
		},
		{
			"another cookie changes", harOf(harOfURL("http://x/", "s-0=a; s-1=b; _ga=1", ""), harOfURL("http://x/", "s-0=a; s-1=b; _ga=2", "")),
			[]string{"1 x s-0=a", "1 x s-1=b", "1 x _ga=1", "3 x _ga=2"},
		},
		{
			"a chunk changes", harOf(harOfURL("http://x/", "s-0=a; s-1=b", ""), harOfURL("http://x/", "s-0=a; s-1=c", "")),
			[]string{"1 x s-0=a", "1 x s-1=b", "3 x s-0=a", "3 x s-1=c"},
		},
		{
			"a chunk less", harOf(harOfURL("http://x/", "s-0=a; s-1=b", ""), harOfURL("http://x/", "s-0=a", "")),
			[]string{"1 x s-0=a", "1 x s-1=b", "3 x s-0=a"},
		},
		{
			"one that is cleared", harOf(harOfURL("http://x/", "s=a", "s=a; Max-Age=0"), harOfURL("http://x/", "", "s=a; Max-Age=0")),
			[]string{"1 x s=a", "2 x -s=a"},
		},
		{
			"other hosts", harOf(harOfURL("http://x/", "s=a", "t=b"), harOfURL("http://y/", "s=a", "t=b"), harOfURL("https://x/p?q", "s=a", "t=b")),
			[]string{"1 x s=a", "2 x t=b", "3 y s=a", "4 y t=b"},
		},
		{
			"another port, another case", harOf(harOfURL("http://X:8000/", "s=a", ""), harOfURL("http://x:9000/", "s=a", "")),
			[]string{"1 x s=a"},
		},
		{"an address of IPv6", harOf(harOfURL("http://[::1]:80/", "s=a", "")), []string{"1 ::1 s=a"}},
		{"no address", harOf(harOfURL("http://[/", "s=a", ""), harOfURL("", "s=a", "")), []string{"1  s=a"}},
		{"twice in one message", harOf(harOfURL("http://x/", "s=a; s=a; s=b", "")), []string{"1 x s=a", "1 x s=b"}},
		{
			"the address last", harOf(`{"request":{"headers":[{"name":"Cookie","value":"s=a"}],"url":"http://x/"}}`),
			[]string{"1 x s=a"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse(tt.text, Auto)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, places(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The limit is on what is kept, and on one message.
func TestHARLimit(t *testing.T) {
	session := "s-0=a; s-1=b; "
	same := strings.TrimSuffix(strings.Repeat(harOfRequest("Cookie", session)+",", maxCookies), ",")
	if got, err := Parse(harOf(same), Auto); err != nil || len(got) != 2 {
		t.Errorf("%d cookies, %v", len(got), err)
	}
	changing := func(n int) string {
		var entries []string
		for i := range n {
			entries = append(entries, harOfRequest("Cookie", fmt.Sprintf("%s_ga=%d", session, i)))
		}
		return harOf(entries...)
	}
	if got, err := Parse(changing(maxCookies-2), Auto); err != nil || len(got) != maxCookies {
		t.Errorf("%d cookies, %v", len(got), err)
	}
	if _, err := Parse(changing(maxCookies-1), Auto); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
	for _, list := range []string{"headers", "cookies"} {
		many := strings.Repeat(`{"name":"Cookie","value":"a=1"},`, maxCookies)
		text := harOf(`{"request":{"` + list + `":[` + many + `{"name":"Cookie","value":"a=1"}]}}`)
		if _, err := Parse(text, Auto); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", list, err)
		}
	}
}

// A header without a cookie costs no memory, however many there are.
func TestHARMemory(t *testing.T) {
	text := harOf(`{"request":{"headers":[` + strings.Repeat("{},", 1<<20) + `{"name":"Cookie","value":"a=1"}]}}`)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got, err := Parse(text, Auto)
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; err != nil || len(got) != 1 || used > 1<<20 {
		t.Errorf("%d cookies, %v, with %d bytes", len(got), err, used)
	}
}

// FuzzHAR: a cookie comes back from each place in which a HAR file has cookies.
func FuzzHAR(f *testing.F) {
	for _, tt := range harTests {
		f.Add(tt.text, "session", signed)
	}
	f.Add("{}", "a\"b", `\<é>&`)
	f.Fuzz(func(t *testing.T, text, name, value string) {
		cookies, err := parseHAR(text)
		if (err == nil) != (len(cookies) > 0) || len(cookies) > maxCookies {
			t.Fatalf("%d cookies, %v", len(cookies), err)
		}
		for i, c := range cookies {
			if c.Group < 1 || slices.ContainsFunc(cookies[:i], func(other Cookie) bool { return other.Group == c.Group && other.Same(c) }) {
				t.Fatalf("%+v is of no group, or twice in it", c)
			}
		}
		if !plainPair(name, value) {
			return
		}
		for _, tt := range []struct{ message, list, name, value string }{
			{"request", "headers", "Cookie", "x=1; " + name + "=" + value},
			{"request", "cookies", name, value},
			{"response", "headers", "SET-COOKIE", name + "=" + value + "; path=/"},
			{"response", "cookies", name, value},
		} {
			entry := harOfPair(tt.message, tt.list, tt.name, tt.value)
			got, err := Parse(harOf("{}", entry), Auto)
			if err != nil {
				t.Fatalf("%s: %v", entry, err)
			}
			if all := pairs(got); all[len(all)-1] != name+"="+value {
				t.Errorf("%s: %q", entry, all)
			}
		}
	})
}
