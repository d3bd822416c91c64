package resolver_test

import (
	"fmt"
	"strings"

	"github.com/miekg/dns"
)

// variant is a way to ask. full variants have answers with all sections; the
// upstream keeps those of the others minimal, as public resolvers do. Where
// primed is set, both are asked with RD before.
type variant struct {
	name              string
	tcp, full, primed bool
	change            func(*dns.Msg)
}

func (v variant) zone() string { return v.name + ".example" }

func withEDNS(size uint16, do bool, options ...dns.EDNS0) func(*dns.Msg) {
	return func(m *dns.Msg) {
		m.SetEdns0(size, do)
		m.IsEdns0().Option = options
	}
}

func all(changes ...func(*dns.Msg)) func(*dns.Msg) {
	return func(m *dns.Msg) {
		for _, change := range changes {
			change(m)
		}
	}
}

func cd(m *dns.Msg)     { m.CheckingDisabled = true }
func ad(m *dns.Msg)     { m.AuthenticatedData = true }
func asIs(*dns.Msg)     {}
func withRD(m *dns.Msg) { m.RecursionDesired = true }
func noRD(m *dns.Msg)   { m.RecursionDesired = false }

// odd0x20 writes the name as resolvers do against forged answers.
func odd0x20(m *dns.Msg) {
	name := []byte(strings.ToLower(m.Question[0].Name))
	for i := 0; i < len(name); i += 2 {
		name[i] = strings.ToUpper(string(name[i]))[0]
	}
	m.Question[0].Name = string(name)
}

var variants = []variant{
	{name: "edns", change: withEDNS(1232, false)},
	{name: "plain", change: asIs},
	{name: "tcp", tcp: true, change: asIs},
	{name: "tcpedns", tcp: true, full: true, change: withEDNS(1232, false)},
	{name: "full", full: true, change: withEDNS(1232, false)},
	{name: "do", change: withEDNS(1232, true)},
	{name: "tcpdo", tcp: true, change: withEDNS(1232, true)},
	{name: "cd", change: all(cd, withEDNS(1232, false))},
	{name: "cddo", change: all(cd, withEDNS(1232, true))},
	{name: "ad", change: ad},
	{name: "adedns", change: all(ad, withEDNS(1232, false))},
	{name: "nord", primed: true, change: noRD},
	{name: "nordedns", primed: true, change: all(noRD, withEDNS(1232, false))},
	{name: "nordmiss", change: noRD},
	{name: "small", change: withEDNS(100, false)},
	{name: "smallfull", full: true, change: withEDNS(512, true)},
	{name: "large", change: withEDNS(4096, false)},
	{name: "huge", change: withEDNS(65535, true)},
	{name: "case", change: all(odd0x20, withEDNS(1232, false))},
	{name: "options", change: withEDNS(1232, false,
		&dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: "0011223344556677"},
		&dns.EDNS0_SUBNET{Code: dns.EDNS0SUBNET, Family: 1, SourceNetmask: 24, Address: []byte{198, 51, 100, 0}},
		&dns.EDNS0_NSID{Code: dns.EDNS0NSID},
		&dns.EDNS0_PADDING{Padding: make([]byte, 20)},
		&dns.EDNS0_LOCAL{Code: 65001, Data: []byte("x")})},
}

// comparedCase is one question. class is the name without the zone, which is
// another for each variant so that none answers another's from memory.
type comparedCase struct {
	class, name string
	typ         uint16
	variant     variant
}

// zone is the variant's own one, or "" for names that others ask for as well.
func (c comparedCase) zone() string {
	if strings.HasSuffix(c.class, ".") || c.class == "outward" {
		return ""
	}
	return c.variant.zone()
}

func (c comparedCase) String() string {
	return fmt.Sprintf("%q %s asked as %s", c.class, dns.Type(c.typ), c.variant.name)
}

func (c comparedCase) query() *dns.Msg {
	m := new(dns.Msg).SetQuestion(c.name, c.typ)
	c.variant.change(m)
	return m
}
