package sqlstore

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/sqreen/sqreen/localplatform"
)

// Fold lowers ASCII letters, as the query language compares texts.
func Fold(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if 'A' <= b[i] && b[i] <= 'Z' {
					b[i] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}

// FacetText writes a value of a record's field as facets show it.
func FacetText(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case bool:
		return strconv.FormatBool(x)
	case int64:
		return strconv.FormatInt(x, 10)
	case float64:
		return strconv.FormatFloat(x, 'g', -1, 64)
	case time.Time:
		return x.UTC().Format(time.RFC3339Nano)
	case netip.Addr:
		return x.Unmap().String()
	}
	return fmt.Sprint(v)
}

// ValueCounts counts the values of one field. Values that differ only in the
// case of ASCII letters are one, because a filter finds them together; the
// spelling shown is the one counted most.
type ValueCounts map[string]*spellings

type spellings struct {
	total int64
	best  string
	top   int64
	other map[string]int64 // when there are several spellings
}

// Add counts n records with a value, "" for none.
func (c ValueCounts) Add(value string, n int64) {
	key := Fold(value)
	s := c[key]
	if s == nil {
		c[key] = &spellings{total: n, best: value, top: n}
		return
	}
	s.total += n
	if value == s.best {
		s.top += n
		return
	}
	if s.other == nil {
		s.other = map[string]int64{}
	}
	s.other[value] += n
	if m := s.other[value]; m > s.top || m == s.top && value < s.best {
		delete(s.other, value)
		s.other[s.best] = s.top
		s.best, s.top = value, m
	}
}

// Facet lists the most frequent values, those equally frequent by name.
func (c ValueCounts) Facet(field string, limit int) localplatform.Facet {
	if limit <= 0 {
		limit = 10
	}
	f := localplatform.Facet{Field: field, Values: []localplatform.FacetValue{}}
	for key, s := range c {
		if key == "" {
			f.Absent = s.total
			continue
		}
		f.Values = append(f.Values, localplatform.FacetValue{Value: s.best, Count: s.total})
	}
	slices.SortFunc(f.Values, func(a, b localplatform.FacetValue) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(Fold(a.Value), Fold(b.Value)))
	})
	if len(f.Values) > limit {
		for _, v := range f.Values[limit:] {
			f.Others += v.Count
		}
		f.Values = slices.Clip(f.Values[:limit])
	}
	return f
}
