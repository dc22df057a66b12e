package cmd

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
)

// NewRoot builds the tree of commands on a factory.
func NewRoot(f *cmdutil.Factory) *cobra.Command {
	root := &cobra.Command{
		Use:   "sqreen",
		Short: "See and stop attacks on your web applications",
		Long: `sqreen runs a security platform for web applications, shows what protected
applications are made of and how they are attacked, and answers attacks.

Commands use the platform that runs on this machine's data directory, or the
directory itself when none runs. --url reaches a platform elsewhere.

Exit codes: 0 clean, 1 error, 2 a check found what it should fail on, 4 not
authorised, 8 not enough data for a check, 130 interrupted.`,
		Example: `  $ sqreen demo --for 30s --keep ./demo-data
  $ sqreen inventory --env prod --risk high
  $ sqreen incidents check --fail-on high
  $ sqreen actions block 203.0.113.7 --for 24h --reason "SQL injection"`,
		SilenceErrors: true, SilenceUsage: true,
		Version: f.Build.Version,
	}
	root.SetVersionTemplate("sqreen {{.Version}}\n")
	root.SetIn(f.IO.In)
	root.SetOut(f.IO.Out)
	root.SetErr(f.IO.ErrOut)
	root.SetFlagErrorFunc(cmdutil.FlagError)
	root.CompletionOptions.DisableDefaultCmd = true
	addGlobalFlags(root, f)
	root.AddGroup(groups()...)
	for _, c := range commands() {
		sub := c.make(f)
		sub.GroupID = c.group
		root.AddCommand(sub)
	}
	root.SetHelpCommandGroupID(groupSetup)
	root.Args = cobra.ArbitraryArgs
	root.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return cmdutil.UnknownCommand(cmd, args[0])
		}
		return openExplorer(cmd, f)
	}
	return root
}

// openExplorer is `sqreen` alone: the explorer for a person with data, else help.
func openExplorer(cmd *cobra.Command, f *cmdutil.Factory) error {
	explorer, _, err := cmd.Find([]string{"tui"})
	if err == nil && explorer.Name() == "tui" && f.IO.CanPrompt() && f.IO.IsStdoutTTY() && hasData(cmd.Context(), f) {
		explorer.SetContext(cmd.Context())
		return explorer.RunE(explorer, nil)
	}
	return cmd.Help()
}

// hasData reports whether there is a platform with anything in it.
func hasData(ctx context.Context, f *cmdutil.Factory) bool {
	p, err := f.Platform(ctx)
	if err != nil {
		return false
	}
	defer p.Close() //nolint:errcheck // only asked a question
	st, err := p.Status(ctx)
	return err == nil && (st.Events > 0 || st.Apps > 0)
}

func addGlobalFlags(root *cobra.Command, f *cmdutil.Factory) {
	fl, g := root.PersistentFlags(), f.Global
	fl.StringVar(&g.Data, "data", "", "data `directory` of the platform (env "+cmdutil.EnvData+")")
	fl.StringVar(&g.URL, "url", "", "`URL` of a platform elsewhere (env "+cmdutil.EnvURL+")")
	fl.StringVar(&g.TokenFile, "token-file", "", "`file` with the operator token for --url, - for standard input")
	fl.BoolVar(&g.NoInput, "no-input", false, "never ask questions")
	fl.BoolVar(&g.NoColor, "no-color", false, "no colour")
	fl.BoolVarP(&g.Verbose, "verbose", "v", false, "log what happens to standard error")
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return applyGlobal(cmd, f) }
	_ = root.MarkPersistentFlagDirname("data")
	_ = root.MarkPersistentFlagFilename("token-file")
}

// applyGlobal lets flags and files decide about questions and colour.
func applyGlobal(cmd *cobra.Command, f *cmdutil.Factory) error {
	cfg, err := f.Config()
	if err != nil {
		if ignoresConfig(cmd) {
			return nil
		}
		return err
	}
	switch first := cfg.First(func(c cmdutil.File) string { return c.Color }); {
	case f.Global.NoColor, first == "never":
		f.IO.SetColorEnabled(false)
	case first == "always" && f.Getenv("NO_COLOR") == "":
		f.IO.SetColorEnabled(true)
	}
	f.IO.SetNeverPrompt(f.Global.NoInput || cfg.NoInput())
	return nil
}

// ignoresConfig is true for commands that must work while a file is broken.
func ignoresConfig(cmd *cobra.Command) bool {
	switch cmd.Name() {
	case "version", "completion", "help", "doctor":
		return true
	}
	return strings.HasPrefix(cmd.Name(), "__complete")
}
