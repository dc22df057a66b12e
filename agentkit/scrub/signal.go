package scrub

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/sqreen/sqreen/agentkit/wire"
)

// Signal scrubs s in place. What s points to is replaced by scrubbed copies and
// never written to, so it may be shared with the caller. A value that was
// removed anywhere is removed everywhere, if it has at least four characters;
// words of the protocol, such as kinds and names, and addresses stay.
func (s *Scrubber) Signal(sig *wire.Signal) {
	found := &secrets{}
	r := s.run(found)
	// First everything by its own rules, which also finds the secrets; then the
	// secrets wherever they are.
	r.signal(sig)
	eraser{found}.signal(sig)
}

func (r *run) signal(s *wire.Signal) {
	s.User = texts(s.User, r.param)
	if s.Request != nil {
		s.Request = r.request(*s.Request)
	}
	if s.Attack != nil {
		s.Attack = r.attack(*s.Attack)
	}
	if s.Event != nil {
		s.Event = &wire.Event{Properties: r.properties(s.Event.Properties)}
	}
	if s.Action != nil {
		s.Action = &wire.ActionHit{ID: s.Action.ID, URL: r.url(s.Action.URL)}
	}
}

func (r *run) request(q wire.Request) *wire.Request {
	q.Params = r.lists(q.Params, (*run).param)
	q.Headers = r.lists(q.Headers, (*run).header)
	q.Path = r.matches(q.Path)
	q.Query = r.query(q.Query)
	q.UserAgent = r.free(q.UserAgent)
	q.Referer = r.url(q.Referer)
	return &q
}

func (r *run) attack(a wire.Attack) *wire.Attack {
	if r.sensitive(a.Param) {
		a.Payload = r.remove(a.Payload)
		a.Match = r.remove(a.Match)
		a.Message = r.free(a.Message)
	} else {
		a.Payload = r.free(a.Payload)
		a.Match = r.free(a.Match)
		a.Message = r.free(a.Message)
	}
	if a.Sink != nil {
		a.Sink = r.sink(*a.Sink)
	}
	return &a
}

func (r *run) sink(k wire.Sink) *wire.Sink {
	var e edited
	switch k.Type {
	case "sql":
		e = r.statement(k.Statement, k.Dialect)
	case "http-client":
		e = whole(k.Statement, r.url(k.Statement))
		k.Target = r.url(k.Target)
	default:
		e = whole(k.Statement, r.free(k.Statement))
	}
	k.Statement, k.Start, k.End = e.text, e.place(k.Start, false), e.place(k.End, true)
	return &k
}

// whole is an edit that is not known in detail: nothing, or everything.
func whole(before, after string) edited {
	if before == after {
		return edited{text: after}
	}
	return edited{after, []edit{{0, len(before), after}}}
}

func texts(m map[string]string, fn func(key, value string) string) map[string]string {
	if m == nil {
		return nil
	}
	out := make(map[string]string, len(m))
	for k, v := range m {
		out[k] = fn(k, v)
	}
	return out
}

func (r *run) properties(m map[string]any) map[string]any {
	if m == nil {
		return nil
	}
	out, _ := r.value(m, 0).(map[string]any)
	return out
}

// value scrubs a value of an event's properties. Whatever is no plain JSON value
// becomes one first.
func (r *run) value(v any, depth int) any {
	if depth > wire.MaxDepth {
		return wire.Redacted
	}
	switch v := v.(type) {
	case nil, bool:
		return v
	case string:
		return r.free(v)
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, item := range v {
			if r.sensitive(key) {
				out[r.matches(key)] = r.tree(item, depth+1)
			} else {
				out[r.matches(key)] = r.value(item, depth+1)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = r.value(item, depth+1)
		}
		return out
	case json.Number:
		return r.number(v, v.String())
	case float64:
		return r.number(v, strconv.FormatFloat(v, 'f', -1, 64))
	case int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
		return r.number(v, fmt.Sprint(v))
	default:
		plain, err := jsonValue(v)
		if err != nil {
			return wire.Redacted // it would not be sent either
		}
		return r.value(plain, depth+1)
	}
}

// jsonValue turns v into plain JSON values.
func jsonValue(v any) (any, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var out any
	err = json.Unmarshal(text, &out)
	return out, err
}

// number removes a number that is a card's.
func (r *run) number(v any, text string) any {
	if r.matches(text) != text {
		return wire.Redacted
	}
	return v
}

// tree removes all that is below a sensitive key.
func (r *run) tree(v any, depth int) any {
	if depth > wire.MaxDepth {
		return wire.Redacted
	}
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		return r.remove(v)
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, item := range v {
			out[r.matches(key)] = r.tree(item, depth+1)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = r.tree(item, depth+1)
		}
		return out
	case bool, float64, json.Number, int, int64:
		return r.remove(fmt.Sprint(v))
	default:
		plain, err := jsonValue(v)
		if err != nil {
			return wire.Redacted
		}
		return r.tree(plain, depth+1)
	}
}

// eraser removes known secrets from every free text of a signal.
type eraser struct{ *secrets }

func (e eraser) text(t string) string { return e.erase(t).text }

func (e eraser) signal(s *wire.Signal) {
	if len(e.values) == 0 {
		return
	}
	s.User = texts(s.User, func(_, v string) string { return e.text(v) })
	if s.Request != nil {
		e.request(s.Request)
	}
	if s.Attack != nil {
		e.attack(s.Attack)
	}
	if s.Event != nil {
		s.Event.Properties, _ = e.value(s.Event.Properties).(map[string]any)
	}
	if s.Action != nil {
		s.Action.URL = e.text(s.Action.URL)
	}
	e.stack(s)
}

// request writes to the copies that the first pass made.
func (e eraser) request(q *wire.Request) {
	for _, p := range []*string{&q.Host, &q.Path, &q.Query, &q.Route, &q.UserAgent, &q.Referer} {
		*p = e.text(*p)
	}
	q.Headers, q.Params = e.lists(q.Headers), e.lists(q.Params)
}

func (e eraser) lists(m map[string][]string) map[string][]string {
	if m == nil {
		return nil
	}
	out := make(map[string][]string, len(m))
	for k, values := range m {
		k = e.text(k)
		for _, v := range values {
			out[k] = append(out[k], e.text(v))
		}
	}
	return out
}

func (e eraser) attack(a *wire.Attack) {
	for _, p := range []*string{&a.Param, &a.Payload, &a.Match, &a.Message} {
		*p = e.text(*p)
	}
	if a.Sink == nil {
		return
	}
	k := a.Sink
	x := e.erase(k.Statement)
	k.Statement, k.Start, k.End = x.text, x.place(k.Start, false), x.place(k.End, true)
	k.Target, k.Database = e.text(k.Target), e.text(k.Database)
}

func (e eraser) value(v any) any {
	switch v := v.(type) {
	case string:
		return e.text(v)
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, item := range v {
			out[e.text(key)] = e.value(item)
		}
		return out
	case []any:
		for i := range v {
			v[i] = e.value(v[i])
		}
		return v
	case float64, json.Number, int, int64, uint64:
		if t := fmt.Sprint(v); e.text(t) != t {
			return wire.Redacted
		}
		return v
	default:
		return v
	}
}

func (e eraser) stack(s *wire.Signal) {
	if s.Stack == nil {
		return
	}
	frames := make([]wire.Frame, len(s.Stack))
	for i, f := range s.Stack {
		f.Function, f.File = e.text(f.Function), e.text(f.File)
		frames[i] = f
	}
	s.Stack = frames
}
