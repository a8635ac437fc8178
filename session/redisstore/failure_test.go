package redisstore

import (
	"errors"
	"strings"
	"testing"

	"github.com/sessctl/sessctl/session/sessiontest"
)

// A server that does not know a command repeats its arguments.
func TestFailureHidesTheKey(t *testing.T) {
	id := sessiontest.NewID()
	err := failure(errors.New("ERR unknown command 'EVALSHA', with args beginning with: 'f1' '1' 'NS:"+id+"'"), id)
	if strings.Contains(err.Error(), id) || !strings.Contains(err.Error(), "unknown command 'EVALSHA'") {
		t.Error(err)
	}
	cause := errors.New("down")
	if err := failure(cause, id); !errors.Is(err, cause) {
		t.Error(err)
	}
}
