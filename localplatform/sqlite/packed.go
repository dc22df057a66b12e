package sqlite

import (
	"encoding/binary"
	"math"
)

// The sums of a sealed segment are packed into one blob, because reading
// hundreds of thousands of rows takes a command that has just started a hundred
// times as long: for each minute with events, in order,
//
//	varint   minute less the one before (the first: less 0)
//	uvarint  position of its first event less the segment's first
//	uvarint  position of its last event less that of its first
//	uvarint  number of series, then for each, in order:
//	  uvarint  series less the one before (the first: less 0)
//	  uvarint  events
//
// The event of a minute with the smallest position counts as its first.

// pack writes sums; first is the segment's first position.
func (m *segmentSums) pack(first int64) []byte {
	var b []byte
	cells := m.cells
	minute := int64(0)
	for _, s := range m.minutes {
		n := 0
		for n < len(cells) && cells[n].minute == s.minute {
			n++
		}
		b = binary.AppendVarint(b, s.minute-minute)
		b = binary.AppendUvarint(b, uint64(s.low-first))
		b = binary.AppendUvarint(b, uint64(s.high-s.low))
		b = binary.AppendUvarint(b, uint64(n))
		series := uint32(0)
		for _, c := range cells[:n] {
			b = binary.AppendUvarint(b, uint64(c.series-series))
			b = binary.AppendUvarint(b, uint64(c.events))
			series = c.series
		}
		cells, minute = cells[n:], s.minute
	}
	return b
}

// unpackSums reads what pack wrote, for series with the given names.
func unpackSums(data []byte, first int64, names []series) (*segmentSums, error) {
	m := &segmentSums{names: names, totals: make([]int64, len(names))}
	r := unpacker{data: data}
	minute := int64(0)
	for len(r.data) > 0 && !r.bad {
		step := r.varint()
		if step <= 0 && len(m.minutes) > 0 {
			r.bad = true
			break
		}
		minute += step
		low := first + r.below(posStride)
		high := low + r.below(posStride)
		m.minutes = append(m.minutes, minuteSpan{minute, low, high})
		series := int64(0)
		for n := r.below(int64(len(names)) + 1); n > 0 && !r.bad; n-- {
			step, events := r.below(int64(len(names))+1), r.below(posStride+1)
			series += step
			if step == 0 || series > int64(len(names)) {
				r.bad = true
				break
			}
			m.cells = append(m.cells, sumCell{minute, uint32(series), uint32(events)})
			m.totals[series-1] += events
		}
	}
	if r.bad {
		return nil, damage("its sums cannot be read")
	}
	return m, nil
}

// unpacker reads numbers until one is bad.
type unpacker struct {
	data []byte
	bad  bool
}

func (r *unpacker) varint() int64 {
	v, n := binary.Varint(r.data)
	if n <= 0 || v > math.MaxInt64/4 || v < math.MinInt64/4 {
		r.bad, r.data = true, nil
		return 0
	}
	r.data = r.data[n:]
	return v
}

// below reads a number that has to be below limit.
func (r *unpacker) below(limit int64) int64 {
	v, n := binary.Uvarint(r.data)
	if n <= 0 || v >= uint64(limit) {
		r.bad, r.data = true, nil
		return 0
	}
	r.data = r.data[n:]
	return int64(v)
}
