package rasp

// class is what a word means for the check.
type class uint8

const (
	plain      class = iota // an identifier
	valueAhead              // a value stands behind it: LIMIT, LIKE, THEN
	condAhead               // a condition stands behind it: WHERE, OR, ON
	nameAhead               // names stand behind it: ORDER BY, SELECT, FROM
	constant                // a literal in words: TRUE, NULL
	suffix                  // may follow a name in a list: DESC, COLLATE
	other                   // any other word with a meaning of its own
)

// longestKeyword bounds the words that classify looks at.
const longestKeyword = 12

// classify returns the class of a word, whatever its case.
func classify(word string) class {
	if len(word) > longestKeyword {
		return plain
	}
	var buf [longestKeyword]byte
	for i := range len(word) {
		buf[i] = lower[word[i]]
	}
	switch string(buf[:len(word)]) {
	case "like", "ilike", "glob", "regexp", "rlike", "match", "between", "limit", "offset", "top", "then", "else",
		"when", "in", "is", "values", "escape", "similar", "return", "div", "mod", "interval", "case", "fetch", "value":
		return valueAhead
	case "where", "and", "or", "xor", "not", "on", "having", "filter":
		return condAhead
	case "select", "distinct", "all", "by", "from", "join", "into", "update", "table", "set", "as", "using", "returning":
		return nameAhead
	case "true", "false", "null", "default":
		return constant
	case "asc", "desc", "nulls", "first", "last", "collate", "nocase", "binary", "rtrim":
		return suffix
	case "union", "intersect", "except", "minus", "exists", "end", "group", "order", "insert", "delete", "drop",
		"create", "alter", "truncate", "exec", "execute", "declare", "waitfor", "procedure", "attach", "detach",
		"pragma", "isnull", "notnull", "window", "over", "for", "begin", "commit", "rollback", "merge", "grant",
		"shutdown", "with", "any", "some", "explain", "analyze", "vacuum", "replace", "call", "do", "load_file",
		"sounds", "outfile", "dumpfile", "lateral", "cross", "inner", "left", "right", "full", "natural", "outer":
		return other
	default:
		return plain
	}
}

// extends reports whether a word by itself turns names into more than names.
// FROM, WHERE and ORDER are not among them: "products where" is found in many
// statements' own text, and by itself does no harm.
func extends(word string) bool {
	if len(word) > longestKeyword {
		return false
	}
	var buf [longestKeyword]byte
	for i := range len(word) {
		buf[i] = lower[word[i]]
	}
	switch string(buf[:len(word)]) {
	case "union", "select", "or", "and", "xor", "not", "limit", "offset", "having", "into", "intersect", "except",
		"minus", "returning", "procedure", "is", "isnull", "notnull", "like", "glob", "regexp", "rlike", "between",
		"in", "case", "exists", "drop", "exec", "execute", "waitfor", "shutdown", "delete", "insert", "update",
		"truncate", "declare", "null", "true", "false", "fetch", "for", "window", "div", "mod", "match":
		return true
	default:
		return false
	}
}
