package ingest

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sqreen/sqreen/agentkit/wire"
)

// facts are what an event takes from a signal. The rest of the signal is
// checked and kept as it came.
type facts struct {
	kind, name, time, ip                                       string
	request, method, host, path, route, userAgent              string
	attack, protection, rule, severity, param, message, action string
	status, weight                                             int64
	requestBlocked, attackBlocked, reached                     bool
	hasAttack, hasAction                                       bool
	user                                                       []identifier
}

type identifier struct{ key, value string }

// decoder reads one signal in a single pass: it checks everything, types of
// known fields included, and picks out the facts. What it accepts,
// encoding/json can unmarshal into a wire.Signal.
//
// It is strict where leniency would let two readers see different things: a
// known field may not come twice nor in another case. Unknown fields are
// skipped, since a newer agent may send some.
type decoder struct {
	scanner
	source string // the same bytes as data, so that texts can share them
	facts  facts
}

// field is a known member of an object, and what becomes of it.
type field struct {
	name  string
	text  func(*facts) *string
	whole func(*facts) *int64
	flag  func(*facts) *bool
	read  func(*decoder) error // for everything else; null never gets here
}

// The known fields, in the order in which agents write them.
var (
	signalFields = []field{
		{name: "kind", text: func(f *facts) *string { return &f.kind }},
		{name: "name", text: func(f *facts) *string { return &f.name }},
		{name: "time", read: (*decoder).readTime},
		{name: "ip", text: func(f *facts) *string { return &f.ip }},
		{name: "user", read: (*decoder).readUser},
		{name: "request", read: func(d *decoder) error { return d.object(requestFields) }},
		{name: "attack", read: (*decoder).readAttack},
		{name: "event", read: func(d *decoder) error { return d.object(eventFields) }},
		{name: "action", read: (*decoder).readAction},
		{name: "stack", read: (*decoder).readStack},
		{name: "weight", whole: func(f *facts) *int64 { return &f.weight }},
	}
	requestFields = []field{
		{name: "id", text: func(f *facts) *string { return &f.request }},
		{name: "method", text: func(f *facts) *string { return &f.method }},
		{name: "scheme", read: (*decoder).checkText},
		{name: "host", text: func(f *facts) *string { return &f.host }},
		{name: "port", read: (*decoder).checkText},
		{name: "path", text: func(f *facts) *string { return &f.path }},
		{name: "query", read: (*decoder).checkText},
		{name: "route", text: func(f *facts) *string { return &f.route }},
		{name: "remote", read: (*decoder).checkText},
		{name: "user_agent", text: func(f *facts) *string { return &f.userAgent }},
		{name: "referer", read: (*decoder).checkText},
		{name: "headers", read: (*decoder).checkLists},
		{name: "params", read: (*decoder).checkLists},
		{name: "status", whole: func(f *facts) *int64 { return &f.status }},
		{name: "blocked", flag: func(f *facts) *bool { return &f.requestBlocked }},
		{name: "us", read: (*decoder).checkWhole},
	}
	attackFields = []field{
		{name: "kind", text: func(f *facts) *string { return &f.attack }},
		{name: "protection", text: func(f *facts) *string { return &f.protection }},
		{name: "rule", text: func(f *facts) *string { return &f.rule }},
		{name: "blocked", flag: func(f *facts) *bool { return &f.attackBlocked }},
		{name: "reached", flag: func(f *facts) *bool { return &f.reached }},
		{name: "severity", text: func(f *facts) *string { return &f.severity }},
		{name: "confidence", read: (*decoder).checkText},
		{name: "param", text: func(f *facts) *string { return &f.param }},
		{name: "payload", read: (*decoder).checkText},
		{name: "match", read: (*decoder).checkText},
		{name: "message", text: func(f *facts) *string { return &f.message }},
		{name: "sink", read: func(d *decoder) error { return d.object(sinkFields) }},
	}
	sinkFields = []field{
		{name: "type", read: (*decoder).checkText},
		{name: "statement", read: (*decoder).checkText},
		{name: "start", read: (*decoder).checkWhole},
		{name: "end", read: (*decoder).checkWhole},
		{name: "dialect", read: (*decoder).checkText},
		{name: "database", read: (*decoder).checkText},
		{name: "target", read: (*decoder).checkText},
	}
	eventFields = []field{
		{name: "properties", read: (*decoder).checkProperties},
	}
	actionFields = []field{
		{name: "id", text: func(f *facts) *string { return &f.action }},
		{name: "url", read: (*decoder).checkText},
	}
	frameFields = []field{
		{name: "function", read: (*decoder).checkText},
		{name: "file", read: (*decoder).checkText},
		{name: "line", read: (*decoder).checkWhole},
		{name: "in_app", read: (*decoder).checkFlag},
	}
)

