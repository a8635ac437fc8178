package cookieinput

import "strings"

// splitCmd splits text as Windows does, in two steps that know nothing of each
// other: cmd takes the carets away and finds where a command ends; quotes and
// backslashes are the business of the C runtime of curl. %NAME% stays as it is.
func splitCmd(text string) ([][]word, error) {
	w := runtimeWords{words: words{line: 1}}
	quoted := false // as cmd sees it: then a caret is a caret
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '^' && !quoted:
			if i++; strings.HasPrefix(text[i:], "\n") { // the line goes on
				w.line++
				i++
			}
			if i < len(text) {
				w.addByte(text[i])
				w.line += strings.Count(text[i:i+1], "\n")
			}
		case c == '\n', !quoted && (c == '&' || c == '|'):
			if err := w.endCommand(); err != nil {
				return nil, err
			}
			quoted = false
			w.line += strings.Count(text[i:i+1], "\n")
		case !quoted && (c == '<' || c == '>'):
			w.addByte(' ')
		default:
			if c == '"' {
				quoted = !quoted
			}
			w.addByte(c)
		}
	}
	if err := w.endCommand(); err != nil {
		return nil, err
	}
	return w.commands, nil
}

// runtimeWords splits a command into words as the C runtime of Windows does.
// https://learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments
type runtimeWords struct {
	words
	quoted      bool
	closed      bool // the last byte was a closing quote
	backslashes int  // stood last; what they mean depends on what follows
}

func (w *runtimeWords) addByte(c byte) {
	closed := w.closed
	w.closed = false
	switch {
	case c == '\\':
		w.begin()
		w.backslashes++
		return
	case c == '"':
		w.add(strings.Repeat(`\`, w.backslashes/2))
		switch {
		case w.backslashes%2 == 1:
			w.add(`"`)
		case closed: // twice, in quotes: one that is meant
			w.add(`"`)
			w.quoted = true
		default:
			w.closed = w.quoted
			w.quoted = !w.quoted
		}
		w.backslashes = 0
		return
	}
	w.flush()
	if !w.quoted && (c == ' ' || c == '\t') {
		w.endWord()
		return
	}
	w.add(string([]byte{c}))
}

// flush adds backslashes that no quote follows: they are what they are.
func (w *runtimeWords) flush() {
	if w.backslashes > 0 {
		w.add(strings.Repeat(`\`, w.backslashes))
		w.backslashes = 0
	}
}

func (w *runtimeWords) endCommand() error {
	w.flush()
	if w.quoted {
		return unreadable(w.word.line, "a quote is not closed")
	}
	w.words.endCommand()
	w.closed = false
	return nil
}
