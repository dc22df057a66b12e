package cmd

import (
	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/cmd/actions"
	"github.com/sqreen/sqreen/cmd/activity"
	"github.com/sqreen/sqreen/cmd/app"
	"github.com/sqreen/sqreen/cmd/completion"
	"github.com/sqreen/sqreen/cmd/demo"
	"github.com/sqreen/sqreen/cmd/doctor"
	"github.com/sqreen/sqreen/cmd/events"
	"github.com/sqreen/sqreen/cmd/incidents"
	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/inventory"
	"github.com/sqreen/sqreen/cmd/policies"
	"github.com/sqreen/sqreen/cmd/rasp"
	"github.com/sqreen/sqreen/cmd/serve"
	"github.com/sqreen/sqreen/cmd/status"
	"github.com/sqreen/sqreen/cmd/tokens"
	"github.com/sqreen/sqreen/cmd/tui"
	"github.com/sqreen/sqreen/cmd/version"
	"github.com/sqreen/sqreen/cmd/waf"
)

// Groups of commands in the help.
const (
	groupRun     = "run"
	groupObserve = "observe"
	groupRespond = "respond"
	groupSetup   = "setup"
)

func groups() []*cobra.Group {
	return []*cobra.Group{
		{ID: groupRun, Title: "Run:"},
		{ID: groupObserve, Title: "Observe:"},
		{ID: groupRespond, Title: "Respond:"},
		{ID: groupSetup, Title: "Set up:"},
	}
}

type entry struct {
	group string
	make  func(*cmdutil.Factory) *cobra.Command
}

// commands is the table of commands, in the order of the help. A new noun is a
// package with New(f) and a line here.
func commands() []entry {
	return []entry{
		{groupRun, serve.New},
		{groupRun, demo.New},
		{groupObserve, tui.New},
		{groupObserve, status.New},
		{groupObserve, inventory.New},
		{groupObserve, app.New},
		{groupObserve, incidents.New},
		{groupObserve, activity.New},
		{groupObserve, events.New},
		{groupRespond, actions.New},
		{groupRespond, policies.New},
		{groupSetup, tokens.New},
		{groupSetup, waf.New},
		{groupSetup, rasp.New},
		{groupSetup, doctor.New},
		{groupSetup, completion.New},
		{groupSetup, version.New},
	}
}
