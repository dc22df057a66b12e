// Package server puts a platform together: store, ingest, detectors, policy and
// the HTTP interfaces for agents and operators. It is the only package that
// knows them all.
package server

import (
	"context"

	"github.com/sqreen/sqreen/localplatform"
)

// Server is a platform that serves one data directory.
type Server struct{}

// New opens the data directory, which no other process may serve, and wires the
// platform. Nothing listens before Start; Stop must be called either way.
func New(_ Options) (*Server, error) { panic("not built yet") }

// Start listens and returns. Errors afterwards are delivered by Wait.
func (s *Server) Start(_ context.Context) error { panic("not built yet") }

// Wait returns when the server has stopped, with the error that stopped it.
func (s *Server) Wait() error { panic("not built yet") }

// Stop ends everything in order: it stops accepting, finishes what is in
// flight, writes what is pending and closes the store. It is bounded by ctx
// and may be called more than once.
func (s *Server) Stop(_ context.Context) error { panic("not built yet") }

// Addr is the address that Start listens on, "" before.
func (s *Server) Addr() string { panic("not built yet") }

// Info tells how to reach the platform. Call it after Start.
func (s *Server) Info() Info { panic("not built yet") }

// Platform is the platform in this process, without HTTP. Callers put
// themselves in the context with localplatform.WithCaller.
func (s *Server) Platform() localplatform.Platform { panic("not built yet") }

// Connect reaches a platform: by URL when given, else the one that serves Data,
// else by opening Data in this process. CodeNotFound when there is no data.
func Connect(_ context.Context, _ ConnectOptions) (localplatform.Platform, error) {
	panic("not built yet")
}

// Doctor checks a data directory and the platform on it.
func Doctor(_ context.Context, _ ConnectOptions) []Check { panic("not built yet") }
