package sqlstore

import (
	"database/sql"
	"encoding/json"

	"github.com/sqreen/sqreen/localplatform"
)

func (t *controlTx) Tokens() ([]localplatform.Token, error) {
	return t.tokens(`1 = 1 ORDER BY created, id`)
}

func (t *controlTx) TokenByHash(hash []byte) (localplatform.Token, error) {
	found, err := t.tokens(`hash = ?`, hash)
	if err != nil {
		return localplatform.Token{}, err
	}
	if len(found) == 0 {
		return localplatform.Token{}, localplatform.Errorf(localplatform.CodeNotFound, "there is no such token")
	}
	return found[0], nil
}

func (t *controlTx) tokens(where string, args ...any) ([]localplatform.Token, error) {
	var out []localplatform.Token
	err := t.rows(`SELECT doc, hash FROM tokens WHERE `+where, args, func(scan func(dest ...any) error) error {
		var text, hash []byte
		if err := scan(&text, &hash); err != nil {
			return err
		}
		var tok localplatform.Token
		if err := json.Unmarshal(text, &tok); err != nil {
			return err
		}
		tok.Hash = hash
		out = append(out, tok)
		return nil
	})
	return out, err
}

func (t *controlTx) PutToken(tok localplatform.Token) error {
	if tok.ID == "" || len(tok.Hash) == 0 {
		return localplatform.Errorf(localplatform.CodeInvalid, "a token to be stored needs an id and a hash")
	}
	text, err := json.Marshal(tok)
	if err != nil {
		return err
	}
	_, err = t.exec(`INSERT INTO tokens (id, hash, created, doc) VALUES (?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, created = excluded.created, doc = excluded.doc`,
		tok.ID, tok.Hash, tok.Created.UnixMicro(), string(text))
	return err
}

// Audit returns the latest entries, newest first; limit 0 means 100.
func (t *controlTx) Audit(limit int) ([]localplatform.AuditEntry, error) {
	if limit <= 0 {
		limit = localplatform.DefaultPage
	}
	var out []localplatform.AuditEntry
	err := t.rows(`SELECT id, at, who, what, target, body FROM audit ORDER BY id DESC LIMIT ?`, []any{limit},
		func(scan func(dest ...any) error) error {
			var e localplatform.AuditEntry
			var at sql.NullInt64
			if err := scan(&e.ID, &at, &e.By, &e.What, &e.On, &e.Text); err != nil {
				return err
			}
			e.At = fromMicros(at)
			out = append(out, e)
			return nil
		})
	return out, err
}

func (t *controlTx) AddAudit(e localplatform.AuditEntry) error {
	id, err := t.next("audit")
	if err != nil {
		return err
	}
	_, err = t.exec(`INSERT INTO audit (id, at, who, what, target, body) VALUES (?, ?, ?, ?, ?, ?)`,
		id, micros(e.At), e.By, e.What, e.On, e.Text)
	return err
}
