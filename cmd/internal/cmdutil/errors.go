package cmdutil

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/sqreen/sqreen/cmd/internal/iostreams"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/queries"
)

// Exit codes of sqreen. Nothing found is ExitOK.
const (
	ExitOK          = 0
	ExitFailed      = 1   // usage, connection, anything that went wrong
	ExitPolicy      = 2   // a check found what it was told to fail on
	ExitAuth        = 4   // no valid token, or its role does not allow this
	ExitNoData      = 8   // a check cannot tell: agents are silent or never came
	ExitInterrupted = 130 // Ctrl-C
)

// ExitError ends the command with a code. Without Err nothing more is printed.
type ExitError struct {
	Code int
	Err  error
}

// Error returns the text of Err.
func (e *ExitError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit code %d", e.Code)
	}
	return e.Err.Error()
}

// Unwrap returns Err.
func (e *ExitError) Unwrap() error { return e.Err }

// UsageError is a command line that makes no sense. Command is the path of the
// command whose help explains it.
type UsageError struct {
	Err     error
	Command string
	Hint    string
}

// Error returns the text of Err.
func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *UsageError) Unwrap() error { return e.Err }

// FieldsRequest is what --json without fields means: list them.
type FieldsRequest struct{ Fields []string }

// Error says what was asked for.
func (e *FieldsRequest) Error() string { return "fields of --json: " + strings.Join(e.Fields, ", ") }

// Usage makes a UsageError for a command.
func Usage(command, format string, args ...any) *UsageError {
	return &UsageError{Err: fmt.Errorf(format, args...), Command: command}
}

// ExitCode is the process's exit code for the error of a command.
func ExitCode(err error) int {
	var exit *ExitError
	var fields *FieldsRequest
	switch {
	case err == nil, errors.As(err, &fields):
		return ExitOK
	case errors.As(err, &exit):
		return exit.Code
	case errors.Is(err, context.Canceled):
		return ExitInterrupted
	}
	switch localplatform.ErrorCode(err) {
	case localplatform.CodeUnauthorized, localplatform.CodeForbidden:
		return ExitAuth
	default:
		return ExitFailed
	}
}

// PrintError tells a person what is wrong and what to type next.
func PrintError(ios *iostreams.IOStreams, err error) {
	var fields *FieldsRequest
	if errors.As(err, &fields) {
		fmt.Fprintln(ios.Out, strings.Join(fields.Fields, "\n"))
		return
	}
	var exit *ExitError
	if err == nil || errors.As(err, &exit) && exit.Err == nil || errors.Is(err, context.Canceled) {
		return
	}
	c := ios.Colour()
	fmt.Fprintf(ios.ErrOut, "%s %s\n", c.Bad("sqreen:"), iostreams.VisibleLines(err.Error()))
	var bad *localplatform.Error
	if errors.As(err, &bad) && bad.Code == localplatform.CodeInvalidQuery && bad.Column > 0 {
		drawCaret(ios.ErrOut, c, bad)
	}
	if hint := hintOf(err); hint != "" {
		fmt.Fprintf(ios.ErrOut, "%s %s\n", c.Key("hint:"), iostreams.VisibleLines(hint))
	}
}

func hintOf(err error) string {
	var usage *UsageError
	if errors.As(err, &usage) {
		help := usage.Command + " --help"
		if usage.Hint != "" {
			return usage.Hint
		}
		return help
	}
	return localplatform.ErrorHint(err)
}

// drawCaret shows the query with carets below the faulty part.
func drawCaret(w io.Writer, c iostreams.Colour, e *localplatform.Error) {
	runes := []rune(e.Query)
	start := min(max(e.Column-1, 0), len(runes))
	end := min(max(e.End-1, start), len(runes))
	before := iostreams.Visible(string(runes[:start]))
	faulty := iostreams.Visible(string(runes[start:end]))
	after := iostreams.Visible(string(runes[end:]))
	carets := strings.Repeat("^", max(1, ansi.StringWidth(faulty)))
	fmt.Fprintf(w, "  %s%s%s\n  %s%s\n", before, c.Bad(faulty), after, strings.Repeat(" ", ansi.StringWidth(before)), c.Bad(carets))
}

// QueryError turns the language's error into the product's.
func QueryError(err error) error {
	var q *queries.Error
	if !errors.As(err, &q) {
		return err
	}
	message, hint := q.Message, q.Hint
	if q.Expected != "" && hint == "" {
		hint = "expected " + q.Expected
	}
	return &localplatform.Error{
		Code: localplatform.CodeInvalidQuery, Message: "query: " + message, Hint: hint,
		Query: q.Query, Column: q.Column, End: q.End, Err: err,
	}
}
