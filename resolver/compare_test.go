package resolver_test

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"dotproxy/resolver"
	"dotproxy/resolver/resolvertest"
)

// comparedZone is what the upstream of both says: a root zone of its own, so
// that every name has an answer.
const comparedZone = `$ORIGIN .
$TTL 300
. 3600 IN SOA ns.cmp.example. host.cmp.example. 1 7200 3600 1209600 900
. 3600 IN NS ns.cmp.example.
ns.cmp.example. IN A 192.0.2.2
a.cmp.example. IN A 192.0.2.1
a.cmp.example. IN A 192.0.2.3
aaaa.cmp.example. IN AAAA 2001:db8::1
both.cmp.example. IN A 192.0.2.4
both.cmp.example. IN AAAA 2001:db8::4
chain.cmp.example. 100 IN CNAME chain2.cmp.example.
chain2.cmp.example. 50 IN CNAME a.cmp.example.
dangling.cmp.example. IN CNAME nowhere.cmp.example.
mail.cmp.example. IN MX 10 both.cmp.example.
mail.cmp.example. IN MX 20 a.cmp.example.
text.cmp.example. IN TXT "one" "two" "three with \"quotes\""
long.cmp.example. IN TXT @LONG@
_sip._tcp.cmp.example. IN SRV 1 2 5060 both.cmp.example.
caa.cmp.example. IN CAA 0 issue "ca.example"
svc.cmp.example. IN HTTPS 1 . alpn=h2 ipv4hint=192.0.2.4
svc.cmp.example. IN SVCB 1 both.cmp.example. port=853
naptr.cmp.example. IN NAPTR 100 10 "S" "SIP+D2U" "" _sip._tcp.cmp.example.
*.wild.cmp.example. IN A 192.0.2.5
x.y.empty.cmp.example. IN A 192.0.2.6
odd.cmp.example. IN TYPE65534 \# 4 01020304
esc\.aped.cmp.example. IN A 192.0.2.7
bin\255\000.cmp.example. IN A 192.0.2.8
xn--bcher-kva.cmp.example. IN A 192.0.2.9
zero.cmp.example. 0 IN A 192.0.2.10
big.cmp.example. IN TXT @LONG@
big.cmp.example. IN TXT @LONG2@
host.test. IN A 192.0.2.11
1.2.0.192.in-addr.arpa. IN PTR a.cmp.example.
8.8.8.8.in-addr.arpa. IN PTR both.cmp.example.
`

// comparedForwarder is Unbound in the engine's place.
var comparedForwarder = peer{
	name: "unbound",
	args: []string{"unbound", "-d", "-c", "@DIR@/config"},
	config: `server:
  directory: "@DIR@"
  username: ""
  chroot: ""
  pidfile: ""
  do-daemonize: no
  use-syslog: no
  interface: 127.0.0.1@@PORT@
  access-control: 127.0.0.0/8 allow_snoop
  do-not-query-localhost: no
  module-config: "iterator"
  qname-minimisation: no
  minimal-responses: no
  rrset-roundrobin: no
  max-udp-size: 4096
  tls-cert-bundle: "@DIR@/ca.pem"
forward-zone:
  name: "."
  forward-tls-upstream: yes
  forward-addr: @UP@#dot.test
remote-control:
  control-enable: no
`,
}

var comparedNames = []string{
	"a.cmp.example.", "A.Cmp.EXAMPLE.", "aaaa.cmp.example.", "both.cmp.example.", "chain.cmp.example.", "chain2.cmp.example.", "dangling.cmp.example.",
	"mail.cmp.example.", "text.cmp.example.", "long.cmp.example.", "big.cmp.example.", "_sip._tcp.cmp.example.", "caa.cmp.example.", "svc.cmp.example.",
	"naptr.cmp.example.", "any.wild.cmp.example.", "wild.cmp.example.", "x.y.empty.cmp.example.", "y.empty.cmp.example.", "empty.cmp.example.",
	"odd.cmp.example.", `esc\.aped.cmp.example.`, `bin\255\000.cmp.example.`, "xn--bcher-kva.cmp.example.", "zero.cmp.example.", "nowhere.cmp.example.",
	"host.test.", "nohost.test.", "test.", ".", "8.8.8.8.in-addr.arpa.",
}

var comparedTypes = []uint16{
	dns.TypeA, dns.TypeAAAA, dns.TypeCNAME, dns.TypeMX, dns.TypeTXT, dns.TypeSRV, dns.TypeCAA, dns.TypeHTTPS, dns.TypeNS, dns.TypeSOA, dns.TypePTR, 65534,
}

// specialNames are answered without the upstream by at least one of the two.
var specialNames = []string{
	"localhost.", "x.localhost.", "invalid.", "x.invalid.", "local.", "x.local.", "onion.", "x.onion.", "home.arpa.", "x.home.arpa.",
	"resolver.arpa.", "_dns.resolver.arpa.", "use-application-dns.net.", "1.0.0.127.in-addr.arpa.", "5.1.168.192.in-addr.arpa.",
	"1.2.0.192.in-addr.arpa.", "10.in-addr.arpa.", "1.1.16.172.in-addr.arpa.", "1.254.169.in-addr.arpa.", "8.e.f.ip6.arpa.", "d.f.ip6.arpa.",
}

