package main

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// cause is a scenario of testdata/causes, which the real frameworks made: why a
// session is empty, or why the operator's key does not fit.
type cause struct {
	Args []string
	Keys []struct {
		Label string
		File  string // its bytes, in hex
	}
	Input []string
	Now   int64
	Cause string
}

func readCauses(t *testing.T) map[string]cause {
	t.Helper()
	files, err := filepath.Glob("../../testdata/causes/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	causes := map[string]cause{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var c cause
		if err := json.Unmarshal(text, &c); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		causes[filepath.Base(file)] = c
	}
	return causes
}

// arguments returns what the operator of a scenario types behind a command.
func (c cause) arguments(t *testing.T) []string {
	t.Helper()
	args := append([]string{"--json", "--now", strconv.FormatInt(c.Now, 10)}, c.Args...)
	dir := t.TempDir()
	for _, k := range c.Keys {
		text, err := hex.DecodeString(k.File)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, k.Label)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--key-file", k.Label+"="+path)
	}
	return append(append(args, "--"), c.Input...)
}

func TestCauses(t *testing.T) {
	// What people do to a cookie when they paste it, Python's way to clear one, and
	// what cannot be migrated, are in hints.txtar, exit.txtar and migrate.txtar.
	tested := map[string]bool{"wrapped": true, "single-quotes": true, "deletion": true, "target-refuses": true, "other-format": true}
	for name, c := range readCauses(t) {
		tested[c.Cause] = true
		t.Run(name, func(t *testing.T) {
			for _, command := range []string{"verify", "inspect", "decode"} {
				if command == "verify" && len(c.Keys) == 0 {
					continue
				}
				e, stdout, stderr := testEnv("")
				run(append([]string{command}, c.arguments(t)...), e)
				var codes []string
				for dec := json.NewDecoder(stdout); dec.More(); {
					var rec struct{ Findings []finding }
					if err := dec.Decode(&rec); err != nil {
						t.Fatal(err)
					}
					for _, f := range rec.Findings {
						codes = append(codes, f.Code)
					}
				}
				if !slices.Contains(codes, c.Cause) {
					t.Errorf("%s finds %v, want %s\n%s", command, codes, c.Cause, stderr)
				}
			}
		})
	}
	for _, kind := range findingKinds {
		ofStore := kind.code == "not-a-session" || kind.code == "not-readable"
		if kind.level == levelCause && !tested[kind.code] && !ofStore {
			t.Errorf("no scenario for the cause %s", kind.code)
		}
	}
}
