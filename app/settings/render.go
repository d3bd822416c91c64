package settings

import (
	"bytes"
	"fmt"

	"dotproxy/app/control"

	"github.com/pelletier/go-toml/v2"
)

const heading = `# The settings of DoT Proxy. The program writes this file anew, comments included,
# whenever a setting is changed; what is changed here counts from its next start.

`

// document is control.Settings with the comments that stand in the file.
type document struct {
	Listen              []string            `toml:"listen" comment:"The addresses to answer on, without port. 0.0.0.0 and :: stand for all: then other\ncomputers can ask too (access says which), and that leg is not encrypted.\nDefault: [\"127.0.0.1\", \"::1\"]"`
	Port                int                 `toml:"port" comment:"The port of every address, 1 to 65535.\nDefault: 53"`
	Upstreams           []string            `toml:"upstreams" comment:"The providers to ask, the preferred one first: an id (\"quad9\"), IP[:PORT]#NAME,\nIP[@PORT]#NAME, an IP, tls://NAME[:PORT] or an sdns:// DoT stamp.\nDefault: [\"cloudflare\"]"`
	Race                bool                `toml:"race" comment:"Asks all providers at the same time and takes the first answer: each sees every query.\nDefault: false"`
	HideSubnet          bool                `toml:"hide_subnet" comment:"Asks providers to tell nobody what network a query comes from (ECS with length 0).\nDefault: false"`
	CABundle            string              `toml:"ca_bundle" comment:"A PEM file of the authorities to trust; empty stands for the system's.\nDefault: \"\""`
	CacheMiB            int                 `toml:"cache_mib" comment:"The memory for kept answers in MiB, 0 for none.\nDefault: 8"`
	CacheMinTTL         int                 `toml:"cache_min_ttl" comment:"For how many seconds answers are kept at least, whatever they say themselves.\nDefault: 0"`
	CacheMaxTTL         int                 `toml:"cache_max_ttl" comment:"For how many seconds answers are kept at most, 1 to 86400.\nDefault: 86400"`
	StaleHours          int                 `toml:"stale_hours" comment:"For how many hours after its end an answer is still given while no provider answers,\n0 for never.\nDefault: 24"`
	CachePersist        bool                `toml:"cache_persist" comment:"Keeps the answers in a file from one start to the next. Only with log_privacy = \"full\".\nDefault: false"`
	Canary              bool                `toml:"canary" comment:"Tells browsers to leave DNS to the system (use-application-dns.net does not exist).\nDefault: true"`
	Hosts               bool                `toml:"hosts" comment:"Answers from the system's hosts file.\nDefault: true"`
	RebindingProtection bool                `toml:"rebinding_protection" comment:"Stops answers that give a public name a private address. Not for routed domains.\nDefault: false"`
	LocalNetwork        bool                `toml:"local_network" comment:"Asks the network's own resolver for private names (home.arpa, lan, internal, private\nreverse zones), for this computer only and in clear text.\nDefault: false"`
	SystemDNS           bool                `toml:"system_dns" comment:"Points this computer's DNS here while the engine runs, and puts the old one back after.\nDefault: false"`
	Access              []string            `toml:"access" comment:"Who may ask beside this computer: addresses, prefixes, \"private\" (all private networks)\nor \"any\".\nDefault: [\"private\"]"`
	LogPrivacy          control.LogPrivacy  `toml:"log_privacy" comment:"What the query log keeps, in memory only: \"full\", \"hide_names\" (no names, answers\nand clients) or \"off\".\nDefault: \"full\""`
	KeepStatistics      bool                `toml:"keep_statistics" comment:"Keeps the counters since midnight in a file from one start to the next: numbers only.\nDefault: false"`
	Networks            []networkRule       `toml:"networks" comment:"What holds on one network instead: its name and its router (dot-proxy networks shows\nboth, and both can be imitated), and the providers to ask there. With pause = true the\nnetwork's own server is asked, not encrypted; confirmed = true says that you know it.\nDefault: []"`
	Routes              map[string][]string `toml:"routes" comment:"Domains that are asked elsewhere, with all names below them: \"home.arpa\" = [\"192.168.1.1\"].\nIP and IP:PORT are asked in clear text, for this computer only; tls://IP and every other\nform of a provider over TLS.\nDefault: none"`
	Overrides           map[string][]string `toml:"overrides" comment:"Names with addresses of your own: \"nas.home.arpa\" = [\"192.168.1.10\"]. \"*.example.com\"\nstands for all names below example.com; [\"NXDOMAIN\"] says that a name does not exist.\nDefault: none"`
	RateLimit           rateLimit           `toml:"rate_limit" comment:"How much one client (an IPv4 address or an IPv6 /56) may ask."`
}

