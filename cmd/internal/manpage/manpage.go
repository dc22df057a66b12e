// Package manpage writes the manual of a tree of commands in roff, a page for
// each command. The help texts are plain, so that a few macros are enough.
package manpage

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// WriteAll writes the pages of all commands below root, compressed, into a
// directory: sqreen.1.gz, sqreen-inventory.1.gz, ... The bytes depend on nothing
// but the commands and the version.
func WriteAll(root *cobra.Command, dir, version string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // everybody may read it
		return err
	}
	return each(root, func(c *cobra.Command) error {
		f, err := os.Create(filepath.Join(dir, Name(c)+".1.gz"))
		if err != nil {
			return err
		}
		z := gzip.NewWriter(f) // without name and time
		if _, err := io.WriteString(z, Page(c, version)); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		return f.Close()
	})
}

func each(c *cobra.Command, fn func(*cobra.Command) error) error {
	if err := fn(c); err != nil {
		return err
	}
	for _, sub := range c.Commands() {
		if !sub.IsAvailableCommand() || sub.Name() == "help" {
			continue
		}
		if err := each(sub, fn); err != nil {
			return err
		}
	}
	return nil
}

// Name is the name of a command's page: sqreen-incidents-check.
func Name(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

// Page writes the page of one command.
func Page(c *cobra.Command, version string) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %q 1 \"\" %q \"sqreen manual\"\n.nh\n.ad l\n", strings.ToUpper(Name(c)), "sqreen "+version)
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", escape(Name(c)), escape(c.Short))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n", escape(c.UseLine()))
	long := c.Long
	if long == "" {
		long = c.Short + "."
	}
	b.WriteString(".SH DESCRIPTION\n" + paragraphs(long))
	commands(&b, c)
	flags(&b, "OPTIONS", c.NonInheritedFlags())
	flags(&b, "OPTIONS OF EVERY COMMAND", c.InheritedFlags())
	if c.Example != "" {
		b.WriteString(".SH EXAMPLES\n.nf\n" + verbatim(c.Example) + ".fi\n")
	}
	exitStatus(&b, c)
	seeAlso(&b, c)
	return b.String()
}

// paragraphs keeps indented lines as they are and fills the others.
func paragraphs(text string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		b.WriteString(".PP\n")
		if strings.HasPrefix(part, "  ") {
			b.WriteString(".nf\n" + verbatim(part) + ".fi\n")
			continue
		}
		for line := range strings.SplitSeq(part, "\n") {
			b.WriteString(escape(line) + "\n")
		}
	}
	return b.String()
}

func verbatim(text string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(strings.Trim(text, "\n"), "\n") {
		b.WriteString(escape(line) + "\n")
	}
	return b.String()
}

// escape writes one line so that roff prints it: a backslash means itself, a dash
// stays one that can be copied, and nothing at the start of a line is a request.
func escape(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}

func commands(b *strings.Builder, c *cobra.Command) {
	begun := false
	for _, sub := range c.Commands() {
		if !sub.IsAvailableCommand() || sub.Name() == "help" {
			continue
		}
		if !begun {
			b.WriteString(".SH COMMANDS\n")
			begun = true
		}
		fmt.Fprintf(b, ".TP\n.B %s\n%s (%s(1))\n", escape(sub.Name()), escape(sub.Short), escape(Name(sub)))
	}
}

func flags(b *strings.Builder, title string, set *pflag.FlagSet) {
	if !set.HasAvailableFlags() {
		return
	}
	fmt.Fprintf(b, ".SH %s\n", title)
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		head := "--" + f.Name
		if f.Shorthand != "" {
			head = "-" + f.Shorthand + ", " + head
		}
		fmt.Fprintf(b, ".TP\n.B %s", escape(head))
		if value != "" {
			fmt.Fprintf(b, " \\fI%s\\fR", escape(value))
		}
		b.WriteString("\n" + escape(usage) + "\n")
	})
}

func exitStatus(b *strings.Builder, c *cobra.Command) {
	if c.HasParent() && c.Name() != "check" {
		return
	}
	b.WriteString(".SH EXIT STATUS\n")
	for _, s := range [][2]string{
		{"0", "clean; nothing found is clean"},
		{"1", "error"},
		{"2", "a check found what it should fail on"},
		{"4", "not authorised"},
		{"8", "not enough data for a check"},
		{"130", "interrupted"},
	} {
		fmt.Fprintf(b, ".TP\n.B %s\n%s\n", s[0], escape(s[1]))
	}
}

func seeAlso(b *strings.Builder, c *cobra.Command) {
	if !c.HasParent() {
		return
	}
	pages := []string{Name(c.Parent())}
	for _, sibling := range c.Parent().Commands() {
		if sibling != c && sibling.IsAvailableCommand() && sibling.Name() != "help" && c.Parent().HasParent() {
			pages = append(pages, Name(sibling))
		}
	}
	for i := range pages {
		pages[i] = escape(pages[i]) + "(1)"
	}
	fmt.Fprintf(b, ".SH SEE ALSO\n%s\n", strings.Join(pages, ", "))
}