// compared is one question, and how it is asked.
type compared struct {
	name    string
	typ     uint16
	network string
	change  string
}

// changes are the ways to ask beside the plain one.
var changes = map[string]func(*dns.Msg){
	"":          func(*dns.Msg) {},
	"EDNS":      func(m *dns.Msg) { m.SetEdns0(1232, false) },
	"DO":        func(m *dns.Msg) { m.SetEdns0(4096, true) },
	"CD":        func(m *dns.Msg) { m.CheckingDisabled = true },
	"AD":        func(m *dns.Msg) { m.AuthenticatedData = true },
	"no RD":     func(m *dns.Msg) { m.RecursionDesired = false },
	"small UDP": func(m *dns.Msg) { m.SetEdns0(512, false) },
}

func comparedQuestions() []compared {
	var all []compared
	for _, name := range comparedNames {
		for _, typ := range comparedTypes {
			all = append(all, compared{name, typ, "udp", "EDNS"})
		}
		for _, change := range []string{"", "DO", "CD", "AD", "no RD", "small UDP"} {
			all = append(all, compared{name, dns.TypeA, "udp", change}, compared{name, dns.TypeTXT, "tcp", change})
		}
		all = append(all, compared{name, dns.TypeANY, "tcp", "EDNS"})
	}
	for _, name := range specialNames {
		for _, typ := range []uint16{dns.TypeA, dns.TypeAAAA, dns.TypePTR, dns.TypeSOA, dns.TypeTXT} {
			all = append(all, compared{name, typ, "udp", "EDNS"})
		}
	}
	return all
}

func (c compared) ask(at netip.AddrPort) (*dns.Msg, error) {
	m := new(dns.Msg).SetQuestion(c.name, c.typ)
	changes[c.change](m)
	client := dns.Client{Net: c.network, Timeout: 5 * time.Second, UDPSize: 4096}
	r, _, err := client.Exchange(m, at.String())
	return r, err
}

func (c compared) special() bool { return slices.Contains(specialNames, c.name) }

// differences names what differs between two answers.
func differences(ours, theirs *dns.Msg) []string {
	var all []string
	differ := func(what string, ours, theirs any) {
		if ours != theirs {
			all = append(all, what)
		}
	}
	differ("rcode", ours.Rcode, theirs.Rcode)
	differ("AA", ours.Authoritative, theirs.Authoritative)
	differ("TC", ours.Truncated, theirs.Truncated)
	differ("RD", ours.RecursionDesired, theirs.RecursionDesired)
	differ("RA", ours.RecursionAvailable, theirs.RecursionAvailable)
	differ("AD", ours.AuthenticatedData, theirs.AuthenticatedData)
	differ("CD", ours.CheckingDisabled, theirs.CheckingDisabled)
	differ("question", fmt.Sprint(ours.Question), fmt.Sprint(theirs.Question))
	differ("answer", records(ours.Answer), records(theirs.Answer))
	servers, rest := split(ours.Ns)
	theirServers, theirRest := split(theirs.Ns)
	differ("servers", records(servers), records(theirServers))
	differ("authority", records(rest), records(theirRest))
	differ("additional", records(ours.Extra), records(theirs.Extra))
	differ("EDNS", ours.IsEdns0() != nil, theirs.IsEdns0() != nil)
	if ours.IsEdns0() != nil && theirs.IsEdns0() != nil {
		differ("DO", ours.IsEdns0().Do(), theirs.IsEdns0().Do())
		differ("version", ours.IsEdns0().Version(), theirs.IsEdns0().Version())
	}
	return append(all, ttls(ours, theirs)...)
}

// split tells the zone's servers from the other records of an authority section.
func split(section []dns.RR) (servers, rest []dns.RR) {
	for _, rr := range section {
		if rr.Header().Rrtype == dns.TypeNS {
			servers = append(servers, rr)
		} else {
			rest = append(rest, rr)
		}
	}
	return servers, rest
}

