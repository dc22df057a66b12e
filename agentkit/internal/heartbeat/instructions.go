package heartbeat

import (
	"context"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"github.com/sqreen/sqreen/agentkit/wire"
)

// listen holds a request for instructions open until ctx ends. Asking again
// tells the platform what is in force.
func (c *Client) listen(ctx context.Context) {
	failures := 0
	for ctx.Err() == nil {
		c.session.wait(ctx)
		var in wire.Instructions
		news, err := c.http.get(ctx, c.listenPath(), &in)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			failures = 0
			if news && !c.apply(&in, true) {
				pause(ctx, firstRetry) // it said nothing new: do not ask in a circle
			}
			continue
		}
		switch statusOf(err) {
		case http.StatusUnauthorized, http.StatusConflict:
			c.session.shut()
			c.hurry() // the sender logs in again
		}
		// Heartbeats bring instructions as well, so this may wait.
		failures++
		d := min(firstRetry<<min(failures-1, 20), longestRetry)
		pause(ctx, d/2+mathrand.N(d/2))
	}
}

// listenPath asks for what comes after the instructions in force, or for
// everything.
func (c *Client) listenPath() string {
	c.applyMu.Lock()
	defer c.applyMu.Unlock()
	have := c.cfg.Engine.Version()
	if c.askFull {
		have = 0
	}
	return fmt.Sprintf("%s?instance=%s&have=%d", wire.PathInstructions, url.QueryEscape(c.instance), have)
}

// apply puts instructions in force and reports whether anything changed. They
// come by two ways, so an answer to a heartbeat may be older than what is in
// force. An answer to a direct question is the platform's word whatever its
// number: it may have been restored from a copy.
func (c *Client) apply(in *wire.Instructions, direct bool) bool {
	c.applyMu.Lock()
	defer c.applyMu.Unlock()
	have := c.cfg.Engine.Version()
	if !c.askFull && (in.Version == have && have > 0 || !direct && in.Version < have) {
		return false
	}
	if !in.Full && in.Have != have { // a difference against something else
		changed := !c.askFull
		c.askFull = true
		return changed
	}
	c.askFull = false
	for i, err := range c.cfg.Engine.Apply(*in) {
		if i == 10 {
			break
		}
		c.cfg.Logger.Warn("sqreen: part of the instructions could not be used", "version", in.Version, "error", err)
	}
	c.cfg.Logger.Debug("sqreen: instructions in force", "version", in.Version, "actions", len(in.Actions), "full", in.Full)
	c.setIntervalLocked(in.Heartbeat)
	return true
}

func (c *Client) setInterval(seconds float64) {
	c.applyMu.Lock()
	defer c.applyMu.Unlock()
	c.setIntervalLocked(seconds)
}

// setIntervalLocked takes the platform's interval when it is a sane one.
func (c *Client) setIntervalLocked(seconds float64) {
	if seconds > 0 && seconds < 1e6 {
		c.interval = min(max(time.Duration(seconds*float64(time.Second)), minInterval), maxInterval)
	}
}
