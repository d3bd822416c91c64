package resolver_test

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// The engine and Unbound forward the same questions to the same server, the
// first time asking it and the second time from memory. Where their answers
// differ, the table of explained differences says why ours is right.
func TestPeersCompareWithUnbound(t *testing.T) {
	needPeers(t)
	p := startCompared(t)
	began := make(map[string]time.Time) // when a zone was first asked for
	used := make(map[string]bool)
	questions, same := 0, 0
	for _, c := range comparedCases() {
		if _, ok := began[c.zone()]; !ok {
			began[c.zone()] = time.Now()
		}
		for _, pass := range []string{"miss", "hit"} {
			questions++
			if c.variant.primed && pass == "miss" {
				c.ask(t, p.ours, withRD)
				c.ask(t, p.theirs, withRD)
			}
			found := c.differences(c.ask(t, p.ours, asIs), c.ask(t, p.theirs, asIs), time.Since(began[c.zone()]))
			if len(found) == 0 {
				same++
			}
			for _, d := range found {
				if !c.explain(d, used) {
					t.Errorf("%s, %s: %s is not explained", c, pass, d)
				}
			}
		}
	}
	for _, e := range explained {
		for _, d := range e.differs {
			if !used[e.why+d] {
				t.Errorf("does not occur: %s (%s)", d, e.why)
			}
		}
	}
	if questions < 300 {
		t.Errorf("%d questions, want 300 at least", questions)
	}
	t.Logf("%d questions, %d answered the same, %d with differences by %d explanations", questions, same, questions-same, len(explained))
}

// reply asks one server. Silence is a failure: both always answer.
func (c comparedCase) ask(t *testing.T, server netip.AddrPort, change func(*dns.Msg)) *dns.Msg {
	t.Helper()
	q := c.query()
	change(q)
	raw, err := q.Pack()
	if err != nil {
		t.Fatal(err)
	}
	out := c.exchange(t, server, raw)
	m := new(dns.Msg)
	if err := m.Unpack(out); err != nil {
		t.Fatalf("%s at %s: %v", c, server, err)
	}
	question := raw[headerOctets:]
	if o := q.IsEdns0(); o != nil {
		question = question[:len(question)-dns.Len(o)]
	}
	if m.Id != q.Id || !m.Response || m.Opcode != q.Opcode || !bytes.HasPrefix(out[headerOctets:], question) {
		t.Errorf("%s at %s: id, opcode or question came back otherwise: %v", c, server, m)
	}
	if !c.variant.tcp && len(out) > limit(q) {
		t.Errorf("%s at %s: %d octets", c, server, len(out))
	}
	return m
}

const headerOctets = 12

// limit is the size of the largest answer that a client takes over UDP (RFC
// 6891 section 6.2.3).
func limit(q *dns.Msg) int {
	if o := q.IsEdns0(); o != nil {
		return max(int(o.UDPSize()), dns.MinMsgSize)
	}
	return dns.MinMsgSize
}

