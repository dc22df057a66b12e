package agentkit

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// allowed are the modules that an application gets with agentkit. A new one is
// a decision about every application that is protected: it takes a review of its
// code, its licence and its own dependencies.
var allowed = []string{
	"github.com/gaissmai/bart", // prefix table for a million blocked networks
}

func TestDependencies(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Standard,Module", "./...")
	cmd.Env = append(cmd.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for d := json.NewDecoder(out); ; seen++ {
		var p struct {
			ImportPath string
			Standard   bool
			Module     *struct {
				Path string
				Main bool
			}
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if p.Standard || p.Module != nil && (p.Module.Main || slices.Contains(allowed, p.Module.Path)) {
			continue
		}
		t.Errorf("package %s is from a module that is not on the allowlist", p.ImportPath)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	if seen < 50 {
		t.Errorf("only %d packages were looked at", seen)
	}
}
