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
	// CABundle is a PEM file of the authorities to trust; empty means the
	// system's roots.
	CABundle string `toml:"ca_bundle" json:"ca_bundle"`
	// CacheMiB bounds the memory of the answer cache, 0 turns it off.
	CacheMiB int `toml:"cache_mib" json:"cache_mib"`
	// LogPrivacy says what the query log keeps.
	LogPrivacy LogPrivacy `toml:"log_privacy" json:"log_privacy"`
}
