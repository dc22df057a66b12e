package sqlite

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"unsafe"

	"modernc.org/libc"
	"modernc.org/libc/sys/types"
	lib "modernc.org/sqlite/lib"
)

// conn is one connection to an event segment, used by one goroutine at a time.
//
// Segments are reached through SQLite's C interface as the driver package
// translates it, and not through database/sql, for three reasons: a row of 26
// columns costs a third of the time (no boxing, no allocation for each bound
// text, no mutex for each call), a query that has begun to return rows can
// still be interrupted, and the interrupt is sure not to hit a later query.
type conn struct {
	tls   *libc.TLS
	db    uintptr
	out   uintptr // room for one returned pointer
	halt  *int32  // not 0: stop what runs; in memory that SQLite's callback may read
	stmts map[string]*stmt
	text  arena
}

// maxStatements bounds the prepared statements a connection keeps.
const maxStatements = 64

type openMode int

const (
	openReadWrite openMode = iota // create the file when it is missing
	openReadOnly                  // somebody else may be writing
	openImmutable                 // nobody writes any more; no locks are taken
)

// openConn opens a file. The caller closes the connection.
func openConn(path string, mode openMode) (*conn, error) {
	c := &conn{tls: libc.NewTLS(), stmts: map[string]*stmt{}}
	c.out = libc.Xmalloc(c.tls, 16)
	c.halt = (*int32)(at(libc.Xcalloc(c.tls, 1, 8)))
	name, err := libc.CString(fileURI(path, mode))
	if err != nil || c.out == 0 || c.halt == nil {
		return nil, errors.Join(errors.New("out of memory"), err)
	}
	defer libc.Xfree(c.tls, name)
	flags := int32(lib.SQLITE_OPEN_URI | lib.SQLITE_OPEN_NOMUTEX | lib.SQLITE_OPEN_EXRESCODE)
	if mode == openReadWrite {
		flags |= lib.SQLITE_OPEN_READWRITE | lib.SQLITE_OPEN_CREATE
	} else {
		flags |= lib.SQLITE_OPEN_READONLY
	}
	rc := lib.Xsqlite3_open_v2(c.tls, name, c.out, flags, 0)
	c.db = *(*uintptr)(at(c.out))
	if rc != lib.SQLITE_OK {
		err := c.fail(rc, "open "+filepath.Base(path))
		return nil, errors.Join(err, c.close())
	}
	lib.Xsqlite3_progress_handler(c.tls, c.db, haltEvery, functionPointer(halted), uintptr(unsafe.Pointer(c.halt)))
	lib.Xsqlite3_busy_timeout(c.tls, c.db, int32(busyTimeout.Milliseconds()))
	return c, nil
}

// fileURI writes a path so that no character of it means anything to SQLite.
func fileURI(path string, mode openMode) string {
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), OmitHost: true}
	switch mode {
	case openReadOnly:
		u.RawQuery = "mode=ro"
	case openImmutable:
		u.RawQuery = "mode=ro&immutable=1"
	case openReadWrite:
	}
	return u.String()
}

// at makes a pointer of an address that C code handed out.
func at(p uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&p)) }

// close frees everything. The connection must not be used afterwards.
func (c *conn) close() error {
	for _, s := range c.stmts {
		lib.Xsqlite3_finalize(c.tls, s.p)
	}
	c.stmts = nil
	rc := int32(lib.SQLITE_OK)
	if c.db != 0 {
		rc = lib.Xsqlite3_close_v2(c.tls, c.db)
		c.db = 0
	}
	c.text.free(c.tls)
	libc.Xfree(c.tls, c.out)
	libc.Xfree(c.tls, uintptr(unsafe.Pointer(c.halt)))
	c.tls.Close()
	if rc != lib.SQLITE_OK {
		return &sqliteError{code: int(rc), msg: "close"}
	}
	return nil
}

// fail makes an error of a result code.
func (c *conn) fail(rc int32, doing string) error {
	msg := libc.GoString(lib.Xsqlite3_errstr(c.tls, rc))
	if c.db != 0 {
		if m := libc.GoString(lib.Xsqlite3_errmsg(c.tls, c.db)); m != msg && m != "not an error" {
			msg += ": " + m
		}
	}
	return &sqliteError{code: int(rc), msg: doing + ": " + msg}
}

// exec runs statements that take no arguments and whose rows nobody wants.
func (c *conn) exec(statements string) error {
	p, err := libc.CString(statements)
	if err != nil {
		return err
	}
	defer libc.Xfree(c.tls, p)
	if rc := lib.Xsqlite3_exec(c.tls, c.db, p, 0, 0, 0); rc != lib.SQLITE_OK {
		return c.fail(rc, "exec")
	}
	return nil
}

