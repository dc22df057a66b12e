// Package queries is the one query language of sqreen: the same filter in inventory, activity, events,
// incidents, users, playbooks, command line, terminal explorer and API.
//
//	f, err := queries.Compile(`env:prod risk:>=medium -orm:*`, schema, time.Now())
//	f.Match(record)                               // in memory, without allocating
//	where, args, err := f.SQL(queries.SQLite)     // in a database, with the same answers
//
// The language itself is described for users in docs/query.md. A [Schema] says which fields there are, of
// which type, and by which SQL expression a store keeps them; the package knows no field of its own.
// [Complete] helps while a query is typed, and every [Error] of Compile knows the column, what was expected
// there and what to type instead; show [Error.Render] where there is room for four lines.
//
// # The way of a query
//
// A lexer cuts the text into tokens, a parser reads them by recursive descent and checks each term against
// the schema at once, so that the first trouble from the left is the one reported. The result is a small
// tree of nodes whose leaves hold everything ready-made: folded words, patterns cut at their stars, ranges of
// integers. Each node can match a record, write itself as canonical text and as SQL, and say which times it
// is limited to.
//
// # Two values of truth
//
// A term either holds or does not; there is no third value for what is absent. A negation therefore holds
// for records that lack the field. In SQL, where a comparison with NULL is NULL, every negation is written
// as "(...) IS NOT TRUE", which is the same: a condition of AND and OR over terms is true in SQL exactly
// when it is true with NULL taken as false.
//
// # How records are stored
//
// SQL works on columns that follow these conventions:
//
//   - times are integers: microseconds since 1970 in UTC; so are durations: microseconds;
//   - addresses are 16 bytes, those of IPv4 mapped into IPv6 (netip.Addr.As16);
//   - booleans are the integers 0 and 1;
//   - NULL is absent, and for texts and enums the empty text is absent as well.
//
// Text compares without regard to the case of ASCII letters, and of no others, because that is what SQLite's
// NOCASE does and what memory and PostgreSQL can be made to do. Declare text columns of SQLite with COLLATE
// NOCASE, and index lower(column COLLATE "C") in PostgreSQL, so that queries find their indexes. SQLite must
// keep its default of case_sensitive_like = off.
//
// Nothing that comes from a query is ever written into SQL: values are bound arguments, patterns of LIKE
// included.
package queries
