package ddr_test

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dotproxy/resolver/ddr"
	"dotproxy/resolver/provider"
	"dotproxy/resolver/resolvertest"

	"github.com/miekg/dns"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var local = netip.MustParseAddr("127.0.0.1")

// plain is a network's resolver, over UDP and TCP.
func plain(t *testing.T, h dns.HandlerFunc) netip.AddrPort {
	t.Helper()
	addr := netip.AddrPortFrom(local, uint16(resolvertest.FreePort(t)))
	for _, network := range []string{"udp", "tcp"} {
		up := make(chan struct{})
		s := &dns.Server{Addr: addr.String(), Net: network, Handler: h, NotifyStartedFunc: func() { close(up) }}
		ended := make(chan error, 1)
		go func() { ended <- s.ListenAndServe() }()
		select {
		case <-up:
		case err := <-ended:
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = s.Shutdown()
			<-ended
		})
	}
	return addr
}

// zone answers from lines of a zone file; names that it does not have do not
// exist.
func zone(t *testing.T, lines ...string) dns.HandlerFunc {
	t.Helper()
	var all []dns.RR
	for _, line := range lines {
		rr, err := dns.NewRR(line)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		all = append(all, rr)
	}
	return func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg)
		m.SetReply(q)
		for _, rr := range all {
			if strings.EqualFold(rr.Header().Name, q.Question[0].Name) && rr.Header().Rrtype == q.Question[0].Qtype {
				m.Answer = append(m.Answer, rr)
			}
		}
		if len(m.Answer) == 0 {
			m.Rcode = dns.RcodeNameError
		}
		_ = w.WriteMsg(m)
	}
}

// encrypted is a designated resolver with a certificate.
func encrypted(t *testing.T, ca *resolvertest.CA, c resolvertest.Cert) uint16 {
	t.Helper()
	s := resolvertest.New(t, resolvertest.WithCA(ca), resolvertest.WithCertificate(ca.Issue(c)))
	return s.Addr().Port()
}

