package printer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sqreen/sqreen/cmd/internal/iostreams"
)

// field is one exported field of a struct under its JSON name.
type field struct {
	name  string
	index []int
}

// FieldNames lists the JSON fields of a struct type in order of declaration.
func FieldNames(t reflect.Type) []string {
	var names []string
	for _, f := range fieldsOf(t) {
		names = append(names, f.name)
	}
	return names
}

// fieldsOf follows encoding/json's names. An embedded struct without a tag adds
// its own fields in place.
func fieldsOf(t reflect.Type) []field {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var out []field
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-", !f.IsExported() && !f.Anonymous:
		case name == "" && f.Anonymous:
			for _, inner := range fieldsOf(f.Type) {
				out = append(out, field{inner.name, append([]int{i}, inner.index...)})
			}
		case name == "":
			out = append(out, field{f.Name, []int{i}})
		default:
			out = append(out, field{name, []int{i}})
		}
	}
	return out
}

// object writes the named fields of v, all of them when names is nil, as a JSON
// object in the order asked for. A field is always present: absent times are
// null, absent lists are [].
func object(v any, names []string) (json.RawMessage, error) {
	rv := reflect.Indirect(reflect.ValueOf(v))
	all := fieldsOf(rv.Type())
	if names == nil {
		names = FieldNames(rv.Type())
	}
	var b bytes.Buffer
	b.WriteByte('{')
	for i, name := range names {
		if i > 0 {
			b.WriteByte(',')
		}
		index := find(all, name)
		if index == nil {
			return nil, fmt.Errorf("unknown JSON field %q", name)
		}
		val, err := value(rv.FieldByIndex(index))
		if err != nil {
			return nil, fmt.Errorf("write field %s: %w", name, err)
		}
		key, err := encode(name)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(val)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func find(all []field, name string) []int {
	for _, f := range all {
		if f.name == name {
			return f.index
		}
	}
	return nil
}

func value(v reflect.Value) ([]byte, error) {
	switch x := v.Interface().(type) {
	case time.Time:
		if x.IsZero() {
			return []byte("null"), nil
		}
		return encode(x)
	case netip.Addr:
		if !x.IsValid() {
			return []byte(`""`), nil
		}
		return encode(x)
	case json.RawMessage:
		if len(x) == 0 {
			return []byte("null"), nil
		}
		return encode(x)
	}
	if v.IsZero() || (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.Len() == 0 {
		switch v.Kind() {
		case reflect.Slice:
			return []byte("[]"), nil
		case reflect.Map:
			return []byte("{}"), nil
		default:
		}
	}
	return encode(v.Interface())
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// Marshal writes any value as the JSON that commands print: indented, ending in
// a line break, with everything escaped that a terminal might act on. Escaping
// happens in pipes too, so that the bytes do not depend on who reads them.
func Marshal(v any) ([]byte, error) {
	raw, err := encode(v)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return escapeActive(b.Bytes()), nil
}

// escapeActive rewrites characters inside JSON strings; outside of strings JSON
// is ASCII without them.
func escapeActive(in []byte) []byte {
	if !bytes.ContainsFunc(in, activeInJSON) {
		return in
	}
	out := make([]byte, 0, len(in)+16)
	for len(in) > 0 {
		r, n := utf8.DecodeRune(in)
		switch {
		case !activeInJSON(r):
			out = append(out, in[:n]...)
		case r > 0xffff:
			r -= 0x10000
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		in = in[n:]
	}
	return out
}

func activeInJSON(r rune) bool { return r >= 0x7f && r < 0xa0 || iostreams.Hidden(r) }
