package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	lib "modernc.org/sqlite/lib"

	"github.com/sqreen/sqreen/localplatform"
)

// A query that would never end stops when its context does, also after it has
// begun to return rows, and the connection works on.
func TestInterrupt(t *testing.T) {
	c, err := openConn(filepath.Join(t.TempDir(), "x.db"), openReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	const endless = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n`
	for name, text := range map[string]string{"before the first row": endless + " WHERE i < 0", "between rows": endless} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			done := c.interruptible(ctx)
			if name == "before the first row" {
				go cancel()
			}
			err := c.query(text, nil, func(*stmt) error {
				cancel()
				return nil
			})
			done()
			if code(err) != lib.SQLITE_INTERRUPT {
				t.Errorf("query: %v, want it interrupted", err)
			}
			if n, err := c.int("SELECT 7"); n != 7 || err != nil {
				t.Errorf("afterwards: %d, %v", n, err)
			}
		})
	}
}

func TestTranslate(t *testing.T) {
	for sqliteCode, want := range map[int]localplatform.Code{
		lib.SQLITE_FULL:                  localplatform.CodeUnavailable,
		lib.SQLITE_IOERR_WRITE:           localplatform.CodeUnavailable,
		lib.SQLITE_READONLY_DBMOVED:      localplatform.CodeUnavailable,
		lib.SQLITE_CANTOPEN:              localplatform.CodeUnavailable,
		lib.SQLITE_BUSY:                  localplatform.CodeUnavailable,
		lib.SQLITE_BUSY_SNAPSHOT:         localplatform.CodeUnavailable,
		lib.SQLITE_CONSTRAINT_UNIQUE:     localplatform.CodeConflict,
		lib.SQLITE_CORRUPT:               localplatform.CodeInternal,
		lib.SQLITE_NOTADB:                localplatform.CodeInternal,
		lib.SQLITE_TOOBIG:                localplatform.CodeTooLarge,
		lib.SQLITE_CONSTRAINT_NOTNULL:    localplatform.CodeConflict,
		lib.SQLITE_IOERR_CORRUPTFS:       localplatform.CodeUnavailable,
		lib.SQLITE_CORRUPT_VTAB:          localplatform.CodeInternal,
		lib.SQLITE_ERROR:                 localplatform.CodeInternal,
		lib.SQLITE_LOCKED_SHAREDCACHE:    localplatform.CodeUnavailable,
		lib.SQLITE_NOMEM:                 localplatform.CodeUnavailable,
		lib.SQLITE_READONLY_CANTINIT:     localplatform.CodeUnavailable,
		lib.SQLITE_CANTOPEN_ISDIR:        localplatform.CodeUnavailable,
		lib.SQLITE_CONSTRAINT_ROWID:      localplatform.CodeConflict,
		lib.SQLITE_IOERR_SHORT_READ:      localplatform.CodeUnavailable,
		lib.SQLITE_READONLY_DIRECTORY:    localplatform.CodeUnavailable,
		lib.SQLITE_CONSTRAINT_FOREIGNKEY: localplatform.CodeConflict,
	} {
		cause := &sqliteError{code: sqliteCode, msg: "cause"}
		err := translate(cause)
		if got := localplatform.ErrorCode(err); got != want {
			t.Errorf("code %d is %q, want %q", sqliteCode, got, want)
		}
		if !errors.Is(err, cause) {
			t.Errorf("code %d loses its cause", sqliteCode)
		}
	}
	if err := translate(context.Canceled); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled context becomes %v", err)
	}
}

// Positions may never come again, whatever is lost: each segment begins at or
// below its number times posStride and holds fewer events than that.
func TestPositionsAfterALostSegment(t *testing.T) {
	if maxBatch+groupRows >= posStride {
		t.Error("one transaction could fill a whole stride")
	}
}
