package queries

// Shape says what a Node is.
type Shape int

// The shapes of nodes.
const (
	Everything Shape = iota // matches all records; has nothing below
	All                     // each of Kids
	Any                     // at least one of Kids
	Not                     // not the one in Kids
	Term                    // a term on Field
	Phrase                  // free text
)

// Node is a part of a query, for those who want to show or explain one. It is a copy: changing it
// changes nothing.
type Node struct {
	Shape Shape
	Kids  []Node
	Field string // of a Term; since: and until: are terms on the schema's time field
	Text  string // canonical text of this part
}

// Tree returns the query as a tree.
func (f *Filter) Tree() Node { return describe(f.root) }

func describe(n node) Node {
	d := Node{Text: writeNode(n)}
	var kids []node
	switch n := n.(type) {
	case *all:
		d.Shape, kids = All, n.kids
	case *either:
		d.Shape, kids = Any, n.kids
	case *not:
		d.Shape, kids = Not, []node{n.kid}
	case *fieldTerm:
		d.Shape, d.Field = Term, n.field.Name
	case *freeText:
		d.Shape = Phrase
	}
	for _, k := range kids {
		d.Kids = append(d.Kids, describe(k))
	}
	return d
}
