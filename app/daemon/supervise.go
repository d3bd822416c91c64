package daemon

import (
	"context"
	"time"

	"dotproxy/app/control"
)

const (
	retryFirst = 2 * time.Second
	retryMost  = 15 * time.Second
)

// backoff is when to try next; the zero value is at rest.
type backoff struct {
	wait time.Duration
	next time.Time
}

// failed sets the next try, each later than the one before.
func (b *backoff) failed(now time.Time) {
	b.wait = min(max(2*b.wait, retryFirst), retryMost)
	b.next = now.Add(b.wait)
}

// retryIn tells whether a try is due, and in what time.
func (d *Daemon) retryIn() (time.Duration, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopped || d.blocked == nil {
		return 0, false
	}
	return max(0, time.Until(d.retry.next)), true
}

// tryAgain opens what could not be opened.
func (d *Daemon) tryAgain() {
	if d.lock(d.ctx) != nil {
		return
	}
	defer d.unlock()
	if _, due := d.retryIn(); due {
		_ = d.open() // the state tells
	}
}

// open reads the settings again where they were broken, and opens the
// listeners. It is called with op held; its error is what blocked becomes.
func (d *Daemon) open() *control.Problem {
	problem := d.reload()
	if problem == nil {
		d.heard.something(time.Now()) // nobody listened while it was stopped
		d.refresh()
		d.loadCache()
		if problem = d.passedProblem(d.plan.listen); problem == nil {
			problem = d.listen(d.plan.listen)
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stopped, d.blocked = false, problem
	if problem == nil {
		d.retry = backoff{}
	} else {
		d.retry.failed(time.Now())
	}
	return problem
}

// reload makes a plan where there is none: the settings, or the file of
// certificates that they name, may have been mended.
func (d *Daemon) reload() *control.Problem {
	if len(d.plan.upstreams) > 0 {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.load(); err != nil {
		return asProblem(err)
	}
	if d.blocked != nil {
		return d.blocked
	}
	d.eng.SetUpstreams(d.plan.upstreams, d.plan.roots)
	d.queries.SetPrivacy(d.plan.settings.LogPrivacy)
	return nil
}

// stop closes everything; the listeners' reason to fail is forgotten.
func (d *Daemon) stop() error {
	if err := d.eng.Listen(nil); err != nil {
		return asProblem(err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stopped, d.retry, d.portBy = true, backoff{}, ""
	if len(d.plan.upstreams) > 0 {
		d.blocked = nil
	}
	return nil
}

// run calls do while nothing else changes anything.
func (d *Daemon) run(ctx context.Context, do func() error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(d.ctx, cancel)()
	err := d.lock(ctx)
	if err == nil {
		defer d.unlock()
	}
	if d.ctx.Err() != nil {
		return &control.Problem{Code: control.CodeNoEngine, Message: "The engine is ending."}
	}
	if err != nil {
		return asProblem(err)
	}
	return do()
}
