package systemdns

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// networkSetup is the mechanism of macOS: networksetup(8) sets the DNS of each
// network service, “Wi-Fi” for one, and the system keeps it over restarts.
type networkSetup struct {
	run runner
	// root tells whether this process has the superuser's rights.
	root func() bool
}

func newNetworkSetup(r runner) *networkSetup {
	return &networkSetup{r, func() bool { return os.Geteuid() == 0 }}
}

// setupPatience is how long networksetup(8), which starts slowly, may take.
const setupPatience = 5 * time.Second

// servicesBackup is the journal's part of networkSetup.
type servicesBackup struct {
	Services []service `json:"services"`
}

// service is a network service with what it had before.
type service struct {
	Name   string `json:"name"`
	Device string `json:"device"`
	// off is true for one that is switched off.
	off bool
	// Before are the servers that somebody had set, none where the network's
	// were used.
	Before []string `json:"before,omitempty"`
	// Unknown is true where it was ours already when it was first seen.
	Unknown bool `json:"unknown,omitempty"`
	// Offered are the network's servers.
	Offered []netip.Addr `json:"offered,omitempty"`
}

func readServices(raw Backup) (servicesBackup, error) {
	var b servicesBackup
	err := json.Unmarshal(raw, &b)
	return b, err
}

func (b servicesBackup) known(name string) (service, bool) {
	i := slices.IndexFunc(b.Services, func(s service) bool { return s.Name == name })
	if i < 0 {
		return service{}, false
	}
	return b.Services[i], true
}

// Name implements Mechanism.
func (n *networkSetup) Name() string { return "networksetup" }

// Volatile implements Mechanism.
func (n *networkSetup) Volatile() bool { return false }

