package vectors

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

var outcomes = []string{
	"ok", "no-cookie", "malformed", "unauthentic", "expired", "future", "incomplete", "too-large", "not-object",
}

// TestAll holds what README.md promises of every vector, whoever reads it.
func TestAll(t *testing.T) {
	all := All(t)
	if n := len(All(t, "starlette", "litestar")); n != len(all) {
		t.Errorf("%d vectors below starlette and litestar, %d in all", n, len(all))
	}
	for _, v := range all {
		t.Run(v.Name, func(t *testing.T) {
			if v.Format != "starlette" && v.Format != "litestar" || !strings.HasPrefix(v.Name, v.Format+"/") {
				t.Errorf("format %q", v.Format)
			}
			if v.About == "" || !strings.Contains(v.MadeBy, "==") || v.Python == "" {
				t.Error("about, made_by or python is missing")
			}
			if len(v.Config.Key) == 0 || v.Now == 0 {
				t.Error("key or now is missing")
			}
			if !slices.Contains(outcomes, v.Expect) {
				t.Errorf("expect %q", v.Expect)
			}
			if opened := slices.Contains([]string{"ok", "expired", "future"}, v.Expect); opened != (v.JSON != "") {
				t.Errorf("expect %q with json %q", v.Expect, v.JSON)
			}
			if v.JSON != "" && v.Value == "" {
				t.Error("json without value")
			}
			if v.Reencode && (v.WrittenAt == nil || v.Format == "litestar" && len(v.Nonce) != 12) {
				t.Error("reencode without written_at or nonce")
			}
			if v.FromJSON && (!v.Reencode || !json.Valid([]byte(v.Source)) && !strings.Contains(v.Source, "NaN")) {
				t.Error("from_json without reencode, or with a source that is not JSON")
			}
			if !slices.Contains([]string{"", "clear", "write"}, v.Then) {
				t.Errorf("then %q", v.Then)
			}
			if v.Unsupported != "" && v.Source == "" {
				t.Error("unsupported without source")
			}
		})
	}
}

func TestTime(t *testing.T) {
	got := Time(1700000000.5)
	if got.Unix() != 1700000000 || got.Nanosecond() != 5e8 {
		t.Errorf("Time(1700000000.5) = %v", got)
	}
	if got := Time(253402300799); got.Year() != 9999 {
		t.Errorf("Time(253402300799) = %v", got)
	}
}
