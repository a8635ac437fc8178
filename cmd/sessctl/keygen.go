package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sessctl/sessctl/codec"
)

// keygen makes a fresh secret.
type keygen struct {
	app
	outputFlags
	format string
	flags  *pflag.FlagSet
}

func newKeygen(a app) *cobra.Command {
	k := keygen{app: a}
	cmd := a.command(&cobra.Command{
		Use:   "keygen",
		Short: "make a fresh secret, as a key file",
		Long: `Keygen makes a secret of 32 random bytes, as a key file that sessctl and Python
read alike. It says on standard error how.

For Starlette and FastAPI the secret is the text of the file, 64 hexadecimal
digits; for Litestar and Starlite it is the bytes behind hex:. Give each format a
secret of its own.`,
		Example: `  sessctl keygen --format starlette -o next.txt
  sessctl keygen --format litestar -o next.key
  sessctl keygen -q --format litestar | sessctl encode --format litestar --key-file - @session.json`,
	}, &k.outputFlags, k.run)
	flags := cmd.Flags()
	k.flags = flags
	flags.StringVar(&k.format, "format", "", "make it for the `FORMAT` starlette, litestar or starlite")
	flags.StringVarP(&k.path, "output", "o", "", "write to `FILE`, which must not be there yet, instead of standard output, which is -")
	flags.BoolVarP(&k.quiet, "quiet", "q", false, "do not say how it is read")
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(targetChoices, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (k *keygen) run(_ context.Context, args []string) error {
	if len(args) > 0 {
		return usageError("keygen takes no argument", "to write a file: -o FILE")
	}
	if k.format == "" {
		return usageError("keygen needs --format: starlette (FastAPI too), litestar or starlite")
	}
	if err := oneOf("format", k.format, targetChoices); err != nil {
		return err
	}
	if k.path == "" && k.flags.Changed("output") {
		return usageError("--output needs the name of a file", "- is standard output")
	}
	secret := make([]byte, secretSize)
	rand.Read(secret) // it never fails
	text := hex.EncodeToString(secret) + "\n"
	if formatNamed(k.format) == codec.FormatLitestar {
		text = "hex:" + text
	}
	if err := k.write(text); err != nil {
		return err
	}
	for _, line := range readings(formatNamed(k.format), k.path) {
		k.say.say(line)
	}
	return nil
}

// secretSize is that of an AES-256 key, and more than HMAC-SHA1 makes use of.
const secretSize = 32

func (k *keygen) write(text string) error {
	if isStdout(k.path) {
		if _, err := io.WriteString(k.env.stdout, text); err != nil {
			return writeFailed(err)
		}
		return nil
	}
	err := writeNew(k.path, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
	switch {
	case errors.Is(err, fs.ErrExist):
		return &failure{
			code: exitIO, text: "keygen overwrites nothing, and this file exists: " + k.path, cause: err,
			hints: []string{"give another name; who needs the old key still would lose every session"},
		}
	case err != nil:
		return writeFailed(err)
	}
	return nil
}

// writeNew makes a file for its owner's eyes only, or leaves none.
func writeNew(path string, write func(io.Writer) error) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(write(file), file.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// readings say how the key file is read. Python spells a path as Go does.
func readings(format codec.Format, path string) []string {
	if isStdout(path) {
		path = "FILE"
	}
	python := `Python: secret_key=Path(%[1]q).read_text().strip()`
	inGo := `Go: text, err := os.ReadFile(%[1]q); key := codec.NewKey("app", bytes.TrimSpace(text))`
	if format == codec.FormatLitestar {
		python = `Python: secret=bytes.fromhex(Path(%[1]q).read_text().strip().removeprefix("hex:"))`
		inGo = `Go: text, err := os.ReadFile(%[1]q); secret, err := hex.DecodeString(strings.TrimPrefix(strings.TrimSpace(string(text)), "hex:")); key := codec.NewKey("app", secret)`
	}
	return []string{fmt.Sprintf(python, path), fmt.Sprintf(inGo, path), "here: --key-file " + path}
}
