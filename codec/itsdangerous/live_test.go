package itsdangerous

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sessctl/sessctl/internal/pylive"
)

type liveQuestion struct {
	Class      string   `json:"class"`
	Keys       []string `json:"keys"`
	Salt       string   `json:"salt"`
	Separator  string   `json:"separator"`
	Derivation string   `json:"derivation"`
	Digest     string   `json:"digest"`
	Payload    string   `json:"payload"`
	Signed     []string `json:"signed"` // Go's, then variations of it
}

type liveAnswer struct {
	Signed string    `json:"signed"`
	Loaded []*string `json:"loaded"`
}

// TestLive has the real package load what Go signed and Go load what that
// signed, for random data in every class, derivation and digest. Of variations
// of the signed value it asserts that Go takes none that Python does not, nor
// another payload from it.
func TestLive(t *testing.T) {
	pylive.Require(t)
	python := pylive.Venv(t, "testdata/requirements.txt")
	const variations = 20
	rnd := rand.New(rand.NewPCG(1, 2)) // the same cases each time
	randomBytes := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rnd.UintN(256))
		}
		return b
	}

	var codecs []*codec
	var payloads [][]byte
	var questions []liveQuestion
	for _, class := range slices.Sorted(maps.Keys(constructors)) {
		for _, derivation := range []string{"django-concat", "concat", "hmac", "none"} {
			for _, digest := range []string{"sha1", "sha224", "sha256", "sha384", "sha512"} {
				for _, size := range []int{0, 1, 20, 300} {
					vc := vectorConfig{
						Keys:       []vectorBytes{randomBytes(1 + rnd.IntN(200)), randomBytes(1 + rnd.IntN(40))},
						Salt:       append(vectorBytes{}, randomBytes(rnd.IntN(30))...),
						Separator:  []string{".", ":", "..", "~a"}[rnd.IntN(4)],
						Derivation: derivation,
						Digest:     digest,
						Algorithm:  "hmac",
					}
					config := vc.config(t)
					config.Now = clock(1700000000)
					c, err := newCodec(class, config, time.Minute)
					if err != nil {
						t.Fatal(err)
					}
					payload := randomBytes(size)
					if rnd.IntN(2) == 0 { // compressible
						payload = bytes.Repeat([]byte("ab"), size)
					}
					signed, err := c.sign(payload)
					if err != nil {
						t.Fatal(err)
					}
					q := liveQuestion{
						Class: class, Salt: hex.EncodeToString(vc.Salt), Separator: vc.Separator, Derivation: derivation, Digest: digest,
						Keys:    []string{hex.EncodeToString(vc.Keys[0]), hex.EncodeToString(vc.Keys[1])},
						Payload: hex.EncodeToString(payload),
						Signed:  []string{hex.EncodeToString(signed)},
					}
					for range variations {
						q.Signed = append(q.Signed, hex.EncodeToString(vary(rnd, signed)))
					}
					codecs, payloads, questions = append(codecs, c), append(payloads, payload), append(questions, q)
				}
			}
		}
	}

	input, err := json.Marshal(questions)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, "-I", "-B", "testdata/live.py")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(input), os.Stderr
	output, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var answers []liveAnswer
	if err := json.Unmarshal(output, &answers); err != nil || len(answers) != len(questions) {
		t.Fatalf("%d answers, %v", len(answers), err)
	}

	lenient := 0
	for i, a := range answers {
		q, c := questions[i], codecs[i]
		where := fmt.Sprintf("case %d: %s %s %s", i, q.Class, q.Derivation, q.Digest)
		if got := a.Loaded[0]; got == nil || *got != q.Payload {
			t.Errorf("%s: Python loads %v of what Go signed", where, got)
		}
		fromPython, err := hex.DecodeString(a.Signed)
		if err != nil {
			t.Fatal(err)
		}
		if got, _, err := c.load(fromPython); err != nil || !bytes.Equal(got, payloads[i]) {
			t.Errorf("%s: Go loads %x, %v of what Python signed", where, got, err)
		}
		compressed := strings.HasPrefix(q.Class, "URLSafe") && fromPython[0] == compressedPrefix
		if a.Signed != q.Signed[0] && !compressed {
			t.Errorf("%s: Go signs %s, Python %s", where, q.Signed[0], a.Signed)
		}
		for j, variation := range q.Signed[1:] {
			signed, err := hex.DecodeString(variation)
			if err != nil {
				t.Fatal(err)
			}
			python := a.Loaded[j+1]
			switch got, _, err := c.load(signed); {
			case err == nil && (python == nil || *python != hex.EncodeToString(got)):
				t.Errorf("%s: Go loads %x of %q, Python %v", where, got, signed, python)
			case err != nil && python != nil:
				lenient++
			}
		}
	}
	if lenient == 0 {
		t.Error("Python took none of the other spellings, so the variations try nothing")
	}
	t.Logf("%d cases with %d variations each; %d of these only Python takes", len(questions), variations, lenient)
}

// vary changes, inserts, drops or doubles a byte, most often near the end,
// where timestamp and signature are.
func vary(rnd *rand.Rand, signed []byte) []byte {
	s := bytes.Clone(signed)
	i := len(s) - 1 - min(len(s)-1, int(rnd.ExpFloat64()*20))
	c := "A!=\n._-+/"[rnd.IntN(9)]
	switch rnd.IntN(5) {
	case 0:
		s[i] = c
	case 1:
		s[i]++ // also the last character: its spare bits
	case 2:
		return append(s, strings.Repeat(string(c), 1+rnd.IntN(4))...)
	case 3:
		return append(s[:i], s[i+1:]...)
	case 4:
		return append(s[:i], append([]byte{c}, s[i:]...)...)
	}
	return s
}
