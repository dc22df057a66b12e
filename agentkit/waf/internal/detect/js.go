package detect

import (
	"strings"

	"github.com/sqreen/sqreen/agentkit/waf/internal/scan"
)

func jsGate(v *View, _ bool) bool {
	return v.has(scan.Bracket) && v.has(scan.Paren|scan.Plus|scan.Bang)
}

// jsSinks are functions by which injected code shows itself, and how telling a
// bare call of each is.
var jsSinks = map[string]Level{
	"alert": Medium, "prompt": Medium, "confirm": Medium, "eval": Medium, "execscript": Medium, "settimeout": Low, "setinterval": Low,
	"atob": Low, "fetch": Low, "function": None, "fromcharcode": Medium, "getscript": Medium, "sendbeacon": Medium, "print": Low, "import": Low,
}

// jsObjects are objects whose members injected code reaches for.
var jsObjects = words("window self top parent frames globalthis this document content location")

// jsMembers are members that tell an attack from ordinary code.
var jsMembers = words("cookie domain write writeln location href createelement documentelement body referrer url uri baseuri domain_ open alert prompt confirm eval name onerror origin localstorage sessionstorage constructor navigate assign replace defaultview forms scripts")

// jsPhrases are the names that are looked at where they stand.
var jsPhrases = []string{
	"alert", "prompt", "confirm", "eval", "execscript", "settimeout", "setinterval", "atob", "fetch", "function", "fromcharcode", "getscript", "sendbeacon",
	"print", "import", "window", "self", "top[", "top.", "parent", "frames", "globalthis", "this", "document", "content", "location", "constructor", "onerror", "__proto__",
}

// jsPhraseAt judges one name by what stands around it.
func jsPhraseAt(v *View, k, at int, out *Findings) {
	if !v.has(scan.Paren|scan.Backtick|scan.Bracket|scan.Dot|scan.Equal) || wordBefore(v.S, at) {
		return
	}
	name := jsPhrases[k]
	end := at + len(name)
	if k := name[len(name)-1]; k == '[' || k == '.' {
		end--
	} else if wordAfter(v.S, end) {
		return
	}
	var buf [longestName]byte
	j := jsReader{v: v, s: v.S, out: out, program: v.lines() >= 3}
	j.word(at, end, foldName(&buf, v.S[at:end]))
}

type jsReader struct {
	v       *View
	s       string
	out     *Findings
	program bool
}

// level lowers a level in texts and in programs of several lines.
func (j *jsReader) level(l Level) Level {
	if j.program && l > Low {
		return Low
	}
	return j.v.below(l)
}

func (j *jsReader) word(i, end int, name []byte) {
	if l, ok := jsSinks[string(name)]; ok {
		j.sink(i, end, l, string(name) == "function")
	}
	if jsObjects[string(name)] {
		j.object(i, end)
	}
	switch string(name) {
	case "constructor":
		if rest := j.s[end:]; hasAnyFold(rest, ".constructor", "[", "(", "'](", `"](`, "`](") && (end-11 > 0 && strings.IndexByte(".['\"`", j.s[i-1]) >= 0 || strings.HasPrefix(rest, ".constructor")) {
			j.out.add(JSAccess, j.level(High), i, clip(j.s, i, end+40))
		}
	case "onerror":
		if k := skipSpace(j.s, end); k < len(j.s) && j.s[k] == '=' && containsFold(j.s[:min(len(j.s), end+200)], "throw") {
			j.out.add(JSCall, j.level(High), i, clip(j.s, i, end+40))
		}
	case "__proto__":
		if k := skipSpace(j.s, end); k < len(j.s) && (j.s[k] == '[' || j.s[k] == '.') {
			j.out.add(JSAccess, j.level(Medium), i, clip(j.s, i, end+40))
		}
	}
}

// sink judges a name that is called.
func (j *jsReader) sink(i, end int, base Level, isFunction bool) {
	k := end
	for k < len(j.s) && (isSpace(j.s[k]) && k-end < 4 || j.s[k] == ')' || j.s[k] == '?' && k+1 < len(j.s) && j.s[k+1] == '.') {
		if j.s[k] == '?' {
			k++
		}
		k++
	}
	if k >= len(j.s) {
		j.passed(i, end, base)
		return
	}
	spaced := k > end && isSpace(j.s[end])
	called := j.s[k] == '(' || j.s[k] == '`'
	switch {
	case scan.HasFold(j.s[k:], ".call(") || scan.HasFold(j.s[k:], ".apply(") || scan.HasFold(j.s[k:], ".bind("):
		base = max(base, Medium)
	case !called && k+1 < len(j.s) && j.s[k] == '.' && j.s[k-1] == '?':
	case !called:
		j.passed(i, end, base)
		return
	}
	if isFunction {
		// Function('code')() and the like; function (a) { is ordinary code.
		if j.s[i] == 'F' && k+1 < len(j.s) && strings.IndexByte("\"'`", j.s[k+1]) >= 0 {
			j.out.add(JSCall, j.level(High), i, clip(j.s, i, k+40))
		}
		return
	}
	if j.brokenOut(i) {
		j.out.add(JSCall, j.level(High), i, clip(j.s, i, k+40))
		return
	}
	if spaced && !codeArgument(j.s[k+1:]) || base >= Low && strings.HasPrefix(j.s[k:], "()") && j.v.has(scan.Space) {
		base = Low
	}
	if spaced && j.v.Prose() || k+1 < len(j.s) && j.s[k] == '(' && spaced && base < Medium {
		return
	}
	if strings.IndexByte(j.s[end:k], ')') >= 0 && i > 0 && j.s[i-1] == '(' {
		base = High // (alert)(1)
	} else if base == Low && j.nested(k+1) && (lower(j.s[i]) == 's' || lower(j.s[i]) == 'a' || strings.Contains(j.s[k:min(len(j.s), k+16)], "//")) {
		base = Medium
	}
	j.out.add(JSCall, j.level(base), i, clip(j.s, i, k+40))
}

