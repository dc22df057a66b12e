package queries_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/sqreen/sqreen/queries"
)

// testNow is a Saturday morning in a zone that is not UTC, so that a mistake about zones shows.
var testNow = time.Date(2026, 11, 21, 9, 30, 0, 0, time.FixedZone("CET", 3600))

// testSchema has a field of every type and every way to be stored.
func testSchema() *queries.Schema {
	return &queries.Schema{
		Name: "records", FreeText: []string{"path", "title", "ip"}, TimeField: "at",
		Fields: []queries.Field{
			{Name: "app", Column: "app", Doc: "name of the app"},
			{Name: "env", Aliases: []string{"environment"}, Column: "env", Doc: "environment"},
			{Name: "path", Aliases: []string{"url"}, Column: "path", Doc: "path of the request"},
			{Name: "title", Column: "title", Doc: "title"},
			{Name: "user", Column: "user_name", Doc: "user"},
			{Name: "risk", Type: queries.Enum, Values: []string{"low", "medium", "high"}, Ordered: true, Column: "risk", Doc: "risk band"},
			{Name: "kind", Type: queries.Enum, Values: []string{"sqli", "xss", "http_scan", "http_error"}, Column: "kind", Doc: "kind"},
			{Name: "zone", Type: queries.Enum, Column: "zone", Doc: "an open list"},
			{Name: "count", Type: queries.Number, Column: "count_", Doc: "how often"},
			{Name: "status", Type: queries.Number, Column: "status", Doc: "HTTP status"},
			{Name: "overhead", Type: queries.Number, Column: "overhead", Doc: "percent of the time"},
			{Name: "at", Aliases: []string{"time"}, Type: queries.Time, Column: "at", Doc: "when"},
			{Name: "last_seen", Type: queries.Time, Column: "last_seen", Doc: "when last"},
			{Name: "duration", Type: queries.Duration, Column: "duration", Doc: "how long"},
			{Name: "blocked", Type: queries.Bool, Column: "blocked", Doc: "whether blocked"},
			{Name: "ip", Type: queries.IP, Column: "ip", Doc: "address"},
			{Name: "package", Aliases: []string{"packages"}, Multi: true, Column: "p.value", From: "json_each(records.packages) AS p", Doc: "packages"},
			{Name: "orm", Multi: true, Doc: "ORMs, not in the database"},
		},
		Dynamic: queries.JSONField("prop.", "records.props", "properties of the event"),
	}
}

// record is a Record made of a map, as slow as it is simple.
type record map[string][]any

func (r record) Values(field string) []any { return r[field] }

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func compile(t *testing.T, text string) *queries.Filter {
	t.Helper()
	f, err := queries.Compile(text, testSchema(), testNow)
	if err != nil {
		t.Fatalf("Compile(%q): %v", text, err)
	}
	return f
}

func TestSchemaIsValid(t *testing.T) {
	if err := testSchema().Validate(); err != nil {
		t.Error(err)
	}
}

func TestValidateNamesEveryMistake(t *testing.T) {
	broken := &queries.Schema{
		Name: "broken", FreeText: []string{"count", "nothing"}, TimeField: "count",
		Dynamic: &queries.DynamicField{Prefix: "prop.", Text: func(queries.Dialect, string) (string, []any) { return "", nil }},
		Fields: []queries.Field{
			{Name: "a"},
			{Name: "b", Aliases: []string{"A"}},
			{Name: "or"},
			{Name: "since"},
			{Name: "1st"},
			{Name: "count", Type: queries.Number, Values: []string{"x"}},
			{Name: "risk", Type: queries.Enum, Ordered: true},
			{Name: "state", Type: queries.Enum, Values: []string{""}},
			{Name: "many", Multi: true, Column: "many"},
			{Name: "one", Column: "one", From: "ones"},
		},
	}
	err := broken.Validate()
	if err == nil {
		t.Fatal("a broken schema passed")
	}
	for _, want := range []string{
		`name "A" of field "b" is already taken by field "a"`, `"or" is a word of the language`, `"since" is built in`,
		`"1st" must be letters`, `"count" has a list of values, but is not an Enum`, `"risk" is ordered, but has no list`,
		`"state" lists an empty value`, `"many" has many values and a Column, so it needs From`, `"one" has From`,
		`free text field "count" is a number, not text`, `free text field "nothing" does not exist`,
		`time field "count" must be a field of type Time`, "a dynamic field needs both",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no complaint %q in:\n%v", want, err)
		}
	}
}

func TestLookup(t *testing.T) {
	s := testSchema()
	for name, want := range map[string]string{"app": "app", "ENVIRONMENT": "env", "prop.Plan": "prop.Plan", "PROP.x": "prop.x"} {
		f, ok := s.Lookup(name)
		if !ok || f.Name != want {
			t.Errorf("Lookup(%q) = %v, %v, want %s", name, f, ok, want)
		}
	}
	for _, name := range []string{"", "ap", "prop.", "since"} {
		if f, ok := s.Lookup(name); ok {
			t.Errorf("Lookup(%q) = %s, want nothing", name, f.Name)
		}
	}
}
