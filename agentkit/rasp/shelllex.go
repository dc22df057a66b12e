package rasp

import "strings"

// shellClass says what a byte of a command line means to the shell that reads
// it. A byte without a mark is text, quoted or not.
type shellClass uint8

const (
	shellBlank        shellClass = iota // parts two words
	shellBrace                          // opens {a,b}, which bash makes several words of
	shellVariable                       // the dollar of $NAME
	shellEscape                         // a backslash that takes the meaning from what follows
	shellComment                        // hides the rest of its line
	shellOperator                       // ; & | < > ( ), the end of a line or of a here-document
	shellSubstitution                   // an end of $(...), ${...}, `...`
	shellQuote                          // an end of '...' or "..."
)

// shellMark is a byte with a meaning.
type shellMark struct {
	at      int
	partner int // the other quote, the escaped byte, the closing brace; -1 for none
	class   shellClass
}

// shellMode is how the shell reads at some depth of nesting.
type shellMode uint8

const (
	modeCode     shellMode = iota // words and operators
	modeParen                     // code in ( )
	modeCommand                   // code in $( )
	modeBacktick                  // code in ` `
	modeArith                     // $(( ))
	modeParam                     // ${ }
	modeDouble                    // " "
)

// maxShellDepth bounds the nesting that is followed.
const maxShellDepth = 64

type shellFrame struct {
	mode shellMode
	mark int // index of the mark that opened it
}

// hereDocument is one whose body comes after the end of the line.
type hereDocument struct {
	end    string
	quoted bool // nothing in the body is expanded
	tabs   bool // tabs before the end do not count
}

// shellLexer reads a command line as POSIX shells and bash do, in one pass and
// whatever it holds: what is not shell has as many meanings as a shell would
// find before it gives up.
type shellLexer struct {
	text      string
	at        int
	marks     []shellMark
	frames    []shellFrame
	documents []hereDocument
	backticks int  // frames that are backticks
	word      bool // within a word, where # is text
}

func (l *shellLexer) run(text string) {
	l.text, l.at, l.backticks, l.word = text, 0, 0, false
	l.marks, l.frames, l.documents = l.marks[:0], l.frames[:0], l.documents[:0]
	for l.at < len(l.text) {
		switch l.mode() {
		case modeDouble:
			l.double()
		case modeParam, modeArith:
			l.inner()
		default:
			l.code()
		}
	}
}

func (l *shellLexer) mode() shellMode {
	if len(l.frames) == 0 {
		return modeCode
	}
	return l.frames[len(l.frames)-1].mode
}

// mark records the byte at l.at+offset.
func (l *shellLexer) mark(class shellClass, offset, partner int) {
	l.marks = append(l.marks, shellMark{l.at + offset, partner, class})
}

func (l *shellLexer) push(mode shellMode) {
	if len(l.frames) == maxShellDepth {
		return
	}
	if mode == modeBacktick {
		l.backticks++
	}
	l.frames = append(l.frames, shellFrame{mode, len(l.marks) - 1})
}

func (l *shellLexer) pop() shellFrame {
	f := l.frames[len(l.frames)-1]
	l.frames = l.frames[:len(l.frames)-1]
	if f.mode == modeBacktick {
		l.backticks--
	}
	return f
}

// next returns the byte n after the current one, 0 behind the end.
func (l *shellLexer) next(n int) byte {
	if l.at+n < len(l.text) {
		return l.text[l.at+n]
	}
	return 0
}

// code reads one thing where words and operators are.
func (l *shellLexer) code() {
	c := l.text[l.at]
	switch c {
	case ' ', '\t', '\r':
		l.mark(shellBlank, 0, -1)
		l.at++
		l.word = false
		return
	case '\n':
		l.newline()
		return
	case ';', '&', '|', '<', '>', '(', ')':
		l.operator(c)
		return
	case '#':
		if !l.word {
			l.comment()
			return
		}
	case '{':
		l.brace()
		return
	}
	l.word = true
	l.quotable(c, true)
}

