package cmdutil

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/inventory"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/queries"
)

// completionTime bounds how long a press of the tab key may take.
const completionTime = time.Second

const noFiles = cobra.ShellCompDirectiveNoFileComp

// Fixed completes a flag with words.
func Fixed(cmd *cobra.Command, flag string, words ...string) {
	Must(cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, noFiles)))
}

// FieldNames lists the fields of a schema.
func FieldNames(s *queries.Schema) []string {
	names := make([]string, len(s.Fields))
	for i := range s.Fields {
		names[i] = s.Fields[i].Name
	}
	return names
}

// ListOf completes the last of several words separated by commas.
func ListOf(cmd *cobra.Command, flag string, words []string) {
	Must(cmd.RegisterFlagCompletionFunc(flag, func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		head := ""
		if i := strings.LastIndexByte(typed, ','); i >= 0 {
			head = typed[:i+1]
		}
		var out []string
		for _, w := range words {
			if strings.HasPrefix(w, typed[len(head):]) {
				out = append(out, head+w)
			}
		}
		return out, noFiles | cobra.ShellCompDirectiveNoSpace
	}))
}

// Must is for mistakes in the wiring of a command, which any test that makes the
// command finds.
func Must(err error) {
	if err != nil {
		panic(err)
	}
}

// Values completes a flag with a field's choices, or with what the platform has
// seen in it when anything may stand there. schema is "apps", "events",
// "incidents" or "actions".
func (f *Factory) Values(cmd *cobra.Command, flag, schema, field string) {
	if choices := choicesOf(schema, field); choices != nil {
		ListOf(cmd, flag, choices)
		return
	}
	Must(cmd.RegisterFlagCompletionFunc(flag, func(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		head := typed[:strings.LastIndexByte(typed, ',')+1]
		values := f.Lookup(cmd.Context(), schema, field, typed[len(head):])
		for i := range values {
			values[i] = head + values[i]
		}
		return values, noFiles
	}))
}

// choicesOf lists the values of a field that has only a few, in the order of the schema.
func choicesOf(schema, field string) []string {
	for _, s := range []*queries.Schema{inventory.Schema(), localplatform.EventSchema(), localplatform.IncidentSchema(), localplatform.ActionSchema()} {
		if s.Name != schema {
			continue
		}
		if known, ok := s.Lookup(field); ok && known.Type == queries.Enum {
			return known.Values
		}
	}
	return nil
}

// Lookup returns values of a field that begin with prefix. While completing,
// nothing to offer is the answer to every trouble.
func (f *Factory) Lookup(ctx context.Context, schema, field, prefix string) []string {
	out, _ := Completing(ctx, f, func(ctx context.Context, p localplatform.Platform) ([]string, error) {
		return p.Values(ctx, schema, field, prefix)
	})
	return out
}

// Completing runs fn on the platform within the time a completion may take.
func Completing[T any](ctx context.Context, f *Factory, fn func(context.Context, localplatform.Platform) (T, error)) (v T, err error) {
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, cancel := context.WithTimeout(ctx, completionTime)
	defer cancel()
	err = f.WithPlatform(ctx, func(p localplatform.Platform) error {
		v, err = fn(ctx, p)
		return err
	})
	return v, err
}

// CompleteQuery completes arguments that are a query over a schema.
func (f *Factory) CompleteQuery(s *queries.Schema) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		values := func(field, prefix string) []string { return f.Lookup(cmd.Context(), s.Name, field, prefix) }
		runes := []rune(typed)
		var out []string
		for _, c := range queries.Complete(typed, utf8.RuneCountInString(typed), s, values) {
			word := string(runes[:c.Start]) + c.Text
			if c.Doc != "" {
				word += "\t" + c.Doc
			}
			out = append(out, word)
		}
		return out, noFiles | cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveKeepOrder
	}
}

// QueryFlag completes a flag that is a query over a schema.
func (f *Factory) QueryFlag(cmd *cobra.Command, flag string, s *queries.Schema) {
	Must(cmd.RegisterFlagCompletionFunc(flag, f.CompleteQuery(s)))
}
