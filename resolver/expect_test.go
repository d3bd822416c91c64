package resolver

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
)

const nonce = "0123456789abcdef.verify.dot-proxy.internal"

// stateOf tells whether a channel has a value (“told”), is closed or neither.
func stateOf(c <-chan struct{}) string {
	select {
	case _, open := <-c:
		if open {
			return "told"
		}
		return "closed"
	default:
		return "waits"
	}
}

// The name is answered here before all rules, and told once.
func TestExpect(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e, up, clear := bypassRig(t, NameRules{
			Overrides: []Override{{Name: "*.internal"}}, Routes: []Route{{Suffix: "internal", Upstreams: pipeUpstreams("192.0.2.1:853")}},
		})
		c := e.Expect(nonce + ".")
		if m, _ := from(t, e, "127.0.0.1", "x."+nonce, dns.TypeA); m.Rcode != dns.RcodeNameError || stateOf(c) != "waits" {
			t.Errorf("another name: %v", m)
		}
		if m, ev := from(t, e, "192.168.1.9", nonce, dns.TypeA); ev.Source != SourceOverride || stateOf(c) != "waits" {
			t.Errorf("another computer: %v, %+v", m, ev)
		}
		for _, bypass := range []Bypass{{}, bypassFor(time.Minute)} {
			e.Bypass(bypass)
			m, ev := from(t, e, "::1", "0123456789ABCDEF.Verify.dot-proxy.internal", dns.TypeA)
			if firstA(m) != "192.0.2.53" || m.Answer[0].Header().Ttl != 0 || ev.Source != SourceLocal || ev.Clear || !ev.Expected {
				t.Errorf("%v, %+v", m, ev)
			}
			m, ev = from(t, e, "127.0.0.1", nonce, dns.TypeAAAA)
			if !ev.Expected || m.Rcode != 0 || len(m.Answer) != 0 || len(m.Ns) != 1 || m.Ns[0].Header().Ttl != 0 {
				t.Errorf("AAAA: %v", m)
			}
		}
		if a, b := stateOf(c), stateOf(c); a != "told" || b != "waits" {
			t.Errorf("the channel: %s, then %s", a, b)
		}
		if up.asked() != 0 || len(clear.queries()) != 0 {
			t.Error("somebody else was asked")
		}
		time.Sleep(expectFor)
		synctest.Wait()
		if stateOf(c) != "closed" {
			t.Error("it was not forgotten")
		}
		if _, ev := from(t, e, "127.0.0.1", nonce, dns.TypeA); ev.Source != SourceOverride || ev.Expected {
			t.Errorf("forgotten: %+v", ev)
		}
	})
}

func TestExpectIsBounded(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e, _, _ := bypassRig(t, NameRules{})
		var all []<-chan struct{}
		for i := range maxExpected + 2 {
			all = append(all, e.Expect(fmt.Sprintf("n%d.internal", i)))
		}
		for i, c := range all {
			from(t, e, "127.0.0.1", fmt.Sprintf("n%d.internal", i), dns.TypeA)
			if got, old := stateOf(c), i < 2; old != (got == "closed") || !old && got != "told" {
				t.Errorf("name %d: %s", i, got)
			}
		}
		if got := stateOf(e.Expect("no name")); got != "closed" {
			t.Errorf("what is no name: %s", got)
		}
		if err := e.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if stateOf(all[maxExpected]) != "closed" || stateOf(e.Expect(nonce)) != "closed" {
			t.Error("a closed engine expects names")
		}
	})
}
