package sqlhook_test

import "database/sql/driver"

// connKinds are connections with every set of the optional interfaces that
// change how database/sql works, each with all and none of the others, and with
// one of the others alone.
var connKinds = []struct {
	name string
	open func(*fakeConn) driver.Conn
}{
	{"nothing", func(c *fakeConn) driver.Conn {
		return struct{ *fakeConn }{c}
	}},
	{"prepare begin ping reset valid", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connPrepare
			connBegin
			connPing
			connReset
			connValid
		}{c, connPrepare{c}, connBegin{c}, connPing{c}, connReset{c}, connValid{c}}
	}},
	{"checker", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connChecker
		}{c, connChecker{c}}
	}},
	{"checker prepare begin ping reset valid", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connChecker
			connPrepare
			connBegin
			connPing
			connReset
			connValid
		}{c, connChecker{c}, connPrepare{c}, connBegin{c}, connPing{c}, connReset{c}, connValid{c}}
	}},
	{"query", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connQuery
		}{c, connQuery{c}}
	}},
	{"query prepare begin ping reset valid", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connQuery
			connPrepare
			connBegin
			connPing
			connReset
			connValid
		}{c, connQuery{c}, connPrepare{c}, connBegin{c}, connPing{c}, connReset{c}, connValid{c}}
	}},
	{"query checker", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connQuery
			connChecker
		}{c, connQuery{c}, connChecker{c}}
	}},
	{"query checker prepare begin ping reset valid", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connQuery
			connChecker
			connPrepare
			connBegin
			connPing
			connReset
			connValid
		}{c, connQuery{c}, connChecker{c}, connPrepare{c}, connBegin{c}, connPing{c}, connReset{c}, connValid{c}}
	}},
	{"querycontext", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connQueryContext
		}{c, connQueryContext{c}}
	}},
	{"querycontext prepare begin ping reset valid", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connQueryContext
			connPrepare
			connBegin
			connPing
			connReset
			connValid
		}{c, connQueryContext{c}, connPrepare{c}, connBegin{c}, connPing{c}, connReset{c}, connValid{c}}
	}},
	{"querycontext checker", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connQueryContext
			connChecker
		}{c, connQueryContext{c}, connChecker{c}}
	}},
	{"querycontext checker prepare begin ping reset valid", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connQueryContext
			connChecker
			connPrepare
			connBegin
			connPing
			connReset
			connValid
		}{c, connQueryContext{c}, connChecker{c}, connPrepare{c}, connBegin{c}, connPing{c}, connReset{c}, connValid{c}}
	}},
	{"exec", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connExec
		}{c, connExec{c}}
	}},
	{"exec prepare begin ping reset valid", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connExec
			connPrepare
			connBegin
			connPing
			connReset
			connValid
		}{c, connExec{c}, connPrepare{c}, connBegin{c}, connPing{c}, connReset{c}, connValid{c}}
	}},
	{"exec checker", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connExec
			connChecker
		}{c, connExec{c}, connChecker{c}}
	}},
	{"exec checker prepare begin ping reset valid", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connExec
			connChecker
			connPrepare
			connBegin
			connPing
			connReset
			connValid
		}{c, connExec{c}, connChecker{c}, connPrepare{c}, connBegin{c}, connPing{c}, connReset{c}, connValid{c}}
	}},
	{"exec query", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connExec
			connQuery
		}{c, connExec{c}, connQuery{c}}
	}},
	{"exec query prepare begin ping reset valid", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connExec
			connQuery
			connPrepare
			connBegin
			connPing
			connReset
			connValid
		}{c, connExec{c}, connQuery{c}, connPrepare{c}, connBegin{c}, connPing{c}, connReset{c}, connValid{c}}
	}},
	{"exec query checker", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connExec
			connQuery
			connChecker
		}{c, connExec{c}, connQuery{c}, connChecker{c}}
	}},
	{"exec query checker prepare begin ping reset valid", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connExec
			connQuery
			connChecker
			connPrepare
			connBegin
			connPing
			connReset
			connValid
		}{c, connExec{c}, connQuery{c}, connChecker{c}, connPrepare{c}, connBegin{c}, connPing{c}, connReset{c}, connValid{c}}
	}},
	{"exec querycontext", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connExec
			connQueryContext
		}{c, connExec{c}, connQueryContext{c}}
	}},
	{"exec querycontext prepare begin ping reset valid", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connExec
			connQueryContext
			connPrepare
			connBegin
			connPing
			connReset
			connValid
		}{c, connExec{c}, connQueryContext{c}, connPrepare{c}, connBegin{c}, connPing{c}, connReset{c}, connValid{c}}
	}},
	{"exec querycontext checker", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connExec
			connQueryContext
			connChecker
		}{c, connExec{c}, connQueryContext{c}, connChecker{c}}
	}},
	{"exec querycontext checker prepare begin ping reset valid", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connExec
			connQueryContext
			connChecker
			connPrepare
			connBegin
			connPing
			connReset
			connValid
		}{c, connExec{c}, connQueryContext{c}, connChecker{c}, connPrepare{c}, connBegin{c}, connPing{c}, connReset{c}, connValid{c}}
	}},
	{"execcontext", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connExecContext
		}{c, connExecContext{c}}
	}},
	{"execcontext prepare begin ping reset valid", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connExecContext
			connPrepare
			connBegin
			connPing
			connReset
			connValid
		}{c, connExecContext{c}, connPrepare{c}, connBegin{c}, connPing{c}, connReset{c}, connValid{c}}
	}},
	{"execcontext checker", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connExecContext
			connChecker
		}{c, connExecContext{c}, connChecker{c}}
	}},
	{"execcontext checker prepare begin ping reset valid", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connExecContext
			connChecker
			connPrepare
			connBegin
			connPing
			connReset
			connValid
		}{c, connExecContext{c}, connChecker{c}, connPrepare{c}, connBegin{c}, connPing{c}, connReset{c}, connValid{c}}
	}},
	{"execcontext query", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connExecContext
			connQuery
		}{c, connExecContext{c}, connQuery{c}}
	}},
	{"execcontext query prepare begin ping reset valid", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connExecContext
			connQuery
			connPrepare
			connBegin
			connPing
			connReset
			connValid
		}{c, connExecContext{c}, connQuery{c}, connPrepare{c}, connBegin{c}, connPing{c}, connReset{c}, connValid{c}}
	}},
	{"execcontext query checker", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connExecContext
			connQuery
			connChecker
		}{c, connExecContext{c}, connQuery{c}, connChecker{c}}
	}},
	{"execcontext query checker prepare begin ping reset valid", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connExecContext
			connQuery
			connChecker
			connPrepare
			connBegin
			connPing
			connReset
			connValid
		}{c, connExecContext{c}, connQuery{c}, connChecker{c}, connPrepare{c}, connBegin{c}, connPing{c}, connReset{c}, connValid{c}}
	}},
	{"execcontext querycontext", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connExecContext
			connQueryContext
		}{c, connExecContext{c}, connQueryContext{c}}
	}},
	{"execcontext querycontext prepare begin ping reset valid", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connExecContext
			connQueryContext
			connPrepare
			connBegin
			connPing
			connReset
			connValid
		}{c, connExecContext{c}, connQueryContext{c}, connPrepare{c}, connBegin{c}, connPing{c}, connReset{c}, connValid{c}}
	}},
	{"execcontext querycontext checker", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connExecContext
			connQueryContext
			connChecker
		}{c, connExecContext{c}, connQueryContext{c}, connChecker{c}}
	}},
	{"execcontext querycontext checker prepare begin ping reset valid", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connExecContext
			connQueryContext
			connChecker
			connPrepare
			connBegin
			connPing
			connReset
			connValid
		}{c, connExecContext{c}, connQueryContext{c}, connChecker{c}, connPrepare{c}, connBegin{c}, connPing{c}, connReset{c}, connValid{c}}
	}},
	{"prepare", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connPrepare
		}{c, connPrepare{c}}
	}},
	{"begin", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connBegin
		}{c, connBegin{c}}
	}},
	{"ping", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connPing
		}{c, connPing{c}}
	}},
	{"reset", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connReset
		}{c, connReset{c}}
	}},
	{"valid", func(c *fakeConn) driver.Conn {
		return struct {
			*fakeConn
			connValid
		}{c, connValid{c}}
	}},
}

