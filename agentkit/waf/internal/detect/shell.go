package detect

import (
	"strings"

	"github.com/sqreen/sqreen/agentkit/waf/internal/scan"
)

var shellWords = append(shellCommandWords(), []string{
	"() {", "/etc/", "/bin/", "/dev/tcp", "wget", "curl", "ping", "cmd.exe", "powershell", "whoami", "nslookup", "${ifs", "$ifs", "cat /", "/???", "chmod", "netcat", "bash -", "cmd /", "uname", "getent", "sleep ", "ifconfig", "ipconfig",
	"netstat", "telnet", "certutil", "python", "perl", "/usr/", "system32", "mkfifo", "invoke-", "-exec", "--exec", "dig ", "echo ", "find ", "less /", "tail ", "head ", "ls -", "ls /", "type c:", "dir c:", "net user", "rm -", "set /a", "start-", "tasklist", "systeminfo", "passthru", "printenv", "nohup", "cp /", "mv /", "dd if", "nc -", "id -", "ps -", "sh -", "cat ", "cat<", "awk ", "sed -", "curl", "ssh ", "scp ",
}...)

func shellGate(v *View, word bool) bool {
	return word || v.has(scan.Semicolon|scan.Pipe|scan.Amp|scan.Backtick|scan.Newline) || v.has(scan.Dollar) && v.has(scan.Paren|scan.Brace) ||
		v.has(scan.Less|scan.Greater) && v.has(scan.Paren)
}

// detectShell looks at what stands behind each separator, in each substitution,
// and at the beginning, and asks whether it is a command.
func detectShell(v *View, out *Findings) {
	h := shellReader{v: v, s: v.S, out: out}
	h.shellshock()
	if v.Words&shellBit != 0 {
		h.start()
	}
	last := -1
	for i := 0; i < len(h.s); i++ {
		switch c := h.s[i]; c {
		case ';', '|', '&', '\n', '\r':
			i = h.separator(i) - 1
		case '`':
			if last < 0 {
				last = i
				h.substitution(i, i+1, '`')
			} else {
				last = -1
			}
		case '$':
			h.dollar(i)
		case '<', '>':
			if i+1 < len(h.s) && h.s[i+1] == '(' {
				h.substitution(i, i+2, ')')
			}
		}
	}
}

// shellBit is this detector's place in Words.
const shellBit = 1 << 3

type shellReader struct {
	v     *View
	s     string
	out   *Findings
	calls int
}

// maxShellCommands bounds how many places are judged closely.
const maxShellCommands = 200

// shellCommand is the command at the beginning of a text.
type shellCommand struct {
	need    shellNeed
	args    bool // something that looks like an argument
	strong  bool // an argument that has no other meaning, or a disguise
	alone   bool // nothing behind it
	tricks  bool // written so as not to be recognised
	english bool // what follows is a word
	single  bool // a single word and nothing more
	echo    bool // it prints its arguments, a probe
	end     int
}

