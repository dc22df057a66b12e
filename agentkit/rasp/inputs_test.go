package rasp_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/sqreen/sqreen/agentkit/rasp"
)

func TestInputsAreKeptOnce(t *testing.T) {
	in := rasp.NewInputs()
	for range 2 {
		for i := range 100 {
			in.Add(fmt.Sprint("query.a", i), fmt.Sprint("value-", i))
		}
	}
	for _, v := range []string{"", " ", "12", "12.5", " 7 ", "?1"} {
		in.Add("query.n", v)
	}
	in.Add("header.Cookie", "a=' OR 1=1 --")
	if in.Len() != 100 {
		t.Errorf("%d inputs, want 100", in.Len())
	}
}

func TestInputsGrowWhileTheyAreChecked(t *testing.T) {
	in := rasp.NewInputs()
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 40 {
				value := fmt.Sprintf("x%d-%d' OR 1=1 --", g, i)
				in.Add("query.q", value)
				if rasp.SQL(in, "sqlite", "SELECT a FROM t WHERE b = '"+value+"'") == nil {
					t.Errorf("%q was added and not found", value)
				}
				if rasp.SQL(in, "sqlite", "SELECT a FROM t WHERE b = 'x'") != nil {
					t.Error("a harmless statement was flagged")
				}
			}
		}()
	}
	wg.Wait()
}
