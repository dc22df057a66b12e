// Package flatyaml reads the part of YAML that a configuration file of a few
// settings is written in: a mapping of names to texts, lists of texts and
// mappings of names to texts. What it reads it reads as YAML defines it; anything
// else is an error that names the line.
//
// A complete YAML library would be the largest dependency of every application
// that is protected.
package flatyaml

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Value is the value of one setting: one of its fields is set, or none when
// nothing was written.
type Value struct {
	Text string
	List []string
	Map  map[string]string
	Line int // where the name stands
	kind kind
}

// kind is what a value is, before its content is known.
type kind int

const (
	isText kind = iota
	isEmpty
	isList
	isMap
)

// Parse reads a file.
func Parse(text string) (map[string]Value, error) {
	p := parser{out: make(map[string]Value)}
	text = strings.TrimPrefix(text, "\ufeff")
	if !utf8.ValidString(text) {
		return nil, fmt.Errorf("the file is not UTF-8 text")
	}
	for line := range strings.SplitSeq(text, "\n") {
		p.line++
		if err := p.read(strings.TrimSuffix(line, "\r")); err != nil {
			return nil, fmt.Errorf("line %d: %w", p.line, err)
		}
	}
	return p.out, nil
}

type parser struct {
	line   int
	out    map[string]Value
	name   string // the setting that lines below belong to, "" when none
	indent int    // of the lines below it, -1 before the first
	begun  bool   // something other than a comment was read
}

// read reads one line.
func (p *parser) read(line string) error {
	rest := strings.TrimLeft(line, " ")
	switch {
	case strings.ContainsFunc(line, control):
		return fmt.Errorf("a control character")
	case rest == "" || rest[0] == '#':
		return nil
	case strings.ContainsRune(line, '\t'):
		return fmt.Errorf("a tab: use spaces")
	case !p.begun && strings.TrimRight(line, " ") == "---":
		p.begun = true
		return nil
	case strings.HasPrefix(line, "---") || strings.HasPrefix(line, "...") || strings.HasPrefix(line, "%"):
		return fmt.Errorf("more than one document, or a directive")
	}
	p.begun = true
	indent := len(line) - len(rest)
	item := rest == "-" || strings.HasPrefix(rest, "- ")
	if indent == 0 && !item {
		return p.setting(rest)
	}
	return p.below(indent, rest, item)
}

// control reports whether a character may not stand in a line, a tab apart.
func control(r rune) bool {
	return r < ' ' && r != '\t' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' || r >= 0xfeff
}

// setting reads "name: value" at the left margin.
func (p *parser) setting(s string) error {
	name, rest, err := cutName(s)
	if err != nil {
		return err
	}
	if _, twice := p.out[name]; twice {
		return fmt.Errorf("%q is set twice", name)
	}
	v, err := parseValue(rest)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	v.Line = p.line
	p.out[name] = v
	p.name, p.indent = "", -1
	if v.kind == isEmpty {
		p.name = name
	}
	return nil
}

// below reads a line of a list or mapping that belongs to a setting.
func (p *parser) below(indent int, s string, item bool) error {
	if p.name == "" {
		return fmt.Errorf("an indented line that belongs to nothing")
	}
	if p.indent < 0 {
		p.indent = indent
	}
	v := p.out[p.name]
	if indent != p.indent || item != (v.kind != isMap) && v.kind != isEmpty {
		return fmt.Errorf("the indentation does not fit the lines above")
	}
	if item {
		text, err := parseItem(strings.TrimLeft(s[1:], " "))
		if err != nil {
			return err
		}
		v.kind, v.List = isList, append(v.List, text)
		p.out[p.name] = v
		return nil
	}
	name, rest, err := cutName(s)
	if err != nil {
		return err
	}
	text, err := parseItem(rest)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if v.Map == nil {
		v.kind, v.Map = isMap, make(map[string]string)
	}
	if _, twice := v.Map[name]; twice {
		return fmt.Errorf("%q is set twice", name)
	}
	v.Map[name] = text
	p.out[p.name] = v
	return nil
}

// cutName splits "name: rest".
func cutName(s string) (name, rest string, err error) {
	name, rest, ok := strings.Cut(s, ":")
	name = strings.TrimRight(name, " ")
	if !ok || name == "" || rest != "" && rest[0] != ' ' {
		return "", "", fmt.Errorf("want name: value")
	}
	for _, c := range []byte(name) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && c != '_' && c != '.' && c != '-' {
			return "", "", fmt.Errorf("%q is not a name: want letters, digits, dots and underscores", name)
		}
	}
	if first := name[0] | 0x20; first < 'a' || first > 'z' || len(name) > 64 || strings.EqualFold(name, "null") {
		return "", "", fmt.Errorf("%.70q is not a name: want it to begin with a letter", name)
	}
	return name, strings.TrimLeft(rest, " "), nil
}