// prepare returns a statement that stays with the connection.
func (c *conn) prepare(text string) (*stmt, error) {
	if s := c.stmts[text]; s != nil {
		return s, nil
	}
	if len(c.stmts) >= maxStatements {
		c.forgetStatements()
	}
	p, err := libc.CString(text)
	if err != nil {
		return nil, err
	}
	defer libc.Xfree(c.tls, p)
	if rc := lib.Xsqlite3_prepare_v3(c.tls, c.db, p, -1, lib.SQLITE_PREPARE_PERSISTENT, c.out, 0); rc != lib.SQLITE_OK {
		return nil, c.fail(rc, "prepare")
	}
	s := &stmt{c: c, p: *(*uintptr)(at(c.out))}
	c.stmts[text] = s
	return s, nil
}

func (c *conn) forgetStatements() {
	for text, s := range c.stmts {
		if !s.busy {
			lib.Xsqlite3_finalize(c.tls, s.p)
			delete(c.stmts, text)
		}
	}
}

// interruptible makes what runs on c stop when ctx ends, until the returned
// function is called. That function waits for an interrupt under way, so that a
// later query cannot be hit.
func (c *conn) interruptible(ctx context.Context) (done func()) {
	atomic.StoreInt32(c.halt, 0)
	if ctx.Done() == nil {
		return func() {}
	}
	var wg sync.WaitGroup
	wg.Add(1)
	stop := context.AfterFunc(ctx, func() {
		defer wg.Done()
		c.interrupt()
	})
	return func() {
		if !stop() {
			wg.Wait()
		}
		atomic.StoreInt32(c.halt, 0)
	}
}

// interrupt stops what runs on c, or is about to. Any goroutine may call it
// while c is open. (sqlite3_interrupt does nothing when it comes just before a
// query begins, which is then never stopped.)
func (c *conn) interrupt() { atomic.StoreInt32(c.halt, 1) }

// haltEvery is after how many of its instructions, some 0.1 ms, SQLite asks
// whether to go on.
const haltEvery = 2000

// halted is that question.
func halted(_ *libc.TLS, halt uintptr) int32 { return atomic.LoadInt32((*int32)(at(halt))) }

// functionPointer makes a function callable for translated C code, in the way
// that the translator does itself.
func functionPointer(fn func(*libc.TLS, uintptr) int32) uintptr {
	return *(*uintptr)(unsafe.Pointer(&struct {
		f func(*libc.TLS, uintptr) int32
	}{fn}))
}

// keepLog makes closing the last connection leave the write-ahead log as it is,
// instead of copying it into the database first.
func (c *conn) keepLog() error {
	args := libc.Xmalloc(c.tls, 16)
	if args == 0 {
		return errors.New("out of memory")
	}
	defer libc.Xfree(c.tls, args)
	if rc := lib.Xsqlite3_db_config(c.tls, c.db, lib.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, libc.VaList(args, int32(1), uintptr(0))); rc != lib.SQLITE_OK {
		return c.fail(rc, "configure")
	}
	return nil
}

// run executes a statement with arguments and no result.
func (c *conn) run(text string, args ...any) error {
	return c.query(text, args, func(*stmt) error { return nil })
}

// query executes a statement and calls each for every row. An error of each
// ends it; errStop does so without being an error.
func (c *conn) query(text string, args []any, each func(*stmt) error) error {
	s, err := c.prepare(text)
	if err != nil {
		return err
	}
	defer s.reset()
	s.busy = true
	if err := s.bind(args); err != nil {
		return err
	}
	for {
		more, err := s.step()
		if err != nil || !more {
			return err
		}
		if err := each(s); err != nil {
			if errors.Is(err, errStop) {
				return nil
			}
			return err
		}
	}
}

// int runs a query for one number, 0 when there is none.
func (c *conn) int(text string, args ...any) (n int64, err error) {
	err = c.query(text, args, func(s *stmt) error {
		n = s.int(0)
		return errStop
	})
	return n, err
}

var errStop = errors.New("enough rows")

