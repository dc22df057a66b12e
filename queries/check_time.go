package queries

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// micros returns a time in the unit that stores keep. A zero time is no time.
func micros(v any) (int64, bool) {
	t, ok := v.(time.Time)
	if !ok || t.IsZero() {
		return 0, false
	}
	return t.UnixMicro(), true
}

// moment is a time as it was written: all instants from first to last, in microseconds. A day is as
// long as a day, an instant one microsecond.
type moment struct {
	first, last int64
	text        string // canonical
}

func instant(t time.Time, text string) moment {
	return moment{t.UnixMicro(), t.UnixMicro(), text}
}

func (p *parser) addTime(t *intTest, sub subject, v value) (string, *fault) {
	return p.addSpan(t, sub, v, func(lit literal) (moment, *fault) { return p.moment(sub, lit, false) })
}

// addSpan adds what a comparison or a range means for values that are counted in microseconds.
func (p *parser) addSpan(t *intTest, sub subject, v value, read func(literal) (moment, *fault)) (string, *fault) {
	if err := comparedRange(sub, v); err != nil {
		return "", err
	}
	lo, hi, ok := v.ends()
	if !ok {
		m, err := read(v.lo)
		if err != nil {
			return "", err
		}
		t.spans = append(t.spans, m.compare(v.op))
		return v.op.symbol() + m.text, nil
	}
	if lo.missing() && hi.missing() {
		return "", openRange(sub, v)
	}
	from, to := moment{first: openLow}, moment{last: openHigh}
	var err *fault
	if !lo.missing() {
		if from, err = read(lo); err != nil {
			return "", err
		}
	}
	if !hi.missing() {
		if to, err = read(hi); err != nil {
			return "", err
		}
	}
	if from.first > to.last {
		return "", upsideDown(sub, v, from.text, to.text)
	}
	t.spans = append(t.spans, span{from.first, to.last})
	return from.text + ".." + to.text, nil
}

func (m moment) compare(op operator) span {
	switch op {
	case opGreater:
		return span{m.last + 1, openHigh}
	case opAtLeast:
		return span{m.first, openHigh}
	case opLess:
		return span{openLow, m.first - 1}
	case opAtMost:
		return span{openLow, m.last}
	}
	return span{m.first, m.last}
}

// checkBuiltin makes since:X and until:X comparisons on the schema's time field. Here, unlike elsewhere,
// a bare duration is a time: that long ago.
func (p *parser) checkBuiltin(sub subject, values []value) (node, *fault) {
	v := values[0]
	_, _, ranged := v.ends()
	if len(values) > 1 || v.op != opHas || ranged || v.isAny() || v.isNone() {
		return nil, &fault{
			start: v.start, end: values[len(values)-1].end, expected: "one time or duration",
			message: sub.name + " wants one time or duration",
			hint:    fmt.Sprintf("for example %s:24h or %s:2026-11-01; for a range write %s:2026-11-01..2026-11-07", sub.name, sub.name, sub.field.Name),
		}
	}
	m, err := p.moment(sub, v.lo, true)
	if err != nil {
		return nil, err
	}
	name, op := "since", opAtLeast
	if equalFold(sub.name, "until") {
		name, op = "until", opAtMost
	}
	t := &intTest{read: micros, spans: []span{m.compare(op)}}
	return &fieldTerm{field: sub.field, test: t, text: name + ":" + m.text}, nil
}