func TestDesignation(t *testing.T) {
	ca, other := resolvertest.NewCA(t), resolvertest.NewCA(t)
	good := encrypted(t, ca, resolvertest.Cert{Names: []string{"dns.example"}, IPs: []netip.Addr{local}})
	nameless := encrypted(t, ca, resolvertest.Cert{IPs: []netip.Addr{local}})
	noAddress := encrypted(t, ca, resolvertest.Cert{Names: []string{"dns.example"}})
	wrongName := encrypted(t, ca, resolvertest.Cert{Names: []string{"other.example"}, IPs: []netip.Addr{local}})
	old := encrypted(t, ca, resolvertest.Cert{Names: []string{"dns.example"}, IPs: []netip.Addr{local}, NotAfter: time.Now().Add(-time.Hour)})
	foreign := encrypted(t, other, resolvertest.Cert{Names: []string{"dns.example"}, IPs: []netip.Addr{local}})
	const a = "dns.example. 60 IN A 127.0.0.1"
	record := func(rest string, port uint16) string {
		return fmt.Sprintf("_dns.resolver.arpa. 60 IN SVCB %s port=%d", rest, port)
	}
	for _, c := range []struct {
		name  string
		lines []string
		want  []string // specs, or what the error says
	}{
		{"none", nil, nil},
		{"with its address", []string{record("1 dns.example. alpn=dot ipv4hint=127.0.0.1", good)}, []string{fmt.Sprintf("127.0.0.1@%d#dns.example", good)}},
		{"with its address asked for", []string{record("1 dns.example. alpn=dot", good), a}, []string{fmt.Sprintf("127.0.0.1@%d#dns.example", good)}},
		{"in capitals", []string{record("1 DNS.Example. alpn=h2,dot", good), a}, []string{fmt.Sprintf("127.0.0.1@%d#dns.example", good)}},
		{"the resolver itself", []string{record("1 . alpn=dot", nameless)}, []string{fmt.Sprintf("127.0.0.1@%d", nameless)}},
		{"over HTTPS alone", []string{record("1 dns.example. alpn=h2 ipv4hint=127.0.0.1", good)}, nil},
		{"that must know more", []string{record("1 dns.example. mandatory=alpn,key999 alpn=dot ipv4hint=127.0.0.1 key999=x", good)}, nil},
		{"that must know what is known", []string{record("1 dns.example. mandatory=alpn,port alpn=dot ipv4hint=127.0.0.1", good)}, []string{fmt.Sprintf("127.0.0.1@%d#dns.example", good)}},
		{"in their order", []string{record("2 dns.example. alpn=dot ipv4hint=127.0.0.1", good), record("1 dns.example. alpn=dot ipv4hint=127.0.0.1", noAddress)},
			[]string{"does not name 127.0.0.1", fmt.Sprintf("127.0.0.1@%d#dns.example", good)}},
		{"led to", []string{"_dns.resolver.arpa. 60 IN SVCB 0 dns.example.", fmt.Sprintf("dns.example. 60 IN SVCB 1 . alpn=dot port=%d ipv4hint=127.0.0.1", good)}, []string{fmt.Sprintf("127.0.0.1@%d#dns.example", good)}},
		{"led away from others", []string{"_dns.resolver.arpa. 60 IN SVCB 0 dns.example.", record("1 dns.example. alpn=dot ipv4hint=127.0.0.1", good)}, nil},
		{"the first address does not answer", []string{record("1 dns.example. alpn=dot ipv4hint=127.0.0.9,127.0.0.1", good)}, []string{fmt.Sprintf("127.0.0.1@%d#dns.example", good)}},
		{"that must know a path", []string{record("1 dns.example. mandatory=alpn,dohpath alpn=h2,dot ipv4hint=127.0.0.1 dohpath=/dns-query{?dns}", good)}, []string{fmt.Sprintf("127.0.0.1@%d#dns.example", good)}},
		{"led to nothing", []string{"_dns.resolver.arpa. 60 IN SVCB 0 ."}, nil},
		{"without an address", []string{record("1 dns.example. alpn=dot", good)}, []string{"it has no address"}},
		{"another name's certificate", []string{record("1 dns.example. alpn=dot ipv4hint=127.0.0.1", wrongName)}, []string{"another name’s"}},
		{"an old certificate", []string{record("1 dns.example. alpn=dot ipv4hint=127.0.0.1", old)}, []string{"not valid now"}},
		{"an unknown authority", []string{record("1 dns.example. alpn=dot ipv4hint=127.0.0.1", foreign)}, []string{"does not trust"}},
		{"nobody there", []string{record("1 dns.example. alpn=dot ipv4hint=127.0.0.1", 1)}, []string{"cannot be reached over TLS (connection refused)"}},
		{"a name that is none", []string{record(`1 a\032b.example. alpn=dot ipv4hint=127.0.0.1`, good)}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			found, err := ddr.Finder{Roots: ca.Pool()}.Find(t.Context(), plain(t, zone(t, c.lines...)))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range found {
				if d.By != local {
					t.Errorf("named by %s", d.By)
				}
				if d.Err != nil && d.Spec() != "" {
					t.Errorf("%v, and yet %s is offered", d.Err, d.Spec())
				}
				if spec := d.Spec(); spec != "" {
					if _, err := provider.Parse(spec); err != nil {
						t.Errorf("%s: %v", spec, err)
					}
					got = append(got, spec)
				} else {
					got = append(got, d.Err.Error())
				}
			}
			if !slices.EqualFunc(got, c.want, strings.Contains) {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}

func TestDesignationThatLeadsOnForEver(t *testing.T) {
	h := zone(t, "_dns.resolver.arpa. 60 IN SVCB 0 a.example.", "a.example. 60 IN SVCB 0 b.example.", "b.example. 60 IN SVCB 0 a.example.")
	if _, err := (ddr.Finder{}).Find(t.Context(), plain(t, h)); err == nil || !strings.Contains(err.Error(), "too often") {
		t.Errorf("it says %v", err)
	}
}

func TestResolversThatDoNotTell(t *testing.T) {
	refuse := func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg)
		m.SetRcode(q, dns.RcodeRefused)
		_ = w.WriteMsg(m)
	}
	if _, err := (ddr.Finder{}).Find(t.Context(), plain(t, refuse)); err == nil || !strings.Contains(err.Error(), "REFUSED") {
		t.Errorf("it says %v", err)
	}
	nobody := netip.AddrPortFrom(local, uint16(resolvertest.FreePort(t)))
	if _, err := (ddr.Finder{}).Find(t.Context(), nobody); err == nil || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("it says %v", err)
	}
}

