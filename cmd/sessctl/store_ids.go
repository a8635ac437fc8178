package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
)

const idForm = "an id is 32 to 128 lower-case hexadecimal digits, an even number"

// checkID refuses what may not reach a store, and does not repeat it.
func checkID(id string) error {
	if session.ValidID(id) {
		return nil
	}
	text := "this is not a session's id"
	switch {
	case id == "":
		text = "the id is empty"
	case id == "null":
		text = "null is no id: the app has ended the session"
	}
	return &failure{code: exitNotSession, text: text, hints: []string{idForm}}
}

// checkIDs refuses all if it refuses one.
func checkIDs(ids []string) error {
	for i, id := range ids {
		if err := checkID(id); err != nil {
			var f *failure
			if errors.As(err, &f) && len(ids) > 1 {
				f.text = fmt.Sprintf("id %d of %d: %s", i+1, len(ids), f.text)
			}
			return err
		}
	}
	return nil
}

// maxIDs bounds a file of ids, in bytes: some eight million of the usual length.
const maxIDs = 512 << 20

// readIDs reads ids, one a line, from a file or standard input, which is -.
func (c *storeCommand) readIDs(ctx context.Context, path string) ([]string, error) {
	read := readFile
	if path == "-" {
		read = c.env.readStdin
	}
	data, err := read(ctx, path, maxIDs+1)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, readFailed(err)
	case len(data) > maxIDs:
		return nil, readFailed(errors.New("it is longer than 512 MiB"))
	}
	var ids []string
	line := 0
	for text := range strings.Lines(strings.TrimPrefix(string(data), "\ufeff")) {
		line++
		id := strings.TrimSpace(text)
		if id == "" {
			continue
		}
		if err := checkID(id); err != nil {
			var f *failure
			if errors.As(err, &f) {
				f.text = fmt.Sprintf("line %d: %s", line, f.text)
			}
			return nil, err
		}
		ids = append(ids, id)
	}
	return unique(ids), nil
}

// unique leaves out what came before: nothing is counted twice.
func unique(ids []string) []string {
	seen := make(map[string]struct{}, len(ids))
	return slices.DeleteFunc(ids, func(id string) bool {
		_, again := seen[id]
		seen[id] = struct{}{}
		return again
	})
}

// idOf returns the id that an argument is, or that a cookie of it holds.
func (a app) idOf(ctx context.Context, args []string, name, from string) (string, error) {
	if len(args) == 1 && session.ValidID(args[0]) {
		return args[0], nil
	}
	if len(args) == 1 && strings.TrimSpace(args[0]) == "" {
		return "", checkID("")
	}
	cookies, err := readCookies(ctx, a.env, args, inputKinds[from])
	if err != nil {
		return "", err
	}
	var ids []string
	found := false
	for _, c := range cookies {
		if c.Name != "" && c.Name != name {
			continue
		}
		found = true
		if c.Deletion() {
			continue
		}
		if err := checkID(c.Value); err != nil {
			return "", a.notAnID(c.Value, err)
		}
		if !slices.Contains(ids, c.Value) {
			ids = append(ids, c.Value)
		}
	}
	switch {
	case !found:
		f := &failure{code: exitNotSession, text: "no cookie named " + shortName(name)}
		if names := listNames(cookies); names != "" {
			f.hints = []string{"the input has: " + names + "; --name takes another one"}
		}
		return "", f
	case len(ids) == 0:
		return "", &failure{code: exitNotSession, text: "this is a deletion: the app has ended the session"}
	case len(ids) > 1:
		return "", &failure{code: exitNotSession, text: fmt.Sprintf("the input holds %d ids", len(ids)), hints: []string{"give one of them alone"}}
	}
	return ids[0], nil
}

// notAnID tells those who give the cookie of a client-side session.
func (a app) notAnID(value string, err error) error {
	var f *failure
	if s, parseErr := codec.ParseUnverified(value); parseErr == nil && errors.As(err, &f) {
		f.text = fmt.Sprintf("this is a %s cookie, which holds the session itself", s.Format)
		f.hints = []string{"sessctl decode reads it"}
	}
	return err
}
