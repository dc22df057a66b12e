package sqlite

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sqreen/sqreen/localplatform"
)

const (
	// groupRows bounds the events of one transaction. Larger ones gain little
	// speed and keep the first of their batches waiting.
	groupRows = 8192
	// rowsPerInsert is how many events one statement stores.
	rowsPerInsert = 16
	// walPages is the size in pages at which SQLite copies the hot segment's
	// write-ahead log into the segment: 64 MB.
	walPages = 16384
)

// writer appends to the hot segment. Everything but stop runs on its goroutine.
type writer struct {
	log   *eventLog
	queue *queue
	quit  chan struct{}
	ended chan struct{}

	conn    *conn
	hot     *segment
	bounds  bounds
	batches map[source]batchMark
	series  map[seriesKey]int64
	counted map[counterKey]int64
	undo    []func() // what to take back when the transaction fails
}

// source is who numbers batches.
type source struct{ app, env, instance string }

type batchMark struct {
	seq      uint64
	received int64
}

func startWriter(l *eventLog) (*writer, error) {
	w := &writer{log: l, queue: newQueue(l.opts.QueueBytes), quit: make(chan struct{}), ended: make(chan struct{})}
	if err := w.open(); err != nil {
		return nil, translate(err)
	}
	go w.loop()
	return w, nil
}

// stop stores what waits and closes the hot segment.
func (w *writer) stop() error {
	w.queue.close()
	close(w.quit)
	<-w.ended
	if w.conn == nil {
		return nil
	}
	return w.conn.close()
}

func (w *writer) loop() {
	defer close(w.ended)
	for {
		group := w.queue.take(groupRows)
		if len(group) > 0 {
			w.store(group)
			continue
		}
		select {
		case <-w.queue.wake:
		case <-w.quit:
			for group := w.queue.take(groupRows); len(group) > 0; group = w.queue.take(groupRows) {
				w.store(group)
			}
			return
		}
	}
}

// store commits batches together and answers their callers. When that fails
// because of what one batch holds, each is tried alone, so that a bad one costs
// only itself.
func (w *writer) store(group []*pending) {
	results, err := w.commit(group)
	if err != nil && len(group) > 1 && localplatform.ErrorCode(err) != localplatform.CodeUnavailable {
		for _, p := range group {
			w.store([]*pending{p})
		}
		return
	}
	for i, p := range group {
		if err != nil {
			w.queue.answer(p, appended{err: err})
		} else {
			w.queue.answer(p, appended{result: results[i]})
		}
	}
}

// commit stores batches in one transaction, and moves on to a new segment when
// this one is full or turns out to be damaged.
func (w *writer) commit(group []*pending) ([]localplatform.AppendResult, error) {
	if w.conn == nil {
		if err := w.open(); err != nil {
			return nil, asUnavailable(err)
		}
	}
	before := w.bounds
	var results []localplatform.AppendResult
	err := w.conn.inTx(func() (err error) {
		results, err = w.insert(group)
		return err
	})
	if err == nil {
		w.undo = w.undo[:0]
		w.log.advance(w.hot, w.bounds)
		return results, nil
	}
	w.bounds = before
	for _, undo := range slices.Backward(w.undo) {
		undo()
	}
	w.undo = w.undo[:0]
	w.log.logger.Warn("events not stored", "batches", len(group), "error", err)
	return nil, asUnavailable(err)
}

// asUnavailable keeps errors that a batch caused itself apart from those of the
// disk, which all mean: try again later.
func asUnavailable(err error) error {
	err = translate(err)
	switch localplatform.ErrorCode(err) {
	case localplatform.CodeTooLarge, localplatform.CodeInvalid:
		return err
	}
	var e *localplatform.Error
	if errors.As(err, &e) && e.Code == localplatform.CodeUnavailable {
		return e
	}
	return &localplatform.Error{Code: localplatform.CodeUnavailable, Message: "the event store cannot be written: " + err.Error(), Err: err}
}

// open makes the hot segment ready, creating the first one.
func (w *writer) open() error {
	segments, _ := w.log.snapshot()
	if len(segments) == 0 {
		if err := w.create(1, 1); err != nil {
			return err
		}
		segments, _ = w.log.snapshot()
	}
	w.hot = segments[len(segments)-1].segment
	c, err := openConn(w.hot.path, openReadWrite)
	if err != nil {
		return err
	}
	if err := w.adopt(c); err != nil {
		return errors.Join(err, c.close())
	}
	w.conn = c
	return nil
}

func (w *writer) create(number int, first int64) error {
	if err := createSegment(w.log.dir, number, first, w.log.now(), nil); err != nil {
		return err
	}
	s := &segment{number: number, path: segmentPath(w.log.dir, number)}
	b, err := w.log.describe(s)
	if err != nil {
		return err
	}
	s.bounds = b
	w.log.mu.Lock()
	w.log.segments = append(w.log.segments, s)
	w.log.mu.Unlock()
	return nil
}

