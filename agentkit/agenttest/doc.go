// Package agenttest helps to test an application that uses agentkit, and
// programs that stand between agents and a platform.
//
// A Recorder is an agent without a platform: what the application reports is
// there as soon as the request has been answered.
//
//	rec := agenttest.NewRecorder(t)
//	h := rec.Middleware(shop.Handler())
//	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/login", form))
//	rec.WantUser(wire.NameLoginFailure, map[string]string{"id": "42"})
//
// A Platform speaks the platform's side of package wire, keeps what agents send
// and fails on demand.
package agenttest
