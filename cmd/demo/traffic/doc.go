// Package traffic plays the visitors of the demo's shop: ordinary customers, a
// scanner, an SQL injector, an intruder who tries files, commands and internal
// addresses, and a credential stuffer.
//
// They are HTTP clients and nothing else. Each comes from addresses of its own,
// named in X-Forwarded-For as a proxy in front of the shop would, and judges its
// success by what the shop answers: by planted data that turns up, by a page
// that changes with a condition, by a session that opens. Nobody is told what is
// an attack.
//
// A Crowd plays them against one shop:
//
//	crowd := traffic.New(traffic.Config{URL: "http://127.0.0.1:8080", Seed: 1})
//	err := crowd.Run(ctx) // until ctx is done
//	fmt.Println(crowd.Report().Loot)
//
// The same seed gives the same visitors with the same intentions in the same
// order; how their requests interleave is up to the machine.
package traffic
