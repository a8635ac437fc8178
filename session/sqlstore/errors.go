package sqlstore

import (
	"context"
	"strings"
)

// dbError is an error of the database or its driver, which stays reachable. Its own
// text may hold ids and data: MySQL quotes the key that is there already.
type dbError struct {
	doing string
	err   error
}

// wrap returns an error of the database. When ctx is done that is the error, however
// the driver calls it.
func wrap(ctx context.Context, doing string, err error) error {
	if ctxErr := ctx.Err(); ctxErr != nil {
		err = ctxErr
	}
	return &dbError{doing, err}
}

func (e *dbError) Error() string {
	return "sqlstore: " + e.doing + ": " + withoutValues(e.err.Error())
}

func (e *dbError) Unwrap() error { return e.err }

// withoutValues makes one line of an error's text, and leaves out what that quotes.
func withoutValues(text string) string {
	const opening, closing = "'\"`{[", "'\"`}]"
	left := ""
	for text = strings.Join(strings.Fields(text), " "); ; {
		from := strings.IndexAny(text, opening)
		if from < 0 {
			return left + text
		}
		left += text[:from] + "…"
		// To the last of its kind: a value may hold quotes too.
		to := strings.LastIndexByte(text, closing[strings.IndexByte(opening, text[from])])
		if to <= from {
			return left
		}
		text = text[to+1:]
	}
}
