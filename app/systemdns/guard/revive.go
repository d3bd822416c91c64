package guard

import "time"

// revivals are the pauses before a guard that ended is started again.
var revivals = []time.Duration{0, time.Second, 3 * time.Second, 10 * time.Second}

// follow waits for the end of a link and, where the change is still wanted, has
// another guard take over.
func (c *Client) follow(l *link) {
	<-l.done
	if !c.ended(l) {
		return
	}
	c.options.Log.Warn("the guard of this computer's DNS has ended; another one takes over")
	for _, pause := range revivals {
		select {
		case <-c.life.Done():
			return
		case <-time.After(pause):
		}
		if c.revive() {
			return
		}
	}
	c.want(nil)
}

// ended forgets a link and tells whether what it kept is still wanted.
func (c *Client) ended(l *link) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link != l {
		return false
	}
	c.link = nil
	return c.wanted != nil && c.life.Err() == nil
}

// revive makes the change again; false where that failed and may be tried once
// more.
func (c *Client) revive() bool {
	c.op.Lock()
	defer c.op.Unlock()
	c.mu.Lock()
	wanted, linked := c.wanted, c.link != nil
	c.mu.Unlock()
	if wanted == nil || linked {
		return true
	}
	if c.setLocked(c.life, wanted) == nil {
		return true
	}
	c.want(wanted)
	return false
}
