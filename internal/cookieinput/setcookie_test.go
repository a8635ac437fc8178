package cookieinput

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAttributes(t *testing.T) {
	for _, tt := range []struct {
		name string
		text string
		want Attributes
	}{
		{"none", "Set-Cookie: s=1", Attributes{Known: true}},
		{
			"starlette", "Set-Cookie: s=1; path=/; Max-Age=1209600; httponly; samesite=lax; secure; domain=example.org",
			Attributes{Known: true, Path: "/", MaxAge: 1209600, HasMaxAge: true, HttpOnly: true, SameSite: "lax", Secure: true, Domain: "example.org"},
		},
		{
			"starlette, clearing", "Set-Cookie: s=null; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly; samesite=lax",
			Attributes{Known: true, Path: "/", HasExpires: true, HttpOnly: true, SameSite: "lax"},
		},
		{
			"litestar, clearing", "Set-Cookie: s=null; expires=Tue, 14 Nov 2023 22:13:20 GMT; HttpOnly; Path=/; SameSite=lax",
			Attributes{Known: true, Path: "/", Expires: 1700000000, HasExpires: true, HttpOnly: true, SameSite: "lax"},
		},
		{"without the word", "s=1; path=/p", Attributes{Known: true, Path: "/p"}},
		{"chips", "Set-Cookie: s=1; Partitioned;Secure", Attributes{Known: true, Partitioned: true, Secure: true}},
		{"any case, blanks", "set-cookie: s=1 ; SECURE ; httpONLY; SaMeSiTe = Strict ", Attributes{Known: true, Secure: true, HttpOnly: true, SameSite: "Strict"}},
		{"flags with a value", "Set-Cookie: s=1; secure=false; httponly=0; partitioned=", Attributes{Known: true, Secure: true, HttpOnly: true, Partitioned: true}},
		{
			"the last counts", "Set-Cookie: s=1; path=/a; max-age=1; domain=a; samesite=none; expires=Thu, 01 Jan 1970 00:00:01 GMT;" +
				"path=/b; max-age=2; domain=b; samesite=lax; expires=Thu, 01 Jan 1970 00:00:02 GMT",
			Attributes{Known: true, Path: "/b", MaxAge: 2, HasMaxAge: true, Domain: "b", SameSite: "lax", Expires: 2, HasExpires: true},
		},
		{"a dot, capitals", "Set-Cookie: s=1; Domain=.Example.ORG", Attributes{Known: true, Domain: "example.org"}},
		{"an empty domain says nothing", "Set-Cookie: s=1; domain=a; domain=", Attributes{Known: true, Domain: "a"}},
		{"a path without a slash is the default", "Set-Cookie: s=1; path=/a; path=b", Attributes{Known: true}},
		{"max-age that is no number", "Set-Cookie: s=1; max-age=5; max-age=+1; max-age=1.5; max-age=", Attributes{Known: true, MaxAge: 5, HasMaxAge: true}},
		{"max-age that is huge", "Set-Cookie: s=1; max-age=99999999999999999999", Attributes{Known: true, MaxAge: 1<<63 - 1, HasMaxAge: true}},
		{"max-age that is huge, below zero", "Set-Cookie: s=1; max-age=-99999999999999999999", Attributes{Known: true, MaxAge: -1 << 63, HasMaxAge: true}},
		{"expires that is no date", "Set-Cookie: s=1; expires=Thu, 01 Jan 1970 00:00:02 GMT; expires=never", Attributes{Known: true, Expires: 2, HasExpires: true}},
		{"unknown ones", "Set-Cookie: s=1; Priority=High; =x; ;; a=b", Attributes{Known: true}},
		{"hostile text", "Set-Cookie: s=1; SameSite=\x1b[2J; path=/\u202e", Attributes{Known: true, SameSite: "\x1b[2J", Path: "/\u202e"}},
		{"a Cookie header has none", "Cookie: s=1; path=/", Attributes{}},
		{"a pair has none", "s=1", Attributes{}},
		{"a value has none", signed, Attributes{}},
		{"HAR, a response", harOf(harOfPair("response", "headers", "set-cookie", "s=1; secure")), Attributes{Known: true, Secure: true}},
		{"HAR, a list", harOf(harOfPair("response", "cookies", "s", "1")), Attributes{}},
		{"HAR, a request", harOf(harOfRequest("Cookie", "s=1; secure=1")), Attributes{}},
		{
			"HAR, a response and what came back", harOf(harOfPair("response", "headers", "set-cookie", "s=1; secure"), harOfRequest("Cookie", "s=1")),
			Attributes{Known: true, Secure: true},
		},
		{
			"HAR, set again", harOf(harOfPair("response", "headers", "set-cookie", "s=1; secure"), harOfPair("response", "headers", "set-cookie", "s=1")),
			Attributes{Known: true},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse(tt.text, Auto)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got[0].Attributes); diff != "" {
				t.Errorf("Parse(%q) (-want +got):\n%s", tt.text, diff)
			}
		})
	}
}

func TestDate(t *testing.T) {
	for _, tt := range []struct {
		text string
		want string // empty: not a date
	}{
		{"Tue, 14 Nov 2023 22:13:20 GMT", "2023-11-14 22:13:20"},
		{"Tue, 14-Nov-2023 22:13:20 GMT", "2023-11-14 22:13:20"},
		{"Tuesday, 14-Nov-23 22:13:20 GMT", "2023-11-14 22:13:20"},
		{"Tue Nov 14 22:13:20 2023", "2023-11-14 22:13:20"},
		{"14 november 2023 22:13:20 +0200", "2023-11-14 22:13:20"}, // the zone never counts
		{"22:13:20 2023 NOV 14", "2023-11-14 22:13:20"},
		{"2023/14/Nov;2:3:4x", "2023-11-14 02:03:04"},
		{"Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01 00:00:00"},
		{"1 Jan 69 00:00:00", "2069-01-01 00:00:00"},
		{"1 Jan 70 00:00:00", "1970-01-01 00:00:00"},
		{"1 Jan 99 00:00:00", "1999-01-01 00:00:00"},
		{"1 Jan 1601 00:00:00", "1601-01-01 00:00:00"},
		{"29 Feb 2024 23:59:59", "2024-02-29 23:59:59"},
		{"31 Dec 9999 23:59:59", "9999-12-31 23:59:59"},
		{"1 Jan 1600 00:00:00", ""},
		{"29 Feb 2023 00:00:00", ""},
		{"0 Jan 2023 00:00:00", ""},
		{"32 Jan 2023 00:00:00", ""},
		{"1 Jan 2023 24:00:00", ""},
		{"1 Jan 2023 00:60:00", ""},
		{"1 Jan 2023 00:00:60", ""},
		{"1 Jan 2023 00:00", ""},
		{"1 Jan 199 00:00:00", ""},
		{"1 Jan 20233 00:00:00", ""},
		{"1 2023 00:00:00", ""},
		{"Jan 2023 00:00:00", ""},
		{"1 \u017fep 2023 00:00:00", ""},
		{"1 Jan 2023", ""},
		{"0", ""},
		{"-1", ""},
		{"", ""},
		{"\xff" + strings.Repeat("\x00 ", 100), ""},
	} {
		got := ""
		if date, ok := parseDate(tt.text); ok {
			got = date.Format(time.DateTime)
		}
		if got != tt.want {
			t.Errorf("parseDate(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}
