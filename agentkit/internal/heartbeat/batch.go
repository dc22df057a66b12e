package heartbeat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/sqreen/sqreen/agentkit/engine"
	"github.com/sqreen/sqreen/agentkit/wire"
)

// batch is one heartbeat. Once it has been sent it stays as it is until the
// platform has it.
type batch struct {
	beat wire.Heartbeat
	body []byte // what was sent
	uses string // what the stack in it says is used
}

// makeBatch takes what there is to say.
func (c *Client) makeBatch() *batch {
	e := c.cfg.Engine
	e.Flush()
	b := &batch{beat: wire.Heartbeat{Version: wire.Version, Instance: c.instance}}
	for _, sig := range c.ring.Take(batchSignals, batchBytes) {
		if raw := c.encode(sig); raw != nil {
			b.beat.Signals = append(b.beat.Signals, raw)
		}
	}
	b.beat.Faults = e.Faults()
	b.beat.Counters = e.Counters() // last, because what precedes may count
	stack := c.stack()
	if b.uses = usesKey(stack); b.uses != c.sentUses {
		b.beat.Stack = &stack
	}
	return b
}

// stack returns what the process is made of and what it has used so far.
func (c *Client) stack() wire.Stack {
	s := c.cfg.Stack
	uses, hooks := engine.Used()
	s.Uses = uses
	s.Hooks = append(slices.Clone(s.Hooks), hooks...)
	return s
}

func usesKey(s wire.Stack) string {
	return strings.Join(s.Uses, " ") + "|" + strings.Join(s.Hooks, " ")
}

// encode writes a signal as JSON. One that is too large loses what is beside
// the evidence first.
func (c *Client) encode(sig *wire.Signal) json.RawMessage {
	raw, err := json.Marshal(sig)
	if err == nil && len(raw) > wire.MaxSignalBytes {
		small := *sig
		if small.Request != nil {
			r := *small.Request
			r.Params, r.Headers = nil, nil
			small.Request = &r
		}
		small.Stack = small.Stack[:min(len(small.Stack), 16)]
		c.cfg.Engine.Count(wire.CounterTruncated, "signal", 1)
		raw, err = json.Marshal(&small)
	}
	if err != nil || len(raw) > wire.MaxSignalBytes {
		c.lost("too_large", 1)
		return nil
	}
	return raw
}

// beat sends the batch that is under way, or a new one, and handles the answer.
// The error says why the batch is still not there.
func (c *Client) beat(ctx context.Context) error {
	if len(c.queue) == 0 {
		c.queue = []*batch{c.makeBatch()}
	}
	b := c.queue[0]
	if b.body == nil {
		b.beat.Seq = c.acked + 1
		b.beat.Sent = c.cfg.Now().UTC()
		b.beat.Applied = c.cfg.Engine.Version()
		body, err := json.Marshal(&b.beat)
		if err != nil { // raw signals were made by Marshal and the rest is plain
			return c.giveUp(b, fmt.Errorf("encode the batch: %w", err))
		}
		b.body = body
	}
	var reply wire.HeartbeatReply
	err := c.http.post(ctx, wire.PathHeartbeat, b.body, &reply)
	switch statusOf(err) {
	case http.StatusUnauthorized, http.StatusConflict:
		c.session.shut()
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return c.giveUp(b, err)
	}
	if err != nil {
		return err
	}
	c.refused(b, reply.Refused)
	c.acknowledge(b)
	if reply.Instructions != nil {
		c.apply(reply.Instructions, false)
	}
	return nil
}

// acknowledge forgets a batch that the platform has.
func (c *Client) acknowledge(b *batch) {
	c.acked = max(c.acked, b.beat.Seq)
	if b.beat.Stack != nil {
		c.sentUses = b.uses
	}
	c.queue = c.queue[1:]
	c.statusMu.Lock()
	c.status.Acknowledged = c.acked
	c.statusMu.Unlock()
}

