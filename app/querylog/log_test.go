package querylog

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"dotproxy/app/control"

	"github.com/miekg/dns"
)

// wireName returns a name as it stands in a message.
func wireName(tb testing.TB, name string) []byte {
	tb.Helper()
	buf := make([]byte, 256)
	n, err := dns.PackDomainName(name, buf, 0, nil, false)
	if err != nil {
		tb.Fatal(err)
	}
	return buf[:n]
}

// answer returns a packed reply that carries records in zone file form.
func answer(tb testing.TB, name string, kind uint16, records ...string) []byte {
	tb.Helper()
	m := new(dns.Msg).SetQuestion(name, kind)
	m.Response, m.Compress = true, true
	for _, text := range records {
		rr, err := dns.NewRR(text)
		if err != nil {
			tb.Fatal(err)
		}
		if _, soa := rr.(*dns.SOA); soa && kind != dns.TypeSOA {
			m.Ns = append(m.Ns, rr)
		} else {
			m.Answer = append(m.Answer, rr)
		}
	}
	wire, err := m.Pack()
	if err != nil {
		tb.Fatal(err)
	}
	return wire
}

var arrival = time.Date(2026, 11, 22, 10, 0, 1, 234e6, time.UTC)

func entry(tb testing.TB, name string) Entry {
	return Entry{
		Time: arrival, Elapsed: 12500 * time.Microsecond, Client: netip.MustParseAddrPort("127.0.0.1:40000"),
		Name: wireName(tb, name), Type: dns.TypeA, Source: control.SourceUpstream, Upstream: netip.MustParseAddrPort("1.1.1.1:853"),
		Answer: answer(tb, name, dns.TypeA, name+" 287 IN A 93.184.215.14"),
	}
}

func names(queries []control.Query) (list []string) {
	for _, q := range queries {
		list = append(list, q.Name)
	}
	return list
}

func wantNames(t *testing.T, got []control.Query, want ...string) {
	t.Helper()
	if !slices.Equal(names(got), want) {
		t.Errorf("got %q, want %q", names(got), want)
	}
}

func TestRecentIsOldestFirstAndBounded(t *testing.T) {
	log := New(3, control.LogFull)
	if got := log.Recent(0); got == nil || len(got) != 0 {
		t.Errorf("an empty log gives %v, want []", got)
	}
	log.Add(entry(t, "a."))
	wantNames(t, log.Recent(0), "a.")
	for _, name := range []string{"b.", "c.", "d."} {
		log.Add(entry(t, name))
	}
	wantNames(t, log.Recent(0), "b.", "c.", "d.")
	wantNames(t, log.Recent(2), "c.", "d.")
	wantNames(t, log.Recent(99), "b.", "c.", "d.")
}

func TestAddKeepsNothingOfItsArguments(t *testing.T) {
	log := New(4, control.LogFull)
	e := entry(t, "example.com.")
	log.Add(e)
	for i := range e.Name {
		e.Name[i] = 'x'
	}
	for i := range e.Answer {
		e.Answer[i] = 0xff
	}
	got := log.Recent(1)[0]
	if got.Name != "example.com." || !slices.Equal(got.Answers, []string{"93.184.215.14"}) {
		t.Errorf("got %+v", got)
	}
}

