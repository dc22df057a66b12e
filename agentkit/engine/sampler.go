package engine

import (
	"net/netip"
	"sync"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
)

// Limits of signals that come in floods: answers of 404 and 5xx, and hits of
// actions. An address may send a burst, then a few each second; what is left out
// is the weight of the next one.
const (
	sampleBurst    = 20
	sampleRate     = 5.0 // for each second, name and address
	sampleBurstAll = 400
	sampleRateAll  = 100.0 // for each second, over all of them
	maxSampled     = 2048
	sampleIdle     = time.Minute
)

// sampler decides which of many similar signals are sent.
type sampler struct {
	mu   sync.Mutex
	all  tokens
	keys map[sampleKey]*sample
}

type sampleKey struct {
	name string
	ip   netip.Addr
}

// sample is what is known of one kind of signal from one address.
type sample struct {
	tokens tokens
	left   int         // how many were left out since the last one sent
	seen   time.Time   // when the last one happened
	last   wire.Signal // the last one sent, which stands for those left out
}

// tokens is a bucket that fills with time.
type tokens struct {
	n  float64
	at time.Time
}

func (t *tokens) take(now time.Time, rate, burst float64) bool {
	if t.at.IsZero() {
		t.n = burst
	} else if d := now.Sub(t.at); d > 0 {
		t.n = min(burst, t.n+rate*d.Seconds())
	}
	t.at = now
	if t.n < 1 {
		return false
	}
	t.n--
	return true
}

// admit says with which weight a signal is to be sent; 0 means not now, and
// counted says whether a later one will stand for it.
func (s *sampler) admit(name string, ip netip.Addr, now time.Time) (weight int, counted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := sampleKey{name, ip}
	e := s.keys[k]
	if e == nil {
		if len(s.keys) >= maxSampled {
			return 0, false
		}
		if s.keys == nil {
			s.keys = make(map[sampleKey]*sample)
		}
		e = &sample{}
		s.keys[k] = e
	}
	e.seen = now
	if !e.tokens.take(now, sampleRate, sampleBurst) || !s.all.take(now, sampleRateAll, sampleBurstAll) {
		e.left++
		return 0, true
	}
	weight, e.left = 1+e.left, 0
	return weight, true
}

// sent remembers a scrubbed signal that stands for the ones left out after it.
func (s *sampler) sent(ip netip.Addr, sig wire.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.keys[sampleKey{sig.Name, ip}]; e != nil {
		e.last = sig
	}
}

// flush returns a signal for each address of which some were left out, and
// forgets the addresses that have been silent. lost is the number for which
// nothing was ever sent.
func (s *sampler) flush(now time.Time) (out []wire.Signal, lost int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, e := range s.keys {
		switch {
		case e.left > 0 && e.last.Name == "":
			lost += e.left
		case e.left > 0:
			sig := e.last
			sig.Weight, sig.Time = e.left, stamp(e.seen)
			out = append(out, sig)
		}
		e.left = 0
		if now.Sub(e.seen) > sampleIdle {
			delete(s.keys, k)
		}
	}
	return out, lost
}

// stamp is a time as signals carry it.
func stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
