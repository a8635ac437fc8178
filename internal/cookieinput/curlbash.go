package cookieinput

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// splitBash splits text into commands and words, as bash does before it
// replaces anything. What only a shell can know is an error, or marked in the
// word; the targets of redirections are words like others.
func splitBash(text string) ([][]word, error) {
	w := words{line: 1}
	for i := 0; i < len(text); {
		size := 1
		switch rest := text[i:]; {
		case rest[0] == '\n':
			w.endCommand()
			w.line++
		case rest[0] == ' ', rest[0] == '\t', rest[0] == '<', rest[0] == '>':
			w.endWord()
		case rest[0] == '&' && i > 0 && (text[i-1] == '>' || text[i-1] == '<'): // 2>&1
		case strings.IndexByte(";&|()", rest[0]) >= 0:
			w.endCommand()
		case rest[0] == '#' && !w.open:
			if size = strings.IndexByte(rest, '\n'); size < 0 {
				size = len(rest)
			}
		case strings.HasPrefix(rest, "\\\n"):
			size = 2
			w.line++
		case rest[0] == '\\' && len(rest) > 1:
			size = 2
			w.add(rest[1:2])
		case strings.HasPrefix(rest, "$'"):
			part, n, err := ansiC(rest[2:], w.line)
			if err != nil {
				return nil, err
			}
			size = n + 2
			w.add(part)
			w.line += strings.Count(rest[:size], "\n")
		case rest[0] == '\'':
			part, _, ok := strings.Cut(rest[1:], "'")
			if !ok {
				return nil, unreadable(w.line, "a quote is not closed")
			}
			size = len(part) + 2
			w.add(part)
			w.line += strings.Count(part, "\n")
		case strings.HasPrefix(rest, `$"`): // translated, in theory
			n, err := w.doubleQuoted(rest[2:])
			if err != nil {
				return nil, err
			}
			size = n + 2
		case rest[0] == '"':
			n, err := w.doubleQuoted(rest[1:])
			if err != nil {
				return nil, err
			}
			size = n + 1
		default:
			if err := w.addExpanded(rest); err != nil {
				return nil, err
			}
		}
		i += size
	}
	w.endCommand()
	return w.commands, nil
}

// addExpanded adds the first byte of rest, which a shell would replace if it is
// a $ or a backquote.
func (w *words) addExpanded(rest string) error {
	if rest[0] == '`' || strings.HasPrefix(rest, "$(") || strings.HasPrefix(rest, "${") || strings.HasPrefix(rest, "$[") {
		return unreadable(w.line, "it runs another command, or needs the shell's variables")
	}
	w.add(rest[:1])
	if rest[0] == '$' && len(rest) > 1 {
		c := rest[1]
		w.word.expands = w.word.expands || isLetter(c) || '0' <= c && c <= '9' || strings.IndexByte("_*@#?-$!", c) >= 0
	}
	return nil
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// doubleQuoted adds what stands up to the closing quote, and returns how long
// it is with that.
func (w *words) doubleQuoted(s string) (int, error) {
	w.begin()
	start := w.line
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return i + 1, nil
		case s[i] == '\\' && i+1 < len(s) && strings.IndexByte("$`\"\\\n", s[i+1]) >= 0:
			i++
			if s[i] == '\n' {
				w.line++
			} else {
				w.add(s[i : i+1])
			}
		default:
			if err := w.addExpanded(s[i:]); err != nil {
				return 0, err
			}
			if s[i] == '\n' {
				w.line++
			}
		}
	}
	return 0, unreadable(start, "a quote is not closed")
}

// ansiC unquotes what stands behind $', and returns how long it is with the
// closing quote.
func ansiC(s string, line int) (string, int, error) {
	const letters, meanings = "abeEfnrtv\\'\"?", "\a\b\x1b\x1b\f\n\r\t\v\\'\"?"
	var b strings.Builder
	for i := 0; i < len(s); {
		switch {
		case s[i] == '\'':
			return b.String(), i + 1, nil
		case s[i] != '\\' || i+1 == len(s):
			b.WriteByte(s[i])
			i++
			continue
		}
		c := s[i+1]
		base, most := 16, 0 // of a number: its digits
		switch i += 2; c {
		case 'x':
			most = 2
		case 'u':
			most = 4
		case 'U':
			most = 8
		case '0', '1', '2', '3', '4', '5', '6', '7':
			base, most = 8, 3
			i--
		}
		if known := strings.IndexByte(letters, c); known >= 0 {
			b.WriteByte(meanings[known])
			continue
		}
		digits := i
		for i < len(s) && i < digits+most && isDigit(s[i], base) {
			i++
		}
		if digits == i { // no escape: it stays as it is
			b.WriteString(`\` + string([]byte{c}))
			continue
		}
		n, _ := strconv.ParseUint(s[digits:i], base, 32)
		switch {
		case n == 0, c == 'u' && !utf8.ValidRune(rune(n)), c == 'U' && (n > utf8.MaxRune || !utf8.ValidRune(rune(n))):
			return "", 0, unreadable(line, "an escape in $'...' names no character")
		case c == 'u' || c == 'U':
			b.WriteRune(rune(n))
		default:
			b.WriteByte(byte(n))
		}
	}
	return "", 0, unreadable(line, "a quote is not closed")
}

func isDigit(c byte, base int) bool {
	return '0' <= c && c <= '7' || base == 16 && ('8' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f')
}
