package ingest

import (
	"encoding/json"
	"math"
	"slices"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
)

// Bounds of counters.
const (
	maxCounters     = 10_000
	maxCounterValue = 1e15
)

// batch makes events and counters of a heartbeat. A bad signal is refused
// alone.
func (in *Ingester) batch(t localplatform.Token, h wire.Heartbeat, now time.Time) (localplatform.Batch, []wire.Refusal, error) {
	b := localplatform.Batch{App: t.App, Env: t.Env, Instance: h.Instance, Seq: h.Seq, Received: now}
	if len(h.Signals) > wire.MaxSignals {
		return b, nil, localplatform.Errorf(localplatform.CodeTooLarge, "more than %d signals in one heartbeat", wire.MaxSignals)
	}
	if len(h.Counters) > maxCounters {
		return b, nil, localplatform.Errorf(localplatform.CodeTooLarge, "more than %d counters in one heartbeat", maxCounters)
	}
	events, refused := in.events(h.Signals, now)
	for i := range events {
		events[i].App, events[i].Env, events[i].Instance = t.App, t.Env, h.Instance
	}
	b.Events = events
	b.Counters = in.counters(t, h.Counters, now)
	return b, refused, nil
}

func (in *Ingester) events(signals []json.RawMessage, now time.Time) ([]localplatform.Event, []wire.Refusal) {
	var d decoder
	var refused []wire.Refusal
	events := make([]localplatform.Event, 0, len(signals))
	for i, raw := range signals {
		e, adj, err := translate(&d, raw, now)
		if err != nil {
			in.stats.refusal(err)
			refused = append(refused, wire.Refusal{Index: i, Reason: err.Error()})
			continue
		}
		in.stats.adjusted(adj)
		events = append(events, e)
	}
	return events, refused
}

func (s *stats) refusal(err error) {
	if r, ok := err.(*refusal); ok { //nolint:errorlint // see within
		s.classes[slices.Index(classes[:], r.class)].Add(1)
	}
}

func (s *stats) adjusted(adj adjustments) {
	if adj.ahead {
		s.ahead.Add(1)
	}
	if adj.behind {
		s.behind.Add(1)
	}
	if adj.clipped > 0 {
		s.clipped.Add(int64(adj.clipped))
	}
}

// counters keeps the counters that are known and make sense.
func (in *Ingester) counters(t localplatform.Token, list []wire.Counter, now time.Time) []localplatform.Counter {
	var out []localplatform.Counter
	for _, c := range list {
		if !knownCounter(c.Name) || len(c.Key) > wire.MaxNameBytes || math.IsNaN(c.Value) || c.Value < 0 || c.Value > maxCounterValue {
			in.stats.counters.Add(1)
			continue
		}
		minute := c.Minute.UTC()
		if minute.After(now.Add(maxAhead)) {
			in.stats.ahead.Add(1)
			minute = now.UTC()
		}
		if minute.Before(now.Add(-maxBehind)) {
			in.stats.behind.Add(1)
			minute = now.UTC()
		}
		out = append(out, localplatform.Counter{
			App: t.App, Env: t.Env, Name: c.Name, Key: c.Key, Minute: minute.Truncate(time.Minute), Value: c.Value,
		})
	}
	return out
}

func knownCounter(name string) bool {
	switch name {
	case wire.CounterRequests, wire.CounterInspected, wire.CounterBlocked, wire.CounterPasslisted, wire.CounterStatus,
		wire.CounterDropped, wire.CounterSkipped, wire.CounterTruncated, wire.CounterCheckTime, wire.CounterRequestTime, wire.CounterActionHits,
		wire.CounterLoginSuccess, wire.CounterLoginFailure, wire.CounterUnsure, wire.CounterSQL:
		return true
	}
	return false
}
