package localplatform

import (
	"errors"
	"fmt"
)

// Code classifies an error for callers on either side of HTTP.
type Code string

// Codes. Everything that carries none is CodeInternal to outsiders.
const (
	CodeInvalid      Code = "invalid"       // the caller's input is wrong
	CodeNotFound     Code = "not_found"     // no such thing
	CodeConflict     Code = "conflict"      // it exists already, or is in the wrong state
	CodeUnauthorized Code = "unauthorized"  // no valid token
	CodeForbidden    Code = "forbidden"     // the token's role does not allow it
	CodeTooLarge     Code = "too_large"     // over a limit of size or count
	CodeUnavailable  Code = "unavailable"   // cannot be done now: disk full, shutting down, no platform
	CodeInvalidQuery Code = "invalid_query" // the filter does not parse; see Error.Column
	CodeVersion      Code = "version"       // the other side is newer
	CodeInternal     Code = "internal"
)

// Error crosses boundaries: what is wrong, and what to type next. Err keeps the
// cause for the log and is never shown to a remote caller.
type Error struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
	Query   string `json:"query,omitempty"`  // for CodeInvalidQuery
	Column  int    `json:"column,omitempty"` // 1-based, in characters
	End     int    `json:"end,omitempty"`    // column after the faulty part
	Err     error  `json:"-"`
}

// Error returns the message, without the hint.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// WithHint adds what to type next and returns e.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// Errorf makes an Error. A %w in format is kept as the cause.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), Err: errors.Unwrap(err)}
}

// ErrorCode finds the code of err: CodeInternal when it has none, "" for nil.
func ErrorCode(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}

// ErrorHint finds the hint of err, or "".
func ErrorHint(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Hint
	}
	return ""
}
