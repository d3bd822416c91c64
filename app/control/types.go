// Package control is the one interface between the engine and everything that
// steers it: tray, window and command line. It holds the wire types, the
// Controller interface that an engine implements, and an HTTP server and
// client that carry both over a unix socket (a named pipe on Windows).
package control

import (
	"fmt"
	"time"
)

// State is the engine's condition in one word.
type State string

// The states an engine can be in.
const (
	// Stopped: the user closed the listeners.
	Stopped State = "stopped"
	// Starting: until the first upstream answered or failed.
	Starting State = "starting"
	// Protected: the listener answers and the primary provider answers.
	Protected State = "protected"
	// Degraded: a backup provider or stale answers bridge a gap.
	Degraded State = "degraded"
	// Paused: the user has put the old DNS back for a while; it is not encrypted.
	Paused State = "paused"
	// SignIn: the network wants somebody to sign in before it lets anything
	// through.
	SignIn State = "portal"
	// Failed: the listener is down or no server answers.
	Failed State = "failed"
)

// VariantNotInUse is the Variant of a protected engine that this computer does
// not ask: it still asks another DNS server, not encrypted.
const VariantNotInUse = "not_in_use"

// VariantFromMemory is the Variant of a degraded engine of which no provider
// answers: it gives what it knew, after its time.
const VariantFromMemory = "from_memory"

// Status is the engine's state in full, for people and programs.
type Status struct {
	State State `json:"state"`
	// Variant tells apart what State alone does not, empty for none.
	Variant string `json:"variant"`
	// Sentence says what is, Hint what to do about it; Hint may be empty.
	Sentence string `json:"sentence"`
	Hint     string `json:"hint"`
	// Provider is the id of the current provider ("cloudflare"), or the
	// upstream as the user wrote it. ProviderName is its display name.
	Provider     string `json:"provider"`
	ProviderName string `json:"provider_name"`
	// Listen is every address the engine answers on (or would, while stopped).
	Listen []string `json:"listen"`
	// PortBy tells what allowed the port, empty where nothing was needed.
	PortBy PortBy `json:"port_by"`
	// Since is when the present state began.
	Since time.Time `json:"since"`
	// PausedUntil is when a pause ends, nil while none is on. With
	// PauseEndsWithNetwork the first change of the network ends it before.
	PausedUntil          *time.Time `json:"paused_until"`
	PauseEndsWithNetwork bool       `json:"pause_ends_with_network"`
	// Portal is the sign-in that the network wants, nil for none.
	Portal *Portal `json:"portal"`
	// Rule is the network whose rule holds now (Settings.Networks), empty for
	// none.
	Rule string `json:"rule,omitempty"`
	// SystemDNS tells whether this computer's DNS is pointed here by us just now,
	// Networks which it covers: “Wired (eth0)”.
	SystemDNS bool       `json:"system_dns"`
	Networks  []string   `json:"networks"`
	Version   string     `json:"version"`
	Upstreams []Upstream `json:"upstreams"`
	// Problem is what is wrong just now, nil where nothing is.
	Problem *Problem `json:"problem"`
	// Demo marks an engine whose upstream is the embedded demonstration server.
	Demo bool `json:"demo"`
	// PID is the engine's process.
	PID      int      `json:"pid"`
	Counters Counters `json:"counters"`
}

// Leaks tells whether programs of this computer are known to ask somebody else,
// not encrypted, although the engine answers.
func (s Status) Leaks() bool {
	return s.State == Protected && s.Problem != nil && s.Problem.Code == CodeLeak
}

// Portal is the sign-in page of a network (a captive portal).
type Portal struct {
	// URL is the page, empty where the network did not name it.
	URL string `json:"url"`
	// Until is when this computer's queries stop going to the network's own
	// resolver, not encrypted; nil before the user asked for it.
	Until *time.Time `json:"until"`
}

// Pause says for how long the old DNS comes back.
type Pause struct {
	// Seconds is its length, 1 to MaxPause; 0 for MaxPause with
	// UntilNetworkChange.
	Seconds int `json:"seconds"`
	// UntilNetworkChange ends it with the first change of the network.
	UntilNetworkChange bool `json:"until_network_change"`
}

// MaxPause bounds a pause, in seconds: a day.
const MaxPause = 86400

// Check returns what is wrong with p, nil for nothing.
func (p Pause) Check() *Problem {
	least := 1
	if p.UntilNetworkChange {
		least = 0
	}
	if p.Seconds >= least && p.Seconds <= MaxPause {
		return nil
	}
	return BadValue("seconds", fmt.Sprintf("A pause cannot take %d seconds.", p.Seconds), "Pause for a second at least and a day at most.")
}

// The actions of Controller.SystemDNS.
const (
	SystemDNSOn     = "on"
	SystemDNSOff    = "off"
	SystemDNSRepair = "repair"
)

