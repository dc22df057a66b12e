package incidents

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/localplatform"
)

// Formats of a check.
const (
	formatTable       = "table"
	formatJSON        = "json"
	formatSARIF       = "sarif"
	formatJUnit       = "junit"
	formatAnnotations = "annotations"
)

var checkFormats = []string{formatTable, formatJSON, formatSARIF, formatJUnit, formatAnnotations}

// output is one -o: a format, and a file or "" for standard output.
type output struct{ format, file string }

func parseOutputs(list []string) ([]output, error) {
	if len(list) == 0 {
		return []output{{format: formatTable}}, nil
	}
	var out []output
	stdout := ""
	for _, text := range list {
		format, file, hasFile := strings.Cut(text, "=")
		if !slices.Contains(checkFormats, format) {
			return nil, printer.UnknownName("output format", format, checkFormats)
		}
		if hasFile && file == "" {
			return nil, localplatform.Errorf(localplatform.CodeInvalid, "-o %s names no file", text)
		}
		if file == "-" {
			file = ""
		}
		if file == "" && stdout != "" {
			return nil, localplatform.Errorf(localplatform.CodeInvalid, "%s and %s cannot both go to standard output", stdout, format).
				WithHint("write one to a file: -o %s=FILE", format)
		}
		if file == "" {
			stdout = format
		}
		out = append(out, output{format, file})
	}
	return out, nil
}

func (o *CheckOptions) write(w io.Writer, format string, r *Report) error {
	switch format {
	case formatJSON:
		text, err := printer.Marshal(r)
		if err == nil {
			_, err = w.Write(text)
		}
		return err
	case formatSARIF:
		return writeSARIF(w, r, o.Build)
	case formatJUnit:
		return writeJUnit(w, r)
	case formatAnnotations:
		return writeAnnotations(w, r)
	}
	return o.table(w, r)
}

// table writes findings for whoever reads w: for people when w is the terminal.
func (o *CheckOptions) table(w io.Writer, r *Report) error {
	t := printer.Table[Finding]{
		Columns: findingColumns(), Rows: r.Findings, One: "incident", Many: "incidents", Empty: "No live incidents.",
	}
	if w == o.IO.Out {
		return printer.List(o.IO, o.Now(), &printer.Options{Format: printer.FormatTable}, t)
	}
	return printer.WriteTSV(w, t.Columns, t.Rows)
}

func findingColumns() []printer.Column[Finding] {
	return []printer.Column[Finding]{
		printer.ID("id", func(f Finding) int64 { return f.ID }),
		printer.YesNo("fails", func(f Finding) bool { return f.Fails }, false),
		printer.Word("severity", func(f Finding) string { return string(f.Severity) }),
		printer.Word("state", func(f Finding) string { return string(f.State) }),
		printer.Text("app", func(f Finding) string { return f.App + "/" + f.Env }).Cut(8),
		printer.Text("title", func(f Finding) string { return f.Title }).Cut(34),
		printer.Text("actor", func(f Finding) string { return mainActor(f.Incident) }).Cut(15).Yields(2),
		printer.Time("last_seen", func(f Finding) time.Time { return f.LastSeen }).Titled("LAST").Yields(1),
	}
}

// message is one finding in a sentence or two, without markup.
func (f Finding) message() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s on %s/%s: %d events, %d blocked", f.Title, f.App, f.Env, f.Events, f.Blocked)
	if f.Exploited > 0 {
		fmt.Fprintf(&b, ", %d got through", f.Exploited)
	}
	if a := mainActor(f.Incident); a != "" {
		fmt.Fprintf(&b, ", by %s", a)
	}
	b.WriteString(".")
	if len(f.Advice) > 0 {
		b.WriteString(" " + f.Advice[0])
	}
	return b.String()
}

// place is the line of the app's code that an incident's evidence points at.
type place struct {
	function, file string
	line           int
}

// where finds the first frame in the evidence that names a file. Frames are
// written "function (file:line)".
func (f Finding) where() (place, bool) {
	for _, e := range f.Evidence {
		open := strings.LastIndex(e.Frame, " (")
		if open < 0 || !strings.HasSuffix(e.Frame, ")") {
			continue
		}
		at := e.Frame[open+2 : len(e.Frame)-1]
		colon := strings.LastIndexByte(at, ':')
		if colon < 0 {
			continue
		}
		var line int
		if _, err := fmt.Sscanf(at[colon+1:], "%d", &line); err != nil || line <= 0 {
			continue
		}
		return place{function: e.Frame[:open], file: at[:colon], line: line}, true
	}
	return place{}, false
}
