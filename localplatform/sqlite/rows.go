package sqlite

import (
	"encoding/json"
	"net/netip"
	"strings"
	"time"

	"github.com/sqreen/sqreen/localplatform"
)

// eventColumns is the order in which events are stored and read. Columns that
// filters look at come first, because SQLite decodes a row from its beginning;
// detail is last and read only when asked for.
const eventColumns = `pos, at, received, kind, name, attack, app, env, ip, user, severity, blocked, reached, ` +
	`request, status, method, path, route, host, user_agent, param, protection, rule, instance, weight, message`

const eventColumnCount = 26

// eventsTable creates the table of events. Texts ignore ASCII case as the query
// language does, times are microseconds, addresses 16 bytes, absent values NULL.
const eventsTable = `CREATE TABLE events (
	pos        INTEGER PRIMARY KEY,
	at         INTEGER NOT NULL,
	received   INTEGER NOT NULL,
	series     INTEGER NOT NULL,
	kind       TEXT COLLATE NOCASE,
	name       TEXT COLLATE NOCASE,
	attack     TEXT COLLATE NOCASE,
	app        TEXT COLLATE NOCASE,
	env        TEXT COLLATE NOCASE,
	ip         BLOB,
	user       TEXT COLLATE NOCASE,
	severity   TEXT COLLATE NOCASE,
	blocked    INTEGER NOT NULL,
	reached    INTEGER NOT NULL,
	request    TEXT COLLATE NOCASE,
	status     INTEGER,
	method     TEXT COLLATE NOCASE,
	path       TEXT COLLATE NOCASE,
	route      TEXT COLLATE NOCASE,
	host       TEXT COLLATE NOCASE,
	user_agent TEXT COLLATE NOCASE,
	param      TEXT COLLATE NOCASE,
	protection TEXT COLLATE NOCASE,
	rule       TEXT COLLATE NOCASE,
	instance   TEXT COLLATE NOCASE,
	weight     INTEGER NOT NULL,
	message    TEXT COLLATE NOCASE,
	detail     TEXT
)`

// insertEvents is the statement that stores n events.
func insertEvents(n int) string {
	row := "(?" + strings.Repeat(",?", eventColumnCount+1) + ")"
	return "INSERT INTO events (" + eventColumns + ", detail, series) VALUES " + row + strings.Repeat(","+row, n-1)
}

// The statements the writer uses.
var (
	insertMany = insertEvents(rowsPerInsert)
	insertOne  = insertEvents(1)
)

// bindEvent binds e as the n-th row of insertEvents.
func bindEvent(s *stmt, n int, e *localplatform.Event, series int64) {
	i := n * (eventColumnCount + 2)
	s.bindInt(i, e.Pos)
	s.bindInt(i+1, e.At.UnixMicro())
	s.bindInt(i+2, e.Received.UnixMicro())
	s.bindWord(i+3, e.Kind)
	s.bindWord(i+4, e.Name)
	s.bindWord(i+5, e.Attack)
	s.bindWord(i+6, e.App)
	s.bindWord(i+7, e.Env)
	if e.IP.IsValid() {
		b := e.IP.As16()
		s.bindBlob(i+8, b[:])
	} else {
		s.bindNull(i + 8)
	}
	s.bindWord(i+9, e.User)
	s.bindWord(i+10, string(e.Severity))
	s.bindBool(i+11, e.Blocked)
	s.bindBool(i+12, e.Reached)
	s.bindWord(i+13, e.Request)
	if e.Status != 0 {
		s.bindInt(i+14, int64(e.Status))
	} else {
		s.bindNull(i + 14)
	}
	for j, word := range [...]string{e.Method, e.Path, e.Route, e.Host, e.UserAgent, e.Param, e.Protection, e.Rule, e.Instance} {
		s.bindWord(i+15+j, word)
	}
	s.bindInt(i+24, e.Weight)
	s.bindWord(i+25, e.Message)
	s.bindWord(i+26, string(e.Detail))
	s.bindInt(i+27, series)
}

// scanEvent reads a row of eventColumns, followed by detail when that is wanted.
func scanEvent(s *stmt, detail bool) localplatform.Event {
	e := localplatform.Event{
		Pos: s.int(0), At: time.UnixMicro(s.int(1)).UTC(), Received: time.UnixMicro(s.int(2)).UTC(),
		Kind: s.text(3), Name: s.text(4), Attack: s.text(5), App: s.text(6), Env: s.text(7), IP: s.addr(8),
		User: s.text(9), Severity: localplatform.Severity(s.text(10)), Blocked: s.bool(11), Reached: s.bool(12),
		Request: s.text(13), Status: int(s.int(14)), Method: s.text(15), Path: s.text(16), Route: s.text(17),
		Host: s.text(18), UserAgent: s.text(19), Param: s.text(20), Protection: s.text(21), Rule: s.text(22),
		Instance: s.text(23), Weight: s.int(24), Message: s.text(25),
	}
	if detail && !s.null(eventColumnCount) {
		e.Detail = json.RawMessage(s.text(eventColumnCount))
	}
	return e
}

// addr reads an address as stored, invalid for NULL.
func (s *stmt) addr(i int) netip.Addr {
	if s.null(i) {
		return netip.Addr{}
	}
	a, _ := netip.AddrFromSlice(s.view(i))
	return a.Unmap()
}

// normalise makes an event what reading it back will show.
func normalise(e *localplatform.Event, b *localplatform.Batch) {
	e.Received = b.Received
	if e.At.IsZero() {
		e.At = b.Received
	}
	e.At = e.At.UTC().Truncate(time.Microsecond)
	e.IP = e.IP.Unmap().WithZone("")
	e.Weight = max(e.Weight, 1)
	if e.App == "" {
		e.App = b.App
	}
	if e.Env == "" {
		e.Env = b.Env
	}
	if e.Instance == "" {
		e.Instance = b.Instance
	}
}
