package detect

import (
	"strings"

	"github.com/sqreen/sqreen/agentkit/waf/internal/scan"
)

// sqlWords open the detector for values without quotes or comparisons.
var sqlWords = []string{
	"select", "union", "sleep", "benchmark", "waitfor", "information_schema", "drop", "delete", "insert", "update", "exec", "declare",
	"having", "order", "group", "procedure", "outfile", "dumpfile", "load_file", "xp_c", "xp_d", "xp_r", "sp_o", "sp_e", "@@ve", "extractvalue", "updatexml", "shutdown",
	"truncate", "create", "alter", "sysobjects", "sys.", "pg_s", "pg_r", "pg_l", "pg_c", "sqlite_", "dbms_", "utl_", "randomblob", "case", "concat", "char(", "version(", "database(", "table_name", "get_lock", "wait_for", "reconfigure", "backup", "restore", "grant", "revoke", "copy", "attach", "while", "begin", "rollback", "commit", "print", "merge", "replace", "call", "dbcc", "pragma", "show", "handler", "bulk", "rename", "like", "between", "regexp", "glob", "similar", "sounds", "match", "against", "limit", "offset", "fetch", "receive_message", "httpuritype", "dblink", "load_ext", "openrowset", "xmltype", "query_to_xml", "gtid_sub", "is_free_lock", "sleepeach", "lo_import", "sys_e", "intersect", "except", "minus", "gtid", "st_lat", "st_lon", "name_const", "readfile", "writefile", "fts3", "into ", "set ", "if (", "if(se", "desc", "exists", "any(", "null(",
}

func sqlGate(v *View, word bool) bool {
	switch {
	case v.has(scan.Quote | scan.DQuote | scan.Backtick):
		return true
	case word:
		return v.has(scan.Space | scan.Newline | scan.Paren | scan.Slash | scan.Semicolon | scan.Control | scan.Plus | scan.At | scan.High | scan.Dot)
	case v.has(scan.At) && strings.HasPrefix(v.S, "@@"), v.has(scan.Star) && v.has(scan.Bang):
		return true
	case v.has(scan.Dash) && v.has(scan.Digit) && strings.Contains(v.S, "--"):
		return true
	case v.has(scan.Equal | scan.Less | scan.Greater | scan.Bang | scan.Pipe | scan.Amp | scan.Hash | scan.Dash):
		return v.has(scan.Pipe|scan.Amp) || logicWord(v.S)
	}
	return v.has(scan.Digit|scan.Paren) && logicWord(v.S)
}

// logicWord tells whether "or", "and" or "xor" stands somewhere as a word.
func logicWord(s string) bool {
	for i := 0; i+1 < len(s); i++ {
		c := s[i] | 0x20
		switch {
		case c == 'o' && s[i+1]|0x20 == 'r' && (i == 0 || !isLetter(s[i-1]) || s[i-1]|0x20 == 'x') && (i+2 >= len(s) || !isLetter(s[i+2])):
			return true
		case c == 'a' && s[i+1]|0x20 == 'n' && i+2 < len(s) && s[i+2]|0x20 == 'd' && (i == 0 || !isLetter(s[i-1])) && (i+3 >= len(s) || !isLetter(s[i+3])):
			return true
		}
	}
	return false
}

// detectSQL tries the contexts in which the value may be used: bare, and inside
// a string of each kind of quote. In a string only the first quote can close
// it, so each context is one parse.
func detectSQL(v *View, out *Findings) {
	var l sqlLexer
	if v.has(scan.Star) && v.has(scan.Bang) {
		sqlVersioned(v, out)
	}
	sqlBare(v, &l, out)
	for _, q := range []byte{'\'', '"', '`'} {
		for _, at := range closing(v.S, q) {
			if at >= 0 {
				sqlQuoted(v, &l, at, out)
			}
		}
	}
}

