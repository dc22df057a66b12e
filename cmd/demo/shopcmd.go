package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/agentkit"
	"github.com/sqreen/sqreen/cmd/demo/shop"
	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
)

// shopOptions say where a shop listens and keeps its files.
type shopOptions struct {
	*cmdutil.Factory

	Listen string
	Dir    string
}

// newShop makes the hidden `sqreen demo shop`, which is what the demo starts: an
// ordinary web application that finds its platform in the environment. It ends
// when its standard input does.
func newShop(f *cmdutil.Factory) *cobra.Command {
	o := &shopOptions{Factory: f}
	cmd := &cobra.Command{
		Use:         "shop",
		Short:       "Serve the demo's shop, which is vulnerable on purpose",
		Hidden:      true,
		Args:        cobra.NoArgs,
		Annotations: map[string]string{cmdutil.CleanStop: "true"},
		RunE:        func(cmd *cobra.Command, _ []string) error { return serveShop(cmd.Context(), o) },
	}
	cmd.Flags().StringVar(&o.Listen, "listen", "127.0.0.1:0", "loopback `address`")
	cmd.Flags().StringVar(&o.Dir, "dir", "", "`directory` for the shop's files; empty means a temporary one")
	return cmd
}

// Bounds of a shop's connections and of its end.
const (
	shopReadHeader = 5 * time.Second
	shopRequest    = 30 * time.Second
	shopGrace      = 2 * time.Second // for the server, and as much for the agent
)

func serveShop(ctx context.Context, o *shopOptions) (err error) {
	dir := o.Dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "sqreen-shop-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	listener, err := shop.Listen(ctx, o.Listen)
	if err != nil {
		return err
	}
	agent := newAgent(o.Logger())
	s, err := shop.New(shop.Config{Dir: dir, Open: openProtected, Wrap: agent.Middleware, Logger: o.Logger()})
	if err != nil {
		return errors.Join(err, listener.Close(), agent.Close(ctx))
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		// The end of standard input is the end of whoever started this process.
		_, _ = io.Copy(io.Discard, o.IO.In)
		cancel()
	}()
	server := &http.Server{Handler: s, ReadHeaderTimeout: shopReadHeader, ReadTimeout: shopRequest, WriteTimeout: shopRequest}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	if _, err := fmt.Fprintf(o.IO.Out, "%shttp://%s\n", readyPrefix, listener.Addr()); err != nil {
		cancel()
	}
	select {
	case err = <-served:
	case <-ctx.Done():
	}
	return errors.Join(err, closeServer(ctx, server), closeAgent(ctx, agent), s.Close())
}

// closeServer ends a server, in time for those who wait for the process.
func closeServer(ctx context.Context, server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shopGrace)
	defer cancel()
	if server.Shutdown(ctx) == nil {
		return nil
	}
	return server.Close() // requests that take too long are cut off
}

// closeAgent lets the agent hand in what it knows. The error says
// what could not be handed in.
func closeAgent(ctx context.Context, agent *agentkit.Agent) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shopGrace)
	defer cancel()
	if err := agent.Close(ctx); err != nil {
		return fmt.Errorf("hand in the last signals: %w", err)
	}
	return nil
}
