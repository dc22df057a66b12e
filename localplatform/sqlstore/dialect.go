package sqlstore

import (
	"database/sql"
	"errors"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/queries"
)

// Dialect is what differs between databases.
type Dialect struct {
	// Queries is what filters compile to.
	Queries queries.Dialect
	// Rebind rewrites "?" placeholders, or is nil when the database takes them.
	Rebind func(query string) string
	// Error translates the driver's errors into *localplatform.Error, so that
	// disk full, a locked file or a duplicate mean the same everywhere. It
	// returns errors that it does not know unchanged.
	Error func(err error) error
}

func (d Dialect) rebind(query string) string {
	if d.Rebind == nil {
		return query
	}
	return d.Rebind(query)
}

// translate names what failed. Errors of the domain pass through unchanged.
func (d Dialect) translate(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*localplatform.Error](err); ok {
		return err
	}
	if d.Error == nil {
		return err
	}
	return d.Error(err)
}

func notFound(err error, format string, args ...any) error {
	if errors.Is(err, sql.ErrNoRows) {
		return localplatform.Errorf(localplatform.CodeNotFound, format, args...)
	}
	return err
}
