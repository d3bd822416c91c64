package resolver_test

import (
	"crypto/tls"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"dotproxy/resolver/provider"
	"dotproxy/resolver/resolvertest"
)

// campaignLate is when an answer counts as late.
const campaignLate = 1500 * time.Millisecond

// campaign asks through an engine whose servers misbehave at random, all but
// one of them at any time.
type campaign struct {
	servers                  []*resolvertest.Server
	rng                      *rand.Rand
	at                       netip.AddrPort
	next                     atomic.Int64
	asked, wrong, lost, late atomic.Int64
	mu                       sync.Mutex
	examples                 []string
	current                  string
	good, bad                tls.Certificate
	spoilt                   map[string]int // how often each fault was given, to be read at the end
}

// TestCampaign is short here; packaging/soak.sh runs it with many more queries.
// DOTPROXY_SOAK is the number of queries, DOTPROXY_SEED repeats a run's faults.
func TestCampaign(t *testing.T) {
	total, seed := int64(4000), rand.Uint64()
	if n, err := strconv.ParseInt(os.Getenv("DOTPROXY_SOAK"), 10, 64); err == nil {
		total = n
	}
	if n, err := strconv.ParseUint(os.Getenv("DOTPROXY_SEED"), 10, 64); err == nil {
		seed = n
	}
	t.Logf("seed %d, %d queries", seed, total)
	c := newCampaign(t, seed)
	stop := make(chan struct{})
	var wg, spoiler sync.WaitGroup
	spoiler.Go(func() { c.spoil(stop) })
	for range min(max(total/400, 40), 400) {
		wg.Go(func() {
			for n := c.next.Add(1); n <= total; n = c.next.Add(1) {
				c.ask(n)
			}
		})
	}
	wg.Wait()
	close(stop)
	spoiler.Wait()
	t.Logf("%d asked, %d wrong, %d lost, %d later than %v", c.asked.Load(), c.wrong.Load(), c.lost.Load(), c.late.Load(), campaignLate)
	t.Logf("faults: %v", c.spoilt)
	if c.wrong.Load() > 0 || c.lost.Load() > 0 {
		t.Errorf("seed %d: wrong or lost answers, for example %q", seed, c.examples)
	}
}

// newCampaign starts four servers: two addresses of a provider and two of a
// backup.
func newCampaign(t *testing.T, seed uint64) *campaign {
	ca := resolvertest.NewCA(t)
	c := &campaign{rng: rand.New(rand.NewPCG(seed, 1)), spoilt: make(map[string]int)}
	local := []netip.Addr{netip.MustParseAddr("127.0.0.1")}
	c.good = ca.Issue(resolvertest.Cert{Names: []string{"dot.test"}, IPs: local})
	c.bad = ca.Issue(resolvertest.Cert{Names: []string{"other.test"}, IPs: local})
	for range 4 {
		c.servers = append(c.servers, resolvertest.New(t, resolvertest.WithCA(ca), resolvertest.WithHandler(named)))
	}
	first, second := c.servers[0].Upstream(), c.servers[2].Upstream()
	first.Addrs = append(first.Addrs, c.servers[1].Addr())
	second.Addrs = append(second.Addrs, c.servers[3].Addr())
	_, c.at = startEngine(t, ca.Pool(), []provider.Upstream{first, second}...)
	return c
}

// address is the one right answer to a name.
func address(name string) net.IP {
	h := fnv.New32a()
	_, _ = h.Write([]byte(dns.CanonicalName(name)))
	s := h.Sum32()
	return net.IPv4(198, 18|byte(s>>16)&1, byte(s>>8), byte(s)).To4()
}

func named(q *dns.Msg) *dns.Msg {
	m := new(dns.Msg).SetReply(q)
	name := q.Question[0].Name
	m.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60}, A: address(name)}}
	return m
}

// ask asks one name; one in eight was asked before.
func (c *campaign) ask(n int64) {
	id := n
	if n%8 == 0 {
		id = n / 2
	}
	name := fmt.Sprintf("n%d.example.", id)
	client := dns.Client{Timeout: 6 * time.Second}
	if n%5 == 0 {
		client.Net = "tcp"
	}
	began := time.Now()
	m, _, err := client.Exchange(new(dns.Msg).SetQuestion(name, dns.TypeA), c.at.String())
	took := time.Since(began)
	c.asked.Add(1)
	switch {
	case err != nil:
		c.note(&c.lost, fmt.Sprintf("%s: %v after %v", name, err, took))
	case m.Rcode != dns.RcodeSuccess:
		c.note(&c.lost, fmt.Sprintf("%s: %s after %v", name, dns.RcodeToString[m.Rcode], took))
	case len(m.Answer) != 1 || !m.Answer[0].(*dns.A).A.Equal(address(name)):
		c.note(&c.wrong, fmt.Sprintf("%s: %v", name, m.Answer))
	case took > campaignLate:
		c.late.Add(1)
	}
}

