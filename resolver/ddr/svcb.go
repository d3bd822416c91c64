package ddr

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// record is a designation of a resolver over TLS.
type record struct {
	priority uint16
	// name is the resolver's, empty for the one that was asked.
	name  string
	port  uint16
	hints []netip.Addr
}

// known are the parameters that mean something here (RFC 9460 section 14.3, RFC
// 9461): a record whose mandatory list has another is not to be used. A path is
// for DNS over HTTPS alone, and changes nothing over TLS.
var known = []dns.SVCBKey{dns.SVCB_ALPN, dns.SVCB_NO_DEFAULT_ALPN, dns.SVCB_PORT, dns.SVCB_IPV4HINT, dns.SVCB_IPV6HINT, dns.SVCB_DOHPATH}

// read returns the designations in an answer about name, the preferred one
// first, or the name that it leads to, which is asked as it is (AliasMode, RFC
// 9460 sections 2.4.1 and 3): beside such a record others do not count.
func read(m *dns.Msg, name string) (records []record, alias string) {
	name = canonical(m.Answer, name)
	leads := false
	for _, rr := range m.Answer {
		s, ok := rr.(*dns.SVCB)
		if !ok || !strings.EqualFold(s.Hdr.Name, name) || s.Hdr.Class != dns.ClassINET {
			continue
		}
		if s.Priority == 0 {
			leads = true
			// Its own name would lead on for ever, and “.” is that it has none.
			if target := plainName(s.Target); target != "" && !strings.EqualFold(dns.Fqdn(target), name) {
				alias = dns.Fqdn(target)
			}
			continue
		}
		if r, ok := usable(s); ok {
			records = append(records, r)
		}
	}
	if leads {
		return nil, alias
	}
	slices.SortStableFunc(records, func(a, b record) int { return cmp.Compare(a.priority, b.priority) })
	return records[:min(len(records), maxRecords)], ""
}

// canonical is where the CNAMEs of an answer lead from name.
func canonical(answer []dns.RR, name string) string {
	for range maxAliases {
		i := slices.IndexFunc(answer, func(rr dns.RR) bool {
			_, ok := rr.(*dns.CNAME)
			return ok && strings.EqualFold(rr.Header().Name, name)
		})
		if i < 0 {
			break
		}
		name = answer[i].(*dns.CNAME).Target
	}
	return name
}

// usable reads a record; false for one that is not about DNS over TLS, or asks
// for what is not known here.
func usable(s *dns.SVCB) (record, bool) {
	r := record{priority: s.Priority, port: dotPort}
	overTLS := false
	for _, v := range s.Value {
		switch v := v.(type) {
		case *dns.SVCBMandatory:
			if slices.ContainsFunc(v.Code, func(k dns.SVCBKey) bool { return !slices.Contains(known, k) }) {
				return record{}, false
			}
		case *dns.SVCBAlpn:
			overTLS = slices.Contains(v.Alpn, "dot")
		case *dns.SVCBPort:
			r.port = v.Port
		case *dns.SVCBIPv4Hint:
			for _, ip := range v.Hint {
				r.hint(ip)
			}
		case *dns.SVCBIPv6Hint:
			for _, ip := range v.Hint {
				r.hint(ip)
			}
		}
	}
	target := s.Target
	if target == "." { // the record's own name (RFC 9460 section 2.5.2)
		target = s.Hdr.Name
	}
	if !strings.EqualFold(target, question) {
		if r.name = plainName(target); r.name == "" {
			return record{}, false
		}
	}
	return r, overTLS && r.port != 0
}

func (r *record) hint(ip []byte) {
	if a, ok := netip.AddrFromSlice(ip); ok {
		r.add(a.Unmap())
	}
}

func (r *record) add(a netip.Addr) {
	if a.IsValid() && !a.IsUnspecified() && !a.IsMulticast() && !slices.Contains(r.hints, a) && len(r.hints) < maxAddrs {
		r.hints = append(r.hints, a)
	}
}

// addresses are where the designated resolver answers: those that came with it,
// else those that the designating one knows of its name. One without a name is
// at the address that was asked (resolver.arpa has no addresses).
func (r record) addresses(ctx context.Context, server netip.AddrPort, extra []dns.RR) ([]netip.AddrPort, error) {
	if len(r.hints) == 0 && r.name == "" {
		r.add(server.Addr().Unmap())
	}
	r.take(extra)
	for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA} {
		if len(r.hints) > 0 {
			break
		}
		m, err := ask(ctx, server, dns.Fqdn(r.name), kind)
		if err != nil {
			return nil, err
		}
		r.take(m.Answer)
	}
	if len(r.hints) == 0 {
		return nil, errors.New("it has no address")
	}
	var list []netip.AddrPort
	for _, a := range r.hints {
		list = append(list, netip.AddrPortFrom(a, r.port))
	}
	return list, nil
}

// take adds the addresses of the name that records give.
func (r *record) take(records []dns.RR) {
	for _, rr := range records {
		if r.name == "" || !strings.EqualFold(rr.Header().Name, dns.Fqdn(r.name)) {
			continue
		}
		switch rr := rr.(type) {
		case *dns.A:
			r.hint(rr.A)
		case *dns.AAAA:
			r.hint(rr.AAAA)
		}
	}
}
