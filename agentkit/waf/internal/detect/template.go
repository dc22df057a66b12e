package detect

import (
	"strings"

	"github.com/sqreen/sqreen/agentkit/waf/internal/scan"
)

var templateWords = []string{"<#--"}

func templateGate(v *View, word bool) bool {
	return v.has(scan.Brace) || word || v.has(scan.Less) && v.has(scan.Percent) || v.has(scan.At) && v.has(scan.Paren) || v.has(scan.Hash) && v.has(scan.Paren) ||
		v.has(scan.Bracket) && (strings.Contains(v.S, "[[") || strings.Contains(v.S, "[%"))
}

// templateMarks open an expression, with what closes it.
var templateMarks = []struct{ open, end string }{
	{"{{", "}}"},
	{"${", "}"},
	{"#{", "}"},
	{"*{", "}"},
	{"@{", "}"},
	{"%{", "}"},
	{"~{", "}"},
	{"<%", "%>"},
	{"{%", "%}"},
	{"{#", "}"},
	{"@(", ")"},
	{"[[", "]]"},
	{"[%", "%]"},
	{"{@", "}"},
	{"{", "}"},
}

// maxExpressions bounds how many expressions of one value are judged.
const maxExpressions = 40

// detectTemplate looks into the expressions of template languages and judges
// what they would compute.
func detectTemplate(v *View, out *Findings) {
	s := v.S
	judged := 0
	for i := 0; i < len(s) && judged < maxExpressions; i++ {
		switch s[i] {
		case '{', '$', '#', '*', '@', '%', '~', '<', '[':
		default:
			continue
		}
		for _, m := range templateMarks {
			if !strings.HasPrefix(s[i:], m.open) {
				continue
			}
			body := s[i+len(m.open):]
			if end := strings.Index(body[:min(len(body), 600)], m.end); end >= 0 {
				body = body[:end]
			} else if m.open != "{{" && m.open != "${" && m.open != "#{" && m.open != "<%" {
				break
			} else {
				body = body[:min(len(body), 600)]
			}
			judged++
			if templateJudge(v, m.open, body, i, out) {
				i += len(m.open)
			}
			break
		}
	}
	jndi(v, out)
}

func templateJudge(v *View, open, body string, at int, out *Findings) bool {
	end := clip(v.S, at, at+len(open)+len(body)+2)
	switch {
	case open == "{":
		if smarty(body) {
			out.add(TemplateObject, codeLevel(v, High), at, end)
			return true
		}
		if sum(strings.TrimSpace(body)) && len(v.S) < 60 {
			out.add(TemplateExpression, Medium, at, end)
		}
		return false
	case sum(body):
		level := High
		if open == "[[" || open == "@(" || open == "{#" {
			level = Medium
		}
		out.add(TemplateExpression, v.below(level), at, end)
		return true
	case open == "@{" && strings.HasPrefix(strings.TrimSpace(body), "["): // Perl's @{[ ... ]}
		out.add(TemplateExpression, v.below(Medium), at, end)
		return true
	case telling(body):
		level := High
		if open == "@(" || open == "[[" {
			level = Medium
		}
		out.add(TemplateObject, codeLevel(v, level), at, end)
		return true
	case called(open, body) && (strings.IndexByte(body, '(') >= 0 || open == "{{"):
		out.add(TemplateExpression, v.below(Medium), at, end)
		return true
	}
	return false
}

// sum tells a probe that only computes: 7*7, 1337*1338, 'a'*3, "foo".concat.
func sum(body string) bool {
	b := strings.Trim(body, " \t\r\n=-_+(){}")
	if len(b) < 3 || len(b) > 60 {
		return false
	}
	digits, ops := 0, 0
	for i := range len(b) {
		switch c := b[i]; {
		case isDigit(c):
			digits++
		case c == '*' || c == '+' || c == '-' || c == '/' || c == '%' || c == '^' && i > 0:
			ops++
		case c == ' ' || c == '\'' || c == '"' || c == '(' || c == ')' || c == '.':
		default:
			return false
		}
	}
	return digits >= 2 && ops >= 1 && isDigit(b[len(b)-1]) || digits >= 1 && ops >= 1 && strings.IndexByte(b, '\'') >= 0
}

// telling tells names that lead from a template to its host.
var templateNames = []string{
	"__class__", "__mro__", "__subclasses__", "__globals__", "__builtins__", "__import__", "__init__", "__self__", "_self.env", "self._", "config.", "config}", "request.application", "request|attr", "lipsum", "cycler", "joiner", "url_for", "get_flashed_messages",
	"constructor", "process.", "global.", "require(", "mainmodule", "child_process", "return ", "this.", "java.lang", "javax.", "java.util", "runtime", "getclass", "forname", "t(java", "processbuilder", "scriptengine", "new java", "new(", "?new", "freemarker", "#context", "#_memberaccess", "#request", "@java", "#dm", "#cmd", "class.", "getruntime",
	"system(", "exec(", "eval(", "passthru", "popen", "file.open", "io.popen", "file.read", "kernel", "`", "system.", "response.", "request.", "phpinfo", "file_put", "fopen", "readfile", "cat /etc", "/etc/passwd", "os.", "registerundefined", "filter('system", "map('system", "sort('system", "|map(", "['id", "_context", "settings.secret", "dump(app", "app.request", "debug", "self}", "%debug", "ls -", "system", "print(", "md5(", "|attr", "attr(", "range.constructor", "inspect", "applicationscope", "sessionscope", "pagecontext", "param.", "header.", "facescontext", "toString().replace", "$on.", "$eval", "$new.", "x=", "toString", "valueof", "alert(", "prompt(", "confirm(", "document.", "_c.", "console.log", ".write(", "import ", "include ", "block ", "php}", "whoami",
}

