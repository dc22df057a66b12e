package sqlite

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"

	lib "modernc.org/sqlite/lib"

	"github.com/sqreen/sqreen/localplatform"
)

const (
	// groupRows bounds the events of one transaction. Larger ones gain little
	// speed and keep the first of their batches waiting.
	groupRows = 8192
	// rowsPerInsert is how many events one statement stores.
	rowsPerInsert = 16
	// walBytes is the size below which the hot segment's write-ahead log is left
	// alone. Above, it is copied into the segment when it is more than twice as
	// large: then it is mostly pages that small commits wrote again and again.
	// Under load that never happens, and events are written only twice in all,
	// to the log and, sorted out, to the sealed segment.
	walBytes = 64 << 20
	// forgetAfter is how long an instance that sends nothing is remembered. An
	// agent that repeats a batch does so within hours.
	forgetAfter = 30 * 24 * time.Hour
)

// writer appends to the hot segment. Everything but stop and do runs on its
// goroutine.
type writer struct {
	log   *eventLog
	queue *queue
	tasks chan func()
	quit  chan struct{}
	ended chan struct{}

	conn       *conn
	hot        *segment
	bounds     bounds
	batches    map[source]batchMark
	series     map[seriesKey]int64
	names      []series // series n is at n-1
	counted    map[counterKey]int64
	commits    int      // of this process
	noRotation int64    // position before which rotation is not tried again
	failing    bool     // the last transaction failed
	stored     bool     // something was stored in the hot segment, if only counters
	undo       []func() // what to take back when the transaction fails
}

// source is who numbers batches.
type source struct{ app, env, instance string }

type batchMark struct {
	seq      uint64
	received int64
}

func startWriter(l *eventLog) (*writer, error) {
	w := &writer{log: l, queue: newQueue(l.opts.QueueBytes), tasks: make(chan func()), quit: make(chan struct{}), ended: make(chan struct{})}
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
	var err error
	if log, statErr := os.Stat(w.hot.path + "-wal"); statErr == nil && log.Size() > walBytes {
		err = w.conn.keepLog() // copying it would keep the end of the process waiting
	}
	return errors.Join(err, w.conn.close())
}

// do runs fn on the writer's goroutine and waits for it.
func (w *writer) do(ctx context.Context, fn func()) error {
	done := make(chan struct{})
	select {
	case w.tasks <- func() { defer close(done); fn() }:
		<-done
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-w.ended:
		return unavailable("the store is closed")
	}
}

