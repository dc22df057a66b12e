package queries

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Type says what the values of a field are, and with that which operators a query may use on it.
type Type int

// The types of fields.
const (
	Text     Type = iota // any string; equality, wildcards, lists
	Enum                 // one of Field.Values; with Field.Ordered also comparisons and ranges
	Number               // integers and decimals
	Time                 // instants, kept to the microsecond
	Duration             // lengths of time, kept to the microsecond
	Bool                 // true or false
	IP                   // addresses of both families; prefixes and ranges
)

// String returns the name of the type as a person would say it.
func (t Type) String() string {
	switch t {
	case Text:
		return "text"
	case Enum:
		return "a choice"
	case Number:
		return "a number"
	case Time:
		return "a time"
	case Duration:
		return "a duration"
	case Bool:
		return "true or false"
	case IP:
		return "an IP address"
	}
	return fmt.Sprintf("Type(%d)", int(t))
}

// Field is one thing that a query can ask about.
type Field struct {
	Name    string   // lower case; letters, digits, '_', '-' and '.', beginning with a letter
	Aliases []string // other names that mean the same
	Type    Type
	Multi   bool // a record may have many values (packages); a term holds if any value does
	Doc     string

	// Values lists what an Enum may be, in ascending order when Ordered is set, so that risk:>=medium
	// works. An Enum without Values accepts any text.
	Values  []string
	Ordered bool

	// Column is a trusted SQL expression for the value, or "" when the field cannot be asked of the
	// database (then SQL returns ErrNotSQL). See the package comment for how values are stored.
	Column string

	// From is needed when a Multi field is asked of the database: a trusted FROM clause that yields one
	// row per value, for example "json_each(apps.packages) AS p", with Column "p.value".
	From string
}

// DynamicField describes names that are known only when a query is written, such as the properties of
// custom events: prop.plan, prop.amount. Their values are text or numbers; a query decides by what it
// asks. prop.amount:>100 looks at numbers only; prop.plan:10 finds the number 10 and the text "10".
type DynamicField struct {
	Prefix string // with its separator, for example "prop."
	Doc    string

	// Text returns a trusted SQL expression for the value as text: the string itself, 'true' or 'false'
	// for a boolean, NULL for a number or when there is no such name. The name never contains anything
	// but letters, digits, '_', '-' and '.', but must be bound all the same: each "?" in the expression
	// stands for one of args, in both dialects. Nil when it cannot be asked of the database.
	Text func(d Dialect, name string) (expr string, args []any)

	// Number is like Text for a value that is a number, NULL otherwise.
	Number func(d Dialect, name string) (expr string, args []any)
}

// Schema is the set of fields that queries on one kind of record may use.
type Schema struct {
	Name      string // what the records are, in the plural: "events"
	Fields    []Field
	FreeText  []string      // names of the Text, Enum and IP fields that bare words search
	TimeField string        // name of the Time field behind since: and until:, "" for none
	Dynamic   *DynamicField // nil for none
}

// Lookup finds a field by its name or one of its aliases, without regard to case. A name under the
// dynamic prefix yields a Field of type Text made for it.
func (s *Schema) Lookup(name string) (*Field, bool) {
	for i := range s.Fields {
		f := &s.Fields[i]
		if equalFold(f.Name, name) || slices.ContainsFunc(f.Aliases, func(a string) bool { return equalFold(a, name) }) {
			return f, true
		}
	}
	if key, ok := s.dynamicKey(name); ok {
		return &Field{Name: s.Dynamic.Prefix + key, Type: Text, Doc: s.Dynamic.Doc}, true
	}
	return nil, false
}

// dynamicKey returns what follows the dynamic prefix in name.
func (s *Schema) dynamicKey(name string) (string, bool) {
	if s.Dynamic == nil || len(name) <= len(s.Dynamic.Prefix) || !equalFold(name[:len(s.Dynamic.Prefix)], s.Dynamic.Prefix) {
		return "", false
	}
	return name[len(s.Dynamic.Prefix):], true
}

// Validate reports everything that is wrong with the schema itself. Compile trusts its schema, so call
// Validate in a test of the package that declares one.
func (s *Schema) Validate() error {
	var errs []error
	seen := map[string]string{}
	for i := range s.Fields {
		f := &s.Fields[i]
		for _, name := range append([]string{f.Name}, f.Aliases...) {
			if other, dup := seen[strings.ToLower(name)]; dup {
				errs = append(errs, fmt.Errorf("name %q of field %q is already taken by field %q", name, f.Name, other))
			}
			seen[strings.ToLower(name)] = f.Name
			if err := s.checkName(name); err != nil {
				errs = append(errs, err)
			}
		}
		errs = append(errs, f.validate()...)
	}
	errs = append(errs, s.validateReferences()...)
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("schema %q: %w", s.Name, err)
	}
	return nil
}

func (s *Schema) checkName(name string) error {
	switch {
	case name == "" || nameLen(name) != len(name):
		return fmt.Errorf("field name %q must be letters, digits, '_', '-' and '.', beginning with a letter", name)
	case isKeyword(name):
		return fmt.Errorf("field name %q is a word of the language", name)
	case s.TimeField != "" && isBuiltin(name):
		return fmt.Errorf("field name %q is built in for schemas with a time field", name)
	}
	return nil
}

func (f *Field) validate() (errs []error) {
	if f.Ordered && (f.Type != Enum || len(f.Values) == 0) {
		errs = append(errs, fmt.Errorf("field %q is ordered, but has no list of values", f.Name))
	}
	if len(f.Values) > 0 && f.Type != Enum {
		errs = append(errs, fmt.Errorf("field %q has a list of values, but is not an Enum", f.Name))
	}
	if slices.Contains(f.Values, "") {
		errs = append(errs, fmt.Errorf("field %q lists an empty value, which would mean absent", f.Name))
	}
	if f.Multi && f.Column != "" && f.From == "" {
		errs = append(errs, fmt.Errorf("field %q has many values and a Column, so it needs From", f.Name))
	}
	if f.From != "" && (!f.Multi || f.Column == "") {
		errs = append(errs, fmt.Errorf("field %q has From, so it must be Multi and have a Column", f.Name))
	}
	return errs
}

func (s *Schema) validateReferences() (errs []error) {
	for _, name := range s.FreeText {
		f := s.exact(name)
		switch {
		case f == nil:
			errs = append(errs, fmt.Errorf("free text field %q does not exist", name))
		case f.Type != Text && f.Type != Enum && f.Type != IP:
			errs = append(errs, fmt.Errorf("free text field %q is %s, not text", name, f.Type))
		}
	}
	if s.TimeField != "" {
		if f := s.exact(s.TimeField); f == nil || f.Type != Time || f.Multi {
			errs = append(errs, fmt.Errorf("time field %q must be a field of type Time with one value", s.TimeField))
		}
	}
	if s.Dynamic != nil && (s.Dynamic.Text == nil) != (s.Dynamic.Number == nil) {
		errs = append(errs, errors.New("a dynamic field needs both of Text and Number, or neither"))
	}
	return errs
}

// timeField returns the field behind since: and until:, nil when there is none.
func (s *Schema) timeField() *Field {
	if s.TimeField == "" {
		return nil
	}
	return s.exact(s.TimeField)
}

// exact finds a field by its canonical name.
func (s *Schema) exact(name string) *Field {
	for i := range s.Fields {
		if s.Fields[i].Name == name {
			return &s.Fields[i]
		}
	}
	return nil
}
