package printer

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"

	"github.com/itchyny/gojq"
	"go.yaml.in/yaml/v3"

	"github.com/sqreen/sqreen/cmd/internal/iostreams"
	"github.com/sqreen/sqreen/localplatform"
)

// structured writes rows as one list.
func structured[T any](ios *iostreams.IOStreams, now time.Time, o *Options, rows []T) error {
	list := make([]json.RawMessage, len(rows))
	for i := range rows {
		var err error
		if list[i], err = object(&rows[i], o.Fields); err != nil {
			return err
		}
	}
	raw, err := encode(list)
	if err != nil {
		return err
	}
	return o.write(ios.Out, now, raw)
}

// One prints a single thing: structured when the options ask for that, else by
// human. Options must have been validated for T.
func One[T any](ios *iostreams.IOStreams, now time.Time, o *Options, v T, human func(*Page) error) error {
	if o.Format == FormatCSV {
		return localplatform.Errorf(localplatform.CodeInvalid, "csv is for lists").WithHint("use -o json or -o yaml")
	}
	if !o.Structured() {
		defer ios.StartPager()()
		p := NewPage(ios, now)
		if err := human(p); err != nil {
			return err
		}
		return p.Err()
	}
	raw, err := object(&v, o.Fields)
	if err != nil {
		return err
	}
	return o.write(ios.Out, now, raw)
}

func (o *Options) write(w io.Writer, now time.Time, raw json.RawMessage) error {
	switch {
	case o.JQ != "":
		return writeJQ(w, raw, o.JQ)
	case o.Template != "":
		return writeTemplate(w, now, raw, o.Template)
	case o.Format == FormatYAML:
		return writeYAML(w, raw)
	}
	text, err := Marshal(raw)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

// writeJQ writes each result on a line: strings as they are, everything else as JSON.
func writeJQ(w io.Writer, raw json.RawMessage, expr string) error {
	query, err := gojq.Parse(expr)
	if err != nil {
		return localplatform.Errorf(localplatform.CodeInvalid, "--jq: %w", err)
	}
	code, err := gojq.Compile(query)
	if err != nil {
		return localplatform.Errorf(localplatform.CodeInvalid, "--jq: %w", err)
	}
	in, err := decode(raw)
	if err != nil {
		return err
	}
	for it := code.RunWithContext(context.Background(), in); ; {
		v, ok := it.Next()
		if !ok {
			return nil
		}
		if err, bad := v.(error); bad {
			return localplatform.Errorf(localplatform.CodeInvalid, "--jq: %w", err)
		}
		line, isText := v.(string)
		if !isText {
			b, err := gojq.Marshal(v)
			if err != nil {
				return err
			}
			line = string(escapeActive(b))
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
}

// decode reads JSON so that whole numbers stay whole.
func decode(raw json.RawMessage) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return numbers(v), nil
}

func numbers(v any) any {
	switch x := v.(type) {
	case json.Number:
		if i, err := strconv.Atoi(string(x)); err == nil {
			return i
		}
		if i, ok := new(big.Int).SetString(string(x), 10); ok {
			return i
		}
		f, _ := x.Float64()
		return f
	case []any:
		for i := range x {
			x[i] = numbers(x[i])
		}
	case map[string]any:
		for k := range x {
			x[k] = numbers(x[k])
		}
	}
	return v
}

func writeTemplate(w io.Writer, now time.Time, raw json.RawMessage, text string) error {
	t, err := template.New("").Funcs(templateFuncs(now)).Parse(text)
	if err != nil {
		return localplatform.Errorf(localplatform.CodeInvalid, "--template: %w", err)
	}
	in, err := decode(raw)
	if err != nil {
		return err
	}
	if err := t.Execute(w, in); err != nil {
		return localplatform.Errorf(localplatform.CodeInvalid, "--template: %w", err)
	}
	return nil
}

// templateFuncs are the functions of --template beside those of text/template.
func templateFuncs(now time.Time) template.FuncMap {
	return template.FuncMap{
		"upper": strings.ToUpper,
		"lower": strings.ToLower,
		"join": func(sep string, list []any) string {
			parts := make([]string, len(list))
			for i, v := range list {
				parts[i] = fmt.Sprint(v)
			}
			return strings.Join(parts, sep)
		},
		"pluck": func(field string, list []any) []any {
			out := make([]any, 0, len(list))
			for _, v := range list {
				if m, ok := v.(map[string]any); ok {
					out = append(out, m[field])
				}
			}
			return out
		},
		"json": func(v any) (string, error) {
			b, err := gojq.Marshal(v)
			return string(escapeActive(b)), err
		},
		"timeago": func(v any) (string, error) {
			text, ok := v.(string)
			if !ok {
				return "never", nil
			}
			t, err := time.Parse(time.RFC3339, text)
			return Ago(t, now), err
		},
	}
}

// writeYAML keeps the order of the fields by going through a YAML document.
func writeYAML(w io.Writer, raw json.RawMessage) error {
	var doc yaml.Node
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		return fmt.Errorf("convert to YAML: %w", err)
	}
	plainStyle(&doc)
	e := yaml.NewEncoder(w)
	e.SetIndent(2)
	if err := e.Encode(&doc); err != nil {
		return err
	}
	return e.Close()
}

// plainStyle forgets JSON's quotes and brackets; the encoder quotes where it must.
func plainStyle(n *yaml.Node) {
	if empty := len(n.Content) == 0; n.Kind == yaml.ScalarNode || !empty {
		n.Style = 0
	}
	for _, c := range n.Content {
		plainStyle(c)
	}
}

// writeCSV writes a header and rows. A text that a spreadsheet would run as a
// formula gets an apostrophe in front, because much of our data was chosen by
// attackers.
func writeCSV[T any](w io.Writer, cols []Column[T], rows []T) error {
	c := csv.NewWriter(w)
	record := slices.Collect(func(yield func(string) bool) {
		for _, col := range cols {
			if !yield(col.Name) {
				return
			}
		}
	})
	if err := c.Write(record); err != nil {
		return err
	}
	for _, row := range rows {
		for i, col := range cols {
			record[i] = csvCell(col.Text(row))
		}
		if err := c.Write(record); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

func csvCell(s string) string {
	s = iostreams.VisibleLines(s)
	if s == "" || !strings.ContainsRune("=+-@\t", rune(s[0])) {
		return s
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		return s
	}
	return "'" + s
}
