package resolver_test

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"dotproxy/resolver/provider"
	"dotproxy/resolver/resolvertest"
)

// compared are the two forwarders.
type compared struct{ ours, theirs netip.AddrPort }

// comparedUpstream is CoreDNS with the zones in testdata/compare. It says that
// it recurses, as a public resolver would.
const comparedUpstream = `(dot) {
  bind 127.0.0.1
  tls @DIR@/cert.pem @DIR@/key.pem
  header {
    response set ra
  }
}
tls://.:@PORT@ {
  import dot
  template IN ANY nosoa.example {
    rcode NXDOMAIN
  }
  template IN ANY empty.example {
    rcode NOERROR
  }
  template IN ANY servfail.example {
    rcode SERVFAIL
  }
  template IN ANY refused.example {
    rcode REFUSED
  }
  template IN ANY notimp.example {
    rcode NOTIMP
  }
  template IN ANY blocked.example {
    rcode REFUSED
    ederror 15 "by a list"
  }
  template IN A forged.example {
    answer "{{ .Name }} 60 IN A 192.0.2.77"
    ederror 4 "by a list"
  }
  template IN A localhost invalid local onion home.arpa resolver.arpa {
    answer "{{ .Name }} 60 IN A 192.0.2.99"
  }
  file @DIR@/root .
  file @DIR@/zone @ZONES@
}
tls://@MINIMAL@ {
  import dot
  minimal
  file @DIR@/zone
}
tls://@SIGNED@:@PORT@ {
  import dot
  file @DIR@/zone @SIGNED@
  dnssec {
    key file @DIR@/key
  }
}
`

const comparedUnbound = `server:
  directory: "@DIR@"
  username: ""
  chroot: ""
  pidfile: ""
  do-daemonize: no
  use-syslog: no
  interface: 127.0.0.1@@UNBOUND@
  access-control: 127.0.0.0/8 allow_snoop
  do-not-query-localhost: no
  module-config: "iterator"
  minimal-responses: no
  max-udp-size: 65535
  ede: yes
  tls-cert-bundle: "@DIR@/ca.pem"
forward-zone:
  name: "."
  forward-tls-upstream: yes
  forward-addr: 127.0.0.1@@PORT@#dot.test
remote-control:
  control-enable: no
`

// startCompared starts the upstream, Unbound and the engine.
func startCompared(t *testing.T) compared {
	t.Helper()
	ca, dir := resolvertest.NewCA(t), t.TempDir()
	at := func() netip.AddrPort { return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), freePort(t)) }
	upstream, unbound := at(), at()
	resolvertest.WritePEM(t, dir, ca.Issue(resolvertest.Cert{Names: []string{"dot.test"}}))
	write(t, filepath.Join(dir, "ca.pem"), string(ca.PEM()))
	writeZoneKey(t, filepath.Join(dir, "key"))
	var full, minimal []string
	for _, v := range variants {
		if v.full {
			full = append(full, v.zone())
		} else {
			minimal = append(minimal, fmt.Sprintf("tls://%s:%d", v.zone(), upstream.Port()))
		}
	}
	fill := strings.NewReplacer(
		"@DIR@", dir, "@PORT@", fmt.Sprint(upstream.Port()), "@UNBOUND@", fmt.Sprint(unbound.Port()),
		"@ZONES@", strings.Join(full, " "), "tls://@MINIMAL@", strings.Join(minimal, " "), "@SIGNED@", "signed.example",
	)
	write(t, filepath.Join(dir, "Corefile"), fill.Replace(comparedUpstream))
	write(t, filepath.Join(dir, "unbound.conf"), fill.Replace(comparedUnbound))
	for _, name := range []string{"zone", "root"} {
		write(t, filepath.Join(dir, name), readFile(t, filepath.Join("testdata", "compare", name)))
	}
	launch(t, "coredns", []string{"coredns", "-conf", filepath.Join(dir, "Corefile")}, upstream)
	launch(t, "unbound", []string{"unbound", "-d", "-c", filepath.Join(dir, "unbound.conf")}, unbound)
	_, ours := startEngine(t, ca.Pool(), provider.Upstream{Name: "dot.test", Port: upstream.Port(), Addrs: []netip.AddrPort{upstream}})
	return compared{ours, unbound}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// writeZoneKey writes a key that signs signed.example, as path.key and
// path.private.
func writeZoneKey(t *testing.T, path string) {
	t.Helper()
	key := &dns.DNSKEY{
		Hdr:   dns.RR_Header{Name: "signed.example.", Rrtype: dns.TypeDNSKEY, Class: dns.ClassINET, Ttl: 3600},
		Flags: dns.ZONE | dns.SEP, Protocol: 3, Algorithm: dns.ECDSAP256SHA256,
	}
	private, err := key.Generate(256)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path+".key", key.String()+"\n")
	write(t, path+".private", key.PrivateKeyString(private))
}
