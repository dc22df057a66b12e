package filehook_test

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/sqreen/sqreen/agentkit/engine"
	"github.com/sqreen/sqreen/agentkit/filehook"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// request returns a context of a request whose parameter file is value, while
// the protection of files is in the given mode.
func request(tb testing.TB, mode, value string) context.Context {
	tb.Helper()
	e := engine.New(engine.Config{})
	for _, err := range e.Apply(wire.Instructions{Version: 1, Full: true, Policy: wire.Policy{
		Modes: map[string]string{wire.ProtectionLFI: mode, wire.ProtectionWAF: wire.ModeOff},
	}}) {
		tb.Fatal(err)
	}
	q := e.Begin(httptest.NewRequest(http.MethodGet, "/", nil), netip.MustParseAddr("192.0.2.1"))
	q.AddInput("query.file", value)
	tb.Cleanup(func() { q.End(200, "/") })
	return engine.NewContext(tb.Context(), q)
}

// opens are the ways to open a file.
var opens = map[string]func(context.Context, string) error{
	"open": func(ctx context.Context, name string) error {
		f, err := filehook.Open(ctx, name)
		return closed(f, err)
	},
	"create": func(ctx context.Context, name string) error {
		f, err := filehook.Create(ctx, name)
		return closed(f, err)
	},
	"open file": func(ctx context.Context, name string) error {
		f, err := filehook.OpenFile(ctx, name, os.O_RDWR, 0o600)
		return closed(f, err)
	},
	"read": func(ctx context.Context, name string) error { _, err := filehook.ReadFile(ctx, name); return err },
}

func closed(f *os.File, err error) error {
	if err != nil {
		return err
	}
	return f.Close()
}

// tree makes images/lamp.svg and config/secret.env.
func tree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"images/lamp.svg", "config/secret.env"} {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte("text"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestPathsOutsideAreNotOpened(t *testing.T) {
	for way, open := range opens {
		t.Run(way, func(t *testing.T) {
			dir := tree(t)
			input := "../config/secret.env"
			for _, name := range []string{filepath.Join(dir, "images", input), dir + "/images/" + input} {
				err := open(request(t, wire.ModeBlock, input), name)
				var blocked *engine.BlockedError
				if !errors.As(err, &blocked) || blocked.Attack.Kind != wire.AttackLFI || blocked.Attack.Param != "query.file" {
					t.Errorf("%s: error %v, want a BlockedError", name, err)
				}
				if text, err := os.ReadFile(name); err != nil || string(text) != "text" {
					t.Errorf("%s was changed: %q, %v", name, text, err)
				}
				if err := open(request(t, wire.ModeMonitor, input), name); err != nil {
					t.Errorf("%s while monitoring: %v", name, err)
				}
				if err := os.WriteFile(name, []byte("text"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestOrdinaryPathsAreOpened(t *testing.T) {
	for way, open := range opens {
		t.Run(way, func(t *testing.T) {
			dir := tree(t)
			if err := open(request(t, wire.ModeBlock, "lamp.svg"), filepath.Join(dir, "images", "lamp.svg")); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestHarmlessMadeInput opens what an app does that keeps inputs below its own
// directory: the file is not there, and that is all.
func TestHarmlessMadeInput(t *testing.T) {
	input := "../config/secret.env"
	name := filepath.Join(tree(t), "images", filepath.Clean("/"+input))
	if _, err := filehook.Open(request(t, wire.ModeBlock, input), name); !errors.Is(err, fs.ErrNotExist) || engine.Blocked(err) {
		t.Errorf("error %v, want that there is no such file", err)
	}
}

func TestPathsWithoutARequestAreCounted(t *testing.T) {
	before := filehook.Unchecked()
	if _, err := filehook.ReadFile(t.Context(), filepath.Join(tree(t), "images/../config/secret.env")); err != nil {
		t.Error(err)
	}
	if got := filehook.Unchecked() - before; got != 1 {
		t.Errorf("%d paths unchecked, want 1", got)
	}
	if uses, _ := engine.Used(); !slices.Contains(uses, "files") {
		t.Errorf("uses %v", uses)
	}
}
