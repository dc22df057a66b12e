package detect

import (
	"strings"

	"github.com/sqreen/sqreen/agentkit/waf/internal/scan"
)

var serialWords = []string{
	"ro0ab", "aced0005", "\xac\xed", "!!python", "!!java", "!!javax", "!ruby/", "!ruby", "__proto__", "constructor", "cposix", "csystem", "cos\n", "c__builtin__", "gasv", "aaeaaad", "system.windows", "objectdataprovider", "ysoserial", "typeconfusedelegate", "$type", "_$$nd_func$$_", "bazaar", "!!com.", "yaml.", "javax.naming", "jdbcrowset", "@type", "ctemplatesimpl", "templatesimpl", "\":{", ":\"", "h4siaaaa", "h4siaa",
}

func serialGate(v *View, word bool) bool {
	return word || v.has(scan.Colon) && v.has(scan.DQuote) && v.has(scan.Brace)
}

// detectSerial looks for serialised objects that run code when they are read.
func detectSerial(v *View, out *Findings) {
	s := v.S
	phpObject(v, out)
	if v.Words&(1<<serialIndex) == 0 {
		return
	}
	for _, w := range [...]struct {
		text  string
		class Class
		level Level
	}{
		{"ro0ab", SerialJava, High},
		{"aced0005", SerialJava, High},
		{"\xac\xed\x00\x05", SerialJava, High},
		{"h4siaaaaaaaa", SerialJava, Medium},
		{"!!java", SerialJava, High},
		{"!!com.", SerialJava, High},
		{"jdbcrowset", SerialJava, High},
		{"templatesimpl", SerialJava, High},
		{"ysoserial", SerialJava, High},
		{"javax.naming.", SerialJava, Medium},
		{"!!python/", SerialPython, High},
		{"cposix\nsystem", SerialPython, High},
		{"cos\nsystem", SerialPython, High},
		{"c__builtin__", SerialPython, High},
		{"gasvb", SerialPython, Low},
		{"!ruby/object", SerialPython, High},
		{"!ruby/hash", SerialPython, High},
		{"_$$nd_func$$_", SerialPrototype, High},
		{"aaeaaad/////", SerialNET, High},
		{"objectdataprovider", SerialNET, High},
		{"typeconfusedelegate", SerialNET, High},
		{"system.windows.data", SerialNET, High},
	} {
		at := indexFold(s, w.text, 0)
		if at < 0 || w.text == "ro0ab" && (at > 0 && isWord(s[at-1]) || !strings.HasPrefix(s[at:], "rO0AB")) || w.text == "h4siaaaaaaaa" && !strings.HasPrefix(s[at:], "H4sIAAAAAAAA") {
			continue
		}
		out.add(w.class, v.below(w.level), at, clip(s, at, at+60))
	}
	typeField(v, out)
	prototype(v, out)
}

// typeField looks for JSON that names the class to make.
func typeField(v *View, out *Findings) {
	for _, w := range [...]string{`"@type"`, `"$type"`, `'@type'`} {
		at := indexFold(v.S, w, 0)
		if at < 0 {
			continue
		}
		rest := v.S[at:min(len(v.S), at+160)]
		if containsFold(rest, "com.sun") || containsFold(rest, "java.") || containsFold(rest, "javax.") || containsFold(rest, "org.apache") || containsFold(rest, "system.") {
			out.add(SerialNET, v.below(High), at, clip(v.S, at, at+80))
		}
	}
}

// prototype looks for keys that reach an object's prototype.
func prototype(v *View, out *Findings) {
	s := v.S
	if at := indexFold(s, "__proto__", 0); at >= 0 {
		after := strings.TrimLeft(s[at+9:], `"'] `)
		level := Low
		if after != "" && (after[0] == '[' || after[0] == ':' || after[0] == '.' || after[0] == '=') || strings.HasPrefix(s[at+9:], "]") || at == 0 && len(s) == 9 {
			level = High
		}
		out.add(SerialPrototype, v.below(level), at, clip(s, at, at+60))
	}
	for _, w := range [...]string{"constructor.prototype", "constructor[prototype", "constructor\"][\"prototype", `"constructor":{"prototype"`, `"constructor": {"prototype"`} {
		if at := indexFold(s, w, 0); at >= 0 {
			out.add(SerialPrototype, v.below(High), at, clip(s, at, at+60))
			return
		}
	}
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

const serialIndex = 11