// codeArgument tells an argument from words in brackets.
func codeArgument(s string) bool {
	s = strings.TrimLeft(s, " ")
	if s == "" || isLetter(s[0]) {
		end := wordEnd(s, 0)
		return end < len(s) && s[end] != ' ' && s[end] != ','
	}
	return true
}

// passed judges a sink that is handed over: [1].find(alert), onerror=alert.
func (j *jsReader) passed(i, end int, base Level) {
	if base < Medium || i == 0 {
		return
	}
	b := j.s[i-1]
	after := byte(')')
	if end < len(j.s) {
		after = j.s[end]
	}
	switch {
	case b == '(' && after == ')' && i >= 2 && isWord(j.s[i-2]) && containsFold(j.s[max(0, i-24):i], "]."):
		j.out.add(JSCall, j.level(High), i, end)
	case b == '=' && (after == ',' || after == ';') && end+1 < len(j.s) && j.s[end+1] == '_':
		j.out.add(JSCall, j.level(High), i, end)
	}
}

// nested tells whether the arguments that begin at k call something again.
func (j *jsReader) nested(k int) bool {
	arg := j.s[min(k, len(j.s)):min(len(j.s), k+40)]
	return len(arg) > 0 && (strings.IndexByte("\"'`", arg[0]) >= 0 || strings.HasPrefix(arg, "//") || strings.IndexByte(arg, '(') > 0)
}

// brokenOut tells whether what stands before i ends something of the page's: a
// string, a call, a statement.
func (j *jsReader) brokenOut(i int) bool {
	b := i - 1
	for b >= 0 && (j.s[b] == '(' || isSpace(j.s[b]) || j.s[b] == '{' || j.s[b] == '[' || j.s[b] == '!' || j.s[b] == '=' && i-b > 1) {
		b--
	}
	if b < 0 {
		return false
	}
	op := j.s[b]
	if strings.IndexByte(";-+*/,|&^%}?:", op) < 0 {
		return op == '\'' || op == '"'
	}
	for n := 0; b >= 0 && n < 12; n++ {
		if c := j.s[b]; c == '\'' || c == '"' || c == '`' || c == ')' || c == '\\' {
			return true
		}
		b--
	}
	return false
}

// object judges window['x'], document.cookie, top[...].
func (j *jsReader) object(i, end int) {
	k := end
	for k < len(j.s) && (isSpace(j.s[k]) || j.s[k] == ')' && i > 0 && j.s[i-1] == '(' || strings.HasPrefix(j.s[k:], "/*")) {
		if j.s[k] == '/' {
			close := strings.Index(j.s[k:min(len(j.s), k+60)], "*/")
			if close < 0 {
				return
			}
			k += close + 1
		}
		k++
	}
	if k > end && (k >= len(j.s) || j.s[k] == '.' && (k+1 >= len(j.s) || isSpace(j.s[k-1]) && j.v.Prose()) || j.s[k] == '[' && isSpace(j.s[k-1])) {
		return
	}
	if k < len(j.s) && j.s[k] == '?' && k+1 < len(j.s) && j.s[k+1] == '.' {
		k++
	}
	if k+1 >= len(j.s) {
		return
	}
	if i > 0 && (j.s[i-1] == '.' || isWord(j.s[i-1])) && j.s[k] == '.' {
		return
	}
	switch j.s[k] {
	case '[':
		if c := j.s[k+1]; c == '"' || c == '\'' || c == '`' || c == '/' || c == '(' || c == '\\' || c == '!' || isDigit(c) {
			j.out.add(JSAccess, j.level(Medium), i, clip(j.s, i, k+40))
		}
	case '.':
		from := k + 1
		if k > end {
			from = skipSpace(j.s, from)
		}
		stop := wordEnd(j.s, from)
		member := j.s[from:stop]
		if !jsMembers.has(member) {
			return
		}
		l := Medium
		if equalFold(j.s[i:end], "this") || equalFold(j.s[i:end], "content") || equalFold(j.s[i:end], "parent") || equalFold(j.s[i:end], "self") || equalFold(j.s[i:end], "top") {
			l = Low
		}
		if equalFold(j.s[i:end], "document") && (equalFold(member, "body") || equalFold(member, "url") || equalFold(member, "name") || equalFold(member, "open")) {
			l = Low
		}
		if equalFold(j.s[i:end], "location") && equalFold(member, "name") {
			l = None
		}
		j.out.add(JSAccess, j.level(l), i, clip(j.s, i, stop))
	}
}

// jsSigns judges code that is written with brackets and signs only.
func jsSigns(v *View, out *Findings) {
	if len(v.S) < 24 {
		return
	}
	s := v.S[:min(len(v.S), 400)]
	signs := 0
	for i := range len(s) {
		switch s[i] {
		case '[', ']', '(', ')', '!', '+', '{', '}', '$', '~', '"', '.', '_':
			signs++
		}
	}
	if 100*signs >= 92*len(s) && strings.Contains(s, "[]") && strings.ContainsAny(s, "!+") && strings.IndexByte(s, '(') >= 0 {
		out.add(JSCall, High, 0, len(s))
	}
}
