package engine

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
)

// maxItems bounds a list or map inside a property.
const maxItems = 200

// copier makes plain JSON values out of whatever an application passed as a
// property: a later change, a cycle, a huge value or a channel must not matter.
type copier struct {
	q    *Request
	room int // bytes of text left
	cut  int // values shortened or left out
}

// copy returns v as nil, bool, int64, uint64, float64, string, []any or
// map[string]any.
func (c *copier) copy(v reflect.Value, depth int) any {
	for v.IsValid() && (v.Kind() == reflect.Interface || v.Kind() == reflect.Pointer) && depth < wire.MaxDepth {
		if v.IsNil() {
			return nil
		}
		if text, ok := c.special(v); ok {
			return text
		}
		v = v.Elem()
		depth++
	}
	if !v.IsValid() {
		return nil
	}
	if depth >= wire.MaxDepth-4 { // the signal around it has levels too
		c.cut++
		return nil
	}
	if text, ok := c.special(v); ok {
		return text
	}
	switch v.Kind() {
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return v.Uint()
	case reflect.Float32, reflect.Float64:
		return c.float(v.Float())
	case reflect.String:
		return c.text(v.String())
	case reflect.Slice, reflect.Array:
		return c.list(v, depth)
	case reflect.Map:
		return c.dict(v, depth)
	case reflect.Struct:
		return c.fields(v, depth)
	default: // functions, channels, complex numbers
		c.cut++
		return fmt.Sprintf("(%s)", v.Type())
	}
}

// special handles the types that have a text form of their own.
func (c *copier) special(v reflect.Value) (any, bool) {
	if !v.CanInterface() {
		return nil, false
	}
	switch x := v.Interface().(type) {
	case time.Time:
		return x.UTC().Format(time.RFC3339Nano), true
	case time.Duration:
		return x.String(), true
	case json.Number:
		return c.text(x.String()), true
	case error:
		return c.text(x.Error()), true
	case encoding.TextMarshaler:
		if b, err := x.MarshalText(); err == nil {
			return c.text(string(b)), true
		}
	}
	return nil, false
}

// float keeps what JSON can hold.
func (c *copier) float(f float64) any {
	if f != f || f-f != 0 { // not a number, or infinite
		return fmt.Sprint(f)
	}
	return f
}

func (c *copier) text(s string) string {
	short := c.q.clip(s, min(maxText, max(c.room, 0)))
	c.room -= len(short)
	return strings.ToValidUTF8(short, "\uFFFD")
}

func (c *copier) list(v reflect.Value, depth int) any {
	if v.Type().Elem().Kind() == reflect.Uint8 && v.Kind() == reflect.Slice {
		return c.text(string(v.Bytes()))
	}
	n := min(v.Len(), maxItems)
	c.cut += v.Len() - n
	out := make([]any, 0, n)
	for i := range n {
		if c.room <= 0 {
			c.cut += n - i
			break
		}
		c.room -= 8
		out = append(out, c.copy(v.Index(i), depth+1))
	}
	return out
}

func (c *copier) dict(v reflect.Value, depth int) any {
	limit := maxItems
	if depth == 0 {
		limit = wire.MaxProperties
	}
	keys := v.MapKeys()
	names := make(map[string]reflect.Value, len(keys))
	sorted := make([]string, 0, len(keys))
	for _, k := range keys {
		name := fmt.Sprint(k)
		names[name] = k
		sorted = append(sorted, name)
	}
	slices.Sort(sorted)
	if len(sorted) > limit {
		c.cut += len(sorted) - limit
		sorted = sorted[:limit]
	}
	out := make(map[string]any, len(sorted))
	for _, name := range sorted {
		if c.room <= 0 {
			c.cut++
			continue
		}
		c.room -= 8
		out[c.text(name)] = c.copy(v.MapIndex(names[name]), depth+1)
	}
	return out
}

func (c *copier) fields(v reflect.Value, depth int) any {
	out := make(map[string]any)
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		if len(out) == maxItems || c.room <= 0 {
			c.cut++
			continue
		}
		c.room -= 8
		out[name] = c.copy(v.Field(i), depth+1)
	}
	return out
}

// describePanic returns the type of a panic's value and its message when that
// is safe to ask for.
func describePanic(v any) (kind, message string) {
	kind = fmt.Sprintf("%T", v)
	switch x := v.(type) {
	case error:
		return kind, x.Error()
	case string:
		return kind, x
	case fmt.Stringer:
		return kind, x.String()
	}
	return kind, ""
}
