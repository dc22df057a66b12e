package seed

import (
	"context"
	"fmt"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform/server"
)

// Shop plays an attacked shop: in prod, where attacks are blocked, somebody
// injects SQL, somebody guesses paths and somebody tries stolen passwords; in
// staging one injection gets through. A second app, "blog", sees no attack.
func Shop(ctx context.Context, s *server.Server) ([]*Agent, error) {
	now := time.Now().UTC().Truncate(time.Second)
	prod, err := Connect(ctx, s, "shop", "prod", shopStack())
	if err != nil {
		return nil, err
	}
	staging, err := Connect(ctx, s, "shop", "staging", shopStack())
	if err != nil {
		return nil, err
	}
	blog, err := Connect(ctx, s, "blog", "prod", blogStack())
	if err != nil {
		return nil, err
	}
	if err := prod.Send(ctx, shopSignals(now)...); err != nil {
		return nil, err
	}
	if err := staging.Send(ctx, injection(now.Add(-30*time.Second), "s-1", false), injection(now.Add(-29*time.Second), "s-2", false)); err != nil {
		return nil, err
	}
	err = blog.Send(ctx, wire.Signal{
		Kind: wire.KindEvent, Name: "post.published", Time: now, User: map[string]string{"id": "erin"},
		Event: &wire.Event{Properties: map[string]any{"words": 740}},
	})
	if err != nil {
		return nil, err
	}
	return []*Agent{prod, staging, blog}, Settle(ctx, s.Platform())
}

func shopStack() wire.Stack {
	return wire.Stack{
		Agent: wire.Component{Name: "agentkit-go", Version: "0.1.0"}, Technology: "Go",
		Runtime: wire.Component{Name: "go", Version: "go1.26.8"}, OS: "linux/amd64", Hostname: "web-1", PID: 4711, Module: "example.com/shop",
		Frameworks: []wire.Component{{Name: "net/http", Version: "go1.26.8"}},
		Templates:  []wire.Component{{Name: "html/template", Version: "go1.26.8"}},
		Drivers:    []wire.Component{{Name: "modernc.org/sqlite", Version: "v1.60.1"}},
		Packages:   []wire.Component{{Name: "modernc.org/sqlite", Version: "v1.60.1"}, {Name: "golang.org/x/crypto", Version: "v0.58.0"}},
		Uses:       []string{"sql", "files"}, Hooks: []string{"middleware", "sqlhook"},
	}
}

func blogStack() wire.Stack {
	s := shopStack()
	s.Hostname, s.Module = "web-2", "example.com/blog"
	s.Frameworks = []wire.Component{{Name: "github.com/go-chi/chi/v5", Version: "v5.5.0"}}
	s.ORMs = []wire.Component{{Name: "gorm.io/gorm", Version: "v1.31.2"}}
	return s
}

func shopSignals(now time.Time) []wire.Signal {
	var out []wire.Signal
	for i := range 5 {
		out = append(out, injection(now.Add(time.Duration(i-60)*time.Second), fmt.Sprintf("r-%d", i+1), true))
	}
	for i := range 40 {
		out = append(out, wire.Signal{
			Kind: wire.KindHTTPError, Name: wire.NameNotFound, Time: now.Add(time.Duration(i-50) * time.Second), IP: Scanner,
			Request: &wire.Request{ID: fmt.Sprintf("n-%d", i), Method: "GET", Path: fmt.Sprintf("/backup-%d.sql", i), Host: "shop.example", Status: 404, UserAgent: "gobuster/3.5"},
		})
	}
	for i := range 30 {
		out = append(out, wire.Signal{
			Kind: wire.KindUser, Name: wire.NameLoginFailure, Time: now.Add(time.Duration(i-45) * time.Second), IP: Stuffer,
			User:    map[string]string{"email": fmt.Sprintf("user%d@example.com", i)},
			Request: &wire.Request{ID: fmt.Sprintf("l-%d", i), Method: "POST", Path: "/login", Route: "POST /login", Host: "shop.example", Status: 401},
		})
	}
	return append(out, wire.Signal{
		Kind: wire.KindUser, Name: wire.NameLoginSuccess, Time: now, IP: "192.0.2.10", User: map[string]string{"email": "alice@example.com"},
		Request: &wire.Request{ID: "ok-1", Method: "POST", Path: "/login", Route: "POST /login", Host: "shop.example", Status: 303},
	})
}

// Evil is part of a path and of a payload that would clear the screen, set the
// window's title and reverse the text, were it written to a terminal as it is.
const Evil = "\x1b[2J\x1b]0;owned\x07\u202eexe"

func injection(at time.Time, request string, blocked bool) wire.Signal {
	payload := "x' UNION SELECT email,password FROM users--" + Evil
	statement := "SELECT name FROM products WHERE name LIKE '%" + payload + "%'"
	status := 200
	if blocked {
		status = 403
	}
	return wire.Signal{
		Kind: wire.KindAttack, Name: wire.NameAttack, Time: at, IP: Injector,
		Request: &wire.Request{
			ID: request, Method: "GET", Scheme: "http", Host: "shop.example", Path: "/search" + Evil, Route: "GET /search",
			UserAgent: "sqlmap/1.7.2", Params: map[string][]string{"query.q": {payload}}, Status: status, Blocked: blocked,
		},
		Attack: &wire.Attack{
			Kind: wire.AttackSQLi, Protection: "rasp", Rule: "sqli.tokens", Blocked: blocked, Reached: true, Severity: "high", Confidence: "high",
			Param: "query.q", Payload: payload, Match: "' UNION SELECT", Message: "the parameter query.q changes the structure of an SQL statement",
			Sink: &wire.Sink{Type: "sql", Statement: statement, Start: 44, End: 44 + len(payload), Dialect: "sqlite", Database: "shop.db"},
		},
		Stack: []wire.Frame{
			{Function: "example.com/shop.(*Shop).search", File: "shop/catalogue.go", Line: 87, InApp: true},
			{Function: "net/http.HandlerFunc.ServeHTTP", File: "net/http/server.go", Line: 2322},
		},
	}
}
