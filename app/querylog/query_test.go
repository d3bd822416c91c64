package querylog

import (
	"encoding/json"
	"net/netip"
	"slices"
	"testing"
	"unicode"
	"unicode/utf8"

	"dotproxy/app/control"

	"github.com/miekg/dns"
)

func read(tb testing.TB, e Entry) control.Query {
	log := New(1, control.LogFull)
	log.Add(e)
	return log.Recent(0)[0]
}

// TestQueryAsDocumented holds the example in the design.
func TestQueryAsDocumented(t *testing.T) {
	e := entry(t, "example.com.")
	e.Source, e.Elapsed = control.SourceCache, 40_400
	got, err := json.Marshal(read(t, e))
	want := `{"time":"2026-11-22T10:00:01.234Z","name":"example.com.","type":"A","rcode":"NOERROR","source":"cache",` +
		`"upstream":"1.1.1.1:853","ms":0.04,"client":"127.0.0.1","transport":"udp","encrypted":true,"authenticated":false,"answers":["93.184.215.14"],"ttl":287,"ede":""}`
	if err != nil || string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name    string
		kind    uint16
		records []string
		want    []string
		ttl     uint32
	}{
		{"none", dns.TypeA, nil, []string{}, 0},
		{"a chain", dns.TypeA, []string{"www.example. 300 IN CNAME host.example.", "host.example. 60 IN A 192.0.2.1", "host.example. 90 IN A 192.0.2.2"},
			[]string{"host.example.", "192.0.2.1", "192.0.2.2"}, 60},
		{"ipv6", dns.TypeAAAA, []string{"x.example. 0 IN AAAA 2001:db8::1"}, []string{"2001:db8::1"}, 0},
		{"mx", dns.TypeMX, []string{"x.example. 5 IN MX 10 mail.example."}, []string{"10 mail.example."}, 5},
		{"txt", dns.TypeTXT, []string{`x.example. 5 IN TXT "two words" "a \"quote\""`}, []string{`"two words" "a \"quote\""`}, 5},
		{"https", dns.TypeHTTPS, []string{`x.example. 5 IN HTTPS 1 . alpn="h2,h3"`}, []string{`1 . alpn="h2,h3"`}, 5},
		{"unknown type", 65280, []string{`x.example. 5 IN TYPE65280 \# 3 0a0b0c`}, []string{`\# 3 0a0b0c`}, 5},
		{"no such name", dns.TypeA, []string{"example. 900 IN SOA ns.example. root.example. 1 2 3 4 5"}, []string{}, 900},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := entry(t, "x.example.")
			e.Type, e.Answer = c.kind, answer(t, "x.example.", c.kind, c.records...)
			got := read(t, e)
			if !slices.Equal(got.Answers, c.want) || got.Answers == nil || got.TTL != c.ttl {
				t.Errorf("got %q for %d s, want %q for %d s", got.Answers, got.TTL, c.want, c.ttl)
			}
		})
	}
}