// refused counts the signals that the platform did not take.
func (c *Client) refused(b *batch, list []wire.Refusal) {
	if len(list) == 0 {
		return
	}
	c.lost("refused", len(list))
	for i, r := range list {
		if i == 3 { // the rest is counted
			break
		}
		c.cfg.Logger.Warn("sqreen: the platform did not take a signal", "batch", b.beat.Seq, "reason", r.Reason, "refused", len(list))
	}
}

// giveUp makes a batch smaller that the platform does not take as a whole, so
// that what it cannot take does not hold up the rest. In the end it costs one
// signal, or the counters, and is counted.
func (c *Client) giveUp(b *batch, why error) error {
	n := len(b.beat.Signals)
	b.body = nil
	switch {
	case n > 1:
		rest := &batch{beat: wire.Heartbeat{Version: b.beat.Version, Instance: b.beat.Instance, Signals: b.beat.Signals[n/2:]}}
		b.beat.Signals = b.beat.Signals[:n/2]
		c.queue = slices.Insert(c.queue, 1, rest)
	case n == 1:
		c.cfg.Logger.Warn("sqreen: the platform does not take a batch, one signal is lost", "error", why)
		c.lost("refused", 1)
		b.beat.Signals = nil
	case len(b.beat.Counters)+len(b.beat.Faults) > 0 || b.beat.Stack != nil:
		c.cfg.Logger.Warn("sqreen: the platform does not take a batch, its counters are lost", "error", why)
		c.cfg.Engine.Count(wire.CounterDropped, "refused_counters", float64(len(b.beat.Counters)))
		b.beat.Counters, b.beat.Faults = nil, nil
		if b.beat.Stack != nil {
			b.beat.Stack, c.sentUses = nil, b.uses // sending it again would not help
		}
	case len(c.queue) > 1: // an empty part of a batch says nothing
		c.queue = c.queue[1:]
	default:
		return why // not even a sign of life is taken: wait
	}
	return nil
}

// login introduces the process, and finds out whether the batch under way had
// arrived when its answer was lost.
func (c *Client) login(ctx context.Context) error {
	stack := c.stack()
	body, err := json.Marshal(wire.Login{
		Version: wire.Version, Instance: c.instance, App: c.cfg.App, Env: c.cfg.Env, Started: c.started.UTC(), Stack: stack,
	})
	if err != nil {
		return fmt.Errorf("encode the login: %w", err)
	}
	var reply wire.LoginReply
	if err := c.http.post(ctx, wire.PathLogin, body, &reply); err != nil {
		return fmt.Errorf("log in: %w", err)
	}
	if len(c.queue) > 0 && c.queue[0].body != nil && c.queue[0].beat.Seq <= reply.LastSeq {
		c.acknowledge(c.queue[0])
	}
	c.acked = max(c.acked, reply.LastSeq)
	c.sentUses = usesKey(stack)
	c.statusMu.Lock()
	c.status.App, c.status.Env = reply.App, reply.Env
	c.statusMu.Unlock()
	c.setInterval(reply.HeartbeatSeconds)
	c.apply(&reply.Instructions, true)
	c.session.set()
	return nil
}

// Close stops the conversation and sends what is left, as far as that works
// until ctx ends. Without a deadline it takes a few seconds at most. The error
// says what could not be sent.
func (c *Client) Close(ctx context.Context) error {
	if c.cancel == nil {
		return nil
	}
	c.cancel()
	c.done.Wait()
	defer c.http.closeIdle()
	if _, ok := ctx.Deadline(); !ok {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, closeTimeout)
		defer stop()
	}
	var err error
	for relogins := 0; err == nil || relogins < 2 && !c.session.isOpen(); {
		if !c.session.isOpen() {
			relogins++
			if err = c.login(ctx); err != nil {
				break
			}
		}
		if err = c.beat(ctx); err == nil && !c.behind() && c.empty() {
			return nil
		}
	}
	left, _ := c.ring.Len()
	for _, b := range c.queue {
		left += len(b.beat.Signals)
	}
	if left == 0 && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("say goodbye to the platform: %w", err)
	}
	return fmt.Errorf("%d signals could not be sent: %w", left, err)
}

// empty reports whether nothing is waiting.
func (c *Client) empty() bool {
	n, _ := c.ring.Len()
	return n == 0 && len(c.queue) == 0
}