// quotable reads what has a meaning also inside ${ } and $(( )).
func (l *shellLexer) quotable(c byte, single bool) {
	switch {
	case c == '\\':
		l.escape()
	case c == '\'' && single:
		l.single(0)
	case c == '"':
		l.mark(shellQuote, 0, -1)
		l.push(modeDouble)
		l.at++
	case c == '$':
		l.dollar(single)
	case c == '`':
		l.backtick()
	default:
		l.at++
	}
}

func (l *shellLexer) escape() {
	partner := -1
	if l.at+1 < len(l.text) {
		partner = l.at + 1
	}
	l.mark(shellEscape, 0, partner)
	l.at += 2
}

// single reads '...'; skip is 1 for $'...', where a backslash escapes.
func (l *shellLexer) single(skip int) {
	open := l.at + skip
	i := open + 1
	for i < len(l.text) && l.text[i] != '\'' {
		if skip == 1 && l.text[i] == '\\' {
			i++
		}
		i++
	}
	if i >= len(l.text) {
		l.mark(shellQuote, skip, -1)
		l.at = len(l.text)
		return
	}
	l.mark(shellQuote, skip, i)
	l.marks = append(l.marks, shellMark{i, open, shellQuote})
	l.at = i + 1
}

// double reads one thing inside "...".
func (l *shellLexer) double() {
	c := l.text[l.at]
	switch c {
	case '"':
		f := l.pop()
		l.marks[f.mark].partner = l.at
		l.mark(shellQuote, 0, l.marks[f.mark].at)
		l.at++
	case '\\':
		if strings.IndexByte("$`\"\\\n", l.next(1)) >= 0 && l.at+1 < len(l.text) {
			l.escape()
			return
		}
		l.at++
	case '$':
		l.dollar(false)
	case '`':
		l.backtick()
	default:
		l.at++
	}
}

// inner reads one thing inside ${ } or $(( )).
func (l *shellLexer) inner() {
	c, mode := l.text[l.at], l.mode()
	switch {
	case mode == modeParam && c == '}', mode == modeArith && c == ')' && l.next(1) == ')':
		l.pop()
		l.mark(shellSubstitution, 0, -1)
		l.at++
		if mode == modeArith {
			l.at++
		}
	case mode == modeArith && c == '(':
		l.mark(shellOperator, 0, -1)
		l.push(modeParen)
		l.at++
	default:
		l.quotable(c, !l.inDouble())
	}
}

// inDouble reports whether the innermost code or quotes are double quotes.
func (l *shellLexer) inDouble() bool {
	for i := len(l.frames) - 1; i >= 0; i-- {
		switch l.frames[i].mode {
		case modeDouble:
			return true
		case modeParam:
		default:
			return false
		}
	}
	return false
}

// dollar reads what begins with a dollar. Positional and special parameters
// count as text: they hold nothing an attacker wants, and prices look like them.
func (l *shellLexer) dollar(quotes bool) {
	switch c := l.next(1); {
	case c == '(' && l.next(2) == '(':
		l.open(modeArith, 3)
	case c == '(':
		l.open(modeCommand, 2)
		l.word = false
	case c == '{':
		l.open(modeParam, 2)
	case c == '\'' && quotes:
		l.single(1)
	case nameStart(c):
		l.mark(shellVariable, 0, -1)
		for l.at += 2; l.at < len(l.text) && (nameStart(l.text[l.at]) || digit(l.text[l.at])); l.at++ {
		}
	default:
		l.at++
	}
}

func (l *shellLexer) open(mode shellMode, length int) {
	l.mark(shellSubstitution, 0, -1)
	l.push(mode)
	l.at += length
}

// backtick opens a substitution, or closes the one it is in.
func (l *shellLexer) backtick() {
	if l.backticks == 0 {
		l.open(modeBacktick, 1)
		l.word = false
		return
	}
	for l.pop().mode != modeBacktick {
	}
	l.mark(shellSubstitution, 0, -1)
	l.at++
}

