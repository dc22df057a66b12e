package waf

import (
	"strings"
	"unsafe"

	"github.com/sqreen/sqreen/agentkit/waf/extract"
	"github.com/sqreen/sqreen/agentkit/waf/internal/decode"
	"github.com/sqreen/sqreen/agentkit/waf/internal/detect"
	"github.com/sqreen/sqreen/agentkit/waf/internal/scan"
)

// Limits of one inspection.
const (
	MaxLayers  = 6   // layers of encoding undone in one value
	MaxMatches = 32  // matches kept for one request
	maxHits    = 128 // occurrences of literals handled at a time
	maxKept    = 1 << 16
)

// Inspection looks at the values of one request. It comes from Begin, is used by
// one goroutine at a time, and goes back with End.
type Inspection struct {
	rs      *Ruleset
	matches []Match
	hits    scan.Hits
	found   detect.Findings
	view    detect.View
	buf     [2][]byte // decoding works from one into the other
	side    []byte    // base64 and the like
	query   []byte    // decoded parameters
	pairs   [maxJoined]place
	input   Input
	path    *extract.Path // where the value stands in a body that is being walked
	source  Source        // of the values of that body
	walker  extract.Walker
	trail   [MaxLayers + 2]decode.Steps
	depth   int
	values  int
	layers  int
}

func newInspection(rs *Ruleset) *Inspection {
	x := &Inspection{rs: rs}
	x.hits.IDs = make([]int32, 0, maxHits)
	x.hits.At = make([]int32, 0, maxHits)
	return x
}

// Begin returns an Inspection for one request. Call End when done.
func (rs *Ruleset) Begin() *Inspection { return rs.pool.Get().(*Inspection) }

// End gives the Inspection back. Matches that were taken from it stay valid.
func (x *Inspection) End() {
	s := &x.rs.stats
	s.Values.Add(uint64(x.values))
	if x.layers > 0 {
		s.Decoded.Add(uint64(x.layers))
	}
	x.values, x.layers = 0, 0
	x.matches = nil
	x.input, x.path = Input{}, nil
	x.view = detect.View{}
	for i := range x.buf {
		x.buf[i] = shrink(x.buf[i])
	}
	x.side, x.query = shrink(x.side), shrink(x.query)
	x.rs.pool.Put(x)
}

// shrink lets go of buffers that one large request needed.
func shrink(b []byte) []byte {
	if cap(b) > maxKept {
		return nil
	}
	return b[:0]
}

// Matches returns what was found so far, nil when nothing was.
func (x *Inspection) Matches() []Match { return x.matches }

// Inspect looks at a whole request at once.
func (rs *Ruleset) Inspect(r *Request) []Match {
	x := rs.Begin()
	x.Request(r)
	m := x.Matches()
	x.End()
	return m
}

// Value looks at one value. The key may be a temporary: it is copied when
// something matches, and so is the value.
func (x *Inspection) Value(src Source, key, value string) {
	if value == "" {
		return
	}
	x.values++
	x.input = Input{src, key, value}
	x.depth = 0
	where := detect.Value
	switch src {
	case Path, URI:
		where = detect.URLPath
	case Header:
		where = detect.Header
	case Body, File, Response:
		where = detect.Text
	}
	chars := x.judge(value, where)
	if chars&^scan.Plain != 0 || len(value) >= decode.MinBase64 && chars&scan.Dot == 0 {
		x.layersOf(value, chars, where)
	}
}

