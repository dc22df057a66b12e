package detect

// sqlObjects are what DROP, CREATE and ALTER are followed by.
var sqlObjects = words("table database view index user schema procedure function proc trigger login role column sequence type extension server temporary temp materialized unique external or global event tablespace package package_body assembly rule policy publication")

// statement reads the beginning of a statement and reports whether it is one
// rather than the continuation of a sentence.
func (p *sqlParser) statement() bool {
	t := p.peek()
	if t.key == keySelect {
		if !p.selectList(true) {
			return false
		}
		p.queryTail()
		return true
	}
	p.next()
	n := p.peek()
	switch {
	case p.is(t, "drop"), p.is(t, "create"), p.is(t, "alter"):
		return p.definition()
	case p.is(t, "truncate"):
		if p.is(n, "table") {
			p.next()
		}
		return p.peek().kind == sqlName && p.ends(1)
	case p.is(t, "delete"):
		if n.key != keyFrom {
			return false
		}
		p.next()
		return p.tableThen("where")
	case p.is(t, "update"):
		return n.kind == sqlName && p.tableThen("set") && p.peek().kind == sqlName && p.at(1).kind == sqlCompare
	case p.is(t, "insert"), p.is(t, "replace"), p.is(t, "merge"):
		if n.key != keyInto {
			return false
		}
		p.next()
		p.name()
		k := p.peek()
		return p.is(k, "values") || p.is(k, "value") || k.key == keySelect || k.kind == sqlLeft || p.is(k, "using") || p.is(k, "default")
	case p.is(t, "exec"), p.is(t, "execute"), p.is(t, "call"):
		return p.execution()
	case p.is(t, "declare"):
		return n.kind == sqlVar || n.kind == sqlName && p.at(2).kind == sqlSemi
	case p.is(t, "set"):
		return n.kind == sqlVar && p.at(1).kind == sqlCompare
	case p.is(t, "waitfor"):
		return p.is(n, "delay") || p.is(n, "time")
	case p.is(t, "shutdown"):
		return p.ends(0) || p.is(n, "with") || p.is(n, "abort")
	case p.is(t, "reconfigure"), p.is(t, "begin"), p.is(t, "commit"), p.is(t, "rollback"):
		return p.ends(0) || p.is(n, "transaction") || p.is(n, "dbms_lock") || p.is(n, "declare") || p.is(n, "execute")
	case t.key == keyIf, p.is(t, "while"), p.is(t, "do"):
		return n.kind == sqlLeft && p.operand().ok && !p.ev.fail && (p.ev.subquery || p.ev.compare > 0 || p.ev.timing) || n.kind == sqlStr && p.is(t, "do") || n.key == keyAll
	case p.is(t, "copy"):
		return n.kind == sqlLeft || n.kind == sqlName && (p.is(p.at(1), "from") || p.is(p.at(1), "to"))
	case p.is(t, "attach"):
		return p.is(n, "database") || n.kind == sqlStr
	case p.is(t, "backup"), p.is(t, "restore"):
		return (p.is(n, "database") || p.is(n, "log")) && p.at(1).kind == sqlName && p.at(2).kind == sqlWord
	case p.is(t, "grant"), p.is(t, "revoke"):
		return (n.kind == sqlName || n.key == keyAll || n.kind == sqlWord) && p.at(1).key == keyOn || p.is(n, "all") && p.is(p.at(1), "privileges")
	case p.is(t, "desc"), p.is(t, "describe"):
		return n.kind == sqlName && p.ends(1)
	case p.is(t, "print"):
		return n.kind == sqlVar
	case p.is(t, "dbcc"), p.is(t, "pragma"):
		return n.kind == sqlName && p.ends(1)
	case p.is(t, "show"):
		return (p.is(n, "tables") || p.is(n, "databases") || p.is(n, "grants") || p.is(n, "variables") || p.is(n, "schemas")) && p.ends(1)
	case p.is(t, "handler"):
		return n.kind == sqlName && p.is(p.at(1), "open")
	case p.is(t, "bulk"):
		return p.is(n, "insert")
	case p.is(t, "rename"):
		return p.is(n, "table") && p.is(p.at(2), "to")
	case p.is(t, "use"):
		return n.kind == sqlName && p.ends(1)
	}
	return false
}

// ends tells whether the statement ends behind n more tokens.
func (p *sqlParser) ends(n int) bool {
	switch p.at(n).kind {
	case sqlEOF, sqlSemi, sqlComment:
		return true
	}
	return false
}

func (p *sqlParser) definition() bool {
	if !sqlObjects.has(p.text(p.peek())) {
		return false
	}
	p.next()
	for p.peek().key == keyIf || p.peek().key == keyNot || p.peek().key == keyAll || sqlObjects.has(p.text(p.peek())) && p.peek().kind == sqlName {
		p.next()
	}
	if k := p.peek(); k.kind != sqlName && k.kind != sqlStr && k.kind != sqlVar {
		return false
	}
	p.name()
	k := p.peek()
	return p.ends(0) || k.kind == sqlLeft || k.kind == sqlComma || k.kind == sqlRight || k.key == keyAs || p.is(k, "cascade") ||
		p.is(k, "restrict") || p.is(k, "add") || p.is(k, "identified") || p.is(k, "modify") || p.is(k, "with") || p.is(k, "returns") || k.kind == sqlWord && k.key == keyStatement && p.at(1).kind == sqlName
}

// tableThen reads a table's name and asks for the word, or for the end where the
// word is "where".
func (p *sqlParser) tableThen(word string) bool {
	if p.peek().kind != sqlName {
		return false
	}
	p.name()
	if word == "where" && p.ends(0) {
		return true
	}
	if !p.is(p.peek(), word) {
		return false
	}
	p.next()
	if word == "where" {
		before := p.ev.compare
		if left := p.operand(); left.ok {
			p.chain(left)
		}
		return p.ev.compare > before || p.ev.call
	}
	return true
}

// execution reads what EXEC is followed by.
func (p *sqlParser) execution() bool {
	n := p.peek()
	if n.kind == sqlVar || n.kind == sqlLeft {
		return true
	}
	if n.kind != sqlName {
		return n.key == keyStatement && p.is(n, "immediate")
	}
	for p.peek().kind == sqlDot || p.peek().kind == sqlName && (p.at(1).kind == sqlDot) {
		p.next()
	}
	name := p.text(p.peek())
	after := p.at(1).kind
	return containsFold(name, "xp_") || containsFold(name, "sp_") || p.is(p.peek(), "immediate") || after == sqlLeft && p.i+1 < len(p.t) ||
		p.t[max(p.i-1, 0)].kind == sqlDot
}