// read recognises the command that begins at i. Quotes, backslashes and carets
// inside a word, and the tricks by which spaces are avoided, are undone.
func (h *shellReader) read(i int) shellCommand {
	var c shellCommand
	h.calls++
	if h.calls > maxShellCommands {
		return c
	}
	s := h.s
	i = h.assignments(skipShellSpace(s, i))
	for i < len(s) && (s[i] == '(' || s[i] == '{' || s[i] == '!' || s[i] == '@') {
		i = skipShellSpace(s, i+1)
	}
	var buf [longestName]byte
	n, slash := 0, -1
	start := i
	glob := false
	for i < len(s) && n < len(buf) {
		ch := s[i]
		switch {
		case ch == '\'' || ch == '"' || ch == '\\' && i+1 < len(s) && isWord(s[i+1]) || ch == '^':
			c.tricks = c.tricks || n > 0 && i+1 < len(s) && (isWord(s[i+1]) || s[i+1] == ch) || ch == '\\' || ch == '^'
			i++
			continue
		case ch == '$' && i+1 < len(s) && n > 0 && (strings.IndexByte("@*!?-_#$", s[i+1]) >= 0 || isDigit(s[i+1])):
			c.tricks = true
			i += 2
			continue
		case ch == '?' || ch == '*' || ch == '[' || ch == ']':
			glob = slash >= 0 || n > 0
		case ch == '/':
			slash = n
		case !isWord(ch) && ch != '.' && ch != '-' && ch != '~' && ch != ':':
			goto done
		}
		buf[n] = lower(ch)
		n++
		i++
	}
done:
	if n == 0 {
		return c
	}
	name := buf[:n]
	if slash >= 0 {
		if glob && n > 4 && buf[0] == '/' && slash < n-1 && strings.Contains(string(name), "?") && start < i {
			return shellCommand{need: needNothing, strong: true, end: i}
		}
		dir := string(name[:slash+1])
		if !hasAnyFold(dir, "/bin/", "/usr/", "/sbin/", "./", "../", "/tmp/", "/etc/", "c:/", "/home/", "/opt/", "/var/") {
			return c
		}
		name = name[slash+1:]
		c.strong = len(name) > 0 && shellCommands[strings.TrimSuffix(string(name), ".exe")] != 0
	}
	c.need = shellCommands[string(name)]
	c.echo = string(name) == "echo" || string(name) == "which"
	if c.need == 0 {
		if t := trimExe(name); len(t) < len(name) {
			c.need = shellCommands[string(t)]
		}
	}
	if c.need == 0 && c.strong {
		c.need = needNothing
	}
	if c.need == 0 {
		return c
	}
	if wrappers.has(string(name)) {
		if inner := h.read(skipShellSpace(s, i)); inner.need == needNothing || inner.need != 0 && inner.strong {
			inner.strong = true
			return inner
		}
	}
	h.argument(i, &c)
	return c
}

// wrappers are commands that run the command behind them.
var wrappers = words("time nohup sudo exec env nice strace ltrace setsid busybox xargs timeout watch command builtin doas")

func trimExe(name []byte) []byte {
	if n := len(name); n > 4 && string(name[n-4:]) == ".exe" {
		return name[:n-4]
	}
	if n := len(name); n > 1 && isDigit(name[n-1]) { // python3.11, perl5
		for n > 1 && (isDigit(name[n-1]) || name[n-1] == '.') {
			n--
		}
		return name[:n]
	}
	return name
}

// assignments skips "X=1 Y=2 " before a command.
func (h *shellReader) assignments(i int) int {
	for range 4 {
		end := wordEnd(h.s, i)
		if end == i || end >= len(h.s) || h.s[end] != '=' || end-i > 20 {
			return i
		}
		j := end + 1
		for j < len(h.s) && !isSpace(h.s[j]) && h.s[j] != ';' && h.s[j] != '|' && h.s[j] != '&' {
			j++
		}
		if j >= len(h.s) || !isSpace(h.s[j]) {
			return i
		}
		i = skipSpace(h.s, j)
	}
	return i
}

// skipShellSpace skips white space and what shells expand to it.
func skipShellSpace(s string, i int) int {
	for i < len(s) {
		switch {
		case isSpace(s[i]):
			i++
		case s[i] == '$' && ifs(s[i:]) > 0:
			i += ifs(s[i:])
		case s[i] == '+':
			i++
		default:
			return i
		}
	}
	return i
}

// ifs returns the length of $IFS, ${IFS} or $IFS$9 at the beginning of s.
func ifs(s string) int {
	var n int
	switch {
	case scan.HasFold(s, "${ifs"):
		end := strings.IndexByte(s[:min(len(s), 24)], '}')
		if end < 0 {
			return 0
		}
		n = end + 1
	case scan.HasFold(s, "$ifs"):
		n = 4
	default:
		return 0
	}
	if n+1 < len(s) && s[n] == '$' && (isDigit(s[n+1]) || s[n+1] == '@' || s[n+1] == '*') {
		n += 2
	}
	return n
}

