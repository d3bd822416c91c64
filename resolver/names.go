package resolver

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"net/netip"
)

// names are NameRules in the form in which a query looks them up. They never
// change.
type names struct {
	sum [sha256.Size]byte // of the rules
	// tables are the overrides and the hosts file.
	tables []*table
	routes suffixes[*route]
	canary bool
	guard  bool // against rebinding
}

var (
	noNames         = new(names)
	errRulesChanged = errors.New("the rules changed while the query was under way")
)

// nameRules are the rules by which the question is answered, the same from
// beginning to end.
func (q *question) nameRules() *names {
	if q.rules == nil {
		return noNames
	}
	return q.rules
}

// namesBefore puts the names that the upstreams are not asked for before those
// that they are. Names routed over TLS go to routed.
func namesBefore(routed, upstreams exchanger) exchanger {
	return overrides{routes{to: routed, others: localNames{minimalANY{upstreams}}}}
}

// resolve answers a query by the present rules; by new ones where they changed
// while it was under way.
func (e *Engine) resolve(ctx context.Context, q *query) (*answer, error) {
	q.local = q.client.Addr().Unmap().IsLoopback()
	for {
		q.rules = e.names.Load()
		a, err := e.chain.exchange(ctx, &q.question)
		if !errors.Is(err, errRulesChanged) || ctx.Err() != nil {
			return a, err
		}
	}
}

// setNames answers by other rules from now on. What was cached by the old ones
// is forgotten: the cache is looked at before the rules are. It is called with
// setting held.
func (e *Engine) setNames(r NameRules) {
	old := e.names.Load()
	if old.sum == r.sum() {
		return
	}
	n := e.compile(r, old)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return
	}
	e.names.Store(n)
	e.cache.flush()
	kept := n.secure()
	for t := range old.secure() {
		if !kept[t] {
			e.endRoute(t, errRulesChanged)
		}
	}
}

// compile makes rules ready for use. What Check would refuse is left out, save
// routes: a routed name must not go to the upstreams instead.
func (e *Engine) compile(r NameRules, old *names) *names {
	n := &names{sum: r.sum(), canary: r.Canary, guard: r.BlockRebinding}
	for _, os := range [][]Override{r.Overrides, r.Hosts} {
		if t := newTable(os, e.log); t != nil {
			n.tables = append(n.tables, t)
		}
	}
	n.routes = e.newRoutes(r.Routes, old)
	return n
}

// sum tells rules apart without keeping them.
func (r NameRules) sum() (sum [sha256.Size]byte) {
	h := sha256.New()
	sumOverrides(h, r.Overrides)
	sumOverrides(h, r.Hosts)
	fmt.Fprintf(h, "%+v %t %t", r.Routes, r.Canary, r.BlockRebinding)
	h.Sum(sum[:0])
	return sum
}

func sumOverrides(h hash.Hash, os []Override) {
	buf := binary.BigEndian.AppendUint32(nil, uint32(len(os)))
	for _, o := range os {
		buf = binary.BigEndian.AppendUint32(buf, uint32(len(o.Name)))
		buf = append(buf, o.Name...)
		buf = binary.BigEndian.AppendUint32(buf, uint32(len(o.Addrs)))
		for _, a := range o.Addrs {
			buf = append(buf, byte(a.BitLen()))
			buf = append(buf, a.AsSlice()...)
			buf = append(buf, a.Zone()...)
			buf = append(buf, 0)
		}
		h.Write(buf)
		buf = buf[:0]
	}
	h.Write(buf)
}

// noteAddresses notes the addresses that are listened on. It is called with the
// lock held.
func (e *Engine) noteAddresses() {
	var own []netip.AddrPort
	for _, l := range e.listeners {
		own = append(own, l.addr)
	}
	e.own.Store(&own)
}

// addresses are the addresses that are listened on.
func (e *Engine) addresses() []netip.AddrPort {
	if own := e.own.Load(); own != nil {
		return *own
	}
	return nil
}
