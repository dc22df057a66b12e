package stack

import (
	"bufio"
	"cmp"
	"io"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/sqreen/sqreen/agentkit/wire"
)

// AgentName is how the agent calls itself in a wire.Stack.
const AgentName = "agentkit-go"

// Discover returns what this process is made of and where it runs. What was
// used at run time is not known to it.
func Discover(agentVersion string) wire.Stack {
	s := wire.Stack{
		Agent:      wire.Component{Name: AgentName, Version: agentVersion},
		Technology: "Go",
		Runtime:    wire.Component{Name: "go", Version: runtime.Version()},
		OS:         runtime.GOOS + "/" + runtime.GOARCH,
		Container:  containerID(),
		PID:        os.Getpid(),
	}
	s.Hostname, _ = os.Hostname() // an empty name says that there is none
	if info, ok := debug.ReadBuildInfo(); ok {
		addModules(&s, info)
	}
	if len(s.Frameworks) == 0 { // the agent sits on net/http, so without a framework above it that is the app's
		s.Frameworks = []wire.Component{{Name: "net/http", Version: runtime.Version()}}
	}
	return s
}

// addModules sorts the modules of a build into s.
func addModules(s *wire.Stack, info *debug.BuildInfo) {
	s.Module = cmp.Or(info.Main.Path, info.Path)
	for _, m := range info.Deps {
		if len(s.Packages) == wire.MaxPackages {
			break
		}
		c := component(m)
		s.Packages = append(s.Packages, c)
		k, ok := known[base(m.Path)]
		if !ok {
			continue
		}
		list := map[kind]*[]wire.Component{framework: &s.Frameworks, orm: &s.ORMs, template: &s.Templates, driver: &s.Drivers}[k.kind]
		*list = append(*list, wire.Component{Name: k.name, Version: c.Version})
	}
	for _, list := range []*[]wire.Component{&s.Frameworks, &s.ORMs, &s.Templates, &s.Drivers} {
		slices.SortFunc(*list, func(a, b wire.Component) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version))
		})
	}
}

// component names a module by what is really linked in: a replacement counts,
// unless it is a directory, which says nothing to others.
func component(m *debug.Module) wire.Component {
	c := wire.Component{Name: m.Path, Version: m.Version}
	if r := m.Replace; r != nil && r.Version != "" {
		c = wire.Component{Name: r.Path, Version: r.Version}
	}
	return c
}

var majorSuffix = regexp.MustCompile(`(/v[0-9]+|\.v[0-9]+)$`)

// base returns a module path without its major version: "github.com/x/y" for
// "github.com/x/y/v5".
func base(module string) string { return majorSuffix.ReplaceAllString(module, "") }

// containerID returns the id of the container that the process runs in, or "".
// With cgroup version 1 it is in the process's cgroup, with version 2 in the
// files that the container runtime mounts.
func containerID() string {
	for _, name := range []string{"/proc/self/cgroup", "/proc/self/mountinfo"} {
		f, err := os.Open(name)
		if err != nil {
			continue
		}
		id := findContainerID(f)
		f.Close()
		if id != "" {
			return id
		}
	}
	return ""
}

var (
	hexID    = regexp.MustCompile(`[0-9a-f]{64}`)
	fargate  = regexp.MustCompile(`[0-9a-f]{32}-[0-9]{9,11}`)
	idPlaces = []string{"docker", "containers", "kubepods", "containerd", "libpod", "crio", "lxc", "ecs", "sandboxes"}
)

// findContainerID looks for an id in lines that name a container runtime, so
// that other hashes, such as those of image layers, are not taken for one.
func findContainerID(r io.Reader) string {
	lines := bufio.NewScanner(io.LimitReader(r, 1<<20))
	for lines.Scan() {
		line := lines.Text()
		if strings.Contains(line, "overlay") && strings.Contains(line, "lowerdir=") {
			continue
		}
		if !slices.ContainsFunc(idPlaces, func(p string) bool { return strings.Contains(line, p) }) {
			continue
		}
		if id := cmp.Or(hexID.FindString(line), fargate.FindString(line)); id != "" {
			return id
		}
	}
	return ""
}
