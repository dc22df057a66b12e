// Package sqlstore keeps control data (apps, instances, incidents, actions,
// policies, tokens, audit) in any SQL database that understands INSERT ... ON
// CONFLICT and RETURNING, and holds the arithmetic that event stores share.
//
// A [Dialect] is the whole seam between databases: how placeholders are
// written, what the query language compiles to and what an error means. The
// tables themselves come from numbered migration files of each database, run by
// [Migrate]. Statements are written once, with "?" placeholders.
//
// Rows carry the columns that statements select and sort by, and the rest of
// the value as JSON in the column doc, so that a new field of a domain type
// needs a migration only when the database has to look at it.
package sqlstore
