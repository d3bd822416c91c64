package resolver

import (
	"net/netip"
	"time"

	"dotproxy/resolver/provider"
)

// Rules are how the engine answers, beside whom it asks. They may be changed at
// any time (Engine.SetRules). The zero value keeps nothing, makes no names up
// and lets only this computer ask.
type Rules struct {
	Cache     CacheRules
	Names     NameRules
	Admission AdmissionRules
	// Race asks all upstreams at the same time and takes the first answer: each
	// of them sees every query.
	Race bool
	// HideSubnet asks upstreams to tell nobody what network the query comes
	// from: an ECS option with SOURCE PREFIX-LENGTH 0 (RFC 7871 section 7.1.2).
	HideSubnet bool
}

// CacheRules bound the answer cache.
type CacheRules struct {
	// Bytes bounds its memory; 0 means no cache.
	Bytes int
	// MinTTL and MaxTTL bound the TTLs of what is kept and given. A TTL of 0 is
	// never raised; MaxTTL 0 means a day, which is also the most.
	MinTTL, MaxTTL time.Duration
	// Stale is how long after its end an answer may still be given where no
	// upstream answers (RFC 8767); 0 means never.
	Stale time.Duration
}

// NameRules are names that are not asked of the upstreams.
type NameRules struct {
	// Overrides are answered before all else, Hosts (the system's hosts file)
	// after them. Of several that fit a name the longest wins, and an exact name
	// before a wildcard; the addresses of equal names add up, 100 at most. The
	// first exact name of an address is the one that its PTR record gives.
	Overrides []Override
	Hosts     []Override
	// Routes send domains to servers of their own; the longest suffix wins.
	// They win over the special names that are answered here too, save
	// localhost, invalid, onion and resolver.arpa. One for “.”, over TLS only,
	// takes the place of the upstreams.
	Routes []Route
	// Canary answers use-application-dns.net with NXDOMAIN, so that browsers
	// leave DNS to the system.
	Canary bool
	// BlockRebinding stops answers that give a public name a private address.
	// It does not hold for routed domains.
	BlockRebinding bool
}

// Override is an answer made here.
type Override struct {
	// Name is a domain name; "*.example.com" is every name below example.com,
	// itself not included. localhost is always this computer.
	Name string
	// Addrs are its addresses; none means that the name does not exist
	// (NXDOMAIN).
	Addrs []netip.Addr
}

// Route sends a domain to servers of its own: to Plain in clear text, for
// clients on this computer only and never cached, else to Upstreams over TLS.
type Route struct {
	// Suffix is the domain: itself and all names below it.
	Suffix    string
	Plain     []netip.AddrPort
	Upstreams []provider.Upstream
}

// AdmissionRules say who may ask, and how much.
type AdmissionRules struct {
	// Access lists who may ask, beside this computer. Others are refused.
	Access []netip.Prefix
	Limit  RateLimit
}

// RateLimit bounds the queries of one client: an IPv4 address or an IPv6 /56.
// Over UDP every second query over it is answered with TC set, which sends the
// client to TCP, and the others get silence; over TCP, where the same limit
// holds once more, the client is slowed down.
type RateLimit struct {
	// PerSecond is the queries a second that a client may send in the long run,
	// Burst how many at once; PerSecond 0 means no limit.
	PerSecond, Burst int
	// Loopback limits clients on this computer as well.
	Loopback bool
	// A client that goes over the limit BlockAfter times within BlockWindow is
	// blocked for BlockFor; BlockAfter 0 means never.
	BlockAfter            int
	BlockWindow, BlockFor time.Duration
}

// Blocked is a client that is blocked for asking too much.
type Blocked struct {
	Client netip.Prefix
	Until  time.Time
	// Dropped counts its queries since the block began.
	Dropped uint64
}
