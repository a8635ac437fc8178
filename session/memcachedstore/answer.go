package memcachedstore

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
)

// answers are what memcached can answer, and what that means.
var answers = map[string]map[string]error{
	"mg":      {"VA": nil, "EN": session.ErrNotFound},
	"add":     {"STORED": nil, "NOT_STORED": session.ErrExists},
	"replace": {"STORED": nil, "NOT_STORED": session.ErrNotFound},
	"cas":     {"STORED": nil, "EXISTS": session.ErrChanged, "NOT_FOUND": session.ErrNotFound},
	"touch":   {"TOUCHED": nil, "NOT_FOUND": session.ErrNotFound},
	"delete":  {"DELETED": nil, "NOT_FOUND": session.ErrNotFound},
}

// isAnswer reports whether an error is one of answers, after which a connection can
// be used.
func isAnswer(err error) bool {
	return errors.Is(err, session.ErrNotFound) || errors.Is(err, session.ErrExists) || errors.Is(err, session.ErrChanged)
}

// answer is what mg has found.
type answer struct {
	data []byte
	ttl  int64  // in seconds; -1: for ever
	cas  uint64 // changes with each change of the data; 0: the server has none
}

var errMalformed = errors.New("the server's answer is none that memcached has to this command")

// maxLine bounds a line. The longest, an mg's, has a key of 250 bytes, and numbers.
const maxLine = 4096

// readAnswer reads the answer to a request.
func readAnswer(r *bufio.Reader, q request) (answer, error) {
	line, err := r.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return answer{}, errMalformed
	case err != nil:
		return answer{}, err
	}
	line, ok := bytes.CutSuffix(line, []byte("\r\n"))
	if !ok {
		return answer{}, errMalformed
	}
	word, rest, _ := bytes.Cut(line, []byte(" "))
	outcome, ok := answers[q.command][string(word)]
	switch {
	case !ok:
		return answer{}, errorOf(word, rest)
	case outcome == nil && q.command == "mg":
		return readValue(r, rest, q.key)
	case q.command != "mg" && len(rest) > 0: // EN may have flags
		return answer{}, errMalformed
	}
	return answer{}, outcome
}

// readValue reads what follows VA: the size, the flags that were asked for with what
// they return, and perhaps others; then the data.
func readValue(r *bufio.Reader, rest []byte, key string) (a answer, err error) {
	text, rest, _ := bytes.Cut(rest, []byte(" "))
	size, err := strconv.ParseUint(string(text), 10, 31)
	if err != nil {
		return answer{}, errMalformed
	}
	var seen [3]bool
	for flag := range bytes.SplitSeq(rest, []byte(" ")) {
		if len(flag) == 0 {
			continue
		}
		var err error
		switch value := flag[1:]; flag[0] {
		case 'k': // nobody gets another's session
			seen[0] = string(value) == key
		case 't':
			a.ttl, err = strconv.ParseInt(string(value), 10, 32)
			seen[1] = a.ttl >= -1
		case 'c':
			a.cas, err = strconv.ParseUint(string(value), 10, 64)
			seen[2] = true
		}
		if err != nil {
			return answer{}, errMalformed
		}
	}
	switch {
	case slices.Contains(seen[:], false):
		return answer{}, errMalformed
	case size > maxData:
		return answer{}, fmt.Errorf("a session of %d bytes: %w", size, codec.ErrTooLarge)
	}
	data := make([]byte, size+2)
	if _, err := io.ReadFull(r, data); err != nil {
		return answer{}, err
	}
	if data, ok := bytes.CutSuffix(data, []byte("\r\n")); ok {
		a.data = data
		return a, nil
	}
	return answer{}, errMalformed
}

// errorOf tells what went wrong in the server. Its own text is not repeated, since it may
// hold a session's id.
func errorOf(word, text []byte) error {
	switch string(word) {
	case "SERVER_ERROR":
		switch string(text) {
		case "object too large for cache":
			return fmt.Errorf("too large for the server (its -I): %w", codec.ErrTooLarge)
		case "out of memory storing object":
			return fmt.Errorf("the server is out of memory: %w", session.ErrFull)
		}
		return errors.New("the server answered SERVER_ERROR")
	case "CLIENT_ERROR":
		return errors.New("the server answered CLIENT_ERROR")
	case "ERROR":
		return errors.New("the server does not know the command: it must be memcached 1.6 or newer")
	}
	return errMalformed
}
