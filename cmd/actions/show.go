package actions

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/queries"
)

// ShowOptions say which action to show and how.
type ShowOptions struct {
	*cmdutil.Factory
	Print printer.Options
	ID    string
}

// NewShow makes `sqreen actions show`. runF replaces the work in tests.
func NewShow(f *cmdutil.Factory, runF func(context.Context, *ShowOptions) error) *cobra.Command {
	o := &ShowOptions{Factory: f}
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Show one action and where it is in force",
		Long:  "Show one action, and for each instance of the apps it concerns whether it is in\nforce there.",
		Example: `  $ sqreen actions show a-7
  $ sqreen actions show a-7 --json target,expires,hits`,
		Args:              cmdutil.Args(cobra.ExactArgs(1), "name one action; sqreen actions list shows their ids"),
		ValidArgsFunction: completeActions(f, false),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.ID = normalID(args[0])
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return showRun(cmd.Context(), o)
		},
	}
	cmdutil.OutputFlags[action](cmd, &o.Print, nil)
	return cmd
}

// normalID lets people leave the "a-" out.
func normalID(id string) string {
	if _, err := strconv.ParseUint(id, 10, 64); err == nil {
		return "a-" + id
	}
	return id
}

func showRun(ctx context.Context, o *ShowOptions) error {
	return o.WithPlatform(ctx, func(p localplatform.Platform) error {
		a, err := find(ctx, p, o.ID)
		if err != nil {
			return err
		}
		in, err := p.Instances(ctx, a.App, a.Env)
		if err != nil {
			return err
		}
		return printer.One(o.IO, o.Now(), &o.Print, a, func(pg *printer.Page) error {
			show(pg, a, in)
			return nil
		})
	})
}

// find reads one action, in force or not.
func find(ctx context.Context, p localplatform.Platform, id string) (action, error) {
	list, err := p.Actions(ctx, "state:(active,expired,revoked) id:"+queries.Quote(id))
	if err != nil {
		return action{}, err
	}
	for _, a := range list {
		if strings.EqualFold(a.ID, id) {
			return a, nil
		}
	}
	return action{}, localplatform.Errorf(localplatform.CodeNotFound, "there is no action %s", id).WithHint("sqreen actions list --all")
}

func show(p *printer.Page, a action, in []localplatform.Instance) {
	p.Title(fmt.Sprintf("Action %s: %s %s", a.ID, strings.ReplaceAll(a.Kind, "_", " "), a.Target))
	p.Field("state", p.Word(a.State(p.Now)))
	p.Field("scope", printer.Clean(scope(a)))
	p.Field("redirects to", printer.Clean(a.URL))
	p.Field("reason", printer.Clean(a.Reason))
	if a.Incident != 0 {
		p.Field("incident", printer.Int(a.Incident))
	}
	p.Field("by", printer.Clean(a.By))
	p.Field("created", p.Moment(a.Created))
	if a.Expires.IsZero() {
		p.Field("expires", "never")
	} else {
		p.Field("expires", p.Moment(a.Expires))
	}
	if !a.Revoked.IsZero() {
		p.Field("revoked", p.Moment(a.Revoked))
	}
	p.Field("hits", printer.Thousands(a.Hits))
	cmdutil.InstanceRows(p, in, a.Version)
}

// RevokeOptions say which actions to end.
type RevokeOptions struct {
	*cmdutil.Factory
	IDs  []string
	Wait time.Duration
}

// NewRevoke makes `sqreen actions revoke`. runF replaces the work in tests.
func NewRevoke(f *cmdutil.Factory, runF func(context.Context, *RevokeOptions) error) *cobra.Command {
	o := &RevokeOptions{Factory: f}
	cmd := &cobra.Command{
		Use:   "revoke {ID|TARGET}...",
		Short: "End actions before their time",
		Long:  "End actions. A TARGET ends all actions in force on exactly that address, network\nor user.",
		Example: `  $ sqreen actions revoke a-7
  $ sqreen actions revoke 203.0.113.7`,
		Args:              cmdutil.Args(cobra.MinimumNArgs(1), "name actions; sqreen actions list shows their ids"),
		ValidArgsFunction: completeActions(f, true),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.IDs = args
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return revokeRun(cmd.Context(), o)
		},
	}
	cmdutil.WaitFlag(cmd, &o.Wait)
	return cmd
}

func revokeRun(ctx context.Context, o *RevokeOptions) error {
	return o.WithPlatform(ctx, func(p localplatform.Platform) error {
		list, err := o.meant(ctx, p)
		if err != nil {
			return err
		}
		var last action
		for _, id := range list {
			if last, err = p.RevokeAction(ctx, id); err != nil {
				return err
			}
			fmt.Fprintf(o.IO.ErrOut, "Revoked action %s on %s.\n", last.ID, printer.Clean(last.Target))
		}
		return cmdutil.AwaitForce(ctx, o.Factory, p, last.App, last.Env, last.Version, o.Wait)
	})
}

// meant turns targets into the ids of the actions in force on them.
func (o *RevokeOptions) meant(ctx context.Context, p localplatform.Platform) ([]string, error) {
	active, err := p.Actions(ctx, "")
	if err != nil {
		return nil, err
	}
	var out []string
	var errs []error
	for _, arg := range o.IDs {
		n := len(out)
		_, target := kindOf(arg, false, "", "")
		if pre, err := localplatform.ParsePrefix(target); err == nil {
			target = localplatform.PrefixText(pre)
		}
		for _, a := range active {
			if strings.EqualFold(a.ID, normalID(arg)) || a.Target == target {
				out = append(out, a.ID)
			}
		}
		if len(out) == n {
			errs = append(errs, localplatform.Errorf(localplatform.CodeNotFound, "no action in force is %s or on it", arg).WithHint("sqreen actions list"))
		}
	}
	return out, errors.Join(errs...)
}
