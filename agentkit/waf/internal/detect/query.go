package detect

import (
	"strings"

	"github.com/sqreen/sqreen/agentkit/waf/internal/scan"
)

var queryWords = []string{
	"objectclass", "child::", "ancestor", "descendant", "following", "preceding", "attribute::", "string-length", "count(/", "name(/", "//user", "position()", "parent::", "self::", "substring(", "starts-with(", "node()", "text()", "last()", "userpassword", "sleep(", "this.", "return", "db.", "$where", "while(", "while (", "password", "new date", "mapreduce", "doc(", "contains(",
}

func queryGate(v *View, word bool) bool {
	return v.has(scan.Dollar) || v.has(scan.Paren) && v.has(scan.Equal|scan.Amp|scan.Pipe|scan.Star|scan.Bang) || word || v.has(scan.Pipe|scan.Amp) && v.has(scan.Quote|scan.DQuote)
}

// detectQuery judges the query languages that are smaller than SQL: LDAP
// filters, XPath, and the operators and scripts of document databases.
func detectQuery(v *View, out *Findings) {
	ldap(v, out)
	xpath(v, out)
	nosql(v, out)
}

// ldap looks for filters that close one condition and open another, and for
// whole filters.
func ldap(v *View, out *Findings) {
	s := v.S
	if !v.has(scan.Paren) && !v.has(scan.Colon) {
		return
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c != ')' && c != '(' && c != '*' {
			continue
		}
		j := skipSpace(s, i+1)
		if j >= len(s) {
			continue
		}
		if c == '(' {
			if (s[j] == '&' || s[j] == '|' || s[j] == '!') && !(j+1 < len(s) && (s[j+1] == '&' || s[j+1] == '|')) {
				k := skipSpace(s, j+1)
				if k < len(s) && s[k] == '(' && (ldapTest(s[k+1:]) || k+1 < len(s) && strings.IndexByte("&|!", s[k+1]) >= 0) {
					out.add(LDAPFilter, v.below(High), i, clip(s, i, i+60))
					return
				}
			}
			continue
		}
		if s[j] != '(' && !(c == '*' && s[j] == ')') {
			continue
		}
		if c == '*' && s[j] == ')' {
			if j+1 >= len(s) && i < 24 || j+1 < len(s) && s[j+1] == ')' && i < 24 && !strings.Contains(s[:i], "(") {
				out.add(LDAPFilter, Medium, i, j+1)
				return
			}
			continue
		}
		k := skipSpace(s, j+1)
		if k >= len(s) {
			continue
		}
		switch {
		case (s[k] == '|' || s[k] == '&' || s[k] == '!') && k+1 < len(s) && (s[k+1] == '(' || s[k+1] == ')'):
			out.add(LDAPFilter, v.below(High), i, clip(s, i, i+60))
			return
		case ldapTest(s[k:]) && (c == '*' || !strings.Contains(s[:i], "(")):
			out.add(LDAPFilter, v.below(High), i, clip(s, i, i+60))
			return
		}
	}
	if i := indexFold(s, "objectclass=", 0); i > 0 && s[i-1] == '(' {
		out.add(LDAPFilter, v.below(High), i-1, clip(s, i, i+40))
	}
	ldapRule(v, out)
}

// ldapTest tells whether s begins with attr=value, as in a filter.
func ldapTest(s string) bool {
	i := 0
	for i < len(s) && (isWord(s[i]) || s[i] == '-' || s[i] == ';' && i > 0) {
		i++
	}
	if i == 0 || i > 40 || i >= len(s) {
		return false
	}
	if (s[i] == '~' || s[i] == '>' || s[i] == '<' || s[i] == ':') && i+1 < len(s) {
		i++
	}
	if s[i] != '=' || i+1 >= len(s) || s[i+1] == '=' {
		return false
	}
	rest := s[i+1:]
	end := strings.IndexAny(rest, "()")
	return end != 0 && (end < 0 || rest[end] == ')') && !strings.ContainsAny(rest[:max(end, 0)], " ,")
}

