package session_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Nobody pays for what they do not import: each store's client is its own package's
// alone, and drivers are the caller's.
func TestDependencies(t *testing.T) {
	for name, may := range map[string][]string{
		".":                nil,
		"./memcachedstore": nil,
		"./sqlstore":       nil,
		"./filestore":      {"golang.org/x/crypto", "golang.org/x/sys"},
		"./redisstore":     {"github.com/redis/go-redis", "github.com/cespare/xxhash", "go.uber.org/atomic", "golang.org/x/sys"},
	} {
		out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", name).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "github.com/sessctl/sessctl/session") {
			t.Fatalf("%v\n%s", err, out)
		}
		for path := range strings.FieldsSeq(string(out)) {
			ours := strings.HasPrefix(path, "github.com/sessctl/sessctl/session") || strings.HasPrefix(path, "github.com/sessctl/sessctl/codec")
			if !ours && !slices.ContainsFunc(may, func(module string) bool { return strings.HasPrefix(path+"/", module+"/") }) {
				t.Errorf("%s depends on %s", name, path)
			}
		}
	}
}
