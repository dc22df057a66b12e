// Package completion is `sqreen completion`.
package completion

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
)

// Shells lists the shells there is a script for.
func Shells() []string { return []string{"bash", "zsh", "fish", "powershell"} }

// New makes the command.
func New(f *cmdutil.Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "completion {bash|zsh|fish|powershell}",
		Short: "Print the completion script of a shell",
		Long: `Print the script that teaches a shell to complete sqreen's commands, flags,
app names, incident ids and queries. Packages install it; without one:

  bash        sqreen completion bash > /etc/bash_completion.d/sqreen
              (or: source <(sqreen completion bash) in ~/.bashrc)
  zsh         sqreen completion zsh > "${fpath[1]}/_sqreen"
  fish        sqreen completion fish > ~/.config/fish/completions/sqreen.fish
  powershell  sqreen completion powershell >> $PROFILE`,
		Example: `  $ source <(sqreen completion bash)
  $ sqreen completion fish > ~/.config/fish/completions/sqreen.fish`,
		ValidArgs: Shells(),
		Args:      cmdutil.Args(cobra.ExactArgs(1), "name a shell: bash, zsh, fish or powershell"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return Write(cmd.Root(), f.IO.Out, args[0])
		},
	}
}

// Write writes the script of a shell for a tree of commands.
func Write(root *cobra.Command, w io.Writer, shell string) error {
	switch shell {
	case "bash":
		return root.GenBashCompletionV2(w, true)
	case "zsh":
		return root.GenZshCompletion(w)
	case "fish":
		return root.GenFishCompletion(w, true)
	case "powershell":
		return root.GenPowerShellCompletionWithDesc(w)
	}
	u := cmdutil.Usage(root.Name()+" completion", "no completion for %q", shell)
	u.Hint = fmt.Sprintf("there is one for each of %v", Shells())
	return u
}

// FileName is what a shell's script is called where packages install it.
func FileName(shell string) string {
	switch shell {
	case "zsh":
		return "_sqreen"
	case "powershell":
		return "sqreen.ps1"
	}
	return "sqreen." + shell
}
