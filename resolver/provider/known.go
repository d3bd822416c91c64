package provider

import "net/netip"

// The documents that the facts below were taken from, read on 2026-11-22.
const (
	docCloudflare = "cloudflare/cloudflare-docs: 1.1.1.1/ip-addresses, setup, encryption/dns-over-tls"
	docQuad9      = "Quad9DNS/documentation: docs/en/services.md"
	docAdGuard    = "AdguardTeam/KnowledgeBaseDNS: docs/general/dns-providers.md"
	docStubby     = "getdnsapi/stubby: stubby.yml.example"
	docControlD   = "Control-D-Inc/ctrld: config.go; safing/docs#113"
)

// What operators say about logs.
const (
	logsNone      = "Keeps no logs."
	logs25Hours   = "Deletes its logs within 25 hours."
	logsNoPromise = "Makes no promise to keep no logs."
)

func addrs(texts ...string) []netip.Addr {
	out := make([]netip.Addr, len(texts))
	for i, t := range texts {
		out[i] = netip.MustParseAddr(t)
	}
	return out
}

// known are the built-in providers in the order to show them. A change here is
// a change of whom people trust: cite the operator's document in Source, and
// check the certificate at each address before a release.
//
// Left out because DNS over TLS at these addresses was only inferred: DNS4EU,
// OpenDNS, DNS.SB, Surfshark, AliDNS, DNSPod, 360. Closed or without DNS over
// TLS: Mullvad, dns0.eu, Comodo.
var known = []Provider{
	{
		ID: "cloudflare", Name: "Cloudflare", Operator: "Cloudflare",
		Addrs:   addrs("1.1.1.1", "1.0.0.1", "2606:4700:4700::1111", "2606:4700:4700::1001"),
		TLSName: "one.one.one.one",
		Filter:  "none", DNSSEC: true, LogPolicy: logs25Hours, Source: docCloudflare,
	},
	{
		ID: "cloudflare-security", Name: "Cloudflare Security", Operator: "Cloudflare",
		Addrs:   addrs("1.1.1.2", "1.0.0.2", "2606:4700:4700::1112", "2606:4700:4700::1002"),
		TLSName: "security.cloudflare-dns.com",
		Filter:  "malware", DNSSEC: true, LogPolicy: logs25Hours, Source: docCloudflare,
	},
	{
		ID: "cloudflare-family", Name: "Cloudflare Family", Operator: "Cloudflare",
		Addrs:   addrs("1.1.1.3", "1.0.0.3", "2606:4700:4700::1113", "2606:4700:4700::1003"),
		TLSName: "family.cloudflare-dns.com",
		Filter:  "malware, adult", DNSSEC: true, LogPolicy: logs25Hours, Source: docCloudflare,
	},
	{
		ID: "quad9", Name: "Quad9", Operator: "Quad9",
		Addrs:   addrs("9.9.9.9", "149.112.112.112", "2620:fe::fe", "2620:fe::9"),
		TLSName: "dns.quad9.net", Ports: []uint16{8853},
		Filter: "malware", DNSSEC: true, LogPolicy: logsNone, Source: docQuad9,
	},
	{
		// Two sources disagree on its DNSSEC validation: not claimed here.
		ID: "quad9-unfiltered", Name: "Quad9 unfiltered", Operator: "Quad9",
		Addrs:   addrs("9.9.9.10", "149.112.112.10", "2620:fe::10", "2620:fe::fe:10"),
		TLSName: "dns10.quad9.net", Ports: []uint16{8853},
		Filter: "none", DNSSEC: false, LogPolicy: logsNone, Source: docQuad9,
	},
	{
		// Tells name servers a part of the client's address (RFC 7871).
		ID: "quad9-ecs", Name: "Quad9 with ECS", Operator: "Quad9",
		Addrs:   addrs("9.9.9.11", "149.112.112.11", "2620:fe::11", "2620:fe::fe:11"),
		TLSName: "dns11.quad9.net", Ports: []uint16{8853},
		Filter: "malware", DNSSEC: true, LogPolicy: logsNone, Source: docQuad9,
	},
	{
		ID: "google", Name: "Google", Operator: "Google",
		Addrs:   addrs("8.8.8.8", "8.8.4.4", "2001:4860:4860::8888", "2001:4860:4860::8844"),
		TLSName: "dns.google",
		Filter:  "none", DNSSEC: true, LogPolicy: logsNoPromise, Source: docStubby,
	},
	{
		ID: "cleanbrowsing-security", Name: "CleanBrowsing Security", Operator: "CleanBrowsing",
		Addrs:   addrs("185.228.168.9", "185.228.169.9", "2a0d:2a00:1::2", "2a0d:2a00:2::2"),
		TLSName: "security-filter-dns.cleanbrowsing.org", Ports: []uint16{443},
		Filter: "malware", DNSSEC: true, LogPolicy: logsNone, Source: docAdGuard,
	},
	{
		ID: "cleanbrowsing-adult", Name: "CleanBrowsing Adult", Operator: "CleanBrowsing",
		Addrs:   addrs("185.228.168.10", "185.228.169.11", "2a0d:2a00:1::1", "2a0d:2a00:2::1"),
		TLSName: "adult-filter-dns.cleanbrowsing.org", Ports: []uint16{443},
		Filter: "adult", DNSSEC: true, LogPolicy: logsNone, Source: docAdGuard,
	},
	{
		ID: "cleanbrowsing-family", Name: "CleanBrowsing Family", Operator: "CleanBrowsing",
		Addrs:   addrs("185.228.168.168", "185.228.169.168", "2a0d:2a00:1::", "2a0d:2a00:2::"),
		TLSName: "family-filter-dns.cleanbrowsing.org", Ports: []uint16{443},
		Filter: "family", DNSSEC: true, LogPolicy: logsNone, Source: docAdGuard,
	},
	{
		ID: "adguard", Name: "AdGuard", Operator: "AdGuard",
		Addrs:   addrs("94.140.14.14", "94.140.15.15", "2a10:50c0::ad1:ff", "2a10:50c0::ad2:ff"),
		TLSName: "dns.adguard-dns.com",
		Filter:  "ads", DNSSEC: true, LogPolicy: logsNone, Source: docAdGuard,
	},
	{
		ID: "adguard-family", Name: "AdGuard Family", Operator: "AdGuard",
		Addrs:   addrs("94.140.14.15", "94.140.15.16", "2a10:50c0::bad1:ff", "2a10:50c0::bad2:ff"),
		TLSName: "family.adguard-dns.com",
		Filter:  "family, ads", DNSSEC: true, LogPolicy: logsNone, Source: docAdGuard,
	},
	{
		ID: "adguard-unfiltered", Name: "AdGuard unfiltered", Operator: "AdGuard",
		Addrs:   addrs("94.140.14.140", "94.140.14.141", "2a10:50c0::1:ff", "2a10:50c0::2:ff"),
		TLSName: "unfiltered.adguard-dns.com",
		Filter:  "none", DNSSEC: true, LogPolicy: logsNone, Source: docAdGuard,
	},
	{
		// A user's own profile is reached as tls://ID.dns.nextdns.io.
		ID: "nextdns", Name: "NextDNS", Operator: "NextDNS",
		Addrs:   addrs("45.90.28.0", "45.90.30.0", "2a07:a8c0::", "2a07:a8c1::"),
		TLSName: "dns.nextdns.io", Ports: []uint16{443},
		Filter: "profile", DNSSEC: true, LogPolicy: logsNone,
		Source: docAdGuard + "; qdm12/gluetun#2045; AdguardTeam/dnsproxy#510",
	},
	// Control D's four services share their addresses; the TLS name chooses.
	{
		ID: "controld", Name: "Control D", Operator: "Control D",
		Addrs:   addrs("76.76.2.11", "76.76.10.11", "2606:1a40::11"),
		TLSName: "p0.freedns.controld.com",
		Filter:  "none", DNSSEC: true, LogPolicy: logsNone, Source: docControlD,
	},
	{
		ID: "controld-malware", Name: "Control D Malware", Operator: "Control D",
		Addrs:   addrs("76.76.2.11", "76.76.10.11", "2606:1a40::11"),
		TLSName: "p1.freedns.controld.com",
		Filter:  "malware", DNSSEC: true, LogPolicy: logsNone, Source: docControlD,
	},
	{
		ID: "controld-ads", Name: "Control D Ads", Operator: "Control D",
		Addrs:   addrs("76.76.2.11", "76.76.10.11", "2606:1a40::11"),
		TLSName: "p2.freedns.controld.com",
		Filter:  "malware, ads", DNSSEC: true, LogPolicy: logsNone, Source: docControlD,
	},
	{
		ID: "controld-social", Name: "Control D Social", Operator: "Control D",
		Addrs:   addrs("76.76.2.11", "76.76.10.11", "2606:1a40::11"),
		TLSName: "p3.freedns.controld.com",
		Filter:  "malware, ads, social", DNSSEC: true, LogPolicy: logsNone, Source: docControlD,
	},
	{
		ID: "digitale-gesellschaft", Name: "Digitale Gesellschaft", Operator: "Digitale Gesellschaft",
		Addrs:   addrs("185.95.218.43", "2a05:fc84::43"),
		TLSName: "dns.digitale-gesellschaft.ch",
		Filter:  "none", DNSSEC: true, LogPolicy: logsNone, Source: docAdGuard,
	},
	{
		ID: "uncensoreddns", Name: "UncensoredDNS", Operator: "T. S. Rasmussen",
		Addrs:   addrs("91.239.100.100", "2001:67c:28a4::"),
		TLSName: "anycast.censurfridns.dk",
		Filter:  "none", DNSSEC: false, LogPolicy: logsNone, Source: docAdGuard + "; " + docStubby,
	},
	{
		ID: "uncensoreddns-unicast", Name: "UncensoredDNS unicast", Operator: "T. S. Rasmussen",
		Addrs:   addrs("89.233.43.71", "2a01:3a0:53:53::"),
		TLSName: "unicast.censurfridns.dk",
		Filter:  "none", DNSSEC: false, LogPolicy: logsNone, Source: docAdGuard + "; " + docStubby,
	},
	{
		ID: "applied-privacy", Name: "Applied Privacy", Operator: "Applied Privacy",
		Addrs:   addrs("146.255.56.98", "2a02:1b8:10:234::2"),
		TLSName: "dot1.applied-privacy.net", Ports: []uint16{443},
		Filter: "none", DNSSEC: true, LogPolicy: logsNone, Source: docStubby,
	},
	{
		ID: "libredns", Name: "LibreDNS", Operator: "LibreOps",
		Addrs:   addrs("116.202.176.26"),
		TLSName: "dot.libredns.gr",
		Filter:  "none", DNSSEC: false, LogPolicy: logsNone,
		Source: docAdGuard + "; DNSCrypt/dnscrypt-resolvers: v3/public-resolvers.md",
	},
}
