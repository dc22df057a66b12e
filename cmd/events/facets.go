package events

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/localplatform"
)

// printed is the type that the flags make the command print.
func (o *ListOptions) printed() reflect.Type {
	switch {
	case len(o.Facets) > 0:
		return reflect.TypeFor[localplatform.Facet]()
	case o.Histogram:
		return reflect.TypeFor[localplatform.Histogram]()
	case o.Count:
		return reflect.TypeFor[Counted]()
	}
	return reflect.TypeFor[event]()
}

func (o *ListOptions) facets(ctx context.Context, query string) error {
	known := cmdutil.FieldNames(localplatform.EventSchema())
	for i, name := range o.Facets {
		f, ok := localplatform.EventSchema().Lookup(name)
		if !ok {
			return printer.UnknownName("field", name, known)
		}
		o.Facets[i] = f.Name
	}
	list, err := cmdutil.Load(ctx, o.Factory, "counting values", func(p localplatform.Platform) ([]localplatform.Facet, error) {
		return p.Facets(ctx, localplatform.FacetQuery{Query: query, Fields: o.Facets, Limit: o.Limit})
	})
	if err != nil {
		return err
	}
	if o.Print.Structured() {
		return printer.List(o.IO, o.Now(), &o.Print, printer.Table[localplatform.Facet]{Rows: list})
	}
	if o.IO.IsStdoutTTY() && o.Print.Format == printer.FormatTable {
		return drawFacets(o, list)
	}
	return printer.List(o.IO, o.Now(), &o.Print, printer.Table[facetRow]{Columns: facetColumns(), Rows: facetRows(list)})
}

// facetRow is one value in a pipe.
type facetRow struct {
	field, value string
	count        int64
}

func facetColumns() []printer.Column[facetRow] {
	return []printer.Column[facetRow]{
		printer.Text("field", func(r facetRow) string { return r.field }),
		printer.Text("value", func(r facetRow) string { return r.value }),
		printer.Number("count", func(r facetRow) int64 { return r.count }),
	}
}

func facetRows(list []localplatform.Facet) []facetRow {
	var rows []facetRow
	for _, f := range list {
		for _, v := range f.Values {
			rows = append(rows, facetRow{f.Field, v.Value, v.Count})
		}
	}
	return rows
}

// barWidth is the width of the bars beside facets.
const barWidth = 20

func drawFacets(o *ListOptions, list []localplatform.Facet) error {
	page := printer.NewPage(o.IO, o.Now())
	for i, f := range list {
		if i > 0 {
			page.Line("")
		}
		page.Line("%s", page.Bold(strings.ToUpper(f.Field)))
		drawFacet(page, f)
	}
	return page.Err()
}

func drawFacet(page *printer.Page, f localplatform.Facet) {
	total := f.Others
	for _, v := range f.Values {
		total += v.Count
	}
	if len(f.Values) == 0 {
		page.Line("%s", page.Faint("no values"))
		return
	}
	most := slices.MaxFunc(f.Values, func(a, b localplatform.FacetValue) int { return int(a.Count - b.Count) }).Count
	for _, v := range f.Values {
		share := 100 * float64(v.Count) / float64(max(total, 1))
		page.Line("%9s %4.0f%%  %s  %s", printer.Thousands(v.Count), share, page.Key(printer.Bar(v.Count, most, barWidth)), printer.Clean(v.Value))
	}
	var rest []string
	if f.Others > 0 {
		rest = append(rest, printer.Thousands(f.Others)+" with other values")
	}
	if f.Absent > 0 {
		rest = append(rest, printer.Thousands(f.Absent)+" without a value")
	}
	if len(rest) > 0 {
		page.Line("%s", page.Faint(fmt.Sprintf("%9s %s", "", strings.Join(rest, ", "))))
	}
}