// Counters are totals since midnight, local time, or since the engine's process
// began where that is later and KeepStatistics is off.
type Counters struct {
	Queries uint64 `json:"queries"`
	// Cached counts the answers that came from the cache.
	Cached uint64 `json:"cached"`
	// Failures counts the answers SERVFAIL and REFUSED.
	Failures uint64 `json:"failures"`
	// MedianMS is the median time of recent upstream answers in milliseconds,
	// 0 while there are none.
	MedianMS float64 `json:"median_ms"`
}

// Upstream is one address of the configured providers, in order of preference.
type Upstream struct {
	// Address is host:port, Name the name its certificate must carry.
	Address   string `json:"address"`
	Name      string `json:"name"`
	Provider  string `json:"provider"`
	Connected bool   `json:"connected"`
	// TLS and KeyExchange describe the last connection, empty before the first.
	TLS         string `json:"tls"`
	KeyExchange string `json:"key_exchange"`
	// MedianMS is the median answer time in milliseconds, 0 while unknown.
	MedianMS float64 `json:"median_ms"`
	// Error is the last failure in words, empty when the address works.
	Error string `json:"error"`
}

// Provider is a DNS-over-TLS service the engine knows by its id.
type Provider struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Operator runs the service; Filter and LogPolicy are its own claims.
	Operator  string   `json:"operator"`
	Filter    string   `json:"filter"`
	LogPolicy string   `json:"log_policy"`
	DNSSEC    bool     `json:"dnssec"`
	Addresses []string `json:"addresses"`
	// TLSName is the name its certificate must carry.
	TLSName string `json:"tls_name"`
	// Current marks the provider in use.
	Current bool `json:"current"`
}

// Source says where an answer came from.
type Source string

// The sources of an answer.
const (
	SourceUpstream  Source = "upstream"
	SourceCache     Source = "cache"
	SourceLocal     Source = "local"
	SourceCoalesced Source = "coalesced"
	// SourceStale is an answer from the cache after its time (RFC 8767).
	SourceStale Source = "stale"
	// SourceOverride is one of the user's own answers or the hosts file's.
	SourceOverride Source = "override"
	// SourceRoute is the server that this domain alone is routed to.
	SourceRoute Source = "route"
	// SourceBlocked was stopped by a rule of the engine.
	SourceBlocked Source = "blocked"
)

// Query is one answered query.
type Query struct {
	Time time.Time `json:"time"`
	// Name is the full name with its final dot, empty when names are hidden.
	Name  string `json:"name"`
	Type  string `json:"type"`
	RCode string `json:"rcode"`
	// Source says where the answer came from.
	Source Source `json:"source"`
	// Upstream is the address that answered, empty where none was asked.
	Upstream string `json:"upstream"`
	// MS is the time from the query's arrival to its answer, in milliseconds.
	MS        float64 `json:"ms"`
	Client    string  `json:"client"`
	Transport string  `json:"transport"`
	// Encrypted is false only for a query that left in clear text.
	Encrypted bool `json:"encrypted"`
	// Authenticated is true where the server that was asked vouches for the
	// answer by DNSSEC (the AD bit, RFC 4035 section 3.2.3).
	Authenticated bool     `json:"authenticated"`
	Answers       []string `json:"answers"`
	// TTL is the least TTL of the answer, in seconds.
	TTL uint32 `json:"ttl"`
	// EDE is the Extended DNS Error (RFC 8914) sent with the answer, as text.
	EDE string `json:"ede"`
	// Connection is that on which the answer came, left out where it came on
	// none, as from the cache. It is shared: nobody may change it.
	Connection *Connection `json:"connection,omitempty"`
	// Tries is how many times a server was asked over TLS, whether it answered
	// or not, left out where none was.
	Tries int `json:"tries,omitempty"`
}

// Connection describes a TLS connection to a server.
type Connection struct {
	// TLS is the version, KeyExchange the group (of a resumed session of TLS 1.2
	// that of its beginning), left out where the suite has none, Cipher the
	// suite's IANA name.
	TLS         string `json:"tls"`
	KeyExchange string `json:"key_exchange,omitempty"`
	Cipher      string `json:"cipher"`
	// Resumed is true where an earlier session was taken up.
	Resumed bool `json:"resumed"`
}

// Blocked is a client that gets no answer for a while because it asked too much.
type Blocked struct {
	// Client is a prefix: an IPv4 address (“192.0.2.7/32”) or an IPv6 /56.
	Client string    `json:"client"`
	Until  time.Time `json:"until"`
	// Dropped counts its queries since the block began.
	Dropped uint64 `json:"dropped"`
}

// The kinds of event.
const (
	EventStatus   = "status"
	EventQuery    = "query"
	EventSettings = "settings"
	EventDropped  = "dropped"
	// EventQuit: a client asked the engine to end. It carries nothing.
	EventQuit = "quit"
)

// Event is one line of GET /v1/events. Name tells which of the fields is set.
type Event struct {
	Name     string    `json:"event"`
	Status   *Status   `json:"status,omitempty"`
	Query    *Query    `json:"query,omitempty"`
	Settings *Settings `json:"settings,omitempty"`
	// Count is how many events a slow reader lost (EventDropped).
	Count uint64 `json:"count,omitempty"`
}
