package sqlstore

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sqreen/sqreen/agentkit/wire"
)

func FuzzPackages(f *testing.F) {
	f.Add("example.com/a", "v1.2.3", "b", "")
	f.Add("", "", "tab\there", "line\n")
	f.Fuzz(func(t *testing.T, name1, version1, name2, version2 string) {
		want := []wire.Component{{Name: name1, Version: version1}, {Name: name2, Version: version2}}
		lines, ok := writePackages(want)
		if ok == strings.ContainsAny(name1+version1+name2+version2, "\t\n") {
			t.Fatalf("%q: ok is %v", want, ok)
		}
		if !ok {
			return
		}
		if d := cmp.Diff(want, readPackages(lines)); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
}
