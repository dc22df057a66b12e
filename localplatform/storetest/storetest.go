package storetest

import (
	"testing"

	"github.com/sqreen/sqreen/localplatform"
)

// Open makes an empty store, closed by the test's cleanup.
type Open func(t *testing.T) localplatform.Store

// Run checks that the stores that open makes keep the contract.
func Run(t *testing.T, open Open) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(t *testing.T, s localplatform.Store)
	}{
		{"a batch is stored exactly once", testOnce},
		{"batches of one instance from many callers", testConcurrentAppend},
		{"bad batches are refused and cost nothing else", testBadBatch},
		{"events are read as they were written", testEventRoundTrip},
		{"an event that was never stored is not found", testNoEvent},
		{"Wait returns when something arrives", testWait},
		{"filters select what Match matches", testFilters},
		{"pages join without gaps or repeats", testPages},
		{"pages hold while events arrive", testPagesWhileAppending},
		{"a query stops when its context ends", testCancel},
		{"histograms count every event once", testHistogram},
		{"facets count every event once", testFacets},
		{"counters add up", testCounters},
		{"retention removes what is old", testRetain},
		{"apps and instances", testApps},
		{"incidents", testIncidents},
		{"incident filters and order", testIncidentQueries},
		{"actions", testActions},
		{"policies and the configuration version", testPolicies},
		{"tokens", testTokens},
		{"audit and named values", testAudit},
		{"a failed update leaves nothing", testRollback},
		{"views see one moment and change nothing", testViews},
		{"updates run one at a time", testConcurrentUpdates},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}
