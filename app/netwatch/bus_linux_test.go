package netwatch

import (
	"context"
	"sync"
	"testing"

	"dotproxy/app/bustest"

	"github.com/godbus/dbus/v5"
)

// service is a program on the bus that has names.
type service struct {
	t    *testing.T
	conn *dbus.Conn
}

func newService(t *testing.T, address string, names ...string) *service {
	t.Helper()
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	s := &service{t, conn}
	for _, n := range names {
		if _, err := conn.RequestName(n, dbus.NameFlagDoNotQueue); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// connectivity is what the service says where it is asked.
type connectivity uint32

// Get is org.freedesktop.DBus.Properties.Get.
func (c connectivity) Get(_, name string) (dbus.Variant, *dbus.Error) {
	if name != "Connectivity" {
		return dbus.Variant{}, dbus.NewError("org.freedesktop.DBus.Error.UnknownProperty", nil)
	}
	return dbus.MakeVariant(uint32(c)), nil
}

func (s *service) answers(c Connectivity) {
	s.t.Helper()
	if err := s.conn.Export(connectivity(c), nmPath, properties); err != nil {
		s.t.Fatal(err)
	}
}

func (s *service) changes(of, key string, value any) {
	s.t.Helper()
	if err := s.conn.Emit(nmPath, properties+".PropertiesChanged", of, map[string]dbus.Variant{key: dbus.MakeVariant(value)}, []string{}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *service) sleeps(begins bool) {
	s.t.Helper()
	if err := s.conn.Emit(logindPath, logindName+".Manager.PrepareForSleep", begins); err != nil {
		s.t.Fatal(err)
	}
}

// sendTo sends a signal to one connection alone, and returns when it was passed
// on.
func (s *service) sendTo(to string, path dbus.ObjectPath, intf, member string, body ...any) {
	s.t.Helper()
	s.conn.Send(&dbus.Message{Type: dbus.TypeSignal, Body: body, Headers: map[dbus.HeaderField]dbus.Variant{
		dbus.FieldDestination: dbus.MakeVariant(to), dbus.FieldPath: dbus.MakeVariant(path), dbus.FieldInterface: dbus.MakeVariant(intf),
		dbus.FieldMember: dbus.MakeVariant(member), dbus.FieldSignature: dbus.MakeVariant(dbus.SignatureOf(body...)),
	}}, nil)
	if err := s.conn.BusObject().Call(busName+".GetId", 0).Err; err != nil {
		s.t.Fatal(err)
	}
}

// onBus is a watcher of a bus alone, and the name of its connection once it
// told anything.
func onBus(t *testing.T, address string) (w *Watcher, name func() string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	names := make(chan string, 1)
	b := bus{connect: func(ctx context.Context) (*dbus.Conn, error) {
		conn, err := dbus.Connect(address, dbus.WithContext(ctx))
		if err == nil {
			names <- conn.Names()[0]
		}
		return conn, err
	}}
	w = start(ctx, b.listen)
	t.Cleanup(func() {
		cancel()
		w.Wait()
	})
	return w, sync.OnceValue(func() string { return <-names })
}

// until takes events until one is the one.
func until(t *testing.T, w *Watcher, about string, is func(Event) bool) {
	t.Helper()
	for {
		select {
		case e := <-w.Events():
			if is(e) {
				return
			}
		case <-t.Context().Done():
			t.Fatalf("%s: nothing came", about)
		}
	}
}

func TestBus(t *testing.T) {
	address := bustest.New(t)
	s := newService(t, address, nmName, logindName)
	s.answers(Portal)
	w, conn := onBus(t, address)
	until(t, w, "at the start", func(e Event) bool { return e.Network && e.Connectivity == Portal })
	if !w.Live() || w.Connectivity() != Portal {
		t.Errorf("live %v, connectivity %d", w.Live(), w.Connectivity())
	}
	s.changes(nmName, "Connectivity", uint32(Full))
	until(t, w, "the connectivity", func(e Event) bool { return e.Connectivity == Full })
	for key, value := range map[string]any{"PrimaryConnection": dbus.ObjectPath("/org/freedesktop/NetworkManager/ActiveConnection/2"), "State": uint32(70)} {
		s.changes(nmName, key, value)
		until(t, w, key, func(e Event) bool { return e.Network && !e.Woke })
	}
	// What does not matter, or only looks as if it did, tells nothing.
	device := map[string]dbus.Variant{"State": dbus.MakeVariant(uint32(30))}
	none := map[string]dbus.Variant{"Connectivity": dbus.MakeVariant(uint32(None)), "State": dbus.MakeVariant(uint32(20))}
	forger := newService(t, address)
	s.changes(nmName, "AllDevices", []dbus.ObjectPath{})
	s.sendTo(conn(), nmPath, properties, "PropertiesChanged", nmName+".Device", device, []string{})
	s.sendTo(conn(), nmPath+"/Devices/1", properties, "PropertiesChanged", nmName, device, []string{})
	forger.sendTo(conn(), nmPath, properties, "PropertiesChanged", nmName, none, []string{})
	forger.sendTo(conn(), logindPath, logindName+".Manager", "PrepareForSleep", false)
	forger.sendTo(conn(), "/org/freedesktop/DBus", busName, "NameOwnerChanged", nmName, "", "")
	s.changes(nmName, "Connectivity", uint32(Limited))
	if e := <-w.Events(); e != (Event{Connectivity: Limited}) {
		t.Errorf("after forgeries: %+v", e)
	}
	s.sleeps(true)
	s.changes(nmName, "State", uint32(20))
	if e := <-w.Events(); e != (Event{Network: true, Connectivity: Limited}) {
		t.Errorf("the computer goes to sleep: %+v", e)
	}
	s.sleeps(false)
	if e := <-w.Events(); e != (Event{Woke: true, Connectivity: Limited}) {
		t.Errorf("the wake-up: %+v", e)
	}
}

// NetworkManager may come, go and come again.
func TestBusWithoutNetworkManager(t *testing.T) {
	address := bustest.New(t)
	logind := newService(t, address, logindName)
	w, _ := onBus(t, address)
	s := newService(t, address)
	s.answers(Limited)
	for range 2 {
		if _, err := s.conn.RequestName(nmName, dbus.NameFlagDoNotQueue); err != nil {
			t.Fatal(err)
		}
		until(t, w, "it came", func(e Event) bool { return e.Connectivity == Limited })
		if !w.Live() {
			t.Error("it is there, and nobody listens")
		}
		if _, err := s.conn.ReleaseName(nmName); err != nil {
			t.Fatal(err)
		}
		until(t, w, "it went", func(e Event) bool { return e.Connectivity == Unknown })
		if w.Live() {
			t.Error("it is gone, and somebody listens")
		}
	}
	logind.sleeps(false)
	until(t, w, "a wake-up", func(e Event) bool { return e.Woke })
}

// A bus that ends is noticed.
func TestBusEnds(t *testing.T) {
	address := bustest.New(t)
	s := newService(t, address, nmName)
	s.answers(Full)
	ended := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var conn *dbus.Conn
	b := bus{connect: func(ctx context.Context) (c *dbus.Conn, err error) {
		conn, err = dbus.Connect(address, dbus.WithContext(ctx))
		return conn, err
	}}
	w := start(ctx, func(ctx context.Context, s *sink) error {
		err := b.listen(ctx, s)
		ended <- err
		return err
	})
	until(t, w, "at the start", func(e Event) bool { return e.Connectivity == Full })
	_ = conn.Close()
	if err := <-ended; err == nil {
		t.Error("the end is no error")
	}
	until(t, w, "the end", func(e Event) bool { return e.Connectivity == Unknown })
	cancel()
	w.Wait()
}
