// Package stack says where in the program something happened, and what the
// program is made of.
package stack

import (
	"path"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/sqreen/sqreen/agentkit/wire"
)

// Trace is a stack as the runtime gives it, cheap to take; Frames makes it
// readable.
type Trace []uintptr

// Capture returns the stack of the caller's caller, and further ones for every
// level that skip adds.
func Capture(skip int) Trace {
	var pcs [wire.MaxStackFrames + 8]uintptr
	n := runtime.Callers(3+skip, pcs[:])
	return append(Trace(nil), pcs[:n]...)
}

// Frames returns the levels of t, innermost first, with the agent's own levels
// left out at the inner end, and what the runtime puts below a panic too.
func (t Trace) Frames() []wire.Frame {
	own := Modules()
	frames := runtime.CallersFrames(t)
	var all []wire.Frame
	for {
		f, more := frames.Next()
		if f.Function == "runtime.gopanic" || f.Function == "runtime.sigpanic" {
			all = all[:0] // what follows is the code that panicked
		} else if f.Function != "" {
			all = append(all, wire.Frame{Function: f.Function, File: f.File, Line: f.Line})
		}
		if !more {
			break
		}
	}
	for len(all) > 1 && (isAgent(all[0]) || strings.HasPrefix(all[0].Function, "runtime.")) {
		all = all[1:]
	}
	if len(all) > wire.MaxStackFrames {
		all = all[:wire.MaxStackFrames]
	}
	for i := range all {
		all[i].InApp = own.InApp(all[i].Function)
		all[i].File = shorten(all[i].File, all[i].Function)
	}
	return all
}

// agentModule is where the agent's own code is.
const agentModule = "github.com/sqreen/sqreen/agentkit"

// isAgent reports whether a level is the agent's code, and not a test of it.
func isAgent(f wire.Frame) bool {
	pkg := PackageOf(f.Function)
	inside := pkg == agentModule || strings.HasPrefix(pkg, agentModule+"/")
	return inside && !strings.HasSuffix(f.File, "_test.go") && !strings.HasPrefix(pkg, agentModule+"/agenttest")
}

// PackageOf returns the import path of a function as the runtime names it:
// "net/http" for "net/http.(*conn).serve".
func PackageOf(function string) string {
	slash := strings.LastIndexByte(function, '/') + 1
	if i := strings.IndexAny(function, "[("); i >= 0 && i < slash { // a type argument or receiver may hold a path
		slash = strings.LastIndexByte(function[:i], '/') + 1
	}
	dot := strings.IndexByte(function[slash:], '.')
	if dot < 0 {
		return function
	}
	return strings.ReplaceAll(function[:slash+dot], "%2e", ".")
}

// shorten keeps of a file name what means something on another machine: the
// package and the file.
func shorten(file, function string) string {
	pkg := PackageOf(function)
	if pkg == "main" {
		dir, base := path.Split(file)
		return path.Join(path.Base(dir), base)
	}
	return path.Join(pkg, path.Base(file))
}

// ModuleSet knows which modules the program was built from.
type ModuleSet struct {
	main string
	deps []string
}

// Modules returns the modules of this program, read once from its build
// information.
var Modules = sync.OnceValue(func() ModuleSet {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ModuleSet{}
	}
	set := ModuleSet{main: info.Main.Path}
	for _, d := range info.Deps {
		set.deps = append(set.deps, d.Path)
	}
	return set
})

// InApp reports whether a function belongs to the program's own module, and
// not to a dependency or the standard library.
func (m ModuleSet) InApp(function string) bool {
	pkg := PackageOf(function)
	if pkg == "main" || strings.HasSuffix(pkg, "_test") {
		return true
	}
	if m.main == "" || !within(pkg, m.main) {
		return false
	}
	for _, d := range m.deps { // a dependency may live below the main module's path
		if len(d) > len(m.main) && within(pkg, d) {
			return false
		}
	}
	return true
}

func within(pkg, module string) bool {
	return pkg == module || strings.HasPrefix(pkg, module+"/")
}
