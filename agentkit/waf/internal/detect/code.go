package detect

import (
	"strings"

	"github.com/sqreen/sqreen/agentkit/waf/internal/scan"
)

// phpTags looks for short tags, which are no literals for the shared pass.
func phpTags(v *View, out *Findings) {
	if !v.has(scan.Less) || !v.has(scan.Question) {
		return
	}
	s := v.S
	for from := 0; ; {
		i := strings.Index(s[from:], "<?")
		if i < 0 {
			return
		}
		i += from
		from = i + 2
		j := skipSpace(s, from)
		switch rest := s[j:]; {
		case strings.HasPrefix(s[from:], "="), hasAnyFold(rest, "php "), hasAnyFold(rest, "php\n"):
			out.add(CodePHP, codeLevel(v, High), i, clip(s, i, i+40))
		case j > from && hasAnyFold(rest, "echo", "system", "eval", "exec", "print", "$", "include", "passthru"), hasAnyFold(rest, "xml :echo", "xml:echo"):
			out.add(CodePHP, codeLevel(v, Medium), i, clip(s, i, i+40))
		}
	}
}

func codeGate(v *View, _ bool) bool { return v.has(scan.Less) && v.has(scan.Question) }

// codeSign is a piece of code that gives an injection away.
type codeSign struct {
	text  string
	class Class
	level Level
	also  string // must occur in what follows; empty asks for nothing
}

func (c codeSign) phraseText() string { return c.text }

var codeSigns = []codeSign{
	{"<?php", CodePHP, High, ""},

	{"[php]", CodePHP, Medium, ""},
	{"process[", CodeJS, Medium, "main"},
	{"module.exports", CodeJS, Medium, "="},
	{"processbuilder", CodeJava, Medium, "."},
	{".processbuilder", CodeJava, Medium, ""},
	{"java.io.", CodeJava, Medium, ""},
	{"java.nio.", CodeJava, Medium, ""},
	{"java.util.", CodeJava, Low, ""},
	{"clonetransformer", CodeJava, Medium, ""},
	{"forclosure", CodeJava, Low, ""},
	{"invokertransformer", CodeJava, Medium, ""},
	{"instantiatefactory", CodeJava, Medium, ""},
	{"instantiatetransformer", CodeJava, Medium, ""},
	{"prototypeserializationfactory", CodeJava, Medium, ""},
	{"whileclosure", CodeJava, Low, ""},
	{"org.apache.commons.collections", CodeJava, Medium, ""},
	{"phpinfo", CodePHP, High, "("},
	{"$_get", CodePHP, High, "["},
	{"$_post", CodePHP, High, "["},
	{"$_request", CodePHP, High, "["},
	{"$_server", CodePHP, High, "["},
	{"$_cookie", CodePHP, High, "["},
	{"$_files", CodePHP, High, "["},
	{"$globals", CodePHP, High, "["},
	{"passthru", CodePHP, High, "("},
	{"shell_exec", CodePHP, High, "("},
	{"base64_decode", CodePHP, Medium, "("},
	{"file_get_contents", CodePHP, Medium, "("},
	{"file_put_contents", CodePHP, Medium, "("},
	{"create_function", CodePHP, High, "("},
	{"call_user_func", CodePHP, High, "("},
	{"proc_open", CodePHP, High, "("},
	{"move_uploaded_file", CodePHP, Medium, "("},
	{"gzinflate", CodePHP, High, "("},
	{"str_rot13", CodePHP, Medium, "("},
	{"include_once", CodePHP, Medium, "'"},
	{"require_once", CodePHP, Medium, "'"},
	{"preg_replace", CodePHP, Medium, "/e"},
	{"allow_url_include", CodePHP, High, "="},
	{"auto_prepend_file", CodePHP, High, "="},
	{"invokefunction", CodePHP, High, ""},
	{"print_r(", CodePHP, Low, "$"},
	{"assert(", CodePHP, Low, "'"},
	{"system(", CodePHP, Medium, ""},
	{"system (", CodePHP, Low, "'"},
	{"exec(", CodeOther, Medium, ""},
	{"popen(", CodeOther, Medium, ""},
	{"exit(", CodePHP, Medium, ""},
	{"die(", CodePHP, Medium, ""},
	{"md5(", CodePHP, Medium, ""},
	{"eval(", CodeOther, Medium, ""},
	{"eval (", CodeOther, Low, "'"},
	{"runtime.getruntime", CodeJava, High, ""},
	{"getruntime(", CodeJava, High, ""},
	{"java.lang.", CodeJava, Medium, ""},
	{"java.util.scanner", CodeJava, High, ""},
	{"java.net.url", CodeJava, Low, "("},
	{"processbuilder", CodeJava, High, "("},
	{"javax.script", CodeJava, High, ""},
	{"scriptenginemanager", CodeJava, High, ""},
	{"getclass()", CodeJava, Medium, ""},
	{"forname(", CodeJava, Medium, "'"},
	{"class.classloader", CodeJava, High, ""},
	{"class.module", CodeJava, High, ""},
	{"#_memberaccess", CodeJava, High, ""},
	{"@java.", CodeJava, High, ""},
	{"ognl.", CodeJava, High, ""},
	{"freemarker.template.utility", CodeJava, High, ""},
	{"child_process", CodeJS, High, ""},
	{"process.mainmodule", CodeJS, High, ""},
	{"process.binding", CodeJS, High, "("},
	{"process.env", CodeJS, Low, ""},
	{"process.exit", CodeJS, Medium, "("},
	{"process.kill", CodeJS, Medium, "("},
	{"global.process", CodeJS, High, ""},
	{"fs.readfile", CodeJS, Medium, "("},
	{"require('fs", CodeJS, Medium, ""},
	{"require(\"fs", CodeJS, Medium, ""},
	{"res.end(", CodeJS, Medium, ""},
	{"constructor.constructor", CodeJS, High, ""},
	{"new function(", CodeJS, Medium, "'"},
	{"__import__", CodePython, High, "("},
	{"os.system(", CodePython, High, ""},
	{"os.popen(", CodePython, High, ""},
	{"subprocess.", CodePython, Medium, "("},
	{"__builtins__", CodePython, High, ""},
	{"__globals__", CodePython, High, ""},
	{"__subclasses__", CodePython, High, ""},
	{"__class__", CodePython, Medium, "."},
	{"importlib", CodePython, Medium, "("},
	{"wscript.shell", CodeOther, High, ""},
	{"createobject(", CodeOther, Medium, "\""},
	{"server.scripttimeout", CodeOther, High, ""},
	{"response.write(", CodeOther, Medium, ""},
	{"kernel.", CodeOther, Medium, "`"},
	{"io.popen", CodeOther, High, "("},
	{"file.open(", CodeOther, Medium, "/etc"},
	{"unescape(", CodeOther, Low, "%u"},
}

