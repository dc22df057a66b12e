package stack

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/sqreen/sqreen/agentkit/wire"
)

func TestAddModulesSortsByWhatTheyAreFor(t *testing.T) {
	dep := func(path, version string) *debug.Module { return &debug.Module{Path: path, Version: version} }
	replaced := dep("github.com/lib/pq", "v1.0.0")
	replaced.Replace = dep("github.com/fork/pq", "v1.0.1")
	local := dep("example.com/local", "v0.1.0")
	local.Replace = &debug.Module{Path: "../local"}
	var s wire.Stack
	addModules(&s, &debug.BuildInfo{
		Main: debug.Module{Path: "example.com/shop"},
		Deps: []*debug.Module{
			dep("github.com/gin-gonic/gin", "v1.10.0"), dep("github.com/go-chi/chi/v5", "v5.1.0"),
			dep("github.com/labstack/echo/v4", "v4.12.0"), dep("github.com/gofiber/fiber/v3", "v3.0.0"),
			dep("github.com/gorilla/mux", "v1.8.1"), dep("google.golang.org/grpc", "v1.70.0"), dep("connectrpc.com/connect", "v1.18.0"),
			dep("gorm.io/gorm", "v1.25.0"), dep("entgo.io/ent", "v0.14.0"), dep("github.com/uptrace/bun", "v1.2.0"),
			dep("github.com/jackc/pgx/v5", "v5.7.0"), dep("github.com/go-sql-driver/mysql", "v1.8.0"),
			dep("github.com/mattn/go-sqlite3", "v1.14.0"), dep("modernc.org/sqlite", "v1.60.1"), dep("github.com/ncruces/go-sqlite3", "v0.35.6"),
			dep("github.com/microsoft/go-mssqldb", "v1.8.0"), dep("github.com/godror/godror", "v0.44.0"),
			dep("go.mongodb.org/mongo-driver/v2", "v2.0.0"), dep("github.com/redis/go-redis/v9", "v9.7.0"), dep("gopkg.in/mgo.v2", "v2.0.0"),
			dep("github.com/a-h/templ", "v0.3.0"), dep("github.com/flosch/pongo2/v6", "v6.0.0"), dep("github.com/valyala/quicktemplate", "v1.8.0"),
			dep("github.com/jmoiron/sqlx", "v1.4.0"), replaced, local,
		},
	})
	names := func(list []wire.Component) string {
		var out []string
		for _, c := range list {
			out = append(out, c.Name)
		}
		return strings.Join(out, " ")
	}
	for _, c := range []struct{ what, got, want string }{
		{"module", s.Module, "example.com/shop"},
		{"frameworks", names(s.Frameworks), "chi connect echo fiber gin gorilla/mux grpc"},
		{"orms", names(s.ORMs), "bun ent gorm"},
		{"drivers", names(s.Drivers), "go-mssqldb go-redis go-sqlite3 godror mgo modernc-sqlite mongo mysql ncruces-sqlite3 pgx pq"},
		{"templates", names(s.Templates), "pongo2 quicktemplate templ"},
		{"version of pq", s.Drivers[10].Version, "v1.0.1"},
	} {
		if c.got != c.want {
			t.Errorf("%s = %q, want %q", c.what, c.got, c.want)
		}
	}
	if len(s.Packages) != 26 {
		t.Errorf("%d packages, want all 26", len(s.Packages))
	}
	if last := s.Packages[25]; last.Name != "example.com/local" {
		t.Errorf("module replaced by a directory = %v", last)
	}
	if got := s.Packages[24]; got.Name != "github.com/fork/pq" {
		t.Errorf("replaced module = %v", got)
	}
}

// The table's keys must be what base makes of a path, or they never match.
func TestTableKeysAreBases(t *testing.T) {
	for key := range known {
		if got := base(key); got != key {
			t.Errorf("key %q can never match, its base is %q", key, got)
		}
		if strings.HasSuffix(key, "/") || strings.ToLower(strings.SplitN(key, "/", 2)[0]) != strings.SplitN(key, "/", 2)[0] {
			t.Errorf("key %q is not a module path", key)
		}
	}
}

