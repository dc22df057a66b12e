package doctor_test

import (
	"context"
	"errors"
	"testing"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/cmd/doctor"
	"github.com/sqreen/sqreen/cmd/internal/cmdtest"
	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/localplatform/server"
)

// examine runs doctor on checks that a test gives.
func examine(t *testing.T, r *cmdtest.Runner, checks ...server.Check) int {
	t.Helper()
	r.Global = &cmdutil.Global{}
	c := doctor.NewDoctor(r.Factory, func(ctx context.Context, o *doctor.Options) error {
		return doctor.Run(ctx, o, func(context.Context, server.ConnectOptions) []server.Check { return checks })
	})
	root := &cobra.Command{SilenceErrors: true, SilenceUsage: true}
	root.AddCommand(c)
	root.SetArgs([]string{"doctor"})
	return cmdutil.ExitCode(root.ExecuteContext(t.Context()))
}

func TestDoctor(t *testing.T) {
	r := cmdtest.New(t, nil)
	r.IO.SetTerminal(80)
	code := examine(t, r,
		server.Check{Name: "store", Status: server.CheckOK, Detail: "no damage\x1b[2J"},
		server.Check{Name: "agents", Status: server.CheckWarning, Detail: "never heard of shop/prod", Fix: "start the app"})
	want := "ok       configuration  no file\nok       store  no damage\\x1b[2J\nwarning  agents  never heard of shop/prod\n    fix: start the app\n"
	if got := r.Screen.Out.String(); code != 0 || got != want {
		t.Errorf("exit code %d\ngot  %q\nwant %q", code, got, want)
	}
}

func TestBrokenThingsFail(t *testing.T) {
	r := cmdtest.New(t, nil)
	if code := examine(t, r, server.Check{Name: "store", Status: server.CheckFailed, Detail: "damaged", Fix: "restore it"}); code != cmdutil.ExitFailed {
		t.Errorf("exit code %d", code)
	}
	if got, want := r.Screen.Out.String(), "configuration\tok\tno file\t\nstore\tfailed\tdamaged\trestore it\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	r = cmdtest.New(t, nil)
	r.Config = func() (cmdutil.Config, error) { return nil, errors.New("line 3: what?") }
	if code := examine(t, r); code != cmdutil.ExitFailed {
		t.Errorf("with a broken file: exit code %d", code)
	}
}
