package detect

import (
	"strings"

	"github.com/sqreen/sqreen/agentkit/waf/internal/scan"
)

func linesGate(v *View, _ bool) bool { return v.has(scan.Newline) }

// crlfHeaders are headers that an attacker adds to an answer.
var crlfHeaders = words("set-cookie location content-length content-type transfer-encoding access-control-allow-origin x-xss-protection refresh content-disposition set-cookie2 link host x-forwarded-for cookie last-modified")

// mailHeaders are headers that an attacker adds to a mail.
var mailHeaders = words("bcc cc to from subject reply-to content-type mime-version x-mailer")

// mailCommands are what a mail server is told.
var mailCommands = words("rcpt mail data quit helo ehlo rset vrfy expn auth starttls")

var imapCommands = words("fetch capability login logout select list examine create delete search store noop status append copy uid authenticate lsub subscribe namespace")

// detectLines judges what follows a line break: headers, mail commands, and the
// first line of another request or answer. Directives of server-side includes
// are here as well.
func detectLines(v *View, out *Findings) {
	s := v.S
	lines := 0
	for i := 0; i < len(s) && lines < 60; i++ {
		at := strings.IndexAny(s[i:], "\r\n")
		if at < 0 {
			break
		}
		i += at
		j := i
		for j < len(s) && (s[j] == '\r' || s[j] == '\n' || s[j] == ' ') {
			j++
		}
		lines++
		lineJudge(v, i, j, lines, out)
		i = j - 1
	}
}

func lineJudge(v *View, at, i, line int, out *Findings) {
	s := v.S
	if v.Where == Text {
		return
	}
	end := i
	for end < len(s) && (isWord(s[end]) || s[end] == '-') {
		end++
	}
	name := s[i:end]
	if name == "" {
		return
	}
	next := byte(0)
	if end < len(s) {
		next = s[end]
	}
	many := v.lines() > 4
	switch {
	case next == ':' && crlfHeaders.has(name):
		level := High
		if !equalFold(name, "set-cookie") && !equalFold(name, "content-length") && !equalFold(name, "transfer-encoding") {
			level = Medium
			if many || line > 2 || v.Prose() {
				level = Low
			}
		} else if many {
			level = Low
		}
		out.add(CRLFHeader, v.below(level), at, clip(s, at, end+40))
		if equalFold(name, "content-type") && containsFold(s[end:min(len(s), end+60)], "multipart") {
			out.add(MailHeader, v.below(Medium), at, clip(s, at, end+40))
		}
	case next == ':' && mailHeaders.has(name) && line <= 2 && !many:
		if rest := s[end:min(len(s), end+120)]; strings.IndexByte(rest, '@') > 0 && strings.IndexByte(s[:at], ':') < 0 {
			out.add(MailHeader, v.below(Medium), at, clip(s, at, end+40))
		}
	case equalFold(name, "http") && next == '/' && statusLine(s[end:]) || requestLine(s[i:]):
		level := High
		if many || v.Prose() {
			level = Low
		}
		out.add(CRLFRequest, v.below(level), at, clip(s, at, end+40))
	case mailCommands.has(name):
		if mailLine(s[i:], name) && !many {
			out.add(MailCommand, v.below(High), at, clip(s, at, end+40))
		}
	case tagged(name) && next == ' ':
		word := s[end+1 : wordEnd(s, end+1)]
		if imapCommands.has(word) && word[0] < 'a' {
			out.add(MailCommand, v.below(High), at, clip(s, at, end+40))
		}
	}
}

// tagged tells tags of IMAP commands: a letter or two and digits.
func tagged(name string) bool {
	i := 0
	for i < len(name) && isLetter(name[i]) {
		i++
	}
	return i > 0 && i <= 4 && i < len(name) && isDigit(name[len(name)-1]) && strings.IndexByte(name, '_') < 0
}

// statusLine tells what follows "HTTP" in the first line of an answer.
func statusLine(s string) bool {
	sp := strings.IndexByte(s[:min(len(s), 8)], ' ')
	return sp > 0 && sp+3 < len(s) && isDigit(s[1]) && isDigit(s[sp+1]) && isDigit(s[sp+2]) && isDigit(s[sp+3])
}

func requestLine(s string) bool {
	if !hasAnyFold(s, "get /", "post /", "put /", "head /", "delete /", "options /", "connect ", "trace /", "get http", "post http") {
		return false
	}
	line, _, _ := strings.Cut(s[:min(len(s), 400)], "\n")
	return containsFold(line, " http/")
}

func mailLine(s, name string) bool {
	switch {
	case equalFold(name, "rcpt"):
		return hasAnyFold(s, "rcpt to:")
	case equalFold(name, "mail"):
		return hasAnyFold(s, "mail from:")
	case equalFold(name, "auth"):
		return hasAnyFold(s, "auth login", "auth plain")
	}
	rest := s[len(name):]
	alone := rest == "" || rest[0] == '\r' || rest[0] == '\n'
	upper := name[0] < 'a' && name[1] < 'a'
	return upper && (alone || equalFold(name, "helo") || equalFold(name, "ehlo") || equalFold(name, "vrfy") || equalFold(name, "expn"))
}

// linePhrases begin directives of server-side and edge-side includes.
var linePhrases = []string{"<!--#", "<esi:include", "<esi:inline", "<esi:vars", "<esi:debug", "<esi:assign", "<esi:eval", "<!--esi", "<esi:remove", "<esi:try"}

func linePhraseAt(v *View, k, at int, out *Findings) {
	if k == 0 {
		rest := strings.TrimLeft(v.S[at+5:min(len(v.S), at+60)], " ")
		if !hasAnyFold(rest, "exec", "include", "echo", "printenv", "set ", "config", "fsize", "flastmod", "if ") {
			return
		}
	}
	out.add(SSIDirective, v.below(High), at, clip(v.S, at, at+80))
}
