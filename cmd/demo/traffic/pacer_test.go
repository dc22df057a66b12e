//go:build go1.25

package traffic

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestPacerKeepsTheRateAndDoesNotCatchUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pacer{every: 100 * time.Millisecond}
		begun := time.Now()
		for range 11 {
			if !p.wait(t.Context()) {
				t.Fatal("no slot")
			}
		}
		if took := time.Since(begun); took != time.Second {
			t.Errorf("eleven slots took %s, want 1s", took)
		}
		<-time.After(time.Hour)
		begun = time.Now()
		for range 3 {
			p.wait(t.Context())
		}
		if took := time.Since(begun); took != 200*time.Millisecond {
			t.Errorf("three slots after a pause took %s, want 200ms", took)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if p.wait(ctx) {
			t.Error("a slot after the end")
		}
	})
}
