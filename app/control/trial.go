package control

import "time"

// ProviderTest is how one provider answered a trial: each on connections of its
// own, verified as those for queries are.
type ProviderTest struct {
	// Upstream is what was tried, an id or a form of --dns; Name is its display
	// name and Address the server that was tried, empty for none.
	Upstream string `json:"upstream"`
	Name     string `json:"name"`
	Address  string `json:"address"`
	// ConnectMS is the time for TCP and TLS, FirstMS that of the first query and
	// WarmMS the median of those after it, in milliseconds; 0 for what did not
	// happen.
	ConnectMS float64 `json:"connect_ms"`
	FirstMS   float64 `json:"first_ms"`
	WarmMS    float64 `json:"warm_ms"`
	// TLS and KeyExchange describe the connection, Resumed tells whether a second
	// one could go on where the first ended (RFC 8446 section 2.2).
	TLS         string `json:"tls"`
	KeyExchange string `json:"key_exchange"`
	Resumed     bool   `json:"resumed"`
	// Issuer signed the certificate, which ends at Expires.
	Issuer  string     `json:"issuer"`
	Expires *time.Time `json:"expires"`
	// NSID is which of the provider's servers answered, where it says so (RFC
	// 5001).
	NSID string `json:"nsid"`
	// Validates tells whether it vouches for signed records (DNSSEC).
	Validates bool `json:"validates"`
	// Error says in words what failed, empty for nothing; Network is true where
	// that may be this network's fault, and not the provider's.
	Error   string `json:"error"`
	Network bool   `json:"network"`
}

// TestEvent is a line of a test of providers.
type TestEvent struct {
	// Upstreams, in the first event alone, are those that are tried.
	Upstreams []string `json:"upstreams,omitempty"`
	// Result is that of one of them; they come as they are ready.
	Result *ProviderTest `json:"result,omitempty"`
}

// MaxTested bounds the providers of one test.
const MaxTested = 64

// The results of a check.
const (
	CheckOK      = "ok"
	CheckWarning = "warning"
	CheckFailed  = "failed"
	// CheckUnknown is what could not be found out.
	CheckUnknown = "unknown"
)

// CheckRow is one thing that was looked at.
type CheckRow struct {
	// ID is certificate, encryption, dnssec, leak, ipv6, backup, port or clock.
	ID     string `json:"id"`
	Result string `json:"result"`
	// Title names it, Sentence says what was found.
	Title    string `json:"title"`
	Sentence string `json:"sentence"`
	// Fix is what can be done about it, nil for nothing.
	Fix *Fix `json:"fix"`
}

// Fix is a remedy: a command of dot-proxy, which the window offers as a button.
type Fix struct {
	Label   string `json:"label"`
	Command string `json:"command"`
}

// The commands of Fix.
const (
	FixSystemDNS = "dot-proxy system-dns on"
	FixRepair    = "dot-proxy system-dns repair"
	FixStart     = "dot-proxy start"
	FixResume    = "dot-proxy resume"
	FixProviders = "dot-proxy providers"
	FixSettings  = "dot-proxy settings"
)
