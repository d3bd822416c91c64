package daemon

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"

	"dotproxy/app/control"
	"dotproxy/app/netwatch"
	"dotproxy/app/systemdns"
	"dotproxy/resolver"
)

// surroundings are the files and the network of this computer.
type surroundings struct {
	// stat follows links, so that a link that is exchanged is another file.
	stat    func(path string) (filePrint, error)
	open    func(path string) (io.ReadCloser, error)
	network func() systemdns.NetworkID
	// name is what people call a network; nil where nobody knows.
	name func(ctx context.Context, id systemdns.NetworkID) string
	// listen hears of changes of the network until ctx ends; nil where nobody
	// tells.
	listen func(ctx context.Context) networkEvents
	// ipv6 tells whether this computer has an IPv6 address that leads out; nil
	// where that is not known.
	ipv6 func() bool
	// hosts is the path of the hosts file.
	hosts string
}

// thisComputer are the surroundings outside of tests.
func thisComputer() surroundings {
	hosts := "/etc/hosts"
	if runtime.GOOS == "windows" {
		hosts = filepath.Join(os.Getenv("SystemRoot"), "System32", "drivers", "etc", "hosts")
	}
	around := systemdns.ThisComputer()
	return surroundings{stat: printOf, open: systemdns.Open, hosts: hosts,
		network: func() systemdns.NetworkID { return systemdns.Identify(around) },
		ipv6: func() bool {
			a, err := around.Local("udp6", "[2001:db8::1]:53")
			return err == nil && a.IsGlobalUnicast()
		},
		name:   systemdns.NetworkName,
		listen: func(ctx context.Context) networkEvents { return netwatch.Start(ctx) }}
}

// filePrint tells a file from what it was before; the zero value is no file.
type filePrint struct {
	size, modified int64
	inode          uint64
	mode           fs.FileMode
}

func printOf(path string) (filePrint, error) {
	info, err := os.Stat(path)
	if err != nil {
		return filePrint{}, err
	}
	return filePrint{size: info.Size(), modified: info.ModTime().UnixNano(), inode: inode(info), mode: info.Mode()}, nil
}

// outside is what the engine is given that is in no setting, as it was when
// looked at last. What is in it is not changed but replaced.
type outside struct {
	// seen are the files that were read, by path.
	seen    map[string]filePrint
	hosts   []resolver.Override
	local   systemdns.Resolvers
	network systemdns.NetworkID
	// roots are the authorities of a certificate file that changed since the
	// plan was made, nil for none.
	roots *x509.CertPool
	// notices say what could not be read or found, by setting.
	notices map[string]*control.Problem
	// looked is false before the first look, moved tells that this one found
	// another network than the one before.
	looked, moved bool
}

// notice is the first of the notices, nil for none.
func (o *outside) notice() *control.Problem {
	for _, field := range []string{"ca_bundle", "hosts", "local_network"} {
		if p := o.notices[field]; p != nil {
			return p
		}
	}
	return nil
}

// look looks at what lies outside of a plan and reads what changed. It is
// called with op held, and only by whoever keeps what it returns.
func (d *Daemon) look(p plan) outside {
	if d.opts.Demo != nil {
		return outside{}
	}
	v := view{Daemon: d, before: d.out, now: outside{
		looked: true, hosts: d.out.hosts, local: d.out.local, roots: d.out.roots,
		seen: map[string]filePrint{}, notices: map[string]*control.Problem{},
	}}
	v.bundle(p)
	v.hosts(p)
	v.resolvers(p)
	v.now.network = v.before.network
	if !v.before.looked || d.looksAtNetwork() {
		v.now.network, v.now.moved = v.before.network.Follows(d.seams.around.network())
		v.now.moved = v.now.moved && v.before.looked
	}
	return v.now
}

// view is a look while it goes on.
type view struct {
	*Daemon
	before, now outside
}

// changed tells whether one of the files that a setting depends on is another
// one than before; where none is, the setting's notice stays.
func (v *view) changed(field string, paths ...string) bool {
	changed := false
	for _, path := range paths {
		print, _ := v.seams.around.stat(path)
		v.now.seen[path] = print
		before, seen := v.before.seen[path]
		changed = changed || !seen || before != print
	}
	if !changed {
		v.now.notices[field] = v.before.notices[field]
	}
	return changed
}

// note keeps a notice, and logs it where it is new.
func (v *view) note(field, message, hint string) {
	p := &control.Problem{Code: control.CodeSettings, Field: field, Message: message, Hint: hint}
	v.now.notices[field] = p
	if old := v.before.notices[field]; old == nil || old.Error() != p.Error() {
		v.log.Warn(p.Error())
	}
}