func (w *writer) loop() {
	defer close(w.ended)
	for {
		if group := w.queue.take(groupRows); len(group) > 0 {
			w.store(group)
			continue
		}
		select {
		case <-w.queue.wake:
		case task := <-w.tasks:
			task()
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
	if err == nil {
		w.rotateIfFull()
		w.trimLog()
	}
}

// trimLog copies the write-ahead log into the segment when it has grown out of
// proportion, so that it begins again at its start.
func (w *writer) trimLog() {
	if w.commits++; w.commits%256 != 0 || w.conn == nil {
		return
	}
	log, err := os.Stat(w.hot.path + "-wal")
	if err != nil || log.Size() < walBytes {
		return
	}
	pages, err := w.conn.int("PRAGMA page_count")
	if err != nil || log.Size() < 2*4096*pages {
		return
	}
	if err := w.conn.run("PRAGMA wal_checkpoint(PASSIVE)"); err != nil {
		w.log.logger.Warn("write-ahead log not copied", "error", err)
	}
}

// commit stores batches in one transaction. A hot segment that turns out to be
// damaged is given up for a new one, once.
func (w *writer) commit(group []*pending) ([]localplatform.AppendResult, error) {
	w.heedReaders()
	results, err := w.try(group)
	if damaged(err) {
		w.giveUp(err)
		results, err = w.try(group)
	}
	if err != nil {
		w.log.logger.Warn("events not stored", "batches", len(group), "error", err)
		return nil, asUnavailable(err)
	}
	return results, nil
}

func (w *writer) try(group []*pending) ([]localplatform.AppendResult, error) {
	if w.conn == nil {
		if err := w.open(); err != nil {
			return nil, err
		}
	}
	before := w.bounds
	var results []localplatform.AppendResult
	var fresh []*pending
	w.log.opts.step("begin")
	err := w.conn.inTx(func() (err error) {
		results, fresh, err = w.insert(group)
		w.log.opts.step("commit")
		return err
	})
	w.log.opts.step("answer")
	if err == nil {
		w.undo = w.undo[:0]
		w.stored = true
		w.recovered()
		w.hot.recent.Load().append(fresh, w.names)
		w.log.tail.add(fresh)
		w.log.advance(w.hot, w.bounds)
		return results, nil
	}
	w.bounds = before
	for _, undo := range slices.Backward(w.undo) {
		undo()
	}
	w.undo = w.undo[:0]
	w.failing = true
	if c := code(err); c != lib.SQLITE_FULL && c != lib.SQLITE_CONSTRAINT && c != lib.SQLITE_TOOBIG {
		w.disconnect() // begin from what the file really holds
	}
	return nil, err
}

// recovered tells the sealer when there is room on the disk again.
func (w *writer) recovered() {
	if w.failing && w.log.sealer != nil {
		w.log.sealer.nudge()
	}
	w.failing = false
}

func (w *writer) disconnect() {
	if w.conn == nil {
		return
	}
	if err := w.conn.close(); err != nil {
		w.log.logger.Warn("event file not closed", "error", err)
	}
	w.conn = nil
}

// asUnavailable keeps errors that a batch caused itself apart from those of the
// disk, which all mean: try again later.
func asUnavailable(err error) error {
	err = translate(err)
	switch localplatform.ErrorCode(err) {
	case localplatform.CodeTooLarge, localplatform.CodeInvalid:
		return err
	}
	if e, ok := errors.AsType[*localplatform.Error](err); ok && e.Code == localplatform.CodeUnavailable {
		return e
	}
	return &localplatform.Error{Code: localplatform.CodeUnavailable, Message: "the event store cannot be written: " + err.Error(), Err: err}
}

// heedReaders gives the hot segment up when a reader has found it damaged.
func (w *writer) heedReaders() {
	w.log.mu.Lock()
	bad := w.log.hotBad
	w.log.hotBad = nil
	w.log.mu.Unlock()
	if bad != nil {
		w.giveUp(bad)
	}
}

// giveUp sets the hot segment aside. The next open makes a new one.
func (w *writer) giveUp(cause error) {
	w.disconnect()
	l := w.log
	l.mu.Lock()
	l.segments = slices.DeleteFunc(slices.Clone(l.segments), func(s *segment) bool { return s == w.hot })
	l.mu.Unlock()
	if err := l.setAside(w.hot, cause); err != nil {
		l.problem(err.Error())
	}
}

// open makes the hot segment ready, creating it when there is none.
func (w *writer) open() error {
	err := w.openHot()
	if damaged(err) {
		w.giveUp(err)
		err = w.openHot()
	}
	return err
}

func (w *writer) openHot() error {
	l := w.log
	views, last := l.snapshot()
	if len(views) == 0 || views[len(views)-1].sealed || views[len(views)-1].number < l.highest {
		first := int64(1)
		if l.highest > 0 {
			// The last segment is missing: keep clear of what it may have held.
			first = max(last+1, int64(l.highest+1)*posStride)
		}
		if err := w.recallBatches(views); err != nil {
			return err
		}
		return w.begin(l.highest+1, first)
	}
	w.hot = views[len(views)-1].segment
	return w.connect()
}

// recallBatches reads the numbers of batches from the newest segment that is
// left, when the hot one is missing and this process does not know them itself.
func (w *writer) recallBatches(views []view) error {
	if w.batches != nil || len(views) == 0 {
		return nil
	}
	return w.log.readers.use(w.log.ctx, views[len(views)-1].segment, func(c *conn) (err error) {
		w.batches, err = readBatches(c)
		return err
	})
}

// begin creates a segment, makes it the hot one and connects to it.
func (w *writer) begin(number int, first int64) error {
	l := w.log
	w.forget()
	err := l.createHot(number, first, w.batches)
	if err != nil && vanished(&segment{path: hotPath(l.dir, number)}) {
		return err
	}
	// From here on the file is there, and nothing may be added to the one before.
	w.disconnect()
	s := &segment{number: number, path: hotPath(l.dir, number), bounds: bounds{first: first, last: first - 1}}
	s.recent.Store(newRecent(first, true))
	l.mu.Lock()
	l.segments = append(slices.Clone(l.segments), s)
	l.highest = number
	l.mu.Unlock()
	w.hot = s
	return w.connect()
}

// connect sets a connection to the hot segment up for appending and reads what
// the writer must know.
func (w *writer) connect() error {
	c, err := openConn(w.hot.path, openReadWrite)
	if err != nil {
		return err
	}
	if err := w.adopt(c); err != nil {
		return errors.Join(err, c.close())
	}
	w.conn = c
	w.log.advance(w.hot, w.bounds)
	return nil
}

func (w *writer) adopt(c *conn) (err error) {
	const setup = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA fullfsync=1; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-16384"
	if err := c.exec(setup); err != nil {
		return err
	}
	b, err := readBounds(c)
	if err != nil {
		return err
	}
	batches, err1 := readBatches(c)
	series, err2 := readSeries(c)
	counted, err3 := readCounterSeries(c)
	if err := errors.Join(err1, err2, err3); err != nil {
		return foreign(err)
	}
	w.bounds, w.batches, w.names = b, batches, series
	w.series, w.counted = map[seriesKey]int64{}, map[counterKey]int64{}
	for i, k := range series {
		w.series[k.Value()] = int64(i + 1)
	}
	for id, k := range counted {
		w.counted[k] = id
	}
	w.stored = b.rows() > 0 || len(counted) > 0
	if r := w.hot.recent.Load(); r == nil || r.end() != b.last+1 {
		w.hot.recent.Store(newRecent(b.last+1, b.rows() == 0))
		w.log.fillRecent(w.hot, b)
	}
	w.hot.recent.Load().append(nil, series)
	return nil
}

// rotateIfFull begins a new segment when the hot one is large or old enough.
// When that fails, the hot one simply grows on.
func (w *writer) rotateIfFull() {
	old := w.stored && w.log.now().UnixMicro()-w.bounds.created >= w.log.opts.SegmentAge.Microseconds()
	if !old && w.bounds.rows() < int64(w.log.opts.SegmentRows) || w.bounds.last < w.noRotation {
		return
	}
	if err := w.rotate(); err != nil {
		w.noRotation = w.bounds.last + 1000
		w.log.logger.Warn("no new event file could be begun", "error", err)
	}
}

// rotate begins a new segment and has the old one sealed.
func (w *writer) rotate() error {
	if w.conn == nil {
		return nil
	}
	if err := w.conn.keepLog(); err != nil {
		return err
	}
	err := w.begin(w.hot.number+1, w.bounds.last+1)
	if w.log.sealer != nil {
		w.log.sealer.nudge()
	}
	return err
}

// forget drops instances that have long been silent, and counts them.
func (w *writer) forget() {
	limit := w.log.now().Add(-forgetAfter).UnixMicro()
	n := int64(0)
	for from, mark := range w.batches {
		if mark.received < limit {
			delete(w.batches, from)
			n++
		}
	}
	if n > 0 {
		w.log.dropped("instances_forgotten", n)
	}
}
