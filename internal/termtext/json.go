package termtext

import (
	"strings"
	"unicode/utf8"
)

const (
	// maxLine is the width up to which an array of scalars stays on one line.
	maxLine = 80
	// maxIndent bounds the blanks before a line, so that deep nesting cannot
	// blow text up by more than a small factor.
	maxIndent = 40
)

// Style is how [AppendJSON] lays out.
type Style struct {
	Color    bool // names and strings in colours
	Readable bool // \u00eb as ë; else strings keep their spelling
}

const (
	nameColor   = "\x1b[34m"
	stringColor = "\x1b[32m"
	resetColor  = "\x1b[0m"
)

// AppendJSON appends JSON text, indented by two blanks, without a line feed at
// its end. Numbers and order stay as they are, and so does anything that is no
// JSON (NaN): the text is laid out, not read. Arrays of scalars stay on one
// line where they fit.
func AppendJSON(dst []byte, text string, style Style) []byte {
	l := layout{dst: dst, style: style}
	l.run(text)
	return l.dst
}

type layout struct {
	dst   []byte
	style Style
	depth int
}

func (l *layout) run(text string) {
	inline := 0 // where the array ends that stands on one line
	for i := 0; i < len(text); {
		switch c := text[i]; c {
		case ' ', '\t', '\n', '\r':
			i++
		case '"':
			end := stringEnd(text, i)
			l.string(text[i:end], nextByte(text, end) == ':')
			i = end
		case '{', '[':
			l.dst = append(l.dst, c)
			i++
			if next := nextByte(text, i); next == '}' || next == ']' {
				i += strings.IndexByte(text[i:], next)
				l.dst = append(l.dst, next)
				i++
				continue
			}
			if c == '[' && i > inline {
				inline = scalarsEnd(text, i, maxLine-2*min(l.depth, maxIndent))
			}
			if i > inline {
				l.depth++
				l.newline()
			}
		case '}', ']':
			if i > inline {
				l.depth = max(0, l.depth-1)
				l.newline()
			}
			l.dst = append(l.dst, c)
			i++
		case ',':
			l.dst = append(l.dst, c)
			i++
			if i < inline {
				l.dst = append(l.dst, ' ')
			} else {
				l.newline()
			}
		case ':':
			l.dst = append(l.dst, ": "...)
			i++
		default:
			end := i + 1
			for end < len(text) && !strings.ContainsRune(" \t\n\r\"{}[],:", rune(text[end])) {
				end++
			}
			l.dst = AppendEscaped(l.dst, text[i:end])
			i = end
		}
	}
}

func (l *layout) string(s string, isName bool) {
	if l.style.Color {
		if isName {
			l.dst = append(l.dst, nameColor...)
		} else {
			l.dst = append(l.dst, stringColor...)
		}
		defer func() { l.dst = append(l.dst, resetColor...) }()
	}
	if l.style.Readable {
		l.dst = appendReadable(l.dst, s)
	} else {
		l.dst = AppendEscaped(l.dst, s)
	}
}

func (l *layout) newline() {
	l.dst = append(l.dst, '\n')
	for range min(l.depth, maxIndent) {
		l.dst = append(l.dst, "  "...)
	}
}

// stringEnd returns the index behind the string that starts at i.
func stringEnd(text string, i int) int {
	for i++; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

// nextByte returns the byte at or behind i that is no white space, or 0.
func nextByte(text string, i int) byte {
	for ; i < len(text); i++ {
		if !strings.ContainsRune(" \t\n\r", rune(text[i])) {
			return text[i]
		}
	}
	return 0
}

// scalarsEnd returns the index of the ] of the array whose first element starts
// at i, if it holds scalars only and is no wider than width; else 0.
func scalarsEnd(text string, i, width int) int {
	columns := 0
	for i < len(text) && columns <= width {
		switch text[i] {
		case '{', '[', '}':
			return 0
		case ']':
			return i
		case '"':
			end := stringEnd(text, i)
			columns += utf8.RuneCountInString(text[i:end])
			i = end
		default:
			columns++
			i++
		}
	}
	return 0
}
