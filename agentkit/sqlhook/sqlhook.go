package sqlhook

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/sqreen/sqreen/agentkit/engine"
)

// suffix is what Register adds to a driver's name.
const suffix = "+sqreen"

// registering guards the check and the registration in Register, which
// database/sql offers only as two steps.
var registering sync.Mutex

// Register makes a wrapped copy of the registered driver called name, and
// returns the name to give to sql.Open: "sqlite+sqreen" for "sqlite". Calling it
// again returns the same name. It fails when there is no driver of that name.
func Register(name string) (wrappedName string, err error) {
	name = strings.TrimSuffix(name, suffix)
	registering.Lock()
	defer registering.Unlock()
	known := sql.Drivers()
	if slices.Contains(known, name+suffix) {
		return name + suffix, nil
	}
	if !slices.Contains(known, name) {
		return "", fmt.Errorf("sqlhook: no driver %q is registered (there is: %s); import its package first, for example _ \"modernc.org/sqlite\"",
			name, strings.Join(known, ", "))
	}
	engine.MarkHook("sqlhook")
	sql.Register(name+suffix, named(name))
	return name + suffix, nil
}

// Open opens a database as sql.Open does, with the driver wrapped.
func Open(driverName, dataSourceName string) (*sql.DB, error) {
	c, err := named(driverName).OpenConnector(dataSourceName)
	if err != nil {
		return nil, err
	}
	engine.MarkHook("sqlhook")
	return sql.OpenDB(c), nil
}

// named is a registered driver that is looked up by its name when a database is
// opened. database/sql shows drivers only through an opened database.
type named string

// Open opens one connection.
func (n named) Open(dataSourceName string) (driver.Conn, error) {
	c, err := n.OpenConnector(dataSourceName)
	if err != nil {
		return nil, err
	}
	return c.Connect(context.Background())
}

// OpenConnector prepares connections.
func (n named) OpenConnector(dataSourceName string) (driver.Connector, error) {
	db, err := sql.Open(string(n), dataSourceName)
	if err != nil {
		return nil, err
	}
	d := db.Driver()
	if err := db.Close(); err != nil { // closes the connector too, so take a new one
		return nil, err
	}
	if dc, ok := d.(driver.DriverContext); ok {
		inner, err := dc.OpenConnector(dataSourceName)
		if err != nil {
			return nil, err
		}
		return WrapConnector(inner), nil
	}
	return WrapConnector(textConnector{dataSourceName, d}), nil
}

// textConnector opens connections by a data source name, for drivers that have
// no connectors of their own.
type textConnector struct {
	dataSourceName string
	driver         driver.Driver
}

func (c textConnector) Connect(context.Context) (driver.Conn, error) {
	return c.driver.Open(c.dataSourceName)
}

func (c textConnector) Driver() driver.Driver { return c.driver }

// Options change how a driver is wrapped. The zero value is right for most.
type Options struct {
	// Dialect is the language of the database: "sqlite", "postgresql", "mysql",
	// "mssql" or "oracle". When it is empty the driver's package tells, and
	// when that is not known a statement is read in more than one way.
	Dialect string
}

// WrapDriver wraps d for sql.Register.
func WrapDriver(d driver.Driver, o Options) driver.Driver {
	if _, ok := d.(wrappedDriver); ok {
		return d
	}
	engine.MarkHook("sqlhook")
	w := &plainDriver{d, newGuard(d, o)}
	if dc, ok := d.(driver.DriverContext); ok {
		return &contextDriver{w, dc}
	}
	return w
}

// wrappedDriver marks our own drivers.
type wrappedDriver interface{ innerDriver() driver.Driver }

type plainDriver struct {
	inner driver.Driver
	*guard
}

func (d *plainDriver) innerDriver() driver.Driver { return d.inner }

// Open opens one connection.
func (d *plainDriver) Open(name string) (driver.Conn, error) {
	c, err := d.inner.Open(name)
	if err != nil {
		return nil, err
	}
	return wrapConn(c, d.guard), nil
}

// contextDriver is a driver that has connectors.
type contextDriver struct {
	*plainDriver
	opener driver.DriverContext
}

// OpenConnector prepares connections.
func (d *contextDriver) OpenConnector(name string) (driver.Connector, error) {
	c, err := d.opener.OpenConnector(name)
	if err != nil {
		return nil, err
	}
	return wrapConnector(c, d.guard), nil
}

// WrapConnector wraps c for sql.OpenDB. The dialect is found from the driver of
// c; use WrapDialect for one that is not known.
func WrapConnector(c driver.Connector) driver.Connector { return WrapDialect(c, Options{}) }

// WrapDialect wraps c as WrapConnector does, with options.
func WrapDialect(c driver.Connector, o Options) driver.Connector {
	engine.MarkHook("sqlhook")
	return wrapConnector(c, newGuard(c.Driver(), o))
}

func wrapConnector(c driver.Connector, g *guard) driver.Connector {
	switch c.(type) {
	case *connector, closingConnector:
		return c
	}
	w := &connector{c, g}
	if closer, ok := c.(io.Closer); ok {
		return closingConnector{w, closer}
	}
	return w
}

type connector struct {
	inner driver.Connector
	*guard
}

// Connect opens a connection.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.inner.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return wrapConn(inner, c.guard), nil
}

// Driver returns the inner driver: libraries look at its type.
func (c *connector) Driver() driver.Driver { return c.inner.Driver() }

// closingConnector is a connector that DB.Close closes.
type closingConnector struct {
	*connector
	io.Closer
}