func (l *shellLexer) operator(c byte) {
	class := shellOperator
	switch {
	case c == '(':
		l.mark(class, 0, -1)
		l.push(modeParen)
		l.at++
		l.word = false
		return
	case c == ')' && (l.mode() == modeParen || l.mode() == modeCommand):
		if l.pop().mode == modeCommand {
			class = shellSubstitution
		}
		l.word = class == shellSubstitution
	case c == '<' && l.next(1) == '<':
		l.redirectHere()
		return
	default:
		l.word = false
	}
	l.mark(class, 0, -1)
	l.at++
}

// redirectHere reads << and the word that ends the document, or <<<.
func (l *shellLexer) redirectHere() {
	l.mark(shellOperator, 0, -1)
	l.mark(shellOperator, 1, -1)
	l.at += 2
	l.word = false
	if l.next(0) == '<' {
		l.mark(shellOperator, 0, -1)
		l.at++
		return
	}
	i := l.at
	d := hereDocument{}
	if i < len(l.text) && l.text[i] == '-' {
		d.tabs = true
		i++
	}
	for i < len(l.text) && (l.text[i] == ' ' || l.text[i] == '\t') {
		i++
	}
	start := i
	for i < len(l.text) && strings.IndexByte(" \t\r\n;&|<>()", l.text[i]) < 0 {
		i++
	}
	word := l.text[start:i]
	d.end = strings.NewReplacer("'", "", `"`, "", `\`, "").Replace(word)
	d.quoted = d.end != word
	if d.end != "" {
		l.documents = append(l.documents, d)
	}
}

func (l *shellLexer) newline() {
	l.mark(shellOperator, 0, -1)
	l.at++
	l.word = false
	documents := l.documents
	l.documents = l.documents[:0]
	for i := range documents {
		l.document(&documents[i])
	}
}

// document reads the body of d up to the line that ends it, which is marked:
// an input that holds that line goes on as commands.
func (l *shellLexer) document(d *hereDocument) {
	for l.at < len(l.text) {
		line, _, more := strings.Cut(l.text[l.at:], "\n")
		if line == d.end || d.tabs && strings.TrimLeft(line, "\t") == d.end {
			l.mark(shellOperator, 0, -1)
			l.at += len(line)
			return
		}
		if !d.quoted {
			l.documentLine(line)
		}
		l.at += len(line)
		if more {
			l.at++
		}
	}
}

// documentLine marks what is expanded in one line of a here-document.
func (l *shellLexer) documentLine(line string) {
	for i := 0; i < len(line); i++ {
		var after byte
		if i+1 < len(line) {
			after = line[i+1]
		}
		switch c := line[i]; {
		case c == '\\':
			i++
		case c == '`', c == '$' && (after == '(' || after == '{'):
			l.mark(shellSubstitution, i, -1)
		case c == '$' && nameStart(after):
			l.mark(shellVariable, i, -1)
		}
	}
}

func (l *shellLexer) comment() {
	l.mark(shellComment, 0, -1)
	if i := strings.IndexByte(l.text[l.at:], '\n'); i >= 0 {
		l.at += i
		return
	}
	l.at = len(l.text)
}

// maxBrace is how far the end of {a,b} is looked for.
const maxBrace = 256

// brace marks the beginning of {a,b} and {1..3}.
func (l *shellLexer) brace() {
	l.word = true
	rest := l.text[l.at:min(len(l.text), l.at+maxBrace)]
	if i := strings.IndexAny(rest, " \t\n}"); i > 0 && rest[i] == '}' {
		if body := rest[:i]; strings.Contains(body, ",") || strings.Contains(body, "..") {
			l.mark(shellBrace, 0, l.at+i)
		}
	}
	l.at++
}

func nameStart(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }

func digit(c byte) bool { return c >= '0' && c <= '9' }
