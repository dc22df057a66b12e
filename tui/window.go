package tui

// window is the part of a long list that is in memory: a run of rows without
// gaps, newest first. It grows by pages at either end and gives up rows at the
// other, so that a list of millions costs what a few screens cost. Rows are
// identified by a position that falls from the first row to the last.
type window[T any] struct {
	rows     []T
	pos      func(T) int64
	top      int  // first row on screen, an index of rows
	cursor   int  // selected row, an index of rows
	height   int  // rows on screen
	newer    bool // there are rows before rows[0] that are not in memory
	older    bool // there are rows after the last one that are not in memory
	lastPage int  // rows in the latest page
	keepRows int  // rows kept in memory, about; never less than four margins and two pages
	front    []T  // the array that rows is the end of, with room before it; nil when there is none
	above    int  // rows of the list before rows[0]; right only as far as whoever calls reset sets it
}

// reset replaces all rows and selects the first, or the last when atEnd.
func (w *window[T]) reset(rows []T, newer, older, atEnd bool) {
	w.rows, w.newer, w.older, w.front = rows, newer, older, nil
	w.top, w.cursor, w.above = 0, 0, 0
	if atEnd {
		w.cursor = max(0, len(rows)-1)
	}
	w.scroll()
}

// appendOlder adds a page at the end and drops rows from the beginning.
func (w *window[T]) appendOlder(rows []T, more bool) {
	w.rows, w.front = append(w.rows, rows...), nil
	w.older, w.lastPage = more, len(rows)
	if over := len(w.rows) - w.limit(); over > 0 {
		over = max(0, min(over, w.top-w.margin())) // never what is on screen or near it
		w.rows = append(w.rows[:0:0], w.rows[over:]...)
		w.top -= over
		w.above += over
		w.cursor = max(0, w.cursor-over)
		w.newer = w.newer || over > 0
	}
}

// prependNewer adds a page before the beginning, itself newest first, and drops
// rows from the end. The selection stays on its row; follow moves it to the
// newest instead.
func (w *window[T]) prependNewer(rows []T, more, follow bool) {
	w.prepend(rows)
	w.newer, w.lastPage = more, len(rows)
	w.above = max(0, w.above-len(rows))
	w.top += len(rows)
	w.cursor += len(rows)
	if follow {
		w.top, w.cursor = 0, 0
	}
	if len(w.rows) > w.limit() {
		keep := max(w.limit(), w.top+w.height+w.margin())
		if gone := len(w.rows) - keep; gone > 0 {
			clear(w.rows[keep:])
			w.rows, w.older = w.rows[:keep], true
			if w.front != nil {
				w.front = w.front[:len(w.front)-gone]
			}
		}
	}
	w.scroll()
}

// prepend puts rows before the others. A tail does so many times a second, so
// room is made for many pages at once.
func (w *window[T]) prepend(rows []T) {
	if free := len(w.front) - len(w.rows); free < len(rows) {
		free = w.limit() + len(rows)
		front := make([]T, free+len(w.rows))
		copy(front[free:], w.rows)
		w.front = front
	}
	start := len(w.front) - len(w.rows) - len(rows)
	copy(w.front[start:], rows)
	w.rows = w.front[start:]
}

// move changes the selection by n rows, and says whether it moved at all.
func (w *window[T]) move(n int) bool {
	before := w.cursor
	w.cursor = min(max(w.cursor+n, 0), max(0, len(w.rows)-1))
	w.scroll()
	return w.cursor != before
}

// resize sets how many rows are on screen.
func (w *window[T]) resize(height int) {
	w.height = max(height, 0)
	w.scroll()
}

// scroll brings the selection into view.
func (w *window[T]) scroll() {
	w.cursor = min(max(w.cursor, 0), max(0, len(w.rows)-1))
	w.top = min(w.top, w.cursor)
	if w.height > 0 && w.cursor >= w.top+w.height {
		w.top = w.cursor - w.height + 1
	}
	w.top = max(0, min(w.top, len(w.rows)-w.height))
}

// visible is what is on screen.
func (w *window[T]) visible() []T {
	return w.rows[min(w.top, len(w.rows)):min(w.top+w.height, len(w.rows))]
}

// selected is the row under the cursor.
func (w *window[T]) selected() (row T, ok bool) {
	if w.cursor >= len(w.rows) {
		return row, false
	}
	return w.rows[w.cursor], true
}

// wants says which end should be extended, because the selection comes near it.
func (w *window[T]) wants() (newer, older bool) {
	margin := w.margin()
	return w.newer && w.cursor < margin, w.older && len(w.rows)-w.cursor <= margin
}

// margin is how near to an end the selection may come before more is asked for.
func (w *window[T]) margin() int { return max(2*w.height, 50) }

// limit is how many rows are kept. Were it not well above two margins, each end
// would be filled with what the other gave up, for ever.
func (w *window[T]) limit() int { return max(w.keepRows, 4*w.margin()+w.lastPage) }

// ends are the positions of the first and the last row in memory, 0 when empty.
func (w *window[T]) ends() (first, last int64) {
	if len(w.rows) == 0 {
		return 0, 0
	}
	return w.pos(w.rows[0]), w.pos(w.rows[len(w.rows)-1])
}