func TestFindContainerID(t *testing.T) {
	const id = "3f4ad1f3a1b0c9d8e7f6a5b4c3d2e1f00112233445566778899aabbccddeeff0"
	for name, c := range map[string]struct{ in, want string }{
		"docker cgroup v1":     {"12:cpu:/docker/" + id + "\n", id},
		"kubernetes v1":        {"11:memory:/kubepods/burstable/pod5f1c/" + id + "\n", id},
		"containerd systemd":   {"0::/system.slice/cri-containerd-" + id + ".scope\n", id},
		"docker mountinfo v2":  {"0::/\n589 568 254:1 /docker/containers/" + id + "/resolv.conf /etc/resolv.conf rw - ext4 /dev/vda1 rw\n", id},
		"podman":               {"1 2 0:1 /containers/overlay-containers/" + id + "/userdata/hosts /etc/hosts rw - tmpfs tmpfs rw\n", id},
		"fargate":              {"9:cpu:/ecs/2c1e2f3a4b5c6d7e8f90123456789abc/2c1e2f3a4b5c6d7e8f90123456789abc-1234567890\n", "2c1e2f3a4b5c6d7e8f90123456789abc-1234567890"},
		"image layer, no id":   {"1 2 0:1 / / rw - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/" + id + "/diff\n", ""},
		"plain host":           {"0::/user.slice/user-1000.slice\n", ""},
		"hash without runtime": {"1 2 0:1 /data/" + id + " /x rw - ext4 /dev/vda1 rw\n", ""},
	} {
		if got := findContainerID(strings.NewReader(c.in)); got != c.want {
			t.Errorf("%s: id = %q, want %q", name, got, c.want)
		}
	}
}

func TestDiscoverThisProcess(t *testing.T) {
	s := Discover("0.1.0")
	host, _ := os.Hostname()
	if s.Technology != "Go" || s.PID != os.Getpid() || s.Hostname != host || !strings.Contains(s.OS, "/") || !strings.HasPrefix(s.Runtime.Version, "go") {
		t.Errorf("stack = %+v", s)
	}
}

func TestPackageOf(t *testing.T) {
	for in, want := range map[string]string{
		"main.main":                             "main",
		"net/http.(*conn).serve":                "net/http",
		"example.com/a/b.Do[...]":               "example.com/a/b",
		"example.com/a.(*T[example.com/c.D]).M": "example.com/a",
		"gopkg.in/yaml%2ev3.Unmarshal":          "gopkg.in/yaml.v3",
		"example.com/shop.handler.func1":        "example.com/shop",
	} {
		if got := PackageOf(in); got != want {
			t.Errorf("PackageOf(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestInAppDistinguishesModules(t *testing.T) {
	m := ModuleSet{main: "example.com/shop", deps: []string{"example.com/shop/sdk", "github.com/lib/pq"}}
	for function, want := range map[string]bool{
		"main.main":                      true,
		"example.com/shop.New":           true,
		"example.com/shop/db.Query":      true,
		"example.com/shop/sdk.Do":        false,
		"example.com/shopping.Do":        false,
		"github.com/lib/pq.(*conn).x":    false,
		"net/http.HandlerFunc.ServeHTTP": false,
	} {
		if got := m.InApp(function); got != want {
			t.Errorf("InApp(%q) = %v, want %v", function, got, want)
		}
	}
}

func TestFramesOfAPanicBeginWhereItHappened(t *testing.T) {
	var frames []wire.Frame
	func() {
		defer func() {
			_ = recover()
			frames = Capture(0).Frames()
		}()
		panicHere()
	}()
	if len(frames) == 0 || !strings.HasSuffix(frames[0].Function, ".panicHere") {
		t.Fatalf("frames = %+v", frames)
	}
	if base := filepath.Base(frames[0].File); base != "stack_test.go" || frames[0].Line == 0 {
		t.Errorf("place = %s:%d", frames[0].File, frames[0].Line)
	}
	if strings.HasPrefix(frames[0].File, "/") {
		t.Errorf("file %q tells about the machine it was built on", frames[0].File)
	}
}

//go:noinline
func panicHere() { panic("x") }

func TestAnAppWithoutAFrameworkHasNetHTTP(t *testing.T) {
	s := Discover("1.2.3") // the modules of this test name no framework
	if len(s.Frameworks) != 1 || s.Frameworks[0].Name != "net/http" || s.Frameworks[0].Version != s.Runtime.Version {
		t.Errorf("frameworks are %v", s.Frameworks)
	}
}