// codePhraseAt judges calls by which code takes over its runtime.
func codePhraseAt(v *View, k, at int, out *Findings) {
	s, c := v.S, &codeSigns[k]
	after := at + len(c.text)
	rest := s[after:min(len(s), after+160)]
	if c.also != "" && !codeAlso(c, rest) || isLetter(c.text[0]) && wordBefore(s, at) {
		return
	}
	level := c.level
	if c.text == "md5(" {
		if lead := s[:at]; !strings.HasSuffix(lead, "print(") && !strings.HasSuffix(lead, "echo ") && !strings.HasSuffix(lead, "exit(") && !strings.HasSuffix(lead, "die(") && !strings.HasSuffix(lead, "@print(") {
			return
		}
	} else if level == Medium && strings.HasSuffix(c.text, "(") && len(c.text) <= 8 {
		level = callLevel(v, at, rest)
	}
	if v.lines() >= 3 && c.text != "<?php" || c.class == CodeJava && level == Medium && v.has(scan.Space) && !v.has(scan.Paren|scan.Semicolon) {
		level = Low // text about the class
	}
	out.add(c.class, v.below(level), at, clip(s, at, after+40))
}

func codeAlso(c *codeSign, rest string) bool {
	switch c.also {
	case "(", "[", "=":
		t := strings.TrimLeft(rest, " \t\r\n\"'_ary/*")
		return t != "" && t[0] == c.also[0] || c.also == "[" && t != "" && t[0] == '{' || strings.HasPrefix(rest, c.also)
	case "'":
		return strings.ContainsAny(rest[:min(len(rest), 40)], "'\"$")
	}
	return strings.Contains(rest, c.also)
}

// callLevel judges the arguments of a call that ordinary programs make too.
func callLevel(v *View, at int, rest string) Level {
	arg := strings.TrimLeft(rest, " \t\r\n")
	if arg == "" {
		return Low
	}
	start := at == 0 || at < 3 || v.S[at-1] == ';' || v.S[at-1] == '\'' || v.S[at-1] == '"' || v.S[at-1] == '|' || v.S[at-1] == '@' || v.S[at-1] == '{' || v.S[at-1] == '('
	switch arg[0] {
	case '\'', '"', '`', '$', '\\':
		if start {
			return High
		}
		return Medium
	case ')':
		return Low
	}
	if start && strings.IndexByte(arg, '(') > 0 || v.has(scan.Semicolon) && start {
		return Medium
	}
	return Low
}
