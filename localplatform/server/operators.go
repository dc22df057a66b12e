package server

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/client"
)

// operationWithin bounds the work for one request of an operator.
const operationWithin = time.Minute

// operatorAPI serves the operators' API from the table of routes.
type operatorAPI struct {
	answers
	doorman  *doorman
	bodies   *bodies
	platform localplatform.Platform
	openapi  []byte
	closing  context.Context //nolint:containedctx // ends when the server begins to stop, to let live tails go
}

func (o *operatorAPI) routes(mux *http.ServeMux) {
	for _, rt := range routes() {
		mux.HandleFunc(rt.method+" "+client.Prefix+rt.path, func(w http.ResponseWriter, r *http.Request) { o.serve(&rt, w, r) })
	}
	mux.HandleFunc("GET "+client.Prefix+"/openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		o.send(w, http.StatusOK, "application/json", o.openapi)
	})
}

// serve answers one operation. Package api checks the role: it does so for
// callers in this process, too.
func (o *operatorAPI) serve(rt *route, w http.ResponseWriter, r *http.Request) {
	who, err := o.doorman.operator(r)
	if err != nil {
		o.fail(w, r, err)
		return
	}
	c := &call{r: r}
	if rt.body != nil {
		body, release, err := o.bodies.read(w, r, maxRequestBody)
		if err != nil {
			o.fail(w, r, err)
			return
		}
		defer release()
		c.body = body
	}
	ctx, cancel := context.WithTimeout(localplatform.WithCaller(r.Context(), who), operationWithin)
	defer cancel()
	if c.text("wait") != "" {
		defer context.AfterFunc(o.closing, cancel)()
	}
	v, err := rt.do(ctx, o.platform, c)
	if err == nil && c.text("wait") != "" { // the token may have been revoked meanwhile
		_, err = o.doorman.operator(r)
	}
	switch {
	case o.closing.Err() != nil && errors.Is(err, context.Canceled):
		err = localplatform.Errorf(localplatform.CodeUnavailable, "the platform is shutting down")
	case ctx.Err() != nil && errors.Is(err, context.DeadlineExceeded):
		err = localplatform.Errorf(localplatform.CodeUnavailable, "this took longer than %s", operationWithin).WithHint("ask for less: a narrower filter, a shorter time")
	}
	if err != nil {
		o.fail(w, r, err)
		return
	}
	o.ok(w, r, v)
}

// nothing answers everything that has no route.
func (a *answers) nothing(w http.ResponseWriter, r *http.Request) {
	a.fail(w, r, localplatform.Errorf(localplatform.CodeNotFound, "there is nothing at this address").
		WithHint("the API is described at %s/openapi.json", client.Prefix))
}
