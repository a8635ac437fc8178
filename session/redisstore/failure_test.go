package redisstore

import (
	"errors"
	"strings"
	"testing"

	"github.com/sessctl/sessctl/session/sessiontest"
)

// A server that does not know a command repeats its arguments, as far as it likes.
func TestFailureHidesArguments(t *testing.T) {
	id := sessiontest.NewID()
	for _, text := range []string{
		"ERR unknown command 'EVALSHA', with args beginning with: 'f1' '1' 'NS:" + id[:60],
		"ERR unknown command 'set', with args beginning with: 'NS:" + id + "' '{\"secret\":1}'",
	} {
		err := failure(errors.New(text))
		if strings.Contains(err.Error(), id[:8]) || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "unknown command") {
			t.Error(err)
		}
	}
	cause := errors.New("down")
	if err := failure(cause); !errors.Is(err, cause) {
		t.Error(err)
	}
}
