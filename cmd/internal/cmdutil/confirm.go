package cmdutil

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/sqreen/sqreen/cmd/internal/iostreams"
	"github.com/sqreen/sqreen/localplatform"
)

// ErrDeclined is the answer no. Nothing was changed.
var ErrDeclined = errors.New("nothing was changed")

// Confirm asks before something is done that is hard to undo. yes skips the
// question; where nobody can answer it is an error that names the flag.
func Confirm(ios *iostreams.IOStreams, yes bool, question string) error {
	if yes {
		return nil
	}
	if !ios.CanPrompt() {
		return localplatform.Errorf(localplatform.CodeInvalid, "%s: this needs a yes, and nobody can be asked", question).WithHint("add --yes")
	}
	answer, err := ios.Ask(question + " [y/N] ")
	switch {
	case errors.Is(err, io.EOF):
		return context.Canceled
	case err != nil:
		return err
	}
	switch strings.ToLower(answer) {
	case "y", "yes":
		return nil
	}
	return ErrDeclined
}