// moment reads a time. With ago, a bare duration counts back from now.
func (p *parser) moment(sub subject, lit literal, ago bool) (moment, *fault) {
	word := strings.ToUpper(strings.TrimSpace(lit.text))
	if lit.parts == nil {
		if m, ok := p.namedTime(word); ok {
			return m, nil
		}
		if m, ok := p.relativeTime(word, lit.text, ago); ok {
			return m, nil
		}
		if m, ok := p.writtenTime(word); ok {
			return m, nil
		}
	}
	want := "a time"
	if sub.builtin {
		want = "a duration or a time"
	}
	f := p.wrongType(sub, lit, want)
	switch d, ok := parseDuration(lit.text); {
	case sub.builtin:
		f.hint = fmt.Sprintf("for example %s:24h, %s:7d, %s:yesterday or %s:2026-11-01", sub.name, sub.name, sub.name, sub.name)
	case ok && d > 0:
		f.hint = fmt.Sprintf("for the last %s write %s:>now-%s", lit.text, sub.name, lit.text)
	}
	return moment{}, f
}

// namedTime reads now, today and yesterday.
func (p *parser) namedTime(word string) (moment, bool) {
	y, mon, d := p.now.Date()
	midnight := func(day int) time.Time { return time.Date(y, mon, day, 0, 0, 0, 0, p.now.Location()) }
	switch word {
	case "NOW":
		return instant(p.now, "now"), true
	case "TODAY":
		return moment{midnight(d).UnixMicro(), midnight(d+1).UnixMicro() - 1, "today"}, true
	case "YESTERDAY":
		return moment{midnight(d - 1).UnixMicro(), midnight(d).UnixMicro() - 1, "yesterday"}, true
	}
	return moment{}, false
}

// relativeTime reads now-24h, now+1h and -24h, and with ago also 24h.
func (p *parser) relativeTime(word, text string, ago bool) (moment, bool) {
	text = strings.TrimSpace(text)
	rest, written := text, "now-"
	back := true
	switch {
	case strings.HasPrefix(word, "NOW-"):
		rest = text[len("now-"):]
	case strings.HasPrefix(word, "NOW+"):
		rest, back, written = text[len("now+"):], false, "now+"
	case strings.HasPrefix(word, "-"):
		rest = text[1:]
	case ago:
		written = ""
	default:
		return moment{}, false
	}
	d, ok := parseDuration(rest)
	if !ok || d < 0 {
		return moment{}, false
	}
	written += formatDuration(d)
	if back {
		d = -d
	}
	return instant(p.now.Add(d), written), true
}

// layouts are the ways to write a time, each with the length of what it names.
var layouts = []struct {
	layout string
	unit   time.Duration // 0 for months and years, which vary
}{
	{"2006-01-02", 24 * time.Hour},
	{"2006-01-02T15:04:05", time.Second},
	{"2006-01-02T15:04", time.Minute},
	{"2006-01-02T15", time.Hour},
	{"2006-01", 0},
	{"2006", 0},
}

// writtenTime reads a date or a time with as many parts as were given, an offset at the end if there is
// one, and a time of day alone as that of today.
func (p *parser) writtenTime(word string) (moment, bool) {
	if len(word) > 10 && word[10] == ' ' {
		word = word[:10] + "T" + word[11:]
	}
	for _, l := range layouts {
		if t, err := time.ParseInLocation(l.layout, word, p.now.Location()); err == nil {
			return timeSpan(t, l.layout, l.unit, word), true
		}
		if !strings.Contains(l.layout, "T") {
			continue
		}
		for _, zone := range [...]string{"Z07:00", "Z0700", "Z07"} {
			if t, err := time.Parse(l.layout+zone, word); err == nil {
				return timeSpan(t, l.layout, l.unit, word), true
			}
		}
	}
	switch strings.Index(word, ":") { // with a date before it, the colon is further to the right
	case 1:
		word = "0" + word
	case 2:
	default:
		return moment{}, false
	}
	m, ok := p.writtenTime(p.now.Format("2006-01-02T") + word)
	m.text = word
	return m, ok
}