// sqlVersioned looks for comments that MySQL executes, with SQL in them.
func sqlVersioned(v *View, out *Findings) {
	s := v.S
	for from := 0; ; {
		i := strings.Index(s[from:], "/*!")
		if i < 0 {
			return
		}
		i += from + 3
		from = i
		for i < len(s) && (isDigit(s[i]) || isSpace(s[i])) {
			i++
		}
		if end := wordEnd(s, i); end > i && isSQLKey(s[i:end]) {
			out.add(SQLComment, v.below(High), from-3, clip(s, from, end+20))
			return
		}
	}
}

// closing returns where the first quote stands that would close a string: once
// for databases in which a backslash escapes, and once for the others. A doubled
// quote is a quote inside the string.
func closing(s string, q byte) [2]int {
	found := [2]int{-1, -1}
	for i := 0; i < len(s); i++ {
		at := strings.IndexByte(s[i:], q)
		if at < 0 {
			break
		}
		i += at
		if i+1 < len(s) && s[i+1] == q {
			i++
			continue
		}
		if i > 0 && s[i-1] == '\\' {
			if found[1] < 0 {
				found[1] = i
			}
			continue
		}
		found[0] = i
		break
	}
	if found[0] < 0 && found[1] < 0 && len(s) >= 2 {
		// Only doubled quotes: the first may still open a string of the
		// application's that the second closes.
		if i := strings.IndexByte(s, q); i >= 0 && i+2 < len(s) {
			found[0] = i + 1
		}
	}
	return found
}

func newSQLParser(s string, l *sqlLexer, at int) sqlParser {
	l.version = false
	l.lex(s, at)
	return sqlParser{s: s, t: l.tokens()}
}

// sqlQuoted judges the value as the content of a string that the quote at q
// closes.
func sqlQuoted(v *View, l *sqlLexer, q int, out *Findings) {
	if plainWord(v.S, q+1) {
		return // "O'Brien": behind a string comes an operator, never a name
	}
	p := newSQLParser(v.S, l, q+1)
	if len(p.t) == 0 {
		return
	}
	p.quote = v.S[q]
	p.afterOperand(sqlOperand{constant: true, ok: true})
	e := &p.ev
	start, end := q, e.end
	prefix := v.S[:q]
	wordy := strings.Count(strings.TrimSpace(prefix), " ") >= 2
	sqlCommon(v, e, start, out, wordy && (e.fail || !e.comment && !e.open))
	if e.fail {
		return
	}
	terminated := e.comment || e.open
	switch {
	case e.logic > 0 && e.constant > 0:
		out.add(SQLBoolean, High, start, end)
	case e.logic > 0 && e.compare > 0 && (terminated || e.closers > 0 || e.function):
		out.add(SQLBoolean, High, start, end)
	case e.logic > 0 && e.comment && e.operands > 0:
		out.add(SQLBoolean, High, start, end)
	case e.logic > 0 && e.function:
		out.add(SQLBoolean, High, start, end)
	case e.logic > 0 && e.open && q+1 < len(v.S):
		out.add(SQLBoolean, v.below(logicOpen(p.s[q:])), start, end)
	case e.compare > 0 && (e.comment || len(v.S) <= 40 && e.operands <= 2 && strings.IndexByte(strings.TrimSpace(prefix), ' ') < 0 && strings.Count(v.S[q+1:], " ") <= 2 && (v.S[q+1] != ',' && v.S[q+1] != '>' && !strings.HasSuffix(v.S, "> ") && !strings.Contains(v.S[q:], ">"))):
		out.add(SQLBoolean, v.below(Medium), start, end)
	case e.comment && (e.logic|e.arith|e.compare) == 0:
		out.add(SQLComment, commentLevel(v, e, prefix), start, end)
	case e.arith > 0 && e.open && len(prefix) == 0 && len(v.S) <= 8:
		out.add(SQLBoolean, Medium, start, end)
	case e.arith > 0 && e.comment && e.empty:
		out.add(SQLBoolean, v.below(Medium), start, end)
	}
}

// logicOpen is the level of a bare "' or 'x": surer when there is something to
// compare.
func logicOpen(s string) Level {
	if len(strings.Trim(s, `'" `)) <= 3 {
		return Low
	}
	return Medium
}