// ldapRule looks for extensible matches, "userPassword:2.5.13.18:=".
func ldapRule(v *View, out *Findings) {
	i := strings.Index(v.S, ":=")
	if i < 4 {
		return
	}
	b := i
	for b > 0 && (isDigit(v.S[b-1]) || v.S[b-1] == '.') {
		b--
	}
	if i-b >= 5 && b > 0 && v.S[b-1] == ':' && strings.Count(v.S[b:i], ".") >= 2 {
		out.add(LDAPFilter, High, b-1, clip(v.S, b-1, i+20))
	}
}

// xpath looks for axes, node tests and functions of XPath.
func xpath(v *View, out *Findings) {
	if v.Words&(1<<queryIndex) == 0 {
		return
	}
	s := v.S
	for _, w := range [...]string{"child::", "ancestor::", "ancestor-or-self::", "descendant::", "descendant-or-self::", "following::", "following-sibling::", "preceding::", "preceding-sibling::", "attribute::", "parent::", "self::node", "string-length(", "count(/", "name(/", "substring(name(", "substring(/", "substring(//", "position()", "/text()", "/node()", "/comment()", "[last()", "doc('http", "doc(\"http", "starts-with(name", "contains(name", "local-name(", "namespace-uri("} {
		at := indexFold(s, w, 0)
		if at < 0 {
			continue
		}
		switch {
		case strings.HasSuffix(w, "::") && (at+len(w) >= len(s) || !isLetter(s[at+len(w)]) && s[at+len(w)] != '*' || !strings.ContainsAny(s, "/[(")),
			w == "string-length(" && !strings.ContainsAny(s[at:], "/=<>"),
			strings.HasPrefix(w, "parent") && !strings.ContainsAny(s, "/*["):
			continue
		}
		level := Medium
		if v.has(scan.Quote|scan.DQuote) && v.has(scan.Equal|scan.Pipe|scan.Bracket) {
			level = High
		}
		out.add(XPathExpression, v.below(level), at, clip(s, at, at+60))
		return
	}
	if i := strings.IndexAny(s, "|]"); i >= 0 && (strings.Contains(s[i:], "|//") || strings.Contains(s[i:], "| //") || strings.Contains(s[i:], "|/*") || strings.Contains(s[i:], "| /*")) && v.has(scan.Quote|scan.Bracket) {
		out.add(XPathExpression, Medium, i, clip(s, i, i+40))
	}
}

// nosqlOperators are operators of document databases that change a condition.
var nosqlOperators = words("ne eq gt gte lt lte in nin not nor or and exists type mod regex text where all elemmatch size expr jsonschema func comment lookup project match set unset inc push rename accumulator function options ")

func nosql(v *View, out *Findings) {
	s := v.S
	if v.has(scan.Dollar) {
		for i := strings.IndexByte(s, '$'); i >= 0 && i < len(s); {
			nosqlOperator(v, i, out)
			n := strings.IndexByte(s[i+1:], '$')
			if n < 0 {
				break
			}
			i += n + 1
		}
	}
	nosqlCode(v, out)
}

func nosqlOperator(v *View, i int, out *Findings) {
	s := v.S
	end := wordEnd(s, i+1)
	if end-i < 3 || !nosqlOperators.has(s[i+1:end]) {
		return
	}
	j := end
	if j < len(s) && (s[j] == '"' || s[j] == '\'') {
		j++
	}
	j = skipSpace(s, j)
	before := byte(0)
	if i > 0 {
		before = s[i-1]
	}
	switch {
	case before == '[' && j < len(s) && s[j] == ']':
		out.add(NoSQLOperator, High, i-1, j+1)
	case j < len(s) && s[j] == ':' && (before == '"' || before == '\'' || before == '{' || isSpace(before) || before == 0 || before == ','):
		level := High
		if strings.Count(s[:min(len(s), 4000)], "\n") > 3 {
			level = Low
		}
		out.add(NoSQLOperator, v.below(level), i, clip(s, i, j+40))
	case before == 0 && end == len(s):
		out.add(NoSQLOperator, Medium, i, end)
	}
}