// decode reads a signal. raw must be valid UTF-8; the texts of the facts share
// one copy of it. The user list is valid until the next call.
func (d *decoder) decode(raw []byte) (*facts, error) {
	if len(raw) > wire.MaxSignalBytes {
		return nil, refuse(classSize, "longer than %d bytes", wire.MaxSignalBytes)
	}
	d.scanner = scanner{data: raw}
	d.source = string(raw)
	d.facts = facts{user: d.facts.user[:0]}
	if d.peek() != '{' {
		return nil, refuse(classSyntax, "not a JSON object")
	}
	if err := d.object(signalFields); err != nil {
		return nil, err
	}
	return &d.facts, d.end()
}

// object reads an object whose known members are given.
func (d *decoder) object(known []field) error {
	if err := d.open('{'); err != nil {
		return wantType(err, "an object")
	}
	var seen uint32
	hint := 0
	for n := 0; ; n++ {
		more, err := d.next(n, '}')
		if !more {
			return err
		}
		key, err := d.key()
		if err != nil {
			return err
		}
		i, err := find(known, key, hint)
		if err != nil {
			return err
		}
		if i < 0 {
			if err := d.skip(); err != nil {
				return err
			}
			continue
		}
		if seen&(1<<i) != 0 {
			return refuse(classField, "%s: given twice", known[i].name)
		}
		seen |= 1 << i
		hint = i + 1
		if err := d.member(&known[i]); err != nil {
			return within(known[i].name, err)
		}
	}
}

// find looks a key up, beginning at hint: agents write fields in order. -1
// means unknown.
func find(known []field, key []byte, hint int) (int, error) {
	for i := hint; i < len(known); i++ {
		if string(key) == known[i].name {
			return i, nil
		}
	}
	for i := range hint {
		if string(key) == known[i].name {
			return i, nil
		}
	}
	for i := range known {
		if strings.EqualFold(string(key), known[i].name) {
			return 0, refuse(classField, "%s: must be written in lower case", known[i].name)
		}
	}
	return -1, nil
}

// member reads the value of a known field. null means absent.
func (d *decoder) member(f *field) (err error) {
	if d.null() {
		return nil
	}
	switch {
	case f.text != nil:
		*f.text(&d.facts), err = d.readText()
	case f.whole != nil:
		*f.whole(&d.facts), err = d.readWhole()
	case f.flag != nil:
		*f.flag(&d.facts), err = d.readFlag()
	default:
		err = f.read(d)
	}
	return err
}

// within puts the name of a field before a refusal.
func within(name string, err error) error {
	r, ok := err.(*refusal) //nolint:errorlint // made in this package and never wrapped
	if !ok || r.class == classSyntax {
		return err
	}
	if strings.Contains(r.text, ": ") {
		return &refusal{class: r.class, text: name + "." + r.text}
	}
	return &refusal{class: r.class, text: name + ": " + r.text}
}

// wantType turns a grammar error at the start of a value into one about its type.
func wantType(err error, what string) error {
	if r, ok := err.(*refusal); ok && r.class == classSyntax { //nolint:errorlint // see within
		return refuse(classField, "must be %s", what)
	}
	return err
}

func (d *decoder) readText() (string, error) {
	if d.peek() != '"' {
		return "", refuse(classField, "must be a string")
	}
	start, end, escaped, err := d.text()
	if err != nil {
		return "", err
	}
	if escaped {
		return string(unescape(d.data[start:end])), nil
	}
	return d.source[start:end], nil
}

// readTime reads a time as encoding/json does, which does not unescape it.
func (d *decoder) readTime() error {
	if d.peek() != '"' {
		return refuse(classField, "must be a string")
	}
	start, end, _, err := d.text()
	if err != nil {
		return err
	}
	d.facts.time = d.source[start:end]
	return nil
}

