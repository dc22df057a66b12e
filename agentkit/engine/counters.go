package engine

import (
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
)

// shards is how many copies of the busiest counters there are, so that
// processors do not fight over one cache line.
const shards = 4

// Bounds of the counters that wait for the platform. While it is away, minutes
// that are long past are added up by the hour, then by the day; names beyond the
// bound are counted under the key "other".
const maxKeyed = 4000

// counters sums by minute. Adding to the counters of every request takes no
// lock; the others are rare enough for one.
type counters struct {
	current atomic.Pointer[minuteSums]

	mu      sync.Mutex
	retired []*minuteSums // minutes that are over, to which somebody is still adding
	keyed   map[keyedCounter]float64
	coarse  int64 // minute of the last coarsening, which is not cheap
}

type keyedCounter struct {
	name, key string
	minute    int64
}

// minuteSums are the counters of one minute.
type minuteSums struct {
	minute int64
	closed atomic.Bool // nobody may enter any more
	shard  [shards]shard
}

// shard is one copy of the busiest counters.
type shard struct {
	inside                                        atomic.Int32 // who is adding
	requests, inspected, blocked, passlisted, sql atomic.Int64
	checkNanos, requestNanos                      atomic.Int64
	status                                        [600]atomic.Int32
	_                                             [64]byte
}

// enter returns the counters of the minute that now is in, which stay until
// leave is called.
func (c *counters) enter(now time.Time) *shard {
	n := rand.IntN(shards)
	for {
		m := c.at(now)
		s := &m.shard[n]
		s.inside.Add(1)
		if !m.closed.Load() {
			return s
		}
		s.inside.Add(-1) // the minute was over for long when we came
	}
}

func (s *shard) leave() { s.inside.Add(-1) }

// busy reports whether somebody is still adding.
func (m *minuteSums) busy() bool {
	for i := range m.shard {
		if m.shard[i].inside.Load() != 0 {
			return true
		}
	}
	return false
}

// at returns the sums of the minute that now is in.
func (c *counters) at(now time.Time) *minuteSums {
	minute := now.Unix() / 60
	if m := c.current.Load(); m != nil && m.minute >= minute { // a clock set back adds to the newest minute
		return m
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.current.Load()
	if m != nil && m.minute >= minute {
		return m
	}
	next := &minuteSums{minute: minute}
	c.current.Store(next)
	if m != nil {
		m.closed.Store(true)
		c.retired = append(c.retired, m)
	}
	c.fold()
	return next
}

// fold moves the minutes to which nobody is adding any more to the map. The
// caller holds the lock.
func (c *counters) fold() {
	c.retired = slices.DeleteFunc(c.retired, func(m *minuteSums) bool {
		if m.busy() {
			return false
		}
		for _, v := range m.take(nil) {
			c.put(keyedCounter{v.Name, v.Key, v.Minute.Unix() / 60}, v.Value)
		}
		return true
	})
}

// answered counts a request and its answer.
func (c *counters) answered(now time.Time, q *Request, status int, took time.Duration) {
	s := c.enter(now)
	defer s.leave()
	s.requests.Add(1)
	s.requestNanos.Add(int64(took))
	if spent := q.spent.Load(); spent > 0 {
		s.checkNanos.Add(spent)
	}
	if status > 0 && status < len(s.status) {
		s.status[status].Add(1)
	}
	switch {
	case q.passlisted:
		s.passlisted.Add(1)
	case q.inspected.Load():
		s.inspected.Add(1)
	}
	if q.blocked.Load() != nil {
		s.blocked.Add(1)
	}
}

// statements counts SQL statements that were looked at.
func (c *counters) statements(now time.Time) {
	s := c.enter(now)
	defer s.leave()
	s.sql.Add(1)
}

// add counts something that happens rarely.
func (c *counters) add(now time.Time, name, key string, n float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(keyedCounter{name, key, now.Unix() / 60}, n)
}

// put adds to a counter in the map. The caller holds the lock.
func (c *counters) put(k keyedCounter, n float64) {
	if c.keyed == nil {
		c.keyed = make(map[keyedCounter]float64)
	}
	if _, ok := c.keyed[k]; !ok && len(c.keyed) >= maxKeyed {
		if c.coarse != k.minute {
			c.coarse = k.minute
			c.coarsen(k.minute)
		}
		if len(c.keyed) >= maxKeyed {
			k.key = "other"
		}
	}
	c.keyed[k] += n
}

// coarsen adds up what is older than the hour that minute is in.
func (c *counters) coarsen(minute int64) {
	for _, step := range []int64{60, 24 * 60} {
		next := make(map[keyedCounter]float64, len(c.keyed))
		for k, v := range c.keyed {
			if k.minute < minute-step {
				k.minute -= k.minute % step
			}
			next[k] += v
		}
		if c.keyed = next; len(next) < maxKeyed/2 {
			return
		}
	}
}

// take returns everything counted since the last call, and begins at zero.
func (c *counters) take(now time.Time) []wire.Counter {
	c.at(now) // retire a minute that is over
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fold()
	out := c.current.Load().take(nil)
	for k, v := range c.keyed {
		out = append(out, wire.Counter{Name: k.name, Key: k.key, Minute: minuteTime(k.minute), Value: v})
	}
	clear(c.keyed)
	return out
}

func minuteTime(minute int64) time.Time { return time.Unix(minute*60, 0).UTC() }

// take moves the sums of m to out.
func (m *minuteSums) take(out []wire.Counter) []wire.Counter {
	at := minuteTime(m.minute)
	put := func(name, key string, v float64) {
		if v != 0 {
			out = append(out, wire.Counter{Name: name, Key: key, Minute: at, Value: v})
		}
	}
	var requests, inspected, blocked, passlisted, sql, check, request int64
	var status [600]int64
	for i := range m.shard {
		s := &m.shard[i]
		requests += s.requests.Swap(0)
		inspected += s.inspected.Swap(0)
		blocked += s.blocked.Swap(0)
		passlisted += s.passlisted.Swap(0)
		sql += s.sql.Swap(0)
		check += s.checkNanos.Swap(0)
		request += s.requestNanos.Swap(0)
		for code := range s.status {
			if s.status[code].Load() != 0 {
				status[code] += int64(s.status[code].Swap(0))
			}
		}
	}
	put(wire.CounterRequests, "", float64(requests))
	put(wire.CounterInspected, "", float64(inspected))
	put(wire.CounterBlocked, "", float64(blocked))
	put(wire.CounterPasslisted, "", float64(passlisted))
	put(wire.CounterSQL, "", float64(sql))
	put(wire.CounterCheckTime, "", float64(check)/1e3)
	put(wire.CounterRequestTime, "", float64(request)/1e3)
	for code, n := range status {
		if n != 0 {
			put(wire.CounterStatus, statusKey(code), float64(n))
		}
	}
	return out
}

// statusKey writes a status code without the cost of a general formatter.
func statusKey(code int) string {
	return string([]byte{byte('0' + code/100), byte('0' + code/10%10), byte('0' + code%10)})
}