// judge runs the shared pass over one layer and whatever it opened.
func (x *Inspection) judge(s string, where detect.Where) scan.Chars {
	rs := x.rs
	x.hits.Reset()
	chars, next := rs.literals.Scan(s, 0, &x.hits, maxHits)
	if rs.shortIn.has(x.input.Source) {
		x.shorts(s)
	}
	if chars&^scan.Plain == 0 && len(x.hits.IDs) == 0 && rs.check == checkFast && (chars&scan.Dash == 0 || !strings.Contains(s, "--")) {
		return chars
	}
	if next < len(s) {
		chars |= scan.KindsOf(s[next:])
	}
	v := &x.view
	v.S, v.Chars, v.Words, v.Where, v.Decoded = s, chars, 0, where, x.depth > 0
	v.Forget()
	x.found.Reset()
	x.literals(s)
	for next < len(s) {
		x.hits.Reset()
		_, next = rs.literals.Scan(s, next, &x.hits, maxHits)
		x.literals(s)
	}
	for i := range rs.detectors {
		if where == detect.Markup {
			break
		}
		d := &rs.detectors[i]
		if rs.check == checkPlain || d.Open(v) {
			d.Run(v, &x.found)
		}
	}
	for i := range x.found.N {
		x.finding(s, x.found.List[i])
	}
	return chars
}

// literals follows the literals that were found to the rules and detectors that
// asked for them.
func (x *Inspection) literals(s string) {
	rs := x.rs
	for i, id := range x.hits.IDs {
		at := int(x.hits.At[i])
		for k := range rs.owners[id] {
			o := &rs.owners[id][k]
			switch {
			case x.view.Where == detect.Markup && (o.text < 0 || rs.detectors[o.det].Name != "xml"):
			case o.rule >= 0:
				if n := rs.literals.Len(int(id)); x.applies(o.rule) && o.holds(s, at, n) {
					x.report(o.rule, o.level, string(o.op), s[at:at+n])
				}
			case o.text < 0:
				x.view.Words |= o.bit
			default:
				rs.detectors[o.det].Phrase(&x.view, int(o.text), at, &x.found)
			}
		}
	}
}

// shorts looks for the texts that are too short for the shared pass.
func (x *Inspection) shorts(s string) {
	for i := range x.rs.short {
		t := &x.rs.short[i]
		if !x.applies(t.rule) {
			continue
		}
		for at := 0; at+len(t.text) <= len(s); at++ {
			if scan.HasFold(s[at:], t.text) && t.holds(s, at, len(t.text)) {
				x.report(t.rule, t.level, string(t.op), s[at:at+len(t.text)])
				break
			}
		}
	}
}

func (x *Inspection) finding(s string, f detect.Finding) {
	for _, packed := range x.rs.byClass[f.Class] {
		rule, level := int32(packed>>2), Confidence(packed&3)
		if x.applies(rule) {
			x.report(rule, min(level, Confidence(f.Level)), "detect "+f.Class.String(), s[f.Start:f.End])
		}
	}
}

// applies tells whether the rule looks at the source of the current input.
func (x *Inspection) applies(rule int32) bool {
	c := &x.rs.compiled[rule]
	if !c.in.has(x.input.Source) {
		return false
	}
	if x.input.Source != Header || len(c.headers) == 0 {
		return true
	}
	for _, h := range c.headers {
		if strings.EqualFold(h, x.input.Key) {
			return true
		}
	}
	return false
}

// report keeps a match: the surest one for each rule and address.
func (x *Inspection) report(rule int32, level Confidence, op, matched string) {
	r := &x.rs.rules[rule]
	for i := range x.matches {
		m := &x.matches[i]
		if m.Rule == r && m.Value == clipValue(x.input.Value) && m.Address == x.address() {
			if m.Confidence < level {
				m.Confidence, m.Operator, m.Matched, m.Steps = level, op, strings.Clone(matched), x.steps()
			}
			return
		}
	}
	if len(x.matches) >= MaxMatches {
		x.rs.stats.LeftOut.Add(1)
		return
	}
	x.rs.stats.Matches.Add(1)
	x.matches = append(x.matches, Match{
		Rule: r, Address: x.address(), Value: strings.Clone(clipValue(x.input.Value)),
		Matched: strings.Clone(matched), Operator: op, Steps: x.steps(), Confidence: level,
	})
}

// address writes down where the current value stands.
func (x *Inspection) address() string {
	in := x.input
	if in.Key == "" && x.path != nil {
		in.Key = x.path.String()
	}
	return strings.Clone(in.Address())
}

func clipValue(s string) string { return s[:min(len(s), MaxValueBytes)] }

