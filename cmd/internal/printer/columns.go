package printer

import (
	"cmp"
	"strconv"
	"time"
)

// Text makes a column of text.
func Text[T any](name string, get func(T) string) Column[T] {
	return Column[T]{Name: name, Text: get}
}

// Word makes a column of the product's words, coloured by what they mean.
func Word[T any](name string, get func(T) string) Column[T] {
	return Column[T]{Name: name, Text: get, Show: func(v T, p Pen) string { return p.Word(Clean(get(v))) }}
}

// Number makes a column of whole numbers.
func Number[T any](name string, get func(T) int64) Column[T] {
	return Column[T]{
		Name: name, Num: true,
		Text: func(v T) string { return strconv.FormatInt(get(v), 10) },
		Show: func(v T, _ Pen) string { return Thousands(get(v)) },
		Cmp:  func(a, b T) int { return cmp.Compare(get(a), get(b)) },
	}
}

// ID makes a column of numbers that name things: without separators.
func ID[T any](name string, get func(T) int64) Column[T] {
	c := Number(name, get)
	c.Show = nil
	return c
}

// Code makes a column of HTTP statuses; none is empty.
func Code[T any](name string, get func(T) int) Column[T] {
	return Column[T]{
		Name: name, Num: true, Cmp: func(a, b T) int { return cmp.Compare(get(a), get(b)) },
		Text: func(v T) string {
			if get(v) == 0 {
				return ""
			}
			return strconv.Itoa(get(v))
		},
	}
}

// Time makes a column of times, relative for people.
func Time[T any](name string, get func(T) time.Time) Column[T] {
	return Column[T]{
		Name: name,
		Text: func(v T) string { return Stamp(get(v)) },
		Show: func(v T, p Pen) string { return p.When(get(v)) },
		Cmp:  func(a, b T) int { return get(a).Compare(get(b)) },
	}
}

// YesNo makes a column of truths: "true" and "false" in pipes, yes and no for
// people. good says which of them is well.
func YesNo[T any](name string, get func(T) bool, good bool) Column[T] {
	return Column[T]{
		Name: name,
		Text: func(v T) string { return strconv.FormatBool(get(v)) },
		Show: func(v T, p Pen) string {
			word := map[bool]string{true: "yes", false: "no"}[get(v)]
			if get(v) == good {
				return p.Good(word)
			}
			return p.Bad(word)
		},
	}
}

// InWide keeps a column for -o wide and --columns.
func (c Column[T]) InWide() Column[T] { c.Wide = true; return c }

// Titled gives a column a header of its own.
func (c Column[T]) Titled(head string) Column[T] { c.Head = head; return c }

// Cut lets a column be cut down to a width.
func (c Column[T]) Cut(minimum int) Column[T] { c.Min = minimum; return c }

// Yields lets a column go when there is no room; the highest number goes first.
func (c Column[T]) Yields(order int) Column[T] { c.Drop = order; return c }

// Shown replaces what people see.
func (c Column[T]) Shown(show func(T, Pen) string) Column[T] { c.Show = show; return c }

// By replaces how the column sorts.
func (c Column[T]) By(compare func(a, b T) int) Column[T] { c.Cmp = compare; return c }
