package serve_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/cmd/internal/cmdtest"
	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/serve"
	"github.com/sqreen/sqreen/localplatform/server"
)

// run runs serve on a server that a test controls, until ctx ends.
func run(ctx context.Context, r *cmdtest.Runner, s *fake, args ...string) error {
	c := serve.NewServe(r.Factory, func(ctx context.Context, o *serve.Options) error {
		s.options = o.Server
		return serve.Run(ctx, o, func(server.Options) (serve.Server, error) { return s, s.newErr })
	})
	root := &cobra.Command{SilenceErrors: true, SilenceUsage: true}
	root.AddCommand(c)
	root.SetArgs(append([]string{"serve"}, args...))
	return root.ExecuteContext(ctx)
}

type fake struct {
	options                  server.Options
	newErr, startErr, endErr error
	end                      chan struct{}
	started                  func()
	stops                    int
	stopTime                 time.Duration
}

func (f *fake) Start(context.Context) error {
	if f.started != nil {
		f.started()
	}
	return f.startErr
}

func (f *fake) Wait() error {
	<-f.end
	return f.endErr
}

func (f *fake) Stop(ctx context.Context) error {
	f.stops++
	if at, ok := ctx.Deadline(); ok && ctx.Err() == nil {
		f.stopTime = time.Until(at)
	}
	return nil
}

func (f *fake) Info() server.Info {
	return server.Info{URL: "http://127.0.0.1:7777", Socket: "/data/sqreen.sock", Data: "/data", TokenFile: "/data/operator-token", First: true}
}

func TestServeUntilInterrupted(t *testing.T) {
	r := cmdtest.New(t, nil)
	r.Global = &cmdutil.Global{Data: "my data"}
	ctx, cancel := context.WithCancel(t.Context())
	s := &fake{end: make(chan struct{}), started: cancel}
	if err := run(ctx, r, s); err != nil {
		t.Fatal(err)
	}
	if s.stops != 1 || s.stopTime <= 0 {
		t.Errorf("stopped %d times, within %v", s.stops, s.stopTime)
	}
	want := `sqreen 1.2.3 is running on http://127.0.0.1:7777

  data            /data
  socket          /data/sqreen.sock
  operator token  /data/operator-token (created just now)

Connect an app:

  export SQREEN_URL=http://127.0.0.1:7777
  export SQREEN_TOKEN=$(sqreen --data 'my data' tokens create --app shop --env prod)

and wrap its handler: agentkit.New(agentkit.Config{}).Middleware(handler)

See what happens:

  sqreen --data 'my data' inventory
  sqreen --data 'my data' events --follow

Ctrl-C stops.
Stopping ...
Stopped; everything acknowledged is stored.
`
	if diff := cmp.Diff(want, r.Screen.ErrOut.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if r.Screen.Out.Len() > 0 {
		t.Errorf("standard output: %s", &r.Screen.Out)
	}
}

func TestFailuresStopWhatWasStarted(t *testing.T) {
	busy := errors.New("address in use")
	r := cmdtest.New(t, nil)
	r.Global = &cmdutil.Global{}
	if err := run(t.Context(), r, &fake{newErr: busy}); !errors.Is(err, busy) {
		t.Errorf("New failed: %v", err)
	}
	s := &fake{startErr: busy}
	if err := run(t.Context(), r, s); !errors.Is(err, busy) || s.stops != 1 {
		t.Errorf("Start failed: %v, stopped %d times", err, s.stops)
	}
	s = &fake{endErr: busy, end: make(chan struct{})}
	close(s.end)
	if err := run(t.Context(), r, s); !errors.Is(err, busy) || s.stops != 1 {
		t.Errorf("ended by itself: %v, stopped %d times", err, s.stops)
	}
}

func TestFlagsAndFiles(t *testing.T) {
	r := cmdtest.New(t, nil)
	r.Global = &cmdutil.Global{}
	r.Config = func() (cmdutil.Config, error) {
		return cmdutil.Config{{Data: "/from-file", Serve: cmdutil.Serve{Listen: ":1", Retention: "7d", MaxSize: "1GB"}}}, nil
	}
	for _, tt := range []struct {
		args string
		want server.Options
	}{
		{"", server.Options{Data: "/from-file", Listen: ":1", Retention: 7 * 24 * time.Hour, MaxBytes: 1e9}},
		{
			"--listen :2 --retention forever --max-size none --tls-cert c --tls-key k --insecure --heartbeat 5s --no-socket",
			server.Options{Data: "/from-file", Listen: ":2", Retention: -1, MaxBytes: -1, TLSCert: "c", TLSKey: "k", Insecure: true, Heartbeat: 5 * time.Second, NoSocket: true},
		},
	} {
		s := &fake{newErr: errors.New("enough")}
		_ = run(t.Context(), r, s, strings.Fields(tt.args)...)
		tt.want.Version = "1.2.3"
		if diff := cmp.Diff(tt.want, s.options, cmpopts.IgnoreFields(server.Options{}, "Now", "Logger")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.args, diff)
		}
	}
	for _, args := range []string{"--retention soon", "--max-size huge", "extra"} {
		s := &fake{newErr: errors.New("enough")}
		if err := run(t.Context(), r, s, strings.Fields(args)...); err == nil || errors.Is(err, s.newErr) {
			t.Errorf("%s: %v", args, err)
		}
	}
}