// records are a section's records as a set, without TTLs.
func records(rrs []dns.RR) string {
	var all []string
	for _, rr := range rrs {
		if rr.Header().Rrtype != dns.TypeOPT {
			rr = dns.Copy(rr)
			rr.Header().Ttl = 0
			all = append(all, strings.ToLower(rr.String()))
		}
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// ttls compares the TTLs of answers that are the same otherwise; two seconds
// may have passed between them.
func ttls(ours, theirs *dns.Msg) []string {
	sorted := func(m *dns.Msg) []dns.RR {
		rrs := slices.Concat(m.Answer, m.Ns)
		slices.SortFunc(rrs, func(a, b dns.RR) int {
			return cmp.Compare(records([]dns.RR{a}), records([]dns.RR{b}))
		})
		return rrs
	}
	a, b := sorted(ours), sorted(theirs)
	if records(a) != records(b) {
		return nil
	}
	for i := range a {
		if d := int64(a[i].Header().Ttl) - int64(b[i].Header().Ttl); d < -2 || d > 2 {
			return []string{"TTL"}
		}
	}
	return nil
}

// explained is a kind of difference that is meant to be.
type explained struct {
	what []string
	when func(compared) bool
	why  string
}

func always(compared) bool { return true }

func below(names ...string) func(compared) bool {
	return func(c compared) bool {
		return slices.ContainsFunc(names, func(n string) bool { return dns.IsSubDomain(n, c.name) })
	}
}

func withoutRD(c compared) bool { return c.change == "no RD" }

var explanations = []explained{
	{[]string{"servers"}, always, "the upstream names its servers with each answer: we hand on all it says, Unbound leaves them out"},
	{[]string{"AA", "rcode", "answer", "authority"}, func(c compared) bool { return c.typ == dns.TypeANY }, "ANY has one small answer, made here (RFC 8482 section 4.2)"},
	{[]string{"AA", "rcode", "answer", "authority"}, below("test."), "labs use names below test, so they are asked of the upstream; RFC 6761 section 6.2 leaves that to the operator"},
	{[]string{"authority", "answer"}, compared.special, "the SOA of a zone that is only here says nothing but how long to keep the answer (RFC 6303 section 3)"},
	{[]string{"TTL"}, compared.special, "an hour is long enough for what is made here"},
	{[]string{"rcode"}, below("invalid.", "onion."), "the domain itself does not exist either (RFC 6761 section 6.4, RFC 7686 section 2)"},
	{[]string{"AA", "rcode"}, below("resolver.arpa."), "it exists without records, and is asked of nobody (RFC 9462 section 6.4)"},
	{[]string{"AA"}, below("local."), "it is not asked of the upstream (RFC 6762 section 22.1)"},
	{[]string{"AA"}, below("use-application-dns.net."), "browsers are to leave DNS to the system"},
	{[]string{"RD"}, withoutRD, "the bit is the client's (RFC 1035 section 4.1.1)"},
	{[]string{"rcode", "answer", "additional"}, func(c compared) bool { return withoutRD(c) && c.name == "zero.cmp.example." },
		"a query without RD is forwarded as such; Unbound asks nobody, and keeps no TTL of 0"},
	{[]string{"authority"}, below("chain.cmp.example.", "chain2.cmp.example."),
		"the upstream sends no SOA behind CNAMEs, so the answer is not kept (RFC 2308 section 5); Unbound asks it for the chain's end as well"},
}

// The same questions put to the engine and to Unbound, before the same
// upstream, have the same answers, but for what is explained.
func TestComparedWithUnbound(t *testing.T) {
	needPeers(t)
	ca := resolvertest.NewCA(t)
	long := strings.TrimSpace(strings.Repeat(`"`+strings.Repeat("l", 200)+`" `, 9))
	zone := strings.NewReplacer("@LONG@", long, "@LONG2@", strings.ReplaceAll(long, "l", "m")).Replace(comparedZone)
	up := startPeer(t, peer{
		name: "coredns", args: []string{"coredns", "-conf", "@DIR@/config"}, zone: zone,
		config: "tls://.:@PORT@ {\n  bind 127.0.0.1\n  tls @DIR@/cert.pem @DIR@/key.pem\n  file @DIR@/zone .\n}\n",
	}, ca)
	forwarder := comparedForwarder
	forwarder.config = strings.ReplaceAll(forwarder.config, "@UP@", fmt.Sprintf("127.0.0.1@%d", up.Port))
	theirs := startPeer(t, forwarder, ca).Addrs[0]
	e, ours := startEngine(t, ca.Pool(), up)
	e.SetRules(resolver.Rules{Cache: resolver.CacheRules{Bytes: 8 << 20}, Names: resolver.NameRules{Canary: true}})
	used := make([]bool, len(explanations))
	all := comparedQuestions()
	differing := 0
	for _, round := range []string{"first", "from the cache"} {
		for _, c := range all {
			a, err := c.ask(ours)
			b, err2 := c.ask(theirs)
			if err != nil || err2 != nil {
				t.Errorf("%s, %+v: %v, %v", round, c, err, err2)
				continue
			}
			found := differences(a, b)
			if len(found) > 0 {
				differing++
			}
			for _, what := range found {
				i := slices.IndexFunc(explanations, func(x explained) bool { return slices.Contains(x.what, what) && x.when(c) })
				if i < 0 {
					t.Errorf("%s, %+v: %s differs\nours:\n%v\nUnbound’s:\n%v", round, c, what, a, b)
					continue
				}
				used[i] = true
			}
		}
	}
	for i, x := range explanations {
		if !used[i] {
			t.Errorf("explained, but never seen: %s", x.why)
		}
	}
	t.Logf("%d questions asked twice, %d answers differ as explained", len(all), differing)
}
