package detect

import (
	"strings"

	"github.com/sqreen/sqreen/agentkit/waf/internal/scan"
)

func serialGate(v *View, _ bool) bool {
	return v.has(scan.Colon) && v.has(scan.DQuote|scan.Brace)
}

// serialSign is the beginning or a telling part of a serialised object.
type serialSign struct {
	text  string
	class Class
	level Level
	exact string // in this case only, at the beginning of a word
}

func (c serialSign) phraseText() string { return c.text }

var serialSigns = []serialSign{
	{"ro0ab", SerialJava, High, "rO0AB"},
	{"kztaau", SerialJava, High, "KztAAU"},
	{"cs7qaf", SerialJava, High, "Cs7QAF"},
	{"aced0005", SerialJava, High, ""},
	{"\xac\xed\x00\x05", SerialJava, High, ""},
	{"h4siaaaaaaaa", SerialJava, Medium, "H4sIAAAAAAAA"},
	{"!!java", SerialJava, High, ""},
	{"!!com.", SerialJava, High, ""},
	{"jdbcrowset", SerialJava, High, ""},
	{"templatesimpl", SerialJava, High, ""},
	{"ysoserial", SerialJava, High, ""},
	{"javax.naming.", SerialJava, Medium, ""},
	{"!!python/", SerialPython, High, ""},
	{"cposix\nsystem", SerialPython, High, ""},
	{"cos\nsystem", SerialPython, High, ""},
	{"c__builtin__", SerialPython, High, ""},
	{"!ruby/object", SerialPython, High, ""},
	{"!ruby/hash", SerialPython, High, ""},
	{"_$$nd_func$$_", SerialPrototype, High, ""},
	{"aaeaaad/////", SerialNET, High, ""},
	{"objectdataprovider", SerialNET, High, ""},
	{"typeconfusedelegate", SerialNET, High, ""},
	{"system.windows.data", SerialNET, High, ""},
	{"\"@type\"", SerialNET, High, ""},
	{"\"$type\"", SerialNET, High, ""},
	{"'@type'", SerialNET, High, ""},
	{"__proto__", SerialPrototype, High, ""},
	{"constructor.prototype", SerialPrototype, High, ""},
	{"constructor[prototype", SerialPrototype, High, ""},
	{"constructor\"][\"prototype", SerialPrototype, High, ""},
	{"\"constructor\":{\"prototype\"", SerialPrototype, High, ""},
	{"\"constructor\": {\"prototype\"", SerialPrototype, High, ""},
}

// serialPhraseAt judges signs of objects that run code when they are read.
func serialPhraseAt(v *View, k, at int, out *Findings) {
	s, w := v.S, &serialSigns[k]
	level := w.level
	switch {
	case w.exact != "" && (wordBefore(s, at) || !strings.HasPrefix(s[at:], w.exact)):
		return
	case strings.HasSuffix(w.text, "type\"") || strings.HasSuffix(w.text, "type'"):
		// JSON that names the class to make.
		rest := s[at:min(len(s), at+160)]
		if !containsFold(rest, "com.sun") && !containsFold(rest, "java.") && !containsFold(rest, "javax.") && !containsFold(rest, "org.apache") && !containsFold(rest, "system.") {
			return
		}
	case w.text == "__proto__":
		after := strings.TrimLeft(s[at+9:min(len(s), at+20)], `"'] `)
		if (after == "" || strings.IndexByte("[:.=", after[0]) < 0) && !strings.HasPrefix(s[at+9:], "]") && len(s) != 9 {
			level = Low
		}
	}
	out.add(w.class, v.below(level), at, clip(s, at, at+60))
}

// phpObject looks for O:8:"stdClass":1:{ and the like.
func phpObject(v *View, out *Findings) {
	s := v.S
	for i := 0; i+6 < len(s); i++ {
		at := strings.IndexByte(s[i:], ':')
		if at < 0 {
			return
		}
		i += at
		if i == 0 || i+1 >= len(s) {
			continue
		}
		kind := s[i-1]
		if kind != 'O' && kind != 'C' && kind != 'a' || i > 1 && isWord(s[i-2]) {
			continue
		}
		j := i + 1
		if s[j] == '+' {
			j++
		}
		digits := j
		for j < len(s) && isDigit(s[j]) {
			j++
		}
		if j == digits || j+1 >= len(s) || s[j] != ':' {
			continue
		}
		switch {
		case kind != 'a' && s[j+1] == '"':
			out.add(SerialPHP, v.below(High), i-1, clip(s, i-1, j+40))
			return
		case kind == 'a' && s[j+1] == '{' && strings.HasPrefix(s[min(len(s), j+3):], ":"):
			out.add(SerialPHP, v.below(Medium), i-1, clip(s, i-1, j+40))
			return
		}
	}
}
