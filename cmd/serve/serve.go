// Package serve is `sqreen serve`: the platform itself.
package serve

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/server"
)

// Options say how to run the platform.
type Options struct {
	*cmdutil.Factory
	Server             server.Options
	Retention, MaxSize string
}

// Server is what the command needs of a platform.
type Server interface {
	Start(context.Context) error
	Wait() error
	Stop(context.Context) error
	Info() server.Info
}

// stopTime bounds a clean shutdown.
const stopTime = 20 * time.Second

// New makes the command.
func New(f *cmdutil.Factory) *cobra.Command { return NewServe(f, nil) }

// NewServe makes `sqreen serve`. runF replaces the work in tests.
func NewServe(f *cmdutil.Factory, runF func(context.Context, *Options) error) *cobra.Command {
	o := &Options{Factory: f}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the platform",
		Long: `Run the platform on a data directory: it takes what agents report, finds incidents,
and tells agents what to do. It listens on loopback unless --listen says otherwise;
an address that others can reach needs TLS, or --insecure behind a proxy that has it.

The first start creates an operator token in the data directory. Ctrl-C or
SIGTERM ends the platform cleanly.`,
		Example: `  $ sqreen serve
  $ sqreen serve --data ./data --listen 127.0.0.1:8000
  $ sqreen serve --listen :7777 --tls-cert cert.pem --tls-key key.pem --retention 90d --max-size 50GB`,
		Args:        cobra.NoArgs,
		Annotations: map[string]string{cmdutil.CleanStop: "yes"},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.complete(); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return Run(cmd.Context(), o, func(so server.Options) (Server, error) { return server.New(so) })
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&o.Server.Listen, "listen", "", "`address` to listen on ("+server.DefaultListen+")")
	fl.StringVar(&o.Server.TLSCert, "tls-cert", "", "`file` with the certificate chain, PEM")
	fl.StringVar(&o.Server.TLSKey, "tls-key", "", "`file` with its private key, PEM")
	fl.BoolVar(&o.Server.Insecure, "insecure", false, "plain HTTP even on an address that others can reach")
	fl.BoolVar(&o.Server.NoSocket, "no-socket", false, "no unix socket in the data directory")
	fl.StringVar(&o.Retention, "retention", "", "`duration` that events are kept for, or forever (30d)")
	fl.StringVar(&o.MaxSize, "max-size", "", "`size` above which the oldest events go, or none (20GB)")
	fl.DurationVar(&o.Server.Heartbeat, "heartbeat", 0, "how often agents report (20s)")
	cmdutil.Must(cmd.MarkFlagFilename("tls-cert", "pem", "crt"))
	cmdutil.Must(cmd.MarkFlagFilename("tls-key", "pem", "key"))
	cmdutil.Fixed(cmd, "retention", "7d", "30d", "90d", "forever")
	return cmd
}

// complete fills in what configuration files say and reads durations and sizes.
func (o *Options) complete() error {
	cfg, err := o.Config()
	if err != nil {
		return err
	}
	fill := func(flag *string, get func(cmdutil.Serve) string) {
		if *flag == "" {
			*flag = cfg.First(func(f cmdutil.File) string { return get(f.Serve) })
		}
	}
	fill(&o.Server.Listen, func(s cmdutil.Serve) string { return s.Listen })
	fill(&o.Server.TLSCert, func(s cmdutil.Serve) string { return s.TLSCert })
	fill(&o.Server.TLSKey, func(s cmdutil.Serve) string { return s.TLSKey })
	fill(&o.Retention, func(s cmdutil.Serve) string { return s.Retention })
	fill(&o.MaxSize, func(s cmdutil.Serve) string { return s.MaxSize })
	if err := o.limits(); err != nil {
		return err
	}
	target, err := o.Target()
	if err != nil {
		return err
	}
	// A configured URL is for the other commands; a flag is a mistake here.
	if o.Global.URL != "" {
		return localplatform.Errorf(localplatform.CodeInvalid, "serve runs a platform, --url reaches one").WithHint("use --listen")
	}
	o.Server.Data, o.Server.Version, o.Server.Now, o.Server.Logger = target.Data, o.Build.Version, o.Now, o.Logger()
	return nil
}

func (o *Options) limits() (err error) {
	switch strings.ToLower(o.Retention) {
	case "":
	case "forever":
		o.Server.Retention = -1
	default:
		if o.Server.Retention, err = cmdutil.ParseSpan(o.Retention); err != nil {
			return fmt.Errorf("--retention: %w", err)
		}
	}
	switch strings.ToLower(o.MaxSize) {
	case "":
	case "none":
		o.Server.MaxBytes = -1
	default:
		if o.Server.MaxBytes, err = cmdutil.ParseSize(o.MaxSize); err != nil {
			return fmt.Errorf("--max-size: %w", err)
		}
	}
	return nil
}

// Run makes a platform and runs it until ctx ends, which is a good end, or the
// platform does.
func Run(ctx context.Context, o *Options, newServer func(server.Options) (Server, error)) error {
	s, err := newServer(o.Server)
	if err != nil {
		return err
	}
	stop := func() error {
		// Interrupted is how this ends well, so the clean end has a time of its own.
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		return s.Stop(bounded)
	}
	if err := s.Start(ctx); err != nil {
		_ = stop() // why it did not start is the error to show
		return err
	}
	if err := o.greet(s.Info()); err != nil {
		_ = stop() // what failed first is the error to show
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Wait() }()
	select {
	case err := <-ended:
		_ = stop() // why it ended is the error to show
		return err
	case <-ctx.Done():
	}
	fmt.Fprintln(o.IO.ErrOut, "Stopping ...")
	if err := stop(); err != nil {
		return err
	}
	_, err = fmt.Fprintln(o.IO.ErrOut, "Stopped; everything acknowledged is stored.")
	return err
}

// greet says where the platform is and how to connect an app. All of it is talk:
// the log may go elsewhere.
func (o *Options) greet(in server.Info) error {
	c := o.IO.Colour()
	var b strings.Builder
	fmt.Fprintf(&b, "sqreen %s is running on %s\n\n", o.Build.Version, c.Bold(in.URL))
	fmt.Fprintf(&b, "  data            %s\n", printer.Clean(in.Data))
	if in.Socket != "" {
		fmt.Fprintf(&b, "  socket          %s\n", printer.Clean(in.Socket))
	}
	if in.TokenFile != "" {
		created := ""
		if in.First {
			created = " (created just now)"
		}
		fmt.Fprintf(&b, "  operator token  %s%s\n", printer.Clean(in.TokenFile), created)
	}
	data := ""
	if o.Global.Data != "" {
		data = " --data " + cmdutil.ShellQuote(o.Global.Data)
	}
	fmt.Fprintf(&b, `
Connect an app:

  export SQREEN_URL=%s
  export SQREEN_TOKEN=$(sqreen%s tokens create --app shop --env prod)

and wrap its handler: agentkit.New(agentkit.Config{}).Middleware(handler)

See what happens:

  sqreen%s inventory
  sqreen%s events --follow

Ctrl-C stops.
`, in.URL, data, data, data)
	_, err := fmt.Fprint(o.IO.ErrOut, b.String())
	return err
}
