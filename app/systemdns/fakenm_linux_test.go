package systemdns

import (
	"context"
	"maps"
	"sync"
	"testing"

	"dotproxy/app/bustest"

	"github.com/godbus/dbus/v5"
)

func busAt(address string) systemBus {
	return systemBus{func(ctx context.Context) (*dbus.Conn, error) { return dbus.Connect(address, dbus.WithContext(ctx)) }}
}

// The objects of the fake NetworkManager: one connection on one device.
const (
	fakeActive = nmPath + "/ActiveConnection/1"
	fakeDevice = nmPath + "/Devices/1"
	fakeConfig = nmPath + "/IP4Config/1"
)

// fakeNM is a NetworkManager with one device.
type fakeNM struct {
	mu      sync.Mutex
	objects map[dbus.ObjectPath]map[string]map[string]any
	applied map[string]map[string]dbus.Variant
	version uint64
	may     string
	// old does not know the flag of Reapply; hurried has somebody else change
	// the device before each Reapply.
	old, hurried bool
	profiles     int // how often the profile on the disk was applied
}

func newFakeNM(t *testing.T) (*fakeNM, *networkManager) {
	t.Helper()
	address := bustest.New(t)
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	f := &fakeNM{
		objects: map[dbus.ObjectPath]map[string]map[string]any{
			nmPath:                 {nmName: {"ActiveConnections": []dbus.ObjectPath{fakeActive}}},
			nmPath + "/DnsManager": {nmName + ".DnsManager": {"Mode": nmModeFile, "RcManager": "symlink"}},
			fakeActive: {nmName + ".Connection.Active": {"Devices": []dbus.ObjectPath{fakeDevice}, "State": uint32(nmActivated), "Type": "802-3-ethernet",
				"Uuid": "u1", "Id": "Wired", "Ip4Config": dbus.ObjectPath(fakeConfig), "Ip6Config": dbus.ObjectPath("/")}},
			fakeDevice: {nmName + ".Device": {"Interface": "eth0"}},
			fakeConfig: {nmName + ".IP4Config": {"Gateway": "10.9.0.1", "Domains": []string{"lan"},
				"NameserverData": []map[string]dbus.Variant{{"address": dbus.MakeVariant("10.9.0.1")}}}},
		},
		applied: applied(auto(), map[string]any{"method": "disabled"}).all, version: 3, may: "yes",
	}
	for path := range f.objects {
		if err := conn.ExportMethodTable(map[string]any{"GetAll": func(of string) (map[string]dbus.Variant, *dbus.Error) { return f.getAll(path, of) }}, path, busProperties); err != nil {
			t.Fatal(err)
		}
	}
	device := map[string]any{"GetAppliedConnection": f.getApplied, "Reapply": f.reapply}
	manager := map[string]any{"GetPermissions": f.permissions}
	if err := conn.ExportMethodTable(device, fakeDevice, nmName+".Device"); err != nil {
		t.Fatal(err)
	}
	if err := conn.ExportMethodTable(manager, nmPath, nmName); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.RequestName(nmName, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	return f, newNetworkManager(busAt(address), func() bool { return true })
}

func (f *fakeNM) getAll(path dbus.ObjectPath, of string) (map[string]dbus.Variant, *dbus.Error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := map[string]dbus.Variant{}
	for name, value := range f.objects[path][of] {
		all[name] = dbus.MakeVariant(value)
	}
	return all, nil
}

func (f *fakeNM) permissions() (map[string]string, *dbus.Error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return map[string]string{nmName + ".network-control": f.may}, nil
}

func (f *fakeNM) getApplied(uint32) (map[string]map[string]dbus.Variant, uint64, *dbus.Error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.applied, f.version, nil
}

func (f *fakeNM) reapply(settings map[string]map[string]dbus.Variant, version uint64, flags uint32) *dbus.Error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.hurried {
		f.version++
	}
	switch {
	case f.old && flags != 0:
		return dbus.NewError(nmName+".Device.InvalidArgument", []any{"Invalid flags specified"})
	case version != 0 && version != f.version:
		return dbus.NewError(nmName+".Device.VersionIdMismatch", []any{"Reapply failed because device changed in the meantime"})
	case len(settings) == 0:
		f.applied = applied(auto(), map[string]any{"method": "disabled"}).all
		f.profiles++
	default:
		f.applied = maps.Clone(settings)
	}
	f.version++
	return nil
}

// now is what is in effect.
func (f *fakeNM) now() nmSettings {
	f.mu.Lock()
	defer f.mu.Unlock()
	return nmSettings{f.applied, f.version}
}

// somebody changes what is in effect.
func (f *fakeNM) somebody(v4 map[string]any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.applied = applied(v4, map[string]any{"method": "disabled"}).all
	f.version++
}

// with looks at it, or changes it, while nobody else does.
func (f *fakeNM) with(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do()
}

// set changes a property.
func (f *fakeNM) set(path dbus.ObjectPath, of, name string, value any) {
	f.with(func() { f.objects[path][of][name] = value })
}
