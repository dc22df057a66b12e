package server

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/sqreen/sqreen/localplatform"
)

// requestCounts counts answers by route and class of status.
type requestCounts struct {
	mu sync.Mutex
	n  map[routeStatus]int64
}

type routeStatus struct {
	route  string
	status int // 2, 4, 5
}

func newRequestCounts() *requestCounts { return &requestCounts{n: map[routeStatus]int64{}} }

func (c *requestCounts) add(route string, status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n[routeStatus{cmp.Or(route, "none"), status / 100}]++
}

func (c *requestCounts) totals() map[routeStatus]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.n)
}

// status fills in what the process knows of itself.
func (s *Server) status(st *localplatform.Status) {
	st.Version, st.Mode, st.Data = s.opt.Version, "server", s.opt.Data
	st.URL, st.Started = s.info.URL, s.started.UTC()
	st.Detected = s.reads.pos.Load()
	st.MemoryRSS = memory()
	for reason, n := range s.ingest.Stats().Drops {
		if n > 0 {
			st.Drops[reason] += n
		}
	}
	if n := s.detector.Evicted(); n > 0 {
		st.Drops["detector_window_evicted"] += n
	}
	if p := s.janitor.trouble(); p != "" {
		st.Problems = append(st.Problems, p)
	}
}

