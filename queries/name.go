package queries

// nameLen returns the length of the field name at the start of s, 0 when there is none.
func nameLen(s string) int {
	for i := range len(s) {
		c := s[i] | 0x20
		letter := 'a' <= c && c <= 'z' || s[i] == '_'
		rest := '0' <= s[i] && s[i] <= '9' || s[i] == '.' || s[i] == '-'
		if !letter && (i == 0 || !rest) {
			return i
		}
	}
	return len(s)
}

// isKeyword reports whether word is an operator in the place of a term.
func isKeyword(word string) bool {
	return equalFold(word, "and") || equalFold(word, "or") || equalFold(word, "not")
}

// isBuiltin reports whether name is a term that works on the schema's time field.
func isBuiltin(name string) bool {
	return equalFold(name, "since") || equalFold(name, "until")
}

// lower folds one byte. Only ASCII letters have case here, in SQLite's NOCASE and LIKE, and in
// PostgreSQL's lower under the "C" collation; folding more in one place would make their answers differ.
func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + ('a' - 'A')
	}
	return c
}

// equalFold reports whether a and b are equal but for the case of ASCII letters.
func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if a[i] != b[i] && lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}
