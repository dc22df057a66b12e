package demo

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/cmd/demo/traffic"
	"github.com/sqreen/sqreen/inventory"
	"github.com/sqreen/sqreen/localplatform"
)

// picture is all that is shown of one moment.
type picture struct {
	Elapsed, For time.Duration
	Platform     string // its URL, "" when unprotected
	Data         string // the data directory that stays, or ""
	Stands       []standPicture
	Requests     []int64 // by second, of all shops, the oldest first
	Attacks      []int64 // as the platform has seen them
	Blocked      []int64
	Incidents    []localplatform.Incident // latest first
	Total        int                      // incidents in all
	Examples     []string                 // attacks to paste, when --listen asks for them
	Trouble      string                   // why something could not be read
}

// standPicture is one shop in a picture.
type standPicture struct {
	Env, Mode, URL string
	Report         traffic.Report
	App            inventory.App // zero when unprotected
}

// board reads a stage.
type board struct {
	st *stage

	mu   sync.Mutex
	last picture // what stays when the platform does not answer
}

func newBoard(st *stage) *board { return &board{st: st} }

// chartSeconds is how far back the charts go.
const chartSeconds = 120

// maxShown bounds the incidents in a picture.
const maxShown = 50

// look reads everything. What cannot be read is as it was, and Trouble says why.
func (b *board) look(ctx context.Context) picture {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.last
	p.Elapsed, p.For, p.Trouble = b.st.o.Now().Sub(b.st.begun), b.st.o.For, ""
	p.Data = b.st.o.Keep
	p.Stands = b.stands(p.Stands)
	p.Requests = b.requests()
	if b.st.o.Listen != "" {
		p.Examples = examples(b.st.stands[0].process.url)
	}
	if b.st.platform != nil {
		p.Platform = b.st.server.Info().URL
		if err := b.ask(asAdmin(ctx), &p); err != nil && ctx.Err() == nil {
			p.Trouble = err.Error()
		}
	}
	b.last = p
	return p
}

func (b *board) stands(before []standPicture) []standPicture {
	var out []standPicture
	for i, s := range b.st.stands {
		v := standPicture{Env: s.env, Mode: s.mode, URL: s.process.url}
		if i < len(before) {
			v.App = before[i].App
		}
		if s.crowd != nil {
			v.Report = s.crowd.Report()
		}
		out = append(out, v)
	}
	return out
}

func (b *board) requests() []int64 {
	sum := make([]int64, chartSeconds)
	for _, s := range b.st.stands {
		for i, n := range s.meter.last(chartSeconds) {
			sum[i] += n
		}
	}
	return sum
}

// ask fills in what only the platform knows.
func (b *board) ask(ctx context.Context, p *picture) error {
	page, errIncidents := b.st.platform.Incidents(ctx, localplatform.IncidentQuery{Limit: maxShown})
	if errIncidents == nil {
		p.Incidents, p.Total = page.Incidents, page.Total
	}
	apps, errApps := b.st.platform.Apps(ctx, "")
	for i := range p.Stands {
		for _, a := range apps {
			if a.Name == appName && a.Env == p.Stands[i].Env {
				p.Stands[i].App = a
			}
		}
	}
	to := b.st.o.Now().Truncate(time.Second)
	attacks, errAttacks := b.bars(ctx, "kind:attack", to)
	blocked, errBlocked := b.bars(ctx, "blocked:true", to)
	if errAttacks == nil && errBlocked == nil {
		p.Attacks, p.Blocked = attacks, blocked
	}
	return errors.Join(errIncidents, errApps, errAttacks, errBlocked)
}

// bars counts events by the second up to a time.
func (b *board) bars(ctx context.Context, query string, to time.Time) ([]int64, error) {
	from := to.Add(-chartSeconds * time.Second)
	h, err := b.st.platform.Histogram(ctx, localplatform.HistogramQuery{Query: query, From: from, To: to, Buckets: chartSeconds})
	if err != nil {
		return nil, err
	}
	// The platform may choose other steps; each second gets its share.
	out := make([]int64, chartSeconds)
	for _, bucket := range h.Buckets {
		if i := int(bucket.Start.Sub(from) / time.Second); i >= 0 && i < chartSeconds {
			out[i] += bucket.Count
		}
	}
	return out, nil
}

// over returns when the demo has played long enough, or somebody or something
// ends it. A shop that ends by itself is an error.
func (b *board) over(ctx context.Context) error {
	var enough <-chan time.Time
	if b.st.o.For > 0 {
		timer := time.NewTimer(b.st.o.For)
		defer timer.Stop()
		enough = timer.C
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	for _, s := range b.st.stands {
		go func() {
			select {
			case <-s.process.done:
				cancel(fmt.Errorf("the %s shop ended by itself (%w): %s", s.env, s.process.err, s.process.said))
			case <-ctx.Done():
			}
		}()
	}
	select {
	case <-enough:
		return nil
	case <-ctx.Done():
	}
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// attackedBy names the mode of a stand for people.
func attackedBy(mode string) string {
	switch mode {
	case wire.ModeBlock:
		return "block"
	case wire.ModeMonitor:
		return "monitor"
	}
	return "off"
}
