package tray

import (
	"time"

	"dotproxy/app/control"
	"dotproxy/app/words"
)

// News is a notification of the desktop.
type News struct {
	// Title and Body are plain text, the body one or two sentences.
	Title, Body string
	// Icon is the state whose picture goes with it.
	Icon control.State
	// Urgent news stays until it is dismissed.
	Urgent bool
}

// level is what a view means for the user.
type level int

const (
	// unclear says nothing new: the tray does not know, or nobody is at a loss.
	unclear level = iota
	well
	backup
	paused
	portal
	stopped
	lost
)

// settle is how long a level must last until it counts.
var settle = map[level]time.Duration{well: 2 * time.Second, backup: 5 * time.Second, portal: 2 * time.Second, lost: 5 * time.Second}

// repeatAfter is how long the same news is not told again.
const repeatAfter = time.Minute

// bulletin decides what is worth a notification: that protection is lost or back,
// that a backup took over, that the network wants a sign-in. It keeps silent
// about the start, about what its user does, and about what does not last. The
// zero bulletin is ready; one goroutine uses it.
type bulletin struct {
	seen  level // what the last clear view meant
	since time.Time
	// broken: since then nothing was clear for a while. began: an engine that was
	// not clear yet was seen at the start.
	broken, began bool
	known         level // what counts
	// had: there was protection since the user last stopped it.
	had bool
	// told: that it is gone. away: a pause or a sign-in came between.
	told, away bool
	// open: a notification is shown that may have become untrue.
	open bool
	last map[level]time.Time
}

// order is what to do with the notification of the desktop.
type order struct {
	// news, if set, replaces it; clear removes what is no longer true.
	news  *News
	clear bool
}

// see takes a view into account. again is when the same view may mean something
// more, 0 for never.
func (b *bulletin) see(v View, now time.Time) (o order, again time.Duration) {
	l := levelOf(v)
	if l == unclear {
		// To start again after a failure is part of it.
		b.broken = b.broken || v.Status.State != control.Starting
		b.began = b.began || v.Link == Connected
		return order{}, 0
	}
	if l != b.seen || b.broken {
		first := b.seen == unclear && !b.began
		b.seen, b.since, b.broken = l, now, false
		if first && l == portal { // it was there before the tray
			b.known, b.away = portal, true
		}
	}
	if l == b.known {
		return order{}, 0
	}
	due := b.since.Add(settle[l])
	if at, told := b.last[l]; told && b.tells(l) {
		due = later(due, at.Add(repeatAfter))
	}
	if wait := due.Sub(now); wait > 0 {
		return order{}, wait
	}
	return b.count(l, v, now), 0
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// tells tells whether news would go with level l.
func (b *bulletin) tells(l level) bool {
	switch l {
	case well:
		return b.told || b.away
	case backup:
		return b.told || b.away || b.had
	case lost:
		return b.had && !b.told
	}
	return l == portal
}

// count makes l what counts, and of it the news.
func (b *bulletin) count(l level, v View, now time.Time) (o order) {
	if b.tells(l) {
		o.news = b.news(l, v.Status, v.Link)
		if b.last == nil {
			b.last = map[level]time.Time{}
		}
		b.last[l] = now
	} else {
		o.clear = b.open
	}
	b.known, b.open = l, o.news != nil
	switch l {
	case well, backup:
		b.had, b.told, b.away = true, false, false
	case lost:
		b.told = b.told || b.had
	case paused, portal:
		b.told, b.away = false, true
	case stopped:
		b.had, b.told, b.away = false, false, false
	}
	return o
}

// news says what level l means.
func (b *bulletin) news(l level, s control.Status, link Link) *News {
	n := &News{Icon: s.State, Body: words.Said(s.Sentence)}
	switch l {
	case well:
		n.Title = words.T("Protected again")
	case backup:
		n.Title = words.T("On backup")
		if b.told || b.away {
			n.Title = words.T("Protected again, on backup")
		}
	case portal:
		n.Title, n.Body, n.Urgent = words.T("Sign-in needed"), words.Join(words.Said(s.Sentence), words.Said(s.Hint)), true
	case lost:
		n.Title, n.Body, n.Urgent, n.Icon = words.T("Not protected"), words.Join(words.Said(s.Sentence), words.Said(s.Hint)), true, control.Failed
		if s.Leaks() {
			n.Title, n.Icon = words.T("Leak found"), control.Degraded
		}
		if link == Gone {
			n.Body = words.T("The engine has stopped. Start in the menu of DoT Proxy starts it.")
		}
	}
	return n
}

// levelOf is what a view means. Without a network nothing is sent, encrypted or
// not, and what is in memory is still answered: neither is a loss.
func levelOf(v View) level {
	s := v.Status
	switch {
	case v.Link == Gone, v.Link == Connected && s.Leaks():
		return lost
	case v.Link != Connected || s.Variant != "":
		return unclear
	}
	switch s.State {
	case control.Protected:
		return well
	case control.Degraded:
		return backup
	case control.Paused:
		return paused
	case control.SignIn:
		return portal
	case control.Stopped:
		return stopped
	case control.Failed:
		if s.Problem == nil || s.Problem.Code != control.CodeOffline {
			return lost
		}
	}
	return unclear
}
