package rasp

import (
	"path"
	"strings"

	"github.com/sqreen/sqreen/agentkit/wire"
)

// Rules about paths, as they are named in attacks.
const (
	rulePathTraversal = "lfi.traversal" // the input leads up from the directory it stands in
	rulePathCleaned   = "lfi.cleaned"   // the same, but the path was cleaned since
	rulePathAbsolute  = "lfi.absolute"  // the input is the path, or its beginning
	rulePathNUL       = "lfi.nul"       // the input ends the path early for C libraries
)

// Path says whether one of the inputs changed the directory of name, a path
// that is about to be opened, and returns nil when none did. An input that names
// a file or a directory below where the app put it is harmless, whatever the file.
//
// A path such as filepath.Join makes no longer holds the input's "..". The
// input's rest is then looked for at its end, and the attack's rule is
// "lfi.cleaned": unless that path begins at the root, an app that made the
// input harmless may open the same one.
//
// A backslash parts directories on every system, because files may be on another.
// Path does not allocate when no input could lead elsewhere.
func Path(in *Inputs, name string) *wire.Attack {
	if in == nil || in.size.Load() == 0 || name == "" {
		return nil
	}
	x := in.index()
	for i := range x.needles {
		if !x.needles[i].leads {
			continue
		}
		if f, ok := judgePath(x.needles[i].text, name); ok {
			return pathAttack(x, &x.needles[i], name, f)
		}
	}
	return nil
}

// leads reports whether a text can lead elsewhere as a part of a path.
func leads(text string) bool {
	return text != "" && (separator(text[0]) || drive(text) || strings.Contains(text, "..") || strings.IndexByte(text, 0) >= 0)
}

func separator(c byte) bool { return c == '/' || c == '\\' }

// drive reports whether a path begins with a drive letter.
func drive(text string) bool {
	return len(text) > 2 && text[1] == ':' && separator(text[2]) && nameStart(text[0]) && text[0] != '_'
}

// pathFinding is where an input changed a path.
type pathFinding struct {
	rule       string
	start, end int
	certain    bool
}

func judgePath(text, name string) (pathFinding, bool) {
	if !leads(text) || name == "" {
		return pathFinding{}, false
	}
	for from, count := 0, 0; count < maxOccurrences; count++ {
		i := strings.Index(name[from:], text)
		if i < 0 {
			break
		}
		start, end := from+i, from+i+len(text)
		if rule := pathRule(text, name, start, end); rule != "" {
			return pathFinding{rule, start, end, true}, true
		}
		from = start + 1
	}
	return cleanedPath(text, name)
}

func pathRule(text, name string, start, end int) string {
	switch {
	case strings.IndexByte(text, 0) >= 0:
		return rulePathNUL
	case leavesDirectory(name, start, end):
		return rulePathTraversal
	case start == 0 && absolute(text, name[end:]):
		return rulePathAbsolute
	}
	return ""
}

// leavesDirectory walks through the parts of name that start..end touches, and
// reports whether they lead above the directory in which start is.
func leavesDirectory(name string, start, end int) bool {
	for start > 0 && !separator(name[start-1]) {
		start--
	}
	depth := 0
	for at := start; at < end; {
		next := at
		for next < len(name) && !separator(name[next]) {
			next++
		}
		switch name[at:next] {
		case "", ".":
		case "..":
			depth--
		default:
			depth++
		}
		if depth < 0 {
			return true
		}
		at = next + 1
	}
	return false
}

// absolute reports whether text, with which a path begins, is the path's whole
// way: what follows is an extension, or text is too long to be there by chance.
func absolute(text, rest string) bool {
	slash := strings.ReplaceAll(text, `\`, "/")
	parts := len(strings.FieldsFunc(slash, func(r rune) bool { return r == '/' }))
	switch {
	case !separator(text[0]) && !drive(text), parts == 0:
		return false
	case rest == "":
		return true
	case separator(rest[0]) || separator(text[len(text)-1]):
		return parts > 1
	default:
		return rest[0] == '.' && !strings.ContainsAny(rest, `/\`)
	}
}

// minTail is the shortest rest of an input that is looked for in a cleaned path.
const minTail = 3

// cleanedPath looks for what is left of text once the path was cleaned.
func cleanedPath(text, name string) (pathFinding, bool) {
	if len(text) > maxDerivedBytes || strings.IndexByte(text, 0) >= 0 {
		return pathFinding{}, false
	}
	if !strings.Contains(text, "..") && text[len(text)-1] != name[len(name)-1] {
		return pathFinding{}, false // cleaning would not make them the same
	}
	clean, opened := path.Clean(strings.ReplaceAll(text, `\`, "/")), strings.ReplaceAll(name, `\`, "/")
	if clean[0] == '/' {
		whole := len(clean) > 1 && clean == opened
		return pathFinding{rulePathAbsolute, 0, len(name), true}, whole
	}
	tail, up := strings.CutPrefix(clean, "../")
	for more := up; more; {
		tail, more = strings.CutPrefix(tail, "../")
	}
	if !up || len(tail) < minTail {
		return pathFinding{}, false
	}
	start := strings.LastIndex(opened, "/"+tail) + 1
	end := start + len(tail)
	if start == 0 || end < len(opened) && opened[end] != '.' && opened[end] != '/' {
		return pathFinding{}, false
	}
	return pathFinding{rulePathCleaned, start, end, start == 1}, true
}

func pathAttack(x *index, n *needle, name string, f pathFinding) *wire.Attack {
	in := x.inputs[n.input]
	confidence := "high"
	if !f.certain {
		confidence = "medium"
	}
	statement, start, end := window(name, f.start, f.end)
	return &wire.Attack{
		Kind: wire.AttackLFI, Protection: "rasp", Rule: f.rule, Reached: true, Severity: "high", Confidence: confidence,
		Param: in.address, Payload: cut(in.value, wire.MaxStringBytes), Match: cut(name[f.start:f.end], wire.MaxStringBytes),
		Message: pathMessage(f.rule, in.address, cut(name, 80)),
		Sink:    &wire.Sink{Type: "file", Statement: statement, Start: start, End: end, Target: cut(path.Clean(name), wire.MaxStringBytes)},
	}
}

// pathMessage says in one sentence what the input did.
func pathMessage(rule, address, name string) string {
	switch rule {
	case rulePathAbsolute:
		return "The value of " + address + " is the whole way to the file: " + name
	case rulePathNUL:
		return "The value of " + address + " holds a NUL byte, which may end the path early: " + name
	default:
		return "The value of " + address + " leads out of the directory it should stay in: " + name
	}
}
