package server

import "github.com/sqreen/sqreen/localplatform"

// Operation is one operation of the operators' API.
type Operation struct {
	Method, Path string // below client.Prefix, with {names} in braces
	ID, Summary  string
	Role         localplatform.Role // the least that is enough
}

// Operations lists the operators' API.
func Operations() []Operation {
	var out []Operation
	for _, rt := range routes() {
		out = append(out, Operation{Method: rt.method, Path: rt.path, ID: rt.id, Summary: rt.summary, Role: rt.role})
	}
	return out
}
