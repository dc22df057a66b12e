// Package detect holds the detectors: small lexers and grammars that read a
// value as the language it would be injected into, and say what it would do
// there.
//
// A detector reports findings, each of a class and with a level that says how
// sure it is. Which class is reported as what is for the rules to decide.
// Every detector takes time linear in the value, allocates nothing and keeps
// nothing. Its gate tells from the kinds of characters and the words seen by the
// shared pass whether it can find anything at all; the tests check that a
// closed gate never hides a finding.
package detect

import (
	"strings"

	"github.com/sqreen/sqreen/agentkit/waf/internal/scan"
)

// Class is what a detector found.
type Class uint8

// Classes of findings.
const (
	SQLUnion Class = iota
	SQLBoolean
	SQLTime
	SQLStacked
	SQLComment
	SQLFunction
	SQLSchema
	SQLFile
	SQLStatement
	SQLOrder
	HTMLScript
	HTMLHandler
	HTMLURI
	HTMLTag
	HTMLAttribute
	JSCall
	JSAccess
	JSBreakout
	ShellCommand
	ShellSubstitution
	ShellArgument
	PathTraversal
	PathFile
	PathWrapper
	TemplateExpression
	TemplateObject
	LDAPFilter
	XPathExpression
	NoSQLOperator
	NoSQLCode
	SSIDirective
	MailCommand
	MailHeader
	CRLFHeader
	CRLFRequest
	XXEEntity
	XXEInclude
	JNDILookup
	SSRFMetadata
	SSRFInternal
	SSRFScheme
	SSRFCallback
	CodePHP
	CodeJava
	CodeJS
	CodePython
	CodeOther
	SerialJava
	SerialPHP
	SerialPython
	SerialNET
	SerialPrototype
	UploadName
	RFIURL
	Classes // number of classes
)

var classNames = [Classes]string{
	"sql.union", "sql.boolean", "sql.time", "sql.stacked", "sql.comment", "sql.function", "sql.schema", "sql.file", "sql.statement", "sql.order",
	"html.script", "html.handler", "html.uri", "html.tag", "html.attribute",
	"js.call", "js.access", "js.breakout",
	"shell.command", "shell.substitution", "shell.argument",
	"path.traversal", "path.file", "path.wrapper",
	"template.expression", "template.object",
	"ldap.filter", "xpath.expression", "nosql.operator", "nosql.code",
	"ssi.directive", "mail.command", "mail.header", "crlf.header", "crlf.request", "xxe.entity", "xxe.include", "jndi.lookup",
	"ssrf.metadata", "ssrf.internal", "ssrf.scheme", "ssrf.callback",
	"code.php", "code.java", "code.js", "code.python", "code.other",
	"serial.java", "serial.php", "serial.python", "serial.net", "serial.prototype",
	"upload.name", "rfi.url",
}

// String returns the name that rules use, such as "sql.union".
func (c Class) String() string {
	if c < Classes {
		return classNames[c]
	}
	return "unknown"
}

// ClassNamed returns the class of that name.
func ClassNamed(name string) (Class, bool) {
	for c, n := range classNames {
		if n == name {
			return Class(c), true
		}
	}
	return 0, false
}

// ClassNames lists the names of all classes.
func ClassNames() []string { return classNames[:] }

// Level says how sure a detector is.
type Level uint8

// Levels.
const (
	None Level = iota
	Low        // looks like it, but people write that too
	Medium
	High
)

// Finding is one thing found in a value.
type Finding struct {
	Class      Class
	Level      Level
	Start, End int // the part of the value, in bytes
}

// maxFindings is how many classes are reported for one value.
const maxFindings = 8

// Findings collects what the detectors found in one value: the surest finding
// of each class.
type Findings struct {
	N    int
	List [maxFindings]Finding
}

// Reset forgets everything.
func (f *Findings) Reset() { f.N = 0 }

// All returns what was found.
func (f *Findings) All() []Finding { return f.List[:f.N] }

func (f *Findings) add(c Class, l Level, start, end int) {
	if l == None {
		return
	}
	for i := range f.N {
		if f.List[i].Class != c {
			continue
		}
		if f.List[i].Level < l {
			f.List[i] = Finding{c, l, start, end}
		}
		return
	}
	if f.N < maxFindings {
		f.List[f.N] = Finding{c, l, start, end}
		f.N++
	}
}

