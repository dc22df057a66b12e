// Package sqllex cuts SQL text into tokens the way a given database would, and
// never fails: whatever is unterminated, misplaced or not SQL at all becomes a
// token too, and the tokens of a text always tile it exactly.
//
// It knows just enough of each dialect to tell where a literal ends. That is
// the question on which an injection turns: a value that stays inside one
// literal cannot change what a statement does, whatever it says.
//
//	for _, t := range sqllex.Append(nil, sqllex.MySQL, stmt) {
//		fmt.Println(t.Kind, t.Text(stmt))
//	}
package sqllex

// Kind is what a token is.
type Kind uint8

// Kinds of token.
const (
	Other     Kind = iota // a byte that no dialect gives a meaning, such as NUL
	Space                 // white space, as the dialect sees it
	Comment               // to the end of the line or between /* and */
	Mark                  // "/*!40000" and its "*/": around MySQL code that looks like a comment
	String                // a string literal of any notation
	Quoted                // a quoted identifier
	Number                // a numeric literal, without its sign
	Word                  // an identifier or a keyword
	Param                 // a placeholder or a variable: ?, $1, :name, @name
	System                // a system variable: @@version
	Operator              // one operator, of one or several characters
	Comma                 // ,
	Dot                   // .
	Semicolon             // ;
	Open                  // (
	Close                 // )
	Punct                 // [ ] { } and the like
	numKinds
)

// String returns the name of k.
func (k Kind) String() string {
	names := [numKinds]string{
		"other", "space", "comment", "mark", "string", "quoted", "number", "word", "param", "system",
		"operator", "comma", "dot", "semicolon", "open", "close", "punct",
	}
	if k >= numKinds {
		return "invalid"
	}
	return names[k]
}

// Token is a piece of a statement. Offsets count bytes.
type Token struct {
	Start, End int32 // the whole token
	Body       int32 // start of the content, past the opening quote or mark
	BodyEnd    int32 // end of the content, before the closing quote or mark
	Kind       Kind
	Open       bool // the text ended before the token was closed
	Escape     bool // a backslash escapes within this token
}

// Text returns the part of s that t stands for. s must be the text it was cut from.
func (t Token) Text(s string) string { return s[t.Start:t.End] }

// Literal reports whether t has a content that cannot take part in the
// statement's structure: a string, a quoted identifier or a comment.
func (t Token) Literal() bool {
	return t.Kind == String || t.Kind == Quoted || t.Kind == Comment
}

// Significant reports whether a parser would see t.
func (t Token) Significant() bool {
	return t.Kind != Space && t.Kind != Comment && t.Kind != Mark
}

// Quote returns the byte that closes t within s, and 0 for a token that no
// single byte closes.
func (t Token) Quote(s string) byte {
	if (t.Kind != String && t.Kind != Quoted) || t.Body <= t.Start {
		return 0
	}
	switch q := s[t.Body-1]; q {
	case '\'', '"', '`':
		return q
	case '[':
		return ']'
	default:
		return 0
	}
}
