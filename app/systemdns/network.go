package systemdns

import (
	"bufio"
	"bytes"
	"io"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// Files are where the resolvers of the network are written down, the most
// telling first: NetworkManager's and systemd-resolved's own lists stay as they
// are where /etc/resolv.conf names a program on this computer.
var Files = []string{"/run/NetworkManager/no-stub-resolv.conf", "/run/systemd/resolve/resolv.conf", resolvConf}

// Resolvers are the DNS servers that the network offers, asked in clear text.
type Resolvers struct {
	Servers []netip.Addr
	// Search are the domains in which programs look for short names, without a
	// final dot and in lower case.
	Search []string
}

// maxResolvers bounds the servers and the domains that are read.
const maxResolvers = 6

// NetworkResolvers reads the first of Files that names a server other than this
// computer and the addresses listened on; none gives the zero value. open opens
// a file.
func NetworkResolvers(open func(path string) (io.ReadCloser, error), listen []netip.AddrPort) Resolvers {
	for _, path := range Files {
		f, err := open(path)
		if err != nil {
			continue
		}
		text, err := io.ReadAll(io.LimitReader(f, maxConf))
		_ = f.Close()
		if err != nil {
			continue
		}
		if r := parseResolvers(text, listen); len(r.Servers) > 0 {
			return r
		}
	}
	return Resolvers{}
}

// Open opens a file of this computer, for NetworkResolvers.
func Open(path string) (io.ReadCloser, error) { return os.Open(path) }

// parseResolvers reads a resolv.conf(5). Of several lines “search” or “domain”
// the last one counts.
func parseResolvers(text []byte, listen []netip.AddrPort) Resolvers {
	var r Resolvers
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) < 2 {
			continue
		}
		switch words[0] {
		case "nameserver":
			a, err := netip.ParseAddr(words[1])
			if a = a.Unmap(); err == nil && len(r.Servers) < maxResolvers && elsewhere(a, listen) && !slices.Contains(r.Servers, a) {
				r.Servers = append(r.Servers, a)
			}
		case "search", "domain":
			r.Search = nil
			for _, d := range words[1:] {
				if d = strings.ToLower(strings.Trim(d, ".")); d != "" && len(r.Search) < maxResolvers {
					r.Search = append(r.Search, d)
				}
			}
		}
	}
	return r
}

// elsewhere tells whether an address is another computer's.
func elsewhere(a netip.Addr, listen []netip.AddrPort) bool {
	return !a.IsLoopback() && !a.IsUnspecified() && !a.IsMulticast() &&
		!slices.ContainsFunc(listen, func(l netip.AddrPort) bool { return l.Addr().Unmap().WithZone("") == a.WithZone("") })
}

// privateSuffixes are what a search domain must be, or be below, to be asked of
// the network's resolvers: no public domain can be among them.
var privateSuffixes = []string{"lan", "internal", "home.arpa", "home", "corp", "intranet", "private"}

// IsPrivate tells whether a domain, in lower case and without a final dot, is
// one that networks use for themselves and no public one.
func IsPrivate(domain string) bool {
	return slices.ContainsFunc(privateSuffixes, func(s string) bool { return domain == s || strings.HasSuffix(domain, "."+s) })
}
