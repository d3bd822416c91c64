package systemdns

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/godbus/dbus/v5"
)

// The values of NetworkManager's properties (nm-dbus-types).
const (
	nmActivated = 2    // NM_ACTIVE_CONNECTION_STATE_ACTIVATED
	nmExternal  = 0x80 // NM_ACTIVATION_STATE_FLAG_EXTERNAL
)

// nmLeftAlone are the types of connections whose DNS is their own: tunnels, and
// links that lead nowhere.
var nmLeftAlone = []string{"vpn", "wireguard", "tun", "ip-tunnel", "loopback", "dummy"}

// nmDevices are the devices in use, in the order of their names.
func nmDevices(s speaker) ([]nmDevice, error) {
	manager, err := s.properties(object{nmName, nmPath}, nmName)
	if err != nil {
		return nil, err
	}
	var devices []nmDevice
	for _, path := range property[[]dbus.ObjectPath](manager, "ActiveConnections") {
		d, may, err := nmActive(s, path)
		if err != nil && !failedAs(err, unknownObject, unknownMethod) {
			return nil, err
		}
		if err == nil && may {
			devices = append(devices, d)
		}
	}
	slices.SortFunc(devices, func(a, b nmDevice) int { return strings.Compare(a.name, b.name) })
	return devices, nil
}

// nmActive reads an active connection; may is whether it is one of ours to
// change.
func nmActive(s speaker, path dbus.ObjectPath) (d nmDevice, may bool, err error) {
	active, err := s.properties(object{nmName, path}, nmName+".Connection.Active")
	if err != nil {
		return d, false, err
	}
	paths := property[[]dbus.ObjectPath](active, "Devices")
	if len(paths) != 1 || property[bool](active, "Vpn") || property[uint32](active, "State") != nmActivated ||
		property[uint32](active, "StateFlags")&nmExternal != 0 || slices.Contains(nmLeftAlone, property[string](active, "Type")) {
		return d, false, nil
	}
	d = nmDevice{path: paths[0], uuid: property[string](active, "Uuid"), title: property[string](active, "Id")}
	for _, family := range []string{"4", "6"} {
		gateway, err := d.readConfig(s, active, family)
		if err != nil {
			return d, false, err
		}
		d.leads = d.leads || gateway
	}
	device, err := s.properties(object{nmName, d.path}, nmName+".Device")
	d.name = property[string](device, "Interface")
	if at := property[dbus.ObjectPath](active, "Dhcp4Config"); err == nil && len(at) > 1 {
		d.readDHCP(s, at)
	}
	if at := property[dbus.ObjectPath](active, "Dhcp6Config"); err == nil && len(at) > 1 {
		p, _ := s.properties(object{nmName, at}, nmName+".DHCP6Config")
		d.dhcp6 = property[string](property[map[string]dbus.Variant](p, "Options"), "dhcp6_name_servers") != ""
	}
	return d, err == nil && d.name != "", err
}

// readConfig reads what is in use of IPv4 or IPv6, and whether it has a gateway.
func (d *nmDevice) readConfig(s speaker, active properties, family string) (gateway bool, err error) {
	path := property[dbus.ObjectPath](active, "Ip"+family+"Config")
	if len(path) <= 1 { // "/" is none
		return false, nil
	}
	p, err := s.properties(object{nmName, path}, nmName+".IP"+family+"Config")
	if err != nil {
		return false, err
	}
	d.domains = union(d.domains, property[[]string](p, "Domains"), property[[]string](p, "Searches"))
	for _, raw := range property[[][]byte](p, "Nameservers") { // of IPv6
		if a, ok := netip.AddrFromSlice(raw); ok {
			d.servers = append(d.servers, a)
		}
	}
	for _, server := range property[[]map[string]dbus.Variant](p, "NameserverData") { // of IPv4
		if a, err := netip.ParseAddr(property[string](server, "address")); err == nil {
			d.servers = append(d.servers, a)
		}
	}
	return property[string](p, "Gateway") != "", nil
}