// parseValue reads what stands behind a name on its line.
func parseValue(s string) (v Value, err error) {
	switch {
	case s == "" || s[0] == '#':
		return Value{kind: isEmpty}, nil
	case s[0] == '[':
		v.kind = isList
		err = flow(s, ']', func(item string) error {
			text, err := parseItem(item)
			v.List = append(v.List, text)
			return err
		})
		return v, err
	case s[0] == '{':
		v.kind, v.Map = isMap, make(map[string]string)
		err = flow(s, '}', func(item string) error {
			name, rest, err := cutName(item)
			if err != nil {
				return err
			}
			if _, twice := v.Map[name]; twice {
				return fmt.Errorf("%q is set twice", name)
			}
			v.Map[name], err = parseItem(rest)
			return err
		})
		return v, err
	}
	v.Text, err = parseScalar(s)
	return v, err
}

// flow reads the items of "[a, 'b']" or "{a: b}".
func flow(s string, end byte, item func(string) error) error {
	for s = strings.TrimLeft(s[1:], " "); s != "" && s[0] != end; {
		n, err := endOfItem(s)
		if err != nil {
			return err
		}
		text := strings.TrimRight(s[:n], " ")
		if text == "" {
			return fmt.Errorf("an empty item")
		}
		if c := text[len(text)-1]; c == ':' || strings.Contains(text, ": ") && end == ']' && text[0] != '"' && text[0] != '\'' {
			return fmt.Errorf("a mapping inside a list")
		}
		if err := item(text); err != nil {
			return err
		}
		s = s[n:]
		if s != "" && s[0] == ',' {
			s = strings.TrimLeft(s[1:], " ")
		} else if s != "" && s[0] != end {
			return fmt.Errorf("want , or %c behind an item", end)
		}
	}
	if s == "" {
		return fmt.Errorf("want %c at the end of the line", end)
	}
	return onlyComment(s[1:])
}

// endOfItem returns where an item of a flow list or mapping ends. A quote may
// only stand at the beginning of an item or of a value.
func endOfItem(s string) (int, error) {
	quote := byte(0)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote == '"' && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			again := c == '\'' && i > 0 && s[i-1] == c // a doubled quote inside quotes
			if before := strings.TrimRight(s[:i], " "); before != "" && (before[len(before)-1] != ':' || before == s[:i]) && !again {
				return 0, fmt.Errorf("%q: put it in quotes", s)
			}
			quote = c
		case strings.IndexByte(",[]{}", c) >= 0 || c == '#' && i > 0 && s[i-1] == ' ':
			return i, nil
		case strings.IndexByte("?&*!|><#`^$\\;()", c) >= 0: // parsers differ about them
			return 0, fmt.Errorf("%q: put it in quotes", s)
		}
	}
	return len(s), nil
}

// onlyComment reports what stands where nothing but a comment may stand.
func onlyComment(s string) error {
	if t := strings.TrimLeft(s, " "); t != "" && (t[0] != '#' || t == s) {
		return fmt.Errorf("%q is too much", t)
	}
	return nil
}

// parseItem reads a text inside a list or mapping, where nothing is no value.
func parseItem(s string) (string, error) {
	text, err := parseScalar(s)
	if err == nil && text == "" && !strings.HasPrefix(s, "'") && !strings.HasPrefix(s, `"`) {
		return "", fmt.Errorf("an empty item")
	}
	return text, err
}

// parseScalar reads a text, with or without quotes.
func parseScalar(s string) (string, error) {
	switch {
	case s == "" || s[0] == '#':
		return "", nil
	case s[0] == '\'':
		return singleQuoted(s[1:])
	case s[0] == '"':
		return doubleQuoted(s)
	case strings.IndexByte("[]{},&*!|>%@`\"'?:", s[0]) >= 0, s[0] == '-' && (len(s) == 1 || s[1] == ' '):
		return "", fmt.Errorf("%q: put it in quotes", s)
	}
	if i := strings.Index(s, " #"); i >= 0 {
		s = s[:i]
	}
	s = strings.TrimRight(s, " ")
	if strings.Contains(s, ": ") || strings.HasSuffix(s, ":") {
		return "", fmt.Errorf("%q: put it in quotes", s)
	}
	switch s {
	case "~", "null", "Null", "NULL":
		return "", nil
	case "<<", "=":
		return "", fmt.Errorf("%q: put it in quotes", s)
	}
	return s, nil
}

func singleQuoted(s string) (string, error) {
	var out strings.Builder
	for {
		part, rest, ok := strings.Cut(s, "'")
		if !ok {
			return "", fmt.Errorf("a quote is not closed")
		}
		out.WriteString(part)
		if !strings.HasPrefix(rest, "'") {
			return out.String(), onlyComment(rest)
		}
		out.WriteByte('\'')
		s = rest[1:]
	}
}

// doubleQuoted reads a text with the escapes that YAML shares with Go.
func doubleQuoted(s string) (string, error) {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
			if i == len(s) || strings.IndexByte(`"\ntr`, s[i]) < 0 {
				return "", fmt.Errorf(`want one of \" \\ \n \t \r behind a backslash, or single quotes around the text`)
			}
		case '"':
			text, err := strconv.Unquote(s[:i+1])
			if err != nil {
				return "", fmt.Errorf("%s cannot be read", s[:i+1])
			}
			return text, onlyComment(s[i+1:])
		}
	}
	return "", fmt.Errorf("a quote is not closed")
}