// sure tells whether a class was found with the highest level already.
func (f *Findings) sure(c Class) bool {
	for i := range f.N {
		if f.List[i].Class == c {
			return f.List[i].Level == High
		}
	}
	return false
}

// Where tells what kind of value is looked at, since some habits are an attack
// in one place and ordinary in another.
type Where uint8

// Kinds of values.
const (
	Value   Where = iota // parameter, field, cookie
	URLPath              // path of the request without its first slash
	Header               // value of a header
	Text                 // whole body or file
	Markup               // an XML document as a whole
)

// View is one value as the detectors see it.
type View struct {
	S       string
	Chars   scan.Chars
	Words   Words // groups of words that occur
	Where   Where
	Decoded bool // an encoding was undone to get here
	prose   int8 // 0 not asked yet, 1 no, 2 yes
	breaks  int  // line breaks and one, 0 when not counted yet
}

// has tells whether any of the kinds of characters occur.
func (v *View) has(c scan.Chars) bool { return v.Chars&c != 0 }

// Words is a set of groups of words, as found by the shared pass.
type Words uint32

// Detector is a named judge of values.
type Detector struct {
	Name    string
	Words   []string // at least four bytes each, lower case; any of them sets the detector's bit
	Phrases []string // texts that are judged where they stand, by Phrase
	gate    func(v *View, word bool) bool
	run     func(v *View, out *Findings)
	phrase  func(v *View, k, at int, out *Findings)
	bit     Words
}

// Open tells whether the detector can find anything in the value.
func (d *Detector) Open(v *View) bool { return d.gate(v, v.Words&d.bit != 0) }

// Run judges the value.
func (d *Detector) Run(v *View, out *Findings) { d.run(v, out) }

// Phrase judges the place at which the k-th of Phrases stands.
func (d *Detector) Phrase(v *View, k, at int, out *Findings) { d.phrase(v, k, at, out) }

// Bit is the detector's place in Words.
func (d *Detector) Bit() Words { return d.bit }

// All returns the detectors. The slice is made anew for each call.
func All() []Detector {
	list := []Detector{
		{Name: "sql", Words: sqlWords, gate: sqlGate, run: detectSQL, Phrases: texts(sqlPhrases), phrase: sqlPhraseAt},
		{Name: "html", Words: htmlWords, gate: htmlGate, run: detectHTML, Phrases: htmlPhrases, phrase: htmlPhraseAt},
		{Name: "js", gate: jsGate, run: jsSigns, Phrases: jsPhrases, phrase: jsPhraseAt},
		{Name: "shell", Words: shellWords, gate: shellGate, run: detectShell, Phrases: shellPhrases, phrase: shellPhraseAt},
		{Name: "path", Words: pathWords, gate: pathGate, run: detectPath, Phrases: pathPhrases, phrase: pathPhraseAt},
		{Name: "template", Words: templateWords, gate: templateGate, run: detectTemplate, Phrases: templatePhrases, phrase: templatePhraseAt},
		{Name: "query", gate: queryGate, run: detectQuery, Phrases: queryPhrases, phrase: queryPhraseAt},
		{Name: "lines", gate: linesGate, run: detectLines, Phrases: linePhrases, phrase: linePhraseAt},
		{Name: "xml", gate: never, run: nothing, Phrases: xmlPhrases, phrase: xmlPhraseAt},
		{Name: "url", gate: urlGate, run: detectURL, Phrases: urlPhrases, phrase: urlPhraseAt},
		{Name: "code", gate: codeGate, run: phpTags, Phrases: texts(codeSigns), phrase: codePhraseAt},
		{Name: "serial", gate: serialGate, run: phpObject, Phrases: texts(serialSigns), phrase: serialPhraseAt},
	}
	for i := range list {
		list[i].bit = 1 << i
	}
	return list
}

// texter is an entry of a table of phrases.
type texter interface{ phraseText() string }

func texts[T texter](table []T) []string {
	out := make([]string, len(table))
	for i, e := range table {
		out[i] = e.phraseText()
	}
	return out
}

func never(*View, bool) bool   { return false }
func nothing(*View, *Findings) {}

