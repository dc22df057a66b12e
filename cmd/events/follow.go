package events

import (
	"context"
	"slices"

	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/localplatform"
)

// tailStart is how many old events --follow begins with.
const tailStart = 10

// follow prints the latest events and then each new one, until ctx ends.
func (o *ListOptions) follow(ctx context.Context, query string) error {
	stream, err := printer.NewStream(o.IO, o.Now, &o.Print, columns())
	if err != nil {
		return err
	}
	return o.WithPlatform(ctx, func(p localplatform.Platform) error {
		q := localplatform.EventQuery{Query: query, Limit: o.Limit, Detail: o.needsDetail()}
		if q.Limit == 0 {
			q.Limit = tailStart
		}
		page, err := readPages(ctx, p, q)
		if err != nil {
			return err
		}
		slices.Reverse(page.Events)
		return o.tail(ctx, p, stream, page, q)
	})
}

func (o *ListOptions) tail(ctx context.Context, p localplatform.Platform, s *printer.Stream[event], page localplatform.EventPage, q localplatform.EventQuery) error {
	q.Limit, q.Wait, q.After = localplatform.DefaultPage, localplatform.MaxWait, page.Last
	for {
		if err := s.Write(page.Events...); err != nil {
			return err
		}
		var err error
		if page, err = p.Events(ctx, q); err != nil {
			return err
		}
		// Events that do not match move the end of the store too; asking from there
		// spares the platform reading them again.
		q.After = max(q.After, page.Next)
		if !page.More {
			q.After = max(q.After, page.Last)
		}
	}
}
