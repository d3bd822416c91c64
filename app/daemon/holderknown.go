package daemon

import (
	"net/netip"
	"strings"
)

const resolvedName = "systemd-resolved"

// known is a program that is often found on port 53, and the way out.
type known struct {
	// programs are its names, parts what its command line holds to tell it from
	// others of its name. One must fit of each that is not empty.
	programs, parts []string
	// name is what it is called, empty for its program's name.
	name string
	// way is the way out for an address that was wanted. Where it is nil, or
	// returns nothing, the program's service is to be stopped.
	way func(want netip.AddrPort, h holder) string
}

// knownHolders are asked in order: what is told by its command line before what
// is told by its name alone.
var knownHolders = []known{
	{[]string{"dot-proxy"}, nil, "another DoT Proxy", oursWay},
	{[]string{resolvedName}, nil, "", resolvedWay},
	{[]string{"dnsmasq"}, []string{"org.freedesktop.NetworkManager", "/NetworkManager/", "nm-dnsmasq"}, "NetworkManager’s dnsmasq", networkManagerWay},
	{[]string{"dnsmasq"}, []string{"/libvirt/"}, "libvirt’s dnsmasq", bridgeWay("virtual machines", "sudo virsh net-destroy default")},
	{[]string{"dnsmasq"}, []string{"/lxd/", "/incus/", "/lxc/"}, "the dnsmasq of LXC", bridgeWay("containers", "sudo systemctl stop lxc-net")},
	{[]string{"dnsmasq"}, nil, "", nil},
	{[]string{"named"}, nil, "BIND (named)", nil},
	{[]string{"unbound"}, nil, "Unbound", nil},
	{[]string{"docker-proxy", "rootlesskit", "rootlessport"}, nil, "a container’s published port (docker-proxy)",
		say("“docker ps --filter publish=53” names the container; stop it or publish it on another address, or choose another port.")},
	{[]string{"com.docker.backend", "com.docker.backend.exe", "vpnkit"}, nil, "Docker Desktop",
		say("“docker ps --filter publish=53” names the container that publishes the port; stop it, or choose another port.")},
	{[]string{"dockerd"}, nil, "Docker’s own DNS (dockerd)", say("Listen on 127.0.0.1 instead of all addresses, or choose another port.")},
	{[]string{"aardvark-dns"}, nil, "the DNS of Podman’s networks (aardvark-dns)", bridgeWay("containers", "podman network reload --all")},
	{[]string{"coredns", "kresd", "pdns_recursor", "dnscrypt-proxy", "stubby", "AdGuardHome", "pihole-FTL", "cloudflared", "nextdns", "ctrld", "smartdns", "dnsdist", "knotd", "nsd", "connmand"}, nil, "", nil},
	{[]string{"systemd"}, nil, "a socket unit of systemd", say("“systemctl list-sockets” names it; stop it, or choose another port.")},
	{[]string{"mDNSResponder"}, nil, "Internet Sharing (mDNSResponder)", say("Turn Internet Sharing off in System Settings, General, Sharing, or choose another port.")},
	{[]string{"svchost.exe"}, []string{"SharedAccess"}, "Internet Connection Sharing (SharedAccess)", icsWay},
	{[]string{"svchost.exe"}, nil, "a service of Windows, most likely Internet Connection Sharing (SharedAccess)", icsWay},
	{[]string{"dns.exe"}, nil, "the DNS server of Windows",
		say("Stop it with “Stop-Service DNS” in PowerShell as administrator, or choose another port.")},
}

// isKnown tells whether a program's name is one that is often found on port 53.
func isKnown(name string) bool {
	for _, k := range knownHolders {
		for _, p := range k.programs {
			if p == name && p != "systemd" {
				return true
			}
		}
	}
	return false
}

func (k known) fits(h holder) bool { return anyOf(k.programs, h.is) && anyOf(k.parts, h.startedWith) }

func (h holder) is(name string) bool          { return strings.EqualFold(h.name, name) }
func (h holder) startedWith(part string) bool { return strings.Contains(h.command, part) }

// anyOf tells whether one of a list fits; of none, none needs to.
func anyOf(list []string, fits func(string) bool) bool {
	for _, one := range list {
		if fits(one) {
			return true
		}
	}
	return len(list) == 0
}

// recognise returns what the holder is called and the way out, one sentence.
func (h holder) recognise(want netip.AddrPort) (name, way string) {
	for _, k := range knownHolders {
		if h.name == "" || !k.fits(h) {
			continue
		}
		name := k.name
		if name == "" {
			name = h.name
		}
		if k.way != nil {
			if way := k.way(want, h); way != "" {
				return name, way
			}
		}
		return name, h.stop()
	}
	return h.name, h.stop()
}

// stop is how a program is stopped that nothing else is known of.
func (h holder) stop() string {
	switch {
	case h.container:
		return "It runs in a container; stop that container, or choose another port."
	case h.unit != "":
		return "Stop it with “sudo systemctl disable --now " + h.unit + "”, or choose another port."
	case h.name != "":
		return "Stop " + h.name + ", or choose another port."
	case h.pid > 0:
		return "Stop it, or choose another port."
	case h.hidden:
		return "Stop that program, which “sudo ss -lunpt” names, or choose another port."
	}
	return "Try again, or choose another port."
}

func say(way string) func(netip.AddrPort, holder) string {
	return func(netip.AddrPort, holder) string { return way }
}

var icsWay = say("Turn off what shares the network (mobile hotspot, Hyper-V’s default switch, WSL), or stop it with “Stop-Service SharedAccess” in PowerShell as administrator, or choose another port.")

// oursWay: what a service manager or a container runs is ended there.
func oursWay(_ netip.AddrPort, h holder) string {
	if h.unit != "" || h.container {
		return ""
	}
	return "Quit that one, or choose another port."
}

// resolvedWay: the stub's own addresses are in the way of a wildcard alone.
func resolvedWay(want netip.AddrPort, h holder) string {
	switch {
	case want.Addr().IsUnspecified() && isResolvedStub(h.at.Addr()):
		return "Listen on 127.0.0.1, which it leaves free, or put DNSStubListener=no into /etc/systemd/resolved.conf."
	case h.at.IsValid() && !isResolvedStub(h.at.Addr()):
		return "Remove DNSStubListenerExtra from /etc/systemd/resolved.conf and restart it, or choose another port, which it can ask as well."
	}
	return "Choose another port, which it can ask as well."
}

func networkManagerWay(want netip.AddrPort, h holder) string {
	if want.Addr().IsUnspecified() && h.at.IsValid() && !h.at.Addr().IsLoopback() && !h.at.Addr().IsUnspecified() {
		return "It serves a connection that this computer shares; listen on 127.0.0.1 instead of all addresses."
	}
	return "Remove dns=dnsmasq from the files of /etc/NetworkManager and run “sudo systemctl reload NetworkManager”, or choose another port."
}

// bridgeWay is that of a server on a bridge of this computer's own.
func bridgeWay(serves, stop string) func(netip.AddrPort, holder) string {
	return func(want netip.AddrPort, _ holder) string {
		if want.Addr().IsUnspecified() {
			return "It serves " + serves + " on a network of their own; listen on 127.0.0.1 instead of all addresses."
		}
		return "It serves " + serves + "; stop that network (“" + stop + "”), or choose another port."
	}
}
