package demo

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/sqreen/sqreen/cmd/demo/traffic"
)

// stageFor raises a stage whose shops are this test binary.
func stageFor(t *testing.T, o Options) *stage {
	t.Helper()
	f, _ := factory(t)
	o.Factory, o.Command = f, part(t, "shop")
	st, err := raise(t.Context(), &o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
		defer cancel()
		if err := st.strike(ctx); err != nil {
			t.Error(err)
		}
	})
	return st
}

// playOut lets the attackers finish their rounds and the platform everything else.
func playOut(t *testing.T, st *stage) {
	t.Helper()
	st.play(t.Context())
	st.away.Wait()
	st.calm(t.Context())
}

func TestUnprotectedDemoLeaksEverything(t *testing.T) {
	st := stageFor(t, Options{Unprotected: true, Seed: 1, Rate: 300, rounds: 1})
	playOut(t, st)
	r := st.stands[0].crowd.Report()
	if r.Loot.Rows < 50 || r.Loot.Commands == 0 || r.Loot.Files == 0 || r.Roles[traffic.Injector].Refused > 0 {
		t.Errorf("loot %+v, refused %d", r.Loot, r.Roles[traffic.Injector].Refused)
	}
}

func TestAShopThatEndsEndsTheDemo(t *testing.T) {
	st := stageFor(t, Options{Unprotected: true})
	p := st.stands[0].process
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	err := newBoard(st).over(t.Context())
	if err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("over: %v", err)
	}
	st.calms.Do(func() {}) // strike would report the same
	st.leave()
	<-p.done
	if got := fmt.Sprint(err); got == "" {
		t.Error("no reason")
	}
}