// timeSpan returns the moment from t to the end of the last part that was written.
func timeSpan(t time.Time, layout string, unit time.Duration, text string) moment {
	var end time.Time
	switch {
	case layout == "2006":
		end = t.AddDate(1, 0, 0)
	case layout == "2006-01":
		end = t.AddDate(0, 1, 0)
	case layout == "2006-01-02": // not 24 hours on the days when clocks change
		end = t.AddDate(0, 0, 1)
	case unit == time.Second && strings.ContainsAny(text, ".,"):
		return instant(t, text)
	default:
		end = t.Add(unit)
	}
	return moment{t.UnixMicro(), end.UnixMicro() - 1, text}
}

// durationMicros returns a duration in the unit that stores keep.
func durationMicros(v any) (int64, bool) {
	d, ok := v.(time.Duration)
	return d.Microseconds(), ok
}

func (p *parser) addDuration(t *intTest, sub subject, v value) (string, *fault) {
	return p.addSpan(t, sub, v, func(lit literal) (moment, *fault) {
		d, ok := parseDuration(lit.text)
		if ok && lit.parts == nil {
			return moment{d.Microseconds(), d.Microseconds(), formatDuration(d)}, nil
		}
		f := p.wrongType(sub, lit, "a duration")
		if n, ok := parseNumber(lit.text); ok && lit.parts == nil {
			f.message = fmt.Sprintf("%s wants a duration, and %s has no unit", sub.name, lit.text)
			f.hint = fmt.Sprintf("add one of us, ms, s, m, h, d, w: for example %s:%s%sms", sub.name, v.op.symbol(), n)
		}
		return moment{}, f
	})
}

// units are those of durations, longest first. µs also has two other spellings.
var units = []struct {
	name string
	size time.Duration
}{
	{"w", 7 * 24 * time.Hour},
	{"d", 24 * time.Hour},
	{"h", time.Hour},
	{"m", time.Minute},
	{"s", time.Second},
	{"ms", time.Millisecond},
	{"us", time.Microsecond},
}

// parseDuration reads numbers with units, as in 500ms, 1.5h and 1h30m. Only 0 needs no unit.
func parseDuration(s string) (time.Duration, bool) {
	if s == "0" {
		return 0, true
	}
	rest, negative := strings.CutPrefix(strings.ToLower(s), "-")
	var total float64
	var exact int64
	for rest != "" {
		n := strings.IndexFunc(rest, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
		if n <= 0 {
			return 0, false
		}
		digits := rest[:n]
		rest = rest[n:]
		end := strings.IndexFunc(rest, func(r rune) bool { return r >= '0' && r <= '9' || r == '.' })
		if end < 0 {
			end = len(rest)
		}
		size := unitSize(rest[:end])
		rest = rest[end:]
		value, err := strconv.ParseFloat(digits, 64)
		if size == 0 || err != nil {
			return 0, false
		}
		if total += value * float64(size); total > math.MaxInt64/2 {
			return 0, false
		}
		if whole, err := strconv.ParseInt(digits, 10, 64); err == nil {
			exact += whole * int64(size)
		} else {
			exact += int64(math.Round(value * float64(size)))
		}
	}
	d := time.Duration(exact).Truncate(time.Microsecond)
	if negative {
		d = -d
	}
	return d, s != "" && s != "-"
}

func unitSize(name string) time.Duration {
	if name == "µs" || name == "μs" {
		name = "us"
	}
	for _, u := range units {
		if u.name == name {
			return u.size
		}
	}
	return 0
}

// formatDuration writes d exactly, in the longest unit that can hold it, else in several: 24h, 7d, 90m, 1500ms. A single day or
// week is written in the next smaller unit, as most people do.
func formatDuration(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	for _, u := range units {
		if d%u.size == 0 && d/u.size < 10_000 && (d/u.size > 1 || u.size < 24*time.Hour) {
			return sign + strconv.FormatInt(int64(d/u.size), 10) + u.name
		}
	}
	var b strings.Builder
	b.WriteString(sign)
	for _, u := range units {
		if n := d / u.size; n > 0 {
			b.WriteString(strconv.FormatInt(int64(n), 10) + u.name)
			d %= u.size
		}
	}
	return b.String()
}