// nosqlCode looks for JavaScript that leaves a $where.
func nosqlCode(v *View, out *Findings) {
	s := v.S
	if v.Words&(1<<queryIndex) == 0 {
		nosqlLogic(v, out)
		return
	}
	program := strings.Count(s[:min(len(s), 4000)], "\n") > 3
	report := func(l Level, at int) {
		if program {
			l = Low
		}
		out.add(NoSQLCode, v.below(l), at, clip(s, at, at+60))
	}
	if i := indexFold(s, "while(", 0); i < 0 {
		i = indexFold(s, "while (", 0)
		nosqlLoop(v, i, report)
	} else {
		nosqlLoop(v, i, report)
	}
	for _, w := range [...]string{"this.password", "this.username", "this.user", "this.pass", "this.email", "this.constructor", "return true", "return(true", "return 1", "this.a"} {
		if i := indexFold(s, w, 0); i >= 0 && v.has(scan.Quote|scan.DQuote|scan.Semicolon) && v.has(scan.Semicolon|scan.Amp|scan.Pipe|scan.Equal|scan.Paren) {
			report(Medium, i)
		}
	}
	for from := 0; ; {
		i := indexFold(s, "db.", from)
		if i < 0 {
			break
		}
		from = i + 3
		if i > 0 && isWord(s[i-1]) {
			continue
		}
		end := wordEnd(s, from)
		if end < len(s) && s[end] == '.' {
			if m := wordEnd(s, end+1); m < len(s) && s[m] == '(' && mongoMethods.has(s[end+1:m]) {
				report(High, i)
			}
		} else if end < len(s) && s[end] == '(' && mongoMethods.has(s[from:end]) {
			report(High, i)
		}
	}
	nosqlLogic(v, out)
}

var mongoMethods = words("insert insertone insertmany find findone update updateone remove deleteone deletemany drop dropdatabase getcollectionnames count aggregate mapreduce save version getcollection createcollection eval runcommand stats admincommand findandmodify")

func nosqlLoop(v *View, i int, report func(Level, int)) {
	if i < 0 {
		return
	}
	rest := v.S[i:min(len(v.S), i+80)]
	lead := v.S[max(0, i-200):i]
	if strings.Contains(rest, "while(1)") || strings.Contains(rest, "while(true)") || containsFold(lead, "date()") || containsFold(rest, "date()") {
		report(High, i)
	}
}

// nosqlLogic looks for ' || '1'=='1 and "&& this": the logic of JavaScript in a
// string that a quote closed.
func nosqlLogic(v *View, out *Findings) {
	s := v.S
	if !v.has(scan.Quote|scan.DQuote) || !v.has(scan.Pipe|scan.Amp) {
		return
	}
	q := strings.IndexAny(s, `'"`)
	if q < 0 || strings.Count(s[:q], " ") > 2 {
		return
	}
	i := skipSpace(s, q+1)
	for i < len(s) && (s[i] == ';' || s[i] == ')' || s[i] == '}') {
		i = skipSpace(s, i+1)
	}
	if !strings.HasPrefix(s[i:], "||") && !strings.HasPrefix(s[i:], "&&") {
		return
	}
	rest := s[i+2:]
	if eq := strings.Index(rest, "=="); eq >= 0 && eq < 40 || strings.HasPrefix(strings.TrimSpace(rest), "this") || strings.HasPrefix(strings.TrimSpace(rest), "true") {
		out.add(NoSQLCode, v.below(High), q, clip(s, q, i+40))
	}
}

const queryIndex = 6
