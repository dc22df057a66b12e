package tokens

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/server"
)

// CreateOptions say whom to let in.
type CreateOptions struct {
	*cmdutil.Factory
	Print     printer.Options
	App, Env  string
	Operator  string
	Role      string
	ExpiresIn string
}

// NewCreate makes `sqreen tokens create`. runF replaces the work in tests.
func NewCreate(f *cmdutil.Factory, runF func(context.Context, *CreateOptions) error) *cobra.Command {
	o := &CreateOptions{Factory: f}
	cmd := &cobra.Command{
		Use:   "create {--app APP --env ENV | --operator NAME --role ROLE}",
		Short: "Create a token and print its secret once",
		Long: `Create a token. The secret goes to standard output, alone; how to use it goes to
standard error. It is not stored and cannot be shown again.`,
		Example: `  $ sqreen tokens create --app shop --env prod
  $ export SQREEN_TOKEN=$(sqreen tokens create --app shop --env prod)
  $ sqreen tokens create --operator alice --role responder --expires 90d > alice-token`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.validate(cmd); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return createRun(cmd.Context(), o)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&o.App, "app", "", "`app` that reports with the token, or app/env")
	fl.StringVar(&o.Env, "env", "", "`environment` of the app")
	fl.StringVar(&o.Operator, "operator", "", "`name` of the person or script that uses the platform")
	fl.StringVar(&o.Role, "role", "", "`role` of the operator: viewer, responder, admin")
	fl.StringVar(&o.ExpiresIn, "expires", "", "`duration` after which the token ends: 90d")
	f.Values(cmd, "app", "apps", "name")
	f.Values(cmd, "env", "apps", "env")
	cmdutil.Fixed(cmd, "role", localplatform.Roles()...)
	cmdutil.OutputFlags[localplatform.NewToken](cmd, &o.Print, nil)
	return cmd
}

func (o *CreateOptions) validate(cmd *cobra.Command) (err error) {
	if o.App != "" {
		if o.App, o.Env, err = cmdutil.SplitApp(o.App, o.Env); err != nil {
			return err
		}
	}
	switch {
	case (o.App != "" || o.Env != "") == (o.Operator != ""):
		u := cmdutil.Usage(cmd.CommandPath(), "say --app and --env for an agent, or --operator and --role for a person")
		u.Hint = "sqreen tokens create --app shop --env prod"
		return u
	case o.Operator != "" && o.Role == "":
		u := cmdutil.Usage(cmd.CommandPath(), "which role has %s?", o.Operator)
		u.Hint = "add --role viewer, responder or admin"
		return u
	case o.Operator == "" && o.Role != "":
		return cmdutil.Usage(cmd.CommandPath(), "--role is for --operator; an agent only reports")
	}
	return nil
}

func (o *CreateOptions) token() (token, error) {
	t := token{Kind: localplatform.TokenAgent, App: o.App, Env: o.Env}
	if o.Operator != "" {
		t = token{Kind: localplatform.TokenOperator, Name: o.Operator, Role: localplatform.Role(o.Role)}
	}
	expires, err := cmdutil.Deadline(o.Now(), o.ExpiresIn, "")
	if err != nil {
		return t, fmt.Errorf("--expires: %w", err)
	}
	t.Expires = expires
	return t, t.Validate()
}

func createRun(ctx context.Context, o *CreateOptions) error {
	t, err := o.token()
	if err != nil {
		return err
	}
	return o.WithPlatform(ctx, func(p localplatform.Platform) error {
		made, err := p.CreateToken(ctx, t)
		if err != nil {
			return err
		}
		if o.Print.Structured() {
			return printer.One(o.IO, o.Now(), &o.Print, made, nil)
		}
		// The secret first: whatever fails after this, it is not lost.
		if _, err := fmt.Fprintln(o.IO.Out, made.Secret); err != nil {
			return fmt.Errorf("print the secret of token %s (revoke it and create another): %w", made.ID, err)
		}
		return o.explain(ctx, p, made)
	})
}

// explain says how to use the token.
func (o *CreateOptions) explain(ctx context.Context, p localplatform.Platform, t localplatform.NewToken) error {
	url, err := o.platformURL(ctx, p)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("Token %s for the agents of %s/%s. Its secret is shown only now.\n\nRun the app with:\n\n  export SQREEN_URL=%s\n  export SQREEN_TOKEN=<the secret>\n\nhint: sqreen inventory show %s/%s tells when it has connected\n",
		t.ID, t.App, t.Env, url, t.App, t.Env)
	if t.Kind == localplatform.TokenOperator {
		text = fmt.Sprintf("Token %s for %s (%s). Its secret is shown only now.\n\nUse it with:\n\n  export %s=%s\n  export %s=FILE   # a file with the secret\n",
			t.ID, t.Name, t.Role, cmdutil.EnvURL, url, cmdutil.EnvTokenFile)
	}
	_, err = fmt.Fprint(o.IO.ErrOut, text)
	return err
}

// platformURL is where the platform listens, or will if it is started without flags.
func (o *CreateOptions) platformURL(ctx context.Context, p localplatform.Platform) (string, error) {
	target, err := o.Target()
	if err != nil {
		return "", err
	}
	if strings.HasPrefix(target.URL, "http") {
		return target.URL, nil
	}
	if st, err := p.Status(ctx); err == nil && st.URL != "" {
		return st.URL, nil
	}
	return "http://" + server.DefaultListen, nil
}
