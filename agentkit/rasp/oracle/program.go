package main

import (
	"fmt"
	"strconv"
	"strings"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// compiler is an SQLite database that compiles statements and never runs them.
// It is used through the C interface, because only that tells where the first of
// several statements ends.
type compiler struct {
	tls *libc.TLS
	db  uintptr
	out uintptr // two pointers that SQLite writes to
}

func openCompiler(schema string) (*compiler, error) {
	c := &compiler{tls: libc.NewTLS()}
	c.out = libc.Xmalloc(c.tls, 16)
	name, err := libc.CString(":memory:")
	if err != nil {
		return nil, err
	}
	defer libc.Xfree(c.tls, name)
	if rc := sqlite3.Xsqlite3_open_v2(c.tls, name, c.out, sqlite3.SQLITE_OPEN_READWRITE|sqlite3.SQLITE_OPEN_CREATE, 0); rc != sqlite3.SQLITE_OK {
		return nil, fmt.Errorf("open SQLite: code %d", rc)
	}
	c.db = c.pointer(0)
	text, err := libc.CString(schema)
	if err != nil {
		return nil, err
	}
	defer libc.Xfree(c.tls, text)
	if rc := sqlite3.Xsqlite3_exec(c.tls, c.db, text, 0, 0, 0); rc != sqlite3.SQLITE_OK {
		return nil, fmt.Errorf("create schema: %s", c.message())
	}
	return c, nil
}

func (c *compiler) close() {
	sqlite3.Xsqlite3_close_v2(c.tls, c.db)
	libc.Xfree(c.tls, c.out)
	c.tls.Close()
}

func (c *compiler) pointer(i uintptr) uintptr { return libc.AtomicLoadPUintptr(c.out + 8*i) }

func (c *compiler) message() string {
	return libc.GoString(sqlite3.Xsqlite3_errmsg(c.tls, c.db))
}

// program returns what SQLite compiles text to, constants left out, and an
// error when it refuses. Like SQLite it stops reading at a NUL.
func (c *compiler) program(text string) (string, error) {
	if i := strings.IndexByte(text, 0); i >= 0 {
		text = text[:i]
	}
	var b strings.Builder
	for text != "" {
		stmt, used, err := c.prepare(text)
		if err != nil {
			return "", err
		}
		if stmt == 0 {
			break // white space and comments only
		}
		sqlite3.Xsqlite3_finalize(c.tls, stmt)
		if err := c.explain(&b, text[:used]); err != nil {
			return "", err
		}
		text = text[used:]
	}
	return b.String(), nil
}

// prepare compiles the first statement of text and says how long it is.
func (c *compiler) prepare(text string) (stmt uintptr, used int, err error) {
	z, err := libc.CString(text)
	if err != nil {
		return 0, 0, err
	}
	defer libc.Xfree(c.tls, z)
	if rc := sqlite3.Xsqlite3_prepare_v2(c.tls, c.db, z, -1, c.out, c.out+8); rc != sqlite3.SQLITE_OK {
		return 0, 0, fmt.Errorf("compile: %s", c.message())
	}
	return c.pointer(0), int(c.pointer(1) - z), nil
}

func (c *compiler) explain(b *strings.Builder, text string) error {
	stmt, _, err := c.prepare("EXPLAIN " + text)
	if err != nil {
		return err
	}
	defer sqlite3.Xsqlite3_finalize(c.tls, stmt)
	for sqlite3.Xsqlite3_step(c.tls, stmt) == sqlite3.SQLITE_ROW {
		var col [8]string
		for i := range col {
			col[i] = libc.GoString(sqlite3.Xsqlite3_column_text(c.tls, stmt, int32(i)))
		}
		writeOp(b, col[1], col[2], col[3], col[4], col[5])
	}
	b.WriteString("--\n")
	return nil
}

// writeOp writes one instruction. What a constant is does not count, nor whether
// it is written as a number or a text.
func writeOp(b *strings.Builder, op, p1, p2, p3, p4 string) {
	switch op {
	case "Integer", "Int64", "Real", "String8", "String", "Blob":
		op, p1, p3, p4 = "Constant", "", "", ""
	case "Explain", "Transaction", "ReleaseReg":
		p1, p3, p4 = "", "", ""
	default:
		if _, err := strconv.Unquote(p4); err == nil {
			p4 = ""
		}
	}
	fmt.Fprintln(b, op, p1, p2, p3, p4)
}
