package systemdns

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
	"golang.zx2c4.com/wireguard/windows/tunnel/winipcfg"
)

// mechanisms are those of this system.
func mechanisms() []Mechanism { return []Mechanism{&adapters{thisWindows{}}} }

// thisWindows is the computer's own.
type thisWindows struct{}

func (thisWindows) elevated() bool { return windows.GetCurrentProcessToken().IsElevated() }

// Where Windows keeps the DNS of each adapter, and the rules of the Name
// Resolution Policy Table; ours has a number of its own.
const (
	tcpip4 = `SYSTEM\CurrentControlSet\Services\Tcpip\Parameters\Interfaces\`
	tcpip6 = `SYSTEM\CurrentControlSet\Services\Tcpip6\Parameters\Interfaces\`
	policy = `SYSTEM\CurrentControlSet\Services\Dnscache\Parameters\DnsPolicyConfig`
	mine   = policy + `\{0d07b6c1-53f0-4e0a-9d5c-6a2f5d0e5353}`
)

func (thisWindows) list(all bool) ([]adapter, error) {
	found, err := winipcfg.GetAdaptersAddresses(windows.AF_UNSPEC, winipcfg.GAAFlagIncludeGateways|winipcfg.GAAFlagIncludeAllInterfaces)
	if err != nil {
		return nil, err
	}
	var list []adapter
	for _, a := range found {
		leads := a.OperStatus == winipcfg.IfOperStatusUp && a.FirstGatewayAddress != nil && !isTunnelType(a.IfType)
		if !leads && !all || a.IfType == winipcfg.IfTypeSoftwareLoopback {
			continue
		}
		guid := a.AdapterName()
		list = append(list, adapter{
			GUID: guid, Name: a.FriendlyName(),
			Set:     slices.Concat(serversAt(tcpip4+guid, "NameServer"), serversAt(tcpip6+guid, "NameServer")),
			Offered: slices.Concat(serversAt(tcpip4+guid, "DhcpNameServer"), serversAt(tcpip6+guid, "Dhcpv6DNSServers")),
		})
	}
	slices.SortFunc(list, func(a, b adapter) int { return strings.Compare(a.GUID, b.GUID) })
	return list, nil
}

// isTunnelType tells whether adapters of a type are VPNs.
func isTunnelType(t winipcfg.IfType) bool {
	return slices.Contains([]winipcfg.IfType{winipcfg.IfTypePropVirtual, winipcfg.IfTypePPP, winipcfg.IfTypeTunnel}, t)
}

// serversAt reads a list of addresses; none where it is not there.
func serversAt(path, name string) []netip.Addr {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, path, registry.QUERY_VALUE)
	if err != nil {
		return nil
	}
	defer key.Close()
	text, _, err := key.GetStringValue(name)
	if err != nil {
		return nil
	}
	return serverList(text)
}

func (thisWindows) set(guid string, servers []netip.Addr) error {
	id, err := windows.GUIDFromString(guid)
	if err != nil {
		return err
	}
	luid, err := winipcfg.LUIDFromGUID(&id)
	if err != nil {
		return err
	}
	for _, family := range []winipcfg.AddressFamily{windows.AF_INET, windows.AF_INET6} {
		var list []netip.Addr
		for _, s := range servers {
			if s.Is4() == (family == windows.AF_INET) {
				list = append(list, s)
			}
		}
		// An adapter may have one family alone.
		if err := luid.SetDNS(family, list, nil); err != nil && (len(list) > 0 || family == windows.AF_INET) && !errors.Is(err, windows.ERROR_NOT_FOUND) {
			return err
		}
	}
	return nil
}

func (thisWindows) rule() ([]netip.Addr, error) { return serversAt(mine, "GenericDNSServers"), nil }

func (thisWindows) setRule(servers []netip.Addr) error {
	if len(servers) == 0 {
		if err := registry.DeleteKey(registry.LOCAL_MACHINE, mine); !errors.Is(err, registry.ErrNotExist) {
			return err
		}
		return nil
	}
	key, _, err := registry.CreateKey(registry.LOCAL_MACHINE, mine, registry.SET_VALUE)
	if err != nil {
		return err
	}
	defer key.Close()
	var texts []string
	for _, s := range servers {
		texts = append(texts, s.String())
	}
	// ConfigOptions 8 is that the rule names servers (MS-GPNRPT 2.2.2.3).
	return errors.Join(
		key.SetDWordValue("Version", 2),
		key.SetStringsValue("Name", []string{"."}),
		key.SetStringValue("GenericDNSServers", strings.Join(texts, "; ")),
		key.SetDWordValue("ConfigOptions", 8),
	)
}

func (thisWindows) flush() {
	ctx := context.Background()
	// The DNS client reads its rules again, and forgets what it knows.
	_, _ = execute(ctx, askPatience, "", "sc.exe", "control", "dnscache", "paramchange")
	_, _ = execute(ctx, askPatience, "", "ipconfig.exe", "/flushdns")
}