func (c *campaign) note(counter *atomic.Int64, what string) {
	counter.Add(1)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.examples) < 5 {
		c.examples = append(c.examples, what+" ("+c.current+")")
	}
}

// spoil gives the servers faults, anew every few tenths of a second. One that
// is whole stays so for two rounds, so that each query meets a server that is
// whole from its beginning to its end.
func (c *campaign) spoil(stop <-chan struct{}) {
	down := make([]bool, len(c.servers))
	whole, before := 0, 0
	for {
		whole, before = c.rng.IntN(len(c.servers)), whole
		said := fmt.Sprintf("servers %d and %d whole", whole, before)
		for i, s := range c.servers {
			if down[i] {
				s.Up()
				down[i] = false
			}
			name, f := "no fault", resolvertest.Faults{}
			if i != whole && i != before {
				name, f = c.fault()
			}
			s.SetFaults(f)
			if name == "down" {
				s.Down()
				down[i] = true
			}
			switch name {
			case "refusing":
				s.StopAccepting()
				down[i] = true
			case "cut":
				s.ResetConns()
			case "ended":
				s.CloseConns()
			case "bad certificate":
				s.SetCertificate(c.bad)
				s.ResetConns()
			}
			if name != "bad certificate" {
				s.SetCertificate(c.good)
			}
			c.spoilt[name]++
			said += fmt.Sprintf(", %d %s", i, name)
		}
		c.mu.Lock()
		c.current = said
		c.mu.Unlock()
		select {
		case <-stop:
			for i, s := range c.servers {
				if down[i] {
					s.Up()
				}
			}
			return
		case <-time.After(time.Duration(500+c.rng.IntN(1500)) * time.Millisecond):
		}
	}
}

func (c *campaign) fault() (string, resolvertest.Faults) {
	all := []struct {
		name string
		f    resolvertest.Faults
	}{
		{"down", resolvertest.Faults{}},
		{"refusing", resolvertest.Faults{}},
		{"cut", resolvertest.Faults{}},
		{"ended", resolvertest.Faults{}},
		{"bad certificate", resolvertest.Faults{}},
		{"no fault", resolvertest.Faults{}},
		{"delay", resolvertest.Faults{Delay: 50 * time.Millisecond, DelayJitter: 300 * time.Millisecond}},
		{"mute", resolvertest.Faults{Mute: true}},
		{"hang in handshake", resolvertest.Faults{HangHandshake: true}},
		{"alert in handshake", resolvertest.Faults{HandshakeAlert: true}},
		{"slow handshake", resolvertest.Faults{HandshakeDelay: 400 * time.Millisecond}},
		{"alert", resolvertest.Faults{Alert: true}},
		{"close without notify", resolvertest.Faults{CloseBefore: true, NoCloseNotify: true}},
		{"reset before", resolvertest.Faults{ResetBefore: true}},
		{"cut message", resolvertest.Faults{TruncatedFrame: true}},
		{"keepalive 0", resolvertest.Faults{Keepalive: new(time.Duration)}},
		{"reset on accept", resolvertest.Faults{ResetOnAccept: true}},
		{"one answer", resolvertest.Faults{CloseAfterAnswers: 1}},
		{"few answers", resolvertest.Faults{ResetAfterAnswers: 1 + c.rng.IntN(20)}},
		{"close before", resolvertest.Faults{CloseBefore: true}},
		{"half frame", resolvertest.Faults{HalfFrame: true}},
		{"half frame, hang", resolvertest.Faults{HalfFrameHang: true}},
		{"zero frame", resolvertest.Faults{ZeroFrame: true}},
		{"garbage", resolvertest.Faults{Garbage: true}},
		{"wrong id", resolvertest.Faults{WrongID: true}},
		{"wrong question", resolvertest.Faults{WrongQuestion: true}},
		{"reorder", resolvertest.Faults{Reorder: 5}},
		{"duplicate", resolvertest.Faults{Duplicate: true}},
		{"SERVFAIL", resolvertest.Faults{RCode: dns.RcodeServerFailure}},
		{"REFUSED", resolvertest.Faults{RCode: dns.RcodeRefused}},
		{"idle close", resolvertest.Faults{IdleClose: time.Millisecond}},
	}
	pick := all[c.rng.IntN(len(all))]
	return pick.name, pick.f
}
