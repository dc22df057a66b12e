package rasp

import "github.com/sqreen/sqreen/agentkit/wire"

// SlowShell is Shell without what makes it fast: every needle is looked for.
func SlowShell(in *Inputs, command string) *wire.Attack {
	x := in.index()
	for i := range x.needles {
		c := newShellCheck(command)
		if f, ok := c.judge(&x.needles[i]); ok {
			return c.attack(x, &x.needles[i], f)
		}
	}
	return nil
}
