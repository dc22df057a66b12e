package sqlite

import "github.com/sqreen/sqreen/localplatform"

// insert stores what is new in a group of batches and returns that, beside the
// answer to each batch.
func (w *writer) insert(group []*pending) ([]localplatform.AppendResult, []*pending, error) {
	results := make([]localplatform.AppendResult, len(group))
	fresh := make([]*pending, 0, len(group))
	sources := map[source]bool{}
	for i, p := range group {
		from := source{p.batch.App, p.batch.Env, p.batch.Instance}
		if known, seen := w.batches[from]; seen && p.batch.Seq <= known.seq {
			results[i].Duplicate = true
			continue
		}
		results[i].First, results[i].Last = w.place(&p.batch)
		w.mark(from, batchMark{seq: p.batch.Seq, received: p.batch.Received.UnixMicro()})
		sources[from] = true
		fresh = append(fresh, p)
	}
	if len(fresh) == 0 {
		return results, nil, nil
	}
	if err := w.insertSums(fresh); err != nil {
		return nil, nil, err
	}
	if err := w.insertEvents(fresh); err != nil {
		return nil, nil, err
	}
	for from := range sources {
		if err := putBatch(w.conn, from, w.batches[from]); err != nil {
			return nil, nil, err
		}
	}
	b := w.bounds
	return results, fresh, w.conn.run(`UPDATE segment SET last_pos = ?, min_at = ?, max_at = ?, min_received = ?, max_received = ?, names_cut = ?`,
		b.last, b.minAt, b.maxAt, b.minReceived, b.maxReceived, b.namesCut)
}

// mark remembers the number of a batch until the transaction fails.
func (w *writer) mark(from source, m batchMark) {
	known, seen := w.batches[from]
	w.batches[from] = m
	w.undo = append(w.undo, func() {
		if seen {
			w.batches[from] = known
		} else {
			delete(w.batches, from)
		}
	})
}

// place gives the events of a batch their positions.
func (w *writer) place(b *localplatform.Batch) (first, last int64) {
	if len(b.Events) == 0 {
		return 0, 0
	}
	first = w.bounds.last + 1
	for i := range b.Events {
		w.bounds.add(&b.Events[i])
		b.Events[i].Pos = w.bounds.last
	}
	return first, w.bounds.last
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
	type row struct {
		event  *localplatform.Event
		series uint32
	}
	n := 0
	var rows [rowsPerInsert]row
	for _, p := range batches {
		for i := range p.batch.Events {
			rows[n] = row{&p.batch.Events[i], p.series[i]}
			n++
			if n < rowsPerInsert {
				continue
			}
			for j, r := range rows {
				bindEvent(many, j, r.event, int64(r.series))
			}
			if err := many.execute(); err != nil {
				return err
			}
			n = 0
		}
	}
	for _, r := range rows[:n] {
		bindEvent(one, 0, r.event, int64(r.series))
		if err := one.execute(); err != nil {
			return err
		}
	}
	return nil
}

func putBatch(c *conn, from source, mark batchMark) error {
	return c.run(`INSERT INTO batches (app, env, instance, seq, received) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (app, env, instance) DO UPDATE SET seq = excluded.seq, received = excluded.received`,
		from.app, from.env, from.instance, int64(mark.seq), mark.received)
}

func readBatches(c *conn) (map[source]batchMark, error) {
	out := map[source]batchMark{}
	err := c.query(`SELECT app, env, instance, seq, received FROM batches`, nil, func(s *stmt) error {
		out[source{s.text(0), s.text(1), s.text(2)}] = batchMark{seq: uint64(s.int(3)), received: s.int(4)}
		return nil
	})
	return out, err
}

// lastSeq is the highest batch stored for an instance, as the file says.
func lastSeq(c *conn, from source) (uint64, error) {
	n, err := c.int(`SELECT seq FROM batches WHERE app = ? AND env = ? AND instance = ?`, from.app, from.env, from.instance)
	return uint64(n), err
}
