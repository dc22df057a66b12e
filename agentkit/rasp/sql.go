package rasp

import "github.com/sqreen/sqreen/agentkit/wire"

// SQL says whether one of the inputs changed the structure of statement, and
// returns nil when none did. Dialect is "sqlite", "postgresql", "mysql",
// "mssql" or "oracle"; any other value means unknown.
func SQL(in *Inputs, dialect, statement string) *wire.Attack {
	return nil
}