// commentLevel judges a comment right behind the closed string, "admin'--".
func commentLevel(v *View, e *sqlEvidence, prefix string) Level {
	spaces := strings.Count(strings.TrimSpace(prefix), " ")
	switch {
	case e.empty && spaces < 3:
		return High
	case e.empty:
		return v.below(Medium)
	case spaces == 0 && len(prefix) > 0 && len(prefix) <= 40 && (strings.HasPrefix(v.S[e.end-3:], "-- ") || strings.HasPrefix(v.S[e.end-3:], "/*")):
		return v.below(Medium)
	}
	return None
}

// sqlCommon reports what is telling in every context.
func sqlCommon(v *View, e *sqlEvidence, start int, out *Findings, doubt bool) {
	sure := High
	if doubt {
		sure = v.below(High)
	}
	end := e.end
	if e.union {
		out.add(SQLUnion, sure, start, end)
	}
	if e.stacked {
		if e.fail && !e.comment {
			sure = v.below(sure)
		}
		out.add(SQLStacked, sure, start, end)
	}
	joined := e.logic+e.arith+e.compare > 0
	if e.timing && joined {
		out.add(SQLTime, sure, start, end)
	}
	if e.probing && joined {
		out.add(SQLFunction, sure, start, end)
	}
	if e.subquery && joined {
		out.add(SQLFunction, sure, start, end)
	}
	if e.choice && joined {
		out.add(SQLFunction, sure, start, end)
	}
	if e.procdef {
		out.add(SQLFunction, sure, start, end)
	}
	if e.file {
		out.add(SQLFile, sure, start, end)
	}
	if e.having && e.operands > 1 && !e.fail {
		out.add(SQLOrder, v.below(High), start, end)
	}
	if e.order && !e.fail && (e.comment || e.closers > 0) {
		out.add(SQLOrder, v.below(High), start, end)
	}
	if e.limit && !e.fail && e.comment && !joined {
		out.add(SQLOrder, v.below(Medium), start, end)
	}
}

// plainWord tells whether a word of letters that SQL has no use for begins at i.
func plainWord(s string, i int) bool {
	i = skipSpace(s, i)
	end := i
	for end < len(s) && isLetter(s[end]) {
		end++
	}
	if end == i || end < len(s) && s[end] != ' ' && s[end] != ',' && s[end] != '\n' {
		return false
	}
	return !isSQLKey(s[i:end])
}

// sqlBare judges the value where it stands without quotes: "1 OR 1=1".
func sqlBare(v *View, l *sqlLexer, out *Findings) {
	if i := skipSpace(v.S, 0); plainWord(v.S, i) {
		if end := wordEnd(v.S, i); end < len(v.S) && v.S[end] == ' ' && plainWord(v.S, end+1) {
			return // two names in a row are a sentence
		}
	}
	p := newSQLParser(v.S, l, 0)
	if len(p.t) == 0 {
		return
	}
	first := p.t[0]
	switch {
	case first.kind == sqlOther:
		return
	case first.key == keySelect || first.key == keyStatement:
		sqlWhole(v, l, &p, out)
		return
	case first.kind == sqlLogic || first.kind == sqlCompare || first.kind == sqlRight || first.kind == sqlSemi || first.kind == sqlComma ||
		first.kind == sqlWord && (first.key == keyUnion || first.key == keyOrder || first.key == keyHaving || first.key == keyLimit || first.key == keyInto || first.key == keyProcedure):
		if first.kind == sqlComma {
			p.next()
			p.operand()
		}
		p.afterOperand(sqlOperand{ok: true})
	default:
		left := p.operand()
		if !left.ok {
			// A union may follow what is no operand at all.
			return
		}
		p.afterOperand(left)
	}
	if p.ev.timing && p.ev.fail && l.inline > 0 && p.ev.names == 0 {
		out.add(SQLTime, v.below(Medium), 0, p.ev.end)
	}
	bareVerdict(v, &p, first, out)
}