func telling(body string) bool {
	b := body[:min(len(body), 300)]
	call := strings.ContainsAny(b, "(.[_|`=")
	if strings.TrimSpace(b) == "config" || strings.TrimSpace(b) == "self" || strings.TrimSpace(b) == "settings" || strings.TrimSpace(b) == "debug" {
		return false
	}
	if !call {
		return false
	}
	for _, n := range templateNames {
		if len(n) >= 5 || strings.ContainsAny(n, "(._") {
			if templateContains(b, n) {
				return true
			}
		}
	}
	return false
}

// templateContains finds a name as a word of its own.
func templateContains(b, n string) bool {
	var buf [40]byte
	name := string(foldTo(&buf, n))
	switch name {
	case "system", "config.", "request.", "response.", "param.", "header.", "this.", "kernel", "debug", "inspect", "class.", "os.", "global.", "system.", "runtime", "process.", "return ", "import ", "include ", "block ", "new(", "tostring", "valueof", "print(", ".write(", "console.log":
		// Ordinary words of templates: only with a call on top.
		if !strings.Contains(b, "(") {
			return false
		}
		if name == "return " || name == "import " || name == "include " || name == "block " || name == "param." || name == "header." || name == "debug" || name == "inspect" {
			return false
		}
	}
	i := indexFold(b, name, 0)
	return i == 0 || i > 0 && (!isWord(b[i-1]) || name[0] == '_' || name[0] == '.')
}

func foldTo(buf *[40]byte, s string) []byte {
	n := copy(buf[:], s)
	for i := range n {
		buf[i] = lower(buf[i])
	}
	return buf[:n]
}

// called tells an expression that calls something on a literal or with signs
// that ordinary placeholders do not have.
func called(open, body string) bool {
	b := strings.TrimSpace(body)
	switch open {
	case "<%":
		return strings.HasPrefix(b, "=") || strings.HasPrefix(b, "@") || strings.Contains(b, ";")
	case "{%", "[%", "{#", "@(", "[[", "*{", "~{", "%{", "@{", "{@":
		return false
	case "{{":
		if strings.HasPrefix(b, ".") && strings.Contains(b, ` "`) || strings.Contains(b, "call .") || strings.Contains(b, "printf ") {
			return true // Go's templates call without brackets
		}
		return strings.ContainsAny(b, "'\"`") && strings.Contains(b, ").") || strings.Contains(b, ")(") || strings.ContainsAny(b, "(") && (strings.HasPrefix(b, "'") || strings.HasPrefix(b, `"`))
	}
	return strings.Contains(b, ")(") || strings.Contains(b, "'.") || strings.Contains(b, `".`) || strings.HasPrefix(b, "@")
}

// smarty tells {php}..., {system('id')} and the like.
func smarty(body string) bool {
	return hasAnyFold(body, "system(", "exec(", "passthru(", "self::", "$smarty.", "smarty_internal", "literal}", "include_php", "shell_exec(", "phpinfo(", "if system", "if phpinfo", "if passthru", "fetch file=") && (strings.IndexByte(body, '(') >= 0 || hasAnyFold(body, "$smarty.version", "$smarty.template")) || equalFold(body, "php") || equalFold(body, "/php")
}

// templatePhrases are statements of template languages that ordinary templates
// of users do not have.
var templatePhrases = []string{"<#assign", "#set(", "#set ("}

func templatePhraseAt(v *View, k, at int, out *Findings) {
	rest := v.S[at:min(len(v.S), at+200)]
	if k > 0 && !strings.ContainsAny(rest, "$=") {
		return
	}
	level := Medium
	if containsFold(rest, "new()") || containsFold(rest, "class") || containsFold(rest, "java") || containsFold(rest, "exec") {
		level = High
	}
	out.add(TemplateObject, v.below(level), at, clip(v.S, at, at+80))
}

// jndiPattern is what every lookup spells, however its letters are produced.
const jndiPattern = "jndi:"

// jndi resolves ${...} lookups as log4j would, ${lower:j} to j and ${::-n} to n,
// and looks for ${jndi:.
func jndi(v *View, out *Findings) {
	s := v.S
	for from := 0; ; {
		i := strings.Index(s[from:], "${")
		if i < 0 {
			return
		}
		i += from
		from = i + 2
		var buf [16]byte
		if n := resolve(s[i+2:min(len(s), i+402)], buf[:0]); strings.HasPrefix(string(n), jndiPattern) {
			out.add(JNDILookup, High, i, clip(s, i, i+100))
			return
		}
	}
}

// resolve appends the first letters of what the inside of a lookup comes to.
func resolve(s string, dst []byte) []byte {
	for i := 0; i < len(s) && len(dst) < len(jndiPattern); {
		switch c := s[i]; {
		case c == '}':
			i++
		case c == '$' && i+1 < len(s) && s[i+1] == '{':
			// A nested lookup: what counts is its default or its argument.
			end := strings.IndexByte(s[i:], '}')
			if end < 0 {
				return dst
			}
			inner := s[i+2 : i+end]
			if inner2 := strings.LastIndex(inner, "${"); inner2 >= 0 {
				inner = inner[inner2+2:]
			}
			if k := strings.LastIndex(inner, ":-"); k >= 0 {
				inner = inner[k+2:]
			} else if k := strings.LastIndexByte(inner, ':'); k >= 0 {
				inner = inner[k+1:]
			}
			for j := 0; j < len(inner) && len(dst) < len(jndiPattern); j++ {
				if inner[j] != '\'' {
					dst = append(dst, lower(inner[j]))
				}
			}
			i += end + 1
		case isSpace(c):
			i++
		default:
			dst = append(dst, lower(c))
			i++
		}
	}
	return dst
}
