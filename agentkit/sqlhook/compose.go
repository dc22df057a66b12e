package sqlhook

import "database/sql/driver"

// composeStmt returns s with exactly the optional interfaces that are asked for:
// database/sql behaves differently when one more or less is there. Go has no way
// to build such a type at run time, hence the list.
//
//nolint:staticcheck // ColumnConverter is what old drivers have
func composeStmt(s *stmt, run stmtRunner, checker driver.NamedValueChecker, converter driver.ColumnConverter, exec, rows, named, columns bool) driver.Stmt {
	switch [...]bool{exec, rows, named, columns} {
	case [...]bool{true, false, false, false}:
		return struct {
			*stmt
			driver.StmtExecContext
		}{s, stmtExec{run}}
	case [...]bool{false, true, false, false}:
		return struct {
			*stmt
			driver.StmtQueryContext
		}{s, stmtQuery{run}}
	case [...]bool{true, true, false, false}:
		return struct {
			*stmt
			driver.StmtExecContext
			driver.StmtQueryContext
		}{s, stmtExec{run}, stmtQuery{run}}
	case [...]bool{false, false, true, false}:
		return struct {
			*stmt
			driver.NamedValueChecker
		}{s, checker}
	case [...]bool{true, false, true, false}:
		return struct {
			*stmt
			driver.StmtExecContext
			driver.NamedValueChecker
		}{s, stmtExec{run}, checker}
	case [...]bool{false, true, true, false}:
		return struct {
			*stmt
			driver.StmtQueryContext
			driver.NamedValueChecker
		}{s, stmtQuery{run}, checker}
	case [...]bool{true, true, true, false}:
		return struct {
			*stmt
			driver.StmtExecContext
			driver.StmtQueryContext
			driver.NamedValueChecker
		}{s, stmtExec{run}, stmtQuery{run}, checker}
	case [...]bool{false, false, false, true}:
		return struct {
			*stmt
			stmtColumns
		}{s, stmtColumns{converter}}
	case [...]bool{true, false, false, true}:
		return struct {
			*stmt
			driver.StmtExecContext
			stmtColumns
		}{s, stmtExec{run}, stmtColumns{converter}}
	case [...]bool{false, true, false, true}:
		return struct {
			*stmt
			driver.StmtQueryContext
			stmtColumns
		}{s, stmtQuery{run}, stmtColumns{converter}}
	case [...]bool{true, true, false, true}:
		return struct {
			*stmt
			driver.StmtExecContext
			driver.StmtQueryContext
			stmtColumns
		}{s, stmtExec{run}, stmtQuery{run}, stmtColumns{converter}}
	case [...]bool{false, false, true, true}:
		return struct {
			*stmt
			driver.NamedValueChecker
			stmtColumns
		}{s, checker, stmtColumns{converter}}
	case [...]bool{true, false, true, true}:
		return struct {
			*stmt
			driver.StmtExecContext
			driver.NamedValueChecker
			stmtColumns
		}{s, stmtExec{run}, checker, stmtColumns{converter}}
	case [...]bool{false, true, true, true}:
		return struct {
			*stmt
			driver.StmtQueryContext
			driver.NamedValueChecker
			stmtColumns
		}{s, stmtQuery{run}, checker, stmtColumns{converter}}
	case [...]bool{true, true, true, true}:
		return struct {
			*stmt
			driver.StmtExecContext
			driver.StmtQueryContext
			driver.NamedValueChecker
			stmtColumns
		}{s, stmtExec{run}, stmtQuery{run}, checker, stmtColumns{converter}}
	default:
		return s
	}
}
