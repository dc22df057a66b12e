package server

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/client"
)

// object is a JSON object of the description.
type object = map[string]any

// describe writes the OpenAPI description of the operators' API from the table
// of routes and the Go types that travel.
func describe(version string) ([]byte, error) {
	d := &describer{schemas: object{}, named: map[reflect.Type]string{}}
	paths := object{}
	for _, rt := range routes() {
		item, ok := paths[client.Prefix+rt.path].(object)
		if !ok {
			item = object{}
			paths[client.Prefix+rt.path] = item
		}
		item[strings.ToLower(rt.method)] = d.operation(&rt)
	}
	paths[client.Prefix+"/openapi.json"] = object{"get": object{
		"operationId": "openapi", "summary": "This description", "security": []any{},
		"responses": object{"200": object{"description": "OK"}},
	}}
	if version == "" {
		version = "unknown"
	}
	doc := object{
		"openapi": "3.1.0",
		"info": object{
			"title": "sqreen operators' API", "version": version,
			"description": "What commands, the explorer and scripts ask a platform. Agents speak another protocol.",
			"license":     object{"name": "Apache-2.0", "identifier": "Apache-2.0"},
		},
		"security": []any{object{"token": []any{}}},
		"paths":    paths,
		"components": object{
			"schemas":         d.schemas,
			"securitySchemes": object{"token": object{"type": "http", "scheme": "bearer", "description": "An operator token: sqreen tokens create --operator NAME --role ROLE"}},
			"responses":       object{"Error": object{"description": "What is wrong, and what to do", "content": content(d.schema(typeOf[client.ErrorBody]()))}},
		},
	}
	out, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("describe the API: %w", err)
	}
	return append(out, '\n'), nil
}

// describer turns Go types into schemas, each named type once.
type describer struct {
	schemas object
	named   map[reflect.Type]string
}

func content(schema any) object {
	return object{"application/json": object{"schema": schema}}
}

func (d *describer) operation(rt *route) object {
	parameters := []any{}
	for _, name := range pathParams(rt.path) {
		kind := "string"
		if name == "pos" || strings.HasPrefix(rt.path, "/incidents/") {
			kind = "integer"
		}
		parameters = append(parameters, object{"name": name, "in": "path", "required": true, "schema": paramSchema(kind)})
	}
	for _, p := range rt.params {
		parameters = append(parameters, object{"name": p.name, "in": "query", "required": p.required, "description": p.doc, "schema": paramSchema(p.kind)})
	}
	op := object{
		"operationId": rt.id, "summary": rt.summary, "description": "Needs the role " + string(rt.role) + ".",
		"parameters": parameters,
		"responses":  object{"default": object{"$ref": "#/components/responses/Error"}},
	}
	if rt.body != nil {
		op["requestBody"] = object{"required": true, "content": content(d.schema(rt.body))}
	}
	responses, _ := op["responses"].(object)
	if rt.reply == nil {
		responses["204"] = object{"description": "Done"}
	} else {
		responses["200"] = object{"description": "OK", "content": content(d.schema(rt.reply))}
	}
	return op
}

func pathParams(path string) []string {
	var out []string
	for _, m := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(path, -1) {
		out = append(out, m[1])
	}
	return out
}

func paramSchema(kind string) object {
	switch kind {
	case "integer":
		return object{"type": "integer", "format": "int64"}
	case "boolean":
		return object{"type": "boolean"}
	case "date-time":
		return object{"type": "string", "format": "date-time"}
	case "duration":
		return object{"type": "string", "pattern": `^(\d+(\.\d+)?(ns|us|ms|s|m|h))+$`, "examples": []string{"30s", "1h30m"}}
	case "strings":
		return object{"type": "array", "items": object{"type": "string"}}
	}
	return object{"type": "string"}
}

// schema describes a type. Named structs are put under components and referred
// to.
func (d *describer) schema(t reflect.Type) object {
	switch t {
	case typeOf[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case typeOf[time.Duration]():
		return object{"type": "integer", "format": "int64", "description": "nanoseconds"}
	case typeOf[netip.Addr]():
		return object{"type": "string", "description": "IPv4 or IPv6 address"}
	case typeOf[json.RawMessage]():
		return object{"description": "any JSON value"}
	case typeOf[localplatform.Severity]():
		return object{"type": "string", "enum": append([]string{""}, localplatform.Severities()...)}
	case typeOf[localplatform.Role]():
		return object{"type": "string", "enum": localplatform.Roles()}
	case typeOf[localplatform.IncidentState]():
		return object{"type": "string", "enum": localplatform.IncidentStates()}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return d.schema(t.Elem())
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Float64, reflect.Float32:
		return object{"type": "number"}
	case reflect.Slice:
		return object{"type": "array", "items": d.schema(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": d.schema(t.Elem())}
	case reflect.Struct:
		return d.reference(t)
	case reflect.Interface:
		return object{"description": "any JSON value"}
	default:
		return object{"type": "integer", "format": "int64"}
	}
}

func (d *describer) reference(t reflect.Type) object {
	if name, ok := d.named[t]; ok {
		return object{"$ref": "#/components/schemas/" + name}
	}
	name := t.Name()
	if _, taken := d.schemas[name]; taken {
		name = path.Base(t.PkgPath()) + name // wire.Policy beside localplatform.Policy
	}
	d.named[t] = name
	d.schemas[name] = object{} // known while its fields are described: types may contain themselves
	properties := object{}
	required := d.fields(t, properties)
	s := object{"type": "object", "properties": properties}
	if len(required) > 0 {
		slices.Sort(required)
		s["required"] = slices.Compact(required)
	}
	d.schemas[name] = s
	return object{"$ref": "#/components/schemas/" + name}
}

// fields describes the fields of a struct; those of embedded structs as
// encoding/json writes them, the outer ones winning.
func (d *describer) fields(t reflect.Type, properties object) (required []string) {
	for f := range structFields(t) {
		if f.Anonymous && f.Tag.Get("json") == "" {
			required = append(required, d.fields(f.Type, properties)...)
		}
	}
	for f := range structFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" || name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		properties[name] = d.schema(f.Type)
		if !strings.Contains(options, "omit") {
			required = append(required, name)
		}
	}
	return required
}

func structFields(t reflect.Type) func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && !yield(f) {
				return
			}
		}
	}
}
