package resolver

import "sync"

// outbox gathers answers that are ready at about the same time: whoever puts
// one while another sends leaves it to that one, so that a burst shares its
// system calls and nobody waits for a lock.
type outbox struct {
	send func([]*datagram)

	mu      sync.Mutex
	waiting []*datagram
	spare   []*datagram
	sending bool
}

// put sends d, now or with those that another goroutine sends next.
func (o *outbox) put(d *datagram) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waiting = append(o.waiting, d)
	if o.sending {
		return
	}
	o.sending = true
	for len(o.waiting) > 0 {
		list := o.waiting
		o.waiting = o.spare[:0]
		o.mu.Unlock()
		o.send(list)
		clear(list)
		o.mu.Lock()
		o.spare = list
	}
	o.sending = false
}
