package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/client"
	"github.com/sqreen/sqreen/localplatform/server"
)

type openAPI struct {
	OpenAPI    string                          `json:"openapi"`
	Paths      map[string]map[string]operation `json:"paths"`
	Components struct {
		Schemas map[string]map[string]any `json:"schemas"`
	} `json:"components"`
}

type operation struct {
	OperationID string `json:"operationId"`
	Parameters  []struct {
		Name     string         `json:"name"`
		In       string         `json:"in"`
		Required bool           `json:"required"`
		Schema   map[string]any `json:"schema"`
	} `json:"parameters"`
	Responses map[string]struct {
		Content map[string]struct {
			Schema map[string]any `json:"schema"`
		} `json:"content"`
	} `json:"responses"`
}

func (r *running) description() openAPI {
	r.t.Helper()
	status, _, text := r.do(http.MethodGet, client.Prefix+"/openapi.json", "", "")
	if status != http.StatusOK {
		r.t.Fatalf("openapi.json: %d", status)
	}
	var d openAPI
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		r.t.Fatal(err)
	}
	return d
}

// The description names every operation that the server answers and no other,
// and what is answered has the form that is described.
func TestDescriptionAndServerAgree(t *testing.T) {
	r := start(t, server.Options{Now: atNoon})
	r.seed()
	d := r.description()
	if d.OpenAPI != "3.1.0" {
		t.Errorf("version %q", d.OpenAPI)
	}
	described := map[string]bool{}
	for path, methods := range d.Paths {
		for method, op := range methods {
			described[strings.ToUpper(method)+" "+path] = true
			if op.OperationID == "" || op.Responses == nil {
				t.Errorf("%s %s says too little", method, path)
			}
			for _, p := range op.Parameters {
				if (p.In == "path") != strings.Contains(path, "{"+p.Name+"}") {
					t.Errorf("%s %s: parameter %s in %s", method, path, p.Name, p.In)
				}
			}
		}
	}
	served := map[string]bool{"GET " + client.Prefix + "/openapi.json": true}
	for _, op := range server.Operations() {
		served[op.Method+" "+client.Prefix+op.Path] = true
	}
	for op := range served {
		if !described[op] {
			t.Errorf("%s is not described", op)
		}
	}
	for op := range described {
		if !served[op] {
			t.Errorf("%s is described but not served", op)
		}
	}
	r.checkAnswers(d)
}

// checkAnswers asks every GET operation and holds the answer against the
// description. Every path that is described answers to nothing but its methods.
func (r *running) checkAnswers(d openAPI) {
	r.t.Helper()
	token := r.operator(localplatform.RoleAdmin)
	values := strings.NewReplacer("{name}", "shop", "{id}", "1", "{pos}", "1")
	for path, methods := range d.Paths {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			_, known := methods[strings.ToLower(method)]
			status, _, body := r.do(method, values.Replace(path), token, "!")
			if unknown := status == http.StatusNotFound && strings.Contains(body, "nothing at this address"); unknown == known {
				r.t.Errorf("%s %s: described %v, answered %d", method, path, known, status)
			}
		}
		op, ok := methods["get"]
		if !ok || op.Responses["200"].Content == nil {
			continue
		}
		query := "?"
		for _, p := range op.Parameters {
			if p.Required && p.In == "query" {
				query += p.Name + "=" + map[string]string{"app": "shop", "schema": "apps", "field": "name", "id": "r-0"}[p.Name] + "&"
			}
		}
		status, _, body := r.do(http.MethodGet, values.Replace(path)+query, token, "")
		if status != http.StatusOK {
			r.t.Errorf("GET %s: %d %s", path, status, body)
			continue
		}
		var v any
		if err := json.Unmarshal([]byte(body), &v); err != nil {
			r.t.Errorf("GET %s: %v", path, err)
			continue
		}
		for _, wrong := range d.check(v, op.Responses["200"].Content["application/json"].Schema, "") {
			r.t.Errorf("GET %s: %s", path, wrong)
		}
	}
}

// check holds a value against a schema, as far as the description uses schemas.
func (d *openAPI) check(v any, schema map[string]any, where string) (wrong []string) {
	if ref, ok := schema["$ref"].(string); ok {
		return d.check(v, d.Components.Schemas[strings.TrimPrefix(ref, "#/components/schemas/")], where)
	}
	bad := func(what string) []string { return []string{fmt.Sprintf("%s: %s, got %v", where, what, v)} }
	switch schema["type"] {
	case "object":
		m, ok := v.(map[string]any)
		if !ok {
			return bad("want an object")
		}
		return d.checkObject(m, schema, where)
	case "array":
		list, ok := v.([]any)
		if !ok {
			return bad("want an array")
		}
		items, _ := schema["items"].(map[string]any)
		for i, item := range list {
			wrong = append(wrong, d.check(item, items, fmt.Sprintf("%s[%d]", where, i))...)
		}
	case "string":
		s, ok := v.(string)
		if !ok {
			return bad("want a string")
		}
		if enum, ok := schema["enum"].([]any); ok && !slices.Contains(enum, any(s)) {
			return bad("want one of " + fmt.Sprint(enum))
		}
	case "integer":
		if n, ok := v.(float64); !ok || n != float64(int64(n)) {
			return bad("want a whole number")
		}
	case "number":
		if _, ok := v.(float64); !ok {
			return bad("want a number")
		}
	case "boolean":
		if _, ok := v.(bool); !ok {
			return bad("want true or false")
		}
	case nil:
		if schema["description"] == nil {
			return bad("no type is described")
		}
	}
	return wrong
}

func (d *openAPI) checkObject(m, schema map[string]any, where string) (wrong []string) {
	properties, _ := schema["properties"].(map[string]any)
	others, open := schema["additionalProperties"].(map[string]any)
	for name, v := range m {
		p, known := properties[name].(map[string]any)
		switch {
		case known:
			wrong = append(wrong, d.check(v, p, where+"."+name)...)
		case open:
			wrong = append(wrong, d.check(v, others, where+"."+name)...)
		default:
			wrong = append(wrong, where+"."+name+" is not described")
		}
	}
	required, _ := schema["required"].([]any)
	for _, name := range required {
		if _, ok := m[name.(string)]; !ok {
			wrong = append(wrong, fmt.Sprintf("%s.%s is missing", where, name))
		}
	}
	return wrong
}
