package control

// LogPrivacy says what the query log keeps.
type LogPrivacy string

// The levels of LogPrivacy.
const (
	// LogFull keeps names and answers, in memory only.
	LogFull LogPrivacy = "full"
	// LogHideNames keeps neither names, answers nor client addresses.
	LogHideNames LogPrivacy = "hide_names"
	// LogOff keeps nothing.
	LogOff LogPrivacy = "off"
)

// Settings are what the user set, as saved in settings.toml.
type Settings struct {
	// Listen is the addresses to answer on, without port.
	Listen []string `toml:"listen" json:"listen"`
	// Port is the port of every listen address, 1 to 65535.
	Port int `toml:"port" json:"port"`
	// Upstreams are providers in order of preference, each in a form of --dns.
	Upstreams []string `toml:"upstreams" json:"upstreams"`
	// Race asks all upstreams at the same time and takes the first answer: each
	// of them sees every query.
	Race bool `toml:"race" json:"race"`
	// HideSubnet asks upstreams to tell nobody what network a query comes from
	// (ECS with SOURCE PREFIX-LENGTH 0, RFC 7871 section 7.1.2).
	HideSubnet bool `toml:"hide_subnet" json:"hide_subnet"`
	// CABundle is a PEM file of the authorities to trust; empty means the
	// system's roots.
	CABundle string `toml:"ca_bundle" json:"ca_bundle"`
	// CacheMiB bounds the memory of the answer cache, 0 turns it off.
	CacheMiB int `toml:"cache_mib" json:"cache_mib"`
	// CacheMinTTL and CacheMaxTTL bound the TTLs of what is kept, in seconds.
	CacheMinTTL int `toml:"cache_min_ttl" json:"cache_min_ttl"`
	CacheMaxTTL int `toml:"cache_max_ttl" json:"cache_max_ttl"`
	// StaleHours is how long after its end an answer may still be given where no
	// upstream answers (RFC 8767); 0 means never.
	StaleHours int `toml:"stale_hours" json:"stale_hours"`
	// CachePersist keeps the cache in a file from one start to the next, where
	// LogPrivacy is LogFull.
	CachePersist bool `toml:"cache_persist" json:"cache_persist"`
	// Canary tells browsers to leave DNS to the system
	// (use-application-dns.net does not exist).
	Canary bool `toml:"canary" json:"canary"`
	// Hosts answers from the system's hosts file.
	Hosts bool `toml:"hosts" json:"hosts"`
	// RebindingProtection stops answers that give a public name a private
	// address.
	RebindingProtection bool `toml:"rebinding_protection" json:"rebinding_protection"`
	// LocalNetwork asks the network's own resolver for private names, in clear
	// text and for this computer only.
	LocalNetwork bool `toml:"local_network" json:"local_network"`
	// SystemDNS points this computer's DNS here while the engine runs.
	SystemDNS bool `toml:"system_dns" json:"system_dns"`
	// Access lists who may ask beside this computer: prefixes, addresses, and
	// the words AccessPrivate and AccessAny.
	Access []string `toml:"access" json:"access"`
	// LogPrivacy says what the query log keeps.
	LogPrivacy LogPrivacy `toml:"log_privacy" json:"log_privacy"`
	// KeepStatistics keeps the counters since midnight in a file from one start
	// to the next: numbers only, no names.
	KeepStatistics bool `toml:"keep_statistics" json:"keep_statistics"`
	// Networks are rules for networks, the first about one counts there.
	Networks []NetworkRule `toml:"networks" json:"networks"`
	// Routes sends domains, and all names below them, to servers of their own:
	// to an IP or IP:PORT in clear text (PlainServer), to any other form of
	// --dns over TLS.
	Routes map[string][]string `toml:"routes" json:"routes"`
	// Overrides gives names ("*.example.com" stands for all below example.com)
	// their addresses, or NXDOMAIN alone.
	Overrides map[string][]string `toml:"overrides" json:"overrides"`
	// RateLimit bounds the queries of one client.
	RateLimit RateLimit `toml:"rate_limit" json:"rate_limit"`
}

// The words that Settings.Access knows.
const (
	// AccessPrivate is every address of private networks: RFC 1918, unique local
	// (RFC 4193), link-local, and shared by carriers (RFC 6598).
	AccessPrivate = "private"
	// AccessAny is every address.
	AccessAny = "any"
)

// NXDOMAIN in Settings.Overrides says that the name does not exist.
const NXDOMAIN = "NXDOMAIN"

// RateLimit bounds the queries of one client: an IPv4 address or an IPv6 /56.
type RateLimit struct {
	// PerSecond is how many queries a second it may send in the long run, Burst
	// how many at once; PerSecond 0 means no limit.
	PerSecond int `toml:"per_second" json:"per_second"`
	Burst     int `toml:"burst" json:"burst"`
	// Loopback limits this computer's programs as well.
	Loopback bool `toml:"loopback" json:"loopback"`
	// A client that goes over the limit BlockAfter times within BlockWindow
	// seconds is blocked for BlockFor seconds; BlockAfter 0 means never.
	BlockAfter  int `toml:"block_after" json:"block_after"`
	BlockWindow int `toml:"block_window" json:"block_window"`
	BlockFor    int `toml:"block_for" json:"block_for"`
}