func bareVerdict(v *View, p *sqlParser, first sqlToken, out *Findings) {
	e := &p.ev
	named := first.kind == sqlName
	if named && e.fail {
		return
	}
	sqlCommon(v, e, 0, out, named || e.fail)
	if e.fail {
		return
	}
	number := first.kind == sqlNum || first.kind == sqlRight || first.kind == sqlArith || first.kind == sqlStr || first.kind == sqlLeft || first.kind == sqlVar
	end := e.end
	switch {
	case e.comment && e.empty && first.kind == sqlNum && e.names == 0 && e.logic+e.compare == 0 && strings.Contains(v.S, "--"):
		out.add(SQLComment, Medium, 0, end) // "1--"
	case e.late && !e.comment && e.closers == 0 && !e.subquery && !e.timing && !e.probing:
	case e.logic > 0 && e.constant > 0 && (number || e.comment || e.closers > 0 || first.kind == sqlLogic || v.S == "" || e.names <= 1):
		out.add(SQLBoolean, bareLogic(p, High), 0, end)
	case e.logic > 0 && e.comment && (number || first.kind == sqlLogic) && e.operands > 1:
		out.add(SQLBoolean, bareLogic(p, High), 0, end)
	case e.logic > 0 && e.function && (e.compare > 0 || e.comment) && e.names <= 2:
		out.add(SQLBoolean, bareLogic(p, High), 0, end)
	case e.logic > 0 && e.compare > 0 && e.closers > 0 && number:
		out.add(SQLBoolean, bareLogic(p, Medium), 0, end)
	case e.timing && e.operands <= 12:
		out.add(SQLTime, Medium, 0, end)
	case e.order && number && first.kind == sqlNum:
		out.add(SQLOrder, Medium, 0, end)
	case e.subquery && first.kind == sqlLeft:
		out.add(SQLFunction, High, 0, end)
	case e.probing:
		out.add(SQLFunction, Medium, 0, end)
	case e.function && e.variable:
		out.add(SQLFunction, Medium, 0, end)
	case e.variable && strings.HasPrefix(v.S, "@@"):
		out.add(SQLFunction, Medium, 0, end)
	case e.limit && e.union:
		out.add(SQLUnion, High, 0, end)
	}
}

// bareLogic lowers the level where the logic is written as programs write it.
func bareLogic(p *sqlParser, l Level) Level {
	for _, t := range p.t {
		if t.kind == sqlCompare && p.text(t) == "==" {
			return Low
		}
		if t.kind == sqlOther {
			return Low
		}
	}
	return l
}

// sqlWhole judges a value that is a statement of its own.
func sqlWhole(v *View, l *sqlLexer, p *sqlParser, out *Findings) {
	verb := p.t[0]
	if !p.statement() {
		return
	}
	e := &p.ev
	if verb.key == keySelect {
		p.afterOperand(sqlOperand{ok: true})
	}
	level := Medium
	switch {
	case e.fail && !e.union && !e.stacked, p.is(verb, "call") && !e.comment:
		level = Low
	case e.timing || e.probing || e.union || e.stacked:
		level = High
	case verb.key == keyStatement && !e.comment && l.n > 0 && l.list[l.n-1].kind != sqlSemi && e.operands == 0 && len(p.t) <= 4 && !p.is(verb, "exec"):
		level = Low // "drop table users" is also what people write
	}
	out.add(SQLStatement, v.below(level), 0, e.end)
	if e.union {
		out.add(SQLUnion, High, 0, e.end)
	}
	if e.timing {
		out.add(SQLTime, High, 0, e.end)
	}
	if e.file {
		out.add(SQLFile, High, 0, e.end)
	}
}

// sqlPhrase is a text that means SQL wherever it stands, with what must follow.
type sqlPhrase struct {
	text  string
	class Class
	check func(s string, after int) bool
}

func (p sqlPhrase) phraseText() string { return p.text }

