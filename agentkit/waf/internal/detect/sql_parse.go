package detect

// sqlEvidence is what a parse saw that an injection needs.
type sqlEvidence struct {
	logic    int  // AND, OR, || ...
	late     bool // the first comparison stands before the first AND or OR
	compare  int  // comparisons
	constant int  // comparisons of constants, or of a name with itself
	arith    int  // arithmetic or concatenation
	closers  int  // brackets closed that the value did not open
	timing   bool // a function that waits
	probing  bool // a function that leaks through errors or reads files
	function bool // any function that SQL has
	call     bool // any function
	subquery bool
	union    bool
	stacked  bool
	order    bool
	having   bool
	limit    bool
	file     bool // INTO OUTFILE
	variable bool // @@version
	choice   bool // CASE WHEN
	procdef  bool // PROCEDURE ANALYSE
	comment  bool // ends in a comment that hides the rest
	empty    bool // that comment says nothing
	open     bool // ends in a string that the application closes
	fail     bool // what follows is not SQL
	names    int  // operands that are bare names
	operands int
	end      int // how far the parse came, in bytes
}

// sqlParser walks over tokens like a grammar with little memory: it knows
// whether an operand or an operator comes next, and which brackets are open.
type sqlParser struct {
	s     string
	t     []sqlToken
	i     int
	depth int
	quote byte // of the string that the value stands in, 0 for none
	ev    sqlEvidence
}

// opens tells whether the application's quote closes the string that the value
// leaves open.
func (p *sqlParser) opens(t sqlToken) bool {
	if p.quote == 0 {
		return true
	}
	for i := t.start; i < t.end && i < t.start+10; i++ {
		if c := p.s[i]; c == '\'' || c == '"' || c == '`' {
			return c == p.quote
		}
	}
	return false
}

// maxSQLDepth bounds the nesting of brackets that is followed.
const maxSQLDepth = 24

func (p *sqlParser) peek() sqlToken {
	if p.i < len(p.t) {
		return p.t[p.i]
	}
	return sqlToken{}
}

func (p *sqlParser) at(n int) sqlToken {
	if p.i+n < len(p.t) {
		return p.t[p.i+n]
	}
	return sqlToken{}
}

func (p *sqlParser) next() sqlToken {
	t := p.peek()
	if p.i < len(p.t) {
		p.i++
		p.ev.end = int(t.end)
	}
	return t
}

func (p *sqlParser) text(t sqlToken) string { return p.s[t.start:t.end] }

func (p *sqlParser) is(t sqlToken, word string) bool {
	return int(t.end-t.start) == len(word) && (t.kind == sqlName || t.kind == sqlWord || t.kind == sqlCompare || t.kind == sqlArith || t.kind == sqlLogic) && equalFold(p.text(t), word)
}

func equalFold(s, lowerCase string) bool {
	if len(s) != len(lowerCase) {
		return false
	}
	for i := range len(s) {
		if lower(s[i]) != lowerCase[i] {
			return false
		}
	}
	return true
}

// sqlOperand describes an operand.
type sqlOperand struct {
	constant bool
	name     sqlToken // set for a bare name
	ok       bool
}

// afterOperand follows what may stand behind an operand, until the end or until
// it is no SQL any more.
func (p *sqlParser) afterOperand(left sqlOperand) {
	for {
		p.chain(left)
		if p.ev.fail {
			return
		}
		switch t := p.peek(); {
		case t.kind == sqlEOF:
			return
		case t.kind == sqlRight:
			p.next()
			p.ev.closers++
			left = sqlOperand{ok: true}
		case !p.tail():
			return
		default:
			left = sqlOperand{ok: true}
		}
	}
}

// tail follows one clause behind an expression. It reports whether an operator
// may follow.
func (p *sqlParser) tail() bool {
	t := p.peek()
	switch {
	case t.kind == sqlComment:
		p.comment(t)
		return false
	case t.kind == sqlSemi:
		return p.stacked()
	case t.kind == sqlWord:
		return p.clause(t)
	case t.kind == sqlComma && (p.ev.order || p.at(1).kind == sqlLeft || p.at(1).kind == sqlName && p.at(2).kind == sqlLeft):
		p.next()
		if !p.ev.order {
			p.ev.arith++
		}
		p.operand()
		return !p.ev.fail
	}
	p.ev.fail = true
	return false
}

func (p *sqlParser) comment(t sqlToken) {
	p.ev.comment = true
	rest := p.text(t)
	i := 0
	for i < len(rest) && (rest[i] == '-' || rest[i] == '#' || rest[i] == '/' || rest[i] == '*' || rest[i] == '+' || isSpace(rest[i])) {
		i++
	}
	p.ev.empty = i == len(rest) || len(rest)-i <= 2
	p.ev.end = min(int(t.end), int(t.start)+3)
	p.i = len(p.t)
}

