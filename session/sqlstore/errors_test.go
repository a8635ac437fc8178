package sqlstore

import "testing"

func TestWithoutValues(t *testing.T) {
	for text, want := range map[string]string{
		"no such table: session (1)": "no such table: session (1)",
		"Error 1062 (23000): Duplicate entry 'ab'cd' for key 'ix_session_session_id'": "Error 1062 (23000): Duplicate entry …",
		`ERROR: duplicate key value violates unique constraint "x" (SQLSTATE 23505)`:  "ERROR: duplicate key value violates unique constraint … (SQLSTATE 23505)",
		`unable to encode []byte{0x7b, 0x7d} into text for "int4" of 'x' now`:         "unable to encode …byte… into text for … of … now",
		"cut 'off": "cut …",
		"failed to connect to `user=u database=d`:\n\t127.0.0.1:1: refused\n": "failed to connect to …: 127.0.0.1:1: refused",
		"": "",
	} {
		if got := withoutValues(text); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