// adopt sets a connection up for appending and reads what the writer must know.
func (w *writer) adopt(c *conn) (err error) {
	if err := c.exec(fmt.Sprintf("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=%d; PRAGMA cache_size=-16384", walPages)); err != nil {
		return err
	}
	if w.bounds, err = readBounds(c); err != nil {
		return err
	}
	w.batches = map[source]batchMark{}
	err = c.query(`SELECT app, env, instance, seq, received FROM batches`, nil, func(s *stmt) error {
		w.batches[source{s.text(0), s.text(1), s.text(2)}] = batchMark{seq: uint64(s.int(3)), received: s.int(4)}
		return nil
	})
	if err != nil {
		return err
	}
	w.series = map[seriesKey]int64{}
	err = c.query(`SELECT id, app, env, kind, name, attack, severity, blocked FROM series`, nil, func(s *stmt) error {
		w.series[scanSeries(s)] = s.int(0)
		return nil
	})
	if err != nil {
		return err
	}
	w.counted = map[counterKey]int64{}
	return c.query(`SELECT id, app, env, name, key FROM counter_series`, nil, func(s *stmt) error {
		w.counted[counterKey{s.text(1), s.text(2), s.text(3), s.text(4)}] = s.int(0)
		return nil
	})
}

// insert stores what is new in a group of batches.
func (w *writer) insert(group []*pending) ([]localplatform.AppendResult, error) {
	results := make([]localplatform.AppendResult, len(group))
	var fresh []*pending
	sources := map[source]bool{}
	for i, p := range group {
		from := source{p.batch.App, p.batch.Env, p.batch.Instance}
		known, seen := w.batches[from]
		if seen && p.batch.Seq <= known.seq {
			results[i].Duplicate = true
			continue
		}
		results[i].First, results[i].Last = w.place(&p.batch)
		w.batches[from] = batchMark{seq: p.batch.Seq, received: p.batch.Received.UnixMicro()}
		w.undo = append(w.undo, func() {
			if seen {
				w.batches[from] = known
			} else {
				delete(w.batches, from)
			}
		})
		sources[from] = true
		fresh = append(fresh, p)
	}
	if len(fresh) == 0 {
		return results, nil
	}
	if err := w.insertEvents(fresh); err != nil {
		return nil, err
	}
	if err := w.insertSums(fresh); err != nil {
		return nil, err
	}
	for from := range sources {
		mark := w.batches[from]
		err := w.conn.run(`INSERT INTO batches (app, env, instance, seq, received) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (app, env, instance) DO UPDATE SET seq = excluded.seq, received = excluded.received`,
			from.app, from.env, from.instance, int64(mark.seq), mark.received)
		if err != nil {
			return nil, err
		}
	}
	b := w.bounds
	return results, w.conn.run(`UPDATE segment SET last_pos = ?, rows = ?, min_at = ?, max_at = ?, min_received = ?, max_received = ?, names_cut = ?`,
		b.last, b.rows, b.minAt, b.maxAt, b.minReceived, b.maxReceived, b.namesCut)
}

// place gives the events of a batch their positions.
func (w *writer) place(b *localplatform.Batch) (first, last int64) {
	if len(b.Events) == 0 {
		return 0, 0
	}
	first = w.bounds.last + 1
	for i := range b.Events {
		e := &b.Events[i]
		w.bounds.last++
		e.Pos = w.bounds.last
		w.bounds.add(e)
	}
	return first, w.bounds.last
}

// add widens the bounds by one event.
func (b *bounds) add(e *localplatform.Event) {
	at, received := e.At.UnixMicro(), e.Received.UnixMicro()
	if b.rows == 0 {
		b.minAt, b.maxAt, b.minReceived, b.maxReceived = at, at, received, received
	}
	b.rows++
	b.minAt, b.maxAt = min(b.minAt, at), max(b.maxAt, at)
	b.minReceived, b.maxReceived = min(b.minReceived, received), max(b.maxReceived, received)
}

// insertEvents stores the events of batches in their order, several with each statement.
func (w *writer) insertEvents(batches []*pending) error {
	many, err := w.conn.prepare(insertMany)
	if err != nil {
		return err
	}
	one, err := w.conn.prepare(insertOne)
	if err != nil {
		return err
	}
	n := 0
	var row [rowsPerInsert]*localplatform.Event
	for _, p := range batches {
		for i := range p.batch.Events {
			row[n] = &p.batch.Events[i]
			n++
			if n < rowsPerInsert {
				continue
			}
			for j, e := range row {
				bindEvent(many, j, e)
			}
			if err := many.execute(); err != nil {
				return err
			}
			n = 0
		}
	}
	for _, e := range row[:n] {
		bindEvent(one, 0, e)
		if err := one.execute(); err != nil {
			return err
		}
	}
	return nil
}

// lastSeq is the highest batch stored for an instance, as the file says.
func lastSeq(c *conn, from source) (uint64, error) {
	n, err := c.int(`SELECT seq FROM batches WHERE app = ? AND env = ? AND instance = ?`, from.app, from.env, from.instance)
	return uint64(n), err
}

// microTime is how times appear in the store.
func microTime(us int64) time.Time { return time.UnixMicro(us).UTC() }