// readDHCP reads what the DHCP server said; its options are text.
func (d *nmDevice) readDHCP(s speaker, at dbus.ObjectPath) {
	p, err := s.properties(object{nmName, at}, nmName+".DHCP4Config")
	if err != nil {
		return // nothing is lost but what is new there
	}
	options := property[map[string]dbus.Variant](p, "Options")
	for _, text := range strings.Fields(property[string](options, "domain_name_servers")) {
		if a, err := netip.ParseAddr(text); err == nil {
			d.offered = append(d.offered, a)
		}
	}
	d.suggested = union(strings.Fields(property[string](options, "domain_name")), strings.Fields(property[string](options, "domain_search")))
}

// union is lists one after the other, nothing twice, and no more than
// resolv.conf(5) takes.
func union(lists ...[]string) []string {
	var all []string
	for _, item := range slices.Concat(lists...) {
		if item != "" && item != nmEverything && !slices.Contains(all, item) && len(all) < maxResolvers {
			all = append(all, item)
		}
	}
	return all
}

// before is the device with what is applied to it, which is not known where
// that is ours.
func (d nmDevice) before(applied nmSettings, t Target) nmLink {
	l := nmLink{Interface: d.name, UUID: d.uuid, Name: d.title, Domains: union(d.domains, d.suggested)}
	for _, a := range slices.Concat(d.offered, d.servers) {
		if elsewhere(a, t.Addrs) && !slices.Contains(l.Servers, a) {
			l.Servers = append(l.Servers, a)
		}
	}
	if !applied.ours(t) {
		v4, v6 := applied.dns("ipv4"), applied.dns("ipv6")
		l.V4, l.V6, l.Method6 = &v4, &v6, property[string](applied.all["ipv6"], "method")
	}
	return l
}

// refreshed is a link that is ours with what the network offers now.
func (d nmDevice) refreshed(l nmLink) nmLink {
	if len(d.offered) > 0 {
		l.Servers = d.offered
	}
	l.Domains = union(l.Domains, d.suggested)
	return l
}

// since is what to go back to, of what was known and what there is now.
func (d nmDevice) since(known, now nmLink, applied nmSettings, t Target) nmLink {
	switch {
	case applied.ours(t):
		return d.refreshed(known)
	case known.torn(applied): // IPv6 says nothing now
		known.V4 = now.V4
		return d.refreshed(known)
	}
	return now
}

// applied is what is in effect on the device.
func (d nmDevice) applied(s speaker) (nmSettings, error) {
	var settings nmSettings
	err := s.call(object{nmName, d.path}, nmName+".Device.GetAppliedConnection", []any{&settings.all, &settings.version}, uint32(0))
	return settings, err
}

// nmKeepAddresses is NM_DEVICE_REAPPLY_FLAGS_PRESERVE_EXTERNAL_IP, which
// NetworkManager knows since 1.42: addresses that others gave the device stay.
const nmKeepAddresses = 1

// reapply changes what is in effect. It fails where somebody else changed it
// since it was read.
func (d nmDevice) reapply(s speaker, settings nmSettings) error {
	sent, version := settings.sendable(), settings.version
	if d.dhcp6 {
		// The servers of DHCPv6 are taken in, or no longer, when it is asked anew
		// (seen with 1.42). A crash before the second step is seen in Method6.
		if err := d.reapplyAll(s, without6(sent), version); err != nil {
			return err
		}
		version = 0
	}
	return d.reapplyAll(s, sent, version)
}

// heal brings back the IPv6 that a crash within reapply, as DNS was put back,
// left off. What IPv4 has stays.
func (d nmDevice) heal(s speaker, applied nmSettings, known nmLink) error {
	if !applied.mend(known) {
		return nil
	}
	if known.V6 != nil {
		applied.set("ipv6", *known.V6)
	}
	return d.reapply(s, applied)
}

// reapplyProfile goes back to the profile on the disk.
func (d nmDevice) reapplyProfile(s speaker) error {
	return d.reapplyAll(s, map[string]map[string]dbus.Variant{}, 0)
}

func (d nmDevice) reapplyAll(s speaker, settings map[string]map[string]dbus.Variant, version uint64) error {
	const method = nmName + ".Device.Reapply"
	err := s.call(object{nmName, d.path}, method, nil, settings, version, uint32(nmKeepAddresses))
	if failedAs(err, nmName+".Device.InvalidArgument") {
		err = s.call(object{nmName, d.path}, method, nil, settings, version, uint32(0))
	}
	return err
}