// A CNAME is followed within the answer.
func TestDesignationByAnotherName(t *testing.T) {
	ca := resolvertest.NewCA(t)
	port := encrypted(t, ca, resolvertest.Cert{Names: []string{"dns.example"}, IPs: []netip.Addr{local}})
	server := plain(t, func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg)
		m.SetReply(q)
		for _, line := range []string{"_dns.resolver.arpa. 60 IN CNAME _dns.dns.example.", fmt.Sprintf("_dns.dns.example. 60 IN SVCB 1 dns.example. alpn=dot ipv4hint=127.0.0.1 port=%d", port)} {
			rr, err := dns.NewRR(line)
			if err != nil {
				t.Error(err)
			}
			m.Answer = append(m.Answer, rr)
		}
		_ = w.WriteMsg(m)
	})
	found, err := ddr.Finder{Roots: ca.Pool()}.Find(t.Context(), server)
	if err != nil || len(found) != 1 || found[0].Err != nil {
		t.Errorf("found %+v, %v", found, err)
	}
}

// An answer that UDP has no room for is asked over TCP.
func TestLongDesignation(t *testing.T) {
	ca := resolvertest.NewCA(t)
	port := encrypted(t, ca, resolvertest.Cert{Names: []string{"dns.example"}, IPs: []netip.Addr{local}})
	full := zone(t, fmt.Sprintf("_dns.resolver.arpa. 60 IN SVCB 1 dns.example. alpn=dot ipv4hint=127.0.0.1 port=%d", port))
	addr := plain(t, func(w dns.ResponseWriter, q *dns.Msg) {
		if _, udp := w.RemoteAddr().(*net.UDPAddr); udp {
			m := new(dns.Msg)
			m.SetReply(q)
			m.Truncated = true
			_ = w.WriteMsg(m)
			return
		}
		full(w, q)
	})
	found, err := ddr.Finder{Roots: ca.Pool()}.Find(t.Context(), addr)
	if err != nil || len(found) != 1 || found[0].Err != nil {
		t.Errorf("found %+v, %v", found, err)
	}
}

// TestUnboundDesignates: Unbound serves the record, and DNS over TLS.
func TestUnboundDesignates(t *testing.T) {
	unbound, err := exec.LookPath("unbound")
	if err != nil {
		unbound = "/usr/sbin/unbound"
	}
	if _, err := os.Stat(unbound); err != nil || os.Getenv("DOTPROXY_PEER_TESTS") == "" {
		t.Skip("needs unbound and DOTPROXY_PEER_TESTS=1")
	}
	ca, dir := resolvertest.NewCA(t), t.TempDir()
	cert, key := resolvertest.WritePEM(t, dir, ca.Issue(resolvertest.Cert{Names: []string{"dns.example"}, IPs: []netip.Addr{local}}))
	clear, port := resolvertest.FreePort(t), resolvertest.FreePort(t)
	config := filepath.Join(dir, "unbound.conf")
	text := fmt.Sprintf(`server:
  interface: 127.0.0.1@%d
  interface: 127.0.0.1@%d
  tls-port: %d
  tls-service-key: %s
  tls-service-pem: %s
  username: ""
  chroot: ""
  pidfile: ""
  directory: %s
  use-syslog: no
  do-daemonize: no
  module-config: "iterator"
  local-zone: "resolver.arpa." static
  local-data: '_dns.resolver.arpa. 60 IN SVCB 1 dns.example. alpn="dot" port="%d" ipv4hint="127.0.0.1"'
remote-control:
  control-enable: no
`, clear, port, port, key, cert, dir, port)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(unbound, "-d", "-c", config)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	conn, err := tls.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port), &tls.Config{RootCAs: ca.Pool(), ServerName: "dns.example"})
	for range 200 { // it needs a moment to listen
		if err == nil {
			break
		}
		retry := net.Dialer{Timeout: time.Second}
		<-time.After(50 * time.Millisecond)
		conn, err = tls.DialWithDialer(&retry, "tcp", fmt.Sprintf("127.0.0.1:%d", port), &tls.Config{RootCAs: ca.Pool(), ServerName: "dns.example"})
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	found, err := ddr.Finder{Roots: ca.Pool()}.Find(t.Context(), netip.AddrPortFrom(local, uint16(clear)))
	if want := fmt.Sprintf("127.0.0.1@%d#dns.example", port); err != nil || len(found) != 1 || found[0].Spec() != want {
		t.Errorf("found %+v, %v; want %s", found, err, want)
	}
}
