package detect

import (
	"strings"

	"github.com/sqreen/sqreen/agentkit/waf/internal/scan"
)

var htmlWords = []string{
	"script:", "data:", "expression(", "-moz-binding", "behavior:", "@import", "v-on:", "autofocus", "srcdoc", "<scr",
}

func htmlGate(v *View, word bool) bool {
	return v.has(scan.Less) || word || v.has(scan.Equal) && v.has(scan.Quote|scan.DQuote|scan.Backtick|scan.Paren|scan.Space|scan.Slash|scan.Newline)
}

// detectHTML reads the value as browsers read HTML: tags with attributes in any
// shape, and what breaks out of an attribute.
func detectHTML(v *View, out *Findings) {
	h := htmlReader{v: v, s: v.S, out: out}
	if v.has(scan.Less) {
		h.tags()
	}
	if v.has(scan.Equal) {
		h.breakouts()
	}
	if l := activeURI(v.S); l >= Medium {
		out.add(HTMLURI, v.below(l), 0, clip(v.S, 0, len(v.S)))
	}
}

var htmlPhrases = []string{"script", "expression(", "-moz-binding", "behavior:url", "@import"}

func htmlPhraseAt(v *View, k, at int, out *Findings) {
	h := htmlReader{v: v, s: v.S, out: out}
	if k > 0 {
		h.style(htmlPhrases[k], at)
		return
	}
	if end := at + len("script"); end < len(v.S) && v.S[end] == ':' {
		h.uri(at)
	}
	h.script(at)
}

// htmlReader walks over one value.
type htmlReader struct {
	v   *View
	s   string
	out *Findings
}

// tags reads every tag once, from left to right.
func (h *htmlReader) tags() {
	for i := 0; i < len(h.s); {
		at := strings.IndexByte(h.s[i:], '<')
		if at < 0 {
			return
		}
		i = h.tag(i + at)
	}
}

// htmlTags are the elements that load or run something by being there.
var htmlTags = map[string]Level{
	"script": High, "iframe": Medium, "frame": Medium, "frameset": Medium, "object": Medium, "embed": Medium, "applet": Medium,
	"base": Medium, "isindex": Medium, "bgsound": Medium, "layer": Medium, "ilayer": Medium, "portal": Medium, "foreignobject": Medium,
	"animate": Low, "set": Low, "svg": Low, "math": Low, "xss": Medium, "marquee": Low, "import": Medium, "xml": Low,
	"meta": Low, "link": Low, "form": Low, "style": Low, "noscript": Low, "keygen": Low, "handler": Low, "listener": Low,
}

// tag reads the tag that begins at i and returns where to go on.
func (h *htmlReader) tag(i int) int {
	s, start := h.s, i
	i++
	for i < len(s) && (s[i] == '/' || s[i] == '!' || s[i] == '?' || s[i] == '<' || s[i] == 0) {
		i++
	}
	if i >= len(s) || !isLetter(s[i]) {
		return i
	}
	nameStart := i
	for i < len(s) && !isSpace(s[i]) && s[i] != '/' && s[i] != '>' && s[i] != '<' && s[i] != '"' && s[i] != '\'' && s[i] != '=' {
		i++
	}
	name := s[nameStart:i]
	if c := strings.IndexByte(name, ':'); c >= 0 && c+1 < len(name) {
		name = name[c+1:]
	}
	return h.attributes(start, i, name)
}

// attributes reads the attributes of a tag that began at start.
func (h *htmlReader) attributes(start, i int, name string) int {
	s := h.s
	var buf [longestName]byte
	level := htmlTags[string(foldName(&buf, name))]
	closed := false
	for i < len(s) {
		for i < len(s) && (isSpace(s[i]) || s[i] == '/' || s[i] == '"' || s[i] == '\'' || s[i] == '`' || s[i] == '\\' || s[i] == 0) {
			i++
		}
		if i >= len(s) || s[i] == '<' {
			break
		}
		if s[i] == '>' {
			i++
			closed = true
			break
		}
		i, level = h.attribute(start, i, name, level)
	}
	if level >= Medium && !equalFold(name, "script") {
		h.out.add(HTMLTag, h.doubt(level, closed), start, clip(s, start, i))
	}
	return max(i, start+1)
}

