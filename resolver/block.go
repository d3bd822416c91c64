package resolver

import (
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// maxBlocks bounds the clients that are blocked at the same time. When there
// are that many, others are still held to their rate.
const maxBlocks = 1024

// blocks are the clients that get no answer for a while.
type blocks struct {
	log *slog.Logger
	n   atomic.Int64 // clients in open; while 0 no lock is taken

	mu     sync.RWMutex
	open   map[clientKey]*block
	closed bool
}

type block struct {
	until   time.Time
	dropped atomic.Uint64
	end     *time.Timer
}

// drops tells whether a client is blocked, and counts its query.
func (b *blocks) drops(client netip.AddrPort) bool {
	if b.n.Load() == 0 {
		return false
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	o := b.open[keyOf(client)]
	if o == nil {
		return false
	}
	o.dropped.Add(1)
	return true
}

// has tells whether a client is blocked.
func (b *blocks) has(k clientKey) bool {
	if b.n.Load() == 0 {
		return false
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.open[k] != nil
}

// begin blocks a client for d and tells whether it was not blocked before.
func (b *blocks) begin(client netip.AddrPort, now time.Time, d time.Duration) bool {
	k := keyOf(client)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || d <= 0 || b.open[k] != nil || len(b.open) >= maxBlocks {
		return false
	}
	if b.open == nil {
		b.open = make(map[clientKey]*block)
	}
	o := &block{until: now.Add(d)}
	o.end = time.AfterFunc(d, func() { b.release(k, o) })
	b.open[k] = o
	b.n.Store(int64(len(b.open)))
	b.log.Warn("client blocked: it asks too much", "client", k.prefix(), "for", d)
	return true
}

// release ends a block, if it is the given one or that is nil.
func (b *blocks) release(k clientKey, which *block) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	o := b.open[k]
	if o == nil || which != nil && which != o {
		return false
	}
	b.remove(k, o)
	return true
}

// remove is called with the lock held.
func (b *blocks) remove(k clientKey, o *block) {
	o.end.Stop()
	delete(b.open, k)
	b.n.Store(int64(len(b.open)))
	b.log.Info("client no longer blocked", "client", k.prefix(), "dropped", o.dropped.Load())
}

// clear ends all blocks.
func (b *blocks) clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for k, o := range b.open {
		b.remove(k, o)
	}
}

// close ends all blocks and begins no more.
func (b *blocks) close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.clear()
}

// list returns the blocked clients, by address.
func (b *blocks) list() []Blocked {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var all []Blocked
	for k, o := range b.open {
		all = append(all, Blocked{Client: k.prefix(), Until: o.until, Dropped: o.dropped.Load()})
	}
	slices.SortFunc(all, func(a, b Blocked) int { return a.Client.Addr().Compare(b.Client.Addr()) })
	return all
}

// Blocked lists the clients that are blocked for asking too much (RateLimit),
// by address.
func (e *Engine) Blocked() []Blocked { return e.gate.blocks.list() }

// Release ends the block of a client before its time: an IPv4 address or an
// IPv6 /56 as Blocked lists it, or an address in that. It returns false where
// there is no such block.
func (e *Engine) Release(client netip.Prefix) bool {
	client = plainPrefix(client)
	k := keyOf(netip.AddrPortFrom(client.Addr(), 0))
	if k == 0 || client.Bits() < k.prefix().Bits() {
		return false
	}
	return e.gate.blocks.release(k, nil)
}