// stmtKinds are statements with every set of optional interfaces.
var stmtKinds = []struct {
	name string
	open func(*fakeStmt) driver.Stmt
}{
	{"nothing", func(s *fakeStmt) driver.Stmt {
		return struct{ *fakeStmt }{s}
	}},
	{"exec", func(s *fakeStmt) driver.Stmt {
		return struct {
			*fakeStmt
			stmtExec
		}{s, stmtExec{s}}
	}},
	{"query", func(s *fakeStmt) driver.Stmt {
		return struct {
			*fakeStmt
			stmtQuery
		}{s, stmtQuery{s}}
	}},
	{"exec query", func(s *fakeStmt) driver.Stmt {
		return struct {
			*fakeStmt
			stmtExec
			stmtQuery
		}{s, stmtExec{s}, stmtQuery{s}}
	}},
	{"checker", func(s *fakeStmt) driver.Stmt {
		return struct {
			*fakeStmt
			stmtChecker
		}{s, stmtChecker{s}}
	}},
	{"exec checker", func(s *fakeStmt) driver.Stmt {
		return struct {
			*fakeStmt
			stmtExec
			stmtChecker
		}{s, stmtExec{s}, stmtChecker{s}}
	}},
	{"query checker", func(s *fakeStmt) driver.Stmt {
		return struct {
			*fakeStmt
			stmtQuery
			stmtChecker
		}{s, stmtQuery{s}, stmtChecker{s}}
	}},
	{"exec query checker", func(s *fakeStmt) driver.Stmt {
		return struct {
			*fakeStmt
			stmtExec
			stmtQuery
			stmtChecker
		}{s, stmtExec{s}, stmtQuery{s}, stmtChecker{s}}
	}},
	{"convert", func(s *fakeStmt) driver.Stmt {
		return struct {
			*fakeStmt
			stmtConvert
		}{s, stmtConvert{s}}
	}},
	{"exec convert", func(s *fakeStmt) driver.Stmt {
		return struct {
			*fakeStmt
			stmtExec
			stmtConvert
		}{s, stmtExec{s}, stmtConvert{s}}
	}},
	{"query convert", func(s *fakeStmt) driver.Stmt {
		return struct {
			*fakeStmt
			stmtQuery
			stmtConvert
		}{s, stmtQuery{s}, stmtConvert{s}}
	}},
	{"exec query convert", func(s *fakeStmt) driver.Stmt {
		return struct {
			*fakeStmt
			stmtExec
			stmtQuery
			stmtConvert
		}{s, stmtExec{s}, stmtQuery{s}, stmtConvert{s}}
	}},
	{"checker convert", func(s *fakeStmt) driver.Stmt {
		return struct {
			*fakeStmt
			stmtChecker
			stmtConvert
		}{s, stmtChecker{s}, stmtConvert{s}}
	}},
	{"exec checker convert", func(s *fakeStmt) driver.Stmt {
		return struct {
			*fakeStmt
			stmtExec
			stmtChecker
			stmtConvert
		}{s, stmtExec{s}, stmtChecker{s}, stmtConvert{s}}
	}},
	{"query checker convert", func(s *fakeStmt) driver.Stmt {
		return struct {
			*fakeStmt
			stmtQuery
			stmtChecker
			stmtConvert
		}{s, stmtQuery{s}, stmtChecker{s}, stmtConvert{s}}
	}},
	{"exec query checker convert", func(s *fakeStmt) driver.Stmt {
		return struct {
			*fakeStmt
			stmtExec
			stmtQuery
			stmtChecker
			stmtConvert
		}{s, stmtExec{s}, stmtQuery{s}, stmtChecker{s}, stmtConvert{s}}
	}},
}