// doubt lowers the level for a tag in a text or program.
func (h *htmlReader) doubt(l Level, closed bool) Level {
	if !closed && l > Low && h.v.Prose() {
		return l - 1
	}
	return h.v.below(l)
}

func (h *htmlReader) attribute(start, i int, tag string, level Level) (int, Level) {
	s, from := h.s, i
	i++
	for i < len(s) && !isSpace(s[i]) && s[i] != '=' && s[i] != '>' && s[i] != '/' && s[i] != '<' && s[i] != '"' && s[i] != '\'' {
		i++
	}
	attr := s[from:i]
	eq := skipSpace(s, i)
	if eq >= len(s) || s[eq] != '=' {
		return i, level
	}
	val := skipSpace(s, eq+1)
	end := h.valueEnd(val)
	value := s[min(val, end):end]
	h.judge(start, attr, value, end)
	return max(end, i), max(level, h.telling(tag, attr, value))
}

// valueEnd returns where an attribute's value ends. An open quote ends nothing:
// its value is read like one without quotes.
func (h *htmlReader) valueEnd(i int) int {
	s := h.s
	if i >= len(s) {
		return i
	}
	if q := s[i]; q == '"' || q == '\'' || q == '`' {
		if end := strings.IndexByte(s[i+1:], q); end >= 0 {
			return i + 1 + end
		}
		i++
	}
	for i < len(s) && !isSpace(s[i]) && s[i] != '>' {
		i++
	}
	return i
}

// judge reports an attribute that runs code.
func (h *htmlReader) judge(start int, attr, value string, end int) {
	value = strings.Trim(value, "\"'` \t\r\n")
	switch {
	case isHandler(attr):
		level := High
		if strings.HasPrefix(value, "{") && len(attr) > 2 && attr[2] < 'a' {
			level = Low // onClick={...} is JSX, source code rather than markup
		}
		h.out.add(HTMLHandler, level, start, clip(h.s, start, end))
	case isDirective(attr) && strings.IndexByte(value, '(') >= 0:
		h.out.add(HTMLHandler, Medium, start, clip(h.s, start, end))
	case equalFold(attr, "srcdoc"):
		h.out.add(HTMLHandler, High, start, clip(h.s, start, end))
	case equalFold(attr, "style") && (containsFold(value, "expression(") || containsFold(value, "script:") || containsFold(value, "-moz-binding") || containsFold(value, "behavior:")):
		h.out.add(HTMLHandler, High, start, clip(h.s, start, end))
	case activeURI(value) != None:
		h.out.add(HTMLURI, High, start, clip(h.s, start, end))
	}
}

// telling raises the level of tags that are dangerous with certain attributes.
func (h *htmlReader) telling(tag, attr, value string) Level {
	switch {
	case equalFold(tag, "meta") && equalFold(attr, "http-equiv"),
		equalFold(tag, "link") && equalFold(attr, "rel") && !containsFold(value, "icon"),
		equalFold(tag, "form") && equalFold(attr, "action") && (containsFold(value, "//") || containsFold(value, "script")),
		equalFold(attr, "formaction"), equalFold(attr, "xlink:href") && !strings.HasPrefix(strings.Trim(value, `"' `), "#"), equalFold(attr, "attributename"),
		equalFold(attr, "background") && containsFold(value, "script:"), equalFold(attr, "dynsrc"), equalFold(attr, "lowsrc"):
		return Medium
	}
	return None
}

