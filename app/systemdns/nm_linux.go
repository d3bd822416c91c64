package systemdns

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"slices"

	"github.com/godbus/dbus/v5"
)

// networkManager is the mechanism of computers whose links NetworkManager
// configures, whoever then answers: its own resolv.conf, or systemd-resolved as
// it tells it. It changes what is applied to a device and never the profile on
// the disk, so that a restart, of the computer or of NetworkManager, undoes it.
type networkManager struct {
	bus systemBus
	// routes tells whether a default route leads out of this computer.
	routes func() bool
}

func newNetworkManager(b systemBus, routes func() bool) *networkManager {
	return &networkManager{b, routes}
}

const (
	nmName = "org.freedesktop.NetworkManager"
	nmPath = "/org/freedesktop/NetworkManager"
)

// nmBackup is the journal's part of networkManager.
type nmBackup struct {
	Links []nmLink `json:"links"`
}

// nmLink is a device with what was applied to it before.
type nmLink struct {
	Interface string `json:"interface"`
	// UUID and Name are the connection's.
	UUID string `json:"uuid"`
	Name string `json:"name"`
	// V4 and V6 are the DNS of before; nil where it is not known, and then the
	// profile's is put back.
	V4 *nmDNS `json:"v4,omitempty"`
	V6 *nmDNS `json:"v6,omitempty"`
	// Method6 is how it had IPv6, which renewing it interrupts.
	Method6 string `json:"method6,omitempty"`
	// Servers and Domains are what the network offered.
	Servers []netip.Addr `json:"servers,omitempty"`
	Domains []string     `json:"domains,omitempty"`
}

func readNMBackup(raw Backup) (nmBackup, error) {
	var b nmBackup
	err := json.Unmarshal(raw, &b)
	return b, err
}

// known is what the backup has of a device's connection.
func (b nmBackup) known(d nmDevice) (nmLink, bool) {
	i := slices.IndexFunc(b.Links, func(l nmLink) bool { return l.Interface == d.name && l.UUID == d.uuid })
	if i < 0 {
		return nmLink{}, false
	}
	return b.Links[i], true
}

// Name implements Mechanism.
func (n *networkManager) Name() string { return "NetworkManager" }

// Volatile implements Mechanism.
func (n *networkManager) Volatile() bool { return true }

// Detect implements Mechanism. Without any network it is NetworkManager's turn
// where it is there: it brings the next one up.
func (n *networkManager) Detect(ctx context.Context) (owns bool, err error) {
	err = n.bus.use(ctx, func(s speaker) error {
		if there, err := s.there(nmName); err != nil || !there {
			return err
		}
		mode, err := nmMode(s)
		if err != nil || mode == nmModeNone {
			return err
		}
		devices, err := nmDevices(s)
		owns = slices.ContainsFunc(devices, func(d nmDevice) bool { return d.leads }) || !n.routes()
		return err
	})
	if errors.Is(err, errNoBus) {
		return false, nil
	}
	return owns, err
}

// The ways in which NetworkManager has names resolved.
const (
	// nmModeNone: it does not.
	nmModeNone = "none"
	// nmModeFile: it writes servers into a file, which knows no domains.
	nmModeFile = "default"
)

// nmMode is how NetworkManager has names resolved now.
func nmMode(s speaker) (string, error) {
	p, err := s.properties(object{nmName, nmPath + "/DnsManager"}, nmName+".DnsManager")
	mode := property[string](p, "Mode")
	if mode == nmModeFile && property[string](p, "RcManager") == "unmanaged" {
		mode = nmModeNone
	}
	return mode, err
}

// Allowed implements Mechanism: somebody who sits at the computer may.
func (n *networkManager) Allowed(ctx context.Context) error {
	return n.bus.use(ctx, func(s speaker) error {
		var may map[string]string
		if err := s.call(object{nmName, nmPath}, nmName+".GetPermissions", []any{&may}); err != nil {
			return err
		}
		if may[nmName+".network-control"] != "yes" {
			return ErrNeedsRoot
		}
		return nil
	})
}

