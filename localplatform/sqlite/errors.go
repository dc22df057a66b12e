package sqlite

import (
	"context"
	"errors"

	"github.com/sqreen/sqreen/localplatform"
	lib "modernc.org/sqlite/lib"
)

// sqliteError is an error of SQLite on a segment, with its extended code.
type sqliteError struct {
	code int
	msg  string
}

func (e *sqliteError) Error() string { return e.msg }

// Code is SQLite's extended result code, as the driver's own errors have it.
func (e *sqliteError) Code() int { return e.code }

// code finds SQLite's primary result code in err, 0 when it has none.
func code(err error) int {
	if e, ok := errors.AsType[interface {
		error
		Code() int
	}](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

// damaged reports whether err says that a file is not, or no longer, a database.
func damaged(err error) bool {
	c := code(err)
	return c == lib.SQLITE_CORRUPT || c == lib.SQLITE_NOTADB
}

// translate says once for the whole package what SQLite's codes mean to people.
func translate(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	unavailable := func(text string) *localplatform.Error {
		return &localplatform.Error{Code: localplatform.CodeUnavailable, Message: text, Err: err}
	}
	switch code(err) {
	case lib.SQLITE_FULL:
		return unavailable("the disk is full").WithHint("free some space under the data directory, or keep fewer days of events")
	case lib.SQLITE_IOERR:
		return unavailable("the disk does not take what is written: " + err.Error())
	case lib.SQLITE_READONLY, lib.SQLITE_PERM, lib.SQLITE_AUTH:
		return unavailable("the data directory cannot be written").WithHint("check its owner and permissions, and that its disk is not mounted read-only")
	case lib.SQLITE_CANTOPEN:
		return unavailable("a file in the data directory cannot be opened: " + err.Error()).WithHint("check its owner and permissions")
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED, lib.SQLITE_PROTOCOL:
		return unavailable("another process keeps the data locked").WithHint("try again, or see which process it is with sqreen status")
	case lib.SQLITE_NOMEM:
		return unavailable("out of memory")
	case lib.SQLITE_CONSTRAINT:
		return &localplatform.Error{Code: localplatform.CodeConflict, Message: "it exists already", Err: err}
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		return &localplatform.Error{Code: localplatform.CodeInternal, Message: "a file in the data directory is damaged: " + err.Error(), Err: err}
	case lib.SQLITE_TOOBIG:
		return &localplatform.Error{Code: localplatform.CodeTooLarge, Message: "a value is too large to be stored", Err: err}
	}
	return err
}
