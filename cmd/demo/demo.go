package demo

import (
	"context"
	"fmt"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/cmd/demo/shop"
	"github.com/sqreen/sqreen/cmd/demo/traffic"
	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
)

// Options say what to play and for how long.
type Options struct {
	*cmdutil.Factory

	For         time.Duration // 0 means until Ctrl-C
	Unprotected bool          // agents off, no platform
	Keep        string        // data directory that stays; "" means a temporary one
	Listen      string        // where the production shop listens; "" means any free port on loopback
	Seed        uint64        // of the traffic
	Rate        float64       // requests per second for each shop; 0 plays nobody

	// Command starts the shop's process: a program and its first arguments.
	// Empty means this program with `demo shop`.
	Command []string

	rounds int               // the attackers stop after so many; 0 means never
	modes  map[string]string // of protections in production, over what block means
}

// New makes `sqreen demo`. runF replaces the work in tests.
func New(f *cmdutil.Factory) *cobra.Command {
	cmd := newDemo(f, nil)
	cmd.AddCommand(newShop(f))
	return cmd
}

func newDemo(f *cmdutil.Factory, runF func(context.Context, *Options) error) *cobra.Command {
	o := &Options{Factory: f}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Watch a real shop being attacked, protected or not",
		Long: `Start a platform, a small shop in two environments (prod blocks attacks,
staging only reports them), customers and attackers, and show what happens.

The shop is vulnerable on purpose. It listens on loopback only, and everything
stops with this command. Without --keep nothing is left behind.`,
		Example: `  $ sqreen demo
  $ sqreen demo --for 30s --keep ./demo-data
  $ sqreen demo --unprotected --for 20s
  $ sqreen demo --listen 127.0.0.1:8080     # and attack the shop yourself`,
		Annotations: map[string]string{cmdutil.CleanStop: "true"},
		Args:        cmdutil.Args(cobra.NoArgs, "sqreen demo --for 30s"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.validate(cmd.Flags().Changed("for")); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return run(cmd.Context(), o)
		},
	}
	fl := cmd.Flags()
	fl.DurationVar(&o.For, "for", 0, "end by itself after this long, for example 30s")
	fl.BoolVar(&o.Unprotected, "unprotected", false, "switch the agent off and see the same attacks succeed")
	fl.StringVar(&o.Keep, "keep", "", "keep the platform's data in this `directory` for other commands")
	fl.StringVar(&o.Listen, "listen", "", "loopback `address` of the production shop, to attack it by hand")
	fl.Uint64Var(&o.Seed, "seed", 1, "choose other customers and attacks")
	fl.Float64Var(&o.Rate, "rate", traffic.DefaultRate, "requests per second for each shop, 0 for no traffic")
	_ = cmd.MarkFlagDirname("keep")
	return cmd
}

// validate refuses combinations that make no sense before anything starts.
func (o *Options) validate(forGiven bool) error {
	const command = "sqreen demo"
	switch {
	case o.Global.Data != "" || o.Global.URL != "":
		return cmdutil.Usage(command, "the demo runs a platform of its own: name a directory with --keep instead of --data or --url")
	case forGiven && o.For <= 0:
		return cmdutil.Usage(command, "--for %s is no time", o.For)
	case o.Rate < 0 || o.Rate > traffic.MaxRate:
		return cmdutil.Usage(command, "--rate %g is not between 0 and %d requests per second", o.Rate, traffic.MaxRate)
	case o.Unprotected && o.Keep != "":
		return cmdutil.Usage(command, "--unprotected has no platform, so there is nothing to --keep")
	}
	if o.Listen == "" {
		return nil
	}
	if err := shop.CheckLoopback(o.Listen); err != nil {
		return cmdutil.Usage(command, "--listen: %w", err)
	}
	return nil
}

// run plays the demo and reports.
func run(ctx context.Context, o *Options) error {
	// A terminal that is closed ends the demo as Ctrl-C does, and nothing stays.
	ctx, free := signal.NotifyContext(ctx, syscall.SIGHUP)
	defer free()
	stop := o.IO.Progress("raising the stage")
	st, err := raise(ctx, o)
	stop()
	if err != nil {
		return err
	}
	b := newBoard(st)
	b.introduce()
	st.play(ctx)
	watchErr := b.watch(ctx)
	// The end takes its time even after Ctrl-C: shops hand in what they have
	// seen, and the data is closed cleanly.
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
	defer cancel()
	st.calm(after)
	reportErr := b.report(after)
	for _, err := range []error{watchErr, reportErr, st.strike(after)} {
		if err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	return nil
}

// endTime bounds all that happens after the last request.
const endTime = 15 * time.Second
