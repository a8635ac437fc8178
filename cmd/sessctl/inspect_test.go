package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sessctl/sessctl/codec"
)

// The picture is for terminals, as wide as they are.
func TestPicture(t *testing.T) {
	for _, tt := range []struct {
		name     string
		terminal bool
		width    int
		args     []string
		want     string // the picture's line; empty: none
	}{
		{name: "pipe", width: 80},
		{name: "file", terminal: true, width: 80, args: []string{"-o", "/dev/null"}},
		{name: "80", terminal: true, width: 80, want: strings.Repeat("█", 20) + strings.Repeat("▓", 10) + strings.Repeat("▒", 46)},
		{name: "40", terminal: true, width: 40, want: strings.Repeat("█", 9) + strings.Repeat("▓", 4) + strings.Repeat("▒", 22)},
		{name: "narrower than any", terminal: true, width: 1, want: strings.Repeat("█", 7) + strings.Repeat("▓", 3) + strings.Repeat("▒", 16)},
		{name: "-o -", terminal: true, width: 40, args: []string{"-o", "-"}, want: strings.Repeat("█", 9) + strings.Repeat("▓", 4) + strings.Repeat("▒", 22)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, stdout, _ := testEnv("")
			e.stdoutTTY, e.width = tt.terminal, func() int { return tt.width }
			run(append([]string{"inspect", "--color", "never", "session=" + signedSession}, tt.args...), e)
			got := ""
			for line := range strings.Lines(stdout.String()) {
				if strings.HasPrefix(line, "██") {
					got = strings.TrimSuffix(line, "\n")
				}
			}
			if got != tt.want {
				t.Errorf("got  %s (%d cells)\nwant %s", got, utf8.RuneCountInString(got), tt.want)
			}
		})
	}
}

// Without colours the parts are told apart by texture, with them by both.
func TestPictureColor(t *testing.T) {
	for _, tt := range []struct {
		name  string
		vars  map[string]string
		args  []string
		color bool
	}{
		{name: "terminal", color: true},
		{name: "NO_COLOR=0", vars: map[string]string{"NO_COLOR": "0"}},
		{name: "TERM=dumb", vars: map[string]string{"TERM": "dumb"}},
		{name: "never", args: []string{"--color", "never"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, stdout, _ := testEnv("")
			e.stdoutTTY = true
			e.lookupVar = func(name string) (string, bool) { v, ok := tt.vars[name]; return v, ok }
			run(append([]string{"inspect", signedSession}, tt.args...), e)
			if got := strings.Contains(stdout.String(), "\x1b["); got != tt.color {
				t.Errorf("in colours: %v", got)
			}
			if !strings.Contains(stdout.String(), "▓") {
				t.Errorf("no picture: %s", stdout)
			}
		})
	}
}

// No line is wider than the terminal but for the texts.
func TestGauges(t *testing.T) {
	e, stdout, _ := testEnv("")
	e.stdoutTTY = true
	run([]string{"inspect", "--color", "never", "session=" + signedSession}, e)
	if !strings.Contains(stdout.String(), "browsers        54    4096    2 %  █░░░░░░░░░░░░░░░░░░░  name and value of one cookie\n") {
		t.Errorf("got\n%s", stdout)
	}
	stdout.Reset()
	e.width = func() int { return 50 }
	run([]string{"inspect", "--color", "never", "session=" + signedSession}, e)
	if strings.Contains(stdout.String(), "░░") {
		t.Errorf("got\n%s", stdout)
	}
}

func TestManyKeys(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"a": 1`)
	for i := range 40 {
		b.WriteString(`, "k` + strings.Repeat("x", i) + `": ""`)
	}
	values, err := codec.ParseValues(b.String() + "}")
	if err != nil {
		t.Fatal(err)
	}
	r := &result{outcome: outcomeOK, format: codec.FormatStarlette, values: values, verified: new(true)}
	e, _, _ := testEnv("")
	i := inspect{reader{app: app{env: e}}}
	i.query = &query{now: e.now()}
	text := string(i.newDrawing().append(nil, r))
	if !strings.Contains(text, "and 11 smaller ones, which --json lists\n") {
		t.Errorf("got\n%s", text)
	}
}
