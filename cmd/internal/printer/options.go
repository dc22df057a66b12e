package printer

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/sqreen/sqreen/localplatform"
)

// Format is a way to write.
type Format string

// Formats. FormatTable is the default and depends on who reads.
const (
	FormatTable Format = "table"
	FormatWide  Format = "wide"
	FormatJSON  Format = "json"
	FormatYAML  Format = "yaml"
	FormatCSV   Format = "csv"
)

// Formats lists what -o takes.
func Formats() []string {
	return []string{string(FormatTable), string(FormatWide), string(FormatJSON), string(FormatYAML), string(FormatCSV)}
}

// Options are what the output flags of a command say. The zero value is a table.
type Options struct {
	Format   Format
	Fields   []string // JSON fields; nil means all
	JQ       string
	Template string
	Columns  []string // of a table; nil means the usual ones
	Sort     []string // column names, "-" in front for descending
}

// Structured reports whether whole values are written rather than a table.
func (o *Options) Structured() bool {
	return o.Format == FormatJSON || o.Format == FormatYAML || o.JQ != "" || o.Template != ""
}

// Wants reports whether a JSON field is among what is printed.
func (o *Options) Wants(field string) bool {
	return o.Structured() && (o.Fields == nil || slices.Contains(o.Fields, field))
}

// Validate checks the options for values of type t.
func (o *Options) Validate(t reflect.Type) error {
	if o.Format == "" {
		o.Format = FormatTable
	}
	if !slices.Contains(Formats(), string(o.Format)) {
		return localplatform.Errorf(localplatform.CodeInvalid, "unknown output format %q", string(o.Format)).
			WithHint("%s", formatHint(string(o.Format)))
	}
	if o.JQ != "" && o.Template != "" {
		return localplatform.Errorf(localplatform.CodeInvalid, "--jq and --template exclude each other")
	}
	if (o.JQ != "" || o.Template != "") && o.Format != FormatTable && o.Format != FormatJSON {
		return localplatform.Errorf(localplatform.CodeInvalid, "--jq and --template write their own format, not %s", o.Format)
	}
	known := FieldNames(t)
	for _, name := range o.Fields {
		if !slices.Contains(known, name) {
			return UnknownName("JSON field", name, known)
		}
	}
	return nil
}

// formatHint recognises a query such as -orm:* that was taken for the flag -o.
func formatHint(format string) string {
	if strings.ContainsAny(format, ":*") {
		return "a query that begins with - goes after --, in quotes: -- '-o" + format + "'"
	}
	return "use one of " + strings.Join(Formats(), ", ")
}

// UnknownName is the error for a name that is none of the known ones. It says which names there are, and which one was probably meant.
func UnknownName(what, name string, known []string) error {
	hint := "use " + strings.Join(known, ", ")
	if s := Suggest(name, known); s != "" {
		hint = fmt.Sprintf("did you mean %q? There are: %s", s, strings.Join(known, ", "))
	}
	return localplatform.Errorf(localplatform.CodeInvalid, "unknown %s %q", what, name).WithHint("%s", hint)
}

// Suggest returns the known name nearest to what was typed, "" when none is near.
func Suggest(typed string, known []string) string {
	best, bestDistance := "", 1+max(1, len(typed)/3)
	for _, k := range known {
		d := distance(strings.ToLower(typed), strings.ToLower(k))
		if len(typed) > 1 && strings.HasPrefix(strings.ToLower(k), strings.ToLower(typed)) {
			d = min(d, 1)
		}
		if d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best
}

// distance counts insertions, removals, replacements and swaps of neighbours.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	d := make([][]int, len(x)+1)
	for i := range d {
		d[i] = make([]int, len(y)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(x)][len(y)]
}