// argument looks at what follows the command that ends at i.
func (h *shellReader) argument(i int, c *shellCommand) {
	s := h.s
	j := skipShellSpace(s, i)
	if j > i && (s[i] == '$' || s[i] == '{') {
		c.tricks = true
	}
	c.end = clip(s, i, j+40)
	if j >= len(s) || strings.IndexByte(";|&\n\r`)}#>\"'", s[j]) >= 0 {
		c.alone = true
		if j < len(s) && s[j] == '>' {
			c.args = true
		}
		return
	}
	if j == i {
		// cat</etc/passwd, {cat,/etc/passwd}, echo$(...)
		switch s[j] {
		case '<', '$', ',':
			c.args = j+1 < len(s) && (s[j+1] == '/' || s[j+1] == '{' || s[j+1] == '(' || s[j+1] == '-' || isWord(s[j+1]) && s[j] != ',')
			c.strong = c.strong || c.args && s[j] != ','
		case '/', '.':
			c.args = s[j] == '/' && j+1 < len(s) && isLetter(s[j+1]) && c.need == needEnd // dir/s
		default:
			c.need = 0
		}
		return
	}
	h.judgeArgument(j, c)
}

func (h *shellReader) judgeArgument(j int, c *shellCommand) {
	s := h.s
	end := j
	for end < len(s) && !isSpace(s[end]) && strings.IndexByte(";|&`)", s[end]) < 0 {
		end++
	}
	arg := s[j:end]
	c.end = end
	if h.files(arg) || arg[0] == '-' && h.files(h.nextArgument(end)) {
		c.args, c.strong = true, true
		return
	}
	switch {
	case arg[0] == '(' || arg[0] == '[':
		c.english = true
	case len(arg) > 1 && (arg[0] == '-' || arg[0] == '/' && isLetter(arg[1])):
		c.args = true
		c.strong = c.strong || c.need != needArg
	case arg[0] == '$' || arg[0] == '`' || arg[0] == '"' || arg[0] == '\'' || arg[0] == '<' || arg[0] == '>' || arg[0] == '*' || arg[0] == '~' || arg[0] == '%':
		c.args = true
	case hasAnyFold(arg, "http://", "https://", "ftp://", "\\\\", "//", "../", "./"):
		c.args, c.strong = true, c.need != needArg
	case isDigit(arg[0]):
		c.args = allDigitsOrDots(arg)
	case strings.ContainsAny(arg, "./=*\\'$") && len(strings.TrimRight(arg, ".,!?")) == len(arg):
		c.args = true
	default:
		c.english = true
		rest := skipSpace(s, end)
		c.single = rest >= len(s) || strings.IndexByte(";|&`)", s[rest]) >= 0
	}
}

// files tells whether an argument names what only someone who looks around asks
// for.
func (h *shellReader) files(arg string) bool {
	for _, f := range shellFiles {
		if containsFold(arg, f) {
			return true
		}
	}
	return strings.HasPrefix(arg, "/???/") || strings.HasPrefix(arg, "/e")
}

// nextArgument returns the argument behind i, at most 80 bytes of it.
func (h *shellReader) nextArgument(i int) string {
	i = skipShellSpace(h.s, i)
	end := i
	for end < len(h.s) && end-i < 80 && !isSpace(h.s[end]) && strings.IndexByte(";|&`)", h.s[end]) < 0 {
		end++
	}
	return h.s[i:end]
}

func allDigitsOrDots(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) && s[i] != '.' && s[i] != ':' {
			return false
		}
	}
	return true
}

// verdict is how sure it is that the command is one, behind a separator.
func (c *shellCommand) verdict() Level {
	switch {
	case c.need == 0:
		return None
	case c.strong, c.tricks && (c.alone || c.args):
		return High
	case c.need == needNothing:
		if c.english {
			return Medium
		}
		return High
	case c.args && c.need == needEnd:
		return High
	case c.args:
		return Medium
	case c.alone && c.need == needEnd:
		return Medium
	}
	return None
}

// separator judges what follows ; | & && || or a line break, and returns where
// it ends.
func (h *shellReader) separator(i int) int {
	s := h.s
	j := i + 1
	double := false
	for j < len(s) && (s[j] == s[i] || s[j] == '&' || s[j] == '|') {
		double = true
		j++
	}
	h.behind(i, j, double)
	return j
}

