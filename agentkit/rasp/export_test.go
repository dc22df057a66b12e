package rasp

import "github.com/sqreen/sqreen/agentkit/wire"

// SlowSQL is SQL without what makes it fast: every needle is looked for, and
// every statement is cut into tokens.
func SlowSQL(in *Inputs, dialect, statement string) *wire.Attack {
	x := in.index()
	for i := range x.needles {
		c := newCheck(statement, dialect)
		n := &x.needles[i]
		for k := range c.n {
			c.readings[k].lex()
		}
		f, found := c.decide(n)
		if found {
			return c.attack(x, n, f)
		}
	}
	return nil
}
