// Package sqlhook lets the agent see the SQL text that an app sends to its
// database, and stop an injection before the driver gets it. It wraps a
// database/sql driver; no query, transaction or scan in the app changes.
//
//	db, err := sqlhook.Open("pgx", dsn) // in place of sql.Open
//
// or, where a library opens the database by the driver's name:
//
//	name, err := sqlhook.Register("sqlite") // "sqlite+sqreen"
//
// or with a connector:
//
//	db := sql.OpenDB(sqlhook.WrapConnector(connector))
//
// # What is seen
//
// A statement is compared with the inputs of the request that its context
// belongs to: use QueryContext, ExecContext and PrepareContext with the
// context of the request, from any goroutine. A call without one, such as
// db.Query, cannot be tied to a request; it runs unchecked and Unchecked counts
// it. Bound parameters never count as part of the statement.
//
// In block mode a call with an injected statement returns an
// *engine.BlockedError, to be found with errors.As, and the driver never sees
// the statement.
//
// # What stays as it is
//
// database/sql asks a connection and a statement which optional interfaces of
// package driver they have, and works differently with and without them. Those
// that make a difference are offered when the inner driver has them and
// only then; the others do, where the inner driver lacks them, exactly what
// database/sql does on its own. Rows, results and transactions are the inner
// driver's own values. DB.Driver returns the inner driver, so that libraries
// that look at its type keep working. Within Conn.Raw, Unwrap gives the
// inner connection.
package sqlhook
