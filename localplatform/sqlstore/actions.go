package sqlstore

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/queries"
)

// Actions are few (those in force, and a history of operators' decisions), so
// filters over them, whose state depends on the time, are matched in memory.
func (t *controlTx) Actions(f *queries.Filter, now time.Time) ([]localplatform.Action, error) {
	all, err := t.actions(`1 = 1 ORDER BY n DESC`)
	if err != nil || f == nil {
		return all, err
	}
	kept := all[:0]
	for i := range all {
		if f.Match(localplatform.ActionRecord{Action: &all[i], Now: now}) {
			kept = append(kept, all[i])
		}
	}
	return kept, nil
}

func (t *controlTx) ActionsChanged(v uint64) ([]localplatform.Action, error) {
	return t.actions(`version > ? ORDER BY version, n`, int64(v))
}

func (t *controlTx) Action(id string) (localplatform.Action, error) {
	found, err := t.actions(`id = ?`, id)
	if err != nil {
		return localplatform.Action{}, err
	}
	if len(found) == 0 {
		return localplatform.Action{}, localplatform.Errorf(localplatform.CodeNotFound, "there is no action %q", id)
	}
	return found[0], nil
}

// actions reads rows with the hits counted since the document was written.
func (t *controlTx) actions(where string, args ...any) ([]localplatform.Action, error) {
	var out []localplatform.Action
	err := t.rows(`SELECT doc, hits FROM actions WHERE `+where, args, func(scan func(dest ...any) error) error {
		var text []byte
		var hits int64
		if err := scan(&text, &hits); err != nil {
			return err
		}
		var a localplatform.Action
		if err := json.Unmarshal(text, &a); err != nil {
			return err
		}
		a.Hits = hits
		out = append(out, a)
		return nil
	})
	return out, err
}

func (t *controlTx) PutAction(a *localplatform.Action) error {
	id, n := a.ID, int64(0)
	if id == "" {
		next, err := t.next("actions")
		if err != nil {
			return err
		}
		id, n = fmt.Sprintf("a-%d", next), next
	} else if err := t.row(`SELECT n FROM actions WHERE id = ?`, []any{id}, &n); isNoRows(err) {
		if n, err = t.next("actions"); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	stored := *a
	stored.ID = id
	text, err := json.Marshal(stored)
	if err != nil {
		return err
	}
	_, err = t.exec(`INSERT INTO actions (n, id, version, hits, doc) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET version = excluded.version, hits = excluded.hits, doc = excluded.doc`,
		n, id, int64(a.Version), a.Hits, string(text))
	if err == nil {
		a.ID = id
	}
	return err
}

func (t *controlTx) AddActionHits(id string, n int64) error {
	res, err := t.exec(`UPDATE actions SET hits = hits + ? WHERE id = ?`, n, id)
	if err != nil {
		return err
	}
	if changed, err := res.RowsAffected(); err != nil || changed > 0 {
		return err
	}
	return localplatform.Errorf(localplatform.CodeNotFound, "there is no action %q", id)
}
