package server_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/server"
	"github.com/sqreen/sqreen/localplatform/sqlite"
)

// BenchmarkInventory is what a command does for the inventory of a thousand
// apps with a hundred packages each, on a directory that no platform serves:
// open it, derive everything, close it.
//
//	go test -run '^$' -bench Inventory ./localplatform/server
func BenchmarkInventory(b *testing.B) {
	dir := b.TempDir()
	fillInventory(b, dir)
	for _, query := range []string{"", "env:prod uses:sql -orm:*"} {
		b.Run("query="+query, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p, err := server.Connect(b.Context(), server.ConnectOptions{Data: dir})
				if err != nil {
					b.Fatal(err)
				}
				apps, err := p.Apps(b.Context(), query)
				if err != nil || len(apps) != 1000 {
					b.Fatal(len(apps), err)
				}
				if err := p.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func fillInventory(b *testing.B, dir string) {
	b.Helper()
	store, err := sqlite.Open(dir, sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	stack := wire.Stack{Technology: "Go", Runtime: wire.Component{Name: "go", Version: "go1.26.8"}, Uses: []string{"sql"}}
	for n := range 100 {
		stack.Packages = append(stack.Packages, wire.Component{Name: fmt.Sprintf("example.com/some/module-%d", n), Version: "v1.2.3"})
	}
	now := time.Now().UTC()
	if err := store.Update(b.Context(), func(tx localplatform.ControlTx) error {
		for n := range 1000 {
			app := fmt.Sprintf("app-%04d", n)
			if err := tx.PutApp(localplatform.AppRecord{Name: app, Env: "prod", FirstSeen: now, LastSeen: now, Stack: stack}); err != nil {
				return err
			}
			for k := range 2 {
				if err := tx.PutInstance(localplatform.Instance{ID: fmt.Sprint("i-", n, "-", k), App: app, Env: "prod", LastSeen: now, FirstSeen: now}); err != nil {
					return err
				}
			}
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	for n := range 1000 {
		app := fmt.Sprintf("app-%04d", n)
		if _, err := store.Append(b.Context(), localplatform.Batch{App: app, Env: "prod", Instance: "i", Seq: 1, Received: now, Events: []localplatform.Event{
			{At: now, App: app, Env: "prod", Kind: wire.KindAttack, Name: wire.NameAttack, Attack: "sqli", Weight: 1},
		}, Counters: []localplatform.Counter{{App: app, Env: "prod", Name: wire.CounterRequests, Minute: now.Truncate(time.Minute), Value: 10}}}); err != nil {
			b.Fatal(err)
		}
	}
}
