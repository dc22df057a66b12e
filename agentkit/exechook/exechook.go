// Package exechook lets the agent see the commands that an app runs, and stop
// one that a request's input has changed before its program starts.
//
//	cmd := exechook.CommandContext(ctx, "sh", "-c", "ping -c 1 "+host) // in place of exec.CommandContext
//	out, err := cmd.Output()
//
// The result is an ordinary *exec.Cmd. In block mode its Start, Run, Output and
// CombinedOutput return an *engine.BlockedError, to be found with errors.As, for
// a command that an input has changed; the program never runs.
//
// # What is seen
//
// When the program is a shell with a script (sh -c, also behind busybox, env,
// sudo and the like), the script is read as that shell reads it, and an input
// that is more than a part of one word is an injection. What follows the script
// are its parameters, which never count. Of other programs the arguments are
// seen: an input that became an option of a program whose options run programs
// or touch files, such as ssh, git, tar or curl, is one too.
//
// The command is compared with the inputs of the request that ctx belongs to. A
// context without a request leaves the command unchecked, and Unchecked counts
// it. Arguments that the app changes in Cmd.Args afterwards are not seen.
// Scripts of cmd and powershell are not read, for their rules are others.
package exechook

import (
	"context"
	"os/exec"
	"strings"
	"sync/atomic"

	"github.com/sqreen/sqreen/agentkit/engine"
	"github.com/sqreen/sqreen/agentkit/rasp"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// unchecked counts for the process: a command without a request belongs to no
// engine.
var unchecked atomic.Int64

// Unchecked returns how many commands were made without a context that belongs
// to a request, and so could not be compared with its inputs.
func Unchecked() int64 { return unchecked.Load() }

// CommandContext is exec.CommandContext with a look at the command. When it is
// blocked, Cmd.Err says so, and the command cannot be started.
func CommandContext(ctx context.Context, name string, arg ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, arg...)
	if err := check(ctx, name, arg); err != nil {
		cmd.Err = err
	}
	return cmd
}

// check returns an error when the command must not run.
func check(ctx context.Context, name string, arg []string) error {
	engine.MarkHook("exechook")
	q := engine.FromContext(ctx)
	if q == nil {
		unchecked.Add(1)
		engine.MarkUnchecked("shell")
		engine.MarkUsed("shell")
		return nil
	}
	q.Use("shell")
	args := append([]string(nil), arg...) // the caller may change its own
	return q.Check(wire.ProtectionShell, func(in *rasp.Inputs) *wire.Attack {
		if script, ok := script(name, args); ok {
			return rasp.Shell(in, script)
		}
		return rasp.Args(in, name, args)
	})
}

// script returns what a POSIX shell is asked to run, if the command is one.
func script(name string, args []string) (string, bool) {
	for runsAnother(base(name)) {
		i := 0
		for i < len(args) && !isShell(base(args[i])) {
			i++
		}
		if i == len(args) {
			return "", false
		}
		name, args = args[i], args[i+1:]
	}
	if !isShell(base(name)) {
		return "", false
	}
	for i, a := range args {
		if command(a) {
			return operand(args[i+1:])
		}
		if a == "--" || a != "" && a[0] != '-' && a[0] != '+' && (i == 0 || !takesName(args[i-1])) {
			return "", false // a file, which the app wrote
		}
	}
	return "", false
}

// operand returns the first argument that is no option: sh -c -e script.
func operand(args []string) (string, bool) {
	for i, a := range args {
		switch {
		case a == "--" && i+1 < len(args):
			return args[i+1], true
		case len(a) > 1 && (a[0] == '-' || a[0] == '+'):
		case i > 0 && takesName(args[i-1]):
		default:
			return a, true
		}
	}
	return "", false
}

// command reports whether a is -c, alone or among other letters.
func command(a string) bool {
	return len(a) > 1 && a[0] == '-' && a[1] != '-' && strings.IndexByte(a, 'c') > 0
}

// takesName reports whether a is -o, whose name follows it, alone or last.
func takesName(a string) bool {
	return len(a) > 1 && (a[0] == '-' || a[0] == '+') && a[1] != '-' && a[len(a)-1] == 'o'
}

func base(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	return strings.TrimSuffix(strings.ToLower(name), ".exe")
}

func isShell(name string) bool {
	switch name {
	case "sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "rbash":
		return true
	}
	return false
}

// runsAnother reports whether a program runs the one that its arguments name.
func runsAnother(name string) bool {
	switch name {
	case "busybox", "toybox", "env", "sudo", "doas", "nice", "ionice", "nohup", "timeout", "setsid", "chroot", "stdbuf", "time", "xargs", "unshare", "nsenter", "docker", "kubectl":
		return true
	}
	return false
}
