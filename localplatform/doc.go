// Package localplatform holds the words of the product: apps, events,
// incidents, actions, policies and tokens, the interfaces that store and serve
// them, and the errors they return. It does no I/O.
//
// A signal that an agent sent becomes an [Event] when a [Store] has made it
// durable. Detectors read events in order of [Event.Pos] and raise an
// [Incident]. A response against an actor is an [Action]; what protections do
// is a [Policy]. Front ends (the command line, the explorer, the HTTP API) see
// one interface, [Platform], which package api implements on a Store in this
// process and package client over HTTP.
package localplatform
