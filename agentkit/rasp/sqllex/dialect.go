package sqllex

import "strings"

// Dialect selects the rules of one family of databases.
type Dialect uint8

// Dialects. Generic follows the SQL standard and accepts what is common.
const (
	Generic Dialect = iota
	SQLite
	PostgreSQL
	MySQL
	MSSQL
	Oracle
	numDialects
)

// ParseDialect returns the dialect of a name such as "postgresql", "mariadb" or
// "sqlserver", and Generic for a name it does not know.
func ParseDialect(name string) Dialect {
	switch strings.ToLower(name) {
	case "sqlite", "sqlite3", "libsql", "turso":
		return SQLite
	case "postgresql", "postgres", "pgx", "pq", "cockroach", "cockroachdb", "redshift", "duckdb", "yugabyte":
		return PostgreSQL
	case "mysql", "mariadb", "tidb", "vitess", "clickhouse":
		return MySQL
	case "mssql", "sqlserver", "azuresql":
		return MSSQL
	case "oracle", "godror", "goracle":
		return Oracle
	default:
		return Generic
	}
}

// String returns the name used on the wire, and "" for Generic.
func (d Dialect) String() string {
	switch d {
	case SQLite:
		return "sqlite"
	case PostgreSQL:
		return "postgresql"
	case MySQL:
		return "mysql"
	case MSSQL:
		return "mssql"
	case Oracle:
		return "oracle"
	default:
		return ""
	}
}

// rules is what differs between dialects.
type rules struct {
	backslash     bool // a backslash escapes in '...' and "..."
	doubleString  bool // "..." is a string
	backtick      bool // `...` is an identifier
	bracket       bool // [...] is an identifier
	bracketDouble bool // ]] stands for ] within one
	hash          bool // # begins a comment
	dashSpace     bool // -- begins a comment only before white space
	nested        bool // /* /* */ */
	carriage      bool // a carriage return ends a -- comment
	executable    bool // /*! ... */ is code
	dollar        bool // $tag$ ... $tag$
	escapeString  bool // E'...' has backslash escapes
	unicodeString bool // U&'...' and U&"..."
	national      bool // N'...'
	bitString     bool // X'...' and B'...'
	quoteString   bool // q'[...]'
	question      bool // ? and ?1 are placeholders
	colon         bool // :name is a placeholder
	at            bool // @name is a variable or a placeholder
	dollarName    bool // $name is a placeholder, not only $1
	wordHash      bool // # may begin or continue a word
	wordAt        bool // @ may continue a word
	digitWord     bool // 2fa is a word
	nulEnds       bool // NUL ends the statement
	wideSpace     bool // Unicode and control characters count as white space
	numberSuffix  bool // 1.5f and 2d
	operatorRun   bool // operators are runs of operator characters
}

func (d Dialect) rules() rules {
	switch d {
	case SQLite:
		return rules{
			backtick: true, bracket: true, bitString: true, question: true, colon: true, at: true,
			dollarName: true, nulEnds: true,
		}
	case PostgreSQL:
		return rules{
			nested: true, carriage: true, dollar: true, escapeString: true, unicodeString: true, national: true, bitString: true,
			operatorRun: true,
		}
	case MySQL:
		return rules{
			backslash: true, doubleString: true, backtick: true, hash: true, dashSpace: true, executable: true,
			national: true, bitString: true, question: true, at: true, digitWord: true,
		}
	case MSSQL:
		return rules{
			bracket: true, bracketDouble: true, nested: true, carriage: true, national: true, question: true, at: true,
			wordHash: true, wordAt: true, wideSpace: true,
		}
	case Oracle:
		return rules{
			national: true, quoteString: true, question: true, colon: true, wordHash: true, wideSpace: true,
			numberSuffix: true,
		}
	default:
		return rules{
			backtick: true, national: true, bitString: true, question: true, colon: true, at: true, dollarName: true,
		}
	}
}
