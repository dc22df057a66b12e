package tui

import (
	"errors"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/queries"
)

// toast is a short word on what became of something.
type toast struct {
	text, hint string
	good, bad  bool
}

// failure is an error for people: what is wrong and what to do.
func failure(err error) toast {
	return toast{text: err.Error(), hint: localplatform.ErrorHint(err), bad: true}
}

func (t toast) String() string {
	if t.hint == "" {
		return t.text
	}
	return t.text + " \u2014 " + t.hint
}

func asQueryError(err error) (*queries.Error, bool) {
	return errors.AsType[*queries.Error](err)
}