// isHandler tells attributes such as onload; null bytes and the like inside the
// name are ignored.
func isHandler(attr string) bool {
	if len(attr) < 5 || lower(attr[0]) != 'o' || lower(attr[1]) != 'n' {
		return false
	}
	for i := 2; i < len(attr); i++ {
		if !isLetter(attr[i]) && attr[i] != 0 && (attr[i] < '0' || attr[i] > '9') {
			return i >= 5 && attr[i] < ' '
		}
	}
	return true
}

// isDirective tells attributes in which frameworks evaluate code.
func isDirective(attr string) bool {
	return hasAnyFold(attr, "v-", "ng-", "x-", "data-ng-", "@", ":", "hx-on", "#") && len(attr) > 2
}

func hasAnyFold(s string, prefixes ...string) bool {
	for _, p := range prefixes {
		if scan.HasFold(s, p) {
			return true
		}
	}
	return false
}

// activeURI tells whether a URI runs code, ignoring what browsers ignore.
func activeURI(s string) Level {
	var buf [24]byte
	n := 0
	i := 0
	for ; i < len(s) && n < len(buf) && i < 200; i++ {
		c := s[i]
		if c <= ' ' || n == 0 && (c == '"' || c == '\'' || c == '`' || c >= 0x80) {
			continue
		}
		buf[n] = lower(c)
		n++
		if c == ':' {
			break
		}
	}
	switch string(buf[:n]) {
	case "javascript:", "vbscript:", "livescript:", "mocha:", "jscript:":
		if i+1 > n+3 {
			return High // nobody else writes white space into a scheme
		}
		return afterScheme(s[min(i+1, len(s)):])
	case "data:":
		rest := s[min(i+1, len(s)):]
		if hasAnyFold(strings.TrimLeft(rest, " \t\r\n"), "text/html", "image/svg", "application/xhtml", "text/xml", "application/xml", "text/javascript", "application/javascript", "application/x-javascript", ",", "text/vbscript", ";base64", "application/x-msdownload", "text/html-xml", "html") {
			return High
		}
	case "view-source:", "feed:":
		return activeURI(s[min(i+1, len(s)):])
	}
	return None
}

// afterScheme tells code from the words behind "JavaScript: the good parts".
func afterScheme(s string) Level {
	s = strings.TrimLeft(s, " +\t\r\n\xef\xbb\xbf")
	if s == "" {
		return Low
	}
	for i := 0; i < len(s) && i < 60; i++ {
		switch c := s[i]; c {
		case '(', '`', '=', '[', '.', '{', '/', '"', '\'', '&', '%', '<', '\\', '$', '!', '-', ';':
			if (c == '.' || c == ';' || c == '\'' || c == '-') && (i+1 >= len(s) || !isLetter(s[i+1]) || !isLetter(s[max(i-1, 0)]) && i > 0) {
				return None
			}
			return High
		case ' ', '+', '\t', ',', '?', ':', '|':
			return None
		}
	}
	return None
}

// uri judges javascript: behind an equals sign, a quote or anything else; i is
// where "script:" stands.
func (h *htmlReader) uri(i int) {
	s := h.s
	if i >= 2 && (i >= 4 && scan.HasFold(s[i-4:], "java") || scan.HasFold(s[i-2:], "vb")) && afterScheme(s[i+7:]) == High {
		h.out.add(HTMLURI, h.v.below(Medium), i-2, clip(s, i, i+60))
	}
}

// script judges <script, also where a browser would take it for a part of
// something else; i is where "script" stands.
func (h *htmlReader) script(i int) {
	s := h.s
	end := i + 6
	b := i - 1
	for b >= 0 && i-b < 40 && (s[b] == '/' || isSpace(s[b]) || s[b] == 0 || s[b] == '<' && b > 0 && s[b-1] == '<') {
		b--
	}
	if b < 0 || s[b] != '<' || wordAfter(s, end) {
		return
	}
	closing := strings.IndexByte(s[b:i], '/') >= 0
	h.out.add(HTMLScript, h.scriptLevel(end, closing), b, clip(s, b, end+60))
}

