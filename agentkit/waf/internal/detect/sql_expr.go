package detect

// chain follows operators and operands.
func (p *sqlParser) chain(left sqlOperand) sqlOperand {
	for !p.ev.fail {
		t := p.peek()
		switch {
		case t.kind == sqlLogic:
			p.next()
			if p.ev.logic == 0 {
				p.ev.late = p.ev.compare > 0
			}
			p.ev.logic++
			left = p.operand()
		case t.kind == sqlCompare || t.key == keyNot && (p.at(1).kind == sqlCompare):
			left = p.comparison(left)
		case t.kind == sqlArith:
			p.next()
			right := p.operand()
			p.ev.arith++
			left = sqlOperand{constant: left.constant && right.constant, ok: right.ok}
		case t.kind == sqlCast:
			p.next()
			p.name()
		default:
			return left
		}
		if !left.ok {
			p.ev.fail = true
		}
	}
	return left
}

func (p *sqlParser) comparison(left sqlOperand) sqlOperand {
	key := p.peek().key
	for p.peek().kind == sqlCompare || p.peek().key == keyNot {
		if k := p.peek().key; k != keyNone {
			key = k
		}
		p.next()
	}
	if p.is(p.peek(), "from") && key == keyIs {
		p.next()
	}
	if key == keyIn && (p.is(p.peek(), "boolean") || p.is(p.peek(), "natural")) { // MySQL's full-text search
		for p.peek().kind == sqlName {
			p.next()
		}
		p.ev.compare++
		return sqlOperand{ok: true}
	}
	// Without brackets IN and IS are words of sentences.
	telling := key != keyIs && (key != keyIn || p.peek().kind == sqlLeft)
	right := p.operand()
	if key == keyBetween && p.peek().kind == sqlLogic {
		p.next()
		p.operand()
	}
	p.ev.compare++
	same := left.name.kind == sqlName && right.name.kind == sqlName && p.text(left.name) == p.text(right.name)
	if telling && (left.constant && right.constant || same) {
		p.ev.constant++
	}
	return sqlOperand{constant: left.constant && right.constant, ok: right.ok}
}

// operand reads one operand with the signs before it.
func (p *sqlParser) operand() sqlOperand {
	for {
		t := p.peek()
		if t.key == keyNot || t.key == keyAll || t.kind == sqlArith && p.text(t) != "*" && p.text(t) != "/" {
			p.next()
			continue
		}
		break
	}
	p.ev.operands++
	t := p.peek()
	switch {
	case t.kind == sqlNum || t.kind == sqlStr:
		p.next()
		if t.kind == sqlNum && p.peek().kind == sqlLeft && (p.at(1).key == keySelect || p.s[t.end-1]|0x20 == 'e') {
			p.ev.arith++
			return p.brackets()
		}
		for t.kind == sqlStr && p.peek().kind == sqlStr { // adjacent strings are one
			p.next()
		}
		if t.kind == sqlStr && p.peek().kind == sqlOpen {
			p.next()
			p.ev.open = true
		}
		return sqlOperand{constant: true, ok: true}
	case t.kind == sqlOpen && p.opens(t):
		p.next()
		p.ev.open = true
		return sqlOperand{constant: true, ok: true}
	case t.kind == sqlVar:
		p.next()
		p.ev.variable = true
		return sqlOperand{constant: true, ok: true}
	case t.kind == sqlLeft:
		return p.brackets()
	case t.key == keyValue:
		p.next()
		if p.peek().kind == sqlLeft {
			return p.call(t)
		}
		return sqlOperand{constant: true, ok: true}
	case t.key == keyCase:
		return p.choice()
	case t.key == keySelect:
		if p.selectList(true) {
			p.ev.subquery = true
			return sqlOperand{ok: true}
		}
	case t.kind == sqlName, t.kind == sqlWord && p.at(1).kind == sqlLeft, t.kind == sqlArith && p.text(t) == "*":
		return p.name()
	}
	p.ev.fail = true
	return sqlOperand{}
}

func (p *sqlParser) choice() sqlOperand {
	p.next()
	for n := 0; n < maxSQLTokens && !p.ev.fail; n++ {
		switch t := p.peek(); {
		case t.key == keyWhen:
			p.ev.choice = true
			p.next()
		case t.key == keyEnd:
			p.next()
			return sqlOperand{ok: true}
		case t.kind == sqlEOF:
			return sqlOperand{ok: p.ev.choice}
		default:
			if left := p.operand(); left.ok {
				p.chain(left)
			}
		}
	}
	return sqlOperand{}
}

// brackets reads ( ... ): an expression, a list, or a query.
func (p *sqlParser) brackets() sqlOperand {
	p.next()
	if p.depth++; p.depth > maxSQLDepth {
		p.ev.fail = true
		return sqlOperand{}
	}
	defer func() { p.depth-- }()
	if p.peek().key == keySelect {
		if !p.selectList(true) {
			p.ev.fail = true
			return sqlOperand{}
		}
		p.ev.subquery = true
		p.queryTail()
		return p.close(sqlOperand{ok: true})
	}
	return p.close(p.list())
}

// queryTail reads the clauses of a query inside brackets.
func (p *sqlParser) queryTail() {
	for !p.ev.fail && p.peek().kind == sqlWord {
		if !p.clause(p.peek()) {
			return
		}
	}
}

func (p *sqlParser) list() sqlOperand {
	var left sqlOperand
	for {
		if p.peek().kind == sqlRight {
			return sqlOperand{ok: true}
		}
		if left = p.operand(); !left.ok {
			return left
		}
		left = p.chain(left)
		for k := p.peek(); k.key == keyAs || k.key == keyFrom || k.key == keyOn || k.key == keyWhere || k.key == keyOrder || k.key == keyBy; k = p.peek() {
			p.next()
			if left = p.operand(); !left.ok {
				return left
			}
			p.chain(left)
		}
		if p.peek().kind != sqlComma {
			left.ok = left.ok && !p.ev.fail
			return left
		}
		p.next()
	}
}

// close reads the closing bracket; a value may leave it to the application.
func (p *sqlParser) close(o sqlOperand) sqlOperand {
	switch p.peek().kind {
	case sqlRight:
		p.next()
		return o
	case sqlEOF:
		return o
	case sqlComment:
		p.comment(p.peek())
		return o
	}
	if p.ev.open {
		return o
	}
	p.ev.fail = true
	return sqlOperand{}
}

// name reads a name, a dotted name or a call.
func (p *sqlParser) name() sqlOperand {
	t := p.next()
	for p.peek().kind == sqlDot {
		p.next()
		if n := p.peek(); n.kind == sqlName || n.kind == sqlWord || n.kind == sqlArith {
			t = sqlToken{kind: sqlName, start: t.start, end: n.end}
			p.next()
		}
	}
	if p.peek().kind == sqlLeft {
		return p.call(t)
	}
	p.ev.names++
	return sqlOperand{name: t, ok: true}
}

func (p *sqlParser) call(name sqlToken) sqlOperand {
	p.ev.call = true
	p.next()
	if p.depth++; p.depth > maxSQLDepth {
		p.ev.fail = true
		return sqlOperand{}
	}
	defer func() { p.depth-- }()
	args := p.ev.operands
	var o sqlOperand
	if p.peek().key == keySelect && p.selectList(true) {
		p.ev.subquery = true
		p.queryTail()
		o = p.close(sqlOperand{ok: true})
	} else {
		o = p.close(p.list())
	}
	if o.ok {
		p.classify(p.text(name), p.ev.operands > args)
	}
	return sqlOperand{ok: o.ok}
}
