package sqlstore

import (
	"time"

	"github.com/sqreen/sqreen/localplatform"
)

// HistogramFields are what a histogram may be split by.
var HistogramFields = []string{"attack", "kind", "app", "env", "blocked", "severity"}

// maxBars bounds the bars of one histogram.
const maxBars = 10_000

// steps are the lengths a bar may have below a day; longer ones are whole days.
// All but those below a minute are made of whole minutes, which stores have sums of.
var steps = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 20 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 4 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// Bars collects a histogram.
type Bars struct {
	from   int64 // microseconds, as all times here
	step   int64
	bars   int
	split  bool
	values map[string]int // folded value to its number
	spelt  []string       // as the values are shown
	counts [][]int64      // by value and bar
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
	step := stepFor(q.To.Sub(q.From), min(want, maxBars)).Microseconds()
	b := &Bars{from: floor(q.From.UnixMicro(), step), step: step, split: q.By != "", values: map[string]int{}}
	n := (q.To.UnixMicro()-b.from)/step + 1
	if !microTime(b.from + (n-1)*step).Before(q.To) {
		n--
	}
	if n > 2*maxBars {
		return nil, localplatform.Errorf(localplatform.CodeTooLarge, "the histogram would have too many bars").WithHint("ask for a shorter range")
	}
	b.bars = int(n)
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
func floor(us, step int64) int64 {
	rest := us % step
	if rest < 0 {
		rest += step
	}
	return us - rest
}

func microTime(us int64) time.Time { return time.UnixMicro(us).UTC() }

// Range is the time the bars cover, the end exclusive.
func (b *Bars) Range() (from, to time.Time) {
	return microTime(b.from), microTime(b.from + int64(b.bars)*b.step)
}

// Step is the length of one bar.
func (b *Bars) Step() time.Duration { return time.Duration(b.step) * time.Microsecond }

// Value returns the number by which Add knows a value of the field that the
// histogram is split by. Values that differ only in the case of ASCII letters
// are one, and all are when it is not split.
func (b *Bars) Value(value string) int {
	if !b.split {
		value = ""
	}
	key := Fold(value)
	n, ok := b.values[key]
	if !ok {
		n = len(b.counts)
		b.values[key] = n
		b.spelt = append(b.spelt, value)
		b.counts = append(b.counts, make([]int64, b.bars))
	}
	return n
}

// Add counts n events at a time, in microseconds; outside the range they are
// left out.
func (b *Bars) Add(at int64, value int, n int64) {
	if at < b.from {
		return
	}
	if i := (at - b.from) / b.step; i < int64(b.bars) {
		b.counts[value][i] += n
	}
}

// Histogram is what was collected.
func (b *Bars) Histogram() localplatform.Histogram {
	h := localplatform.Histogram{From: microTime(b.from), Step: b.Step(), Buckets: make([]localplatform.HistogramBucket, b.bars)}
	for i := range h.Buckets {
		bar := &h.Buckets[i]
		bar.Start = microTime(b.from + int64(i)*b.step)
		for v, counts := range b.counts {
			if counts[i] == 0 {
				continue
			}
			bar.Count += counts[i]
			if b.split && bar.Series == nil {
				bar.Series = map[string]int64{}
			}
			if b.split {
				bar.Series[b.spelt[v]] = counts[i]
			}
		}
		h.Total += bar.Count
	}
	return h
}
