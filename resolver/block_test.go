package resolver

import (
	"bytes"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// blockRules block a client for a minute after ten queries over the limit
// within ten seconds.
func blockRules() AdmissionRules {
	return AdmissionRules{
		Access: prefixes("192.0.2.0/24", "2001:db8::/32", "10.0.0.0/8"),
		Limit:  RateLimit{PerSecond: 1, Burst: 1, BlockAfter: 10, BlockWindow: 10 * time.Second, BlockFor: time.Minute},
	}
}

func TestBlockBeginsAndEnds(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var log bytes.Buffer
		e := gateEngine(t, blockRules())
		e.gate.blocks.log = slog.New(slog.NewTextHandler(&log, nil))
		conn := tcpFrom(t, e, lanClient)
		conn.ask(t, ednsQuery(t))
		other := tcpFrom(t, e, "192.0.2.8:4000")

		flood(t, e, lanClient, 1+9)
		if b := e.Blocked(); len(b) > 0 {
			t.Fatalf("blocked after nine: %v", b)
		}
		flood(t, e, lanClient, 1)
		want := Blocked{Client: netip.MustParsePrefix("192.0.2.7/32"), Until: time.Now().Add(time.Minute)}
		if b := e.Blocked(); len(b) != 1 || b[0] != want {
			t.Fatalf("blocked %v, want %v", b, want)
		}
		if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("the client's connection: %v, want it closed", err)
		}
		if _, err := tcpFrom(t, e, lanClient).Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("a new connection: %v, want it closed", err)
		}
		if m := other.ask(t, ednsQuery(t)); len(m.Answer) != 1 {
			t.Errorf("another client: %v", m)
		}
		time.Sleep(59 * time.Second)
		if got := flood(t, e, lanClient, 7); got != (outcomes{silent: 7}) || e.Blocked()[0].Dropped != 7 {
			t.Errorf("in the block: %+v, %v", got, e.Blocked())
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if got := flood(t, e, lanClient, 1); got.served != 1 || len(e.Blocked()) > 0 {
			t.Errorf("after the block: %+v, %v", got, e.Blocked())
		}
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		if len(lines) != 2 || !strings.Contains(lines[0], "level=WARN") || !strings.Contains(lines[0], "192.0.2.7/32") ||
			!strings.Contains(lines[1], "dropped=7") {
			t.Errorf("log: %q", lines)
		}
		if c := e.Admission(); c.Blocked != 7 {
			t.Errorf("counts %+v", c)
		}
	})
}

// Queries over the limit that are far apart block nobody.
func TestBlockWindow(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e := gateEngine(t, blockRules())
		for range 20 {
			flood(t, e, lanClient, 1+5)
			time.Sleep(11 * time.Second)
		}
		if b := e.Blocked(); len(b) > 0 {
			t.Errorf("blocked: %v", b)
		}
	})
}

func TestBlockOverTCP(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e := gateEngine(t, blockRules())
		for range 30 {
			tcpFrom(t, e, lanClient).askLater(ednsQuery(t))
		}
		synctest.Wait()
		if b := e.Blocked(); len(b) != 1 {
			t.Errorf("blocked: %v", b)
		}
	})
}

func TestRelease(t *testing.T) {
	const six = "[2001:db8:0:1ff::9]:4000"
	for _, c := range []struct {
		release string
		want    bool
	}{
		{"192.0.2.7/32", true},
		{"::ffff:192.0.2.7/128", true},
		{"2001:db8:0:100::/56", true},
		{"2001:db8:0:1ff::9/128", true},
		{"192.0.2.8/32", false},
		{"192.0.2.0/24", false},
		{"192.0.2.7/24", false},
		{"2001:db8:0:100::/40", false},
		{"2001:db8::/32", false},
	} {
		e := gateEngine(t, blockRules())
		flood(t, e, six, 11)
		flood(t, e, lanClient, 11)
		if b := e.Blocked(); len(b) != 2 || b[0].Client.String() != "192.0.2.7/32" || b[1].Client.String() != "2001:db8:0:100::/56" {
			t.Fatalf("blocked %v", b)
		}
		p := netip.MustParsePrefix(c.release)
		if got := e.Release(p); got != c.want || (len(e.Blocked()) == 1) != c.want {
			t.Errorf("release of %v: %v, left %v", p, got, e.Blocked())
		}
		if e.Release(p) {
			t.Errorf("%v was released twice", p)
		}
	}
	if (&Engine{gate: newGate(AdmissionRules{}, slog.New(slog.DiscardHandler))}).Release(netip.Prefix{}) {
		t.Error("no client was released")
	}
}

// Blocks end with the limit that they come from, and are bounded in number.
func TestBlocksAreBounded(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		rules := blockRules()
		rules.Limit.BlockAfter = 1
		e := gateEngine(t, rules)
		for i := range maxBlocks + 100 {
			client := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 4000)
			flood(t, e, client.String(), 2)
		}
		if n := len(e.Blocked()); n != maxBlocks {
			t.Errorf("%d blocked, want %d", n, maxBlocks)
		}
		rules.Access = nil
		e.SetRules(Rules{Admission: rules})
		if n := len(e.Blocked()); n != maxBlocks {
			t.Errorf("%d blocked after another change", n)
		}
		rules.Limit.BlockFor = time.Hour
		e.SetRules(Rules{Admission: rules})
		if n := len(e.Blocked()); n != 0 {
			t.Errorf("%d blocked under another limit", n)
		}
	})
}
