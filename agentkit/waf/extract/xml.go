package extract

import "strings"

// XML visits attributes, texts and CDATA sections of a document. Declarations
// and comments are visited as Rest, entities are left as they stand: whoever
// looks at the values decodes them.
func (w *Walker) XML(body string, v Visitor) {
	w.path.depth = 0
	for i := 0; i < len(body); {
		at := strings.IndexByte(body[i:], '<')
		if at < 0 {
			w.content(body[i:], v)
			return
		}
		w.content(body[i:i+at], v)
		i = w.markup(body, i+at, v)
	}
}

// content visits a text that is more than white space.
func (w *Walker) content(s string, v Visitor) {
	if s = strings.TrimSpace(s); s != "" {
		v.Visit(Value, &w.path, s)
	}
}

// markup reads what begins with the < at i and returns where it ends.
func (w *Walker) markup(body string, i int, v Visitor) int {
	rest := body[i:]
	switch {
	case strings.HasPrefix(rest, "<![CDATA["):
		end := until(rest, "]]>")
		w.content(strings.TrimSuffix(rest[9:max(9, end)], "]]>"), v)
		return i + end
	case strings.HasPrefix(rest, "<!--"):
		end := until(rest, "-->")
		v.Visit(Rest, &w.path, rest[:end])
		return i + end
	case strings.HasPrefix(rest, "<!"), strings.HasPrefix(rest, "<?"):
		end := declaration(rest)
		v.Visit(Rest, &w.path, rest[:end])
		return i + end
	case strings.HasPrefix(rest, "</"):
		w.path.pop()
		return i + until(rest, ">")
	}
	return i + w.element(rest, v)
}

func until(s, end string) int {
	if at := strings.Index(s, end); at >= 0 {
		return at + len(end)
	}
	return len(s)
}

// declaration returns the end of <!...> or <?...>, over the brackets of a
// document type.
func declaration(s string) int {
	depth := 0
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '[':
			depth++
		case ']':
			depth--
		case '>':
			if depth <= 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

// element reads a start tag and returns its length.
func (w *Walker) element(s string, v Visitor) int {
	i := 1
	for i < len(s) && !blank(s[i]) && s[i] != '>' && s[i] != '/' && s[i] != '<' {
		i++
	}
	if i == 1 {
		v.Visit(Rest, &w.path, s[:1])
		return 1
	}
	w.path.push(step{name: s[1:i]})
	for i < len(s) && s[i] != '>' {
		switch {
		case blank(s[i]):
			i++
		case s[i] == '/':
			if i+1 < len(s) && s[i+1] == '>' {
				w.path.pop()
			}
			i++
		case s[i] == '<':
			return i
		default:
			i = w.attribute(s, i, v)
		}
	}
	return min(i+1, len(s))
}

func (w *Walker) attribute(s string, i int, v Visitor) int {
	start := i
	for i < len(s) && s[i] != '=' && !blank(s[i]) && s[i] != '>' && s[i] != '/' {
		i++
	}
	name := s[start:i]
	if i >= len(s) || s[i] != '=' {
		v.Visit(Name, &w.path, name)
		return max(i, start+1)
	}
	i++
	if i < len(s) && (s[i] == '"' || s[i] == '\'') {
		end := strings.IndexByte(s[i+1:], s[i])
		if end < 0 {
			v.Visit(Rest, &w.path, s[i+1:])
			return len(s)
		}
		w.path.push(step{name: name})
		v.Visit(Value, &w.path, s[i+1:i+1+end])
		w.path.pop()
		return i + end + 2
	}
	return max(i, start+1)
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
