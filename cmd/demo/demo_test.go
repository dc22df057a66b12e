package demo

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/internal/iostreams"
)

func factory(t *testing.T) (*cmdutil.Factory, *iostreams.Screen) {
	t.Helper()
	ios, screen := iostreams.Test()
	return &cmdutil.Factory{
		IO: ios, Build: cmdutil.Build{Version: "test"}, Now: time.Now, Getenv: func(string) string { return "" }, Dir: t.TempDir(), Global: &cmdutil.Global{},
	}, screen
}

func TestFlagsBecomeOptions(t *testing.T) {
	f, _ := factory(t)
	var got *Options
	cmd := newDemo(f, func(_ context.Context, o *Options) error { got = o; return nil })
	cmd.SetArgs([]string{"--for", "30s", "--keep", "d", "--listen", "127.0.0.1:8080", "--seed", "9", "--rate", "12.5"})
	if err := cmd.Execute(); err != nil {
		t.Fatal(err)
	}
	if got.For != 30*time.Second || got.Keep != "d" || got.Listen != "127.0.0.1:8080" || got.Seed != 9 || got.Rate != 12.5 || got.Unprotected {
		t.Errorf("options: %+v", got)
	}
}

func TestBadFlagsAreRefusedBeforeAnythingStarts(t *testing.T) {
	for line, want := range map[string]string{
		"--for 0s":                 "no time",
		"--for -3s":                "no time",
		"--listen 0.0.0.0:8080":    "loopback only",
		"--listen 8080":            "127.0.0.1:8080",
		"--rate -1":                "--rate",
		"--rate 100000":            "--rate",
		"--unprotected --keep dir": "nothing to --keep",
		"extra":                    "unknown command",
	} {
		f, _ := factory(t)
		cmd := newDemo(f, func(context.Context, *Options) error { t.Errorf("%s: ran", line); return nil })
		cmd.SilenceErrors, cmd.SilenceUsage = true, true
		cmd.SetArgs(strings.Fields(line))
		if err := cmd.Execute(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", line, err, want)
		}
	}
	f, _ := factory(t)
	f.Global.Data = "somewhere"
	cmd := newDemo(f, func(context.Context, *Options) error { t.Error("ran on somebody's data"); return nil })
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(nil)
	if err := cmd.Execute(); err == nil || !strings.Contains(err.Error(), "--keep") {
		t.Errorf("--data: error %v", err)
	}
}
