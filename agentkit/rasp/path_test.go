package rasp_test

import (
	"path"
	"reflect"
	"testing"

	"github.com/sqreen/sqreen/agentkit/rasp"
	"github.com/sqreen/sqreen/agentkit/wire"
)

var pathAttacks = []struct{ name, input, rule string }{
	{"/srv/images/../config/secrets.env", "../config/secrets.env", "lfi.traversal"},
	{"/srv/images/../config/secrets.env", "..%2fconfig%2fsecrets.env", "lfi.traversal"},
	{"/srv/images/../config/secrets.env", "..%252fconfig%252fsecrets.env", "lfi.traversal"},
	{"/srv/images/../images/../config/x", "../images/../config/x", "lfi.traversal"},
	{"/srv/images/./../config/./x", "./../config/./x", "lfi.traversal"},
	{"/srv/images/a/../../x", "a/../../x", "lfi.traversal"},
	{`C:\srv\images\..\config\x`, `..\config\x`, "lfi.traversal"},
	{"/srv/img_a/../../x.png", "a/../../x", "lfi.traversal"},
	{"/srv/images/../x.svg", "../x", "lfi.traversal"},
	{"/srv/images/..", "..", "lfi.traversal"},
	{"/etc/passwd", "/etc/passwd", "lfi.absolute"},
	{"/etc/passwd", "//etc//./passwd", "lfi.absolute"},
	{"/etc/passwd.txt", "/etc/passwd", "lfi.absolute"},
	{"/proc/self/environ", "/proc/self", "lfi.absolute"},
	{`C:\Windows\win.ini`, `C:\Windows\win.ini`, "lfi.absolute"},
	{`\\host\share\x`, `\\host\share\x`, "lfi.absolute"},
	{"/srv/images/x\x00.png", "x\x00", "lfi.nul"},
	{"/etc/passwd", "../../../etc/passwd", "lfi.cleaned"},
	{"/srv/config/secrets.env", "../config/secrets.env", "lfi.cleaned"},
	{"/srv/config/secrets.env", "a/../../config/secrets", "lfi.cleaned"},
}

var pathHarmless = []struct{ name, input string }{
	{"/srv/images/lamp.svg", "lamp.svg"},
	{"/srv/images/a/b/lamp.svg", "a/b/lamp.svg"},
	{"/srv/images/a/../lamp.svg", "a/../lamp.svg"},
	{"/srv/images/img_../x", "../x"},
	{"/srv/images/a..b", "a..b"},
	{"/srv/images/...", "..."},
	{"/srv/images/%2e%2e", "%2e%2e%2f"},
	{"/srv/images/etc/passwd", "/etc/passwd"},
	{"/srv/images/passwd", "../../etc/passwd"},
	{"/srv/images/lamp.svg", "/"},
	{"/srv/images/lamp.svg", "/srv"},
	{"/srv/../etc/x", "x"},
	{"/srv/images/it..", "wait.."},
}

func pathInput(name, input string) *wire.Attack {
	in := rasp.NewInputs()
	in.Add("query.file", input)
	return rasp.Path(in, name)
}

func TestPathAttacks(t *testing.T) {
	for _, tt := range pathAttacks {
		a := pathInput(tt.name, tt.input)
		if a == nil || a.Rule != tt.rule {
			t.Errorf("%q in %q: %+v, want %s", tt.input, tt.name, a, tt.rule)
			continue
		}
		if k := a.Sink; k.Type != "file" || k.Statement[k.Start:k.End] != a.Match || k.Target != path.Clean(tt.name) {
			t.Errorf("%q in %q: %+v", tt.input, tt.name, k)
		}
	}
}

func TestPathHarmless(t *testing.T) {
	for _, tt := range pathHarmless {
		if a := pathInput(tt.name, tt.input); a != nil {
			t.Errorf("%q in %q: %s %s", tt.input, tt.name, a.Rule, a.Message)
		}
	}
}

func FuzzPath(f *testing.F) {
	for _, tt := range pathAttacks {
		f.Add(tt.name, tt.input)
	}
	for _, tt := range pathHarmless {
		f.Add(tt.name, tt.input)
	}
	f.Add("", "/x")
	f.Fuzz(func(t *testing.T, name, input string) {
		in := rasp.NewInputs()
		in.Add("query.file", input)
		for _, name := range []string{name, "/srv/" + input, path.Join("/srv/images", input), name + input} {
			got, want := rasp.Path(in, name), rasp.SlowPath(in, name)
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%q: fast %+v, slow %+v", name, got, want)
			}
			if got != nil && (got.Sink.Start < 0 || got.Sink.End < got.Sink.Start || got.Sink.End > len(got.Sink.Statement)) {
				t.Fatalf("%q: marked part %d..%d", name, got.Sink.Start, got.Sink.End)
			}
		}
	})
}

func BenchmarkPath(b *testing.B) {
	in := rasp.NewInputs()
	browser(in)
	in.Add("query.file", "lamp-01.svg")
	rasp.Path(in, "/srv/shop/images/lamp-01.svg")
	b.ReportAllocs()
	for b.Loop() {
		rasp.Path(in, "/srv/shop/images/lamp-01.svg")
	}
}