// scriptLevel tells a script from the mention of one: in a text, only a script
// that does something counts for sure.
func (h *htmlReader) scriptLevel(end int, closing bool) Level {
	s := h.s
	level := High
	if closing {
		level = Medium
	}
	if !h.v.Prose() {
		return level
	}
	rest := s[end:]
	if i := strings.IndexByte(rest, '>'); i >= 0 && i < 120 && !closing {
		body := strings.TrimLeft(rest[i+1:], " \t\r\n")
		code := body[:min(len(body), 60)]
		if strings.IndexByte(rest[:i], '=') >= 0 || strings.ContainsAny(code, "(=`[{") && !strings.HasPrefix(body, "`") {
			return Medium
		}
	}
	return Low
}

// breakouts looks for handlers that follow a quote or space outside of any tag:
// the value stands in an attribute of the application's page.
func (h *htmlReader) breakouts() {
	s := h.s
	for i := 0; i < len(s); i++ {
		at := strings.IndexByte(s[i:], '=')
		if at < 0 {
			return
		}
		i += at
		end := i
		for end > 0 && isSpace(s[end-1]) && i-end < 20 {
			end--
		}
		start := end
		for start > 0 && isLetter(s[start-1]) && end-start < 30 {
			start--
		}
		if !isHandler(s[start:end]) || start > 0 && isWord(s[start-1]) {
			continue
		}
		if l := h.breakoutLevel(start, i+1); l != None {
			h.out.add(HTMLAttribute, l, start, clip(s, start, i+40))
		}
	}
}

func (h *htmlReader) breakoutLevel(start, after int) Level {
	s := h.s
	code := jsLike(strings.TrimLeft(s[after:], " \t\r\n\"'`("))
	quote := false
	for b := start - 1; b >= 0 && start-b < 40; b-- {
		c := s[b]
		if c == '"' || c == '\'' || c == '`' || c == '>' {
			quote = true
			break
		}
		if !isSpace(c) && c != '/' && c != '=' && !isWord(c) {
			break
		}
	}
	before := byte(' ')
	if start > 0 {
		before = s[start-1]
	} else if !strings.ContainsAny(s[after:min(len(s), after+80)], "(`") {
		return None // "online=0&page=2" is a query
	}
	open := isSpace(before) || before == '/' || before == '"' || before == '\'' || before == '`' || before == '=' || before == '+'
	switch {
	case quote && open && code:
		return High
	case open && code:
		return h.v.below(Medium)
	case quote && open && start < 8:
		return h.v.below(Medium)
	}
	return None
}

// jsLike tells whether s begins like code: a name followed by a call, an index,
// a property or an assignment.
func jsLike(s string) bool {
	i := 0
	for i < len(s) && i < 60 && (isWord(s[i]) || s[i] == '$') {
		i++
	}
	j := skipSpace(s, i)
	if j >= len(s) {
		return false
	}
	switch s[j] {
	case '(', '`', '[':
		return i == j || i == 0 || s[j] != '['
	case '.':
		return i > 0 && j+1 < len(s) && isLetter(s[j+1]) && i == j
	case '=', ')':
		return i > 0 && (s[j] == '=' || i == j)
	case '{', '&', '%', '\\':
		return i == 0 || s[j] != '{' && i == j && s[j] != '%'
	case ';':
		return i > 0 && isDigit(s[i-1]) && j+1 < len(s) && s[j+1] == '['
	}
	return false
}

// style judges code in style sheets; w stands at at.
func (h *htmlReader) style(w string, at int) {
	switch w {
	case "@import":
		rest := strings.TrimLeft(h.s[at+len(w):], " ")
		if !hasAnyFold(rest, "'", `"`, "url(") || !h.v.has(scan.Less) {
			return
		}
	case "expression(":
		if !h.v.has(scan.Colon | scan.Less) {
			return
		}
	}
	h.out.add(HTMLAttribute, h.v.below(Medium), at, clip(h.s, at, at+60))
}
