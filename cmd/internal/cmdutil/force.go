package cmdutil

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/localplatform"
)

// How long agents are waited for unless --wait says otherwise, and how often one looks.
const (
	forceWait = 5 * time.Second
	forceLook = 100 * time.Millisecond
)

// WaitFlag adds --wait to a command that changes what agents do.
func WaitFlag(cmd *cobra.Command, wait *time.Duration) {
	cmd.Flags().DurationVar(wait, "wait", forceWait, "how long to wait until agents have it in force, 0 for not at all")
}

// AwaitForce waits until the connected agents of an app (all with empty names)
// have a version of the configuration in force, and says on how many it is. It is
// not an error when some have not: they get it when they come back.
func AwaitForce(ctx context.Context, f *Factory, p localplatform.Platform, app, env string, version uint64, wait time.Duration) error {
	if wait <= 0 {
		return nil
	}
	st, err := p.Status(ctx)
	if err != nil {
		return err
	}
	if st.Mode == "local" {
		_, err := fmt.Fprintln(f.IO.ErrOut, "No platform is running on this data: agents get it when one does (sqreen serve).")
		return err
	}
	stop := f.IO.Progress("waiting for agents")
	done, all, err := poll(ctx, f, p, app, env, version, wait)
	stop()
	if err != nil {
		return err
	}
	if all == 0 {
		_, err := fmt.Fprintln(f.IO.ErrOut, "No agent is connected; it will be in force when one is.")
		return err
	}
	_, err = fmt.Fprintf(f.IO.ErrOut, "In force on %d of %s.\n", done, printer.Count(int64(all), "connected instance", "connected instances"))
	return err
}

func poll(ctx context.Context, f *Factory, p localplatform.Platform, app, env string, version uint64, wait time.Duration) (done, all int, err error) {
	limit := time.NewTimer(wait)
	defer limit.Stop()
	for {
		in, err := p.Instances(ctx, app, env)
		if err != nil {
			return 0, 0, err
		}
		if done, all = inForce(in, version, f.Now()); done == all {
			return done, all, nil
		}
		select {
		case <-ctx.Done():
			return done, all, ctx.Err()
		case <-limit.C:
			return done, all, nil
		case <-time.After(forceLook):
		}
	}
}

// inForce counts the connected instances and those that have a version in force.
func inForce(list []localplatform.Instance, version uint64, now time.Time) (done, all int) {
	for i := range list {
		if now.Sub(list[i].LastSeen) > localplatform.SilentAfter {
			continue
		}
		all++
		if list[i].Applied >= version {
			done++
		}
	}
	return done, all
}

// InstanceRows writes on which instances a version of the configuration is in force.
func InstanceRows(p *printer.Page, list []localplatform.Instance, version uint64) {
	done, all := inForce(list, version, p.Now)
	p.Section("In force")
	p.Line("on %d of %s", done, printer.Count(int64(all), "connected instance", "connected instances"))
	if len(list) == 0 {
		return
	}
	rows := make([][]string, len(list))
	for i, in := range list {
		rows[i] = []string{
			printer.Clean(in.App + "/" + in.Env), printer.Clean(in.ID), printer.Clean(in.Stack.Hostname), p.When(in.LastSeen),
			p.Word(in.PushStatus(version, p.Now)),
		}
	}
	p.Rows([]string{"app", "instance", "host", "last seen", "status"}, rows)
}

// CompleteTargets completes arguments with addresses and users that events named.
func (f *Factory) CompleteTargets() cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		var out []string
		if name, ok := cutUser(typed); ok {
			for _, u := range f.Lookup(cmd.Context(), "events", "user", name) {
				out = append(out, "user:"+u)
			}
			return out, noFiles
		}
		return f.Lookup(cmd.Context(), "events", "ip", typed), noFiles
	}
}

func cutUser(typed string) (string, bool) {
	const prefix = "user:"
	if len(typed) >= len(prefix) && typed[:len(prefix)] == prefix {
		return typed[len(prefix):], true
	}
	return "", false
}
