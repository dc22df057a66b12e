package main

import (
	"os"
	"testing"
)

// What the check must reach on attacks and values of the generator's making.
// The misses that remain are single words that do no harm, such as a column
// subtracted from a column; -v lists them.
const (
	wantAttacks  = 0.995
	wantHarmless = 0.9998
	wantRefused  = 0.97
)

func TestCheckAgreesWithSQLite(t *testing.T) {
	j, err := newJudge()
	if err != nil {
		t.Fatal(err)
	}
	defer j.close()
	for _, seed := range []uint64{1, 7} {
		r := generate(j, 5000, seed)
		for _, c := range []struct {
			*tally
			want float64
		}{{&r.attacks, wantAttacks}, {&r.harmless, wantHarmless}, {&r.refused, wantRefused}} {
			if c.right() < c.want {
				t.Errorf("seed %d, %s: %.3f %% right, want %.3f %%", seed, c.what, 100*c.right(), 100*c.want)
			}
		}
		if t.Failed() || testing.Verbose() {
			r.write(os.Stderr, 30)
		}
	}
}

func TestJudgeTellsProgramsApart(t *testing.T) {
	j, err := newJudge()
	if err != nil {
		t.Fatal(err)
	}
	defer j.close()
	numeric := template{"SELECT id, name, price FROM products WHERE id = {}", number, "7"}
	tests := []struct {
		value string
		want  verdict
	}{
		{"12", same},
		{"12 -- comment", same},
		{"12;", same},
		{"1 OR 1=1", changed},
		{"id", changed},
		{"1; DROP TABLE users", changed},
		{"1 AND AND", refused},
		{"nowhere", refused},
	}
	for _, tt := range tests {
		if got := j.verdict(numeric, numeric.fill(tt.value)); got != tt.want {
			t.Errorf("verdict on %q = %v, want %v", tt.value, got, tt.want)
		}
	}
}