// wordBefore and wordAfter tell whether a text that stands at [at, end) is only
// a part of a longer word.
func wordBefore(s string, at int) bool { return at > 0 && isWord(s[at-1]) }
func wordAfter(s string, end int) bool { return end < len(s) && isWord(s[end]) }

// lines counts line breaks, which tell programs and documents from values.
func (v *View) lines() int {
	if !v.has(scan.Newline) {
		return 0
	}
	if v.breaks == 0 {
		v.breaks = 1 + strings.Count(v.S[:min(len(v.S), 4000)], "\n")
	}
	return v.breaks - 1
}

// Prose tells whether the value reads like text that a person wrote: a run of
// words with few signs between them. It is asked only when something was found.
func (v *View) Prose() bool {
	if v.prose == 0 {
		v.prose = 1
		if prose(v.S) {
			v.prose = 2
		}
	}
	return v.prose == 2
}

// below lowers a level for text that a person wrote.
func (v *View) below(l Level) Level {
	if l > Low && v.Prose() {
		return l - 1
	}
	return l
}

// proseBytes is how much of a value is read to decide.
const proseBytes = 2000

func prose(s string) bool {
	s = s[:min(len(s), proseBytes)]
	words, total := 0, 0
	for i := 0; i < len(s); {
		for i < len(s) && s[i] <= ' ' {
			i++
		}
		start := i
		for i < len(s) && s[i] > ' ' {
			i++
		}
		if i > start {
			total++
			if wordlike(s[start:i]) {
				words++
			}
		}
	}
	return words >= 5 && 100*words >= 78*total
}

// wordlike tells whether a run of non-spaces is a word with at most some
// punctuation around it.
func wordlike(s string) bool {
	s = strings.TrimRight(strings.TrimLeft(s, `("'`), `.,:;!?)"'`)
	if len(s) == 0 || len(s) > 24 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !isLetter(c) && c < 0x80 && (c != '\'' && c != '-' || i == 0) {
			return false
		}
	}
	return len(s) > 1 || s == "a" || s == "I"
}

func isLetter(c byte) bool { c |= 0x20; return c >= 'a' && c <= 'z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isWord(c byte) bool   { return isLetter(c) || isDigit(c) || c == '_' }
func isSpace(c byte) bool {
	return c == ' ' || c >= '\t' && c <= '\r' || c == 0xA0
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 32
	}
	return c
}

// skipSpace returns the first index at or after i that is not white space.
func skipSpace(s string, i int) int {
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	return i
}

// wordEnd returns the end of the word that begins at i.
func wordEnd(s string, i int) int {
	for i < len(s) && isWord(s[i]) {
		i++
	}
	return i
}

// longestName bounds the words that are looked up in tables.
const longestName = 40

// foldName returns word in lower case, in buf, or "" when it is too long.
func foldName(buf *[longestName]byte, word string) []byte {
	if len(word) > longestName {
		return nil
	}
	for i := range len(word) {
		buf[i] = lower(word[i])
	}
	return buf[:len(word)]
}

// indexFold returns where the lower-case text t begins in s at or after from,
// or -1.
func indexFold(s, t string, from int) int {
	if from < 0 {
		from = 0
	}
	c, u := t[0], t[0]
	if c >= 'a' && c <= 'z' {
		u = c - 32
	}
	for i := from; i+len(t) <= len(s); i++ {
		if (s[i] == c || s[i] == u) && scan.HasFold(s[i:], t) {
			return i
		}
	}
	return -1
}

func containsFold(s, t string) bool { return indexFold(s, t, 0) >= 0 }

// lookup is a set of lower-case words.
type lookup map[string]bool

func words(text string) lookup {
	m := lookup{}
	for _, w := range strings.Fields(text) {
		m[w] = true
	}
	return m
}

// has tells whether the word, in any case, is in the set.
func (l lookup) has(word string) bool {
	var buf [longestName]byte
	return l[string(foldName(&buf, word))]
}

// clip returns the end of an excerpt that begins at start.
func clip(s string, start, end int) int { return max(start, min(end, len(s), start+200)) }

// Forget drops what was worked out about the previous value.
func (v *View) Forget() { v.prose, v.breaks = 0, 0 }
