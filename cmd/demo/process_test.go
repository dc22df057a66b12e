package demo

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/internal/iostreams"
)

// TestMain makes the test binary play a part when it is started as
// `demo.test play PART ARGS...`.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "play" {
		os.Exit(play(os.Args[2], os.Args[3:]))
	}
	os.Exit(m.Run())
}

func play(name string, args []string) int {
	switch name {
	case "shop":
		return playCommand(newShop(playFactory()), args)
	case "demo":
		return playDemo(args)
	case "broken":
		fmt.Fprintln(os.Stderr, "no such luck")
		return 3
	case "stubborn":
		fmt.Println(readyPrefix + "http://127.0.0.1:1")
		select {}
	}
	return 4
}

func playFactory() *cmdutil.Factory {
	f := cmdutil.NewFactory(cmdutil.Build{Version: "test"})
	f.IO = iostreams.System(os.Getenv)
	return f
}

func playCommand(cmd *cobra.Command, args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	cmd.SetArgs(args)
	if err := cmd.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// playDemo is `sqreen demo` whose shops are this binary.
func playDemo(args []string) int {
	cmd := newDemo(playFactory(), func(ctx context.Context, o *Options) error {
		o.Command = []string{os.Args[0], "play", "shop"}
		return run(ctx, o)
	})
	return playCommand(cmd, args)
}

// part returns the command that makes this binary play a part.
func part(t *testing.T, name string) []string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return []string{self, "play", name}
}

func TestShopProcessEndsWithItsInput(t *testing.T) {
	p, err := startProcess(t.Context(), append(part(t, "shop"), "--dir", t.TempDir()), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(p.url, "http://127.0.0.1:") {
		t.Errorf("listens on %q", p.url)
	}
	if err := p.stop(time.Minute); err != nil {
		t.Errorf("ended with %v: %s", err, p.said)
	}
}

func TestShopThatDoesNotStartSaysWhy(t *testing.T) {
	_, err := startProcess(t.Context(), part(t, "broken"), nil)
	if err == nil || !strings.Contains(err.Error(), "no such luck") {
		t.Errorf("error: %v", err)
	}
	_, err = startProcess(t.Context(), append(part(t, "shop"), "--listen", "0.0.0.0:0"), nil)
	if err == nil || !strings.Contains(err.Error(), "loopback only") {
		t.Errorf("error: %v", err)
	}
	if _, err = startProcess(t.Context(), []string{"/nowhere/at/all"}, nil); err == nil {
		t.Error("started nothing at all")
	}
}

func TestStubbornShopIsKilled(t *testing.T) {
	p, err := startProcess(t.Context(), part(t, "stubborn"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.stop(0); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("error: %v", err)
	}
}

func TestSpeechFindsTheAddressHoweverItArrives(t *testing.T) {
	for _, chunks := range [][]string{
		{readyPrefix + "http://[::1]:80\n"},
		{"a warning\nshop lis", "tens on http://[", "::1]:80", "\nmore\n"},
	} {
		s := newSpeech()
		for _, c := range chunks {
			if n, err := s.Write([]byte(c)); n != len(c) || err != nil {
				t.Fatal(n, err)
			}
		}
		select {
		case url := <-s.ready:
			if url != "http://[::1]:80" {
				t.Errorf("address %q", url)
			}
		default:
			t.Errorf("no address in %q", chunks)
		}
	}
	s := newSpeech()
	for range 10_000 {
		_, _ = s.Write([]byte("noise\n"))
	}
	if len(s.String()) > speechKept {
		t.Errorf("%d bytes kept", len(s.String()))
	}
}

func TestProcessesDoNotInheritPlatforms(t *testing.T) {
	got := withoutSqreen([]string{"PATH=/bin", "SQREEN_TOKEN=x", "SQREEN_DATA=y", "HOME=/"})
	if strings.Join(got, " ") != "PATH=/bin HOME=/" {
		t.Errorf("environment %q", got)
	}
}