func TestALongAnswerIsShownAsFarAsItIsKept(t *testing.T) {
	var records []string
	for range 40 {
		records = append(records, "x.example. 60 IN AAAA 2001:db8::1")
	}
	e := entry(t, "x.example.")
	e.Type, e.Answer = dns.TypeAAAA, answer(t, "x.example.", dns.TypeAAAA, records...)
	if len(e.Answer) <= MaxAnswer {
		t.Fatal("the answer is too short for this test")
	}
	// 12 bytes of header, 15 of question, then 28 a record.
	if got := read(t, e); len(got.Answers) != (MaxAnswer-27)/28 || got.TTL != 60 {
		t.Errorf("%d records for %d s", len(got.Answers), got.TTL)
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Entry)
		get    func(control.Query) string
		want   string
	}{
		{"unknown type", func(e *Entry) { e.Type = 65300 }, func(q control.Query) string { return q.Type }, "TYPE65300"},
		{"https", func(e *Entry) { e.Type = 65 }, func(q control.Query) string { return q.Type }, "HTTPS"},
		{"nxdomain", func(e *Entry) { e.RCode = 3 }, func(q control.Query) string { return q.RCode }, "NXDOMAIN"},
		{"badvers", func(e *Entry) { e.RCode = 16 }, func(q control.Query) string { return q.RCode }, "BADVERS"},
		{"unknown rcode", func(e *Entry) { e.RCode = 3841 }, func(q control.Query) string { return q.RCode }, "RCODE3841"},
		{"tcp", func(e *Entry) { e.TCP = true }, func(q control.Query) string { return q.Transport }, "tcp"},
		{"ipv6 client", func(e *Entry) { e.Client = netip.MustParseAddrPort("[fe80::1%eth0]:5") }, func(q control.Query) string { return q.Client }, "fe80::1%eth0"},
		{"ipv6 upstream", func(e *Entry) { e.Upstream = netip.MustParseAddrPort("[2606:4700::1]:853") }, func(q control.Query) string { return q.Upstream }, "[2606:4700::1]:853"},
		{"root", func(e *Entry) { e.Name = []byte{0} }, func(q control.Query) string { return q.Name }, "."},
		{"letter case as asked", func(e *Entry) { e.Name = []byte("\x03wWw\x00") }, func(q control.Query) string { return q.Name }, "wWw."},
		{"odd bytes", func(e *Entry) { e.Name = []byte("\x05a.b \n\x01\xff\x00") }, func(q control.Query) string { return q.Name }, `a\.b\ \010.\255.`},
		{"cut short", func(e *Entry) { e.Name = []byte("\x05ab") }, func(q control.Query) string { return q.Name }, ""},
		{"a pointer", func(e *Entry) { e.Name = []byte{0xc0, 0} }, func(q control.Query) string { return q.Name }, ""},
		{"ede", func(e *Entry) { e.HasEDE, e.EDECode, e.EDEText = true, 7, "signature expired" }, func(q control.Query) string { return q.EDE }, "Signature Expired: signature expired"},
		{"ede 0", func(e *Entry) { e.HasEDE = true }, func(q control.Query) string { return q.EDE }, "Other"},
		{"unknown ede", func(e *Entry) { e.HasEDE, e.EDECode = true, 49152 }, func(q control.Query) string { return q.EDE }, "EDE 49152"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := entry(t, "example.com.")
			c.change(&e)
			if got := c.get(read(t, e)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	e := entry(t, "example.com.")
	if e.Clear = true; read(t, e).Encrypted {
		t.Error("a query in clear text is shown as encrypted")
	}
}

// FuzzQuery reads entries whose bytes came from anywhere: it must not fail, and
// what it shows must be text that can stand in a line.
func FuzzQuery(f *testing.F) {
	f.Add([]byte("\x07example\x03com\x00"), answer(f, "example.com.", dns.TypeA, "example.com. 287 IN A 93.184.215.14"), "")
	f.Add([]byte{0xc0, 0}, answer(f, "x.", dns.TypeTXT, `x. 1 IN TXT "\000\255"`), "\x1b[0m")
	f.Add([]byte{}, []byte("\x00\x00\x81\x80\x00\x00\xff\xff\x00\x00\x00\x00\x00"), "\xff")
	f.Add([]byte{0}, answer(f, "x.", dns.TypeCAA, `x. 1 IN CAA 0 issue "a\010b"`), "a\nb")
	f.Fuzz(func(t *testing.T, name, msg []byte, ede string) {
		q := read(t, Entry{Time: arrival, Name: name, Type: 1, Answer: msg, HasEDE: true, EDEText: ede})
		for _, text := range append([]string{q.Name, q.EDE}, q.Answers...) {
			if !utf8.ValidString(text) {
				t.Errorf("not UTF-8: %q", text)
			}
			for _, r := range text {
				if unicode.IsControl(r) {
					t.Errorf("control character in %q", text)
				}
			}
		}
		if len(q.Answers) > MaxAnswer/11 {
			t.Errorf("%d answers of %d bytes", len(q.Answers), MaxAnswer)
		}
	})
}
