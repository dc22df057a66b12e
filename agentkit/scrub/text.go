package scrub

import (
	"strings"

	"github.com/sqreen/sqreen/agentkit/wire"
)

// free scrubs text that may hold keys and values in any notation: a JSON or form
// body, a header, a log line, XML.
func (r *run) free(text string) string {
	if text == "" || text == wire.Redacted {
		return text
	}
	return r.matches(r.pairs(text))
}

// pairs removes the values of sensitive keys from text.
func (r *run) pairs(text string) string {
	var b strings.Builder
	done := 0
	for i := 0; i < len(text); {
		if !isNameByte(text[i]) {
			i++
			continue
		}
		end := i
		for end < len(text) && isNameByte(text[end]) {
			end++
		}
		name := text[i:end]
		from, to := valueAfter(text, i, end)
		i = end
		if from < 0 || from >= to || !r.sensitive(name) || text[from:to] == wire.Redacted {
			continue
		}
		b.WriteString(text[done:from])
		b.WriteString(r.remove(text[from:to]))
		i, done = to, to
	}
	if done == 0 {
		return text
	}
	b.WriteString(text[done:])
	return b.String()
}

func isNameByte(c byte) bool {
	return fold(c) != 0 || c == '_' || c == '-' || c == '.' || c == '[' || c == ']'
}

// valueAfter returns where the value of the name at start..end stands, or -1.
// Known notations: name=value, name: value, "name":"value", 'name' => 'value',
// \"name\":\"value\", <name>value</name>, name="key" followed by an empty line
// and the value, as in multipart bodies.
func valueAfter(text string, start, end int) (from, to int) {
	i := end
	for i < len(text) && (text[i] == '"' || text[i] == '\'' || text[i] == '\\') {
		i++
	}
	if strings.HasPrefix(text[i:], "%22") {
		i += len("%22")
	}
	i = skipBlanks(text, i)
	switch {
	case i >= len(text):
		return -1, -1
	case text[i] == '>' && start > 0 && text[start-1] == '<':
		return i + 1, indexFrom(text, i+1, "<")
	case i > end && strings.HasPrefix(text[i:], "\r\n\r\n") && strings.HasSuffix(text[:start], `name="`):
		return i + 4, indexFrom(text, i+4, "\r\n")
	case text[i] != ':' && text[i] != '=':
		if !strings.HasPrefix(text[i:], "%3A") {
			return -1, -1
		}
		i += 2
	}
	i++
	if i < len(text) && text[i] == '>' {
		i++
	}
	return value(text, skipBlanks(text, i), text[start:end])
}

func skipBlanks(text string, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\t') {
		i++
	}
	return i
}

// indexFrom returns where sep stands in text at or after i, or the end of text.
func indexFrom(text string, i int, sep string) int {
	if n := strings.Index(text[i:], sep); n >= 0 {
		return i + n
	}
	return len(text)
}

// value returns the extent of the value that begins at i.
func value(text string, i int, name string) (from, to int) {
	if i >= len(text) {
		return -1, -1
	}
	switch c := text[i]; {
	case c == '\\' && i+1 < len(text) && (text[i+1] == '"' || text[i+1] == '\''):
		return i + 2, indexFrom(text, i+2, text[i:i+2])
	case c == '"' || c == '\'':
		return i + 1, quoteEnd(text, i+1, c)
	case c == '{' || c == '[':
		return i, treeEnd(text, i)
	case strings.HasPrefix(text[i:], "%22"):
		return i + 3, indexFrom(text, i+3, "%22")
	}
	stop := "&,;\r\n\"')}]<> \t"
	if strings.HasSuffix(normal(name), "authorization") { // "Bearer x", "Basic x"
		stop = "\r\n\"'}]<>"
	}
	if n := strings.IndexAny(text[i:], stop); n >= 0 {
		return i, i + n
	}
	return i, len(text)
}

// quoteEnd returns where the quote that closes a text stands.
func quoteEnd(text string, i int, quote byte) int {
	for ; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case quote:
			return i
		}
	}
	return len(text)
}

// treeEnd returns the end of the JSON object or array that begins at i.
func treeEnd(text string, i int) int {
	depth := 0
	for ; i < len(text); i++ {
		switch text[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		case '"':
			i = quoteEnd(text, i+1, '"')
		}
	}
	return len(text)
}