// Read implements Mechanism.
func (n *networkManager) Read(ctx context.Context, t Target) (Backup, error) {
	if err := onlyPort53(t); err != nil {
		return nil, err
	}
	b := nmBackup{Links: []nmLink{}}
	err := n.each(ctx, t, nmBackup{}, func(s speaker, d nmDevice, applied nmSettings) error {
		if !applied.ours(t) && applied.namesLoopback() {
			return ErrLoopback
		}
		b.Links = append(b.Links, d.before(applied, t))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return json.Marshal(b)
}

// each calls do with each device that leads out and can name t, and what is
// applied to it; and with those of b, which may have lost their gateway since.
func (n *networkManager) each(ctx context.Context, t Target, b nmBackup, do func(speaker, nmDevice, nmSettings) error) error {
	return n.bus.use(ctx, func(s speaker) error {
		devices, err := nmDevices(s)
		if err != nil {
			return err
		}
		for _, d := range devices {
			_, covered := b.known(d)
			if !d.leads && !covered {
				continue
			}
			applied, err := d.applied(s)
			if failedAs(err, nmName+".Device.NotActive", unknownObject, unknownMethod) {
				continue // it went down meanwhile
			}
			if err == nil && (covered || applied.reaches(t)) {
				err = do(s, d, applied)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// The errors of D-Bus for an object that is gone.
const (
	unknownObject = "org.freedesktop.DBus.Error.UnknownObject"
	unknownMethod = "org.freedesktop.DBus.Error.UnknownMethod"
)

// Apply implements Mechanism.
func (n *networkManager) Apply(ctx context.Context, raw Backup, t Target) (Backup, error) {
	b, err := readNMBackup(raw)
	if err != nil {
		return raw, err
	}
	now := nmBackup{Links: []nmLink{}}
	err = n.each(ctx, t, b, func(s speaker, d nmDevice, applied nmSettings) error {
		known, covered := b.known(d)
		if covered && !d.leads && !known.torn(applied) {
			now.Links = append(now.Links, known) // nobody asks there, but it is to be put back
			return nil
		}
		link := d.before(applied, t)
		if covered {
			link = d.since(known, link, applied, t)
		}
		now.Links = append(now.Links, link)
		mode, err := nmMode(s)
		if err != nil {
			return err
		}
		mended := applied.mend(link)
		if !applied.point(t, link.Domains, mode) && !mended {
			return nil
		}
		return d.reapply(s, applied)
	})
	if err != nil {
		return raw, err
	}
	if len(now.Links) == 0 {
		return raw, nil // no network: what is known may be of use yet
	}
	return json.Marshal(now)
}

// Holds implements Mechanism.
func (n *networkManager) Holds(ctx context.Context, raw Backup, t Target) (Hold, error) {
	b, err := readNMBackup(raw)
	if err != nil {
		return Gone, err
	}
	ours, hold := false, Away
	err = n.each(ctx, t, b, func(_ speaker, d nmDevice, applied nmSettings) error {
		known, covered := b.known(d)
		switch {
		case covered && known.torn(applied) && hold != Foreign:
			hold = Gone
		case !d.leads:
		case applied.ours(t):
			ours = true
		case !covered: // a network that came up
		case !known.same(applied):
			hold = Foreign
		case hold != Foreign:
			hold = Gone
		}
		return nil
	})
	if ours && hold == Away {
		hold = Ours
	}
	return hold, err
}

// Restore implements Mechanism.
func (n *networkManager) Restore(ctx context.Context, raw Backup, t Target) error {
	b, err := readNMBackup(raw)
	if err != nil {
		return err
	}
	err = n.bus.use(ctx, func(s speaker) error {
		if there, err := s.there(nmName); err != nil || !there {
			return err // with it went the change
		}
		return n.each(ctx, t, b, func(s speaker, d nmDevice, applied nmSettings) error {
			known, ok := b.known(d)
			if !applied.ours(t) {
				return d.heal(s, applied, known)
			}
			if !ok || !applied.putBack(known) {
				return d.reapplyProfile(s)
			}
			return d.reapply(s, applied)
		})
	})
	if errors.Is(err, errNoBus) {
		return nil
	}
	return err
}

// Networks implements Mechanism.
func (n *networkManager) Networks(raw Backup) []string {
	b, _ := readNMBackup(raw)
	names := []string{}
	for _, l := range b.Links {
		names = append(names, l.Name+" ("+l.Interface+")")
	}
	return names
}

// Servers implements Remembers.
func (n *networkManager) Servers(raw Backup) []netip.Addr {
	b, _ := readNMBackup(raw)
	var lists [][]netip.Addr
	for _, l := range b.Links {
		lists = append(lists, l.Servers)
	}
	return distinct(lists...)
}

// Watch implements Mechanism.
func (n *networkManager) Watch(ctx context.Context, changed func()) error {
	return n.bus.listen(ctx, nmName, []string{nmName, nmName + ".Device", nmName + ".Connection.Active",
		nmName + ".IP4Config", nmName + ".IP6Config", nmName + ".DHCP4Config", nmName + ".DnsManager"}, changed)
}

// nmDevice is a device in use that may lead out of this computer and is no VPN.
type nmDevice struct {
	path dbus.ObjectPath
	// name is the interface's, uuid and title are the connection's.
	name, uuid, title string
	// servers and domains are those in use; offered are the servers, and
	// suggested the domains, that DHCP tells whatever is in use.
	servers, offered   []netip.Addr
	domains, suggested []string
	// dhcp6 is whether DHCPv6 tells of servers.
	dhcp6 bool
	// leads is whether it has a gateway.
	leads bool
}
