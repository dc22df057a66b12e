package waf

import "testing"

// TestBuiltinLiteralsAreLong keeps the shared pass on its fast path: a literal
// below four bytes costs every value of every request.
func TestBuiltinLiteralsAreLong(t *testing.T) {
	rs := Default()
	for id := range rs.owners {
		if n := rs.literals.Len(id); n < 4 {
			t.Errorf("literal %d of %+v has %d bytes", id, rs.owners[id][0], n)
		}
	}
	if len(rs.owners) > 4000 {
		t.Errorf("%d literals are more than the small bitmap is meant for", len(rs.owners))
	}
}
