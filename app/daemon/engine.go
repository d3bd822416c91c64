package daemon

import (
	"context"
	"crypto/x509"
	"io"
	"net/netip"

	"dotproxy/resolver"
	"dotproxy/resolver/provider"
)

// engine is what the daemon needs of *resolver.Engine. All methods may be
// called at the same time; none waits for the network.
type engine interface {
	// Listen opens what is missing, then closes what is not named any more. On
	// an error, a *resolver.ListenError, nothing changed. Empty closes all.
	Listen(addrs []resolver.ListenAddr) error
	Addrs() []netip.AddrPort
	SetUpstreams(u []provider.Upstream, roots *x509.CertPool)
	SetRules(r resolver.Rules)
	Health() resolver.Health
	// NetworkChanged gives up connections of the network that was left.
	NetworkChanged()
	// Bypass answers this computer in clear text, as a pause or sign-in asks for.
	Bypass(b resolver.Bypass)
	// Expect tells of the first query for a name made up to see who asks here.
	Expect(name string) <-chan struct{}
	// Measure tries an upstream on connections of its own.
	Measure(ctx context.Context, up provider.Upstream) resolver.Measurement
	// SaveCache writes the answers that are kept, LoadCache takes them over and
	// returns how many; resolver.ErrCacheDamaged may come with some.
	SaveCache(w io.Writer) error
	LoadCache(r io.Reader) (int, error)
	Blocked() []resolver.Blocked
	// Release returns false where that client is not blocked.
	Release(client netip.Prefix) bool
	Admission() resolver.AdmissionCounts
	Close(ctx context.Context) error
}
