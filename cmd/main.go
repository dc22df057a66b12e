// Package cmd is the command line of sqreen. [Main] runs it; [NewRoot] builds the
// tree of commands, each of which lives in a package named after its noun with a
// file for every verb.
//
// A command is a constructor New…(f, runF): flags fill an Options struct, RunE
// validates it, and a function that knows nothing of flags does the work on a
// localplatform.Platform. Tests pass runF to see the Options alone.
package cmd

import (
	"context"
	"os"
	"os/signal"
	"os/user"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/localplatform"
)

// Set by the release with -ldflags "-X github.com/sqreen/sqreen/cmd.buildVersion=...".
var buildVersion, buildCommit, buildDate string

// interruptGrace is how long a command may take to notice Ctrl-C before the
// process ends without it.
const interruptGrace = 250 * time.Millisecond

// Main runs the command line of this process and returns its exit code.
func Main() int {
	f := cmdutil.NewFactory(build())
	root := NewRoot(f)
	root.SetArgs(os.Args[1:])
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	done := make(chan int, 1)
	go func() { done <- Run(ctx, f, root) }()
	select {
	case code := <-done:
		return code
	case <-ctx.Done():
		stop() // a second Ctrl-C ends the process at once
	}
	select {
	case code := <-done:
		return code
	case <-graceOver(root):
		return cmdutil.ExitInterrupted
	}
}

// graceOver is closed in time for commands that need no clean end; a command
// annotated with cmdutil.CleanStop ends by itself.
func graceOver(root *cobra.Command) <-chan time.Time {
	if c, _, err := root.Find(os.Args[1:]); err == nil && c.Annotations[cmdutil.CleanStop] != "" {
		return nil
	}
	return time.After(interruptGrace)
}

// Run executes root, prints what went wrong and returns the exit code.
func Run(ctx context.Context, f *cmdutil.Factory, root *cobra.Command) int {
	err := root.ExecuteContext(localplatform.WithCaller(ctx, caller()))
	if ctx.Err() != nil && err != nil {
		return cmdutil.ExitInterrupted
	}
	cmdutil.PrintError(f.IO, err)
	return cmdutil.ExitCode(err)
}

// caller is whoever may read the data directory: that makes one its admin. A
// platform over HTTP goes by the token instead.
func caller() localplatform.Caller {
	name := "local"
	if u, err := user.Current(); err == nil && u.Username != "" {
		name = u.Username
	}
	return localplatform.Caller{Name: name, Role: localplatform.RoleAdmin}
}

// build describes this binary: what the release set, else what Go recorded.
func build() cmdutil.Build {
	b := cmdutil.Build{Version: buildVersion, Commit: buildCommit, Date: buildDate, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if v := info.Main.Version; b.Version == "" && v != "(devel)" {
		b.Version = v
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && b.Commit == "":
			b.Commit = s.Value
		case s.Key == "vcs.time" && b.Date == "":
			b.Date = s.Value
		}
	}
	if b.Version == "" {
		b.Version = "devel"
	}
	return b
}
