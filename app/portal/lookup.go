package portal

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"
)

const (
	// lookupPatience bounds a lookup, lookupAgain is when a resolver is asked
	// once more.
	lookupPatience = 3 * time.Second
	lookupAgain    = time.Second
	// maxResolvers bounds the resolvers that are asked, maxAddrs the addresses
	// that are tried.
	maxResolvers = 6
	maxAddrs     = 3
	maxDatagram  = 4096
)

var (
	errNoAddress = errors.New("it knows no address of it")
	errSilent    = errors.New("it does not answer")
)

// found is what one resolver says.
type found struct {
	addrs []netip.Addr
	err   error
}

// lookup asks all resolvers at once, in clear text, and takes the first answer.
func (d Detector) lookup(ctx context.Context, host string, resolvers []netip.AddrPort) ([]netip.Addr, error) {
	if len(resolvers) == 0 {
		return nil, errors.New("the network names no DNS server of its own")
	}
	resolvers = resolvers[:min(len(resolvers), maxResolvers)]
	outer := ctx
	ctx, cancel := context.WithTimeout(ctx, lookupPatience)
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()
	all := make(chan found, len(resolvers))
	for _, r := range resolvers {
		group.Go(func() {
			addrs, err := d.resolve(ctx, r, host)
			all <- found{addrs, err}
		})
	}
	var last error
	for range resolvers {
		f := <-all
		if f.err == nil {
			return f.addrs, nil
		}
		last = f.err
	}
	if outer.Err() != nil {
		return nil, context.Cause(outer)
	}
	return nil, fmt.Errorf("the network’s DNS server did not tell where %s is: %w", host, last)
}

// resolve asks one resolver, for IPv6 addresses where there are no others.
func (d Detector) resolve(ctx context.Context, resolver netip.AddrPort, host string) ([]netip.Addr, error) {
	for _, typ := range []uint16{dns.TypeA, dns.TypeAAAA} {
		m, err := d.ask(ctx, resolver, new(dns.Msg).SetQuestion(dns.Fqdn(host), typ))
		if err != nil {
			return nil, err
		}
		if addrs := addresses(m); len(addrs) > 0 {
			return addrs, nil
		}
	}
	return nil, errNoAddress
}

// ask asks a question over UDP, again and again until ctx ends.
func (d Detector) ask(ctx context.Context, resolver netip.AddrPort, q *dns.Msg) (*dns.Msg, error) {
	conn, err := d.Dial(ctx, "udp", resolver.String())
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	q.Id = uint16(rand.Uint32())
	raw, err := q.Pack()
	if err != nil {
		return nil, err
	}
	buf := make([]byte, maxDatagram)
	for next := time.Now(); ; {
		if now := time.Now(); !now.Before(next) {
			next = now.Add(lookupAgain)
			_ = conn.SetDeadline(next)
			if _, err := conn.Write(raw); err != nil {
				return nil, silence(ctx, err)
			}
		}
		n, err := conn.Read(buf)
		switch {
		case err != nil && (ctx.Err() != nil || time.Now().Before(next)):
			return nil, silence(ctx, err)
		case err != nil:
			continue
		}
		m := new(dns.Msg)
		if m.Unpack(buf[:n]) == nil && answers(m, q) {
			return m, nil
		}
	}
}

// silence is errSilent where err came of the end of ctx, or of a part of its time.
func silence(ctx context.Context, err error) error {
	if ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) {
		return errSilent
	}
	return err
}

// answers tells whether m is an answer to q (RFC 5452 section 9.1).
func answers(m, q *dns.Msg) bool {
	return m.Id == q.Id && m.Response && len(m.Question) == 1 && m.Question[0].Qtype == q.Question[0].Qtype &&
		strings.EqualFold(m.Question[0].Name, q.Question[0].Name)
}

// addresses are those of an answer at which a host may be.
func addresses(m *dns.Msg) (addrs []netip.Addr) {
	for _, rr := range m.Answer {
		var a netip.Addr
		switch rr := rr.(type) {
		case *dns.A:
			a, _ = netip.AddrFromSlice(rr.A)
		case *dns.AAAA:
			a, _ = netip.AddrFromSlice(rr.AAAA)
		}
		a = a.Unmap()
		if a.IsValid() && !a.IsLoopback() && !a.IsUnspecified() && !a.IsMulticast() && len(addrs) < maxAddrs {
			addrs = append(addrs, a)
		}
	}
	return addrs
}
