package incidents

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/localplatform"
)

// writeAnnotations writes workflow commands of GitHub Actions: an error for what
// fails, a warning or notice for the rest, a warning for what is missing.
func writeAnnotations(w io.Writer, r *Report) error {
	for _, f := range r.Findings {
		command := "notice"
		switch {
		case f.Fails:
			command = "error"
		case f.Severity.AtLeast(localplatform.SeverityMedium):
			command = "warning"
		}
		props := []string{"title=" + annotationProperty(fmt.Sprintf("sqreen incident %d (%s)", f.ID, f.Severity))}
		if p, ok := f.where(); ok {
			props = append(props, "file="+annotationProperty(p.file), "line="+strconv.Itoa(p.line))
		}
		if err := annotate(w, command, strings.Join(props, ","), f.message()); err != nil {
			return err
		}
	}
	for _, s := range r.Silent {
		if err := annotate(w, "warning", "title=sqreen has not enough data", s.text()); err != nil {
			return err
		}
	}
	return nil
}

func annotate(w io.Writer, command, props, text string) error {
	_, err := fmt.Fprintf(w, "::%s %s::%s\n", command, props, annotationText(text))
	return err
}

// annotationText keeps data from beginning another command or leaving its line.
func annotationText(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(printer.Clean(s))
}

func annotationProperty(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(annotationText(s))
}