func (p *sqlParser) clause(t sqlToken) bool {
	switch t.key {
	case keyUnion:
		return p.union()
	case keyOrder:
		if p.at(1).key != keyBy {
			break
		}
		p.i += 2
		if !p.operand().ok {
			break
		}
		p.ev.order = true
		for p.peek().key == keyAsc {
			p.next()
		}
		return true
	case keyHaving:
		p.next()
		before := p.ev.compare + p.ev.constant + p.ev.operands
		if left := p.operand(); left.ok {
			p.chain(left)
			p.ev.having = p.ev.compare+p.ev.constant+p.ev.operands > before && (p.ev.compare > 0 || p.ev.call)
			return !p.ev.fail
		}
	case keyLimit:
		p.next()
		if k := p.peek(); k.kind == sqlNum || k.kind == sqlLeft {
			p.operand()
			if p.peek().kind == sqlComma {
				p.next()
				p.operand()
			}
			p.ev.limit = true
			return !p.ev.fail
		}
	case keyInto:
		p.next()
		if n := p.next(); p.is(n, "outfile") || p.is(n, "dumpfile") || n.kind == sqlVar {
			p.ev.file = true
			p.operand()
			return !p.ev.fail
		}
	case keyProcedure:
		p.next()
		if n := p.next(); p.is(n, "analyse") && p.peek().kind == sqlLeft {
			p.ev.procdef = true
			p.i = len(p.t)
			return false
		}
	case keyWhere, keyFrom:
		if t.key == keyFrom {
			p.next()
			p.source()
			return !p.ev.fail
		}
		p.next()
		if left := p.operand(); left.ok {
			p.chain(left)
			return !p.ev.fail
		}
	case keyStatement:
		// SQL Server needs no semicolon between statements.
		save := p.i
		if (p.is(t, "exec") || p.is(t, "execute") || p.is(t, "declare") || p.is(t, "waitfor") || p.is(t, "shutdown")) && p.statement() {
			p.ev.stacked = true
			return false
		}
		p.i = save
	case keyAs, keyAsc:
		p.next()
		if t.key == keyAs && p.peek().kind == sqlName {
			p.next()
		}
		return true
	}
	p.ev.fail = true
	return false
}

// source reads the tables of a FROM.
func (p *sqlParser) source() {
	for {
		if t := p.peek(); t.kind == sqlLeft {
			p.operand()
		} else if t.kind == sqlName || t.kind == sqlStr {
			p.name()
		} else {
			p.ev.fail = true
			return
		}
		if p.peek().key == keyAs {
			p.next()
		}
		if p.peek().kind == sqlName {
			p.next()
		}
		switch t := p.peek(); {
		case t.kind == sqlComma:
			p.next()
		case t.key == keyJoin:
			for p.peek().key == keyJoin {
				p.next()
			}
		case t.key == keyOn:
			p.next()
			if left := p.operand(); left.ok {
				p.chain(left)
			}
			return
		default:
			return
		}
	}
}

func (p *sqlParser) union() bool {
	p.next()
	for p.peek().key == keyAll || p.peek().kind == sqlLeft {
		p.next()
	}
	if p.peek().key == keySelect && p.at(1).kind == sqlComment && int(p.at(1).start)+2 < len(p.s) {
		p.ev.union = true // SELECT --1: two signs for some databases, a comment for others
		return true
	}
	if p.peek().key != keySelect || !p.selectList(false) {
		p.ev.fail = true
		return false
	}
	p.ev.union = true
	return true
}

// selectList reads SELECT and the first things behind it, and reports whether
// they are what a query selects rather than the continuation of a sentence. A
// strict list needs a sign that no sentence has.
func (p *sqlParser) selectList(strict bool) bool {
	p.next()
	for p.peek().key == keyAll {
		p.next()
	}
	if p.is(p.peek(), "top") && p.at(1).kind == sqlNum {
		p.i += 2
	}
	signs, names := 0, 0
	for {
		t := p.peek()
		switch {
		case t.kind == sqlArith && p.text(t) == "*":
			p.next()
			signs++
		case t.kind == sqlName && p.at(1).kind != sqlLeft && p.at(1).kind != sqlDot:
			names++
			p.chain(p.operand())
		default:
			before := p.ev.operands
			left := p.operand()
			if !left.ok {
				return signs > 0
			}
			p.chain(left)
			if p.ev.operands > before {
				signs++
			}
		}
		if p.ev.fail {
			return signs > 0
		}
		if p.peek().key == keyAs {
			p.i += 2
		} else if p.peek().kind == sqlName && signs > 0 {
			p.next()
		}
		if p.peek().kind != sqlComma {
			break
		}
		p.next()
		signs++
	}
	switch t := p.peek(); {
	case t.key == keyFrom:
		p.next()
		named := p.peek().kind == sqlName || p.peek().kind == sqlStr || p.peek().kind == sqlLeft
		if named {
			p.source()
		}
		return named && (signs > 0 || p.finished())
	case t.kind == sqlEOF, t.kind == sqlComment, t.kind == sqlSemi, t.kind == sqlRight, t.key == keyUnion, t.key == keyInto:
		return signs > 0 || !strict && names > 0 && t.kind == sqlComment
	case t.key == keyWhere:
		return signs > 0 || names > 0
	case t.key == keyOrder, t.key == keyLimit:
		return signs > 0
	}
	return signs > 0 && !strict
}

// finished tells whether a statement could end here.
func (p *sqlParser) finished() bool {
	switch t := p.peek(); t.kind {
	case sqlEOF, sqlComment, sqlSemi, sqlRight:
		return true
	default:
		return t.key == keyWhere || t.key == keyOrder || t.key == keyLimit || t.key == keyUnion
	}
}

func (p *sqlParser) stacked() bool {
	p.next()
	switch t := p.peek(); t.kind {
	case sqlComment:
		p.comment(t)
		return false
	case sqlEOF:
		return false
	case sqlWord, sqlName:
		if p.statement() {
			p.ev.stacked = true
			p.rest()
			return false
		}
	}
	p.ev.fail = true
	return false
}

// rest looks for the comment at the end of a statement.
func (p *sqlParser) rest() {
	if n := len(p.t); n > 0 && p.t[n-1].kind == sqlComment {
		p.comment(p.t[n-1])
	}
}
