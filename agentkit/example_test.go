package agentkit_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/sqreen/sqreen/agentkit"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// The whole of it, in an application with a mux of its own.
func Example() {
	mux := http.NewServeMux()

	agent := agentkit.New(agentkit.Config{})
	defer agent.Close(context.Background())

	server := &http.Server{Addr: ":8080", Handler: agent.Middleware(mux)}
	_ = server // log.Fatal(server.ListenAndServe())
}

// What an application tells about its users and events.
func ExampleFromContext() {
	agent := agentkit.New(agentkit.Config{Sink: func(s *wire.Signal) { fmt.Println(s.Name, s.User) }})
	defer agent.Close(context.Background())

	handler := agent.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		told := agentkit.FromContext(r.Context())
		if err := told.Identify(map[string]string{"id": "42"}); err != nil {
			return // this user is blocked, and the client gets the blocking page
		}
		told.Track("invoice.paid",
			agentkit.WithProperties(map[string]any{"amount": 12.5, "currency": "EUR"}),
			agentkit.WithTime(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)))
	}))
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/pay", nil))
	// Output:
	// app.sqreen.users.identify map[id:42]
	// invoice.paid map[id:42]
}

// A job from a queue reports as a request does.
func ExampleAgent_Work() {
	agent := agentkit.New(agentkit.Config{Sink: func(s *wire.Signal) { fmt.Println(s.Name, s.User) }})
	defer agent.Close(context.Background())

	ctx, done := agent.Work(context.Background())
	agentkit.FromContext(ctx).Track("import.finished", agentkit.WithUser(map[string]string{"id": "7"}))
	done()
	// Output: import.finished map[id:7]
}

// A health page that shows whether the agent works.
func ExampleAgent_Status() {
	agent := agentkit.New(agentkit.Config{Disable: true})
	if off := agent.Status().Off; off != "" {
		fmt.Println("not protected:", off)
	}
	// Output: not protected: it is disabled by configuration
}