// memory is what the process occupies, in bytes.
func memory() int64 {
	if text, err := os.ReadFile("/proc/self/statm"); err == nil {
		if f := strings.Fields(string(text)); len(f) > 1 {
			if pages, err := strconv.ParseInt(f[1], 10, 64); err == nil {
				return pages * int64(os.Getpagesize())
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys) //nolint:gosec // far below the limit of int64
}

// health answers whether the platform can do its work.
func (s *Server) health(a *answers, w http.ResponseWriter, r *http.Request) {
	err := s.store.View(r.Context(), func(tx localplatform.ControlTx) error {
		_, err := tx.ConfigVersion()
		return err
	})
	if err != nil || s.closing.Err() != nil {
		a.fail(w, r, localplatform.Errorf(localplatform.CodeUnavailable, "the platform cannot work: its store does not answer, or it is shutting down"))
		return
	}
	a.ok(w, r, map[string]string{"status": "ok", "version": s.opt.Version})
}

// metrics answers in the text format of Prometheus. Whoever is on this machine
// may look; others need an operator token.
func (s *Server) metrics(a *answers, w http.ResponseWriter, r *http.Request) {
	if !fromHere(r) {
		if _, err := s.doorman.operator(r); err != nil {
			a.fail(w, r, err)
			return
		}
	}
	stats, err := s.store.Stats(r.Context())
	if err != nil {
		a.fail(w, r, err)
		return
	}
	var m exposition
	s.writeIngest(&m)
	s.writeStore(&m, stats)
	s.writeRequests(&m)
	a.send(w, http.StatusOK, "text/plain; version=0.0.4; charset=utf-8", m.Bytes())
}

// fromHere reports whether a request comes from this machine and was meant for
// it: a name in Host could be a web page's that points at 127.0.0.1.
func fromHere(r *http.Request) bool {
	if _, ok := socketCaller(r.Context()); ok {
		return true
	}
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return err == nil && remote.Addr().Unmap().IsLoopback() && isLoopback(strings.Trim(host, "[]"))
}

// exposition writes metrics.
type exposition struct{ bytes.Buffer }

func (m *exposition) family(name, kind, help string) {
	fmt.Fprintf(m, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

// value writes one sample; labels are pairs of name and value.
func (m *exposition) value(name string, v int64, labels ...string) {
	m.WriteString(name)
	for i := 0; i+1 < len(labels); i += 2 {
		sep := ","
		if i == 0 {
			sep = "{"
		}
		fmt.Fprintf(m, `%s%s="%s"`, sep, labels[i], labelText(labels[i+1]))
	}
	if len(labels) > 0 {
		m.WriteByte('}')
	}
	fmt.Fprintf(m, " %d\n", v)
}

func labelText(v string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(v)
}

func (m *exposition) single(name, kind, help string, v int64) {
	m.family(name, kind, help)
	m.value(name, v)
}

func (s *Server) writeIngest(m *exposition) {
	in := s.ingest.Stats()
	m.single("sqreen_heartbeats_total", "counter", "Heartbeats acknowledged.", in.Heartbeats)
	m.single("sqreen_heartbeats_duplicate_total", "counter", "Heartbeats that had been stored before.", in.Duplicates)
	m.single("sqreen_logins_total", "counter", "Logins of agents.", in.Logins)
	m.single("sqreen_signals_stored_total", "counter", "Signals stored.", in.Stored)
	m.family("sqreen_drops_total", "counter", "What was refused, cut or altered, by reason.")
	for _, reason := range slices.Sorted(maps.Keys(in.Drops)) {
		m.value("sqreen_drops_total", in.Drops[reason], "reason", reason)
	}
	m.single("sqreen_agents_polling", "gauge", "Agents that wait for instructions now.", in.Polling)
	m.single("sqreen_instances", "gauge", "Instances heard of in the last hour.", int64(in.Instances))
	m.single("sqreen_unwritten_changes", "gauge", "Changes of instances and apps that wait to be written.", int64(in.Unwritten))
	m.family("sqreen_agent_bytes_total", "counter", "Bytes that agents sent, unpacked.")
	totals := s.traffic.totals()
	keys := slices.SortedFunc(maps.Keys(totals), func(a, b appEnv) int {
		return cmp.Or(cmp.Compare(a.app, b.app), cmp.Compare(a.env, b.env))
	})
	for _, k := range keys {
		m.value("sqreen_agent_bytes_total", totals[k].bytes, "app", k.app, "env", k.env)
	}
	m.family("sqreen_agent_requests_total", "counter", "Logins and heartbeats that agents sent.")
	for _, k := range keys {
		m.value("sqreen_agent_requests_total", totals[k].requests, "app", k.app, "env", k.env)
	}
	m.family("sqreen_agent_signals_total", "counter", "Signals that agents sent, by outcome.")
	for _, k := range keys {
		m.value("sqreen_agent_signals_total", totals[k].signals-totals[k].refused, "app", k.app, "env", k.env, "outcome", "stored")
		m.value("sqreen_agent_signals_total", totals[k].refused, "app", k.app, "env", k.env, "outcome", "refused")
	}
}

func (s *Server) writeStore(m *exposition, stats localplatform.StoreStats) {
	last, read := s.store.LastPos(), s.reads.pos.Load()
	m.single("sqreen_events", "gauge", "Events stored.", stats.Events)
	m.single("sqreen_store_bytes", "gauge", "Bytes of the data directory.", stats.Bytes)
	m.single("sqreen_store_segments", "gauge", "Event files.", int64(stats.Segments))
	m.single("sqreen_store_problems", "gauge", "What needs an operator; see sqreen status.", int64(len(stats.Problems)))
	m.family("sqreen_store_drops_total", "counter", "What the store dropped, by reason.")
	for _, reason := range slices.Sorted(maps.Keys(stats.Drops)) {
		m.value("sqreen_store_drops_total", stats.Drops[reason], "reason", reason)
	}
	m.single("sqreen_retention_removed_total", "counter", "Events removed by retention.", s.janitor.removed.Load())
	m.single("sqreen_event_position", "gauge", "Number of the newest event.", last)
	m.single("sqreen_detector_position", "gauge", "Number of the event up to which detectors have read.", read)
	m.single("sqreen_detector_lag_events", "gauge", "Events that detectors have not read yet.", max(last-read, 0))
	m.single("sqreen_detector_windows_evicted_total", "counter", "Windows of events given up because too many were open.", s.detector.Evicted())
	m.single("sqreen_config_version", "gauge", "Configuration version that agents are to have.", int64(s.source.Version())) //nolint:gosec // counts changes
}

func (s *Server) writeRequests(m *exposition) {
	m.family("sqreen_http_requests_total", "counter", "HTTP answers by route and class of status.")
	totals := s.counts.totals()
	keys := slices.SortedFunc(maps.Keys(totals), func(a, b routeStatus) int {
		return cmp.Or(cmp.Compare(a.route, b.route), cmp.Compare(a.status, b.status))
	})
	for _, k := range keys {
		m.value("sqreen_http_requests_total", totals[k], "route", k.route, "status", fmt.Sprintf("%dxx", k.status))
	}
	m.single("sqreen_memory_bytes", "gauge", "Memory the process occupies.", memory())
	m.single("sqreen_goroutines", "gauge", "Goroutines.", int64(runtime.NumGoroutine()))
}
