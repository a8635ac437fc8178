package cookieinput

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

var (
	// ErrCurl: a text that is no curl command, or one that cannot be read
	// without running it.
	ErrCurl = errors.New("not a curl command that can be read")
	// ErrCurlFile: the command takes its cookies or headers from a file.
	ErrCurlFile = errors.New("the curl command reads its cookies from a file, which is not opened")
	// ErrNoCookieCurl: a curl command that sends no cookie.
	ErrNoCookieCurl = errors.New("the curl command sends no cookie")
)

// isCurl reports whether text begins with the word curl.
func isCurl(text string) bool {
	text = strings.TrimSpace(text)
	end := strings.IndexAny(text, " \t\r\n")
	return end > 0 && isCurlWord(text[:end])
}

func isCurlWord(s string) bool {
	return slices.Contains([]string{"curl", "curl.exe"}, path.Base(s))
}

// parseCurl reads the cookies of the curl commands in text, which it does not
// run. Other commands, as those behind a pipe, are left out.
func parseCurl(text string) ([]Cookie, error) {
	text = strings.ReplaceAll(text, "\r\n", "\n") // as Windows puts it on the clipboard
	split := splitBash
	if isCmd(text) {
		split = splitCmd
	}
	commands, err := split(text)
	if err != nil {
		return nil, err
	}
	var found cookieSet
	commands = slices.DeleteFunc(commands, func(c []word) bool { return !isCurlWord(c[0].text) })
	if len(commands) == 0 {
		return nil, fmt.Errorf("line 1: %w: it does not begin with curl", ErrCurl)
	}
	for _, command := range commands {
		cookies, err := curlCookies(command[1:])
		if err != nil {
			return nil, err
		}
		for _, c := range cookies {
			if err := found.add(c); err != nil {
				return nil, err
			}
		}
	}
	if len(found.cookies) == 0 {
		return nil, ErrNoCookieCurl
	}
	return found.cookies, nil
}

var doubledQuote = pattern(`[^\s=]""|""[^\s]`)

// isCmd reports whether a command is quoted for Windows' cmd: by the first thing
// that is quoted or escaped. Both know double quotes. There, a line that goes on
// after ^ tells, or a quote that stands twice, as older browsers wrote it.
// An empty argument is no such quote.
func isCmd(text string) bool {
	i := strings.IndexAny(text, "'\"\\^$")
	switch {
	case i < 0:
		return false
	case text[i] == '"':
		return !strings.Contains(text, "\\\n") && (strings.Contains(text, "^\n") || doubledQuote().MatchString(text))
	}
	return text[i] == '^'
}

// valueOptions are the options of curl, besides those for cookies and headers,
// that browsers, proxies and people give a value which may begin with a dash:
// it is no option then. An option that is not here costs nothing unless its
// value looks like a cookie option.
var valueOptions = strings.Fields(`--ascii --cacert --cert --config --connect-timeout --connect-to --cookie-jar --data
	--data-ascii --data-binary --data-raw --data-urlencode --dump-header --form --form-string --interface --json --key
	--max-time --noproxy --output --output-dir --proxy --proxy-header --proxy-user --range --referer --request --resolve
	--retry --retry-delay --stderr --trace --trace-ascii --upload-file --url --url-query --user --user-agent --variable
	--write-out`)

// valueLetters are the short ones, all of them: they are joined, as in -sHa:b.
const valueLetters = "ACDEFKPQTUXYcdehmortuwxyz"

// curlCookies reads curl's arguments. They can hold several -b and -H.
func curlCookies(args []word) ([]Cookie, error) {
	var request message
	for i := 0; i < len(args) && args[i].text != "--"; i++ {
		option, value, attached := cutOption(args[i].text)
		line := args[i].line
		takes := option == "-b" || option == "-H"
		if !takes && !slices.Contains(valueOptions, option) && !isValueLetter(option) {
			continue
		}
		w := word{text: value, line: line, expands: args[i].expands}
		if !attached {
			if i++; i == len(args) {
				return nil, fmt.Errorf("line %d: %w: its last option has no value", line, ErrCurl)
			}
			w = args[i]
		}
		if !takes {
			continue
		}
		header := w.text
		if option == "-b" {
			header = "Cookie:" + w.text
		}
		kind, pairs := cutHeader(header)
		switch {
		case option == "-b" && w.text == "": // it turns curl's own jar on
			continue
		case option == "-b" && !strings.Contains(w.text, "="), option == "-H" && strings.HasPrefix(w.text, "@"):
			return nil, fmt.Errorf("line %d: %w", w.line, ErrCurlFile)
		case kind != Header:
			continue
		case w.expands:
			return nil, fmt.Errorf("line %d: %w: the shell would replace a $ in its cookie", w.line, ErrCurl)
		}
		if err := request.addPairs(pairs); err != nil {
			return nil, err
		}
	}
	return request.end(), nil
}

func isValueLetter(option string) bool {
	return len(option) == 2 && strings.Contains(valueLetters, option[1:])
}

// cutOption cuts an argument into an option and the value that is attached to
// it: --cookie=a=b, -ba=b, and -sba=b, where s takes no value. The two that
// matter have one name: -b and -H.
func cutOption(arg string) (option, value string, attached bool) {
	switch {
	case strings.HasPrefix(arg, "--"):
		option, value, attached = strings.Cut(arg, "=")
		switch option {
		case "--cookie":
			option = "-b"
		case "--header":
			option = "-H"
		}
		return option, value, attached
	case strings.HasPrefix(arg, "-"):
		if i := strings.IndexAny(arg, "bH"+valueLetters); i > 0 {
			return "-" + arg[i:i+1], arg[i+1:], i+1 < len(arg)
		}
	}
	return "", "", false
}

// word is a word of a command line, unquoted.
type word struct {
	text    string
	line    int  // where it begins
	expands bool // it holds a $ that a shell would replace
}

// words gathers the words of command lines.
type words struct {
	commands [][]word
	command  []word
	word     word   // without its text
	text     []byte // of word
	open     bool   // there is a word, if an empty one
	line     int
}

func (w *words) begin() {
	if !w.open {
		w.open, w.word = true, word{line: w.line}
	}
}

// add puts a part to the word; unquoted, it makes one of nothing.
func (w *words) add(s string) {
	w.begin()
	w.text = append(w.text, s...)
}

func (w *words) endWord() {
	if w.open {
		w.word.text = string(w.text)
		w.command = append(w.command, w.word)
		w.open, w.text = false, w.text[:0]
	}
}

func (w *words) endCommand() {
	w.endWord()
	if len(w.command) > 0 {
		w.commands = append(w.commands, w.command)
		w.command = nil
	}
}

// unreadable says why a command cannot be read, without its content.
func unreadable(line int, why string) error {
	return fmt.Errorf("line %d: %w: %s", line, ErrCurl, why)
}
