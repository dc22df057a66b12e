package demo

import (
	"database/sql"
	"database/sql/driver"
	"log/slog"

	"github.com/sqreen/sqreen/agentkit"
	"github.com/sqreen/sqreen/agentkit/sqlhook"
)

// newAgent starts the shop's agent. The demo's visitors name their addresses
// as a proxy on this machine would.
func newAgent(log *slog.Logger) *agentkit.Agent {
	return agentkit.New(agentkit.Config{TrustedProxies: []string{"loopback"}, Logger: log})
}

// openProtected opens the shop's database so that the agent sees its statements.
func openProtected(c driver.Connector) *sql.DB { return sql.OpenDB(sqlhook.WrapConnector(c)) }
