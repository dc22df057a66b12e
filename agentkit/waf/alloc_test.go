//go:build !race

package waf

import "testing"

// The race detector makes sync.Pool forget things, so allocations are counted
// without it.

func TestBenignRequestsAllocateNothing(t *testing.T) {
	rs, r := Default(), benignGet()
	rs.Inspect(r)
	if n := testing.AllocsPerRun(200, func() { rs.Inspect(r) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func TestWalksAllocateNothing(t *testing.T) {
	rs := Default()
	body := `{"items":[{"id":1,"name":"Running shoe","note":"It's \"fine\""}]}`
	inspect := func() {
		x := rs.Begin()
		x.Body("application/json", body)
		x.End()
	}
	inspect()
	if n := testing.AllocsPerRun(100, inspect); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
