package cmdutil

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/localplatform"
)

// SplitApp reads APP or APP/ENV. env is what a flag said, "" for nothing.
func SplitApp(text, env string) (name, environment string, err error) {
	name, own, _ := strings.Cut(text, "/")
	switch {
	case name == "" || strings.Contains(own, "/"):
		return "", "", localplatform.Errorf(localplatform.CodeInvalid, "%q is not an app", text).WithHint("use APP or APP/ENV, as in shop/prod")
	case own != "" && env != "" && own != env:
		return "", "", localplatform.Errorf(localplatform.CodeInvalid, "%s names environment %s, and --env %s", text, own, env)
	case own == "":
		own = env
	}
	return name, own, nil
}

// CompleteApps completes the first n arguments with APP/ENV.
func (f *Factory) CompleteApps(n int) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) >= n {
			return nil, noFiles
		}
		return f.appNames(cmd.Context(), typed), noFiles
	}
}

func (f *Factory) appNames(ctx context.Context, typed string) []string {
	out, _ := Completing(ctx, f, func(ctx context.Context, p localplatform.Platform) ([]string, error) {
		apps, err := p.Apps(ctx, "")
		if err != nil {
			return nil, err
		}
		var names []string
		for _, a := range apps {
			if word := a.Name + "/" + a.Env; strings.HasPrefix(word, typed) {
				names = append(names, word+"\t"+string(a.Risk)+" risk, "+a.Status)
			}
		}
		return names, nil
	})
	return out
}
