package guard

import (
	"context"
	"errors"

	"dotproxy/app/systemdns"
)

// Restore puts back everything that a guard of this user's has changed, and
// what one that is gone has left. It may ask for a password for the latter.
func (c *Client) Restore(ctx context.Context) error {
	c.op.Lock()
	defer c.op.Unlock()
	return c.restoreLocked(ctx)
}

func (c *Client) restoreLocked(ctx context.Context) error {
	c.want(nil)
	for _, p := range c.seams.places() {
		if err := c.settle(ctx, p, true); err != nil {
			problem := notRestored(err)
			c.become(State{Phase: Failed, Problem: problem})
			return problem
		}
	}
	c.become(State{Phase: Off})
	return nil
}

// settle has the guard at p put things back, one that is there or, where a
// journal was left, a new one.
func (c *Client) settle(ctx context.Context, p place, prompt bool) error {
	return insist(ctx, func() error { return c.settleOnce(ctx, p, prompt) })
}

func (c *Client) settleOnce(ctx context.Context, p place, prompt bool) error {
	l := c.linked(p)
	if l == nil {
		var err error
		if l, err = c.visit(ctx, p, prompt); l == nil {
			return err
		}
		defer l.close()
	}
	state, err := l.ask(ctx, request{Do: doRestore})
	if err == nil && state.Phase == Failed && state.Problem != nil {
		return state.Problem
	}
	return err
}

// visit reaches the guard at p for one request. It starts one where a journal
// was left, and returns nil where there is nothing to do.
func (c *Client) visit(ctx context.Context, p place, prompt bool) (*link, error) {
	l, err := openLink(ctx, p, func(State) {})
	if err == nil {
		return l, nil
	}
	if !p.left() {
		return nil, nil // nothing there, or another user's
	}
	if err := c.seams.launch(ctx, p, prompt); err != nil {
		return nil, err
	}
	if l, err = openLink(ctx, p, func(State) {}); err != nil {
		return nil, errGone
	}
	return l, nil
}

// Look asks what is in effect, whoever wanted it. It has put back what a guard
// with this process's rights has left; where that needs a password, the state's
// problem says so.
func (c *Client) Look(ctx context.Context) (State, error) {
	c.op.Lock()
	defer c.op.Unlock()
	found := State{Phase: Off}
	for _, p := range c.seams.places() {
		if l, err := openLink(ctx, p, func(State) {}); err == nil {
			state, err := l.ask(ctx, request{Do: doStatus})
			l.close()
			if err == nil && state.Phase != Off {
				return state, nil
			}
			continue
		}
		if err := c.lookLeft(ctx, p, &found); err != nil {
			return State{}, err
		}
	}
	return found, nil
}

// lookLeft looks at the journal of a guard that does not answer, and puts back
// what it tells where that needs no password.
func (c *Client) lookLeft(ctx context.Context, p place, found *State) error {
	switch {
	case p.journal.held() && !p.other:
		found.Problem = notSet("Another user’s DoT Proxy has set this computer’s DNS.", "End that one to use yours.")
	case !p.left():
	default:
		err := c.settle(ctx, p, false)
		if err != nil && !errors.Is(err, systemdns.ErrNeedsRoot) {
			return notRestored(err)
		}
		if err != nil {
			found.Problem = notSet("A DoT Proxy that was cut off left this computer’s DNS set to itself.", "dot-proxy system-dns repair puts it back.")
		}
	}
	return nil
}