// bundle reads the certificate file again. A broken one changes nothing, so
// that a file half written, or gone for a moment, stops nobody's DNS.
func (v *view) bundle(p plan) {
	path := p.settings.CABundle
	if path == "" || !v.changed("ca_bundle", path) {
		return
	}
	roots, err := control.LoadRoots(path)
	if problem, ok := errors.AsType[*control.Problem](err); ok {
		v.note("ca_bundle", problem.Message, "The authorities that it held before are trusted until it is mended.")
		return
	}
	if v.before.notices["ca_bundle"] != nil {
		v.log.Info("the certificate file can be read again", "path", path)
	}
	v.now.roots = roots
}

func (v *view) hosts(p plan) {
	path := v.seams.around.hosts
	if !p.settings.Hosts {
		v.now.hosts = nil
		return
	}
	if !v.changed("hosts", path) {
		return
	}
	f, err := v.seams.around.open(path)
	if errors.Is(err, fs.ErrNotExist) {
		v.now.hosts = nil
		return
	}
	if err != nil {
		v.note("hosts", "The hosts file "+control.Quote(path)+" cannot be read: "+systemText(err)+".", "What it held before counts until it can.")
		return
	}
	defer f.Close()
	hosts, skipped, err := resolver.ParseHosts(f)
	if err != nil {
		v.note("hosts", upperFirst(err.Error())+".", "What was read of it is used.")
	}
	v.log.Info("hosts file read", "names", len(hosts), "lines left out", skipped)
	v.now.hosts = hosts
}

// resolvers finds the network's own resolvers.
func (v *view) resolvers(p plan) {
	if !p.settings.LocalNetwork {
		v.now.local = systemdns.Resolvers{}
		return
	}
	if !v.changed("local_network", systemdns.Files...) && v.sameListen(p) {
		return
	}
	v.now.notices["local_network"] = nil
	v.now.local = systemdns.NetworkResolvers(v.seams.around.open, own(p.listen))
	if len(v.now.local.Servers) == 0 {
		v.note("local_network", "This computer’s network names no DNS server of its own, so its private names cannot be asked for.",
			"Name the server in routes, or turn local_network off.")
		return
	}
	if reflect.DeepEqual(v.now.local, v.before.local) {
		return
	}
	v.log.Info("private names go to the network’s resolver in clear text", "servers", v.now.local.Servers)
	for _, domain := range v.now.local.Search {
		if !systemdns.IsPrivate(domain) {
			v.log.Info(fmt.Sprintf("the network’s domain %s may be public and is not asked there; add it to routes to use it", control.Quote(domain)))
		}
	}
}

// sameListen tells whether the present plan listens as p does: a resolver may
// not be one of our own addresses.
func (v *view) sameListen(p plan) bool { return slices.Equal(v.plan.listen, p.listen) }

// localDomains are the domains that only a network itself can answer for: names
// (RFC 8375, RFC 9476 and custom) and the reverse zones of private addresses
// (RFC 6303 section 4, RFC 7793, RFC 4193).
func localDomains() []string {
	list := []string{"home.arpa", "lan", "internal", "10.in-addr.arpa", "168.192.in-addr.arpa", "254.169.in-addr.arpa", "d.f.ip6.arpa"}
	for i := 16; i < 32; i++ {
		list = append(list, fmt.Sprintf("%d.172.in-addr.arpa", i))
	}
	for i := 64; i < 128; i++ {
		list = append(list, fmt.Sprintf("%d.100.in-addr.arpa", i))
	}
	for _, c := range "89ab" {
		list = append(list, string(c)+".e.f.ip6.arpa")
	}
	return list
}

// localRoutes are the routes to the network's resolvers. The user's own win:
// where one of them is a domain or above it, that domain has no other.
func localRoutes(local systemdns.Resolvers, user []resolver.Route) []resolver.Route {
	if len(local.Servers) == 0 {
		return nil
	}
	var list []resolver.Route
	domains := localDomains()
	for _, d := range local.Search {
		if systemdns.IsPrivate(d) && !slices.Contains(domains, d) {
			domains = append(domains, d)
		}
	}
	for _, d := range domains {
		if slices.ContainsFunc(user, func(r resolver.Route) bool { return covers(r.Suffix, d) }) {
			continue
		}
		r := resolver.Route{Suffix: d}
		for _, s := range local.Servers {
			r.Plain = append(r.Plain, netipPort(s))
		}
		list = append(list, r)
	}
	return list
}

// covers tells whether a route that the user wrote is for a domain. The one for
// all names (“.”) only stands in for the providers.
func covers(suffix, domain string) bool {
	suffix = strings.ToLower(strings.TrimSuffix(suffix, "."))
	return suffix != "" && (domain == suffix || strings.HasSuffix(domain, "."+suffix))
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