// behind judges the command behind a separator that stands at [i, j).
func (h *shellReader) behind(i, j int, double bool) {
	s := h.s
	c := h.read(j)
	l := c.verdict()
	if l == None && c.single && (i == 0 || j < len(s) && !isSpace(s[j])) && (c.need == needEnd || c.echo) {
		l = Medium // ;ps aux, ;echo test
	}
	if i == 0 && s[0] != '&' && c.alone && c.need == needArg && len(s) <= 16 && j < len(s) && isWord(s[j]) {
		l = Medium // ;set
	}
	if i == 0 && c.alone && c.need == needArg && j < len(s) && isWord(s[j]) && strings.IndexByte(";|&", s[len(s)-1]) >= 0 {
		l = Medium // &set&
	}
	if l == None {
		return
	}
	lines := s[i] == '\n' || s[i] == '\r'
	switch {
	case lines:
		// A text of several lines is what people write; an injected line break
		// follows a short value.
		if h.v.Where == Text || h.v.lines() > 2 || i > 40 || strings.IndexByte(strings.TrimSpace(s[:i]), ' ') >= 0 {
			return
		}
	case s[i] == '&' && !double && c.alone:
		// "Tom & ls", "a=1&id": a lone ampersand joins words and parameters.
		if i > 0 && isWord(s[i-1]) && j < len(s) && !isSpace(s[j]) && (c.need != needNothing) {
			return
		}
		if j < len(s) && isSpace(s[j]) && c.need != needNothing && i > 0 && isSpace(s[i-1]) && h.v.has(scan.Letter) && i > 1 && isLetter(s[max(0, i-2)]) {
			return
		}
	}
	if h.v.lines() > 3 {
		l = min(l, Low)
	}
	h.out.add(ShellCommand, h.v.below(l), i, c.end)
}

// substitution judges `...`, $(...) and <(...).
func (h *shellReader) substitution(start, i int, closing byte) {
	if closing == '`' && strings.HasPrefix(h.s[start:], "```") {
		return
	}
	c := h.read(i)
	l := c.verdict()
	if l == None {
		return
	}
	if closing == '`' {
		// Markdown writes code between backticks too.
		end := strings.IndexByte(h.s[i:], '`')
		if end < 0 {
			return
		}
		if start > 1 && h.s[start-1] == ' ' && isLetter(h.s[start-2]) && !c.tricks && !strings.ContainsAny(h.s[:start], ";|&") {
			l = min(l, Low)
		}
		if h.v.Prose() || strings.Count(h.s[:min(len(h.s), 4000)], "`") > 2 {
			l = min(l, Low)
		}
	} else if h.v.Prose() || h.v.lines() > 3 {
		l = min(l, Low)
	}
	h.out.add(ShellSubstitution, l, start, c.end)
}

func (h *shellReader) dollar(i int) {
	s := h.s
	switch {
	case i+1 < len(s) && s[i+1] == '(':
		if i+2 < len(s) && s[i+2] == '(' {
			if end := strings.Index(s[i:min(len(s), i+80)], "))"); end > 4 && h.v.lines() == 0 {
				h.out.add(ShellSubstitution, h.v.below(Medium), i, i+end+2)
			}
			return
		}
		h.substitution(i, i+2, ')')
	case i > 0 && ifs(s[i:]) > 0 && (isWord(s[i-1]) || s[i-1] == '\'' || s[i-1] == '"' || s[i-1] == ';' || s[i-1] == '|'):
		h.out.add(ShellSubstitution, h.v.below(High), i, clip(s, i, i+ifs(s[i:])))
	}
}

// start judges a value that is a command as a whole. It must say more than a
// sentence that begins with the name of one.
func (h *shellReader) start() {
	c := h.read(0)
	s := h.s
	lone := strings.IndexByte(s, '\n') < 0
	switch {
	case c.need == 0 || !lone:
		return
	case c.strong && !c.english && (len(s) < 400):
		if c.need == needArg && !h.loot(s) {
			return
		}
		l := Medium
		if h.loot(s) {
			l = High
		}
		h.out.add(ShellCommand, h.v.below(l), 0, c.end)
	case c.tricks && c.args:
		h.out.add(ShellCommand, Medium, 0, c.end)
	case c.need == needNothing && (c.alone || c.args) && len(s) < 200 && (len(s) > 6 && c.args || h.v.has(scan.Semicolon|scan.Pipe|scan.Amp)):
		h.out.add(ShellCommand, h.v.below(Medium), 0, c.end)
	case c.need == needEnd && c.args && h.v.has(scan.Pipe|scan.Semicolon) && len(s) < 300:
		h.out.add(ShellCommand, h.v.below(Medium), 0, c.end)
	}
}

