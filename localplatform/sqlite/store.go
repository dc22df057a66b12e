package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/sqlstore"
	"github.com/sqreen/sqreen/queries"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

//go:embed migrations/*.sql
var migrations embed.FS

// busyTimeout is how long a connection waits for a lock of another process.
const busyTimeout = 5 * time.Second

// Options say how a data directory is opened. The zero value is right for a
// platform.
type Options struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Logger gets what an operator should know; nil means none.
	Logger *slog.Logger
	// ReadOnly opens without changing anything and without the directory lock,
	// also while a platform writes. Append, Update and Retain then answer
	// CodeUnavailable.
	ReadOnly bool
	// Address says where this process can be reached. It is written into the
	// lock file, so that another process can say where to go.
	Address string
	// SegmentRows and SegmentAge end a segment of events; zero means 250,000
	// events and 24 hours.
	SegmentRows int
	SegmentAge  time.Duration
	// QueueBytes bounds the memory of batches that wait to be written, about;
	// zero means 64 MB. Callers of Append wait while it is full.
	QueueBytes int64

	step func(point string) // tests: called before each step that changes files
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.SegmentRows <= 0 {
		o.SegmentRows = 250_000
	}
	if o.SegmentAge <= 0 {
		o.SegmentAge = 24 * time.Hour
	}
	if o.QueueBytes <= 0 {
		o.QueueBytes = 64 << 20
	}
	if o.step == nil {
		o.step = func(string) {}
	}
	return o
}

// Store keeps everything in one directory. It implements localplatform.Store.
type Store struct {
	sqlstore.Control
	*eventLog

	dir    string
	unlock func()

	closing  sync.Once
	closeErr error
}

var _ localplatform.Store = (*Store)(nil)

// Open opens the data directory dir, creating it when it is missing unless
// opts.ReadOnly is set. One process may have it open for writing: another gets
// the error of Lock. Data of a newer sqreen is CodeVersion. The caller closes
// the store.
func Open(dir string, opts Options) (*Store, error) {
	opts = opts.withDefaults()
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{dir: dir, unlock: func() {}}
	if err := s.open(opts); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) open(opts Options) error {
	if err := s.claim(opts); err != nil {
		return err
	}
	if err := s.openControl(opts); err != nil {
		return err
	}
	l, err := openLog(s.dir, opts)
	if err != nil {
		return err
	}
	s.eventLog = l
	return nil
}

// claim makes sure that the directory is there, suits SQLite and is ours.
func (s *Store) claim(opts Options) error {
	if opts.ReadOnly {
		if _, err := os.Stat(filepath.Join(s.dir, controlFile)); errors.Is(err, fs.ErrNotExist) {
			return localplatform.Errorf(localplatform.CodeNotFound, "there is no sqreen data in %s", s.dir).
				WithHint("start a platform with: sqreen serve --data %s", s.dir)
		}
		return nil
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return localplatform.Errorf(localplatform.CodeUnavailable, "the data directory cannot be created: %w", err)
	}
	if err := checkFileSystem(s.dir); err != nil {
		return err
	}
	unlock, err := lockAs(s.dir, opts.Address, opts.Now())
	if err != nil {
		return err
	}
	s.unlock = unlock
	return nil
}

// controlFile holds everything but events.
const controlFile = "control.db"

func (s *Store) openControl(opts Options) error {
	path := filepath.Join(s.dir, controlFile)
	s.Dialect = sqlstore.Dialect{Queries: queries.SQLite, Error: translate}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	ctx := context.Background()
	if !opts.ReadOnly {
		if err := makePrivate(path); err != nil {
			return unavailable("the data directory cannot be written: " + err.Error())
		}
		if s.Writer, err = sql.Open("sqlite", controlDSN(path, "mode=rwc&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=fullfsync(1)&_txlock=immediate")); err != nil {
			return err
		}
		s.Writer.SetMaxOpenConns(1)
		if err := sqlstore.Migrate(ctx, s.Writer, files, s.Dialect); err != nil {
			return fmt.Errorf("open %s: %w", controlFile, err)
		}
	}
	err = s.openControlReader(path, "mode=ro", files)
	if err != nil && opts.ReadOnly && noLocks(err) && !hasLog(path) {
		err = s.openControlReader(path, "mode=ro&immutable=1", files) // as openReader does
	}
	if err != nil {
		return fmt.Errorf("open %s: %w", controlFile, translate(err))
	}
	return nil
}

func (s *Store) openControlReader(path, mode string, files fs.FS) error {
	db, err := sql.Open("sqlite", controlDSN(path, mode))
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(4)
	if err := sqlstore.CheckVersion(context.Background(), db, files, s.Dialect); err != nil {
		return errors.Join(err, db.Close())
	}
	s.Reader = db
	return nil
}

// controlDSN names control.db for the driver. The busy timeout comes first:
// setting the journal mode may already have to wait.
func controlDSN(path, params string) string {
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), OmitHost: true}
	u.RawQuery = fmt.Sprintf("_pragma=busy_timeout(%d)&_pragma=foreign_keys(1)&%s", busyTimeout.Milliseconds(), params)
	return u.String()
}

// Close stores what waits to be stored, interrupts queries, closes the files and
// releases the directory. Closing again does nothing.
func (s *Store) Close() error {
	s.closing.Do(func() { s.closeErr = s.close() })
	return s.closeErr
}

func (s *Store) close() error {
	var errs []error
	if s.eventLog != nil {
		errs = append(errs, s.eventLog.close())
	}
	for _, db := range []*sql.DB{s.Reader, s.Writer} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	s.unlock()
	return errors.Join(errs...)
}
