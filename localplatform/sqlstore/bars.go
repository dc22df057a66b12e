package sqlstore

import (
	"time"

	"github.com/sqreen/sqreen/localplatform"
)

// HistogramFields are what a histogram may be split by.
var HistogramFields = []string{"attack", "kind", "app", "env", "blocked", "severity"} //nolint:gochecknoglobals // a table

// maxBars bounds the bars of one histogram.
const maxBars = 10_000

// steps are the lengths a bar may have below a day; longer ones are whole days.
// All but those below a minute are made of whole minutes, which stores have sums of.
var steps = []time.Duration{ //nolint:gochecknoglobals // a table
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 20 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 4 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// Bars collects a histogram.
type Bars struct {
	from  time.Time
	step  time.Duration
	bars  []localplatform.HistogramBucket
	total int64
	split bool
	spelt map[string]string // folded value to the spelling shown
}

// NewBars lays the bars of q's range out. The step is the round length that
// comes nearest to the number of bars wanted, and the range is widened to whole bars.
func NewBars(q localplatform.HistogramQuery) (*Bars, error) {
	if !q.From.Before(q.To) {
		return nil, localplatform.Errorf(localplatform.CodeInvalid, "a histogram must begin before it ends")
	}
	want := q.Buckets
	if want <= 0 {
		want = 60
	}
	step := stepFor(q.To.Sub(q.From), min(want, maxBars))
	b := &Bars{from: floor(q.From, step), step: step, split: q.By != "", spelt: map[string]string{}}
	for at := b.from; at.Before(q.To); at = at.Add(step) {
		if len(b.bars) >= 2*maxBars {
			return nil, localplatform.Errorf(localplatform.CodeTooLarge, "the histogram would have too many bars").WithHint("ask for a shorter range")
		}
		b.bars = append(b.bars, localplatform.HistogramBucket{Start: at})
	}
	return b, nil
}

// stepFor picks the step whose number of bars comes nearest to want, by ratio.
func stepFor(length time.Duration, want int) time.Duration {
	exact := length / time.Duration(want)
	for i, s := range steps {
		if s < exact {
			continue
		}
		if i > 0 && float64(exact)/float64(steps[i-1]) < float64(s)/float64(exact) {
			return steps[i-1]
		}
		return s
	}
	const day = 24 * time.Hour
	return max((exact+day/2)/day, 1) * day
}

// floor rounds down to a multiple of step since 1970, also before 1970.
func floor(t time.Time, step time.Duration) time.Time {
	us, n := t.UnixMicro(), step.Microseconds()
	rest := us % n
	if rest < 0 {
		rest += n
	}
	return time.UnixMicro(us - rest).UTC()
}

// Range is the time the bars cover, the end exclusive.
func (b *Bars) Range() (from, to time.Time) {
	return b.from, b.from.Add(time.Duration(len(b.bars)) * b.step)
}

// Step is the length of one bar.
func (b *Bars) Step() time.Duration { return b.step }

// Add counts n events at a time; outside the range they are left out. value is
// what the histogram is split by, "" for none.
func (b *Bars) Add(at time.Time, value string, n int64) {
	if at.Before(b.from) {
		return
	}
	i := int(at.Sub(b.from) / b.step)
	if i >= len(b.bars) {
		return
	}
	bar := &b.bars[i]
	bar.Count += n
	b.total += n
	if !b.split {
		return
	}
	if bar.Series == nil {
		bar.Series = map[string]int64{}
	}
	bar.Series[b.spell(value)] += n
}

// spell gives values that differ only in the case of ASCII letters one spelling.
func (b *Bars) spell(value string) string {
	if s, ok := b.spelt[value]; ok {
		return s
	}
	key := Fold(value)
	if _, ok := b.spelt[key]; !ok {
		b.spelt[key] = value
	}
	b.spelt[value] = b.spelt[key]
	return b.spelt[key]
}

// Histogram is what was collected.
func (b *Bars) Histogram() localplatform.Histogram {
	return localplatform.Histogram{From: b.from, Step: b.step, Buckets: b.bars, Total: b.total}
}