func TestAShorterEntryLeavesNothingOfTheOneBefore(t *testing.T) {
	log := New(1, control.LogFull)
	long := entry(t, "a-long-name.example.com.")
	long.HasEDE, long.EDECode, long.EDEText = true, 22, "no server"
	log.Add(long)
	log.Add(Entry{Time: arrival, Type: dns.TypeA, RCode: dns.RcodeFormatError, Source: control.SourceLocal})
	got := log.Recent(0)[0]
	if got.Name != "" || got.Client != "" || got.EDE != "" || got.Upstream != "" || len(got.Answers) != 0 || got.TTL != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestPrivacy(t *testing.T) {
	secret := func(tb testing.TB) Entry {
		e := entry(tb, "secret.example.")
		e.HasEDE, e.EDECode, e.EDEText = true, 22, "secret.example. failed"
		return e
	}
	hidden := func(t *testing.T, q control.Query) {
		t.Helper()
		if q.Name != "" || q.Client != "" || len(q.Answers) != 0 || q.Answers == nil || strings.Contains(q.EDE, "secret") {
			t.Errorf("shown: %+v", q)
		}
		if q.Type != "A" || q.RCode != "NOERROR" || q.MS != 12.5 || q.Upstream != "1.1.1.1:853" || q.EDE != "No Reachable Authority" {
			t.Errorf("more is hidden than has to be: %+v", q)
		}
	}
	t.Run("hidden from the start", func(t *testing.T) {
		log := New(4, control.LogHideNames)
		log.Add(secret(t))
		hidden(t, log.Recent(0)[0])
	})
	t.Run("off", func(t *testing.T) {
		log := New(4, control.LogOff)
		log.Add(secret(t))
		if got := log.Recent(0); len(got) != 0 || log.Counters().Queries != 1 {
			t.Errorf("kept %v, counted %+v", got, log.Counters())
		}
	})
	t.Run("unknown is off", func(t *testing.T) {
		log := New(4, "some")
		if log.Add(secret(t)); len(log.Recent(0)) != 0 {
			t.Error("kept")
		}
	})
	t.Run("stricter forgets, looser keeps", func(t *testing.T) {
		log := New(4, control.LogFull)
		log.Add(secret(t))
		log.SetPrivacy(control.LogFull)
		wantNames(t, log.Recent(0), "secret.example.")
		log.SetPrivacy(control.LogHideNames)
		if len(log.Recent(0)) != 0 {
			t.Error("names are still there")
		}
		for i := range log.slots {
			if strings.Contains(string(log.slots[i].name[:]), "secret") || strings.Contains(string(log.slots[i].ede[:]), "secret") {
				t.Error("the bytes are still in memory")
			}
		}
		log.Add(secret(t))
		hidden(t, log.Recent(0)[0])
		log.SetPrivacy(control.LogFull)
		if len(log.Recent(0)) != 1 {
			t.Error("a looser level forgot")
		}
		log.SetPrivacy(control.LogOff)
		log.Add(secret(t))
		if len(log.Recent(0)) != 0 {
			t.Error("kept while off")
		}
	})
}

func TestCounters(t *testing.T) {
	log := New(4, control.LogOff)
	if got := log.Counters(); got != (control.Counters{}) {
		t.Errorf("new log: %+v", got)
	}
	for ms := range 9 {
		e := entry(t, "a.")
		e.Elapsed = time.Duration(ms+1) * time.Millisecond
		log.Add(e)
	}
	cached := entry(t, "a.")
	cached.Source, cached.Elapsed = control.SourceCache, time.Hour
	log.Add(cached)
	nobody := entry(t, "a.")
	nobody.Upstream, nobody.RCode, nobody.Elapsed = netip.AddrPort{}, dns.RcodeServerFailure, 5*time.Second
	log.Add(nobody)
	refused := cached
	refused.RCode = dns.RcodeRefused
	log.Add(refused)
	if got, want := log.Counters(), (control.Counters{Queries: 12, Cached: 2, Failures: 2, MedianMS: 5}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for range recentTimes {
		e := entry(t, "a.")
		e.Elapsed = 0
		log.Add(e)
	}
	if got := log.Counters().MedianMS; got != 0 {
		t.Errorf("median %v, want that of recent answers, 0", got)
	}
}

func TestAddDoesNotAllocate(t *testing.T) {
	log := New(16, control.LogFull)
	e := entry(t, "example.com.")
	if n := testing.AllocsPerRun(1000, func() { log.Add(e) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestMappedClientIsShownAsIPv4(t *testing.T) {
	log := New(1, control.LogFull)
	e := entry(t, "a.")
	e.Client = netip.AddrPortFrom(netip.AddrFrom16(netip.MustParseAddr("192.0.2.1").As16()), 1)
	log.Add(e)
	if got := log.Recent(0)[0].Client; net.ParseIP(got).To4() == nil || strings.Contains(got, ":") {
		t.Errorf("client %q", got)
	}
}
