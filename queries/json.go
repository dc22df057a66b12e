package queries

// JSONField returns a DynamicField for names that are the keys of a JSON object, such as the properties
// of an event. column is the trusted expression of the object: text in SQLite, jsonb in PostgreSQL.
// Values that are objects or lists themselves count as absent.
func JSONField(prefix, column, doc string) *DynamicField {
	return &DynamicField{
		Prefix: prefix, Doc: doc,
		Text: func(d Dialect, name string) (string, []any) {
			if d == Postgres {
				// The cast tells PostgreSQL that the key is text and no array index.
				return "CASE WHEN jsonb_typeof(" + column + " -> ?::text) IN ('string', 'boolean') THEN " + column + " ->> ?::text END", []any{name, name}
			}
			path := jsonPath(name)
			return "CASE json_type(" + column + ", ?) WHEN 'text' THEN json_extract(" + column + ", ?) WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' END", []any{path, path}
		},
		Number: func(d Dialect, name string) (string, []any) {
			if d == Postgres {
				return "CASE WHEN jsonb_typeof(" + column + " -> ?::text) = 'number' THEN (" + column + " ->> ?::text)::numeric END", []any{name, name}
			}
			path := jsonPath(name)
			return "CASE WHEN json_type(" + column + ", ?) IN ('integer', 'real') THEN json_extract(" + column + ", ?) END", []any{path, path}
		},
	}
}

// jsonPath quotes a name, which holds no quotes, so that a dot in it is part of the key.
func jsonPath(name string) string { return `$."` + name + `"` }
