package cmdutil

import (
	"errors"
	"reflect"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/localplatform"
)

// fieldsAnnotation keeps the JSON fields of a command for FlagError.
const fieldsAnnotation = "sqreen_json_fields"

// OutputFlags adds --json, --jq, --template and -o for values of type T, and
// --columns and --sort when the command prints a table with those columns.
func OutputFlags[T any](cmd *cobra.Command, o *printer.Options, columns []string) {
	OutputFlagsFor(cmd, o, reflect.TypeFor[T], columns)
}

// OutputFlagsFor is OutputFlags for a command whose other flags decide what it
// prints. Before they are parsed, printed returns the usual type.
func OutputFlagsFor(cmd *cobra.Command, o *printer.Options, printed func() reflect.Type, columns []string) {
	fields := printer.FieldNames(printed())
	var asJSON []string
	fl := cmd.Flags()
	fl.StringSliceVar(&asJSON, "json", nil, "write JSON with these `fields` (none: list them)")
	fl.StringVarP(&o.JQ, "jq", "q", "", "filter JSON with a jq `expression`")
	fl.StringVarP(&o.Template, "template", "t", "", "format JSON with a Go `template`")
	fl.StringVarP((*string)(&o.Format), "output", "o", "", "`format`: "+strings.Join(printer.Formats(), ", "))
	Fixed(cmd, "output", printer.Formats()...)
	ListOf(cmd, "json", fields)
	if columns != nil {
		ColumnsFlag(cmd, o, columns)
		fl.StringSliceVar(&o.Sort, "sort", nil, "columns to sort by; - in front for descending")
		ListOf(cmd, "sort", columns)
	}
	annotate(cmd, fieldsAnnotation, strings.Join(fields, ","))
	chain(cmd, func(cmd *cobra.Command) error {
		if cmd.Flags().Changed("json") {
			for _, f := range asJSON {
				if strings.HasPrefix(f, "-") {
					return jsonNeedsFields(cmd, f)
				}
			}
			if o.Format != "" && o.Format != printer.FormatJSON && o.Format != printer.FormatYAML {
				return localplatform.Errorf(localplatform.CodeInvalid, "--json and -o %s exclude each other", o.Format)
			}
			o.Fields = asJSON
			if o.Format == "" {
				o.Format = printer.FormatJSON
			}
		}
		return o.Validate(printed())
	})
}

// ColumnsFlag adds --columns alone, for tables that come sorted.
func ColumnsFlag(cmd *cobra.Command, o *printer.Options, columns []string) {
	cmd.Flags().StringSliceVar(&o.Columns, "columns", nil, "columns of the table")
	ListOf(cmd, "columns", columns)
}

// jsonNeedsFields explains `--json --jq ...`, where the flag package takes --jq
// for the fields.
func jsonNeedsFields(cmd *cobra.Command, next string) error {
	u := Usage(cmd.CommandPath(), "--json is followed by %s instead of field names", next)
	u.Hint = "name the fields, as in --json " + firstFields(cmd) + ", or use " + next + " alone for all fields"
	return u
}

func firstFields(cmd *cobra.Command) string {
	fields := JSONFields(cmd)
	return strings.Join(fields[:min(3, len(fields))], ",")
}

// JSONFields lists what --json takes for a command, nil when it has no --json.
func JSONFields(cmd *cobra.Command) []string {
	if cmd.Annotations[fieldsAnnotation] == "" {
		return nil
	}
	return strings.Split(cmd.Annotations[fieldsAnnotation], ",")
}

func annotate(cmd *cobra.Command, key, value string) {
	if cmd.Annotations == nil {
		cmd.Annotations = map[string]string{}
	}
	cmd.Annotations[key] = value
}

// chain runs check before the command, after checks added earlier.
func chain(cmd *cobra.Command, check func(*cobra.Command) error) {
	before := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		if before != nil {
			if err := before(cmd, args); err != nil {
				return err
			}
		}
		return check(cmd)
	}
}

// FlagError turns a complaint about flags into what a person can use. It is
// cobra's flag error function.
func FlagError(cmd *cobra.Command, err error) error {
	var missing *pflag.ValueRequiredError
	if fields := JSONFields(cmd); errors.As(err, &missing) && missing.GetSpecifiedName() == "json" && fields != nil {
		return &FieldsRequest{Fields: fields}
	}
	u := &UsageError{Err: err, Command: cmd.CommandPath()}
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		u.Hint = flagHint(cmd, unknown.GetSpecifiedName())
	}
	return u
}

// flagHint suggests a flag, or recognises a query that begins with a dash.
func flagHint(cmd *cobra.Command, typed string) string {
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			known = append(known, f.Name)
		}
	})
	if s := printer.Suggest(typed, known); s != "" && len(typed) > 1 {
		return "did you mean --" + s + "?"
	}
	if strings.Contains(cmd.Use, "[QUERY]") {
		return "a query that begins with - goes after --, in quotes: " + cmd.CommandPath() + " -- '-orm:*'"
	}
	return ""
}
