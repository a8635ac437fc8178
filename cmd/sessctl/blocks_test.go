package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/sessctl/sessctl/internal/cookieinput"
)

// next returns the next block, and false at the end.
func (s *blocks) next(t *testing.T) (*block, bool) {
	t.Helper()
	b, ok := <-s.ordered
	if <-s.todo != b {
		t.Fatal("todo and ordered differ")
	}
	return b, ok
}

// cutAll returns all lines.
func cutAll(t *testing.T, input io.Reader) ([]string, error) {
	t.Helper()
	s := newBlocks(input, 3)
	go s.run(t.Context())
	var all []string
	for b, ok := s.next(t); ok; b, ok = s.next(t) {
		if b.lines > maxBlockLines || len(b.text) > longLine+blockSize {
			t.Errorf("a block of %d lines, %d bytes", b.lines, len(b.text))
		}
		if b.first != int64(len(all))+1 {
			t.Errorf("line %d follows %d", b.first, len(all))
		}
		lines := slices.Collect(strings.Lines(string(b.text)))
		if b.lines != len(lines) {
			t.Errorf("%d lines, %d counted", len(lines), b.lines)
		}
		all = append(all, lines...)
		s.recycle(b)
	}
	return all, s.err
}

func TestBlocks(t *testing.T) {
	const most = cookieinput.MaxLine
	x := func(n int) string { return strings.Repeat("x", n) }
	whole := func(lines ...string) []string { return lines }
	for _, tt := range []struct {
		name  string
		input string
		want  []string
	}{
		{"nothing", "", nil},
		{"one line", "a\n", whole("a\n")},
		{"no end", "a\nb", whole("a\n", "b")},
		{"blank", "\n\r\n\n", whole("\n", "\r\n", "\n")},
		{"a block", x(blockSize-1) + "\nb\n", whole(x(blockSize-1)+"\n", "b\n")},
		{"a byte more", x(blockSize) + "\nb\n", whole(x(blockSize)+"\n", "b\n")},
		{"a block at the end", x(blockSize), whole(x(blockSize))},
		{"long", "a\n" + x(most) + "\nb\n", whole("a\n", x(most)+"\n", "b\n")},
		{"long, from Windows", x(most) + "\r\nb\n", whole(x(most)+"\r\n", "b\n")},
		{"long, without end", x(most), whole(x(most))},
		{"too long by one", x(most+1) + "\nb\n", whole(x(most+1)+"\n", "b\n")},
		{"too long", x(most+2) + "\nb\n", whole(x(most+2), "b\n")},
		{"too long, without end", x(3 * most), whole(x(most + 2))},
		{"all too long", x(3*most) + "\n" + x(3*most) + "\nb", whole(x(most+2), x(most+2), "b")},
		{"many", strings.Repeat("\n", 3*maxBlockLines+1), slices.Repeat([]string{"\n"}, 3*maxBlockLines+1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for name, input := range map[string]io.Reader{
				"at once":        strings.NewReader(tt.input),
				"in halves":      iotest.HalfReader(strings.NewReader(tt.input)),
				"end with data":  iotest.DataErrReader(strings.NewReader(tt.input)),
				"not now, later": &stutterer{r: strings.NewReader(tt.input)},
			} {
				got, err := cutAll(t, input)
				if err != nil || !slices.Equal(got, tt.want) {
					t.Errorf("%s: %d lines, %v; want %d", name, len(got), err, len(tt.want))
				}
			}
		})
	}
}

// stutterer reads nothing every second time.
type stutterer struct {
	r     io.Reader
	speak bool
}

func (s *stutterer) Read(p []byte) (int, error) {
	if s.speak = !s.speak; !s.speak {
		return 0, nil
	}
	return s.r.Read(p)
}

// All that is read comes out, whatever the lengths of lines and reads.
func TestBlocksAnyLength(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		var input strings.Builder
		var want []string
		for range r.IntN(2000) {
			line := strings.Repeat("x", int(r.ExpFloat64()*float64(10+r.IntN(3000)))) + "\n"
			want = append(want, line)
			input.WriteString(line)
		}
		got, err := cutAll(t, readerFunc(func(in *strings.Reader) func([]byte) (int, error) {
			return func(p []byte) (int, error) { return in.Read(p[:1+r.IntN(len(p))]) }
		}(strings.NewReader(input.String()))))
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("%d lines, %v; want %d", len(got), err, len(want))
		}
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// What is there is not held back until more comes.
func TestBlocksDoNotWait(t *testing.T) {
	r, w := io.Pipe()
	s := newBlocks(r, 3)
	go s.run(t.Context())
	for i := range 5 {
		fmt.Fprintf(w, "%d\nrest", i)
		b, _ := s.next(t)
		if want := fmt.Sprintf("%d\n", i); !strings.HasSuffix(string(b.text), want) || b.lines != 1 {
			t.Fatalf("got %q, want %q", b.text, want)
		}
		s.recycle(b)
	}
	w.Close()
	if b, _ := s.next(t); string(b.text) != "rest" {
		t.Errorf("at the end: %q", b.text)
	}
}

// Whole lines before an error count, what stands behind them does not.
func TestBlocksReadError(t *testing.T) {
	broken := errors.New("the disk is gone")
	got, err := cutAll(t, io.MultiReader(strings.NewReader("a\nb\nc"), iotest.ErrReader(broken)))
	if want := []string{"a\n", "b\n"}; !slices.Equal(got, want) || !errors.Is(err, broken) {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestBlocksPanic(t *testing.T) {
	_, err := cutAll(t, panickingReader{})
	var f *failure
	if !errors.As(err, &f) || f.code != exitInternal || !strings.Contains(f.text, "run_test.go:") || strings.Contains(f.text, "content") {
		t.Errorf("got %v", err)
	}
}

// An interrupt ends the reading, though a read hangs; what was given out stays.
func TestBlocksInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	defer w.Close()
	s := newBlocks(r, 3)
	go s.run(ctx)
	if _, err := w.Write([]byte("a\nb")); err != nil {
		t.Fatal(err)
	}
	b, _ := s.next(t)
	cancel()
	if more, ok := s.next(t); ok {
		t.Errorf("after the interrupt: %q", more.text)
	}
	if !bytes.Equal(b.text, []byte("a\n")) || s.err != nil {
		t.Errorf("got %q, %v", b.text, s.err)
	}
}

// However long the input, there are no more blocks than were asked for, and one
// long line at a time.
func TestBlocksAreBounded(t *testing.T) {
	long := strings.Repeat("x", blockSize) + "\n"
	s := newBlocks(strings.NewReader(strings.Repeat(long, 10)), 4)
	go s.run(t.Context())
	for range 10 {
		b, _ := s.next(t)
		if len(s.ordered) > 0 {
			t.Fatal("two long lines at a time")
		}
		s.recycle(b)
	}
	if _, more := s.next(t); more {
		t.Error("more lines than there were")
	}
}
