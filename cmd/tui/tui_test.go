package tui_test

import (
	"testing"

	"github.com/sqreen/sqreen/cmd/internal/cmdtest"
	"github.com/sqreen/sqreen/cmd/internal/fakeplatform"
)

func TestMistakes(t *testing.T) {
	r := cmdtest.New(t, &fakeplatform.Platform{})
	r.Want("tui", 1, "", "sqreen: the explorer needs a terminal\nhint: in scripts: sqreen events, sqreen incidents list\n")
	r.Want("tui evnts", 1, "", "sqreen: unknown page \"evnts\"\nhint: did you mean \"events\"? There are: events, incidents\n")
	r.Want("tui incidents 'sevrity:high'", 1, "", `
sqreen: query: incidents have no field "sevrity"
  sevrity:high
  ^^^^^^^
hint: did you mean "severity"?
`)
}