// steps lists the decoding that led to the current layer.
func (x *Inspection) steps() []string {
	var out []string
	for _, s := range x.trail[:x.depth] {
		out = append(out, strings.Join(s.Names(), "+"))
	}
	return out
}

// encoded are the kinds of characters that escapes are written with.
const encoded = scan.Percent | scan.Amp | scan.Backslash | scan.High | scan.Control

// base64Kinds are the kinds of characters of base64.
const base64Kinds = scan.Space | scan.Letter | scan.Digit | scan.Plus | scan.Slash | scan.Equal | scan.Dash | scan.Newline

// layersOf undoes the encodings of a value, layer by layer, and judges each.
func (x *Inspection) layersOf(s string, chars scan.Chars, where detect.Where) {
	for turn := 0; ; turn++ {
		x.sides(s, chars, where)
		if chars&encoded == 0 {
			return
		}
		out, steps := decode.Layer(x.buf[turn&1][:0], s)
		x.buf[turn&1] = out
		if steps == 0 {
			return
		}
		if x.depth >= MaxLayers {
			x.rs.stats.TooDeep.Add(1)
			return
		}
		x.trail[x.depth] = steps
		x.depth++
		x.layers++
		s = view(out)
		chars = x.judge(s, where)
	}
}

// sides judges readings of a layer that lead nowhere else: pluses as spaces,
// UTF-7, and base64, whose content may be encoded once more.
func (x *Inspection) sides(s string, chars scan.Chars, where detect.Where) {
	if chars&(scan.Less|scan.Greater) == scan.Less|scan.Greater {
		if out, ok := x.keep(decode.StripTags(x.side[:0], s)); ok {
			x.aside(decode.Tags, out, where)
		}
	}
	if chars&scan.Plus != 0 && (chars&scan.Space == 0 && where != detect.Header || x.depth > 0) {
		x.aside(decode.Plus, decode.Pluses(x.side[:0], s), where)
		if out, ok := x.keep(decode.UTF7Text(x.side[:0], s)); ok {
			x.aside(decode.UTF7, out, where)
		}
	} else if chars&scan.Plus != 0 {
		if out, ok := x.keep(decode.UTF7Text(x.side[:0], s)); ok {
			x.aside(decode.UTF7, out, where)
		}
	}
	if chars&^base64Kinds != 0 || len(s) < decode.MinBase64 {
		return
	}
	if out, ok := x.keep(decode.HexText(x.side[:0], s)); ok {
		x.aside(decode.Hex, out, where)
	} else if out, ok := x.keep(decode.Text(x.side[:0], s)); ok {
		x.aside(decode.Base64, out, where)
	} else if where == detect.URLPath {
		x.lastSegment(s, where)
	}
}

// keep holds on to a buffer that grew, also when it was of no use.
func (x *Inspection) keep(out []byte, ok bool) ([]byte, bool) {
	x.side = out
	return out, ok
}

// lastSegment tries the last part of a path as base64.
func (x *Inspection) lastSegment(s string, where detect.Where) {
	if i := strings.LastIndexByte(s, '/'); i >= 0 && len(s)-i > decode.MinBase64 {
		if out, ok := x.keep(decode.Text(x.side[:0], s[i+1:])); ok {
			x.aside(decode.Base64, out, where)
		}
	}
}

// aside judges one side reading, and one layer of escapes inside of it.
func (x *Inspection) aside(step decode.Steps, out []byte, where detect.Where) {
	x.side = out
	if x.depth >= MaxLayers {
		x.rs.stats.TooDeep.Add(1)
		return
	}
	depth := x.depth
	x.trail[x.depth] = step
	x.depth++
	x.layers++
	s := view(out)
	chars := x.judge(s, where)
	if step == decode.Base64 && chars&encoded != 0 && x.depth < MaxLayers {
		start := len(x.side)
		if more, steps := decode.Layer(x.side, s); steps != 0 {
			x.side = more
			x.trail[x.depth] = steps
			x.depth++
			x.layers++
			x.judge(view(more[start:]), where)
		}
	}
	x.depth = depth
}

// view lends a buffer as a string. Nothing keeps it past the next change of the
// buffer: reports copy what they keep.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
