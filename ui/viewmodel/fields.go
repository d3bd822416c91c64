package viewmodel

import (
	"slices"

	"dotproxy/app/control"
	"dotproxy/app/words"
)

// Field is one value of the settings form: the key of a setting, and behind a
// dot the key in its table.
type Field string

// The values that are typed and wait for Apply.
const (
	FieldPort        Field = "port"
	FieldListen      Field = "listen"
	FieldAccess      Field = "access"
	FieldPerSecond   Field = "rate_limit.per_second"
	FieldProvider    Field = "provider"
	FieldBackups     Field = "backups"
	FieldBundle      Field = "ca_bundle"
	FieldCache       Field = "cache_mib"
	FieldStale       Field = "stale_hours"
	FieldOverrides   Field = "overrides"
	FieldRoutes      Field = "routes"
	FieldPrivacy     Field = "log_privacy"
	FieldMinTTL      Field = "cache_min_ttl"
	FieldMaxTTL      Field = "cache_max_ttl"
	FieldBurst       Field = "rate_limit.burst"
	FieldBlockAfter  Field = "rate_limit.block_after"
	FieldBlockWindow Field = "rate_limit.block_window"
	FieldBlockFor    Field = "rate_limit.block_for"
)

// The switches, which act at once.
const (
	SwitchPersist   Field = "cache_persist"
	SwitchHosts     Field = "hosts"
	SwitchLocal     Field = "local_network"
	SwitchCanary    Field = "canary"
	SwitchRebinding Field = "rebinding_protection"
	SwitchSubnet    Field = "hide_subnet"
	SwitchRace      Field = "race"
	SwitchLoopback  Field = "rate_limit.loopback"
	SwitchKeep      Field = "keep_statistics"
)

// Fields are all that is typed, from top to bottom.
func Fields() []Field {
	return append([]Field{
		FieldPort, FieldListen, FieldAccess, FieldPerSecond, FieldProvider, FieldBackups, FieldBundle,
		FieldCache, FieldStale, FieldOverrides, FieldRoutes, FieldPrivacy,
	}, advanced[:]...)
}

// Switches are all switches, from top to bottom.
func Switches() []Field {
	return []Field{SwitchPersist, SwitchHosts, SwitchLocal, SwitchCanary, SwitchRebinding, SwitchSubnet, SwitchRace, SwitchKeep, SwitchLoopback}
}

var advanced = [...]Field{FieldMinTTL, FieldMaxTTL, FieldBurst, FieldBlockAfter, FieldBlockWindow, FieldBlockFor}

// Advanced tells whether a field is rarely needed.
func (f Field) Advanced() bool { return slices.Contains(advanced[:], f) }

// Label is what the field is called.
func (f Field) Label() string { return words.T(labels[f]) }

var labels = map[Field]string{
	FieldPort: words.Mark("Port"), FieldListen: words.Mark("Addresses"), FieldAccess: words.Mark("Other devices"), FieldPerSecond: words.Mark("Limit for each client"),
	FieldProvider: words.Mark("Provider"), FieldBackups: words.Mark("Backup providers"), FieldBundle: words.Mark("Certificates trusted"),
	FieldCache: words.Mark("Cache"), FieldStale: words.Mark("Old answers"), SwitchPersist: words.Mark("Save the cache"),
	SwitchHosts: words.Mark("Use the hosts file"), FieldOverrides: words.Mark("Own names"), FieldRoutes: words.Mark("Other servers for domains"),
	SwitchLocal: words.Mark("Ask the local network"), SwitchCanary: words.Mark("Ask browsers to use this computer’s DNS"),
	SwitchRebinding: words.Mark("Protect against rebinding"),
	FieldPrivacy:    words.Mark("Query log"), SwitchSubnet: words.Mark("Hide my subnet"), SwitchRace: words.Mark("Ask all providers at once"), SwitchKeep: words.Mark("Keep statistics"),
	FieldMinTTL: words.Mark("Shortest time in the cache"), FieldMaxTTL: words.Mark("Longest time in the cache"),
	FieldBurst: words.Mark("Queries at once"), SwitchLoopback: words.Mark("Limit this computer too"),
	FieldBlockAfter: words.Mark("Block a client after"), FieldBlockWindow: words.Mark("Counted over"), FieldBlockFor: words.Mark("Blocked for"),
}

// The settings' parts by their form, each as a way to the value.
var (
	numbers = map[Field]func(*control.Settings) *int{
		FieldPort:        func(s *control.Settings) *int { return &s.Port },
		FieldPerSecond:   func(s *control.Settings) *int { return &s.RateLimit.PerSecond },
		FieldCache:       func(s *control.Settings) *int { return &s.CacheMiB },
		FieldStale:       func(s *control.Settings) *int { return &s.StaleHours },
		FieldMinTTL:      func(s *control.Settings) *int { return &s.CacheMinTTL },
		FieldMaxTTL:      func(s *control.Settings) *int { return &s.CacheMaxTTL },
		FieldBurst:       func(s *control.Settings) *int { return &s.RateLimit.Burst },
		FieldBlockAfter:  func(s *control.Settings) *int { return &s.RateLimit.BlockAfter },
		FieldBlockWindow: func(s *control.Settings) *int { return &s.RateLimit.BlockWindow },
		FieldBlockFor:    func(s *control.Settings) *int { return &s.RateLimit.BlockFor },
	}
	lists = map[Field]func(*control.Settings) *[]string{
		FieldListen: func(s *control.Settings) *[]string { return &s.Listen },
		FieldAccess: func(s *control.Settings) *[]string { return &s.Access },
	}
	tables = map[Field]func(*control.Settings) *map[string][]string{
		FieldOverrides: func(s *control.Settings) *map[string][]string { return &s.Overrides },
		FieldRoutes:    func(s *control.Settings) *map[string][]string { return &s.Routes },
	}
	switches = map[Field]func(*control.Settings) *bool{
		SwitchPersist:   func(s *control.Settings) *bool { return &s.CachePersist },
		SwitchHosts:     func(s *control.Settings) *bool { return &s.Hosts },
		SwitchLocal:     func(s *control.Settings) *bool { return &s.LocalNetwork },
		SwitchCanary:    func(s *control.Settings) *bool { return &s.Canary },
		SwitchRebinding: func(s *control.Settings) *bool { return &s.RebindingProtection },
		SwitchSubnet:    func(s *control.Settings) *bool { return &s.HideSubnet },
		SwitchRace:      func(s *control.Settings) *bool { return &s.Race },
		SwitchKeep:      func(s *control.Settings) *bool { return &s.KeepStatistics },
		SwitchLoopback:  func(s *control.Settings) *bool { return &s.RateLimit.Loopback },
	}
)

// fieldOf is the field that a problem is about. Those of the providers share a
// key, which Refuse tells apart.
func fieldOf(p *control.Problem) Field {
	if p.Field == "rate_limit" && p.Entry != "" {
		return Field(p.Field + "." + p.Entry)
	}
	return Field(p.Field)
}