func (c comparedCase) exchange(t *testing.T, server netip.AddrPort, raw []byte) []byte {
	t.Helper()
	network := "udp"
	if c.variant.tcp {
		network = "tcp"
	}
	conn, err := net.DialTimeout(network, server.String(), 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	d := &dns.Conn{Conn: conn, UDPSize: dns.MaxMsgSize}
	if _, err = d.Write(raw); err != nil {
		t.Fatal(err)
	}
	out, err := d.ReadMsgHeader(nil)
	if err != nil {
		t.Fatalf("%s at %s: %v", c, server, err)
	}
	return out
}

// differences are the things in which two answers differ, each as the name of
// the thing, ours and theirs. age is how old what Unbound keeps may be: it has
// one copy of a record for all questions, where we keep whole answers.
func (c comparedCase) differences(ours, theirs *dns.Msg, age time.Duration) []string {
	var ds []string
	add := func(field, a, b string, differ bool) {
		if differ {
			ds = append(ds, fmt.Sprintf("%s: %s | %s", field, a, b))
		}
	}
	flag := func(field string, a, b bool) { add(field, onOff(a), onOff(b), a != b) }
	add("RCODE", dns.RcodeToString[ours.Rcode], dns.RcodeToString[theirs.Rcode], ours.Rcode != theirs.Rcode)
	flag("AA", ours.Authoritative, theirs.Authoritative)
	flag("TC", ours.Truncated, theirs.Truncated)
	flag("RD", ours.RecursionDesired, theirs.RecursionDesired)
	flag("RA", ours.RecursionAvailable, theirs.RecursionAvailable)
	flag("Z", ours.Zero, theirs.Zero)
	flag("AD", ours.AuthenticatedData, theirs.AuthenticatedData)
	flag("CD", ours.CheckingDisabled, theirs.CheckingDisabled)
	add("OPT", edns(ours), edns(theirs), edns(ours) != edns(theirs))
	section := func(name string, a, b []dns.RR) {
		d := compareSets(a, b, age)
		add(name, d.ours, d.theirs, d.ours != none || d.theirs != none)
		add("TTL in "+name, d.ourTTL, d.theirTTL, d.ourTTL != d.theirTTL)
		if d.letterCase != none {
			ds = append(ds, "letter case in "+name)
		}
	}
	section("answer", ours.Answer, theirs.Answer)
	section("authority", ours.Ns, theirs.Ns)
	section("additional", ours.Extra, theirs.Extra)
	return ds
}

const none = "none"

func onOff(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// edns is what the OPT record of an answer says.
func edns(r *dns.Msg) string {
	o := r.IsEdns0()
	if o == nil {
		return none
	}
	s := fmt.Sprintf("version %d DO %t size %d", o.Version(), o.Do(), o.UDPSize())
	for _, option := range o.Option {
		if e, ok := option.(*dns.EDNS0_EDE); ok {
			s += fmt.Sprintf(" EDE %d", e.InfoCode)
		} else {
			s += fmt.Sprintf(" option %d", option.Option())
		}
	}
	return s
}

// setDifference is in what two sections differ, as lists of types: the records
// that only one has, and those that both have but with other TTLs or with names
// in other letter case.
type setDifference struct{ ours, theirs, ourTTL, theirTTL, letterCase string }

// compareSets takes TTLs for the same that are two seconds apart. Theirs may be
// less by age.
func compareSets(ours, theirs []dns.RR, age time.Duration) setDifference {
	a, b := recordSet(ours), recordSet(theirs)
	var onlyA, onlyB, ttlA, ttlB, letters []string
	for key, rr := range a {
		typ, other := dns.Type(rr.Header().Rrtype).String(), b[key]
		if other == nil {
			onlyA = append(onlyA, typ)
			continue
		}
		gap := time.Duration(rr.Header().Ttl)*time.Second - time.Duration(other.Header().Ttl)*time.Second
		if gap > age+2*time.Second || gap < -2*time.Second {
			ttlA = append(ttlA, fmt.Sprint(typ, " ", rr.Header().Ttl))
			ttlB = append(ttlB, fmt.Sprint(typ, " ", other.Header().Ttl))
		}
		if bare(rr).String() != bare(other).String() {
			letters = append(letters, typ)
		}
	}
	for key, rr := range b {
		if a[key] == nil {
			onlyB = append(onlyB, dns.Type(rr.Header().Rrtype).String())
		}
	}
	return setDifference{list(onlyA), list(onlyB), list(ttlA), list(ttlB), list(letters)}
}

func list(s []string) string {
	if len(s) == 0 {
		return none
	}
	slices.Sort(s)
	return strings.Join(slices.Compact(s), " ")
}

// recordSet maps records without their TTLs, and with their names in lower
// case, to them.
func recordSet(rrs []dns.RR) map[string]dns.RR {
	set := make(map[string]dns.RR)
	for _, rr := range rrs {
		if rr.Header().Rrtype == dns.TypeOPT {
			continue
		}
		key := bare(rr)
		key.Header().Name = strings.ToLower(key.Header().Name)
		switch key := key.(type) {
		case *dns.NS:
			key.Ns = strings.ToLower(key.Ns)
		case *dns.CNAME:
			key.Target = strings.ToLower(key.Target)
		case *dns.PTR:
			key.Ptr = strings.ToLower(key.Ptr)
		case *dns.MX:
			key.Mx = strings.ToLower(key.Mx)
		case *dns.SOA:
			key.Ns, key.Mbox = strings.ToLower(key.Ns), strings.ToLower(key.Mbox)
		}
		set[key.String()] = rr
	}
	return set
}

// bare is a record without its TTL.
func bare(rr dns.RR) dns.RR {
	rr = dns.Copy(rr)
	rr.Header().Ttl = 0
	return rr
}
