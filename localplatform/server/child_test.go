package server_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/server"
)

// Variables that make the test binary a platform.
const (
	childData   = "SQREEN_TEST_SERVE_DATA"
	childListen = "SQREEN_TEST_SERVE_LISTEN"
)

// runChild serves a platform when this process was started for that.
func runChild() bool {
	dir := os.Getenv(childData)
	if dir == "" {
		return false
	}
	err := func() error {
		s, err := server.New(server.Options{Data: dir, Listen: os.Getenv(childListen), Heartbeat: time.Second})
		if err != nil {
			return err
		}
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		if err := s.Start(ctx); err != nil {
			return err
		}
		fmt.Println("ready", s.Info().URL)
		<-ctx.Done()
		return s.Stop(context.Background())
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(1)
	}
	return true
}

// child is a platform in a process of its own.
type child struct {
	t     testing.TB
	cmd   *exec.Cmd
	out   io.ReadCloser
	log   bytes.Buffer
	data  string
	url   string
	agent string
}

// spawn starts a platform without waiting for it. listen is kept by those that
// come after it.
func spawn(t testing.TB, data, listen string) *child {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &child{t: t, data: data}
	c.cmd = exec.CommandContext(context.Background(), exe) //nolint:gosec // this test
	c.cmd.Env = append(os.Environ(), childData+"="+data, childListen+"="+listen)
	c.cmd.Stderr = &c.log
	if c.out, err = c.cmd.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return c
}

// ready waits until the platform serves.
func (c *child) ready() {
	c.t.Helper()
	line, err := bufio.NewReader(c.out).ReadString('\n')
	if err != nil {
		_ = c.cmd.Wait()
		c.t.Fatalf("the platform did not start: %v\n%s", err, c.log.String())
	}
	c.url = strings.TrimSpace(strings.TrimPrefix(line, "ready "))
}

// startChild starts a platform and makes an agent's token for shop in prod.
func startChild(t testing.TB, data string) *child {
	t.Helper()
	c := spawn(t, data, "127.0.0.1:0")
	c.ready()
	t.Cleanup(c.kill)
	c.makeToken()
	return c
}

func (c *child) makeToken() {
	c.t.Helper()
	p, err := server.Connect(c.t.Context(), server.ConnectOptions{Data: c.data})
	if err != nil {
		c.t.Fatal(err)
	}
	tok, err := p.CreateToken(c.t.Context(), localplatform.Token{Kind: localplatform.TokenAgent, App: "shop", Env: "prod"})
	if err != nil {
		c.t.Fatal(err)
	}
	c.agent = tok.Secret
	if err := p.Close(); err != nil {
		c.t.Fatal(err)
	}
}

// kill ends the platform as a power cut would end the process.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait() // "signal: killed", or it has been waited for already
}

func (c *child) login(instance string) {
	c.t.Helper()
	var reply wire.LoginReply
	if err := report(c.t.Context(), http.DefaultClient, c.url, c.agent, wire.PathLogin, wire.Login{Version: wire.Version, Instance: instance}, &reply); err != nil {
		c.t.Fatal(err)
	}
}

func (c *child) beat(instance string, seq uint64, signals ...json.RawMessage) wire.HeartbeatReply {
	c.t.Helper()
	var reply wire.HeartbeatReply
	h := wire.Heartbeat{Version: wire.Version, Instance: instance, Seq: seq, Signals: signals}
	if err := report(c.t.Context(), http.DefaultClient, c.url, c.agent, wire.PathHeartbeat, h, &reply); err != nil {
		c.t.Fatal(err)
	}
	return reply
}

// errRefused is an answer that is not 200.
var errRefused = errors.New("refused")

// report sends as an agent does.
func report(ctx context.Context, hc *http.Client, url, token, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := hc.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%w with %d: %s", errRefused, res.StatusCode, text)
	}
	return json.Unmarshal(text, out)
}
