package sqlite_test

import (
	"fmt"
	"testing"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/sqlite"
	"github.com/sqreen/sqreen/localplatform/storetest"
)

// BenchmarkApps opens a directory with 1,000 apps of 60 packages each for
// reading and lists them, as a command does that finds no platform running.
//
//	go test ./localplatform/sqlite -run '^$' -bench Apps
func BenchmarkApps(b *testing.B) {
	dir := b.TempDir()
	s := open(b, dir, sqlite.Options{})
	err := s.Update(b.Context(), func(tx localplatform.ControlTx) error {
		for i := range 1000 {
			a := localplatform.AppRecord{Name: fmt.Sprintf("app-%d", i), Env: "prod", FirstSeen: storetest.Start, LastSeen: storetest.Start}
			for j := range 60 {
				a.Stack.Packages = append(a.Stack.Packages, wire.Component{Name: fmt.Sprintf("github.com/owner-%d/package-%d", i%50, j), Version: "v1.2.3"})
			}
			if err := tx.PutApp(a); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	run(b, func(int) error {
		s, err := sqlite.Open(dir, sqlite.Options{ReadOnly: true})
		if err != nil {
			return err
		}
		defer s.Close()
		return s.View(b.Context(), func(tx localplatform.ControlTx) error {
			apps, err := tx.Apps()
			if err == nil && len(apps) != 1000 {
				err = fmt.Errorf("%d apps", len(apps))
			}
			return err
		})
	})
}
