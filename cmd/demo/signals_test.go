//go:build unix

package demo

import (
	"bufio"
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startDemo runs a demo in a process of its own and returns it with a
// connection to its first shop.
func startDemo(t *testing.T, args ...string) (*exec.Cmd, net.Conn, *strings.Builder) {
	t.Helper()
	command := append(part(t, "demo"), args...)
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	var out strings.Builder
	cmd.Stdout = &out
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		if _, rest, ok := strings.Cut(lines.Text(), "http://"); ok {
			address, _, _ := strings.Cut(rest, " ")
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { conn.Close() })
			go func() {
				for lines.Scan() { // what is not read blocks who writes
					t.Log(lines.Text())
				}
			}()
			return cmd, conn, &out
		}
	}
	t.Fatalf("the demo names no shop: %v", cmd.Wait())
	return nil, nil, nil
}

// closes waits until the other side of a connection is gone.
func closes(t *testing.T, conn net.Conn) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the shop is still there")
	}
}

func TestInterruptedDemoReportsAndLeavesNothing(t *testing.T) {
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			temp := t.TempDir()
			t.Setenv("TMPDIR", temp)
			cmd, conn, out := startDemo(t, "--rate", "50")
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			closes(t, conn)
			if err := cmd.Wait(); err != nil {
				t.Errorf("exit: %v", err)
			}
			for _, want := range []string{"INVENTORY", "WHAT THE ATTACKERS GOT", "Next:"} {
				if !strings.Contains(out.String(), want) {
					t.Errorf("the report has no %q", want)
				}
			}
			if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

func TestShopsDieWithADemoThatIsKilled(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	cmd, conn, _ := startDemo(t, "--unprotected", "--rate", "0")
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	closes(t, conn)
	if cmd.Wait() == nil {
		t.Error("the demo survived")
	}
}
