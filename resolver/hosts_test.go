package resolver

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func TestParseHosts(t *testing.T) {
	file := "\ufeff# a comment\r\n" +
		"127.0.0.1\tlocalhost\tlocalhost.localdomain\r\n" +
		"::1 localhost ip6-localhost ip6-loopback\n" +
		"255.255.255.255 broadcasthost\n" +
		"fe80::1%lo0 localhost link.example\n" +
		"  192.168.1.5   NAS.lan.  nas # the big one\n" +
		"fd00::5 nas.lan\n" +
		"0.0.0.0 ads.example\n" +
		":: ads.example\n" +
		"::ffff:10.0.0.1 mapped.example\n" +
		"\n" +
		"10.0.0.300 bad.example\n" +
		"10.0.0.1\n" +
		"10.0.0.2 good.example ba!d.example -ok_.example\n" +
		"words without an address\n" +
		"10.0.0.3 " + strings.Repeat("x", 64) + ".example\n" +
		"10.0.0.4 " + strings.Repeat("long.example ", 6000) + "\n" +
		"10.0.0.5 last.example"
	hosts, skipped, err := ParseHosts(iotest.OneByteReader(strings.NewReader(file)))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, h := range hosts {
		got = append(got, fmt.Sprint(h.Name, h.Addrs))
	}
	want := []string{
		"localhost.localdomain[127.0.0.1]", "ip6-localhost[::1]", "ip6-loopback[::1]", "broadcasthost[255.255.255.255]",
		"NAS.lan[192.168.1.5]", "nas[192.168.1.5]", "nas.lan[fd00::5]", "ads.example[0.0.0.0]", "ads.example[::]",
		"mapped.example[10.0.0.1]", "good.example[10.0.0.2]", "-ok_.example[10.0.0.2]", "last.example[10.0.0.5]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("hosts\n%q, want\n%q", got, want)
	}
	if skipped != 6 {
		t.Errorf("%d lines skipped, want 6", skipped)
	}
	rules := rulesOf(NameRules{Hosts: hosts})
	for _, c := range []localCase{
		{"nas.lan", "A", "NOERROR | 192.168.1.5"}, // from several lines
		{"nas.lan", "AAAA", "NOERROR | fd00::5"},
		{"ads.example", "AAAA", "NOERROR | ::"},
		{"5.1.168.192.in-addr.arpa", "PTR", "NOERROR | nas.lan."},
		{"ip6-localhost", "AAAA", "NOERROR | ::1"},
	} {
		c.check(t, namesBefore(forwarding, forwarding), rules)
	}
}

// endless gives the same line for ever.
type endless struct{ line string }

func (e endless) Read(b []byte) (int, error) {
	n := 0
	for n+len(e.line) <= len(b) {
		n += copy(b[n:], e.line)
	}
	if n == 0 {
		n = copy(b, e.line)
	}
	return n, nil
}

func TestParseHostsIsBounded(t *testing.T) {
	for name, r := range map[string]io.Reader{
		"lines": endless{"#\n"},
		"bytes": endless{strings.Repeat("#", 1000) + "\n"},
		"line":  endless{strings.Repeat("x", 64)},
	} {
		if _, _, err := ParseHosts(r); !errors.Is(err, ErrHostsTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
	exact := strings.Repeat("1.2.3.4 a\n", maxHostsLines)
	if hosts, _, err := ParseHosts(strings.NewReader(exact)); err != nil || len(hosts) != maxHostsLines {
		t.Errorf("%d hosts, %v", len(hosts), err)
	}
	broken := errors.New("disk on fire")
	hosts, _, err := ParseHosts(io.MultiReader(strings.NewReader("1.2.3.4 a\n"), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) || len(hosts) != 1 {
		t.Errorf("%v, %v", hosts, err)
	}
}

// Every host that is read is an override that works.
func FuzzParseHosts(f *testing.F) {
	f.Add("127.0.0.1 localhost\n10.0.0.1\ta b # c\r\nfe80::1%x y\n")
	f.Add("\ufeff:: x..y\n0.0.0.0 a.b.\n")
	f.Fuzz(func(t *testing.T, file string) {
		hosts, _, err := ParseHosts(strings.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range hosts {
			if name, wildcard, err := h.check(); err != nil || wildcard || !plainLabels([]byte(name)) {
				t.Errorf("%q: %v", h.Name, err)
			}
			if slices.ContainsFunc(h.Addrs, netip.Addr.Is4In6) || len(h.Addrs) != 1 {
				t.Errorf("%q has %v", h.Name, h.Addrs)
			}
		}
	})
}

func BenchmarkParseHosts(b *testing.B) {
	var file strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&file, "0.0.0.0 n%d.ads.example\n", i)
	}
	b.ReportAllocs()
	for b.Loop() {
		hosts, _, err := ParseHosts(strings.NewReader(file.String()))
		if err != nil {
			b.Fatal(err)
		}
		rulesOf(NameRules{Hosts: hosts})
	}
}
