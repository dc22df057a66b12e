package server

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sqreen/sqreen/localplatform"
)

const (
	maxSecret    = 512         // bytes of a token; longer ones are not looked up
	noteUseEvery = time.Minute // how fine Token.LastUsed is
)

// doorman knows tokens by the hash of their secret. Valid ones are remembered,
// so that a heartbeat costs no query; any change of tokens makes it forget, so
// that a revoked token opens nothing from then on.
//
// Looking a hash up in a map takes no time that tells of the secret: who does
// not know it cannot aim at a hash.
type doorman struct {
	store localplatform.ControlStore
	now   func() time.Time
	log   *slog.Logger

	mu    sync.Mutex
	age   uint64 // grows when tokens change
	known map[[sha256.Size]byte]localplatform.Token
	used  map[[sha256.Size]byte]time.Time // uses not yet written
}

func newDoorman(store localplatform.ControlStore, now func() time.Time, log *slog.Logger) *doorman {
	return &doorman{
		store: store, now: now, log: log,
		known: map[[sha256.Size]byte]localplatform.Token{}, used: map[[sha256.Size]byte]time.Time{},
	}
}

// forget is called after tokens have changed.
func (d *doorman) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.age++
	clear(d.known)
}

// token finds the token that a request carries. Errors are CodeUnauthorized,
// or what the store says.
func (d *doorman) token(r *http.Request) (localplatform.Token, error) {
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	secret = strings.TrimSpace(secret)
	if !strings.EqualFold(scheme, "Bearer") || secret == "" {
		return localplatform.Token{}, localplatform.Errorf(localplatform.CodeUnauthorized, "a token is needed").
			WithHint("send it as Authorization: Bearer TOKEN")
	}
	if len(secret) > maxSecret {
		return localplatform.Token{}, badToken()
	}
	hash := sha256.Sum256([]byte(secret))
	t, err := d.lookup(r.Context(), hash)
	if err != nil {
		return localplatform.Token{}, err
	}
	now := d.now()
	if !t.Valid(now) {
		return localplatform.Token{}, badToken()
	}
	d.note(hash, t.LastUsed, now)
	return t, nil
}

func badToken() error {
	return localplatform.Errorf(localplatform.CodeUnauthorized, "the token is unknown, expired or revoked").
		WithHint("make another: sqreen tokens create")
}

func (d *doorman) lookup(ctx context.Context, hash [sha256.Size]byte) (localplatform.Token, error) {
	d.mu.Lock()
	t, ok := d.known[hash]
	age := d.age
	d.mu.Unlock()
	if ok {
		return t, nil
	}
	err := d.store.View(ctx, func(tx localplatform.ControlTx) (err error) {
		t, err = tx.TokenByHash(hash[:])
		return err
	})
	if localplatform.ErrorCode(err) == localplatform.CodeNotFound {
		return t, badToken()
	}
	if err != nil {
		return t, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.age == age { // otherwise tokens changed after the store was read
		d.known[hash] = t
	}
	return t, nil
}

// note remembers that a token was used, about once a minute.
func (d *doorman) note(hash [sha256.Size]byte, last, now time.Time) {
	if now.Sub(last) < noteUseEvery {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if t, ok := d.known[hash]; ok && now.Sub(t.LastUsed) >= noteUseEvery {
		t.LastUsed = now
		d.known[hash], d.used[hash] = t, now
	}
}

// run writes when tokens were used, until ctx ends and once more then.
func (d *doorman) run(ctx context.Context) {
	tick := time.NewTicker(noteUseEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			d.write(ctx)
		case <-ctx.Done():
			d.write(context.WithoutCancel(ctx))
			return
		}
	}
}

// write changes LastUsed and nothing else of tokens as the store has them now.
func (d *doorman) write(ctx context.Context) {
	d.mu.Lock()
	used := d.used
	d.used = map[[sha256.Size]byte]time.Time{}
	d.mu.Unlock()
	if len(used) == 0 {
		return
	}
	err := d.store.Update(ctx, func(tx localplatform.ControlTx) error {
		for _, hash := range slices.Collect(maps.Keys(used)) {
			t, err := tx.TokenByHash(hash[:])
			if err != nil {
				return err
			}
			t.LastUsed = used[hash].UTC().Truncate(time.Microsecond)
			if err := tx.PutToken(t); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil && ctx.Err() == nil {
		d.log.Warn("the last use of tokens is not written", "error", err)
	}
}

// agent lets agents in.
func (d *doorman) agent(r *http.Request) (localplatform.Token, error) {
	t, err := d.token(r)
	if err == nil && t.Kind != localplatform.TokenAgent {
		return t, localplatform.Errorf(localplatform.CodeForbidden, "only an agent's token may report").
			WithHint("sqreen tokens create --app NAME --env ENV")
	}
	return t, err
}

// operator lets operators in, and whoever may open the unix socket.
func (d *doorman) operator(r *http.Request) (localplatform.Caller, error) {
	if c, ok := socketCaller(r.Context()); ok {
		return c, nil
	}
	t, err := d.token(r)
	if err != nil {
		return localplatform.Caller{}, err
	}
	if t.Kind != localplatform.TokenOperator {
		return localplatform.Caller{}, localplatform.Errorf(localplatform.CodeForbidden, "an agent's token may only report for its app").
			WithHint("use an operator token: sqreen tokens create --operator NAME --role viewer")
	}
	return localplatform.Caller{Name: t.Name, Role: t.Role}, nil
}
