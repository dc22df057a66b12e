package rasp

import "github.com/sqreen/sqreen/agentkit/wire"

// SlowPath is Path without what makes it fast: every needle is judged.
func SlowPath(in *Inputs, name string) *wire.Attack {
	x := in.index()
	for i := range x.needles {
		if f, ok := judgePath(x.needles[i].text, name); ok {
			return pathAttack(x, &x.needles[i], name, f)
		}
	}
	return nil
}
