package events

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/localplatform"
)

// defaultBars is about how many bars there are unless --buckets says otherwise:
// as many as a terminal shows at once, one line each.
const defaultBars = 24

func (o *ListOptions) histogram(ctx context.Context, query string) error {
	from, to, err := o.Flags.Range(o.Now())
	if err != nil {
		return err
	}
	q := localplatform.HistogramQuery{Query: query, From: from, To: to, Buckets: o.Buckets, By: o.By}
	if q.Buckets == 0 {
		q.Buckets = defaultBars
	}
	h, err := cmdutil.Load(ctx, o.Factory, "counting events", func(p localplatform.Platform) (localplatform.Histogram, error) {
		if !from.IsZero() || !to.IsZero() {
			return p.Histogram(ctx, q)
		}
		return zoomed(ctx, p, q)
	})
	if err != nil {
		return err
	}
	if o.Print.Structured() {
		return printer.One(o.IO, o.Now(), &o.Print, h, nil)
	}
	if o.IO.IsStdoutTTY() && o.Print.Format == printer.FormatTable {
		return drawHistogram(o, h)
	}
	return printer.List(o.IO, o.Now(), &o.Print, printer.Table[bar]{Columns: barColumns(o.By), Rows: bars(h)})
}

// maxZoom bounds how often zoomed asks again.
const maxZoom = 5

// zoomed asks for a histogram of the time in which something happened: a burst
// of a minute would otherwise be one bar of a day.
func zoomed(ctx context.Context, p localplatform.Platform, q localplatform.HistogramQuery) (localplatform.Histogram, error) {
	h, err := p.Histogram(ctx, q)
	for range maxZoom {
		if err != nil || h.Total == 0 || h.Step <= time.Second {
			break
		}
		busy := func(b localplatform.HistogramBucket) bool { return b.Count > 0 }
		first := slices.IndexFunc(h.Buckets, busy)
		last := first
		for i := range h.Buckets {
			if busy(h.Buckets[i]) {
				last = i
			}
		}
		if last-first+1 > len(h.Buckets)/4 {
			break
		}
		q.From, q.To = h.Buckets[first].Start, h.Buckets[last].Start.Add(h.Step)
		h, err = p.Histogram(ctx, q)
	}
	return h, err
}

// bar is one number of a histogram in a pipe.
type bar struct {
	start  time.Time
	series string
	count  int64
}

func barColumns(by string) []printer.Column[bar] {
	cols := []printer.Column[bar]{
		printer.Time("start", func(b bar) time.Time { return b.start }),
		printer.Number("count", func(b bar) int64 { return b.count }),
	}
	if by == "" {
		return cols
	}
	return slices.Insert(cols, 1, printer.Text(by, func(b bar) string { return b.series }))
}

func bars(h localplatform.Histogram) []bar {
	var out []bar
	for _, b := range h.Buckets {
		if b.Series == nil {
			out = append(out, bar{start: b.Start, count: b.Count})
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(b.Series)) {
			out = append(out, bar{b.Start, name, b.Series[name]})
		}
	}
	return out
}

// series orders the names of a split histogram, the most frequent first.
func series(h localplatform.Histogram) []string {
	sum := map[string]int64{}
	for _, b := range h.Buckets {
		for name, n := range b.Series {
			sum[name] += n
		}
	}
	return slices.SortedFunc(maps.Keys(sum), func(a, b string) int {
		return cmp.Or(cmp.Compare(sum[b], sum[a]), strings.Compare(a, b))
	})
}

// shades tell the parts of a split bar apart without colour. The last one stands
// for all further parts.
var shades = [...]string{"█", "▓", "▒", "░", "·"}

func drawHistogram(o *ListOptions, h localplatform.Histogram) error {
	page := printer.NewPage(o.IO, o.Now())
	layout := timeLayout(h)
	most := int64(1)
	for _, b := range h.Buckets {
		most = max(most, b.Count)
	}
	number := len(printer.Thousands(most))
	width := max(10, o.IO.TerminalWidth()-len(layout)-number-4)
	names := series(h)
	for _, b := range h.Buckets {
		label := b.Start.In(page.Now.Location()).Format(layout)
		count := printer.Thousands(b.Count)
		page.Line("%s  %s%s  %s", page.Faint(label), strings.Repeat(" ", number-len(count)), count, drawBar(page, b, names, most, width))
	}
	page.Line("")
	if len(names) > 0 {
		page.Line("%s", legend(page, names))
	}
	page.Line("%s", page.Faint(printer.Count(h.Total, "event", "events")+", "+stepText(h.Step)+" a line"))
	return page.Err()
}

func stepText(d time.Duration) string {
	if d < time.Second {
		return d.String()
	}
	return printer.Span(d)
}

func drawBar(page *printer.Page, b localplatform.HistogramBucket, names []string, most int64, width int) string {
	if len(names) == 0 {
		return page.Key(printer.Bar(b.Count, most, width))
	}
	var out strings.Builder
	drawn, sum := 0, int64(0)
	for i, name := range names {
		sum += b.Series[name]
		end := int(sum * int64(width) / most)
		if b.Series[name] > 0 && end == drawn && drawn < width {
			end++
		}
		out.WriteString(shade(page, i, strings.Repeat(shades[min(i, len(shades)-1)], max(0, end-drawn))))
		drawn = max(drawn, end)
	}
	return out.String()
}

func shade(page *printer.Page, i int, s string) string {
	switch i {
	case 0:
		return page.Bad(s)
	case 1:
		return page.Warn(s)
	case 2:
		return page.Key(s)
	case 3:
		return page.Good(s)
	}
	return page.Faint(s)
}

func legend(page *printer.Page, names []string) string {
	var parts []string
	for i, name := range names {
		if name == "" {
			name = "none"
		}
		if i == len(shades)-1 && len(names) > len(shades) {
			name = strconv.Itoa(len(names)-i) + " others"
		}
		parts = append(parts, shade(page, i, shades[min(i, len(shades)-1)])+" "+printer.Clean(name))
		if i == len(shades)-1 {
			break
		}
	}
	return strings.Join(parts, "  ")
}

// timeLayout says as much of a time as tells the lines apart.
func timeLayout(h localplatform.Histogram) string {
	span := time.Duration(len(h.Buckets)) * h.Step
	switch {
	case h.Step < time.Second:
		return "15:04:05.000"
	case h.Step < time.Minute:
		return "15:04:05"
	case h.Step >= 24*time.Hour:
		return "2006-01-02"
	case span > 24*time.Hour:
		return "01-02 15:04"
	}
	return "15:04"
}
