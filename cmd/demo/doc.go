// Package demo is `sqreen demo`: a platform, a shop in two environments that
// agentkit protects, customers and attackers, and a live picture of it all.
//
// The parts are as far from each other as they would be in life. Each shop is a
// process of its own (this binary again, as `sqreen demo shop`), which knows the
// platform by the URL and token in its environment and nothing else. Customers
// and attackers are HTTP clients (package traffic). The picture is drawn from
// what the platform answers, and from what the clients saw.
//
// A stage holds the parts and takes them down in order; a board reads them for
// the picture and for the report at the end.
package demo