var sqlPhrases = []sqlPhrase{
	{"union", SQLUnion, nil},
	{"--sp_password", SQLComment, always}, // keeps the statement out of SQL Server's log
	{"information_schema", SQLSchema, afterDot},
	{"xp_cmdshell", SQLFile, always},
	{"xp_dirtree", SQLFile, always},
	{"sp_oacreate", SQLFile, always},
	{"outfile", SQLFile, afterQuote},
	{"dumpfile", SQLFile, afterQuote},
	{"load_file", SQLFile, afterParen},
	{"waitfor", SQLTime, afterDelay},
	{"pg_sleep", SQLTime, afterParen},
	{"benchmark", SQLTime, afterNumber},
	{"extractvalue", SQLFunction, afterParen},
	{"updatexml", SQLFunction, afterParen},
	{"dbms_pipe.receive_message", SQLTime, afterParen},
	{"utl_inaddr.", SQLFunction, always},
	{"utl_http.request", SQLFunction, always},
	{"sysobjects", SQLSchema, always},
	{"master..", SQLSchema, always},
	{"pg_catalog.", SQLSchema, always},
	{"sqlite_master", SQLSchema, always},
	{"group_concat", SQLSchema, afterParen},
	{"@@version", SQLSchema, always},
}

func always(string, int) bool { return true }

func afterDot(s string, i int) bool {
	i = skipSpace(s, i)
	for i < len(s) && (s[i] == '`' || s[i] == '"' || s[i] == ']') {
		i++
	}
	return i < len(s) && s[i] == '.'
}
func afterParen(s string, i int) bool { i = skipSpace(s, i); return i < len(s) && s[i] == '(' }
func afterQuote(s string, i int) bool {
	i = skipSpace(s, i)
	return i < len(s) && (s[i] == '\'' || s[i] == '"' || s[i] == '0')
}

func afterDelay(s string, i int) bool {
	i = skipSpace(s, i)
	return scan.HasFold(s[i:], "delay") || scan.HasFold(s[i:], "time ")
}

func afterNumber(s string, i int) bool {
	if !afterParen(s, i) {
		return false
	}
	i = skipSpace(s, skipSpace(s, i)+1)
	return i < len(s) && (isDigit(s[i]) || s[i] == '(')
}

// sqlPhraseAt judges phrases in values whose beginning says nothing. They are
// evidence, and proof only outside of prose and programs.
func sqlPhraseAt(v *View, k, at int, out *Findings) {
	ph := &sqlPhrases[k]
	after := at + len(ph.text)
	if ph.class == SQLUnion {
		sqlUnionAt(v, at, out)
		return
	}
	if ph.check(v.S, after) && !wordBefore(v.S, at) {
		out.add(ph.class, sqlPhraseLevel(v, Medium), at, clip(v.S, at, after+40))
	}
}

func sqlPhraseLevel(v *View, l Level) Level {
	if v.lines() >= 3 {
		return Low
	}
	return v.below(l)
}

func sqlUnionAt(v *View, at int, out *Findings) {
	s := v.S
	if at > 0 && isLetter(s[at-1]) || at+5 < len(s) && isWord(s[at+5]) {
		return
	}
	if out.sure(SQLUnion) || !unionNext(s[at+5:]) {
		return
	}
	var l sqlLexer
	l.version = at > 0 && (s[at-1] == '!' || isDigit(s[at-1]))
	l.lex(s[:min(len(s), at+400)], at)
	p := sqlParser{s: s, t: l.tokens()}
	if len(p.t) > 1 && p.t[0].key == keyUnion && p.union() {
		out.add(SQLUnion, sqlPhraseLevel(v, High), at, p.ev.end)
	}
}

// unionNext tells at little cost whether what follows "union" could be a query:
// the first letters behind spaces, comments and brackets are those of SELECT,
// ALL or DISTINCT.
func unionNext(s string) bool {
	for i := 0; i < len(s) && i < 300; i++ {
		switch c := s[i] | 0x20; {
		case c == 's' || c == 'a' || c == 'd':
			if hasAnyFold(s[i:], "select", "all", "distinct") {
				return true
			}
		case isLetter(c) && s[0] != '/' && s[0] != '#' && s[0] != '-':
			return false
		}
	}
	return false
}
