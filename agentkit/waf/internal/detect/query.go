package detect

import (
	"slices"
	"strings"

	"github.com/sqreen/sqreen/agentkit/waf/internal/scan"
)

func queryGate(v *View, _ bool) bool {
	return v.has(scan.Dollar) || v.has(scan.Paren) && v.has(scan.Equal|scan.Amp|scan.Pipe|scan.Star|scan.Bang) ||
		v.has(scan.Pipe|scan.Amp) && v.has(scan.Quote|scan.DQuote|scan.Bracket) || v.has(scan.Colon) && v.has(scan.Equal) || v.has(scan.Star) && v.has(scan.Slash|scan.Paren)
}

// detectQuery judges the query languages that are smaller than SQL: LDAP
// filters, XPath, and the operators and scripts of document databases.
func detectQuery(v *View, out *Findings) {
	ldap(v, out)
	xpathUnion(v, out)
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
		if c == ')' && strings.IndexByte("&|!", s[j]) >= 0 && !strings.Contains(s[:i], "(") {
			if k := skipSpace(s, j+1); k < len(s) && s[k] == '(' && ldapTest(s[k+1:]) {
				out.add(LDAPFilter, v.below(High), i, clip(s, i, i+60))
				return
			}
		}
		if s[j] != '(' && !(c == '*' && s[j] == ')') {
			continue
		}
		if c == '*' && i < 24 && (strings.HasPrefix(s[i:], "*)(") || strings.HasPrefix(s[i:], "*()|")) {
			out.add(LDAPFilter, Medium, i, clip(s, i, i+20))
			return
		}
		if c == '*' && s[j] == ')' {
			if (j+1 >= len(s)) && i < 24 || j+1 < len(s) && s[j+1] == ')' && i < 24 && !strings.Contains(s[:i], "(") {
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
		case (s[k] == '|' || s[k] == '&' || s[k] == '!') && (k+1 < len(s) && (s[k+1] == '(' || s[k+1] == ')') || skipSpace(s, k+1) == len(s) && !strings.Contains(s[:i], "(")):
			out.add(LDAPFilter, v.below(High), i, clip(s, i, i+60))
			return
		case ldapTest(s[k:]) && (c == '*' || !strings.Contains(s[:i], "(")):
			out.add(LDAPFilter, v.below(High), i, clip(s, i, i+60))
			return
		}
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

// xpathPhrases are axes, node tests and functions of XPath.
var xpathPhrases = []string{"child::", "ancestor::", "ancestor-or-self::", "descendant::", "descendant-or-self::", "following::", "following-sibling::", "preceding::", "preceding-sibling::", "attribute::", "parent::", "self::node", "string-length(", "count(/", "name(/", "substring(name(", "substring(/", "substring(//", "position()", "/text()", "/node()", "/comment()", "[last()", "doc('http", "doc(\"http", "starts-with(name", "contains(name", "local-name(", "namespace-uri("}

// scriptPhrases are what JavaScript in a $where says.
var scriptPhrases = []string{"while(", "while (", "this.password", "this.username", "this.user", "this.pass", "this.email", "this.constructor", "return true", "return(true", "return 1", "return '", "return \"", "this.a", "sleep("}

// mongoPhrases are calls on a database.
var mongoPhrases = []string{".insert", ".find", ".update", ".remove", ".delete", ".drop", ".getcollection", ".count", ".aggregate", ".mapreduce", ".save", ".version", ".createcollection", ".eval", ".runcommand", ".stats", ".admincommand"}

var queryPhrases = slices.Concat([]string{"(objectclass="}, xpathPhrases, scriptPhrases, mongoPhrases)

func queryPhraseAt(v *View, k, at int, out *Findings) {
	switch w := queryPhrases[k]; {
	case k == 0:
		out.add(LDAPFilter, v.below(High), at, clip(v.S, at, at+40))
	case k <= len(xpathPhrases):
		xpathAt(v, w, at, out)
	case k <= len(xpathPhrases)+len(scriptPhrases):
		scriptAt(v, w, at, out)
	default:
		mongoAt(v, at, out)
	}
}

func xpathAt(v *View, w string, at int, out *Findings) {
	s := v.S
	switch {
	case strings.HasSuffix(w, "::") && (at+len(w) >= len(s) || !isLetter(s[at+len(w)]) && s[at+len(w)] != '*' || !v.has(scan.Slash|scan.Bracket|scan.Paren)),
		w == "string-length(" && !v.has(scan.Slash|scan.Equal|scan.Less|scan.Greater),
		w == "parent::" && !v.has(scan.Slash|scan.Star|scan.Bracket):
		return
	}
	level := Medium
	if v.has(scan.Quote|scan.DQuote) && v.has(scan.Equal|scan.Pipe|scan.Bracket) {
		level = High
	}
	if v.lines() > 3 {
		level = Low
	}
	out.add(XPathExpression, v.below(level), at, clip(s, at, at+60))
}

// xpathUnion looks for a second path: x'] | //user.
func xpathUnion(v *View, out *Findings) {
	if v.S == "//*" || strings.HasPrefix(v.S, "//*[") {
		out.add(XPathExpression, Medium, 0, len(v.S))
	}
	if !v.has(scan.Pipe) || !v.has(scan.Slash) || !v.has(scan.Quote|scan.Bracket) {
		return
	}
	s := v.S
	for i := 0; i < len(s); i++ {
		at := strings.IndexByte(s[i:], '|')
		if at < 0 {
			return
		}
		i += at
		if j := skipSpace(s, i+1); strings.HasPrefix(s[j:], "//") && j+2 < len(s) && (isLetter(s[j+2]) || s[j+2] == '*') || strings.HasPrefix(s[j:], "/*") && !strings.Contains(s[j:], "*/") {
			out.add(XPathExpression, v.below(Medium), i, clip(s, i, i+40))
			return
		} else if j > i+1 {
			i = j - 1
		}
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
	nosqlLogic(v, out)
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
		out.add(NoSQLOperator, codeLevel(v, level), i, clip(s, i, j+40))
	case before == 0 && end == len(s):
		out.add(NoSQLOperator, Medium, i, end)
	}
}

// codeLevel lowers a level in programs of several lines.
func codeLevel(v *View, l Level) Level {
	if v.lines() > 3 {
		return Low
	}
	return v.below(l)
}

// scriptAt looks for JavaScript that leaves a $where.
func scriptAt(v *View, w string, at int, out *Findings) {
	s := v.S
	if strings.HasPrefix(w, "while") {
		rest, lead := s[at:min(len(s), at+80)], s[max(0, at-200):at]
		if strings.HasPrefix(rest, "while(1)") || strings.HasPrefix(rest, "while(true)") || at == 0 && strings.HasPrefix(rest, "while(") || containsFold(lead, "date()") || containsFold(rest, "date()") {
			out.add(NoSQLCode, codeLevel(v, High), at, clip(s, at, at+60))
		}
		return
	}
	if w == "sleep(" {
		if b := strings.TrimRight(s[:at], " "); strings.HasSuffix(b, "';") || strings.HasSuffix(b, "\";") || strings.HasSuffix(b, "'||") {
			out.add(NoSQLCode, codeLevel(v, Medium), at, clip(s, at, at+30))
		}
		return
	}
	if !wordBefore(s, at) && v.has(scan.Quote|scan.DQuote|scan.Semicolon) && v.has(scan.Semicolon|scan.Amp|scan.Pipe|scan.Equal|scan.Paren) {
		out.add(NoSQLCode, codeLevel(v, Medium), at, clip(s, at, at+60))
	}
}

// mongoAt judges a call whose dot stands at at: db.users.insert(, db.dropDatabase(.
func mongoAt(v *View, at int, out *Findings) {
	s := v.S
	end := wordEnd(s, at+1)
	if end >= len(s) || s[end] != '(' || !mongoMethods.has(s[at+1:end]) {
		return
	}
	b := at
	for b > 0 && at-b < 60 && (isWord(s[b-1]) || s[b-1] == '.') {
		b--
	}
	if hasAnyFold(s[b:], "db.") {
		out.add(NoSQLCode, codeLevel(v, High), b, clip(s, b, end+40))
	}
}

var mongoMethods = words("insert insertone insertmany find findone update updateone remove deleteone deletemany drop dropdatabase getcollectionnames count aggregate mapreduce save version getcollection createcollection eval runcommand stats admincommand findandmodify")

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
