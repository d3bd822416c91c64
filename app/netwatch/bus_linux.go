package netwatch

import (
	"context"
	"errors"
	"time"

	"github.com/godbus/dbus/v5"
)

// busPatience bounds each call.
const busPatience = time.Second

const (
	busName    = "org.freedesktop.DBus"
	nmName     = "org.freedesktop.NetworkManager"
	nmPath     = "/org/freedesktop/NetworkManager"
	logindName = "org.freedesktop.login1"
	logindPath = "/org/freedesktop/login1"
	properties = "org.freedesktop.DBus.Properties"
)

var errBusEnded = errors.New("the connection to D-Bus ended")

// bus is a D-Bus on which NetworkManager and logind may be.
type bus struct {
	// connect connects; the connection ends with ctx.
	connect func(ctx context.Context) (*dbus.Conn, error)
}

// listen tells what NetworkManager and logind say.
func (b bus) listen(ctx context.Context, s *sink) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	late := time.AfterFunc(busPatience, cancel)
	conn, err := b.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	late.Stop()
	l := &listener{conn: conn, sink: s, owners: make(map[string]string)}
	defer s.connected(Unknown)
	signals := make(chan *dbus.Signal, 32)
	conn.Signal(signals)
	if err := l.subscribe(ctx); err != nil {
		return err
	}
	for signal := range signals { // closed with the connection
		l.hear(ctx, signal)
	}
	return errBusEnded
}

// listener is a connection to the bus.
type listener struct {
	conn *dbus.Conn
	sink *sink
	// owners are the connections that have the names: anybody may send us a
	// signal that looks like theirs.
	owners map[string]string
}

// subscribe asks for the signals, and for who is there now.
func (l *listener) subscribe(ctx context.Context) error {
	for _, rule := range [][]dbus.MatchOption{
		{dbus.WithMatchSender(nmName), dbus.WithMatchObjectPath(nmPath), dbus.WithMatchInterface(properties), dbus.WithMatchMember("PropertiesChanged"), dbus.WithMatchArg(0, nmName)},
		{dbus.WithMatchSender(logindName), dbus.WithMatchObjectPath(logindPath), dbus.WithMatchInterface(logindName + ".Manager"), dbus.WithMatchMember("PrepareForSleep")},
		{dbus.WithMatchSender(busName), dbus.WithMatchInterface(busName), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, nmName)},
		{dbus.WithMatchSender(busName), dbus.WithMatchInterface(busName), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, logindName)},
	} {
		if err := bounded(ctx, func(ctx context.Context) error { return l.conn.AddMatchSignalContext(ctx, rule...) }); err != nil {
			return err
		}
	}
	for _, name := range []string{nmName, logindName} {
		var owner string
		err := bounded(ctx, func(ctx context.Context) error {
			return l.conn.BusObject().CallWithContext(ctx, busName+".GetNameOwner", 0, name).Store(&owner)
		})
		if err == nil { // else it is not there
			l.owned(ctx, name, owner)
		}
	}
	return nil
}

// bounded calls do, for busPatience at most.
func bounded(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, busPatience)
	defer cancel()
	return do(ctx)
}

// owned notes who has a name now, empty for nobody.
func (l *listener) owned(ctx context.Context, name, owner string) {
	l.owners[name] = owner
	if name != nmName {
		return
	}
	l.sink.listens(owner != "")
	c := Unknown
	if owner != "" {
		c = l.ask(ctx)
	}
	l.sink.connected(c)
}

// ask asks NetworkManager for its connectivity.
func (l *listener) ask(ctx context.Context) Connectivity {
	var value dbus.Variant
	err := bounded(ctx, func(ctx context.Context) error {
		return l.conn.Object(nmName, nmPath).CallWithContext(ctx, properties+".Get", 0, nmName, "Connectivity").Store(&value)
	})
	c, ok := value.Value().(uint32)
	if err != nil || !ok {
		return Unknown
	}
	return Connectivity(c)
}

// hear takes a signal.
func (l *listener) hear(ctx context.Context, s *dbus.Signal) {
	switch {
	case s.Sender == busName && s.Name == busName+".NameOwnerChanged":
		var name, old, owner string
		if dbus.Store(s.Body, &name, &old, &owner) == nil && (name == nmName || name == logindName) {
			l.owned(ctx, name, owner)
		}
	case s.Sender == l.owners[nmName] && s.Name == properties+".PropertiesChanged":
		l.changed(s)
	case s.Sender == l.owners[logindName] && s.Name == logindName+".Manager.PrepareForSleep":
		var begins bool
		if dbus.Store(s.Body, &begins) == nil && !begins {
			l.sink.tell(Event{Woke: true})
		}
	}
}

// changed takes NetworkManager's word for what is another now.
func (l *listener) changed(s *dbus.Signal) {
	var of string
	var values map[string]dbus.Variant
	var invalid []string
	if s.Path != nmPath || dbus.Store(s.Body, &of, &values, &invalid) != nil || of != nmName {
		return
	}
	if c, ok := values["Connectivity"].Value().(uint32); ok {
		l.sink.connected(Connectivity(c))
	}
	for _, key := range []string{"PrimaryConnection", "State"} {
		if _, ok := values[key]; ok {
			l.sink.tell(Event{Network: true})
			return
		}
	}
}