// loot tells whether the text names something only an attacker wants there.
func (h *shellReader) loot(s string) bool {
	for _, f := range [...]string{"/etc/", "/bin/sh", "/bin/bash", "/dev/tcp", "http://", "https://", "/proc/", "c:\\", "win.ini", "boot.ini", "/root/", "ftp://"} {
		if containsFold(s, f) {
			return true
		}
	}
	return false
}

// shellshock looks for a function definition with something behind it.
func (h *shellReader) shellshock() {
	s := h.s
	if !h.v.has(scan.Brace) || !h.v.has(scan.Paren) {
		return
	}
	for from := 0; ; {
		i := strings.Index(s[from:], "()")
		if i < 0 {
			return
		}
		i += from
		from = i + 2
		j := skipSpace(s, from)
		if j >= len(s) || s[j] != '{' || i > 0 && isWord(s[i-1]) {
			continue
		}
		end := strings.IndexByte(s[j:min(len(s), j+200)], '}')
		if end < 0 || !strings.ContainsAny(s[j:j+end], ":_") || !strings.ContainsAny(s[j+end:min(len(s), j+end+8)], ";>") {
			continue
		}
		h.out.add(ShellArgument, High, i, clip(s, i, j+end+40))
		return
	}
}

// hasSuffixWord tells whether s ends in the word.
func hasSuffixWord(s, word string) bool {
	at := len(s) - len(word)
	return at >= 0 && equalFold(s[at:], word) && !wordBefore(s, at)
}

// shellPhrases are options that make other programs run something, and
// interpreters named with their path.
var shellPhrases = []string{"for /", "for %", "exist ", "errorlevel ", "cmdextversion ", "/etc/[", "/bin/[", "/bin/sh", "/bin/bash", "/dev/tcp/", "cmd.exe", "cmd /c", "powershell -", "powershell.exe", "--exec=", "-exec ", "/bin/cat", "/???/", "system32\\", "invoke-expression", "invoke-webrequest", "downloadstring", "bash -i", "nc -e", "nc -l", "set /a ", "/bin/id", "/bin/ls", "net user "}

func shellPhraseAt(v *View, k, at int, out *Findings) {
	s, w := v.S, shellPhrases[k]
	l := Medium
	if strings.HasPrefix(s, "#!") || v.lines() > 3 {
		l = Low
	}
	rest := s[at:min(len(s), at+200)]
	switch w {
	case "exist ", "errorlevel ", "cmdextversion ":
		// Conditions of the command interpreter of Windows, "if not exist x.txt ( ... )".
		lead := strings.TrimRight(s[max(0, at-40):at], " ")
		if !hasSuffixWord(lead, "if") && !hasSuffixWord(lead, "not") && !hasSuffixWord(lead, "/i") || strings.IndexByte(strings.TrimSpace(rest[len(w):]), ' ') < 0 {
			return
		}
	case "for /", "for %":
		// Loops of the command interpreter of Windows.
		if wordBefore(s, at) || !containsFold(rest, " in (") || !containsFold(rest, ") do ") {
			return
		}
	case "/etc/[", "/bin/[":
		if strings.IndexByte(rest, ']') < 0 {
			return
		}
	case "-exec ":
		if !strings.ContainsAny(rest, ";{}") {
			return
		}
	case "--exec=":
		if !strings.ContainsAny(rest, "`$;|") {
			return
		}
	case "net user ", "nc -l", "nc -e":
		if wordBefore(s, at) {
			return
		}
	}
	out.add(ShellArgument, v.below(l), at, clip(s, at, at+len(w)+30))
}
