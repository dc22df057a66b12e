package sqlstore

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/queries"
)

func (t *controlTx) Incidents(f *queries.Filter, q localplatform.IncidentQuery) ([]localplatform.Incident, int, error) {
	order, err := incidentOrder(q.Sort)
	if err != nil {
		return nil, 0, err
	}
	where, args, err := t.where(f)
	if err != nil {
		return nil, 0, err
	}
	var total int
	if err := t.row(`SELECT count(*) FROM incidents WHERE `+where, args, &total); err != nil {
		return nil, 0, err
	}
	limit := q.Limit
	if limit <= 0 {
		limit = localplatform.DefaultPage
	}
	page, err := docs[localplatform.Incident](t, `SELECT doc FROM incidents WHERE `+where+` ORDER BY `+order+` LIMIT ? OFFSET ?`,
		append(args, limit, max(q.Offset, 0))...)
	return page, total, err
}

// where compiles a filter all of whose fields have columns.
func (t *controlTx) where(f *queries.Filter) (string, []any, error) {
	if f == nil {
		return "1 = 1", nil, nil
	}
	where, args, err := f.SQL(t.d.Queries)
	if err != nil {
		return "", nil, fmt.Errorf("compile filter: %w", err)
	}
	if where == "" {
		where = "1 = 1"
	}
	return where, args, nil
}

func incidentOrder(sort string) (string, error) {
	switch sort {
	case "", "last":
		return "last_seen DESC, id DESC", nil
	case "severity":
		return "severity_rank DESC, last_seen DESC, id DESC", nil
	case "first":
		return "first_seen DESC, id DESC", nil
	case "events":
		return "events DESC, id DESC", nil
	case "id":
		return "id DESC", nil
	}
	return "", localplatform.Errorf(localplatform.CodeInvalid, "incidents cannot be sorted by %q", sort).
		WithHint("use last, severity, first, events or id")
}

func (t *controlTx) Incident(id int64) (localplatform.Incident, error) {
	i, err := doc[localplatform.Incident](t, `SELECT doc FROM incidents WHERE id = ?`, id)
	return i, notFound(err, "there is no incident %d", id)
}

func (t *controlTx) LiveIncidents() ([]localplatform.Incident, error) {
	return docs[localplatform.Incident](t, `SELECT doc FROM incidents
		WHERE state IN ('open', 'acknowledged', 'snoozed', 'ignored') ORDER BY id`)
}

func (t *controlTx) PutIncident(i *localplatform.Incident) error {
	id := i.ID
	if id == 0 {
		n, err := t.next("incidents")
		if err != nil {
			return err
		}
		id = n
	}
	stored := *i
	stored.ID, stored.Timeline = id, nil
	text, err := json.Marshal(stored)
	if err != nil {
		return err
	}
	_, err = t.exec(`INSERT INTO incidents (id, app, env, kind, title, severity, severity_rank, state, assignee,
			first_seen, last_seen, events, blocked, reached, exploited, ip, doc)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET app = excluded.app, env = excluded.env, kind = excluded.kind, title = excluded.title,
			severity = excluded.severity, severity_rank = excluded.severity_rank, state = excluded.state,
			assignee = excluded.assignee, first_seen = excluded.first_seen, last_seen = excluded.last_seen,
			events = excluded.events, blocked = excluded.blocked, reached = excluded.reached,
			exploited = excluded.exploited, ip = excluded.ip, doc = excluded.doc`,
		id, nullable(i.App), nullable(i.Env), nullable(i.Kind), nullable(i.Title), nullable(string(i.Severity)), i.Severity.Rank(),
		nullable(string(i.State)), nullable(i.Assignee), micros(i.FirstSeen), micros(i.LastSeen),
		i.Events, i.Blocked, i.Reached, i.Exploited, mainAddress(i), string(text))
	if err == nil {
		i.ID = id
	}
	return err
}

// next counts up a named sequence. Numbers of removed rows do not come back.
func (t *controlTx) next(name string) (int64, error) {
	return t.insert(`INSERT INTO sequences (name, last) VALUES (?, 1)
		ON CONFLICT (name) DO UPDATE SET last = sequences.last + 1 RETURNING last`, name)
}

// mainAddress is the address with the most events, which the field ip of
// incidents means, as 16 bytes.
func mainAddress(i *localplatform.Incident) any {
	var best netip.Addr
	events := int64(-1)
	for _, a := range i.Actors {
		if a.Kind != "ip" || a.Events <= events {
			continue
		}
		if ip, err := netip.ParseAddr(a.Value); err == nil {
			best, events = ip, a.Events
		}
	}
	if !best.IsValid() {
		return nil
	}
	b := best.As16()
	return b[:]
}

func (t *controlTx) AddTimeline(incident int64, e localplatform.TimelineEntry) error {
	var one int
	if err := t.row(`SELECT 1 FROM incidents WHERE id = ?`, []any{incident}, &one); err != nil {
		return notFound(err, "there is no incident %d", incident)
	}
	n, err := t.next("timeline")
	if err != nil {
		return err
	}
	_, err = t.exec(`INSERT INTO timeline (n, incident, at, who, what, body) VALUES (?, ?, ?, ?, ?, ?)`,
		n, incident, micros(e.At), e.By, e.What, e.Text)
	return err
}

// Timeline is in order of time, and of arrival where times are equal.
func (t *controlTx) Timeline(incident int64) ([]localplatform.TimelineEntry, error) {
	var out []localplatform.TimelineEntry
	err := t.rows(`SELECT at, who, what, body FROM timeline WHERE incident = ? ORDER BY at, n`, []any{incident},
		func(scan func(dest ...any) error) error {
			var e localplatform.TimelineEntry
			var at sql.NullInt64
			if err := scan(&at, &e.By, &e.What, &e.Text); err != nil {
				return err
			}
			e.At = fromMicros(at)
			out = append(out, e)
			return nil
		})
	if err == nil && out == nil {
		_, err = t.Incident(incident)
	}
	return out, err
}

func isNoRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }
