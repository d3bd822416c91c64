package resolver

import (
	"container/list"
	"iter"
	"net/netip"
)

const (
	// maxTCPClients bounds the connections of one listener.
	maxTCPClients = 1000
	// maxTCPOurs bounds those of one address of this computer, maxTCPClient
	// those of one client elsewhere, maxTCPStrangers those of all that may not
	// ask: they are told so, but take no room from others.
	maxTCPOurs      = 900
	maxTCPClient    = 100
	maxTCPStrangers = 16
)

// tcpGroup is whose connections are counted together. All strangers are one
// group, of the key 0.
type tcpGroup struct {
	key  clientKey
	most int
}

func groupOf(g *gate, from netip.AddrPort) tcpGroup {
	switch {
	case isOurs(from):
		return tcpGroup{keyOf(from), maxTCPOurs}
	case g.refuses(from):
		return tcpGroup{0, maxTCPStrangers}
	default:
		return tcpGroup{keyOf(from), maxTCPClient}
	}
}

// tcpTable is the connections of one listener. When it is full, the quiet
// connection makes room that asked nothing for the longest time, be it silent,
// idle or in the middle of a query; only where all wait for an answer, the
// oldest of those; the newcomer never. So silent connections push out each
// other and keep nobody away. No call searches through the connections.
type tcpTable struct {
	all    tcpQueue
	groups map[clientKey]*tcpQueue
}

// tcpQueue is connections by their last query, the oldest first.
type tcpQueue struct {
	quiet, busy list.List // busy ones wait for an answer
}

// tcpPlace is a connection's place in the table.
type tcpPlace struct {
	group       clientKey
	all, own    *list.Element // nil when it is not in the table
	outstanding int           // queries that wait for an answer
}

func (q *tcpQueue) len() int { return q.quiet.Len() + q.busy.Len() }

// victim is who makes room.
func (q *tcpQueue) victim() *tcpClient {
	if e := q.quiet.Front(); e != nil {
		return e.Value.(*tcpClient)
	}
	return q.busy.Front().Value.(*tcpClient)
}

// add takes a connection in and returns the one that must be closed for it, nil
// for none.
func (t *tcpTable) add(c *tcpClient, g tcpGroup) (victim *tcpClient) {
	if own := t.groups[g.key]; own != nil && own.len() >= g.most {
		victim = own.victim()
	} else if t.all.len() >= maxTCPClients {
		victim = t.all.victim()
	}
	if victim != nil {
		t.remove(victim)
	}
	if t.groups == nil {
		t.groups = make(map[clientKey]*tcpQueue)
	}
	if t.groups[g.key] == nil {
		t.groups[g.key] = new(tcpQueue)
	}
	c.place.group = g.key
	c.place.all = t.all.quiet.PushBack(c)
	c.place.own = t.groups[g.key].quiet.PushBack(c)
	return victim
}

// asked notes that a whole query came.
func (t *tcpTable) asked(c *tcpClient) {
	p := &c.place
	if p.all == nil {
		return
	}
	own := t.groups[p.group]
	// Each does nothing where the element is in the other list.
	t.all.quiet.MoveToBack(p.all)
	t.all.busy.MoveToBack(p.all)
	own.quiet.MoveToBack(p.own)
	own.busy.MoveToBack(p.own)
}

// waiting notes that more or fewer queries wait for an answer.
func (t *tcpTable) waiting(c *tcpClient, more int) {
	p := &c.place
	was := p.outstanding > 0
	p.outstanding += more
	is := p.outstanding > 0
	if p.all == nil || was == is {
		return
	}
	p.all = t.all.move(p.all, is)
	p.own = t.groups[p.group].move(p.own, is)
}

// move puts a connection at the end of the other list.
func (q *tcpQueue) move(e *list.Element, toBusy bool) *list.Element {
	if toBusy {
		return q.busy.PushBack(q.quiet.Remove(e))
	}
	return q.quiet.PushBack(q.busy.Remove(e))
}

// remove takes a connection out, if it is still in.
func (t *tcpTable) remove(c *tcpClient) {
	p := &c.place
	if p.all == nil {
		return
	}
	own := t.groups[p.group]
	t.all.remove(p.all)
	own.remove(p.own)
	if own.len() == 0 {
		delete(t.groups, p.group)
	}
	p.all, p.own = nil, nil
}

func (q *tcpQueue) remove(e *list.Element) {
	// The one that it is not in does nothing.
	q.quiet.Remove(e)
	q.busy.Remove(e)
}

// every yields all connections.
func (t *tcpTable) every() iter.Seq[*tcpClient] { return t.all.each }

// of yields a client's connections.
func (t *tcpTable) of(k clientKey) iter.Seq[*tcpClient] {
	if q := t.groups[k]; q != nil {
		return q.each
	}
	return func(func(*tcpClient) bool) {}
}

func (q *tcpQueue) each(yield func(*tcpClient) bool) {
	for _, l := range []*list.List{&q.quiet, &q.busy} {
		for e := l.Front(); e != nil; e = e.Next() {
			if !yield(e.Value.(*tcpClient)) {
				return
			}
		}
	}
}
