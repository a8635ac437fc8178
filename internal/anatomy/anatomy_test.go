package anatomy

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestSigned(t *testing.T) {
	for _, tt := range []struct {
		value string
		want  string
	}{
		{"eyJhIjogMX0=.ZVPxAA.xG24nPALo8AhuefWvxeYlShMy1g", "payload 0 12, timestamp 13 6, signature 20 27"},
		{"eyJhIjogMX0=.xG24nPALo8AhuefWvxeYlShMy1g", "payload 0 12, signature 13 27"},
		{"eyJhIjogMX0=", "payload 0 12"},
		{"a.b.c.dd.e", "payload 0 5, timestamp 6 2, signature 9 1"},
		{"..", "payload 0 0, timestamp 1 0, signature 2 0"},
		{"", "payload 0 0"},
	} {
		if got := describe(Signed(tt.value)); got != tt.want {
			t.Errorf("%q: %s, want %s", tt.value, got, tt.want)
		}
	}
}

func describe(parts []Part) string {
	var all []string
	for _, p := range parts {
		all = append(all, strings.Join([]string{p.Name, strconv.Itoa(p.Offset), strconv.Itoa(p.Size)}, " "))
	}
	return strings.Join(all, ", ")
}

// The parts of every vector that opens are where Python put them.
func TestSealedVectors(t *testing.T) {
	files, err := filepath.Glob("../../testdata/vectors/litestar/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors: %v", err)
	}
	checked := 0
	for _, file := range files {
		var v struct {
			Expect, Value, JSON string
			ExpiresAt           int64 `json:"expires_at"`
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &v); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if v.Expect != "ok" || v.Value == "" {
			continue
		}
		checked++
		size := map[string]int{}
		for _, p := range Sealed(v.Value) {
			size[p.Name] = p.Size
		}
		if size["nonce"] != 12 || size["tag"] != 16 || size["marker"] != len(Marker) ||
			size["ciphertext"] != len(v.JSON) || size["aad"] != len(`{"expires_at":}`+strconv.FormatInt(v.ExpiresAt, 10)) {
			t.Errorf("%s: %v", filepath.Base(file), size)
		}
	}
	if checked < 20 {
		t.Errorf("only %d vectors", checked)
	}
}

func TestSealedDamaged(t *testing.T) {
	for _, tt := range []struct{ value, want string }{
		{"", ""},
		{"AAAA", "nonce 0 3"},
		{strings.Repeat("AAAA", 10), "nonce 0 12, ciphertext 12 18"},
		// the marker and an AAD alone
		{"YWRkaXRpb25hbF9hdXRoZW50aWNhdGVkX2RhdGE9e30=", "marker 0 30, aad 30 2"},
		{"!", ""},
	} {
		if got := describe(Sealed(tt.value)); got != tt.want {
			t.Errorf("%q: %s, want %s", tt.value, got, tt.want)
		}
	}
}

func TestMisspelled(t *testing.T) {
	for _, tt := range []struct {
		text    string
		forURLs bool
		want    string
	}{
		{"eyJhIjogMX0=", false, ""},
		{"eyJhIjogMX0", false, "padding with = that is missing or too much"},
		{"eyJhIjogMX0==", false, "padding with = that is missing or too much"},
		{"eyJhIjogMX1=", false, "bits at its end that stand for nothing"},
		{"eyJhIjogMX0!=", false, "characters that are not of its alphabet"},
		{"eyJhIjo\ngMX0=", false, "characters that are not of its alphabet"},
		{"-_8=", false, "- and _ where Python writes + and /"},
		{"-_8", true, ""},
		{"+/8", true, "+ and / where Python writes - and _"},
		{"-_8=", true, "padding with = that is missing or too much"},
		{"-_9", true, "bits at its end that stand for nothing"},
		{"a", false, ""}, // nobody can read it
		{"", false, ""},
	} {
		if got := Misspelled(tt.text, tt.forURLs); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.text, got, tt.want)
		}
	}
}
