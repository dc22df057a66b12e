package cmdutil

import (
	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/cmd/internal/printer"
)

// Group makes a command that only holds others: it shows its help, and a word
// that is none of its commands is an error.
func Group(cmd *cobra.Command, subs ...*cobra.Command) *cobra.Command {
	cmd.AddCommand(subs...)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return UnknownCommand(cmd, args[0])
		}
		return cmd.Help()
	}
	cmd.Args = cobra.ArbitraryArgs
	return cmd
}

// UnknownCommand says that cmd has no such command, and which one was meant.
func UnknownCommand(cmd *cobra.Command, typed string) error {
	u := Usage(cmd.CommandPath(), "unknown command %q for %s", typed, cmd.CommandPath())
	if s := SuggestCommand(cmd, typed); s != "" {
		u.Hint = "did you mean " + cmd.CommandPath() + " " + s + "?"
	}
	return u
}

// SuggestCommand returns the command below cmd that typed is nearest to, or "".
func SuggestCommand(cmd *cobra.Command, typed string) string {
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(append(names, c.Name()), c.Aliases...)
		}
	}
	return printer.Suggest(typed, names)
}

// Args makes a wrong number of arguments a UsageError.
func Args(check cobra.PositionalArgs, hint string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return &UsageError{Err: err, Command: cmd.CommandPath(), Hint: hint}
		}
		return nil
	}
}

// CleanStop is the annotation of commands that end by themselves after Ctrl-C
// and must be given the time for it.
const CleanStop = "sqreen_clean_stop"

// Near is a hint for a query whose first word resembles a command below cmd: it
// may be a slip. It is "" when nothing resembles it.
func Near(cmd *cobra.Command, args []string) string {
	if len(args) == 0 {
		return ""
	}
	s := SuggestCommand(cmd, args[0])
	if s == "" {
		return ""
	}
	return "did you mean " + cmd.CommandPath() + " " + s + "?"
}
