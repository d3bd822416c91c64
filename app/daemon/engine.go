package daemon

import (
	"context"
	"crypto/x509"
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
	Close(ctx context.Context) error
}