// inTx runs fn in a write transaction and undoes it when fn fails.
func (c *conn) inTx(fn func() error) error {
	if err := c.run("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := fn()
	if err == nil {
		if err = c.run("COMMIT"); err == nil {
			return nil
		}
	}
	// A full disk may have undone everything already.
	if lib.Xsqlite3_get_autocommit(c.tls, c.db) == 0 {
		err = errors.Join(err, c.run("ROLLBACK"))
	}
	return err
}

// stmt is a prepared statement. Columns and arguments count from 0.
type stmt struct {
	c    *conn
	p    uintptr
	busy bool
}

// reset ends an execution and forgets the arguments.
func (s *stmt) reset() {
	lib.Xsqlite3_reset(s.c.tls, s.p)
	lib.Xsqlite3_clear_bindings(s.c.tls, s.p)
	s.busy = false
	s.c.text.reset()
}

// step moves to the next row and says whether there is one.
func (s *stmt) step() (bool, error) {
	switch rc := lib.Xsqlite3_step(s.c.tls, s.p); rc {
	case lib.SQLITE_ROW:
		return true, nil
	case lib.SQLITE_DONE:
		return false, nil
	default:
		return false, s.c.fail(rc, "query")
	}
}

// execute runs a statement that has been bound and returns no rows, keeping it
// ready for the next.
func (s *stmt) execute() error {
	_, err := s.step()
	lib.Xsqlite3_reset(s.c.tls, s.p)
	s.c.text.reset()
	return err
}

func (s *stmt) bind(args []any) error {
	for i, a := range args {
		switch v := a.(type) {
		case nil:
			s.bindNull(i)
		case int64:
			s.bindInt(i, v)
		case int:
			s.bindInt(i, int64(v))
		case bool:
			s.bindBool(i, v)
		case float64:
			lib.Xsqlite3_bind_double(s.c.tls, s.p, int32(i+1), v)
		case string:
			s.bindText(i, v)
		case []byte:
			s.bindBlob(i, v)
		default:
			return fmt.Errorf("sqlite: argument %d has type %T", i+1, a)
		}
	}
	return nil
}

func (s *stmt) bindNull(i int) { lib.Xsqlite3_bind_null(s.c.tls, s.p, int32(i+1)) }

func (s *stmt) bindInt(i int, v int64) { lib.Xsqlite3_bind_int64(s.c.tls, s.p, int32(i+1), v) }

func (s *stmt) bindBool(i int, v bool) {
	var n int64
	if v {
		n = 1
	}
	s.bindInt(i, n)
}

// bindText binds a text that stays in the connection's arena until reset.
func (s *stmt) bindText(i int, v string) {
	p := s.c.text.put(s.c.tls, unsafe.Slice(unsafe.StringData(v), len(v)))
	lib.Xsqlite3_bind_text(s.c.tls, s.p, int32(i+1), p, int32(len(v)), 0)
}

// bindWord binds NULL for an empty text: an absent value.
func (s *stmt) bindWord(i int, v string) {
	if v == "" {
		s.bindNull(i)
		return
	}
	s.bindText(i, v)
}

func (s *stmt) bindBlob(i int, v []byte) {
	p := s.c.text.put(s.c.tls, v)
	lib.Xsqlite3_bind_blob(s.c.tls, s.p, int32(i+1), p, int32(len(v)), 0)
}

func (s *stmt) int(i int) int64 { return lib.Xsqlite3_column_int64(s.c.tls, s.p, int32(i)) }

func (s *stmt) bool(i int) bool { return s.int(i) != 0 }

func (s *stmt) float(i int) float64 { return lib.Xsqlite3_column_double(s.c.tls, s.p, int32(i)) }

func (s *stmt) null(i int) bool {
	return lib.Xsqlite3_column_type(s.c.tls, s.p, int32(i)) == lib.SQLITE_NULL
}

// view returns a column's bytes, valid until the next step.
func (s *stmt) view(i int) []byte {
	p := lib.Xsqlite3_column_text(s.c.tls, s.p, int32(i))
	if p == 0 {
		return nil
	}
	n := lib.Xsqlite3_column_bytes(s.c.tls, s.p, int32(i))
	return unsafe.Slice((*byte)(at(p)), n)
}

func (s *stmt) text(i int) string { return string(s.view(i)) }

// arena holds the texts bound to the statements of a connection, in memory that
// SQLite may read: chunks never move while a statement needs them.
type arena struct {
	chunks []chunk
	now    int // chunk being filled
}

type chunk struct {
	p          uintptr
	used, size int
}

const chunkSize = 256 << 10

// put copies b and returns its address, which is never 0.
func (a *arena) put(tls *libc.TLS, b []byte) uintptr {
	for ; a.now < len(a.chunks); a.now++ {
		if ch := &a.chunks[a.now]; ch.size-ch.used >= len(b) {
			return ch.put(b)
		}
	}
	size := max(chunkSize, len(b))
	p := libc.Xmalloc(tls, types.Size_t(size))
	if p == 0 {
		panic("sqlite: out of memory")
	}
	a.chunks = append(a.chunks, chunk{p: p, size: size})
	return a.chunks[a.now].put(b)
}

func (ch *chunk) put(b []byte) uintptr {
	p := ch.p + uintptr(ch.used)
	copy(unsafe.Slice((*byte)(at(ch.p)), ch.size)[ch.used:], b)
	ch.used += len(b)
	return p
}

// reset makes all room available again.
func (a *arena) reset() {
	for i := range a.chunks {
		a.chunks[i].used = 0
	}
	a.now = 0
}

func (a *arena) free(tls *libc.TLS) {
	for _, ch := range a.chunks {
		libc.Xfree(tls, ch.p)
	}
	a.chunks = nil
}
