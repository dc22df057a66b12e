package server

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/sqreen/sqreen/localplatform"
)

const (
	bodyWithin   = 30 * time.Second // for a client to send a body
	bodiesMemory = 256 << 20        // bytes of all bodies being read or worked on
	gzipGuess    = 16               // how many times a body is expected to unpack to
	smallBody    = 64 << 10
)

// bodies reads request bodies within bounds: of each, of time, and of memory
// for all of them together.
type bodies struct {
	memory *semaphore.Weighted
	gzips  sync.Pool
}

func newBodies() *bodies { return &bodies{memory: semaphore.NewWeighted(bodiesMemory)} }

// read returns the body, unpacked. The caller calls release when it no longer
// needs the memory. Errors are CodeTooLarge, CodeInvalid or CodeUnavailable.
func (b *bodies) read(w http.ResponseWriter, r *http.Request, limit int64) (body []byte, release func(), err error) {
	packed, err := encoding(r)
	if err != nil {
		return nil, nil, err
	}
	if r.ContentLength > limit {
		return nil, nil, tooLarge(limit)
	}
	weight := b.guess(r.ContentLength, limit, packed)
	if err := b.memory.Acquire(r.Context(), weight); err != nil {
		return nil, nil, err
	}
	give := func() { b.memory.Release(weight) }
	defer func() {
		if err != nil {
			give()
		}
	}()
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Now().Add(bodyWithin))
	defer rc.SetReadDeadline(time.Time{}) //nolint:errcheck // a connection that cannot do it never had a deadline
	source := io.Reader(http.MaxBytesReader(w, r.Body, limit))
	if packed {
		unpack, done, err := b.gunzip(source)
		if err != nil {
			return nil, nil, err
		}
		defer done()
		source = unpack
	}
	body, err = readUpTo(source, weight)
	if errors.Is(err, errMore) && weight < limit { // the guess was too low
		if !b.memory.TryAcquire(limit - weight) {
			return nil, nil, localplatform.Errorf(localplatform.CodeUnavailable, "the platform is busy with other requests").WithHint("try again")
		}
		weight = limit
		var rest []byte
		rest, err = readUpTo(source, limit-int64(len(body)))
		body = append(body, rest...)
	}
	if err != nil {
		return nil, nil, bodyError(err, limit)
	}
	return body, give, nil
}

// guess is how much memory a body will take.
func (b *bodies) guess(length, limit int64, packed bool) int64 {
	switch {
	case length < 0:
		return min(smallBody, limit)
	case packed:
		return min(length*gzipGuess+smallBody, limit)
	}
	return length
}

func encoding(r *http.Request) (packed bool, err error) {
	switch strings.ToLower(r.Header.Get("Content-Encoding")) {
	case "", "identity":
		return false, nil
	case "gzip":
		return true, nil
	}
	return false, localplatform.Errorf(localplatform.CodeInvalid, "the body has an unknown Content-Encoding").WithHint("send it plain or as gzip")
}

func (b *bodies) gunzip(source io.Reader) (*gzip.Reader, func(), error) {
	z, ok := b.gzips.Get().(*gzip.Reader)
	if !ok {
		z = new(gzip.Reader)
	}
	if err := z.Reset(source); err != nil {
		return nil, nil, bodyError(err, 0)
	}
	return z, func() { b.gzips.Put(z) }, nil
}

// errMore says that a reader holds more than was asked for.
var errMore = errors.New("more than expected")

// readUpTo reads to the end, or limit bytes and errMore. With errMore one byte
// above the limit has been read, too.
func readUpTo(r io.Reader, limit int64) ([]byte, error) {
	buf := bytes.NewBuffer(make([]byte, 0, min(limit, smallBody)+bytes.MinRead))
	n, err := buf.ReadFrom(io.LimitReader(r, limit+1))
	if err == nil && n > limit {
		err = errMore
	}
	return buf.Bytes(), err
}

func tooLarge(limit int64) error {
	return localplatform.Errorf(localplatform.CodeTooLarge, "the body is longer than %d bytes", limit)
}

func bodyError(err error, limit int64) error {
	if _, big := errors.AsType[*http.MaxBytesError](err); big || errors.Is(err, errMore) {
		return tooLarge(limit)
	}
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) {
		return localplatform.Errorf(localplatform.CodeInvalid, "the body is not gzip: %w", err)
	}
	return localplatform.Errorf(localplatform.CodeInvalid, "the body was not received whole: %w", err)
}