func (d *decoder) readWhole() (int64, error) {
	if c := d.peek(); c != '-' && (c < '0' || c > '9') {
		return 0, refuse(classField, "must be a whole number")
	}
	text, err := d.number()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		return 0, refuse(classField, "must be a whole number")
	}
	return n, nil
}

func (d *decoder) readFlag() (bool, error) {
	switch d.peek() {
	case 't':
		return true, d.literal("true")
	case 'f':
		return false, d.literal("false")
	}
	return false, refuse(classField, "must be true or false")
}

func (d *decoder) checkText() error {
	if d.peek() != '"' {
		return refuse(classField, "must be a string")
	}
	_, _, _, err := d.text()
	return err
}

func (d *decoder) checkWhole() error {
	_, err := d.readWhole()
	return err
}

func (d *decoder) checkFlag() error {
	_, err := d.readFlag()
	return err
}

// checkLists checks an object of lists of strings: headers, parameters.
func (d *decoder) checkLists() error {
	return d.members(func([]byte) error {
		if d.null() {
			return nil
		}
		if err := d.open('['); err != nil {
			return wantType(err, "an object of lists of strings")
		}
		for n := 0; ; n++ {
			more, err := d.next(n, ']')
			if !more {
				return err
			}
			if d.null() {
				continue
			}
			if err := d.checkText(); err != nil {
				return err
			}
		}
	})
}

// members calls value for each member of an object with free names.
func (d *decoder) members(value func(key []byte) error) error {
	if err := d.open('{'); err != nil {
		return wantType(err, "an object")
	}
	for n := 0; ; n++ {
		more, err := d.next(n, '}')
		if !more {
			return err
		}
		key, err := d.key()
		if err != nil {
			return err
		}
		if err := value(key); err != nil {
			return err
		}
	}
}

func (d *decoder) checkProperties() error {
	count := 0
	return d.members(func(key []byte) error {
		if count++; count > wire.MaxProperties {
			return refuse(classSize, "more than %d", wire.MaxProperties)
		}
		if len(key) == 0 || len(key) > wire.MaxNameBytes {
			return refuse(className, "names must have 1 to %d bytes", wire.MaxNameBytes)
		}
		return d.skip()
	})
}

func (d *decoder) readUser() error {
	return d.members(func(key []byte) error {
		if len(key) == 0 || len(key) > wire.MaxNameBytes {
			return refuse(className, "names must have 1 to %d bytes", wire.MaxNameBytes)
		}
		id := identifier{key: string(key)}
		if !d.null() {
			var err error
			if id.value, err = d.readText(); err != nil {
				return err
			}
		}
		// The last of several with one name counts, as in every JSON reader.
		d.facts.user = slices.DeleteFunc(d.facts.user, func(o identifier) bool { return o.key == id.key })
		if len(d.facts.user) == wire.MaxUserIdentifiers {
			return refuse(classSize, "more than %d identifiers", wire.MaxUserIdentifiers)
		}
		d.facts.user = append(d.facts.user, id)
		return nil
	})
}

func (d *decoder) readAttack() error {
	d.facts.hasAttack = true
	return d.object(attackFields)
}

func (d *decoder) readAction() error {
	d.facts.hasAction = true
	return d.object(actionFields)
}

func (d *decoder) readStack() error {
	if err := d.open('['); err != nil {
		return wantType(err, "a list of frames")
	}
	for n := 0; ; n++ {
		more, err := d.next(n, ']')
		if !more {
			return err
		}
		if n == wire.MaxStackFrames {
			return refuse(classSize, "more than %d frames", wire.MaxStackFrames)
		}
		if d.null() {
			continue
		}
		if err := d.object(frameFields); err != nil {
			return err
		}
	}
}

// repair replaces every byte that is not UTF-8 by U+FFFD, as encoding/json does
// when it decodes. Valid input is returned as it is.
func repair(raw []byte) []byte {
	if utf8.Valid(raw) {
		return raw
	}
	out := make([]byte, 0, len(raw)+16)
	for len(raw) > 0 {
		r, n := utf8.DecodeRune(raw)
		out = utf8.AppendRune(out, r)
		raw = raw[n:]
	}
	return out
}
