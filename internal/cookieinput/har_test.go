package cookieinput

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func harOf(entries ...string) string {
	return `{"log":{"version":"1.2","creator":{"name":"x","log":{"entries":[]}},"entries":[` + strings.Join(entries, ",") + `],"comment":""}}`
}

func harOfRequest(name, value string) string {
	n, _ := json.Marshal(name)
	v, _ := json.Marshal(value)
	return fmt.Sprintf(`{"request":{"headers":[{"name":%s,"value":%s}],"cookies":[]},"response":{"headers":[],"cookies":[]}}`, n, v)
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
	{name: "headers of another kind", text: harOf(`{"request":{"headers":{"Cookie":"a=1"}}}`), err: ErrHAR, line: "entry 1: "},
}

func TestHAR(t *testing.T) { testForms(t, HAR, harTests) }

// FuzzHAR: a cookie comes back from each place in which a HAR file has cookies.
func FuzzHAR(f *testing.F) {
	for _, tt := range harTests {
		f.Add(tt.text, "session", signed)
	}
	f.Add("{}", "a\"b", `\<é>&`)
	f.Fuzz(func(t *testing.T, text, name, value string) {
		if cookies, err := parseHAR(text); (err == nil) != (len(cookies) > 0) {
			t.Fatalf("%d cookies, %v", len(cookies), err)
		}
		if !plainPair(name, value) {
			return
		}
		pair := func(name, value string) []harPair { return []harPair{{name, value}} }
		for _, e := range []harEntry{
			{Request: harMessage{Headers: pair("Cookie", "x=1; "+name+"="+value)}},
			{Request: harMessage{Cookies: pair(name, value)}},
			{Response: harMessage{Headers: pair("SET-COOKIE", name+"="+value+"; path=/")}},
			{Response: harMessage{Cookies: pair(name, value)}},
		} {
			entry, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Parse(harOf("{}", string(entry)), Auto)
			if err != nil {
				t.Fatalf("%s: %v", entry, err)
			}
			if all := pairs(got); all[len(all)-1] != name+"="+value {
				t.Errorf("%s: %q", entry, all)
			}
		}
	})
}
