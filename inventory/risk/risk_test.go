package risk_test

import (
	"testing"

	"github.com/sqreen/sqreen/inventory"
	"github.com/sqreen/sqreen/inventory/risk"
)

func TestAssess(t *testing.T) {
	weak := func(severity string, n int) (list []inventory.Weakness) {
		for range n {
			list = append(list, inventory.Weakness{ID: "w", Severity: severity, Text: "weak", Remedy: "mend it"})
		}
		return list
	}
	for name, test := range map[string]struct {
		evidence risk.Evidence
		want     inventory.Risk
	}{
		"nothing known":                      {risk.Evidence{}, inventory.RiskLow},
		"many low incidents stay low":        {risk.Evidence{Incidents: map[string]int{"low": 100}}, inventory.RiskLow},
		"one high incident alone":            {risk.Evidence{Incidents: map[string]int{"high": 1}}, inventory.RiskMedium},
		"a high and a medium incident":       {risk.Evidence{Incidents: map[string]int{"high": 1, "medium": 1}}, inventory.RiskHigh},
		"a high incident that got through":   {risk.Evidence{Incidents: map[string]int{"high": 1}, Exploited: 1}, inventory.RiskHigh},
		"weaknesses alone are never high":    {risk.Evidence{Weaknesses: append(append(weak("high", 50), weak("medium", 50)...), weak("low", 50)...)}, inventory.RiskMedium},
		"a single medium incident stays low": {risk.Evidence{Incidents: map[string]int{"medium": 1}}, inventory.RiskLow},
	} {
		t.Run(name, func(t *testing.T) {
			score, band, reasons := risk.Assess(test.evidence)
			if band != test.want {
				t.Errorf("band is %s at %d, want %s; reasons %v", band, score, test.want, reasons)
			}
			sum := 0
			for i, r := range reasons {
				sum += r.Points
				if r.Text == "" || r.Remedy == "" || (i > 0 && r.Points > reasons[i-1].Points) {
					t.Errorf("reason %d is incomplete or out of order: %+v", i, reasons)
				}
			}
			if min(sum, risk.MaxScore) != score {
				t.Errorf("score %d is not the sum %d of its reasons", score, sum)
			}
		})
	}
}
