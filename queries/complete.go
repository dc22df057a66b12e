package queries

// Kind says what a Suggestion is.
type Kind string

// The kinds of suggestions.
const (
	KindField    Kind = "field"
	KindOperator Kind = "operator"
	KindValue    Kind = "value"
	KindKeyword  Kind = "keyword"
)

// Suggestion is one way to go on with a query.
type Suggestion struct {
	Text  string // what to put in place of the runes Start to End
	Start int    // in runes, from 0
	End   int    // in runes, exclusive
	Doc   string // one line for people
	Kind  Kind
}

// Complete returns ways to go on at the cursor, which counts runes from 0, best first. values returns
// known values of a field that begin with prefix, and may be nil; for names under the dynamic prefix it is
// asked with that prefix ("prop.") as the field. The text need not be a valid query.
func Complete(text string, cursor int, s *Schema, values func(field, prefix string) []string) []Suggestion {
	panic("not built yet")
}
