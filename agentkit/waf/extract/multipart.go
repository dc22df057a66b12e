package extract

import "strings"

// MaxParts is how many parts of a multipart body are taken apart; what follows
// is visited as Rest.
const MaxParts = 1000

// Multipart visits the fields and files of a multipart body: the name of each
// part, the value or the file's name and content. A body in which the boundary
// does not occur is visited as Rest.
func (w *Walker) Multipart(body, contentType string, v Visitor) {
	boundary := Boundary(contentType)
	w.path.depth = 0
	if boundary == "" {
		v.Visit(Rest, &w.path, body)
		return
	}
	w.buf = append(append(w.buf[:0], "--"...), boundary...)
	mark := lend(w.buf)
	at := strings.Index(body, mark)
	if at < 0 {
		v.Visit(Rest, &w.path, body)
		return
	}
	body = body[at+len(mark):]
	for range MaxParts {
		if strings.HasPrefix(body, "--") || body == "" {
			return
		}
		part := body
		if end := strings.Index(body, mark); end >= 0 {
			part, body = body[:end], body[end+len(mark):]
		} else {
			body = ""
		}
		w.part(part, v)
	}
	v.Visit(Rest, &w.path, body)
}

// Boundary returns the boundary of a multipart content type, or "".
func Boundary(contentType string) string {
	for rest := contentType; rest != ""; {
		var param string
		param, rest, _ = strings.Cut(rest, ";")
		name, value, ok := strings.Cut(strings.TrimSpace(param), "=")
		if ok && strings.EqualFold(name, "boundary") {
			return strings.Trim(value, `" `)
		}
	}
	return ""
}

// part takes one part apart: its headers, an empty line, its content.
func (w *Walker) part(part string, v Visitor) {
	part = strings.TrimPrefix(strings.TrimPrefix(part, "\r"), "\n")
	part = strings.TrimSuffix(strings.TrimSuffix(part, "\n"), "\r")
	head, content := part, ""
	if i := strings.Index(part, "\r\n\r\n"); i >= 0 {
		head, content = part[:i], part[i+4:]
	} else if i := strings.Index(part, "\n\n"); i >= 0 {
		head, content = part[:i], part[i+2:]
	}
	var name, file string
	isFile := false
	for head != "" {
		var line string
		line, head, _ = strings.Cut(head, "\n")
		line = strings.TrimSuffix(line, "\r")
		key, value, _ := strings.Cut(line, ":")
		if strings.EqualFold(strings.TrimSpace(key), "Content-Disposition") {
			name, _ = parameter(value, "name")
			file, isFile = parameter(value, "filename")
			if extended, ok := parameter(value, "filename*"); ok {
				file, isFile = extended[strings.LastIndexByte(extended, '\'')+1:], true
			}
			continue
		}
		v.Visit(Name, &w.path, line)
	}
	w.path.push(step{name: name})
	v.Visit(Name, &w.path, name)
	if isFile {
		v.Visit(FileName, &w.path, file)
		v.Visit(File, &w.path, content)
	} else {
		v.Visit(Value, &w.path, content)
	}
	w.path.pop()
}

// parameter returns a parameter of a header, quoted or not. Quotes and
// semicolons inside of quotes belong to it, as browsers send them.
func parameter(s, name string) (string, bool) {
	for i := 0; i < len(s); {
		start := i
		for i < len(s) && s[i] != '=' && s[i] != ';' {
			i++
		}
		key := strings.TrimSpace(s[start:i])
		if i >= len(s) || s[i] == ';' {
			i++
			continue
		}
		i++
		value, n := parameterValue(s[i:])
		i += n
		if strings.EqualFold(key, name) {
			return value, true
		}
	}
	return "", false
}

func parameterValue(s string) (string, int) {
	if s != "" && s[0] == '"' {
		for end := 1; end < len(s); end++ {
			switch {
			case s[end] == '\\':
				end++
			case s[end] == '"' && (end+1 >= len(s) || s[end+1] == ';' || s[end+1] == ' ' || s[end+1] == '\r'):
				return s[1:end], end + 1
			}
		}
		return s[1:], len(s)
	}
	end := strings.IndexByte(s, ';')
	if end < 0 {
		end = len(s)
	}
	return strings.TrimSpace(s[:end]), end
}
