package systemdns

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/godbus/dbus/v5"
)

// busPatience bounds each question over D-Bus, busChange each change: a manager
// of networks that is busy takes its time, and one that is given up may come
// about yet.
const (
	busPatience = time.Second
	busChange   = 5 * time.Second
)

const (
	busName       = "org.freedesktop.DBus"
	busProperties = "org.freedesktop.DBus.Properties"
)

// systemBus is the D-Bus on which the managers of the network are. Each use
// connects anew: uses are seldom, and the bus may have been started again.
type systemBus struct {
	connect func(ctx context.Context) (*dbus.Conn, error)
}

// thisBus is the computer's own.
func thisBus() systemBus {
	return systemBus{func(ctx context.Context) (*dbus.Conn, error) { return dbus.ConnectSystemBus(dbus.WithContext(ctx)) }}
}

// errNoBus: there is no D-Bus, and so nobody on it.
var errNoBus = errors.New("there is no D-Bus")

// open connects; the connection ends with ctx.
func (b systemBus) open(ctx context.Context) (*dbus.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	late := time.AfterFunc(busPatience, cancel)
	conn, err := b.connect(ctx)
	if !late.Stop() && err == nil {
		_ = conn.Close()
		err = context.DeadlineExceeded
	}
	if err != nil {
		cancel()
		if errors.Is(err, fs.ErrNotExist) {
			return nil, errNoBus
		}
		return nil, err
	}
	context.AfterFunc(conn.Context(), cancel)
	return conn, nil
}

// use calls do with a connection.
func (b systemBus) use(ctx context.Context, do func(speaker) error) error {
	conn, err := b.open(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return do(speaker{ctx, conn})
}

// speaker is a connection to the bus for the time of one use.
type speaker struct {
	ctx  context.Context //nolint:containedctx // it lives as long as the use
	conn *dbus.Conn
}

// object is one of a service.
type object struct {
	service string
	path    dbus.ObjectPath
}

// call asks something and stores what is returned.
func (s speaker) call(o object, method string, results []any, args ...any) error {
	return s.within(busPatience, o, method, results, args...)
}

// change has something changed.
func (s speaker) change(o object, method string, args ...any) error {
	return s.within(busChange, o, method, nil, args...)
}

func (s speaker) within(patience time.Duration, o object, method string, results []any, args ...any) error {
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	return s.conn.Object(o.service, o.path).CallWithContext(ctx, method, dbus.FlagNoAutoStart, args...).Store(results...)
}

// properties are all of an interface.
func (s speaker) properties(o object, of string) (properties, error) {
	var all properties
	err := s.call(o, busProperties+".GetAll", []any{&all}, of)
	return all, err
}

// there tells whether a service is on the bus. None is started for that.
func (s speaker) there(service string) (bool, error) {
	var there bool
	err := s.call(object{busName, "/org/freedesktop/DBus"}, busName+".NameHasOwner", []any{&there}, service)
	return there, err
}

// properties are those of an object, by name.
type properties map[string]dbus.Variant

// property is one of them, the zero value where it is not there or is of
// another type.
func property[T any](p properties, name string) T {
	value, _ := p[name].Value().(T)
	return value
}

// failedAs tells whether a call failed with a D-Bus error of one of the names.
func failedAs(err error, names ...string) bool {
	var e dbus.Error
	if !errors.As(err, &e) {
		return false
	}
	for _, name := range names {
		if e.Name == name {
			return true
		}
	}
	return false
}

// listen calls changed at once, and whenever a signal of the service comes that
// is about one of the interfaces, or the service comes or goes; until ctx ends.
func (b systemBus) listen(ctx context.Context, service string, interfaces []string, changed func()) error {
	conn, err := b.open(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	signals := make(chan *dbus.Signal, 64)
	conn.Signal(signals)
	rules := [][]dbus.MatchOption{{dbus.WithMatchSender(busName), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, service)}}
	for _, about := range interfaces {
		rules = append(rules, []dbus.MatchOption{dbus.WithMatchSender(service), dbus.WithMatchInterface(busProperties), dbus.WithMatchArg(0, about)})
	}
	for _, rule := range rules {
		ctx, cancel := context.WithTimeout(ctx, busPatience)
		err := conn.AddMatchSignalContext(ctx, rule...)
		cancel()
		if err != nil {
			return err
		}
	}
	changed()
	for range signals { // closed with the connection
		changed()
	}
	return ended(ctx, errors.New("the connection to D-Bus ended"))
}
