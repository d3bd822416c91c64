package resolver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"dotproxy/resolver"
	"dotproxy/resolver/provider"
	"dotproxy/resolver/resolvertest"
)

// toxiproxy spoils the way to a server: https://github.com/Shopify/toxiproxy,
// a program that packaging/test.sh builds, steered over its HTTP API.
type toxiproxy struct {
	t    *testing.T
	base string
}

// toxic is one fault, as toxiproxy's API has it.
type toxic struct {
	Type       string         `json:"type"`
	Stream     string         `json:"stream"`
	Toxicity   float64        `json:"toxicity"`
	Attributes map[string]int `json:"attributes"`
}

func startToxiproxy(t *testing.T) *toxiproxy {
	t.Helper()
	port := fmt.Sprint(freePort(t))
	var out bytes.Buffer
	cmd := exec.Command("toxiproxy-server", "-host", "127.0.0.1", "-port", port)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("toxiproxy said:\n%s", out.String())
		}
	})
	p := &toxiproxy{t, "http://127.0.0.1:" + port}
	await(t, "toxiproxy listens", func() bool {
		c, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return p
}

func (p *toxiproxy) post(path string, body any) {
	p.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := client.Post(p.base+path, "application/json", bytes.NewReader(b))
	if err != nil {
		p.t.Fatal(err)
	}
	defer r.Body.Close()
	if said, _ := io.ReadAll(r.Body); r.StatusCode >= 300 {
		p.t.Fatalf("%s: %s %s", path, r.Status, said)
	}
}

// front puts a proxy before an upstream and returns the upstream to be asked.
func (p *toxiproxy) front(name string, u provider.Upstream, toxics ...toxic) provider.Upstream {
	p.t.Helper()
	at := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), freePort(p.t))
	p.post("/proxies", map[string]any{"name": name, "listen": at.String(), "upstream": u.Addrs[0].String(), "enabled": true})
	for _, x := range toxics {
		p.post("/proxies/"+name+"/toxics", x)
	}
	u.Port, u.Addrs = at.Port(), []netip.AddrPort{at}
	return u
}

// enable switches a proxy off, which ends its connections and refuses new ones,
// or on.
func (p *toxiproxy) enable(name string, on bool) {
	p.post("/proxies/"+name, map[string]any{"enabled": on})
}

// countedEngine counts the connections that an engine opens.
func countedEngine(t *testing.T, ca *resolvertest.CA, ups ...provider.Upstream) (netip.AddrPort, *atomic.Int64) {
	t.Helper()
	var dials atomic.Int64
	e := resolver.NewWithDial(resolver.Config{Roots: ca.Pool(), Upstreams: ups}, func(ctx context.Context, a netip.AddrPort) (net.Conn, error) {
		dials.Add(1)
		return resolver.DialTCP(ctx, a)
	})
	t.Cleanup(func() { _ = e.Close(t.Context()) })
	if err := e.Listen([]resolver.ListenAddr{{Addr: netip.MustParseAddrPort("127.0.0.1:0")}}); err != nil {
		t.Fatal(err)
	}
	return e.Addrs()[0], &dials
}

// askWild asks n names that all have the address 192.0.2.7, at once.
func askWild(t *testing.T, at netip.AddrPort, n int, prefix string) {
	t.Helper()
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			client := dns.Client{Timeout: 6 * time.Second}
			name := fmt.Sprintf("%s%d.w.peer.test.", prefix, i)
			m, _, err := client.Exchange(new(dns.Msg).SetQuestion(name, dns.TypeA), at.String())
			switch {
			case err != nil:
				t.Errorf("lost: %s: %v", name, err)
			case m.Rcode != dns.RcodeSuccess:
				t.Errorf("lost: %s: %s", name, dns.RcodeToString[m.Rcode])
			case len(m.Answer) != 1 || m.Answer[0].(*dns.A).A.String() != "192.0.2.7":
				t.Errorf("wrong: %s: %v", name, m.Answer)
			}
		})
	}
	wg.Wait()
}

// The way to a real server is bad in each of toxiproxy's manners: nothing is
// lost, nothing is wrong, and few connections are opened. Where the way is cut
// for longer than a query may wait, another server is there.
func TestToxiproxy(t *testing.T) {
	needPeers(t)
	down := func(kind string, toxicity float64, attributes map[string]int) toxic {
		return toxic{kind, "downstream", toxicity, attributes}
	}
	for _, c := range []struct {
		name    string
		toxics  []toxic
		company bool // the other server is asked too, over a good way
		cut     bool // the proxy goes down and up between and while queries come
		conns   int64
	}{
		{"latency and jitter", []toxic{down("latency", 1, map[string]int{"latency": 100, "jitter": 80})}, false, false, 4},
		{"0.3 s each way", []toxic{
			down("latency", 1, map[string]int{"latency": 300}),
			{"latency", "upstream", 1, map[string]int{"latency": 300}},
		}, false, false, 8},
		{"slicer", []toxic{down("slicer", 1, map[string]int{"average_size": 40, "size_variation": 20, "delay": 200})}, false, false, 4},
		{"bandwidth of 40 KB/s", []toxic{down("bandwidth", 1, map[string]int{"rate": 40})}, false, false, 8},
		{"half of the connections are reset", []toxic{down("reset_peer", 0.5, map[string]int{"timeout": 100})}, true, false, 40},
		{"cut after 20 KB", []toxic{down("limit_data", 1, map[string]int{"bytes": 20_000})}, false, false, 80},
		{"half of the connections are dead", []toxic{down("timeout", 0.5, map[string]int{"timeout": 1000})}, true, false, 40},
		{"down and up again", nil, true, true, 80},
	} {
		for i, p := range peers[:2] {
			t.Run(c.name+"/"+p.name, func(t *testing.T) {
				ca := resolvertest.NewCA(t)
				tp := startToxiproxy(t)
				ups := []provider.Upstream{tp.front("way", startPeer(t, p, ca), c.toxics...)}
				if c.company {
					ups = append(ups, startPeer(t, peers[1-i], ca))
				}
				at, dials := countedEngine(t, ca, ups...)
				for round := range 11 {
					var asking sync.WaitGroup
					asking.Go(func() { askWild(t, at, 30, fmt.Sprint("n", round, "-")) })
					if c.cut {
						tp.enable("way", round%2 == 1)
					}
					asking.Wait()
				}
				t.Logf("330 queries over %d connections", dials.Load())
				if got := dials.Load(); got > c.conns {
					t.Errorf("%d connections for 330 queries, want %d at most", got, c.conns)
				}
			})
		}
	}
}

// 200 queries at once over a long way share a few connections.
func TestToxiproxyBurstOverLongWay(t *testing.T) {
	needPeers(t)
	ca := resolvertest.NewCA(t)
	tp := startToxiproxy(t)
	up := tp.front("way", startPeer(t, peers[0], ca),
		toxic{"latency", "downstream", 1, map[string]int{"latency": 300}})
	at, dials := countedEngine(t, ca, up)
	askWild(t, at, 200, "cold")
	askWild(t, at, 200, "warm")
	t.Logf("400 queries over %d connections", dials.Load())
	if got := dials.Load(); got > 8 {
		t.Errorf("%d connections for 200 queries at once, want 8 at most", got)
	}
}