// rateLimit is control.RateLimit with its comments.
type rateLimit struct {
	PerSecond   int  `toml:"per_second" comment:"Queries a second in the long run, 0 for no limit.\nDefault: 200"`
	Burst       int  `toml:"burst" comment:"Queries at once.\nDefault: 1000"`
	Loopback    bool `toml:"loopback" comment:"Limits this computer's programs as well.\nDefault: false"`
	BlockAfter  int  `toml:"block_after" comment:"A client that goes over the limit so many times is blocked, 0 for never ...\nDefault: 5000"`
	BlockWindow int  `toml:"block_window" comment:"... within so many seconds ...\nDefault: 60"`
	BlockFor    int  `toml:"block_for" comment:"... for so many seconds.\nDefault: 600"`
}

// networkRule is control.NetworkRule as it stands in the file.
type networkRule struct {
	Name      string   `toml:"name"`
	Gateway   string   `toml:"gateway"`
	Upstreams []string `toml:"upstreams,omitempty"`
	Pause     bool     `toml:"pause,omitempty"`
	Confirmed bool     `toml:"confirmed,omitempty"`
}

func networkRules(list []control.NetworkRule) []networkRule {
	all := make([]networkRule, len(list))
	for i, r := range list {
		all[i] = networkRule(r)
	}
	return all
}

func newDocument(s control.Settings) document {
	return document{
		Listen: s.Listen, Port: s.Port, Upstreams: s.Upstreams, Race: s.Race, HideSubnet: s.HideSubnet, CABundle: s.CABundle,
		CacheMiB: s.CacheMiB, CacheMinTTL: s.CacheMinTTL, CacheMaxTTL: s.CacheMaxTTL, StaleHours: s.StaleHours, CachePersist: s.CachePersist,
		Canary: s.Canary, Hosts: s.Hosts, RebindingProtection: s.RebindingProtection, LocalNetwork: s.LocalNetwork, SystemDNS: s.SystemDNS,
		Access: s.Access, LogPrivacy: s.LogPrivacy, KeepStatistics: s.KeepStatistics, Networks: networkRules(s.Networks), Routes: s.Routes, Overrides: s.Overrides, RateLimit: rateLimit(s.RateLimit),
	}
}

// render writes settings as they stand in the file.
func render(s control.Settings) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(heading)
	e := toml.NewEncoder(&b)
	if err := e.Encode(newDocument(s.Clone())); err != nil {
		return nil, fmt.Errorf("write settings as TOML: %w", err)
	}
	return spaced(b.Bytes()), nil
}

// spaced sets a blank line before each comment but the first.
func spaced(text []byte) []byte {
	var b bytes.Buffer
	comment := true
	for line := range bytes.Lines(text) {
		if blank := len(bytes.TrimSpace(line)) == 0; blank {
			comment = true
		} else {
			begins := line[0] == '#' && !comment
			comment = line[0] == '#'
			if begins {
				b.WriteByte('\n')
			}
		}
		b.Write(line)
	}
	return b.Bytes()
}