// Detect implements Mechanism.
func (n *networkSetup) Detect(ctx context.Context) (bool, error) {
	_, err := n.services(ctx)
	if errors.Is(err, exec.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Allowed implements Mechanism.
func (n *networkSetup) Allowed(context.Context) error {
	if n.root() {
		return nil
	}
	return ErrNeedsRoot
}

// Read implements Mechanism.
func (n *networkSetup) Read(ctx context.Context, t Target) (Backup, error) {
	if err := onlyPort53(t); err != nil {
		return nil, err
	}
	b := servicesBackup{Services: []service{}}
	err := n.each(ctx, func(s service, now []string) error {
		if !ours(now, t) && leadsHere(now) {
			return ErrLoopback
		}
		b.Services = append(b.Services, n.before(ctx, s, now, t))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return json.Marshal(b)
}

// before is a service with what it has now.
func (n *networkSetup) before(ctx context.Context, s service, now []string, t Target) service {
	if ours(now, t) {
		s.Unknown = true
	} else {
		s.Before = now
	}
	s.Offered = n.offered(ctx, s.Device, t)
	return s
}

// offered are the servers that DHCP tells; none where it does not.
func (n *networkSetup) offered(ctx context.Context, device string, t Target) []netip.Addr {
	said, err := n.run(ctx, askPatience, "", "ipconfig", "getoption", device, "domain_name_server")
	if err != nil {
		return nil
	}
	var all []netip.Addr
	for _, text := range strings.Fields(said) {
		if a, err := netip.ParseAddr(text); err == nil && elsewhere(a, t.Addrs) && len(all) < maxResolvers {
			all = append(all, a)
		}
	}
	return all
}

// each calls do with each service that is switched on and the servers set on
// it.
func (n *networkSetup) each(ctx context.Context, do func(service, []string) error) error {
	return n.every(ctx, func(s service, now []string) error {
		if s.off {
			return nil
		}
		return do(s, now)
	})
}

// every is each for services that are switched off as well.
func (n *networkSetup) every(ctx context.Context, do func(service, []string) error) error {
	services, err := n.services(ctx)
	if err != nil {
		return err
	}
	for _, s := range services {
		said, err := n.run(ctx, setupPatience, "", "networksetup", "-getdnsservers", s.Name)
		if err == nil {
			err = do(s, parseServers(said))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// services are those that have a device of this computer.
func (n *networkSetup) services(ctx context.Context) ([]service, error) {
	said, err := n.run(ctx, setupPatience, "", "networksetup", "-listnetworkserviceorder")
	if err != nil {
		return nil, err
	}
	return parseServices(said), nil
}

// parseServices reads what -listnetworkserviceorder prints: a line with the
// name behind a number, a star for one that is switched off, and one below it
// with its hardware. VPNs have no device, or one of their own.
func parseServices(said string) (list []service) {
	var s service
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		hardware, ok := strings.CutPrefix(line, "(Hardware Port:")
		if !ok {
			s = parseService(line)
			continue
		}
		_, device, _ := strings.Cut(hardware, "Device:")
		s.Device = strings.TrimSpace(strings.TrimSuffix(device, ")"))
		if s.Name != "" && s.Device != "" && !isTunnelDevice(s.Device) {
			list = append(list, s)
		}
		s = service{}
	}
	return list
}

// parseService reads a line with the name of a service; it has none where the
// line is another one.
func parseService(line string) service {
	number, name, found := strings.Cut(line, ") ")
	number, numbered := strings.CutPrefix(number, "(")
	if !found || !numbered || number != "*" && strings.Trim(number, "0123456789") != "" {
		return service{}
	}
	return service{Name: name, off: number == "*"}
}

// isTunnelDevice tells whether a device is a VPN's by its name on macOS.
func isTunnelDevice(device string) bool {
	return slices.ContainsFunc([]string{"utun", "ppp", "ipsec", "gif", "stf", "tun", "tap"}, func(p string) bool { return strings.HasPrefix(device, p) })
}

// parseServers reads what -getdnsservers prints: an address on each line, or a
// sentence where none is set.
func parseServers(said string) (list []string) {
	for line := range strings.Lines(said) {
		text := strings.TrimSpace(line)
		if _, err := netip.ParseAddr(text); err == nil {
			list = append(list, text)
		}
	}
	return list
}

// Apply implements Mechanism. A service whose DNS was set by somebody else
// meanwhile goes back to that.
func (n *networkSetup) Apply(ctx context.Context, raw Backup, t Target) (Backup, error) {
	b, err := readServices(raw)
	if err != nil {
		return raw, err
	}
	all, changed := servicesBackup{Services: []service{}}, false
	err = n.each(ctx, func(s service, now []string) error {
		known, covered := b.known(s.Name)
		if !covered || !ours(now, t) {
			known = n.before(ctx, s, now, t)
		}
		all.Services = append(all.Services, known)
		if ours(now, t) {
			return nil
		}
		changed = true
		return n.set(ctx, s.Name, t.texts())
	})
	if err != nil || len(all.Services) == 0 {
		return raw, err
	}
	if changed {
		n.flush(ctx)
	}
	return json.Marshal(all)
}

// set sets the servers of a service; none has it use the network's.
func (n *networkSetup) set(ctx context.Context, name string, servers []string) error {
	if len(servers) == 0 {
		servers = []string{"empty"}
	}
	said, err := n.run(ctx, setupPatience, "", "networksetup", append([]string{"-setdnsservers", name}, servers...)...)
	if err != nil {
		return errors.Join(errors.New("networksetup: "+strings.TrimSpace(said)), err)
	}
	return nil
}

// flush has the system forget the answers of another resolver. Where that fails
// they are forgotten when their time is over.
func (n *networkSetup) flush(ctx context.Context) {
	_, _ = n.run(ctx, askPatience, "", "dscacheutil", "-flushcache")
	_, _ = n.run(ctx, askPatience, "", "killall", "-HUP", "mDNSResponder")
}

// Holds implements Mechanism.
func (n *networkSetup) Holds(ctx context.Context, raw Backup, t Target) (Hold, error) {
	b, err := readServices(raw)
	if err != nil {
		return Gone, err
	}
	var seen tally
	err = n.each(ctx, func(s service, now []string) error {
		known, covered := b.known(s.Name)
		seen.add(ours(now, t), covered, !known.Unknown && slices.Equal(now, known.Before))
		return nil
	})
	return seen.verdict(), err
}

// Restore implements Mechanism.
func (n *networkSetup) Restore(ctx context.Context, raw Backup, t Target) error {
	b, err := readServices(raw)
	if err != nil {
		return err
	}
	changed := false
	// One that was switched off meanwhile would lead nowhere later.
	err = n.every(ctx, func(s service, now []string) error {
		if !ours(now, t) {
			return nil
		}
		known, _ := b.known(s.Name)
		changed = true
		return n.set(ctx, s.Name, known.Before)
	})
	if changed {
		n.flush(ctx)
	}
	return err
}

// Networks implements Mechanism.
func (n *networkSetup) Networks(raw Backup) []string {
	b, _ := readServices(raw)
	names := []string{}
	for _, s := range b.Services {
		names = append(names, s.Name)
	}
	return names
}

// Servers implements Remembers.
func (n *networkSetup) Servers(raw Backup) []netip.Addr {
	b, _ := readServices(raw)
	var lists [][]netip.Addr
	for _, s := range b.Services {
		lists = append(lists, parsed(s.Before), s.Offered)
	}
	return distinct(lists...)
}

// Watch implements Mechanism.
func (n *networkSetup) Watch(ctx context.Context, changed func()) error {
	return watchAddresses(ctx, changed)
}
