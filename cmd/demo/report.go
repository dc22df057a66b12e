package demo

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/cmd/demo/traffic"
	"github.com/sqreen/sqreen/cmd/incidents"
	"github.com/sqreen/sqreen/cmd/internal/iostreams"
	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/cmd/inventory"
	"github.com/sqreen/sqreen/localplatform"
)

// introduce says where everything is, and how to attack it by hand.
func (b *board) introduce() {
	w, c := b.st.o.IO.ErrOut, b.st.o.IO.Colour()
	for _, s := range b.st.stands {
		fmt.Fprintf(w, "%-8s shop  %s  (%s)\n", s.env, s.process.url, protectionText(s.mode))
	}
	if b.st.server != nil {
		fmt.Fprintf(w, "platform       %s\n", b.st.server.Info().URL)
	}
	if b.st.o.Listen == "" {
		return
	}
	fmt.Fprintf(w, "\nAttack it yourself:\n")
	for _, line := range examples(b.st.stands[0].process.url) {
		fmt.Fprintf(w, "  %s\n", c.Key(line))
	}
	fmt.Fprintln(w)
}

func protectionText(mode string) string {
	switch attackedBy(mode) {
	case "block":
		return "attacks are blocked"
	case "monitor":
		return "attacks are reported only"
	}
	return "no agent, nothing is protected"
}

// examples are attacks that a person may paste into a shell.
func examples(shop string) []string {
	q := url.QueryEscape
	return []string{
		"curl '" + shop + "/search?q=" + q("zz' UNION SELECT id,name,1,email,card,1,1 FROM users--") + "'",
		"curl '" + shop + "/image?file=../config/secrets.env'",
		"curl '" + shop + "/health?host=" + q("localhost; id") + "'",
		"curl '" + shop + "/preview?url=http://169.254.169.254/latest/meta-data/iam/security-credentials/shop'",
		"sqlmap -u '" + shop + "/search?q=lamp' -p q --batch --dump -T users",
	}
}

// report writes the end of the demo: what the platform knows, what attackers
// got, and what to type next.
func (b *board) report(ctx context.Context) error {
	ctx = asAdmin(ctx)
	p := b.look(ctx)
	out := b.st.o.IO.Out
	if b.st.platform != nil {
		if err := b.tables(ctx); err != nil {
			return err
		}
	}
	if b.st.o.Rate > 0 {
		writeLoot(out, p, b.st.o.Pen())
	}
	b.writeNext(out, p)
	return nil
}

// tables prints what `sqreen inventory` and `sqreen incidents list` print, by
// running them on this platform. The report is for people also where it goes
// into a file, so both write tables.
func (b *board) tables(ctx context.Context) error {
	f := *b.st.o.Factory
	f.IO = forPeople(f.IO)
	f.Platform = func(context.Context) (localplatform.Platform, error) { return borrowed{b.st.platform}, nil }
	for _, part := range []struct {
		title string
		cmd   *cobra.Command
	}{
		{"INVENTORY", inventory.NewList(&f, nil)},
		{"INCIDENTS", incidents.NewList(&f, nil)},
	} {
		if _, err := fmt.Fprintf(f.IO.Out, "\n%s\n", f.IO.Colour().Bold(part.title)); err != nil {
			return err
		}
		part.cmd.SetArgs([]string{})
		if err := part.cmd.ExecuteContext(ctx); err != nil {
			return err
		}
	}
	return nil
}

// reportWidth is the width of tables that go into a file.
const reportWidth = 140

// forPeople returns streams on which commands write tables.
func forPeople(streams *iostreams.IOStreams) *iostreams.IOStreams {
	if streams.IsStdoutTTY() {
		return streams
	}
	own := *streams
	own.SetTerminal(reportWidth)
	return &own
}

// borrowed is a platform that is closed by somebody else.
type borrowed struct{ localplatform.Platform }

// Close does nothing.
func (borrowed) Close() error { return nil }

func writeLoot(w io.Writer, p picture, pen printer.Pen) {
	fmt.Fprintf(w, "\n%s\n", pen.Bold("WHAT THE ATTACKERS GOT"))
	for _, s := range p.Stands {
		fmt.Fprintf(w, "%-8s %-8s %s\n", s.Env, attackedBy(s.Mode), haul(s.Report.Loot, pen.Colour))
	}
	if p.Platform != "" && slices.ContainsFunc(p.Stands, func(s standPicture) bool { return s.Report.Loot.Accounts > 0 }) {
		fmt.Fprintln(w, pen.Faint("Accounts were opened with passwords that their owners use elsewhere too. No single\nrequest gives that away, but the pattern does: the credential stuffing incidents name them."))
	}
	if p.Platform == "" && len(p.Stands) > 0 {
		writeTechniques(w, p.Stands[0].Report, pen)
	}
	served, refused := customers(p)
	fmt.Fprintf(w, "\nOrdinary customers sent %s, and %s refused.\n", printer.Count(served, "request", "requests"), none(refused))
}

func none(n int64) string {
	switch n {
	case 0:
		return "none was"
	case 1:
		return "1 was"
	}
	return printer.Thousands(n) + " were"
}

func customers(p picture) (sent, refused int64) {
	for _, s := range p.Stands {
		t := s.Report.Roles[traffic.Customer]
		sent, refused = sent+t.Sent, refused+t.Refused
	}
	return sent, refused
}

func writeTechniques(w io.Writer, r traffic.Report, pen printer.Pen) {
	fmt.Fprintf(w, "\n%s\n", pen.Bold("BY TECHNIQUE"))
	for _, t := range r.Techniques {
		fmt.Fprintf(w, "%-20s %-24s worked %d of %d times\n", t.Role, t.Name, t.Worked, t.Tried)
	}
}

// writeNext says what to type next.
func (b *board) writeNext(w io.Writer, p picture) {
	c := b.st.o.IO.Colour()
	fmt.Fprintf(w, "\nNext:\n")
	for _, line := range b.next(p) {
		fmt.Fprintf(w, "  %s\n", c.Key(line))
	}
}

func (b *board) next(p picture) []string {
	switch {
	case b.st.platform == nil:
		return []string{"sqreen demo --for 30s --keep ./demo-data"}
	case b.st.o.Keep == "":
		return []string{"sqreen demo --keep ./demo-data", "sqreen demo --unprotected --for 20s"}
	}
	with := "sqreen --data " + quoted(b.st.o.Keep) + " "
	lines := []string{with + "inventory --env prod --risk high --json name,env,risk,incidents"}
	if len(p.Incidents) > 0 {
		lines = append(lines, fmt.Sprintf("%sincidents show %d", with, p.Incidents[0].ID))
	}
	return append(lines, with+"incidents check --fail-on high", with+"events 'attack:sqli -blocked:true'", with+"tui")
}

// quoted makes a path safe to paste into a shell.
func quoted(path string) string {
	if strings.ContainsFunc(path, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./_-", r)
	}) {
		return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return path
}
